// A few seconds of the recording on their own: a stretch as it is, or as it will be published, silenced.
//
// The desk's player is left where it is, and nothing played here counts as heard.

import { button } from "./dom.js";

const AROUND_MS = 1500;
const TONE_PEAK = 0.06;

export class Audition {
  #audio;
  #address;
  #player;
  #silences = [];
  #until = 0;
  #frame = 0;
  #pressed = null;
  #context = null;
  #tone = null;
  toneHz = 1000;

  constructor(audio, address, player) {
    this.#audio = audio;
    this.#address = address;
    this.#player = player;
    audio.addEventListener("timeupdate", () => this.#tick());
    audio.addEventListener("ended", () => this.stop());
    player.addEventListener("play", () => this.stop());
  }

  /**
   * A button that plays and, pressed again, stops. `what` is asked when it is pressed and gives the stretch
   * {start_ms, end_ms} and, for how it will be published, `silences`: [[from, to, "mute" or "tone"], ...] in ms.
   */
  button(label, what, attributes = {}) {
    const made = button(
      label,
      () => {
        const playing = this.#pressed === made;
        this.stop();
        if (!playing) {
          this.#pressed = made;
          made.textContent = "Stop";
          this.#play(what());
        }
      },
      { class: "small", ...attributes },
    );
    made.label = label;
    return made;
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#audio.pause();
    this.#audio.muted = false;
    this.#hum(false);
    if (this.#pressed) {
      this.#pressed.textContent = this.#pressed.label;
      this.#pressed = null;
    }
  }

  async #play({ start_ms: startMs, end_ms: endMs, silences = null }) {
    const around = silences ? AROUND_MS : 0;
    this.#player.pause();
    this.#silences = silences ?? [];
    this.#until = endMs + around;
    if (!this.#audio.src) {
      this.#audio.src = this.#address;
    }
    if (this.#silences.some(([, , sound]) => sound === "tone")) {
      this.#context ??= new AudioContext();
      await this.#context.resume();
    }
    const pressed = this.#pressed;
    this.#audio.currentTime = Math.max(0, startMs - around) / 1000;
    this.#tick();
    try {
      await this.#audio.play();
    } catch (error) {
      if (this.#pressed === pressed && error.name !== "AbortError") {
        this.stop();
      }
      return;
    }
    const next = () => {
      this.#tick();
      if (this.#pressed) {
        this.#frame = requestAnimationFrame(next);
      }
    };
    next();
  }

  #tick() {
    if (!this.#pressed) {
      return;
    }
    const now = this.#audio.currentTime * 1000;
    if (now >= this.#until) {
      this.stop();
      return;
    }
    const inside = this.#silences.filter(([from, to]) => now >= from && now < to);
    this.#audio.muted = inside.length > 0;
    this.#hum(inside.some(([, , sound]) => sound === "tone"));
  }

  /** The tone that stands where something was struck out. */
  #hum(on) {
    if (on === Boolean(this.#tone)) {
      return;
    }
    if (on) {
      const gain = new GainNode(this.#context, { gain: TONE_PEAK });
      this.#tone = new OscillatorNode(this.#context, { frequency: this.toneHz });
      this.#tone.connect(gain).connect(this.#context.destination);
      this.#tone.start();
    } else {
      this.#tone.stop();
      this.#tone = null;
    }
  }
}
