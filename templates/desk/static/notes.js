// The show notes: Markdown on one side, what readers will see on the other, saved as one types.

import { Refused } from "./api.js";
import { announce, ask, byId, debounced, make } from "./dom.js";

export class NotesPanel {
  field = byId("notes");
  #api;
  #revision = "";
  #saved = "";
  #sent = null;
  #running = false;
  #save = debounced(() => this.#saveNow(), 700, 1500);
  #preview = debounced(() => this.#previewNow(), 400);
  #offers;

  constructor(api, offers) {
    this.#api = api;
    this.#offers = offers;
    this.field.addEventListener("input", () => {
      this.#status("Not saved yet");
      this.#save();
      this.#preview();
    });
    byId("panel-notes").addEventListener("toggle-panel", () => this.#preview());
    addEventListener("beforeunload", (event) => {
      if (this.field.value !== this.#saved) {
        event.preventDefault();
      }
    });
  }

  load({ text, revision }) {
    this.#revision = revision;
    this.#saved = text;
    this.field.value = text;
    this.#status("Saved");
    if (!byId("panel-notes").hidden) {
      this.#preview();
    }
  }

  get revision() {
    return this.#revision;
  }

  /** Write at the caret. */
  insert(text) {
    this.field.focus();
    const { selectionEnd } = this.field;
    const spaced = /\S/.test(this.field.value[selectionEnd - 1] ?? " ") ? ` ${text}` : text;
    this.field.setRangeText(spaced, selectionEnd, selectionEnd, "end");
    this.field.dispatchEvent(new Event("input"));
  }

  /** notes.md changed on disk: shown here, unless something unsaved stands here. */
  async noticed(revision) {
    if (revision !== this.#revision && !this.#running && this.field.value === this.#saved) {
      this.load((await this.#api.load()).notes);
    }
  }

  /** Save at once what is unsaved. */
  async flush() {
    this.#save.cancel();
    await this.#saveNow();
  }

  async #saveNow() {
    const text = this.field.value;
    if (text === this.#saved || this.#running) {
      return;
    }
    this.#running = true;
    const unanswered = this.#sent;
    this.#sent = text;
    try {
      this.#revision = (await this.#api.saveNotes(this.#revision, text)).revision;
      this.#saved = text;
      this.#sent = null;
      this.#status("Saved");
    } catch (error) {
      if (error instanceof Refused && error.status === 409) {
        await this.#conflict(unanswered);
      } else {
        this.#status(`Not on disk yet. ${error.sentence ?? error} The desk tries again by itself.`);
        setTimeout(() => this.#save(), 3000);
      }
    } finally {
      this.#running = false;
    }
    if (this.field.value !== text) {
      this.#save();
    }
  }

  async #conflict(unanswered) {
    const { notes } = await this.#api.load();
    if (notes.text === unanswered || notes.text === this.field.value) {
      // The server wrote it and was stopped before it answered: these are our own.
      this.#revision = notes.revision;
      this.#saved = notes.text;
      this.#save();
      return;
    }
    const answer = await ask(
      "The show notes were changed elsewhere",
      [
        make("p", {}, "Which show notes stay? The others are lost unless you copy them first."),
        make("h3", {}, "On disk"),
        make("pre", { tabindex: "0" }, notes.text),
        make("h3", {}, "In this window"),
        make("pre", { tabindex: "0" }, this.field.value),
      ],
      [
        ["Keep those on disk", "theirs"],
        ["Keep mine", "mine", { class: "primary" }],
      ],
    );
    if (answer === "theirs") {
      this.load(notes);
    } else {
      this.#revision = notes.revision;
      this.#saved = notes.text;
      this.#save();
    }
    announce(answer === "theirs" ? "The notes on disk are shown" : "Your notes stay");
  }

  async #previewNow() {
    const place = byId("notes-preview");
    if (!this.#offers.includes("preview")) {
      place.textContent = "This desk shows no preview.";
      return;
    }
    try {
      const { html, references_html: references, problems } = await this.#api.preview(this.field.value);
      // The server sends what pages get: sanitised. A parsed document runs nothing, and links open beside the desk.
      const parsed = new DOMParser().parseFromString(`${html}${references ?? ""}`, "text/html");
      for (const link of parsed.querySelectorAll("a[href]")) {
        if (!link.getAttribute("href").startsWith("#")) {
          link.target = "_blank";
          link.rel = "noopener noreferrer";
        }
      }
      place.replaceChildren(...parsed.body.childNodes);
      byId("notes-problems").replaceChildren(
        ...problems.map((problem) =>
          make(
            "li",
            {},
            problem.what ? `${problem.where ? `${problem.where}: ` : ""}${problem.what}` : String(problem),
          ),
        ),
      );
    } catch (error) {
      place.textContent = error.sentence ?? String(error);
    }
  }

  #status(message) {
    byId("notes-status").textContent = message;
  }
}
