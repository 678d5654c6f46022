// The strip under the player: the whole recording, and half a minute around the playhead, drawn from the peaks.
//
// Both are one slider: the canvas of the whole recording takes the keyboard, a click in either seeks.

import { clock, spoken } from "./dom.js";

const NEAR_MS = 30_000;
const STEPS_MS = {
  ArrowLeft: -1000,
  ArrowDown: -1000,
  ArrowRight: 1000,
  ArrowUp: 1000,
  PageDown: -30_000,
  PageUp: 30_000,
};

export class Waveform {
  #whole;
  #near;
  #player;
  #heard;
  #peaks = null;
  #marks = { chapters: [], loop: null };
  #drawnFor = "";

  constructor(whole, near, player, heard) {
    this.#whole = whole;
    this.#near = near;
    this.#player = player;
    this.#heard = heard;
    whole.addEventListener("keydown", (event) => this.#keydown(event));
    this.#seekable(whole, () => [0, player.durationMs]);
    this.#seekable(near, () => this.#window());
    for (const type of ["timeupdate", "seeked", "loop"]) {
      player.addEventListener(type, () => this.draw());
    }
    new ResizeObserver(() => this.draw(true)).observe(whole);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(true));
    this.draw(true);
  }

  /** Take audiowaveform's JSON, version 2: the least and greatest sample per pixel, 8 bits. */
  load(peaks) {
    this.#peaks = { data: Int8Array.from(peaks.data), perSecond: peaks.sample_rate / peaks.samples_per_pixel };
    this.draw(true);
  }

  set chapters(starts) {
    this.#marks.chapters = starts;
    this.draw(true);
  }

  draw(all = false) {
    const { timeMs, durationMs } = this.#player;
    this.#whole.setAttribute("aria-valuemax", String(Math.round(durationMs / 1000)));
    this.#whole.setAttribute("aria-valuenow", String(Math.round(timeMs / 1000)));
    this.#whole.setAttribute("aria-valuetext", `${spoken(timeMs)} of ${spoken(durationMs)}`);
    const state = `${Math.round((timeMs / Math.max(1, durationMs)) * this.#whole.clientWidth)} ${this.#heard.ranges.length}`;
    if (all || state !== this.#drawnFor) {
      this.#drawnFor = state;
      this.#paint(this.#whole, 0, durationMs);
    }
    if (this.#near.clientHeight) {
      this.#paint(this.#near, ...this.#window());
    }
  }

  #window() {
    const { timeMs, durationMs } = this.#player;
    const from = Math.max(0, Math.min(timeMs - NEAR_MS / 3, durationMs - NEAR_MS));
    return [from, Math.min(durationMs, from + NEAR_MS)];
  }

  #paint(canvas, from, to) {
    const scale = devicePixelRatio || 1;
    const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(canvas.clientHeight * scale)];
    if (!width || !height || to <= from) {
      return;
    }
    if (canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = [width, height];
    }
    const style = getComputedStyle(canvas);
    const colour = (name) => style.getPropertyValue(name).trim() || "gray";
    const context = canvas.getContext("2d");
    const place = (timeMs) => ((timeMs - from) / (to - from)) * width;
    context.clearRect(0, 0, width, height);
    context.fillStyle = colour("--wave-heard-ground");
    for (const [start, end] of this.#heard.ranges) {
      // A line at the foot too: what was heard is not told by colour alone.
      context.fillRect(place(start), 0, Math.max(1, place(end) - place(start)), height);
    }
    if (this.#player.loop) {
      const [start, end] = this.#player.loop;
      context.fillStyle = colour("--wave-loop");
      context.fillRect(place(start), 0, place(end) - place(start), height);
    }
    context.fillStyle = colour("--wave");
    this.#bars(context, from, to, width, height);
    context.fillStyle = colour("--wave-heard");
    for (const [start, end] of this.#heard.ranges) {
      context.fillRect(place(start), height - 2 * scale, Math.max(1, place(end) - place(start)), 2 * scale);
    }
    context.fillStyle = colour("--wave-mark");
    for (const start of this.#marks.chapters) {
      context.fillRect(place(start), 0, scale, height);
    }
    context.fillStyle = colour("--wave-head");
    context.fillRect(Math.round(place(this.#player.timeMs)) - scale, 0, 2 * scale, height);
  }

  #bars(context, from, to, width, height) {
    const middle = height / 2;
    if (!this.#peaks) {
      context.fillRect(0, middle, width, 1);
      return;
    }
    const { data, perSecond } = this.#peaks;
    const perPixel = (((to - from) / 1000) * perSecond) / width;
    const first = (from / 1000) * perSecond;
    for (let x = 0; x < width; x += 1) {
      const start = Math.floor(first + x * perPixel);
      const end = Math.max(start + 1, Math.floor(first + (x + 1) * perPixel));
      let [low, high] = [0, 0];
      for (let pixel = start; pixel < end && 2 * pixel + 1 < data.length; pixel += 1) {
        low = Math.min(low, data[2 * pixel]);
        high = Math.max(high, data[2 * pixel + 1]);
      }
      const top = middle - (high / 128) * middle;
      context.fillRect(x, top, 1, Math.max(1, ((high - low) / 128) * middle));
    }
  }

  #seekable(canvas, range) {
    const seek = (event) => {
      const box = canvas.getBoundingClientRect();
      const [from, to] = canvas.dragRange;
      this.#player.seek(from + ((event.clientX - box.left) / box.width) * (to - from));
    };
    canvas.addEventListener("pointerdown", (event) => {
      // The window around the playhead would run away under a drag: it stays as it was at the press.
      canvas.dragRange = range();
      canvas.setPointerCapture(event.pointerId);
      seek(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) {
        seek(event);
      } else {
        const [from, to] = range();
        const box = canvas.getBoundingClientRect();
        canvas.title = clock(from + ((event.clientX - box.left) / box.width) * (to - from), true);
      }
    });
  }

  #keydown(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    const by = STEPS_MS[event.key];
    if (by !== undefined) {
      this.#player.skip(event.shiftKey ? by / 10 : by);
    } else if (event.key === "Home") {
      this.#player.seek(0);
    } else if (event.key === "End") {
      this.#player.seek(this.#player.durationMs);
    } else {
      return;
    }
    event.preventDefault();
  }
}
