// The panel beside the text: tabs, one page at a time, opened by pointer, by the arrow keys or by shortcut.

import { choice, choose } from "./storage.js";

export class Panels {
  #tabs = [...document.querySelectorAll('[role="tab"]')];

  constructor() {
    for (const tab of this.#tabs) {
      tab.addEventListener("click", () => this.#press(tab));
      tab.addEventListener("keydown", (event) => this.#keydown(event, tab));
    }
    document.getElementById("panel-close").addEventListener("click", () => this.close());
    const narrow = matchMedia("(max-width: 64rem)").matches;
    this.#show(narrow ? null : this.#tabOf(choice("panel", "doubts")));
  }

  /** Open a page of the panel and put the focus into it. */
  open(name) {
    const tab = this.#tabOf(name);
    this.#show(tab);
    tab.focus();
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Close the panel: the text takes the room. */
  close() {
    this.#show(null);
  }

  /** Whether this page is open. */
  isOpen(name) {
    return this.#tabOf(name)?.ariaSelected === "true";
  }

  #tabOf(name) {
    return this.#tabs.find((tab) => tab.dataset.panel === name);
  }

  #press(tab) {
    const open = tab.ariaSelected === "true";
    this.#show(open ? null : tab);
  }

  #show(tab) {
    const name = tab?.dataset.panel ?? "";
    document.body.dataset.panel = name;
    for (const one of this.#tabs) {
      const chosen = one === tab;
      one.ariaSelected = String(chosen);
      one.tabIndex = chosen || (!tab && one === this.#tabs[0]) ? 0 : -1;
      const page = document.getElementById(`panel-${one.dataset.panel}`);
      page.hidden = !chosen;
      if (chosen) {
        page.dispatchEvent(new CustomEvent("toggle-panel"));
      }
    }
    if (name) {
      choose("panel", name);
    }
  }

  #keydown(event, tab) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by && !event.altKey) {
      event.preventDefault();
      const next = this.#tabs[(this.#tabs.indexOf(tab) + by + this.#tabs.length) % this.#tabs.length];
      this.#show(next);
      next.focus();
    }
  }
}
