// The player's own controls. They stand in for the browser's as soon as this module runs, and say in words what
// cannot be seen: that the recording is still loading, that it cannot be played and what to do, where a link leads.

import { clock, fragment, memory, spokenTime } from "./playhead.js";

const BACK_MS = -15_000;
const FORWARD_MS = 30_000;
const STEP_MS = 5_000;
const PAGE_MS = 60_000;
const WAITING_IS_TOLD_MS = 600;
const TOLD_FOR_MS = 10_000;
const PLACE_KEPT_EVERY_MS = 5_000;
const NEAR_AN_END_MS = 15_000;
const TROUBLE = {
  [MediaError.MEDIA_ERR_NETWORK]:
    "The connection was lost while the recording was loading. Check your connection, then try again.",
  [MediaError.MEDIA_ERR_DECODE]:
    "This browser cannot read the recording. Try again, or download it and play it in another program.",
  [MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED]:
    "The recording cannot be loaded. Check your connection and try again, or download the recording.",
};

export class Controls {
  #root;
  #playhead;
  #chapters;
  #dragging = false;
  #waiting;
  #telling;
  #keptMs = 0;
  #place;

  /**
   * @param {HTMLElement} root the section with audio and controls
   * @param {import("./playhead.js").Playhead} playhead
   * @param {{ startMs: number, title: string }[]} chapters in the order of time
   */
  constructor(root, playhead, chapters) {
    this.#root = root;
    this.#playhead = playhead;
    this.#chapters = chapters;
    this.#place = `place-${location.pathname}`;
    this.#buttons();
    this.#slider();
    this.#speed();
    this.#states();
    this.#session();
    playhead.audio.controls = false;
    this.part("controls").hidden = false;
    this.#show();
  }

  /** One of the elements by its name in the template. @param {string} name @returns {HTMLElement} */
  part(name) {
    return this.#root.querySelector(`[data-player="${name}"]`);
  }

