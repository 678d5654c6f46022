// The text on the page: one plain-text field per paragraph, kept equal to the document.
//
// No element per word: three hours are some thousand paragraphs, and the browser lays out only those in view.
// Only the paragraph with the caret stands in the tab order; the arrow keys walk from one to the next.

import { caretIn, caretRect, charAtPoint, setCaret } from "./caret.js";
import { sentenceEnd } from "./sentences.js";
import { clock, spoken } from "./dom.js";
import { oneLine, startOf } from "./words.js";

export class Editor extends EventTarget {
  #root;
  #document;
  #template;
  #elements = [];
  #lastKey = "";
  #last = { index: 0, start: 0, end: 0 };

  constructor(root, transcript, template) {
    super();
    this.#root = root;
    this.#document = transcript;
    this.#template = template;
    transcript.addEventListener("reset", () => this.#renderAll());
    transcript.addEventListener("splice", (event) => this.#splice(event.detail));
    transcript.addEventListener("enriched", ({ detail }) => {
      detail.changed.forEach((index) => this.#refreshHeads(index, index + 1));
    });
    transcript.addEventListener("step", (event) => this.#follow(event.detail));
    root.addEventListener("input", (event) => this.#input(event));
    root.addEventListener("compositionend", (event) => this.#input(event));
    root.addEventListener("beforeinput", (event) => this.#beforeInput(event));
    root.addEventListener("paste", (event) => this.#paste(event));
    root.addEventListener("drop", (event) => event.preventDefault());
    root.addEventListener("keydown", (event) => this.#keydown(event));
    root.addEventListener("focusin", (event) => this.#focusIn(event));
    root.addEventListener("focusout", (event) => this.#focusOut(event));
    root.addEventListener("click", (event) => this.#click(event));
    root.addEventListener("dblclick", (event) => this.#playAt(event));
    document.addEventListener("selectionchange", () => this.#remember());
  }

  /** The elements of the paragraphs: {box, speaker, time, words, tick, heard}. */
  get elements() {
    return this.#elements;
  }

  /** Where the caret is, or last was: {index, start, end} (characters). */
  get caret() {
    // The event about a selection comes late: a key pressed at once after it must see where the caret is now.
    this.#remember();
    const index = Math.min(this.#last.index, this.#document.paragraphs.length - 1);
    return { ...this.#last, index };
  }

  /** Whether the caret is in the text now. */
  get hasFocus() {
    return document.activeElement?.classList.contains("words") ?? false;
  }

  /** Put the caret into a paragraph and show it. */
  focus(index, start = 0, end = start) {
    const element = this.#elements[index];
    if (element) {
      this.reveal(index);
      setCaret(element.words, start, end);
    }
  }

  /** Bring a paragraph into view, unless it is. */
  reveal(index) {
    this.#elements[index]?.box.scrollIntoView({ block: "nearest" });
  }

  /** The paragraph an element of the text belongs to; -1 for none. */
  indexOf(node) {
    const box = node.closest?.(".para");
    return box ? this.#elements.findIndex((element) => element.box === box) : -1;
  }

  /** Write into the text at the caret, or over the selection. */
  insert(text, { index, start, end } = this.caret) {
    const before = this.#document.paragraphs[index].text;
    const at = start + text.length;
    this.#document.apply(
      "inserting",
      [
        {
          at: index,
          before: [this.#document.paragraphs[index]],
          after: [this.#document.edited(index, before.slice(0, start) + text + before.slice(end))],
        },
      ],
      { index, char: at },
      { index, char: start },
    );
  }

  /** Write a word of its own at the caret, or over the selection: with spaces where words touch. */
  insertWord(word, { index, start, end } = this.caret) {
    const { text } = this.#document.paragraphs[index];
    const before = /\S$/.test(text.slice(0, start)) ? " " : "";
    const after = /^[\p{L}\p{N}[(]/u.test(text.slice(end)) ? " " : "";
    this.insert(`${before}${word}${after}`, { index, start, end });
  }

  /** Write a citation after what is selected, to the end of its last word; with nothing selected, after the sentence. */
  cite(citation, { index, start, end } = this.caret) {
    const { text } = this.#document.paragraphs[index];
    const at =
      start === end ? sentenceEnd(text, end) : end + /^[\p{L}\p{N}\p{M}]*/u.exec(text.slice(end))[0].length;
    this.insertWord(citation, { index, start: at, end: at });
  }

  #renderAll() {
    this.#elements = this.#document.paragraphs.map((paragraph) => this.#build(paragraph));
    this.#root.replaceChildren(...this.#elements.map((element) => element.box));
    this.#refreshHeads(0, this.#elements.length);
    this.#rove(0);
  }

  #build(paragraph) {
    const box = this.#template.content.firstElementChild.cloneNode(true);
    const [speaker, time, words, tick, heard] = box.children;
    words.textContent = paragraph.text;
    if (words.contentEditable !== "plaintext-only") {
      words.contentEditable = "true";
    }
    return { box, speaker, time, words, tick: tick.firstElementChild, heard };
  }

  #splice({ at, removed, added }) {
    const fresh = this.#document.paragraphs.slice(at, at + added);
    const kept = Math.min(removed, added);
    for (let offset = 0; offset < kept; offset += 1) {
      const { words } = this.#elements[at + offset];
      if (words.textContent !== fresh[offset].text) {
        words.textContent = fresh[offset].text;
      }
    }
    if (removed !== added) {
      const gone = this.#elements.splice(at + kept, removed - kept);
      const built = fresh.slice(kept).map((paragraph) => this.#build(paragraph));
      const next = this.#elements[at + kept]?.box ?? null;
      for (const { box } of built) {
        this.#root.insertBefore(box, next);
      }
      this.#elements.splice(at + kept, 0, ...built);
      gone.forEach(({ box }) => box.remove());
    }
    this.#refreshHeads(at, at + added + 1);
    this.dispatchEvent(new CustomEvent("painted", { detail: { at, removed, added } }));
  }

  /** Names and times beside the paragraphs [from, to). */
  #refreshHeads(from, to) {
    for (let index = from; index < Math.min(to, this.#elements.length); index += 1) {
      const paragraph = this.#document.paragraphs[index];
      const { box, speaker, time, words, tick } = this.#elements[index];
      const start = startOf(paragraph);
      const goesOn = index > 0 && this.#document.paragraphs[index - 1].speaker === paragraph.speaker;
      const head = `${paragraph.speaker}\n${start}\n${goesOn}`;
      if (box.head === head) {
        continue;
      }
      box.head = head;
      box.classList.toggle("goes-on", goesOn);
      speaker.textContent = paragraph.speaker;
      speaker.ariaLabel = `${paragraph.speaker}: change the speaker`;
      time.textContent = start === null ? "–" : clock(start);
      time.ariaLabel = start === null ? "Time not known yet" : `Play from ${spoken(start)}`;
      words.ariaLabel = start === null ? paragraph.speaker : `${paragraph.speaker}, at ${spoken(start)}`;
      tick.ariaLabel = start === null ? "Checked" : `Checked: paragraph at ${spoken(start)}`;
    }
  }

  #follow({ label, caret }) {
    if (label !== "typing" && caret) {
      this.focus(caret.index, caret.char);
    }
  }

  #rove(index) {
    this.#root.querySelectorAll('[tabindex="0"]').forEach((element) => element.setAttribute("tabindex", "-1"));
    const element = this.#elements[index];
    if (element) {
      for (const part of [element.speaker, element.time, element.words, element.tick]) {
        part.setAttribute("tabindex", "0");
      }
    }
  }

  #focusIn(event) {
    const index = this.indexOf(event.target);
    if (index < 0) {
      return;
    }
    const box = this.#elements[index].box;
    if (!box.classList.contains("here")) {
      this.#root.querySelector(".here")?.classList.remove("here");
      box.classList.add("here");
      this.#rove(index);
      this.#last = { index, start: 0, end: 0 };
      this.dispatchEvent(new CustomEvent("moved", { detail: { index } }));
    }
  }

  #focusOut(event) {
    const index = this.indexOf(event.target);
    if (index >= 0 && event.target.classList.contains("words")) {
      // The event about a selection may come only now that the focus is elsewhere: too late to ask where the caret was.
      this.#last = { ...(caretIn(event.target) ?? this.#last), index };
      this.#document.tidy(index);
    }
  }

  #remember() {
    const words = document.activeElement;
    if (!words?.classList.contains("words")) {
      return;
    }
    const caret = caretIn(words);
    if (caret) {
      this.#last = {
        index: this.#elements[this.#last.index]?.words === words ? this.#last.index : this.indexOf(words),
        ...caret,
      };
    }
  }

  #input(event) {
    const { target } = event;
    if (!target.classList?.contains("words")) {
      return;
    }
    const index = this.indexOf(target);
    const caret = caretIn(target) ?? { start: 0, end: 0 };
    const text = target.textContent.replace(/\u00a0/g, " ").replace(/[\r\n]+/g, " ");
    this.#last = { index, ...caret };
    if (!event.isComposing && (target.childNodes.length > 1 || target.textContent !== text)) {
      target.textContent = text;
      setCaret(target, caret.start);
    }
    this.#document.type(index, text, caret.start);
    this.dispatchEvent(new CustomEvent("typed", { detail: { index } }));
  }

  #beforeInput(event) {
    if (!event.target.classList?.contains("words")) {
      return;
    }
    const index = this.indexOf(event.target);
    const caret = caretIn(event.target);
    if (event.inputType === "historyUndo" || event.inputType === "historyRedo") {
      event.preventDefault();
      this.dispatchEvent(new CustomEvent(event.inputType === "historyUndo" ? "undo" : "redo"));
    } else if (event.inputType === "insertParagraph" || event.inputType === "insertLineBreak") {
      event.preventDefault();
      if (caret) {
        this.#document.split(index, caret.start);
      }
    } else if (event.inputType.startsWith("format")) {
      event.preventDefault();
    } else if (caret && this.#join(event.inputType, index, caret)) {
      event.preventDefault();
    }
  }

  #join(inputType, index, caret) {
    if (caret.start !== caret.end) {
      return false;
    }
    if (/^delete(Content|Word|SoftLine)Backward$/.test(inputType) && caret.start === 0) {
      return this.#document.join(index);
    }
    const atEnd = caret.start >= this.#document.paragraphs[index].text.length;
    if (/^delete(Content|Word|SoftLine)Forward$/.test(inputType) && atEnd && index + 1 < this.#elements.length) {
      return this.#document.join(index + 1);
    }
    return false;
  }

  #paste(event) {
    const words = event.target.closest?.(".words");
    const caret = words && caretIn(words);
    if (!caret) {
      return;
    }
    event.preventDefault();
    const text = oneLine(event.clipboardData.getData("text/plain"));
    if (text) {
      this.insert(text, { index: this.indexOf(words), ...caret });
    }
  }

  #keydown(event) {
    const { target } = event;
    // Read by the key after this one.
    queueMicrotask(() => {
      this.#lastKey = event.key;
    });
    if (!target.classList.contains("words") || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const caret = caretIn(target);
    if (!caret || event.shiftKey || caret.start !== caret.end) {
      return;
    }
    const index = this.indexOf(target);
    const atEnd = caret.start >= target.textContent.length;
    // Browsers send no beforeinput where there is nothing to delete, so joining is done here.
    const join = { Backspace: "deleteContentBackward", Delete: "deleteContentForward" }[event.key];
    if (join ? this.#join(join, index, caret) : this.#walk(event.key, index, caret.start, atEnd)) {
      event.preventDefault();
    }
  }

  /** Arrow keys at the edge of a paragraph go on in the next one; true when they did. */
  #walk(key, index, char, atEnd) {
    const by = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[key];
    const next = this.#elements[index + (by ?? 0)];
    if (!by || !next) {
      return false;
    }
    if (key === "ArrowLeft" || key === "ArrowRight") {
      const leaves = key === "ArrowLeft" ? char === 0 : atEnd;
      if (leaves) {
        this.focus(index + by, by < 0 ? next.words.textContent.length : 0);
      }
      return leaves;
    }
    const rect = caretRect(this.#lastKey === "End");
    const box = this.#elements[index].words.getBoundingClientRect();
    const line = Number.parseFloat(getComputedStyle(this.#elements[index].words).lineHeight);
    const leaves = !rect || (by < 0 ? rect.top - box.top < line : box.bottom - rect.bottom < line);
    if (leaves) {
      const x = rect?.left ?? box.left;
      this.reveal(index + by);
      const to = next.words.getBoundingClientRect();
      const found = charAtPoint(next.words, x, by < 0 ? to.bottom - line / 2 : to.top + line / 2);
      this.focus(index + by, found ?? (by < 0 ? next.words.textContent.length : 0));
    }
    return leaves;
  }

  #click(event) {
    const index = this.indexOf(event.target);
    if (index < 0) {
      return;
    }
    const { classList } = event.target;
    if (classList.contains("words") && event.altKey) {
      this.#playAt(event);
    } else if (classList.contains("time")) {
      this.dispatchEvent(new CustomEvent("play", { detail: { index, char: 0 } }));
    } else if (classList.contains("speaker")) {
      this.dispatchEvent(new CustomEvent("rename", { detail: { index } }));
    } else if (event.target.type === "checkbox") {
      this.dispatchEvent(new CustomEvent("tick", { detail: { index, on: event.target.checked } }));
    }
  }

  #playAt(event) {
    const words = event.target.closest?.(".words");
    if (words) {
      const char = charAtPoint(words, event.clientX, event.clientY) ?? 0;
      const index = this.indexOf(words);
      const start = /\s/.test(words.textContent[char] ?? " ") ? Math.max(0, char - 1) : char;
      this.dispatchEvent(new CustomEvent("play", { detail: { index, char: start } }));
    }
  }
}
