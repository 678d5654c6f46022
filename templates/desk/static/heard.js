// What was really played: ranges of the recording, sent to the server every few seconds.

const SEND_EVERY_MS = 4000;
const LONGEST_STEP_MS = 1500;

/** Ranges sorted and joined where they meet. */
export function merged(ranges) {
  const result = [];
  for (const [from, to] of ranges.toSorted((one, other) => one[0] - other[0])) {
    const last = result.at(-1);
    if (last && from <= last[1]) {
      last[1] = Math.max(last[1], to);
    } else {
      result.push([from, to]);
    }
  }
  return result;
}

/** How much of [from, to) the sorted ranges cover, in ms. */
export function covered(ranges, from, to) {
  return ranges.reduce((sum, [start, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
}

export class HeardRecorder extends EventTarget {
  #player;
  #send;
  #ranges = [];
  #pending = [];
  #last = null;

  /** `send(ranges)` takes ranges to the server and rejects when it cannot; they are then sent again later. */
  constructor(player, send) {
    super();
    this.#player = player;
    this.#send = send;
    player.addEventListener("timeupdate", () => this.#note());
    for (const type of ["seeking", "play"]) {
      player.addEventListener(type, () => {
        this.#last = null;
      });
    }
    player.addEventListener("pause", () => {
      this.#last = null;
      this.flush();
    });
    setInterval(() => this.flush(), SEND_EVERY_MS);
    addEventListener("pagehide", () => this.flush(true));
  }

  /** Everything heard, here and before: sorted ranges of ms. */
  get ranges() {
    return this.#ranges;
  }

  /** What the server knows; what it does not know yet stays. */
  load(ranges) {
    this.#ranges = merged([...ranges, ...this.#pending].map((range) => [...range]));
    this.dispatchEvent(new CustomEvent("heard"));
  }

  async flush(leaving = false) {
    if (!this.#pending.length) {
      return;
    }
    const sending = this.#pending;
    this.#pending = [];
    try {
      await this.#send(sending, leaving);
    } catch {
      this.#pending = merged([...sending, ...this.#pending].map((range) => [...range]));
    }
  }

  #note() {
    const now = this.#player.timeMs;
    const last = this.#last;
    this.#last = this.#player.audible ? now : null;
    // A jump is not listening: only time that ran on at the player's speed counts.
    if (last === null || now <= last || now - last > LONGEST_STEP_MS * this.#player.speed) {
      return;
    }
    this.#pending = merged([...this.#pending, [last, now]].map((range) => [...range]));
    this.#ranges = merged([...this.#ranges, [last, now]].map((range) => [...range]));
    this.dispatchEvent(new CustomEvent("heard", { detail: { from: last, to: now } }));
  }
}