  /** Say something that a screen reader announces. @param {string} text @param {number} [forMs] for ever by default */
  tell(text, forMs) {
    clearTimeout(this.#telling);
    this.part("status").textContent = text;
    if (forMs) {
      this.#telling = setTimeout(() => this.tell(""), forMs);
    }
  }

  toggle() {
    return this.#playhead.toggle().then((able) => able || this.tell("The browser waits for you to press Play."));
  }

  back() {
    this.#playhead.skip(BACK_MS);
  }

  forward() {
    this.#playhead.skip(FORWARD_MS);
  }

  mute() {
    this.#playhead.audio.muted = !this.#playhead.audio.muted;
  }

  /** One step faster (1) or slower (-1). @param {1 | -1} step */
  faster(step) {
    const select = this.part("speed");
    const next = select.options[select.selectedIndex + step];
    if (next) {
      select.value = next.value;
      select.dispatchEvent(new Event("change"));
    }
  }

  /** Offer to go on where this reader stopped on an earlier visit. */
  offer() {
    const placeMs = Number(memory.get(this.#place));
    if (placeMs > NEAR_AN_END_MS && placeMs < this.#playhead.lengthMs - NEAR_AN_END_MS) {
      const button = this.part("resume");
      button.textContent = `Continue at ${clock(placeMs)}`;
      button.hidden = false;
      button.addEventListener("click", () => {
        this.#playhead.seek(placeMs);
        this.toggle();
        this.part("play").focus();
      });
    }
  }

  #buttons() {
    const actions = { play: "toggle", back: "back", forward: "forward", mute: "mute", share: "share" };
    for (const [name, action] of Object.entries(actions)) {
      this.part(name).addEventListener("click", () => this[action]());
    }
    this.part("again").addEventListener("click", () => {
      this.part("trouble").hidden = true;
      this.#playhead.again();
      this.part("play").focus();
    });
    if (navigator.share) {
      this.part("share-label").textContent = "Share at this time";
    }
  }

  /** Pass on the address of this very moment. */
  async share() {
    const address = new URL(location.pathname, location.href);
    const { timeMs } = this.#playhead;
    const seconds = Math.floor(timeMs / 1000) * 1000;
    address.hash = fragment(seconds);
    this.tell("");
    if (navigator.share) {
      try {
        await navigator.share({ title: document.title, url: address.href });
        return;
      } catch (error) {
        if (error.name === "AbortError") {
          return; // thought better of it
        }
      }
    }
    try {
      await navigator.clipboard.writeText(address.href);
      this.tell(`Copied: a link to ${clock(seconds)}`, TOLD_FOR_MS);
    } catch {
      // Pages without https have no clipboard, and a browser may refuse.
      history.replaceState(null, "", address.hash);
      this.tell(`The address bar now has the link to ${clock(seconds)}: copy it there.`, TOLD_FOR_MS);
    }
  }

  #slider() {
    const slider = this.part("seek");
    slider.addEventListener("input", () => {
      this.#dragging = true;
      this.#show(Number(slider.value) * 1000);
    });
    slider.addEventListener("change", () => {
      this.#dragging = false;
      this.#playhead.seek(Number(slider.value) * 1000);
    });
    const steps = {
      ArrowLeft: -STEP_MS,
      ArrowDown: -STEP_MS,
      ArrowRight: STEP_MS,
      ArrowUp: STEP_MS,
      PageDown: -PAGE_MS,
      PageUp: PAGE_MS,
    };
    slider.addEventListener("keydown", (event) => {
      const step = steps[event.key];
      if (step && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        this.#playhead.skip(step);
      }
    });
  }

  #speed() {
    const { audio } = this.#playhead;
    const select = this.part("speed");
    const set = () => {
      // Loading anew goes back to the default speed, so that is set as well.
      audio.defaultPlaybackRate = audio.playbackRate = Number(select.value);
    };
    select.addEventListener("change", () => {
      set();
      memory.set("speed", select.value);
      this.tell(`Speed ${select.selectedOptions[0].text}`, TOLD_FOR_MS);
    });
    audio.preservesPitch = true;
    const remembered = memory.get("speed");
    if ([...select.options].some((option) => option.value === remembered)) {
      select.value = remembered;
    }
    set();
  }

  #states() {
    const { audio } = this.#playhead;
    for (const type of ["timeupdate", "durationchange", "progress", "seeking", "loadedmetadata"]) {
      audio.addEventListener(type, () => this.#show());
    }
    for (const type of ["play", "pause", "ended", "volumechange"]) {
      audio.addEventListener(type, () => this.#state());
    }
    for (const type of ["waiting", "stalled"]) {
      audio.addEventListener(type, () => this.#wait());
    }
    for (const type of ["playing", "canplay", "seeked", "pause", "error"]) {
      audio.addEventListener(type, () => this.#arrived());
    }
    audio.addEventListener("play", () => {
      this.part("resume").hidden = true;
      this.tell("");
    });
    audio.addEventListener("error", () => this.#trouble());
    audio.addEventListener("loadedmetadata", () => {
      this.part("trouble").hidden = true;
    });
    for (const [target, type] of [[audio, "timeupdate"], [audio, "pause"], [globalThis, "pagehide"]]) {
      target.addEventListener(type, () => this.#keep(type !== "timeupdate"));
    }
    if (audio.error) {
      this.#trouble(); // it failed before anybody listened
    }
    this.#state();
  }

  #state() {
    const { audio } = this.#playhead;
    this.#root.dataset.state = this.#playhead.playing ? "playing" : "paused";
    this.part("play").setAttribute("aria-label", this.#playhead.playing ? "Pause" : "Play");
    this.part("mute").setAttribute("aria-pressed", String(audio.muted || audio.volume === 0));
    if (navigator.mediaSession) {
      navigator.mediaSession.playbackState = this.#playhead.playing ? "playing" : "paused";
    }
  }

  #wait() {
    const { playing, audio } = this.#playhead;
    if (playing && !this.#waiting && audio.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) {
      this.#waiting = setTimeout(() => {
        this.#root.dataset.waiting = "";
        this.tell("Loading the recording…");
      }, WAITING_IS_TOLD_MS);
    }
  }

  #arrived() {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    if ("waiting" in this.#root.dataset) {
      delete this.#root.dataset.waiting;
      this.tell("");
    }
  }

