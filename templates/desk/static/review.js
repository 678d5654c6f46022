// What was checked: what was heard, what was ticked, which doubts are resolved. The server keeps it in review.json.

import { announce, byId, spoken } from "./dom.js";
import { covered, merged } from "./heard.js";
import { endOf, startOf } from "./words.js";

/** Share of a paragraph from which it counts as heard: a breath at its edge need not be played. */
export const HEARD_ENOUGH = 0.95;

export class Review extends EventTarget {
  #api;
  #document;
  #editor;
  #saver;
  #identity;
  #ticks = new Set();
  #resolved = new Set();
  #recorder = null;
  #shownAt = 0;
  #settling = new Map();
  #known = { heard: [], ticks: [], resolved: [] };

  constructor({ api, transcript, editor, saver, identity }) {
    super();
    this.#identity = identity;
    this.#api = api;
    this.#document = transcript;
    this.#editor = editor;
    this.#saver = saver;
    identity.addEventListener("changed", () => this.load(this.#known));
    editor.addEventListener("painted", ({ detail }) => this.#painted(detail));
    transcript.addEventListener("enriched", ({ detail }) => {
      detail.changed.forEach((index) => this.#show(index, index + 1));
      this.progress();
    });
    editor.addEventListener("tick", ({ detail }) => this.tick(detail.index, detail.on));
  }

  set recorder(recorder) {
    this.#recorder = recorder;
    recorder.addEventListener("heard", ({ detail }) => this.#heardMore(detail));
  }

  get resolved() {
    return this.#resolved;
  }

  /** Sends heard ranges; the recorder keeps them when this rejects. */
  async sendHeard(ranges, leaving) {
    this.load((await this.#api.review({ heard: ranges, by: this.#identity.by }, leaving)).review);
  }

  /** Take over what the server knows. */
  load(known) {
    this.#known = known;
    const { heard, heard_by: heardBy, ticks, resolved } = known;
    this.#ticks = new Set(ticks);
    const before = this.#resolved;
    this.#resolved = new Set(resolved);
    // An answer that was under way when a doubt was settled does not know of it yet.
    this.#settling.forEach((on, id) => (on ? this.#resolved.add(id) : this.#resolved.delete(id)));
    // Two people may have to hear it: the bars show what you heard.
    const { name } = this.#identity;
    this.#recorder?.load(merged(name && heardBy ? (heardBy[name] ?? []) : heard));
    this.showAll();
    if (before.symmetricDifference(this.#resolved).size) {
      this.dispatchEvent(new CustomEvent("resolved"));
    }
  }

  isTicked(paragraph) {
    return paragraph.digest !== null && this.#ticks.has(paragraph.digest);
  }

  /** Confirm a paragraph as it stands, or take that back. The text is saved first: a tick is bound to it. */
  async tick(index, on) {
    const paragraph = this.#document.paragraphs[index];
    await this.#saver.flush();
    const now = this.#document.paragraphs[index];
    if (!now || now.text.trim() !== paragraph.text.trim() || now.digest === null) {
      this.#show(index, index + 1);
      announce("The paragraph is not saved yet, so it cannot be ticked. Please try again");
      return;
    }
    try {
      const marks = { [on ? "tick" : "untick"]: [now.digest], by: this.#identity.by };
      this.load((await this.#api.review(marks)).review);
      announce(on ? "Ticked" : "Tick taken back");
    } catch (error) {
      this.#show(index, index + 1);
      announce(error.sentence ?? String(error));
    }
  }

  /** Resolve a doubt, or open it again: shown at once, taken back when the server does not take it. */
  async resolve(id, on = true) {
    this.#settling.set(id, on);
    this.load(this.#known);
    try {
      const { review } = await this.#api.review({ [on ? "resolve" : "unresolve"]: [id], by: this.#identity.by });
      this.#settling.delete(id);
      this.load(review);
    } catch (error) {
      this.#settling.delete(id);
      this.load(this.#known);
      announce(`The doubt stays open. ${error.sentence ?? error}`);
    }
  }

  showAll() {
    this.#show(0, this.#document.paragraphs.length);
    this.progress();
  }

  /** How far the whole is heard and ticked, in the line under the title. */
  progress() {
    const { paragraphs } = this.#document;
    const ticked = paragraphs.filter((paragraph) => this.isTicked(paragraph)).length;
    byId("progress").textContent = `${ticked} of ${paragraphs.length} ticked`;
  }

  #painted({ at, removed, added }) {
    this.#show(at, at + added);
    if (removed !== added || added === 1) {
      this.progress();
    }
  }

  #heardMore(detail) {
    if (!detail) {
      this.showAll();
      return;
    }
    // Sixty frames a second would be drawn for nothing: the bar is a few pixels wide.
    const now = performance.now();
    if (now - this.#shownAt > 500) {
      this.#shownAt = now;
      this.showAll();
    }
  }

  #show(from, to) {
    const ranges = this.#recorder?.ranges ?? [];
    for (let index = from; index < Math.min(to, this.#document.paragraphs.length); index += 1) {
      const paragraph = this.#document.paragraphs[index];
      const { box, tick, heard } = this.#editor.elements[index];
      const ticked = this.isTicked(paragraph);
      if (tick.checked !== ticked) {
        tick.checked = ticked;
      }
      if (box.classList.contains("ticked") !== ticked) {
        box.classList.toggle("ticked", ticked);
      }
      const [start, end] = [startOf(paragraph), endOf(paragraph)];
      const share = start === null || end === null || end <= start ? 0 : covered(ranges, start, end) / (end - start);
      const percent = share >= HEARD_ENOUGH ? 100 : Math.floor(share * 100);
      if (heard.percent !== percent) {
        heard.percent = percent;
        heard.style.setProperty("--heard", `${percent}%`);
        heard.ariaLabel = percent === 100 ? "Heard" : percent === 0 ? "Not heard" : `${percent} % heard`;
        heard.title = heard.ariaLabel;
      }
    }
  }
}

/** `3 minutes 20 seconds not heard`, or that all was. */
export function unheardInWords(unheardMs) {
  return unheardMs < 1000 ? "Everything was heard" : `${spoken(unheardMs)} not heard yet`;
}
