// A stretch of the recording to be struck out: its two ends, moved by numbers or by small steps, and listened to.

import { button, clock, make, parseClock } from "./dom.js";

const STEP_MS = 50;

/** `2:03.450`: a time to the millisecond. */
export function exactly(timeMs) {
  return `${clock(timeMs)}.${String(Math.floor(timeMs % 1000)).padStart(3, "0")}`;
}

/** The two ends as fields. `element` goes into a dialogue; `changed` is called when one of them moved. */
export class StretchFields {
  #ends;
  #durationMs;
  #changed;
  #fault = make("p", { class: "fault", role: "alert" });

  constructor({ start_ms: startMs, end_ms: endMs, durationMs, buttons, changed }) {
    this.#durationMs = durationMs;
    this.#changed = changed;
    this.#ends = [this.#end("Begins", "strike-start", startMs), this.#end("Ends", "strike-end", endMs)];
    this.note = make("p", { class: "quiet", "aria-live": "polite" });
    this.element = make(
      "fieldset",
      { class: "stretch" },
      make("legend", {}, "Stretch"),
      ...this.#ends.map(({ row }) => row),
      make("div", { class: "row" }, ...buttons),
      this.note,
      this.#fault,
    );
  }

  /** {start_ms, end_ms} in ms; null while what stands in the fields is no stretch. */
  get stretch() {
    const [start, end] = this.#ends.map(({ field }) => parseClock(field.value));
    return start === null || end === null || start >= end || end > this.#durationMs
      ? null
      : { start_ms: start, end_ms: end };
  }

  /** Say what is wrong, if anything is, and lead to it; true when the stretch can stand. */
  check() {
    const [start, end] = this.#ends.map(({ field }) => parseClock(field.value));
    const wrong =
      start === null || end === null
        ? "Write a time of the recording as 1:02:03.450."
        : end > this.#durationMs
          ? `The recording ends at ${exactly(this.#durationMs)}.`
          : start >= end
            ? "It must end after it begins."
            : "";
    const [first, last] = this.#ends.map(({ field }) => field);
    first.ariaInvalid = String(start === null || (wrong !== "" && end !== null && start >= end));
    last.ariaInvalid = String(end === null || end > this.#durationMs);
    this.#fault.textContent = wrong;
    if (wrong) {
      (first.ariaInvalid === "true" ? first : last).focus();
    }
    return !wrong;
  }

  #end(label, id, timeMs) {
    const field = make("input", {
      id,
      class: "time-field",
      value: exactly(timeMs),
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
    });
    field.addEventListener("change", () => this.#moved());
    const step = (by, sign) =>
      button(
        `${sign}${STEP_MS} ms`,
        () => {
          const now = parseClock(field.value);
          if (now !== null) {
            field.value = exactly(Math.min(this.#durationMs, Math.max(0, now + by)));
            this.#moved();
          }
        },
        { class: "small", "aria-label": `${label} ${STEP_MS} milliseconds ${by < 0 ? "earlier" : "later"}` },
      );
    const row = make(
      "div",
      { class: "end-row" },
      make("label", { for: id }, label),
      field,
      step(-STEP_MS, "−"),
      step(STEP_MS, "+"),
    );
    return { row, field };
  }

  #moved() {
    this.check();
    this.#changed();
  }
}
