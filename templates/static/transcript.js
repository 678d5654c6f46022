// The transcript as something that is being said: which word belongs to a time, and which time to a word.
//
// Words are no elements, which would make the page of a long interview four times as large. Each paragraph carries
// the times of its words as numbers (`data-w`): hundredths of a second, the first after the paragraph's own time,
// every other after the one before it.

// Scripts that write no spaces between words: each character is a word of its own, as it was when the times were made.
const SPACELESS =
  "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff" +
  "\\u{20000}-\\u{2fa1f}";
const WORD = new RegExp(`[${SPACELESS}]|[^\\s${SPACELESS}]+`, "gu");
const NEAR_PX = 4;
const AT_ONCE = 30; // paragraphs that may reach beyond the beginning of a later one
const OWN_SCROLL_MS = 1200;
const SCROLLING_KEYS = ["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"];

/** @typedef {{ start: number, end: number, timeMs: number }} Word its place in the paragraph's text, and its time */

/** One paragraph: its text without the numbers of sources, and its words. */
class Paragraph {
  #pieces = [];

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.startMs = Number(element.querySelector("[data-seek-ms]").dataset.seekMs);
    this.spoken = element.querySelector("[data-w]");
    /** @type {Word[] | null} */
    this.read = null;
  }

  /** Read when they are first asked for. @returns {Word[]} none where the page does not know their times */
  get words() {
    this.read ??= this.#read();
    return this.read;
  }

  /** The word that is being said at `timeMs`: the last one that has begun. @returns {Word | undefined} */
  wordAt(timeMs) {
    return lastNotAfter(this.words, (word) => word.timeMs, timeMs);
  }

  /** @param {Word} word */
  rangeOf(word) {
    const range = document.createRange();
    range.setStart(...this.#place(word.start, false));
    range.setEnd(...this.#place(word.end, true));
    return range;
  }

  /** The word under a point of the window. @returns {Word | undefined} */
  wordAtPoint(x, y) {
    const { words } = this;
    const caret = caretAt(x, y);
    const piece = this.#pieces.find(({ node }) => node === caret?.node);
    if (!piece) {
      return undefined;
    }
    // A caret stands between two characters: either may be the one that was meant.
    const offset = piece.start + caret.offset;
    const near = words.filter((word) => word.start <= offset && word.end >= offset);
    const under = (px) =>
      near.find((word) => [...this.rangeOf(word).getClientRects()].some((box) => holds(box, x, y, px)));
    return under(0) ?? under(NEAR_PX);
  }

  #read() {
    if (!this.spoken) {
      return [];
    }
    let text = "";
    const walker = document.createTreeWalker(this.spoken, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
      node.nodeName === "SUP" ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    );
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.nodeType === Node.TEXT_NODE) {
        this.#pieces.push({ node, start: text.length });
        text += node.data;
      }
    }
    const found = [...text.matchAll(WORD)];
    const gaps = this.spoken.dataset.w.split(" ").map(Number);
    if (found.length !== gaps.length) {
      return []; // a show's own template says more or less than was said: the paragraph is marked, no word of it
    }
    /** @type {Word[]} */
    const words = [];
    let timeMs = this.startMs;
    found.forEach((match, which) => {
      timeMs += gaps[which] * 10;
      const end = match.index + match[0].length;
      if (words.at(-1)?.timeMs === timeMs) {
        words.at(-1).end = end; // said together: a dash after its word, [two words] for one
      } else {
        words.push({ start: match.index, end, timeMs });
      }
    });
    return words;
  }

  #place(offset, isEnd) {
    const at = this.#pieces.findLast(({ start }) => (isEnd ? start < offset : start <= offset));
    return [at.node, offset - at.start];
  }
}

export class Transcript {
  /** @param {Document | Element} root */
  constructor(root) {
    this.paragraphs = [...root.querySelectorAll(".said")].map((element) => new Paragraph(element));
  }

  /**
   * The paragraph that is being said at `timeMs`: the one whose word has begun last. Where people talk at once, an
   * earlier paragraph goes on after a later one.
   */
  at(timeMs) {
    const last = lastNotAfter(this.paragraphs, (paragraph) => paragraph.startMs, timeMs);
    const place = this.paragraphs.indexOf(last);
    const begun = (paragraph) => paragraph.wordAt(timeMs)?.timeMs ?? paragraph.startMs;
    return this.paragraphs
      .slice(Math.max(0, place - AT_ONCE), Math.max(0, place))
      .reduceRight((found, earlier) => (begun(earlier) > begun(found) ? earlier : found), last);
  }

