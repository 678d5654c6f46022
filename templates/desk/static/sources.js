// Sources: pick one, or paste an address, and cite it as [@key] where the caret is, in the text or in the notes.

import { announce, button, byId, make } from "./dom.js";

export class SourcesPanel {
  #api;
  #editor;
  #notes;
  #sources = [];
  #target = "text";

  constructor({ api, editor, notes }) {
    this.#api = api;
    this.#editor = editor;
    this.#notes = notes;
    byId("source-filter").addEventListener("input", () => this.#draw());
    byId("source-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    byId("text").addEventListener("focusin", () => this.#aim("text"));
    notes.field.addEventListener("focusin", () => this.#aim("notes"));
  }

  load(sources) {
    this.#sources = sources;
    this.#draw();
  }

  #aim(target) {
    this.#target = target;
    byId("source-target").textContent =
      target === "text" ? "Cited after the sentence at the caret, or after what is selected." : "Cited at the caret in the show notes.";
  }

  #attach(key) {
    if (this.#target === "notes") {
      this.#notes.insert(`[@${key}]`);
    } else {
      this.#editor.cite(`[@${key}]`);
    }
    announce(`Cited ${key} ${this.#target === "notes" ? "in the show notes" : "in the text"}`);
  }

  #draw() {
    const wanted = byId("source-filter").value.trim().toLocaleLowerCase();
    const shown = this.#sources.filter(({ key, label }) => `${key} ${label}`.toLocaleLowerCase().includes(wanted));
    byId("source-list").replaceChildren(
      ...shown.map(({ key, label }) =>
        make(
          "li",
          {},
          make("span", {}, label, " ", make("code", {}, `@${key}`)),
          button("Cite", () => this.#attach(key), { class: "small", "aria-label": `Cite ${label}` }),
        ),
      ),
    );
    byId("source-none").hidden = shown.length > 0;
  }

  async #add() {
    const status = byId("source-status");
    try {
      const source = await this.#api.addSource(byId("source-url").value.trim(), byId("source-title").value.trim());
      this.#sources = [...this.#sources.filter(({ key }) => key !== source.key), source];
      byId("source-form").reset();
      status.textContent = `Added as @${source.key}.`;
      this.#draw();
      this.#attach(source.key);
    } catch (error) {
      status.textContent = error.sentence ?? String(error);
    }
  }
}
