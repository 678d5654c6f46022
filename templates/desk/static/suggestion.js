// A line that offers a glossary term after a correction that sounds like what the machine heard. Only an offer.

import { announce, button, byId } from "./dom.js";

export class Suggestions {
  #api;
  #waiting = [];
  #dismissed = new Set();

  constructor(api) {
    this.#api = api;
  }

  /** Offer these terms: [{term, heard}], one at a time, none twice. */
  offer(suggestions) {
    const waiting = new Set(this.#waiting.map(({ term }) => term));
    this.#waiting.push(...suggestions.filter(({ term }) => !this.#dismissed.has(term) && !waiting.has(term)));
    this.#show();
  }

  #show() {
    const line = byId("suggestion");
    const [next] = this.#waiting;
    line.hidden = !next;
    if (!next) {
      line.replaceChildren();
      return;
    }
    line.replaceChildren(
      `The machine heard “${next.heard}”, you wrote “${next.term}”. Add it to the glossary, so that the machine expects it next time? `,
      button("Add", () => this.#add(next), { class: "small" }),
      " ",
      button("No", () => this.#drop(next), { class: "small" }),
    );
  }

  async #add(suggestion) {
    try {
      await this.#api.addTerm(suggestion.term);
      announce(`“${suggestion.term}” is in the glossary`);
      this.#drop(suggestion);
    } catch (error) {
      announce(error.sentence ?? String(error));
    }
  }

  #drop({ term }) {
    this.#dismissed.add(term);
    this.#waiting = this.#waiting.filter((suggestion) => suggestion.term !== term);
    this.#show();
  }
}