  /** The paragraph that an element of the page is in. @param {Element} element */
  holding(element) {
    const found = element.closest(".said");
    return found && this.paragraphs.find((paragraph) => paragraph.element === found);
  }
}

/** Marks what is being said, and keeps it in view for as long as the reader wants that. */
export class Following {
  #transcript;
  #playhead;
  #bar;
  #changed;
  #mark = globalThis.Highlight && CSS.highlights ? new Highlight() : null;
  #paragraph;
  #word;
  #ownUntil = 0;
  #frame = 0;
  /** Whether the page scrolls along. */
  on = false;
  /** Whether it did until the reader scrolled. */
  left = false;

  /**
   * @param {Transcript} transcript
   * @param {import("./playhead.js").Playhead} playhead
   * @param {HTMLElement} bar the player, which may cover the top of the window
   * @param {() => void} changed is told when `on` or `left` has become another
   */
  constructor(transcript, playhead, bar, changed) {
    this.#transcript = transcript;
    this.#playhead = playhead;
    this.#bar = bar;
    this.#changed = changed;
    if (this.#mark) {
      CSS.highlights.set("spoken", this.#mark);
    }
    playhead.audio.addEventListener("timeupdate", () => this.update());
    playhead.audio.addEventListener("playing", () => this.#run());
    for (const type of ["wheel", "touchmove"]) {
      addEventListener(type, () => this.leave(), { passive: true });
    }
    addEventListener("keydown", (event) => {
      if (SCROLLING_KEYS.includes(event.key) && !event.target.closest("input, select, textarea, dialog")) {
        this.leave();
      }
    });
    addEventListener("scroll", () => performance.now() > this.#ownUntil && this.leave(), { passive: true });
    addEventListener("resize", () => this.#own()); // lines break anew, and the browser scrolls by itself
  }

  /** Follow or not, as the reader asks. @param {boolean} on */
  set(on) {
    this.on = on;
    this.left = false;
    this.#changed();
    if (on) {
      this.#own(); // a scrolling that still runs out is none that was meant
      this.update();
      this.show();
    }
  }

  /** The reader looks at something else: let them. */
  leave() {
    if (this.on) {
      this.on = false;
      this.left = true;
      this.#changed();
    }
  }

  /** Mark what is said now. */
  update() {
    const { timeMs } = this.#playhead;
    const paragraph = this.#transcript.at(timeMs);
    if (paragraph !== this.#paragraph) {
      this.#paragraph?.element.removeAttribute("aria-current");
      paragraph?.element.setAttribute("aria-current", "true");
      this.#paragraph = paragraph;
    }
    const word = paragraph?.wordAt(timeMs);
    if (word === this.#word) {
      return;
    }
    this.#word = word;
    this.#mark?.clear();
    if (word) {
      this.#mark?.add(paragraph.rangeOf(word));
    }
    if (this.on && this.#playhead.playing && performance.now() > this.#ownUntil) {
      this.show();
    }
  }

  /** Bring what is being said into view, if it is not. */
  show() {
    const box = this.#box();
    if (!box) {
      return;
    }
    const top = getComputedStyle(this.#bar).position === "sticky" ? this.#bar.offsetHeight : 0;
    const height = innerHeight - top;
    if (box.top < top + 8 || box.bottom > top + height * 0.8) {
      this.#own();
      // The style sheet says whether that glides: not for readers who want less motion.
      scrollBy({ top: box.top - top - height * 0.25 });
    }
  }

  #box() {
    return this.#word
      ? this.#paragraph.rangeOf(this.#word).getBoundingClientRect()
      : this.#paragraph?.element.getBoundingClientRect();
  }

  #own() {
    this.#ownUntil = performance.now() + OWN_SCROLL_MS;
  }

  /** Words are shorter than the quarter of a second between two `timeupdate`. */
  #run() {
    cancelAnimationFrame(this.#frame);
    this.update();
    if (this.#playhead.playing) {
      this.#frame = requestAnimationFrame(() => this.#run());
    }
  }
}

/** @template T @param {T[]} list in rising order @param {(one: T) => number} of @returns {T | undefined} */
function lastNotAfter(list, of, limit) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of(list[middle]) <= limit) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return list[low - 1];
}

function caretAt(x, y) {
  if (document.caretPositionFromPoint) {
    const place = document.caretPositionFromPoint(x, y);
    return place && { node: place.offsetNode, offset: place.offset };
  }
  const range = document.caretRangeFromPoint?.(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}

function holds(box, x, y, px) {
  return x >= box.left - px && x <= box.right + px && y >= box.top - px && y <= box.bottom + px;
}
