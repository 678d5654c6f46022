// Striking out: what goes, from when to when, what stands in its place, and where else it is said.

import { announce, button, clock, count, debounced, make } from "./dom.js";
import { exactly, StretchFields } from "./stretch.js";
import { struckRuns } from "./words.js";

const WITHHELD = "[name withheld]";
const EDGES = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu;
export const VOIDS =
  "What is struck out is sealed with the episode: this voids its approval, and somebody approves it again. " +
  "Ticks and what was heard stay, because the words in transcript.md stay.";

/** The words a stretch strikes out of the text, in quotation marks; empty where it touches none. */
export function struckText(paragraphs, stretch) {
  return paragraphs
    .flatMap(({ text, times }) => struckRuns(times, [stretch]).map(([start, end]) => `“${text.slice(start, end)}”`))
    .join(", ");
}

/** The two buttons to listen to a stretch with; `ofStretch` gives it, or null, `instead` is the entry it replaces. */
export function listening(audition, redactions, ofStretch, name = "", instead = -1) {
  const label = (text) => (name ? { "aria-label": `${text}: ${name}` } : {});
  const stretch = () => ofStretch() ?? { start_ms: 0, end_ms: 0 };
  return [
    audition.button("Listen to it", stretch, label("Listen to it")),
    audition.button(
      "Listen as published",
      () => ({ ...stretch(), silences: redactions.silences(stretch(), instead) }),
      label("Listen as published"),
    ),
  ];
}

/** A dialogue that stays open until `done` allows it, and puts the focus back where it was. */
export function dialogue(title, confirm, parts, audition, done) {
  const before = document.activeElement;
  const fault = make("p", { class: "fault", role: "alert" });
  const submit = make("button", { type: "submit", class: "primary" }, confirm);
  const form = make(
    "form",
    { novalidate: true },
    make("h2", { id: "strike-title" }, title),
    ...parts,
    fault,
    make(
      "div",
      { class: "row end" },
      button("Cancel", () => dialog.close()),
      submit,
    ),
  );
  const dialog = make("dialog", { class: "ask strike", "aria-labelledby": "strike-title" }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    submit.disabled = true;
    fault.textContent = "";
    try {
      if (await done()) {
        dialog.close();
      }
    } catch (error) {
      fault.textContent = error.sentence ?? error.message;
    } finally {
      submit.disabled = false;
    }
  });
  dialog.addEventListener("close", () => {
    audition.stop();
    dialog.remove();
    before?.focus?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, submit };
}

/**
 * Ask what to strike out, beginning with {words, start_ms, end_ms}; writes it when it is confirmed.
 *
 * Returns the dialogue. `transcript` has the text, `durationMs` is the recording's, `redactions` the list, and
 * `audition` plays.
 */
export function strikeOut({ transcript, redactions, audition, durationMs, language }, { words, start_ms, end_ms }) {
  const places = new Places(audition, language);
  const withheld = field("strike-text", WITHHELD, { maxlength: "200" });
  const sought = field("strike-words", words.replace(EDGES, ""), { maxlength: "200", lang: language });
  const reason = field("strike-reason", "", { maxlength: "1000" });
  const strike = choice("What goes", "strike-what", [
    ["both", "The sound and the words"],
    ["sound", "Only the sound; the words stay to be read"],
  ]);
  const sound = choice("In the sound stands", "strike-sound", [
    ["mute", "Silence"],
    ["tone", "A tone"],
  ]);
  const ofWords = make(
    "div",
    { class: "of-words" },
    labelled(withheld, "In their place in the text"),
    labelled(
      sought,
      "Words that must appear in nothing that is published",
      "A whole name does not find its parts. Empty: nothing more than this stretch.",
    ),
    places.element,
  );
  const stretch = () => fields.stretch && { ...fields.stretch, sound: sound.value };
  const fields = new StretchFields({
    start_ms,
    end_ms,
    durationMs,
    buttons: listening(audition, redactions, stretch),
    changed: () => show(),
  });

  const show = () => {
    const here = fields.stretch;
    const struck = here ? struckText(transcript.paragraphs, here) : "";
    const length = here
      ? `${here.end_ms - here.start_ms} ms, silenced ${redactions.guardMs} ms beyond both ends. `
      : "";
    const both = strike.value === "both";
    fields.note.textContent = !here
      ? ""
      : !struck
        ? `${length}No word of the text lies in it.`
        : both
          ? `${length}Struck in the text: ${struck}.`
          : `${length}Silent, and still to be read: ${struck}.`;
    ofWords.hidden = !both;
    submit.textContent = both ? places.confirm : "Silence it";
  };
  const look = async () => {
    const name = sought.value.trim();
    const found = name ? await redactions.said(name) : [];
    // A slow answer about other words comes too late.
    if (name === sought.value.trim()) {
      places.draw(name, found, fields.stretch ?? { start_ms, end_ms });
      show();
    }
  };
  const lookLater = debounced(() => look().catch((error) => places.failed(error)), 400);
  sought.addEventListener("input", lookLater);
  places.element.addEventListener("change", () => show());
  for (const one of [strike, sound]) {
    one.element.addEventListener("change", () => show());
  }

  const { dialog, submit } = dialogue(
    "Strike out",
    "Strike out",
    [
      make("p", { class: "quoted", lang: language }, `“${words}”`),
      fields.element,
      strike.element,
      sound.element,
      ofWords,
      labelled(reason, "Reason", "For your own files: it is published nowhere."),
      make("p", { class: "quiet" }, VOIDS),
      redactions.published
        ? make(
            "p",
            { class: "quiet" },
            "This episode was published. Striking out asks for no correction: it would tell again what shall be gone.",
          )
        : null,
    ].filter(Boolean),
    audition,
    async () => {
      if (!fields.check()) {
        return false;
      }
      const both = strike.value === "both";
      if (both && places.name !== sought.value.trim()) {
        await look();
        throw new Error("These words are said elsewhere than the words before. Look at the places, and confirm again.");
      }
      const stretches = [fields.stretch, ...(both ? places.ticked : [])];
      await redactions.strike(stretches, {
        sound: sound.value,
        strike: strike.value,
        reason: reason.value.trim() || null,
        ...(both ? { text: withheld.value.trim() || WITHHELD, words: sought.value.trim() || null } : {}),
      });
      announce(`Struck out in ${count(stretches.length, "place")}. The episode has to be approved anew.`);
      return true;
    },
  );
  show();
  look().catch((error) => places.failed(error));
  return dialog;
}

