// Three texts into one: what both had (base), mine, theirs. By paragraph; nothing here touches the page.

import { common, same } from "./splices.js";

/**
 * Merge by paragraph. Returns pieces in order: {paragraphs} where only one side changed (or neither), and
 * {mine, theirs} where both changed the same place in different ways: a person must choose.
 */
export function merge(base, mine, theirs) {
  const inMine = new Map(common(base, mine));
  const inTheirs = new Map(common(base, theirs));
  const pieces = [];
  let [fromBase, fromMine, fromTheirs] = [0, 0, 0];
  const flush = (toBase, toMine, toTheirs) => {
    const [old, one, other] = [
      base.slice(fromBase, toBase),
      mine.slice(fromMine, toMine),
      theirs.slice(fromTheirs, toTheirs),
    ];
    if (equal(one, other) || equal(old, one)) {
      pieces.push({ paragraphs: other });
    } else if (equal(old, other)) {
      pieces.push({ paragraphs: one });
    } else {
      pieces.push({ mine: one, theirs: other });
    }
  };
  for (let index = 0; index < base.length; index += 1) {
    const [one, other] = [inMine.get(index), inTheirs.get(index)];
    if (one !== undefined && other !== undefined) {
      flush(index, one, other);
      pieces.push({ paragraphs: [theirs[other]] });
      [fromBase, fromMine, fromTheirs] = [index + 1, one + 1, other + 1];
    }
  }
  flush(base.length, mine.length, theirs.length);
  return pieces.filter((piece) => !piece.paragraphs || piece.paragraphs.length);
}

function equal(one, other) {
  return one.length === other.length && one.every((paragraph, index) => same(paragraph, other[index]));
}
