// The recording and where one is in it. Everything that plays, seeks or shows a time goes through here.

const FIRST_TENTH_OF_A_SECOND_MS = 100;

/** What a browser remembers for a reader; nothing where it may not (private windows, blocked site data). */
export const memory = {
  /** @param {string} name @returns {string | null} */
  get(name) {
    try {
      return localStorage.getItem(`onrecord-${name}`);
    } catch {
      return null;
    }
  },
  /** @param {string} name @param {string | null} value null forgets */
  set(name, value) {
    try {
      if (value === null) {
        localStorage.removeItem(`onrecord-${name}`);
      } else {
        localStorage.setItem(`onrecord-${name}`, value);
      }
    } catch {
      // Not remembered: everything works as on a first visit.
    }
  },
};

/** `12:34`, from an hour on `1:02:03`. @param {number} timeMs */
export function clock(timeMs) {
  const seconds = Math.floor(timeMs / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** `12 minutes 34 seconds`, as a screen reader should say it. @param {number} timeMs */
export function spokenTime(timeMs) {
  const seconds = Math.floor(timeMs / 1000);
  const units = [
    [Math.floor(seconds / 3600), "hour"],
    [Math.floor(seconds / 60) % 60, "minute"],
    [seconds % 60, "second"],
  ];
  const said = units.filter(([count]) => count).map(([count, unit]) => `${count} ${unit}${count === 1 ? "" : "s"}`);
  return said.join(" ") || "the beginning";
}

/** `t=754.25`: the part of an address that names a moment, as in Media Fragments (W3C). @param {number} timeMs */
export function fragment(timeMs) {
  return `t=${Math.round(timeMs) / 1000}`;
}

export class Playhead {
  #audio;
  #lengthMs;
  #wantedMs = null;

  /** @param {HTMLAudioElement} audio @param {number} lengthMs as far as it is known before anything is loaded */
  constructor(audio, lengthMs) {
    this.#audio = audio;
    this.#lengthMs = lengthMs;
    audio.addEventListener("loadedmetadata", () => this.#arrive());
    audio.addEventListener("seeked", () => {
      this.#wantedMs = null;
    });
  }

  get audio() {
    return this.#audio;
  }

  /** Where it stands, or will stand once the recording is there. */
  get timeMs() {
    return this.#wantedMs ?? Math.round(this.#audio.currentTime * 1000);
  }

  get lengthMs() {
    const { duration } = this.#audio;
    return Number.isFinite(duration) && duration > 0 ? Math.round(duration * 1000) : this.#lengthMs;
  }

  get playing() {
    return !this.#audio.paused && !this.#audio.ended;
  }

  /** Whether anybody has begun to listen on this page. */
  get begun() {
    return this.#audio.played.length > 0 || this.playing;
  }

  /** Go to `timeMs`, within the recording; also before anything of it has been loaded. @param {number} timeMs */
  seek(timeMs) {
    const last = this.lengthMs ? Math.max(0, this.lengthMs - FIRST_TENTH_OF_A_SECOND_MS) : timeMs;
    this.#wantedMs = Math.min(Math.max(0, timeMs), last);
    if (this.#audio.readyState >= HTMLMediaElement.HAVE_METADATA) {
      this.#arrive();
    } else if (this.#audio.networkState !== HTMLMediaElement.NETWORK_LOADING) {
      this.#audio.load();
    }
    this.#audio.dispatchEvent(new Event("timeupdate"));
  }

  /** @param {number} byMs */
  skip(byMs) {
    this.seek(this.timeMs + byMs);
  }

  /** Resolves to false where the browser wants the reader to press the button. */
  async play() {
    try {
      await this.#audio.play();
      return true;
    } catch (error) {
      return error.name === "AbortError" || error.name === "NotSupportedError"; // paused again; or told as an error
    }
  }

  toggle() {
    if (this.playing) {
      this.#audio.pause();
      return Promise.resolve(true);
    }
    return this.play();
  }

  /** Load once more after a failure, and go on where it stopped. */
  again() {
    const timeMs = this.timeMs;
    this.#audio.load();
    this.seek(timeMs);
    return this.play();
  }

  #arrive() {
    if (this.#wantedMs !== null) {
      this.#audio.currentTime = this.#wantedMs / 1000;
    }
  }
}
