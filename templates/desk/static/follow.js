// The word being said: marked, kept in view, and told apart from where the caret is.

import { scrollBehavior } from "./dom.js";
import { rectOf } from "./highlight.js";
import { visibleBand } from "./layout.js";
import { paragraphAtTime, wordAtTime } from "./words.js";

const LEAVE_ALONE_MS = 4000;

export class Follower {
  #player;
  #document;
  #editor;
  #marks;
  #spoken = "";
  #index = -1;
  #quietUntil = 0;
  on = true;

  constructor(player, transcript, editor, marks) {
    this.#player = player;
    this.#document = transcript;
    this.#editor = editor;
    this.#marks = marks;
    player.addEventListener("timeupdate", () => this.update());
    editor.addEventListener("painted", () => this.update(true));
    // Who scrolls or types looks at something: the text does not run away from them.
    for (const type of ["wheel", "touchmove"]) {
      addEventListener(type, () => this.rest(), { passive: true });
    }
    editor.addEventListener("typed", () => this.rest());
  }

  /** Do not move the view for some seconds. */
  rest() {
    this.#quietUntil = performance.now() + LEAVE_ALONE_MS;
  }

  /** The paragraph being said; -1 before the first. */
  get index() {
    return this.#index;
  }

  /** The word being said: {index, start, end}; null before the first. */
  get place() {
    const paragraph = this.#document.paragraphs[this.#index];
    const word = paragraph && wordAtTime(paragraph.times, this.#player.timeMs);
    return word ? { index: this.#index, start: word[0], end: word[1] } : null;
  }

  update(painted = false) {
    const { timeMs } = this.#player;
    const index = paragraphAtTime(this.#document.paragraphs, timeMs);
    if (index !== this.#index) {
      this.#editor.elements[this.#index]?.box.classList.remove("spoken");
      this.#editor.elements[index]?.box.classList.add("spoken");
      this.#index = index;
    }
    const place = this.place;
    const state = place ? `${place.index} ${place.start} ${place.end}` : "";
    if (state === this.#spoken && !painted) {
      return;
    }
    this.#spoken = state;
    this.#marks.only("spoken", place ? [[place.index, place.start, place.end]] : []);
    if (place && this.on && this.#player.playing && performance.now() > this.#quietUntil) {
      this.#keepInView(place);
    }
  }

  #keepInView({ index, start, end }) {
    const { words, box } = this.#editor.elements[index];
    const rect = rectOf(words, start, end) ?? box.getBoundingClientRect();
    const { top, bottom } = visibleBand();
    if (rect.top < top + 8 || rect.bottom > bottom - (bottom - top) * 0.2) {
      scrollBy({ top: rect.top - top - (bottom - top) * 0.25, behavior: scrollBehavior() });
    }
  }
}
