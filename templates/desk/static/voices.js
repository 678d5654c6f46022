// Voices that a machine told apart and nobody has named yet: each is named once, wherever it speaks.
// Who it sounds like is an offer with its likeness; nothing is named by itself.

import { announce, button, byId, count, make } from "./dom.js";
import { startOf } from "./words.js";

/** Whether this is a voice without a name yet. */
export function isVoice(speaker) {
  return /^Voice \d+$/.test(speaker);
}

export class VoicesBar {
  #transcript;
  #player;
  #names;
  #other;
  #api;
  #section = byId("voices");
  #list = byId("voice-list");
  #suggested = [];
  #drawn = "";

  /** `names` are the people of the episode; `other` asks for any name for the voice of one paragraph. */
  constructor({ transcript, player, names, other, api }) {
    this.#transcript = transcript;
    this.#player = player;
    this.#names = names.filter((name) => !isVoice(name) && !name.startsWith("Speaker"));
    this.#other = other;
    this.#api = api;
    for (const event of ["step", "enriched", "reset"]) {
      transcript.addEventListener(event, () => this.#draw());
    }
    this.#draw();
    if (!this.#section.hidden) {
      this.#suggest();
    }
  }

  get #voices() {
    const found = new Map();
    for (const [index, { speaker }] of this.#transcript.paragraphs.entries()) {
      if (isVoice(speaker)) {
        found.set(speaker, [...(found.get(speaker) ?? []), index]);
      }
    }
    return [...found].sort(([one], [other]) => one.localeCompare(other, "en", { numeric: true }));
  }

  async #suggest() {
    try {
      this.#suggested = await this.#api.voices();
    } catch {
      return; // without an offer the voices are named just as well
    }
    this.#drawn = "";
    this.#draw();
  }

  #draw() {
    const voices = this.#voices;
    const drawn = JSON.stringify(voices.map(([voice, places]) => [voice, places.length]));
    if (drawn === this.#drawn) {
      return;
    }
    const had = this.#section.contains(document.activeElement);
    this.#drawn = drawn;
    this.#section.hidden = !voices.length;
    this.#list.replaceChildren(...voices.map(([voice, places]) => this.#line(voice, places.length)));
    if (had) {
      (this.#list.querySelector("button") ?? byId("text")).focus();
    }
  }

  #line(voice, paragraphs) {
    const offers = this.#suggested.filter((one) => one.voice === voice);
    const offered = new Set(offers.map(({ name }) => name));
    return make(
      "li",
      { "aria-label": voice },
      make("strong", {}, voice),
      make("span", { class: "quiet" }, ` ${count(paragraphs, "paragraph")} `),
      button("Hear", () => this.#hear(voice), { class: "small", "aria-label": `Hear ${voice}` }),
      make(
        "span",
        { class: "row", role: "group", "aria-label": `Who is ${voice}?` },
        offers.map(({ name }) => this.#choice(voice, name)),
        this.#names.filter((name) => !offered.has(name)).map((name) => this.#choice(voice, name)),
        button("Somebody else …", () => this.#other(this.#first(voice)), {
          class: "small",
          "aria-label": `${voice} is somebody else`,
        }),
      ),
      offers.map(({ name, episode, likeness, is_close: isClose }) =>
        make(
          "span",
          { class: "why" },
          `Sounds ${isClose ? "much" : "somewhat"} like ${name} in “${episode}” (likeness ${likeness} of 100). Listen before you say so.`,
        ),
      ),
    );
  }

  #choice(voice, name) {
    return button(name, () => this.#name(voice, name), { class: "small", "aria-label": `${voice} is ${name}` });
  }

  #name(voice, name) {
    const changed = this.#transcript.rename(this.#first(voice), name, "everywhere");
    announce(`${name} speaks in ${count(changed, "paragraph")}; undo takes it back`);
  }

  #first(voice) {
    return this.#transcript.paragraphs.findIndex(({ speaker }) => speaker === voice);
  }

  /** Play the paragraph in which the voice says most. */
  #hear(voice) {
    const own = this.#transcript.paragraphs.filter(({ speaker }) => speaker === voice);
    const longest = own.reduce((most, one) => (one.text.length > most.text.length ? one : most));
    const startMs = startOf(longest);
    if (startMs === null) {
      announce("These words have no time yet");
    } else {
      this.#player.playFrom(startMs);
    }
  }
}
