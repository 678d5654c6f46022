// Lists of paragraphs compared, and steps moved over somebody else's changes. Nothing here touches the page.
//
// A splice is {at, before, after}: at index `at`, the paragraphs `before` were replaced by `after`.

/** What the file holds of a paragraph. */
export function essence(paragraph) {
  return { start_ms: paragraph.start_ms, speaker: paragraph.speaker, text: paragraph.text };
}

/** Whether two paragraphs are the same in the file. */
export function same(one, other) {
  return one.text === other.text && one.speaker === other.speaker && one.start_ms === other.start_ms;
}

/** A paragraph as the page keeps it, from the server's or the stored form. */
export function paragraphOf({ start_ms, speaker, text, digest, times, doubts }) {
  return { start_ms, speaker, text, digest: digest ?? null, times: times ?? [], doubts: doubts ?? [] };
}

/** The splices that turn one list of paragraphs into the other, in the order of places. */
export function differences(mine, theirs) {
  const splices = [];
  let at = 0;
  let other = 0;
  for (const [one, two] of [...common(mine, theirs), [mine.length, theirs.length]]) {
    if (one > at || two > other) {
      splices.push({ at, before: mine.slice(at, one), after: theirs.slice(other, two).map(paragraphOf) });
    }
    at = one + 1;
    other = two + 1;
  }
  return splices;
}

/** Pairs of indices of equal paragraphs, in order: the longest such list (ends trimmed, the middle by table). */
export function common(mine, theirs) {
  let start = 0;
  while (start < mine.length && start < theirs.length && same(mine[start], theirs[start])) {
    start += 1;
  }
  let end = 0;
  while (
    end < mine.length - start &&
    end < theirs.length - start &&
    same(mine[mine.length - 1 - end], theirs[theirs.length - 1 - end])
  ) {
    end += 1;
  }
  const rows = mine.length - start - end;
  const columns = theirs.length - start - end;
  const pairs = Array.from({ length: start }, (_, index) => [index, index]);
  const width = columns + 1;
  const table = new Uint16Array((rows + 1) * width);
  for (let row = rows - 1; row >= 0; row -= 1) {
    for (let column = columns - 1; column >= 0; column -= 1) {
      table[row * width + column] = same(mine[start + row], theirs[start + column])
        ? table[(row + 1) * width + column + 1] + 1
        : Math.max(table[(row + 1) * width + column], table[row * width + column + 1]);
    }
  }
  for (let row = 0, column = 0; row < rows && column < columns;) {
    if (same(mine[start + row], theirs[start + column])) {
      pairs.push([start + row, start + column]);
      row += 1;
      column += 1;
    } else if (table[(row + 1) * width + column] >= table[row * width + column + 1]) {
      row += 1;
    } else {
      column += 1;
    }
  }
  for (let index = end; index > 0; index -= 1) {
    pairs.push([mine.length - index, theirs.length - index]);
  }
  return pairs;
}

/** Steps after somebody else's splice: those before a touched place are gone, the others count from the new places. */
export function rebased(steps, region) {
  const kept = [];
  let { at } = region;
  const grown = region.after.length - region.before.length;
  for (const step of steps.toReversed()) {
    const splices = [];
    for (const splice of step.splices.toReversed()) {
      const end = splice.at + splice.after.length;
      if (at >= end) {
        splices.unshift(splice);
        at += splice.before.length - splice.after.length;
      } else if (at + region.before.length <= splice.at) {
        splices.unshift({ ...splice, at: splice.at + grown });
      } else {
        return kept;
      }
    }
    kept.unshift({ ...step, splices, caret: null, caretBefore: null });
  }
  return kept;
}