/** Ask for other ends of an entry; writes them when they are confirmed. */
export function mendEnds({ transcript, redactions, audition, durationMs }, entry) {
  const stretch = () => fields.stretch && { ...fields.stretch, sound: entry.sound };
  const fields = new StretchFields({
    start_ms: entry.start_ms,
    end_ms: entry.end_ms,
    durationMs,
    buttons: listening(audition, redactions, stretch, "", entry.place),
    changed: () => show(),
  });
  const show = () => {
    const struck = fields.stretch ? struckText(transcript.paragraphs, fields.stretch) : "";
    fields.note.textContent = struck ? `Words in it: ${struck}.` : "No word of the text lies in it.";
  };
  dialogue(
    "Mend the ends",
    "Keep these ends",
    [fields.element, make("p", { class: "quiet" }, VOIDS)],
    audition,
    async () => {
      if (!fields.check()) {
        return false;
      }
      await redactions.mend(entry.place, fields.stretch);
      announce(`It goes from ${exactly(fields.stretch.start_ms)} to ${exactly(fields.stretch.end_ms)} now.`);
      return true;
    },
  );
  show();
}

/** Every other place where the words are said, with a box to tick at each. */
class Places {
  #audition;
  #language;
  #list = make("ul", { class: "places" });
  #status = make("p", { class: "quiet", role: "status" });
  #found = [];
  name = "";

  constructor(audition, language) {
    this.#audition = audition;
    this.#language = language;
    this.element = make(
      "fieldset",
      { class: "everywhere" },
      make("legend", {}, "Every other place where this is said"),
      this.#status,
      this.#list,
    );
  }

  /** The ticked places, as stretches. */
  get ticked() {
    return [...this.#list.querySelectorAll("input:checked:not(:disabled)")].map(({ value }) => {
      const { start_ms: start, end_ms: end } = this.#found[Number(value)];
      return { start_ms: start, end_ms: end };
    });
  }

  get confirm() {
    const { length } = this.ticked;
    return length ? `Strike out in ${count(length + 1, "place")}` : "Strike out here";
  }

  /** Show where `name` is said; places that `here` reaches into are not other places. */
  draw(name, found, here) {
    this.name = name;
    this.#found = found;
    const rows = found
      .map((place, index) => ({ ...place, index }))
      .filter(({ start_ms: start, end_ms: end }) => end <= here.start_ms || start >= here.end_ms);
    const open = rows.filter(({ struck }) => !struck).length;
    this.#status.textContent = !name
      ? "No words are looked for."
      : rows.length
        ? `${count(rows.length, "other place")}, ${open} not struck out yet. Untick what is something else.`
        : "It is said in no other place.";
    this.#list.replaceChildren(...rows.map((place) => this.#row(place)));
  }

  failed(error) {
    this.#status.textContent = error.sentence ?? String(error);
    this.#list.replaceChildren();
    this.#found = [];
  }

  #row({ start_ms: start, end_ms: end, around, struck, index }) {
    const box = make("input", { type: "checkbox", value: index, checked: true, disabled: struck });
    return make(
      "li",
      {},
      make(
        "label",
        { class: "choice" },
        box,
        make("span", { class: "clock" }, clock(start)),
        make("span", { lang: this.#language }, ` … ${around}\u00a0…`),
        struck ? make("span", { class: "quiet" }, " struck out already") : null,
      ),
      this.#audition.button("Listen", () => ({ start_ms: start, end_ms: end }), {
        "aria-label": `Listen at ${clock(start)}`,
      }),
    );
  }
}

function field(id, value, attributes) {
  return make("input", { id, type: "text", value, autocomplete: "off", ...attributes });
}

function labelled(input, label, hint = "") {
  if (hint) {
    input.setAttribute("aria-describedby", `${input.id}-hint`);
  }
  return make(
    "p",
    {},
    make("label", { for: input.id }, label),
    input,
    hint ? make("span", { class: "quiet hint", id: `${input.id}-hint` }, hint) : null,
  );
}

function choice(legend, name, options) {
  const inputs = options.map(([value], at) => make("input", { type: "radio", name, value, checked: at === 0 }));
  const element = make(
    "fieldset",
    { class: "choices-of" },
    make("legend", {}, legend),
    ...options.map(([, label], at) => make("label", { class: "choice" }, inputs[at], ` ${label}`)),
  );
  return {
    element,
    get value() {
      return inputs.find(({ checked }) => checked).value;
    },
  };
}
