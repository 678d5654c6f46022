// Find and replace over the whole text: one step, one undo. A replaced paragraph is a new text, so its tick is gone.

import { announce, byId, count, debounced } from "./dom.js";
import { tidy } from "./words.js";

/** The expression a search means; throws SyntaxError when a person's own expression is none. */
export function expression({ text, regular, matchCase, wholeWords }) {
  const source = regular ? text : text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const bounded = wholeWords ? `(?<![\\p{L}\\p{N}\\p{M}_])(?:${source})(?![\\p{L}\\p{N}\\p{M}_])` : source;
  return new RegExp(bounded, `gu${matchCase ? "" : "i"}`);
}

/** Places of matches: [[index, start, end], ...]. Empty matches are none. */
export function places(paragraphs, pattern) {
  return paragraphs.flatMap(({ text }, index) =>
    [...text.matchAll(pattern)]
      .filter(([match]) => match)
      .map((match) => [index, match.index, match.index + match[0].length]),
  );
}

/** Replace in the whole document as one step; returns how many paragraphs changed. */
export function replaceAll(transcript, pattern, replacement, regular) {
  const put = regular ? replacement : replacement.replace(/\$/g, "$$$$");
  return transcript.replaceEach("replacing everywhere", (paragraph, index) => {
    const text = tidy(paragraph.text.replace(pattern, put));
    // A paragraph cannot be emptied by replacing: the file has no empty paragraphs.
    return text ? transcript.edited(index, text) : paragraph;
  });
}

export class FindBar {
  #document;
  #editor;
  #marks;
  #bar = byId("find");
  #found = [];
  #at = -1;

  constructor(transcript, editor, marks) {
    this.#document = transcript;
    this.#editor = editor;
    this.#marks = marks;
    const search = debounced(() => this.#search(), 120);
    this.#bar.addEventListener("input", search);
    this.#bar.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#go(1);
    });
    this.#bar.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        this.close();
      } else if (event.key === "Enter" && event.shiftKey) {
        event.preventDefault();
        this.#go(-1);
      }
    });
    byId("find-next").addEventListener("click", () => this.#go(1));
    byId("find-previous").addEventListener("click", () => this.#go(-1));
    byId("replace-one").addEventListener("click", () => this.#replaceOne());
    byId("replace-all").addEventListener("click", () => this.#replaceAll());
    byId("find-close").addEventListener("click", () => this.close());
    transcript.addEventListener(
      "step",
      debounced(() => this.#bar.hidden || this.#search(true), 200),
    );
  }

  /** Show the bar, with a search and its replacement filled in where they are given. */
  open(text = null, replacement = null) {
    this.#bar.hidden = false;
    if (text !== null) {
      byId("find-text").value = text;
      byId("find-words").checked = replacement !== null;
      byId("find-case").checked = replacement !== null;
      byId("find-regular").checked = false;
    }
    if (replacement !== null) {
      byId("find-replacement").value = replacement;
    }
    byId("find-text").focus();
    byId("find-text").select();
    this.#search();
  }

  close() {
    this.#bar.hidden = true;
    this.#marks.only("found", []);
    this.#marks.only("found-here", []);
    const { index, start, end } = this.#editor.caret;
    this.#editor.focus(index, start, end);
  }

  get #query() {
    return {
      text: byId("find-text").value,
      regular: byId("find-regular").checked,
      matchCase: byId("find-case").checked,
      wholeWords: byId("find-words").checked,
    };
  }

  #pattern() {
    const query = this.#query;
    byId("find-text").removeAttribute("aria-invalid");
    if (!query.text) {
      return null;
    }
    try {
      return expression(query);
    } catch {
      byId("find-text").setAttribute("aria-invalid", "true");
      this.#say("This is not a regular expression");
      return null;
    }
  }

  #search(stay = false) {
    const pattern = this.#pattern();
    this.#found = pattern ? places(this.#document.paragraphs, pattern) : [];
    this.#at = stay ? Math.min(this.#at, this.#found.length - 1) : -1;
    this.#marks.only("found", this.#found.slice(0, 5000));
    this.#marks.only("found-here", []);
    if (pattern) {
      const paragraphs = new Set(this.#found.map(([index]) => index)).size;
      this.#say(
        this.#found.length ? `${count(this.#found.length, "find")} in ${count(paragraphs, "paragraph")}` : "Not found",
      );
    } else if (!byId("find-text").hasAttribute("aria-invalid")) {
      this.#say("");
    }
  }

  #go(by) {
    if (!this.#found.length) {
      return;
    }
    this.#at =
      this.#at < 0 && by < 0 ? this.#found.length - 1 : (this.#at + by + this.#found.length) % this.#found.length;
    const [index, start, end] = this.#found[this.#at];
    this.#editor.elements[index].box.scrollIntoView({ block: "center" });
    this.#marks.only("found-here", [[index, start, end]]);
    const { text } = this.#document.paragraphs[index];
    this.#say(`${this.#at + 1} of ${this.#found.length}: … ${text.slice(Math.max(0, start - 20), end + 20)} …`);
  }

  #replaceOne() {
    if (this.#at < 0) {
      this.#go(1);
      return;
    }
    const [index, start, end] = this.#found[this.#at];
    const pattern = this.#pattern();
    const before = this.#document.paragraphs[index];
    const { regular } = this.#query;
    const replacement = byId("find-replacement").value;
    const put = regular ? before.text.slice(start, end).replace(pattern, replacement) : replacement;
    const text = tidy(before.text.slice(0, start) + put + before.text.slice(end));
    if (text) {
      this.#document.replaceEach("replacing", (paragraph, at) =>
        at === index ? this.#document.edited(index, text) : paragraph,
      );
    }
    this.#at -= 1;
    this.#search(true);
    this.#go(1);
  }

  #replaceAll() {
    const pattern = this.#pattern();
    if (!pattern) {
      return;
    }
    const finds = this.#found.length;
    const changed = replaceAll(this.#document, pattern, byId("find-replacement").value, this.#query.regular);
    this.#search();
    const message = changed
      ? `Replaced ${count(finds, "find")} in ${count(changed, "paragraph")}; one undo takes it back`
      : "Nothing to replace";
    this.#say(message);
    announce(message);
  }

  #say(message) {
    byId("find-status").textContent = message;
  }
}
