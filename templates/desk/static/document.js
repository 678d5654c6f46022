// The text as data: paragraphs, the steps that change them, undo and redo. Nothing here touches the page.
//
// A step is a list of splices {at, before, after}: at index `at`, the paragraphs `before` were replaced by `after`.
// Everything the editor can do is such a step, so everything can be undone the same way. Paragraphs are never
// changed in place: an edit makes a new object, and undo puts the old one back, with its digest and so its tick.

import { differences, essence, paragraphOf, rebased, same } from "./splices.js";
import { joinParagraphs, splitParagraph, tidy, withText } from "./words.js";

const MOST_STEPS = 1000;
const ONE_BURST_MS = 1500;

export class TranscriptDocument extends EventTarget {
  #paragraphs = [];
  #done = [];
  #undone = [];
  #burst = { index: -1, at: 0 };

  get paragraphs() {
    return this.#paragraphs;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** The names in the text, in the order of first words. */
  get speakers() {
    return [...new Set(this.#paragraphs.map((paragraph) => paragraph.speaker))];
  }

  /** Begin with these paragraphs and, where they fit, the steps of an earlier visit. */
  load(paragraphs, history = { done: [], undone: [] }) {
    this.#paragraphs = paragraphs;
    this.#done = history.done;
    this.#undone = history.undone;
    this.#burst = { index: -1, at: 0 };
    this.#tell("reset", {});
  }

  /** The steps, as they are kept for the next visit: without times, which the server gives again. */
  history() {
    const lean = (paragraphs) => paragraphs.map(essence);
    const pack = (steps) =>
      steps.map((step) => ({
        ...step,
        splices: step.splices.map(({ at, before, after }) => ({ at, before: lean(before), after: lean(after) })),
      }));
    return { done: pack(this.#done), undone: pack(this.#undone) };
  }

  /** Make a step. `caret` is where the writing goes on: {index, char}. */
  apply(label, splices, caret = null, caretBefore = null) {
    if (!splices.length) {
      return;
    }
    this.#burst = { index: -1, at: 0 };
    this.#run(splices);
    this.#push({ label, splices, caret, caretBefore });
    this.#tell("step", { label, caret });
  }

  /** What typing does: letters typed in one go in one paragraph are one step. */
  type(index, text, char, now = performance.now()) {
    const before = this.#paragraphs[index];
    const after = withText(before, text);
    if (after === before) {
      return;
    }
    const last = this.#done.at(-1);
    const goesOn =
      last?.label === "typing" &&
      this.#burst.index === index &&
      now - this.#burst.at < ONE_BURST_MS &&
      // A finished word closes the step, so that undo takes back words and not sentences.
      !(/\s$/.test(last.splices[0].after[0].text.slice(0, last.caret.char)) && text.length > before.text.length);
    this.#run([{ at: index, before: [before], after: [after] }]);
    if (goesOn) {
      last.splices = [{ at: index, before: last.splices[0].before, after: [after] }];
      last.caret = { index, char };
      this.#undone = [];
    } else {
      this.#push({
        label: "typing",
        splices: [{ at: index, before: [before], after: [after] }],
        caret: { index, char },
        caretBefore: { index, char: Math.max(0, char - Math.max(0, text.length - before.text.length)) },
      });
    }
    this.#burst = { index, at: now };
    this.#tell("step", { label: "typing", caret: null });
  }

  /** The last writing in one paragraph, step by step backwards: its text before, as against its text now. */
  *lastWriting() {
    let index = -1;
    for (const step of this.#done.toReversed()) {
      const [{ at, before, after }, ...more] = step.splices;
      if (more.length || before.length !== 1 || after.length !== 1 || (index >= 0 && at !== index)) {
        return;
      }
      index = at;
      yield { before: before[0].text, now: this.#paragraphs[at].text };
    }
  }

  /** What a paragraph would be with another text. */
  edited(index, text) {
    return withText(this.#paragraphs[index], text);
  }

  /** Leave a paragraph as the file holds it: without spaces at the ends, and not at all when it is empty. */
  tidy(index) {
    const paragraph = this.#paragraphs[index];
    const text = tidy(paragraph.text);
    if (!text && this.#paragraphs.length > 1) {
      this.apply("deleting a paragraph", [{ at: index, before: [paragraph], after: [] }]);
    } else if (text && text !== paragraph.text) {
      const tidied = { ...withText(paragraph, text), digest: paragraph.digest };
      this.#run([{ at: index, before: [paragraph], after: [tidied] }]);
    }
  }

  /** Part a paragraph at a character. */
  split(index, char) {
    const paragraph = this.#paragraphs[index];
    const [head, tail] = splitParagraph(paragraph, char);
    if (!head.text || !tail.text) {
      return false;
    }
    this.apply(
      "splitting a paragraph",
      [{ at: index, before: [paragraph], after: [head, tail] }],
      { index: index + 1, char: 0 },
      { index, char },
    );
    return true;
  }

  /** Join a paragraph to the one above it. */
  join(index) {
    if (index < 1) {
      return false;
    }
    const [first, second] = [this.#paragraphs[index - 1], this.#paragraphs[index]];
    const joined = joinParagraphs(first, second);
    const char = joined.text.length - second.text.length;
    this.apply(
      "joining two paragraphs",
      [{ at: index - 1, before: [first, second], after: [joined] }],
      { index: index - 1, char },
      { index, char: 0 },
    );
    return true;
  }

  /** The paragraphs of the turn that `index` stands in: [first, last]. */
  turn(index) {
    const { speaker } = this.#paragraphs[index];
    let first = index;
    while (first > 0 && this.#paragraphs[first - 1].speaker === speaker) {
      first -= 1;
    }
    let last = index;
    while (last + 1 < this.#paragraphs.length && this.#paragraphs[last + 1].speaker === speaker) {
      last += 1;
    }
    return [first, last];
  }

  /** Give a paragraph ("here"), its turn ("turn") or everything its speaker says ("everywhere") another name. */
  rename(index, name, scope) {
    const { speaker } = this.#paragraphs[index];
    const [first, last] = scope === "turn" ? this.turn(index) : [index, index];
    const touched = (at) =>
      this.#paragraphs[at].speaker === speaker && (scope === "everywhere" || (at >= first && at <= last));
    return this.replaceEach(`naming ${name}`, (paragraph, at) =>
      touched(at) ? { ...paragraph, speaker: name, digest: null } : paragraph,
    );
  }

  /** Replace paragraphs one by one as a single step; returns how many changed. */
  replaceEach(label, change) {
    const splices = [];
    for (const [at, paragraph] of this.#paragraphs.entries()) {
      const changed = change(paragraph, at);
      if (changed !== paragraph && !same(changed, paragraph)) {
        splices.push({ at, before: [paragraph], after: [changed] });
      }
    }
    this.apply(label, splices);
    return splices.length;
  }

  undo() {
    const step = this.#done.pop();
    if (!step) {
      return null;
    }
    this.#burst = { index: -1, at: 0 };
    this.#run(step.splices.toReversed().map(({ at, before, after }) => ({ at, before: after, after: before })));
    this.#undone.push(step);
    this.#tell("step", { label: `undo ${step.label}`, caret: step.caretBefore ?? firstPlace(step) });
    return step.label;
  }

  redo() {
    const step = this.#undone.pop();
    if (!step) {
      return null;
    }
    this.#burst = { index: -1, at: 0 };
    this.#run(step.splices);
    this.#done.push(step);
    this.#tell("step", { label: `redo ${step.label}`, caret: step.caret ?? firstPlace(step) });
    return step.label;
  }

  /** The server's times, digests and doubts for paragraphs it was sent; those edited meanwhile keep their own. */
  enrich(sent, received) {
    const known = new Map(sent.map((paragraph, at) => [paragraph, received[at]]));
    const changed = [];
    for (const [at, paragraph] of this.#paragraphs.entries()) {
      const better = known.get(paragraph);
      if (better && !knows(paragraph, better) && better.text === tidy(paragraph.text)) {
        changed.push(at);
        // A space at the end belongs to whoever is typing.
        const text = paragraph.text.trimEnd() === better.text ? paragraph.text : better.text;
        this.#paragraphs[at] = { ...paragraphOf(better), text };
      }
    }
    this.#tell("enriched", { changed });
  }

  /** Take over another person's text. What was done here stays undoable as far as theirs did not touch it. */
  adopt(paragraphs) {
    const regions = differences(this.#paragraphs, paragraphs);
    for (const region of regions.toReversed()) {
      this.#done = rebased(this.#done, region);
      this.#run([region]);
    }
    this.#undone = [];
    this.#burst = { index: -1, at: 0 };
    this.enrich([...this.#paragraphs], paragraphs);
    return regions.length;
  }

  #push(step) {
    this.#done.push(step);
    this.#done.splice(0, Math.max(0, this.#done.length - MOST_STEPS));
    this.#undone = [];
  }

  #run(splices) {
    for (const { at, before, after } of splices) {
      this.#paragraphs.splice(at, before.length, ...after.map(paragraphOf));
      this.#tell("splice", { at, removed: before.length, added: after.length });
    }
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Whether a paragraph already has everything the server says of it: a save changes few of some thousand. */
function knows(paragraph, better) {
  const doubts = better.doubts ?? [];
  return (
    same(paragraph, better) &&
    paragraph.digest === better.digest &&
    paragraph.times.length === better.times.length &&
    paragraph.doubts.length === doubts.length &&
    paragraph.times.every((time, at) => time.every((value, place) => value === better.times[at][place])) &&
    paragraph.doubts.every(
      ({ id, start_char: start, end_char: end }, at) =>
        id === doubts[at].id && start === doubts[at].start_char && end === doubts[at].end_char,
    )
  );
}

function firstPlace(step) {
  return { index: step.splices[0].at, char: 0 };
}
