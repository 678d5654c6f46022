// Words of a paragraph and their times, as the server derives them:
// `times` is a list of [start_char, end_char, start_ms, end_ms, provenance].
// Nothing here touches the page.

const AT_ONCE = 30; // paragraphs that may reach beyond the beginning of a later one

/** The provenance of a time that nobody heard: reckoned from its neighbours (0 is kept, 1 is paired). */
export const INTERPOLATED = 2;

/** The one stretch in which two texts differ: `{start, removed, added}` in characters. */
export function change(before, after) {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) {
    start += 1;
  }
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) {
    end += 1;
  }
  return { start, removed: before.length - start - end, added: after.length - start - end };
}

/** Move what lies behind a change along with it, and drop what the change struck. */
function shifted(spans, { start, removed, added }, place) {
  const result = [];
  for (const span of spans) {
    const [from, to] = place.get(span);
    if (to <= start) {
      result.push(span);
    } else if (from >= start + removed) {
      result.push(place.set(span, from + added - removed, to + added - removed));
    }
  }
  return result;
}

const timePlace = {
  get: (time) => [time[0], time[1]],
  set: (time, from, to) => [from, to, time[2], time[3], time[4]],
};
const doubtPlace = {
  get: (doubt) => [doubt.start_char, doubt.end_char],
  set: (doubt, from, to) => ({ ...doubt, start_char: from, end_char: to }),
};

/** The paragraph with another text: times and doubts of untouched words move along until the server knows better. */
export function withText(paragraph, text) {
  if (text === paragraph.text) {
    return paragraph;
  }
  const changed = change(paragraph.text, text);
  return {
    ...paragraph,
    text,
    digest: null,
    times: shifted(paragraph.times, changed, timePlace),
    doubts: shifted(paragraph.doubts, changed, doubtPlace),
  };
}

/** Two paragraphs out of one, parted at `at` (characters); spaces at the seam go. */
export function splitParagraph(paragraph, at) {
  const head = paragraph.text.slice(0, at).trimEnd();
  const rest = paragraph.text.slice(at);
  const tail = rest.trimStart();
  const offset = at + rest.length - tail.length;
  const times = paragraph.times.filter((time) => time[0] >= offset).map((time) => move(time, -offset));
  const doubts = paragraph.doubts.filter((doubt) => doubt.start_char >= offset);
  return [
    {
      ...paragraph,
      text: head,
      digest: null,
      times: paragraph.times.filter((time) => time[1] <= head.length),
      doubts: paragraph.doubts.filter((doubt) => doubt.end_char <= head.length),
    },
    {
      ...paragraph,
      text: tail,
      digest: null,
      start_ms: times.length ? times[0][2] : null,
      times,
      doubts: doubts.map((doubt) => doubtPlace.set(doubt, doubt.start_char - offset, doubt.end_char - offset)),
    },
  ];
}

/** One paragraph out of two, said by the first one's speaker. */
export function joinParagraphs(first, second) {
  const seam = first.text && second.text ? " " : "";
  const offset = first.text.length + seam.length;
  return {
    ...first,
    text: first.text + seam + second.text,
    digest: null,
    start_ms: first.start_ms ?? (first.text ? null : second.start_ms),
    times: [...first.times, ...second.times.map((time) => move(time, offset))],
    doubts: [
      ...first.doubts,
      ...second.doubts.map((doubt) => doubtPlace.set(doubt, doubt.start_char + offset, doubt.end_char + offset)),
    ],
  };
}

function move(time, by) {
  return timePlace.set(time, time[0] + by, time[1] + by);
}

/** When a paragraph begins, in ms; null when nobody knows yet. */
export function startOf(paragraph) {
  return paragraph.times.length ? paragraph.times[0][2] : paragraph.start_ms;
}

/** When a paragraph's last word ends, in ms; null when nobody knows yet. */
export function endOf(paragraph) {
  return paragraph.times.length ? paragraph.times.at(-1)[3] : null;
}

/** The word at or after a character: its time entry, or the last one; null in a paragraph without times. */
export function wordAtChar(paragraph, char) {
  return paragraph.times.find((time) => time[1] > char) ?? paragraph.times.at(-1) ?? null;
}

/** The word being said at `timeMs`: the last one that has begun; null before the first. */
export function wordAtTime(times, timeMs) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle][2] <= timeMs) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low ? times[low - 1] : null;
}

/**
 * The index of the paragraph being said at `timeMs`: the one whose word has begun last; -1 before the first.
 *
 * Where people talk at once, an earlier paragraph goes on after a later one.
 */
export function paragraphAtTime(paragraphs, timeMs) {
  let last = -1;
  let low = 0;
  let high = paragraphs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    let known = middle;
    while (known >= low && startOf(paragraphs[known]) === null) {
      known -= 1;
    }
    if (known < low || startOf(paragraphs[known]) <= timeMs) {
      last = known < low ? last : known;
      low = middle + 1;
    } else {
      high = known;
    }
  }
  const begun = (index) => wordAtTime(paragraphs[index].times, timeMs)?.[2] ?? startOf(paragraphs[index]) ?? -1;
  let found = last;
  for (let index = last - 1; index >= Math.max(0, last - AT_ONCE); index -= 1) {
    if (begun(index) > begun(found)) {
      found = index;
    }
  }
  return found;
}

/** One line of plain text: white space is one space, control characters go. */
export function oneLine(text) {
  return text.replace(/\s+/g, " ").replace(/[\u0000-\u001f\u007f-\u009f]/g, "");
}

/** A paragraph's text as the file holds it. */
export function tidy(text) {
  return oneLine(text).trim().normalize("NFC");
}

/**
 * Where in a paragraph words are struck out: [[start_char, end_char], ...], one entry per run of words.
 *
 * A word that a stretch touches at all is struck; one without length counts as a point in time.
 */
export function struckRuns(times, stretches) {
  const runs = [];
  let last = -2;
  if (!stretches.length) {
    return runs;
  }
  for (const [at, [startChar, endChar, startMs, endMs]] of times.entries()) {
    const until = Math.max(endMs, startMs + 1);
    if (stretches.some(({ start_ms: from, end_ms: to }) => startMs < to && from < until)) {
      if (at === last + 1) {
        runs.at(-1)[1] = endChar;
      } else {
        runs.push([startChar, endChar]);
      }
      last = at;
    }
  }
  return runs;
}
