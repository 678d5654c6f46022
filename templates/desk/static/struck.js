// What is struck out of the episode, kept in redactions.toml by the server: the list, and what else says a name.

import { Refused } from "./api.js";
import { struckRuns } from "./words.js";

export class Redactions extends EventTarget {
  #api;
  #identity;
  #known = { revision: "", redactions: [], unstruck: [], guard_ms: 0, tone_hz: 1000, published: false };

  constructor(api, identity) {
    super();
    this.#api = api;
    this.#identity = identity;
  }

  /** The entries in the order of time, each with its `place` in the file. */
  get entries() {
    return this.#known.redactions
      .map((entry, place) => ({ ...entry, place }))
      .sort((one, other) => one.start_ms - other.start_ms || one.end_ms - other.end_ms);
  }

  /** Where a name that is struck out, or protected, is said and not struck out: {words, start_ms, end_ms, around}. */
  get unstruck() {
    return this.#known.unstruck;
  }

  /** How far beyond both ends a stretch is silenced, in ms. */
  get guardMs() {
    return this.#known.guard_ms;
  }

  get toneHz() {
    return this.#known.tone_hz;
  }

  /** Whether listeners were given the episode once. */
  get published() {
    return this.#known.published;
  }

  async load() {
    this.#take(await this.#api.redactions());
  }

  /** The file has this revision now. */
  async noticed(revision) {
    if (revision !== this.#known.revision) {
      await this.load();
    }
  }

  /** Where words are said: [{start_ms, end_ms, around, struck}, ...]. */
  async said(words) {
    return (await this.#api.said(words)).places;
  }

  /** Strike out stretches; `settings` are words, text, sound, strike and reason. */
  strike(stretches, settings) {
    return this.#write((revision) =>
      this.#api.strike(revision, { ...settings, stretches, by: this.#identity.by }),
    );
  }

  mend(place, stretch) {
    return this.#write((revision) => this.#api.mend(revision, place, stretch));
  }

  takeBack(place) {
    return this.#write((revision) => this.#api.takeBack(revision, place));
  }

  /** Where a paragraph's words are struck, and where only their sound is: {both, sound}, runs of characters. */
  runsIn(paragraph) {
    const kind = (strike) => struckRuns(paragraph.times, this.#known.redactions.filter((one) => one.strike === strike));
    return this.#known.redactions.length ? { both: kind("both"), sound: kind("sound") } : { both: [], sound: [] };
  }

  /** What will be silent in the sound, with one stretch more or another one in the place of `instead`. */
  silences(stretch = null, instead = -1) {
    const entries = this.#known.redactions.filter((_, place) => place !== instead);
    return [...entries, ...(stretch ? [stretch] : [])].map(({ start_ms: from, end_ms: to, sound }) => [
      from - this.guardMs,
      to + this.guardMs,
      sound,
    ]);
  }

  async #write(write) {
    try {
      this.#take(await write(this.#known.revision));
    } catch (error) {
      if (error instanceof Refused && error.status === 409) {
        await this.load();
        error.message = "What is struck out was changed elsewhere, and nothing was written";
        error.remedy = "The list shows it as it is now; please do it again";
      }
      throw error;
    }
  }

  #take(known) {
    this.#known = known;
    this.dispatchEvent(new CustomEvent("changed"));
  }
}
