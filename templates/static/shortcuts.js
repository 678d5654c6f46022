// The player by keyboard, from anywhere on the page. Single keys can be in the way of speech input and of slips of the
// hand, so they can be switched off (WCAG 2.1.4), and they do nothing while somebody types.

import { memory } from "./playhead.js";

const TYPING = "input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]";
const SPACE_IS_THEIRS = "a, button, input, summary, [role=button]";
const ARROWS_ARE_THEIRS = "table, pre"; // where they are wider than the page, arrows show the rest
const TURNS_THE_PAGE = [" ", "ArrowLeft", "ArrowRight"];

export class Shortcuts {
  #dialog;
  #enabled;
  #playhead;
  #actions;

  /**
   * @param {import("./controls.js").Controls} controls
   * @param {import("./playhead.js").Playhead} playhead
   */
  constructor(controls, playhead) {
    this.#playhead = playhead;
    this.#dialog = controls.part("keys");
    this.#enabled = controls.part("keys-on");
    this.#enabled.checked = memory.get("keys") !== "off";
    this.#enabled.addEventListener("change", () => memory.set("keys", this.#enabled.checked ? null : "off"));
    controls.part("keys-open").addEventListener("click", () => this.#dialog.showModal());
    controls.part("keys-close").addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    this.#actions = {
      " ": () => controls.toggle(),
      k: () => controls.toggle(),
      j: () => controls.back(),
      l: () => controls.forward(),
      ArrowLeft: () => controls.back(),
      ArrowRight: () => controls.forward(),
      m: () => controls.mute(),
      "<": () => controls.faster(-1),
      ">": () => controls.faster(1),
      "?": () => this.#dialog.showModal(),
    };
    addEventListener("keydown", (event) => this.#press(event));
  }

  #press(event) {
    const action = Object.hasOwn(this.#actions, event.key) && this.#actions[event.key];
    const shifted = event.shiftKey && !"<>?".includes(event.key);
    if (!action || shifted || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) {
      return;
    }
    const { target } = event;
    const on = (selector) => target instanceof Element && target.closest(selector) !== null;
    if (!this.#enabled.checked || this.#dialog.open || on(TYPING) || on("dialog") || event.isComposing) {
      return;
    }
    if (TURNS_THE_PAGE.includes(event.key)) {
      const theirs = on(event.key === " " ? SPACE_IS_THEIRS : ARROWS_ARE_THEIRS);
      if (theirs || !this.#playhead.begun) {
        return; // who only reads keeps the keys that move the page
      }
    }
    event.preventDefault();
    action();
  }
}