  #trouble() {
    const words = TROUBLE[this.#playhead.audio.error?.code] ?? TROUBLE[MediaError.MEDIA_ERR_NETWORK];
    this.part("trouble-words").textContent = words;
    this.part("trouble").hidden = false;
    this.#state();
  }

  #show(timeMs = this.#playhead.timeMs) {
    const { lengthMs, audio } = this.#playhead;
    const slider = this.part("seek");
    this.part("now").textContent = clock(timeMs);
    this.part("length").textContent = clock(lengthMs);
    slider.max = String(lengthMs / 1000);
    if (!this.#dragging) {
      slider.value = String(timeMs / 1000);
    }
    slider.setAttribute("aria-valuetext", `${spokenTime(timeMs)} of ${spokenTime(lengthMs)}`);
    const share = (ms) => `${lengthMs ? Math.min(100, (100 * ms) / lengthMs) : 0}%`;
    slider.style.setProperty("--played", share(timeMs));
    slider.style.setProperty("--loaded", share(loadedMs(audio, timeMs)));
    const chapter = this.#chapters.findLast(({ startMs }) => startMs <= timeMs)?.title ?? "";
    if (this.part("chapter").textContent !== chapter) {
      this.part("chapter").textContent = chapter;
      this.#describe(chapter);
    }
  }

  /** Where this reader is, for the next visit; from the beginning again once it was heard to the end. */
  #keep(now) {
    const { timeMs, lengthMs, begun } = this.#playhead;
    if (begun && (now || Math.abs(timeMs - this.#keptMs) >= PLACE_KEPT_EVERY_MS)) {
      this.#keptMs = timeMs;
      memory.set(this.#place, timeMs < lengthMs - NEAR_AN_END_MS ? String(timeMs) : null);
    }
  }

  /** What headphones, keyboards and locked screens show and do. */
  #session() {
    if (!navigator.mediaSession) {
      return;
    }
    const chapter = (step) => () => {
      const starts = this.#chapters.map(({ startMs }) => startMs);
      const { timeMs } = this.#playhead;
      const to = step > 0 ? starts.find((ms) => ms > timeMs) : starts.findLast((ms) => ms < timeMs - 3000);
      this.#playhead.seek(to ?? (step > 0 ? timeMs : 0));
    };
    const actions = {
      play: () => this.#playhead.play(),
      pause: () => this.#playhead.audio.pause(),
      seekbackward: () => this.back(),
      seekforward: () => this.forward(),
      seekto: ({ seekTime }) => this.#playhead.seek(seekTime * 1000),
      ...(this.#chapters.length ? { previoustrack: chapter(-1), nexttrack: chapter(1) } : {}),
    };
    for (const [action, does] of Object.entries(actions)) {
      try {
        navigator.mediaSession.setActionHandler(action, does);
      } catch {
        // This browser's keys do less.
      }
    }
    this.#describe("");
  }

  #describe(chapter) {
    if (navigator.mediaSession && globalThis.MediaMetadata) {
      const { title, show, picture } = this.#root.dataset;
      navigator.mediaSession.metadata = new MediaMetadata({
        title: chapter ? `${title}: ${chapter}` : title,
        artist: show,
        artwork: picture ? [{ src: picture }] : [],
      });
    }
  }
}

/** How far from `timeMs` on the recording can be played without waiting. */
function loadedMs({ buffered }, timeMs) {
  for (let which = 0; which < buffered.length; which += 1) {
    if (buffered.start(which) * 1000 <= timeMs + 500 && buffered.end(which) * 1000 >= timeMs) {
      return buffered.end(which) * 1000;
    }
  }
  return timeMs;
}
