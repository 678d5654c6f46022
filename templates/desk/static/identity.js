// Who is working here: what is heard, ticked and approved is evidence of a person, so a person has to be named.

import { ask, byId, make } from "./dom.js";
import { choice, choose } from "./storage.js";

const SIGNATORY = /^[^<>]*[^<>\s]\s+<[^<>\s@]+@[^<>\s@]+>$/;

/** Whether this is a name with an address: `Ada Host <ada@example.org>`. */
export function isSignatory(by) {
  return SIGNATORY.test(by);
}

export class Identity extends EventTarget {
  #by = choice("by", "");

  constructor() {
    super();
    byId("who").addEventListener("click", () => this.ask());
    this.#show();
  }

  /** `Ada Host <ada@example.org>`; empty until somebody said so. */
  get by() {
    return this.#by;
  }

  set by(by) {
    this.#by = by;
    choose("by", by);
    this.#show();
    this.dispatchEvent(new CustomEvent("changed"));
  }

  /** The name without the address. */
  get name() {
    return this.#by.replace(/\s*<[^<>]*>\s*$/, "").trim();
  }

  /** Ask who it is; stays as it was when the question is put off. */
  async ask() {
    const field = make("input", {
      id: "who-field",
      value: this.#by,
      placeholder: "Ada Host <ada@example.org>",
      autocomplete: "off",
      spellcheck: "false",
      autofocus: true,
      "aria-describedby": "who-why",
    });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        event.preventDefault();
        field.closest("dialog").close("set");
      }
    });
    const answer = await ask(
      "Who is at the desk?",
      [
        make(
          "p",
          { id: "who-why" },
          "What you hear, tick and change is noted under your name. It stays on this machine until you approve; pages show the name, never the address.",
        ),
        make("p", {}, make("label", { for: "who-field" }, "Name and address "), field),
      ],
      [
        ["Later", ""],
        ["That is me", "set", { class: "primary" }],
      ],
    );
    const by = field.value.replace(/\s+/g, " ").trim();
    if (answer === "set" && by) {
      this.by = by;
    }
  }

  #show() {
    byId("who").textContent = this.name || "Who are you?";
    byId("who").ariaLabel = this.name ? `At the desk: ${this.name}. Change` : "Say who you are";
  }
}
