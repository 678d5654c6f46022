// The sound: play, pause, seek, speed, loop, and a tick on every frame while something is heard.

import { choice, choose } from "./storage.js";

export const SLOWEST = 0.5;
export const FASTEST = 3;
const STEP = 0.25;
const RESUME_AFTER_MS = 900;

export class Player extends EventTarget {
  #audio;
  #duration;
  #loop = null;
  #frame = 0;
  #pausedByTyping = false;
  #resume = 0;

  constructor(audio, address, durationMs) {
    super();
    this.#audio = audio;
    this.#duration = durationMs;
    audio.src = address;
    audio.preservesPitch = true;
    this.speed = choice("speed", 1);
    audio.addEventListener("play", () => this.#started());
    for (const type of ["pause", "seeking", "seeked", "ratechange", "ended"]) {
      audio.addEventListener(type, () => this.#tell(type));
    }
    // Frames stop in a hidden tab; timeupdate goes on there.
    audio.addEventListener("timeupdate", () => this.#tick());
    audio.addEventListener("loadedmetadata", () => this.#tell("timeupdate"));
    audio.addEventListener("error", () => this.#tell("error"));
  }

  get timeMs() {
    return Math.round(this.#audio.currentTime * 1000);
  }

  get durationMs() {
    const { duration } = this.#audio;
    return Number.isFinite(duration) ? Math.round(duration * 1000) : this.#duration;
  }

  get playing() {
    return !this.#audio.paused && !this.#audio.ended;
  }

  /** Whether a person can hear it now: it runs, is not being sought, and is not silent. */
  get audible() {
    const { seeking, muted, volume, readyState } = this.#audio;
    return this.playing && !seeking && !muted && volume > 0 && readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
  }

  get speed() {
    return this.#audio.playbackRate;
  }

  set speed(value) {
    const speed = Math.min(FASTEST, Math.max(SLOWEST, Number(value) || 1));
    this.#audio.defaultPlaybackRate = speed;
    this.#audio.playbackRate = speed;
    choose("speed", speed);
  }

  faster() {
    this.speed += STEP;
  }

  slower() {
    this.speed -= STEP;
  }

  /** The stretch that is repeated, [from, to) in ms; null for none. */
  get loop() {
    return this.#loop;
  }

  set loop(range) {
    this.#loop = range;
    this.#tell("loop");
  }

  seek(timeMs) {
    this.#audio.currentTime = Math.min(Math.max(0, timeMs), this.durationMs) / 1000;
    this.#tell("timeupdate");
  }

  skip(byMs) {
    this.seek(this.timeMs + byMs);
  }

  play() {
    this.#pausedByTyping = false;
    return this.#audio.play().catch((error) => {
      if (error.name !== "AbortError") {
        this.#tell("error");
      }
    });
  }

  pause() {
    this.#pausedByTyping = false;
    clearTimeout(this.#resume);
    this.#audio.pause();
  }

  toggle() {
    if (this.playing) {
      this.pause();
    } else {
      this.play();
    }
  }

  playFrom(timeMs) {
    this.seek(timeMs);
    return this.play();
  }

  /** Stop while somebody types, and go on, a little earlier, when they have stopped. */
  waitForTyping() {
    if (this.playing) {
      this.#audio.pause();
      this.#pausedByTyping = true;
    }
    if (this.#pausedByTyping) {
      clearTimeout(this.#resume);
      this.#resume = setTimeout(() => this.playFrom(this.timeMs - 500), RESUME_AFTER_MS);
    }
  }

  #started() {
    this.#tell("play");
    cancelAnimationFrame(this.#frame);
    const next = () => {
      if (this.playing) {
        this.#tick();
        this.#frame = requestAnimationFrame(next);
      }
    };
    this.#frame = requestAnimationFrame(next);
  }

  #tick() {
    if (this.#loop && this.playing && this.timeMs >= this.#loop[1]) {
      this.seek(this.#loop[0]);
    }
    this.#tell("timeupdate");
  }

  #tell(type) {
    this.dispatchEvent(new CustomEvent(type));
  }
}
