// Who says this: another name for one paragraph, for the turn, or for everything a speaker says.

import { announce, ask, count, make } from "./dom.js";
import { isVoice } from "./voices.js";

/** Ask for a name and where it holds; makes one step. */
export async function renameSpeaker(transcript, known, index) {
  const { speaker } = transcript.paragraphs[index];
  const [first, last] = transcript.turn(index);
  const everywhere = transcript.paragraphs.filter((paragraph) => paragraph.speaker === speaker).length;
  const names = [...new Set([...transcript.speakers, ...known])];
  const field = make("input", {
    id: "speaker-name",
    list: "speaker-names",
    value: speaker,
    autocomplete: "off",
    spellcheck: "false",
    maxlength: "128",
    autofocus: true,
  });
  const list = make(
    "datalist",
    { id: "speaker-names" },
    names.map((name) => make("option", { value: name })),
  );
  const scope = (value, label, on) =>
    make(
      "label",
      { class: "choice" },
      make("input", { type: "radio", name: "speaker-scope", value, checked: on }),
      ` ${label}`,
    );
  const scopes = make(
    "fieldset",
    {},
    make("legend", {}, "Where"),
    scope("here", "In this paragraph", false),
    scope("turn", `In this turn (${count(last - first + 1, "paragraph")})`, !isVoice(speaker)),
    scope("everywhere", `Wherever ${speaker} speaks (${count(everywhere, "paragraph")})`, isVoice(speaker)),
  );
  field.addEventListener("focus", () => field.select());
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      field.closest("dialog").close("rename");
    }
  });
  const answer = await ask(
    "Who is speaking?",
    [make("p", {}, make("label", { for: "speaker-name" }, "Name "), field, list), scopes],
    [
      ["Cancel", ""],
      ["Change", "rename", { class: "primary" }],
    ],
  );
  const name = field.value.replace(/\*\*/g, "").replace(/\s+/g, " ").trim();
  if (answer !== "rename" || !name || name === speaker) {
    return;
  }
  const changed = transcript.rename(index, name, scopes.querySelector("input:checked").value);
  announce(`${name} speaks in ${count(changed, "paragraph")}`);
}
