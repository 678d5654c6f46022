// Marks on words without elements (CSS Custom Highlight API): the word being said, doubts, finds, reckoned times.
//
// A static range is wrong once its paragraph was edited, so a paragraph's marks are made anew after each change.
// Assistive technology does not see these marks: everything marked is also told in words elsewhere.

import { INTERPOLATED } from "./words.js";

const NAMES = ["interpolated", "silenced", "struck", "doubt", "doubt-here", "found", "found-here", "spoken"];

export class Marks {
  #editor;
  #document;
  #highlights = new Map();
  #perParagraph = new WeakMap();
  #resolved = new Set();
  #provenance = false;
  #struckIn = () => ({ both: [], sound: [] });

  constructor(editor, transcript) {
    this.#editor = editor;
    this.#document = transcript;
    if (!CSS.highlights) {
      return; // the lists in the panel, and the line beside a struck paragraph, still tell it
    }
    for (const [priority, name] of NAMES.entries()) {
      const highlight = new Highlight();
      highlight.priority = priority;
      CSS.highlights.set(name, highlight);
      this.#highlights.set(name, highlight);
    }
  }

  /** Doubts that a person has resolved are not marked. */
  set resolved(ids) {
    this.#resolved = new Set(ids);
    this.all();
  }

  /** Whether words whose time is reckoned, not heard, are marked. */
  set provenance(on) {
    this.#provenance = on;
    this.all();
  }

  /** Where words are struck out: a function that gives the runs {both, sound} of a paragraph. */
  set struckIn(runsIn) {
    this.#struckIn = runsIn;
    this.all();
  }

  /** Mark every paragraph anew. */
  all() {
    this.paragraphs(0, this.#document.paragraphs.length);
  }

  /** Mark the paragraphs [from, to) anew. */
  paragraphs(from, to) {
    for (let index = from; index < Math.min(to, this.#document.paragraphs.length); index += 1) {
      const element = this.#editor.elements[index];
      const paragraph = this.#document.paragraphs[index];
      this.forget(element.words);
      const marks = [];
      for (const doubt of paragraph.doubts) {
        if (!this.#resolved.has(doubt.id)) {
          this.#add(marks, "doubt", element.words, doubt.start_char, doubt.end_char);
        }
      }
      if (this.#provenance) {
        for (const [start, end, , , provenance] of paragraph.times) {
          if (provenance === INTERPOLATED) {
            this.#add(marks, "interpolated", element.words, start, end);
          }
        }
      }
      const { both, sound } = this.#struckIn(paragraph);
      both.forEach(([start, end]) => this.#add(marks, "struck", element.words, start, end));
      sound.forEach(([start, end]) => this.#add(marks, "silenced", element.words, start, end));
      this.#tell(element, paragraph.text, both, sound);
      if (marks.length) {
        this.#perParagraph.set(element.words, marks);
      }
    }
  }

  /** Drop a paragraph's marks (before it is marked anew, or when it goes). */
  forget(words) {
    for (const [name, range] of this.#perParagraph.get(words) ?? []) {
      this.#highlights.get(name)?.delete(range);
    }
    this.#perParagraph.delete(words);
  }

  /** Mark single places: [[index, start, end], ...], instead of those marked so before. */
  only(name, places) {
    const highlight = this.#highlights.get(name);
    if (!highlight) {
      return;
    }
    highlight.clear();
    for (const [index, start, end] of places) {
      const range = rangeIn(this.#editor.elements[index]?.words, start, end);
      if (range) {
        highlight.add(range);
      }
    }
  }

  /** What is struck out must be known without colours and without sight. */
  #tell({ box, words }, text, both, sound) {
    const said = (runs) => runs.map(([start, end]) => `“${text.slice(start, end)}”`).join(", ");
    const parts = [both.length && `Struck out: ${said(both)}`, sound.length && `Silenced: ${said(sound)}`];
    const description = parts.filter(Boolean).join(". ");
    box.classList.toggle("has-struck", description !== "");
    if (description) {
      words.setAttribute("aria-description", description);
    } else {
      words.removeAttribute("aria-description");
    }
  }

  #add(marks, name, words, start, end) {
    const range = rangeIn(words, start, end);
    const highlight = this.#highlights.get(name);
    if (range && highlight) {
      highlight.add(range);
      marks.push([name, range]);
    }
  }
}

function rangeIn(words, start, end) {
  const node = words?.firstChild;
  if (node?.nodeType !== Node.TEXT_NODE || start >= end || end > node.data.length) {
    return null;
  }
  return new StaticRange({ startContainer: node, startOffset: start, endContainer: node, endOffset: end });
}

/** Where a word stands in the window; null when it is not laid out. */
export function rectOf(words, start, end) {
  const node = words?.firstChild;
  if (node?.nodeType !== Node.TEXT_NODE || end > node.data.length) {
    return null;
  }
  const range = document.createRange();
  range.setStart(node, start);
  range.setEnd(node, end);
  return range.getClientRects()[0] ?? null;
}
