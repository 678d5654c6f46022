// The queue of doubts: what the machine was unsure of, walked with one key, resolved with one key, and as a list.

import { announce, button, byId, clock, count, make } from "./dom.js";
import { singleCorrection } from "./diff.js";

const LEAD_IN_MS = 1000;

const KINDS = {
  dropped: "Speech without words",
  silence: "Words over silence",
  repetition: "Repetition",
  fast: "Too fast",
  language: "Change of language",
  voice: "Whose voice",
  learned: "Corrected before",
  name: "Name or term",
  probability: "Uncertain words",
  number: "Number",
  negation: "Negation",
  interpolated: "Reckoned time",
};

/** A reason as a sentence of its own. */
function sentence(why) {
  return `${why[0].toLocaleUpperCase()}${why.slice(1).replace(/\.?$/, ".")}`;
}

export class Doubts {
  #document;
  #editor;
  #marks;
  #review;
  #player;
  #findBar;
  #list = byId("doubt-list");
  #here = null;
  #drawn = "";

  constructor({ transcript, editor, marks, review, player, findBar }) {
    this.#document = transcript;
    this.#editor = editor;
    this.#marks = marks;
    this.#review = review;
    this.#player = player;
    this.#findBar = findBar;
    transcript.addEventListener("enriched", ({ detail }) => {
      detail.changed.forEach((index) => this.#marks.paragraphs(index, index + 1));
      this.#redraw();
    });
    transcript.addEventListener("reset", () => this.refresh());
    transcript.addEventListener("step", () => {
      this.#count();
    });
    review.addEventListener("resolved", () => this.refresh());
    byId("doubt-next").addEventListener("click", () => this.next(1));
    byId("doubt-previous").addEventListener("click", () => this.next(-1));
    byId("doubt-right").addEventListener("click", () => this.right());
    byId("doubt-everywhere").addEventListener("click", () => this.everywhere());
    byId("panel-doubts").addEventListener("toggle-panel", () => this.#draw());
  }

  /** Open doubts in the order of the text: [{...doubt, index}]. */
  get open() {
    const { resolved } = this.#review;
    return this.#document.paragraphs.flatMap((paragraph, index) =>
      paragraph.doubts
        .filter(({ id }) => !resolved.has(id))
        .sort((one, other) => one.start_char - other.start_char)
        .map((doubt) => ({ ...doubt, index })),
    );
  }

  refresh() {
    this.#marks.resolved = this.#review.resolved;
    this.#redraw();
  }

  #redraw() {
    this.#count();
    if (!byId("panel-doubts").hidden) {
      this.#draw();
    }
  }

  /** Go to the next doubt after the caret (or the one before it), select it and play from a second before. */
  next(by) {
    const { open } = this;
    if (!open.length) {
      this.#here = null;
      this.#marks.only("doubt-here", []);
      announce("No open doubts");
      return;
    }
    const { index, start } = this.#editor.caret;
    const isHere = (doubt) => doubt.index === index && doubt.start_char === start;
    // Several may begin with one word: from the one that is shown the list leads on, from elsewhere the place.
    const shown = open.findIndex((doubt) => doubt.id === this.#here?.id && isHere(doubt));
    if (shown >= 0) {
      this.go(open.at((shown + by) % open.length));
      return;
    }
    const isAfter = (doubt) => doubt.index > index || (doubt.index === index && doubt.start_char > start);
    const found =
      by > 0
        ? (open.find((doubt) => isHere(doubt) || isAfter(doubt)) ?? open[0])
        : (open.findLast((doubt) => !isHere(doubt) && !isAfter(doubt)) ?? open.at(-1));
    this.go(found);
  }

  /** Show one doubt: its words are selected and heard, and its reason is told. */
  go(doubt) {
    this.#here = doubt;
    this.#editor.elements[doubt.index].box.scrollIntoView({ block: "center" });
    this.#editor.focus(doubt.index, doubt.start_char, doubt.end_char);
    this.#marks.only("doubt-here", [[doubt.index, doubt.start_char, doubt.end_char]]);
    byId("doubt-why").replaceChildren(...this.#reason(doubt));
    announce(`${KINDS[doubt.kind] ?? doubt.kind}: “${doubt.text}”. ${sentence(doubt.why)}`);
    this.#player.playFrom(doubt.start_ms - LEAD_IN_MS);
  }

  /** The doubt shown is right as it is; on to the next. */
  right() {
    const doubt = this.#here;
    if (!doubt) {
      this.next(1);
      return;
    }
    this.#review.resolve(doubt.id);
    this.#here = null;
    this.next(1);
  }

  /** The last correction, offered for every other place where the machine made the same mistake. */
  everywhere() {
    const correction = this.#correction;
    const doubt = this.#here;
    if (correction) {
      this.#findBar.open(correction.old, correction.fresh);
    } else if (doubt?.suggestion && doubt.suggestion !== doubt.text) {
      this.#findBar.open(doubt.text, doubt.suggestion);
    } else {
      announce("Correct a word first; then the same correction can be made everywhere");
    }
  }

  /** The words last corrected: {old, fresh}; null when the last writing was something else. */
  get #correction() {
    let found = null;
    for (const { before, now } of this.#document.lastWriting()) {
      const correction = singleCorrection(before, now);
      if (found && !correction) {
        break;
      }
      found = correction ?? found;
    }
    return found;
  }

  #reason(doubt) {
    return [
      make("strong", {}, KINDS[doubt.kind] ?? doubt.kind),
      `: “${doubt.text}”. ${sentence(doubt.why)}`,
      doubt.suggestion && doubt.suggestion !== doubt.text
        ? button(`Write “${doubt.suggestion}”`, () => this.#write(doubt), { class: "small" })
        : null,
    ].filter(Boolean);
  }

  #write(doubt) {
    const fresh = this.open.find(({ id }) => id === doubt.id);
    if (fresh) {
      this.#editor.insert(doubt.suggestion, { index: fresh.index, start: fresh.start_char, end: fresh.end_char });
    }
  }

  #count() {
    const open = this.open.length;
    byId("doubt-count").textContent = open ? String(open) : "";
    byId("doubt-total").textContent = open ? count(open, "open doubt") : "No open doubts";
  }

  #draw() {
    // The same doubts again (as after most saves) keep their lines; where each stands now is looked up when it is used.
    const { open } = this;
    const drawn = open.map(({ id }) => id).join(" ");
    if (drawn === this.#drawn) {
      return;
    }
    this.#drawn = drawn;
    this.#list.replaceChildren(
      ...open.map((doubt) =>
        make(
          "li",
          {},
          button(
            [make("span", { class: "clock" }, clock(doubt.start_ms)), ` “${doubt.text}”`],
            () => this.go(this.open.find(({ id }) => id === doubt.id) ?? doubt),
            { class: "link" },
          ),
          make("span", { class: "why" }, `${KINDS[doubt.kind] ?? doubt.kind}: ${sentence(doubt.why)}`),
          button("Right as it is", () => this.#review.resolve(doubt.id), {
            class: "small",
            "aria-label": `Right as it is: “${doubt.text}” at ${clock(doubt.start_ms)}`,
          }),
        ),
      ),
    );
  }
}
