// Two texts side by side in words: what went and what came, readable without colour.

import { make } from "./dom.js";

/** [[op, old, new], ...] between two texts, by words; op is "equal", "delete", "insert" or "replace". */
export function wordDiff(before, after) {
  const [one, two] = [split(before), split(after)];
  const width = two.length + 1;
  const table = new Uint16Array((one.length + 1) * width);
  for (let row = one.length - 1; row >= 0; row -= 1) {
    for (let column = two.length - 1; column >= 0; column -= 1) {
      table[row * width + column] =
        one[row] === two[column]
          ? table[(row + 1) * width + column + 1] + 1
          : Math.max(table[(row + 1) * width + column], table[row * width + column + 1]);
    }
  }
  const runs = [];
  let [row, column] = [0, 0];
  while (row < one.length || column < two.length) {
    const old = [];
    const fresh = [];
    while (row < one.length && column < two.length && one[row] === two[column]) {
      old.push(one[row]);
      row += 1;
      column += 1;
    }
    if (old.length) {
      runs.push(["equal", old.join(" "), old.join(" ")]);
      continue;
    }
    while ((row < one.length || column < two.length) && !(row < one.length && one[row] === two[column])) {
      if (
        column >= two.length ||
        (row < one.length && table[(row + 1) * width + column] >= table[row * width + column + 1])
      ) {
        old.push(one[row]);
        row += 1;
      } else {
        fresh.push(two[column]);
        column += 1;
      }
    }
    const op = old.length && fresh.length ? "replace" : old.length ? "delete" : "insert";
    runs.push([op, old.join(" "), fresh.join(" ")]);
  }
  return runs;
}

function split(text) {
  return text.split(/\s+/).filter(Boolean);
}

/** The words around the only place where two texts differ: {old, fresh}; null when they differ in more than one. */
export function singleCorrection(before, after) {
  const changes = wordDiff(before, after).filter(([op]) => op !== "equal");
  if (changes.length !== 1 || changes[0][0] !== "replace") {
    return null;
  }
  const bare = (text) => text.replace(/^[\p{P}\p{S}]+|[\p{P}\p{S}]+$/gu, "");
  const [old, fresh] = [bare(changes[0][1]), bare(changes[0][2])];
  return old && fresh && old !== fresh && old.length < 80 ? { old, fresh } : null;
}

/** A paragraph showing a difference with `del` and `ins`, which screen readers and prints also show as such. */
export function showDiff(runs, context = Infinity) {
  const line = make("p", { class: "diff" });
  for (const [op, old, fresh] of runs) {
    // "style" is another comma or capital: the words are the same.
    if (op === "equal" || op === "style") {
      line.append(shortened(fresh, context), " ");
      continue;
    }
    if (old) {
      line.append(make("del", {}, old), " ");
    }
    if (fresh) {
      line.append(make("ins", {}, fresh), " ");
    }
  }
  return line;
}

function shortened(text, context) {
  const words = text.split(" ");
  return words.length > 2 * context + 1
    ? `${words.slice(0, context).join(" ")} … ${words.slice(-context).join(" ")}`
    : text;
}
