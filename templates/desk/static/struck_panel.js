// The panel of what is struck out: each entry to listen to, to mend or to take back, and names still said elsewhere.

import { announce, ask, button, byId, clock, count, make } from "./dom.js";
import { exactly } from "./stretch.js";
import { listening, mendEnds, struckText, VOIDS } from "./strike.js";

export class StruckPanel {
  #desk;
  #strike;
  #goTo;
  #panels;

  /** `desk` is what the dialogues need too; `strike` opens one, `goTo` leads to a time in the text. */
  constructor({ desk, strike, goTo, panels }) {
    this.#desk = desk;
    this.#strike = strike;
    this.#goTo = goTo;
    this.#panels = panels;
    byId("struck-voids").textContent = VOIDS;
    byId("unstruck-show").addEventListener("click", () => panels.open("struck"));
    byId("panel-struck").addEventListener("toggle-panel", () => this.draw());
    desk.redactions.addEventListener("changed", () => this.draw());
  }

  /** Show why the list could not be read. */
  failed(error) {
    byId("struck-status").textContent = error.sentence ?? String(error);
  }

  draw() {
    const { redactions } = this.#desk;
    const { entries, unstruck } = redactions;
    byId("struck-count").textContent = entries.length || "";
    byId("struck-status").textContent = entries.length ? "" : "Nothing is struck out of this episode.";
    byId("published").hidden = !redactions.published;
    byId("doubt-unstruck").hidden = !unstruck.length;
    byId("unstruck").hidden = !unstruck.length;
    const names = [...new Set(unstruck.map(({ words }) => `“${words}”`))].join(", ");
    byId("doubt-unstruck-text").textContent =
      `Not to be published, and still said in ${count(unstruck.length, "place")}: ${names}.`;
    if (byId("panel-struck").hidden) {
      return;
    }
    byId("unstruck-list").replaceChildren(...unstruck.map((one) => this.#left(one)));
    byId("struck-list").replaceChildren(...entries.map((entry) => this.#entry(entry)));
  }

  #left({ words, start_ms: start, end_ms: end, around }) {
    const name = `“${words}” at ${clock(start)}`;
    return make(
      "li",
      {},
      this.#time(start, clock(start)),
      make("span", { lang: this.#desk.language }, ` … ${around}\u00a0…`),
      make(
        "div",
        { class: "row" },
        button("Strike out …", () => this.#strike({ words, start_ms: start, end_ms: end }), {
          class: "small",
          "aria-label": `Strike out ${name}`,
        }),
      ),
    );
  }

  #entry(entry) {
    const { redactions, audition, transcript, language } = this.#desk;
    const { place, start_ms: start, end_ms: end, words, sound, strike, text, by, reason } = entry;
    const struck = struckText(transcript.paragraphs, entry);
    const kept = strike === "sound";
    const name = `${words.map((word) => `“${word}”`).join(", ") || "a stretch"} at ${clock(start)}`;
    const details = [
      sound === "tone" ? "a tone" : "silence",
      by ? `by ${by}` : "",
      reason ? `because: ${reason}` : "",
    ].filter(Boolean);
    return make(
      "li",
      { "data-place": place },
      this.#time(start, `${exactly(start)} – ${exactly(end)}`),
      make(
        "p",
        { lang: language },
        kept ? `Silent, still to be read: ${struck || "no word"}` : [make("del", {}, struck || "no word"), ` ${text}`],
      ),
      words.length ? make("p", { lang: language }, `In nothing that is published: ${words.join(", ")}`) : null,
      make("p", { class: "quiet" }, details.join(", ")),
      make(
        "div",
        { class: "row" },
        ...listening(audition, redactions, () => entry, name, place),
        button("Mend the ends …", () => mendEnds(this.#desk, entry), {
          class: "small",
          "aria-label": `Mend the ends of ${name}`,
        }),
        button("Take back …", () => this.#takeBack(entry, name), {
          class: "small",
          "aria-label": `Take back what is struck out: ${name}`,
        }),
      ),
    );
  }

  #time(timeMs, label) {
    return button(label, () => this.#goTo(timeMs), { class: "link clock", "aria-label": `Go to ${label} in the text` });
  }

  async #takeBack(entry, name) {
    const { redactions } = this.#desk;
    const answer = await ask(
      "Take it back?",
      [
        make(
          "p",
          {},
          `Then ${name} is heard and read again, from ${exactly(entry.start_ms)} to ${exactly(entry.end_ms)}.`,
        ),
        make("p", { class: "quiet" }, VOIDS),
      ],
      [
        ["Leave it struck out", ""],
        ["Take it back", "back", { class: "primary" }],
      ],
    );
    if (answer !== "back") {
      return;
    }
    try {
      await redactions.takeBack(entry.place);
      announce(`Taken back: ${name}`);
      this.#panels.open("struck");
    } catch (error) {
      announce(error.sentence ?? String(error));
      this.failed(error);
    }
  }
}
