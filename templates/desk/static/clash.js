// Two people changed the same words: both versions are shown, and a person chooses.

import { ask, count, make } from "./dom.js";
import { showDiff, wordDiff } from "./diff.js";

/** Ask for each clash whose text stays; sets `chosen` of each. */
export async function askWhichStays(clashes) {
  const items = clashes.map((clash, number) => {
    const [theirs, mine] = [clash.theirs, clash.mine].map((side) =>
      side.map((one) => `${one.speaker}: ${one.text}`).join(" ¶ "),
    );
    const option = (value, label, text, on) =>
      make(
        "label",
        { class: "version" },
        make("input", { type: "radio", name: `clash-${number}`, value, checked: on }),
        make("span", {}, make("strong", {}, label), make("span", { class: "version-text" }, text || "(deleted)")),
      );
    return make(
      "fieldset",
      {},
      make("legend", {}, `Place ${number + 1} of ${clashes.length}`),
      showDiff(wordDiff(theirs, mine), 6),
      option("mine", "Mine (this window)", mine, true),
      option("theirs", "Theirs (on disk)", theirs, false),
    );
  });
  const intro = make(
    "p",
    {},
    `Somebody else, or another window, changed ${count(clashes.length, "place")} that you changed too. Which text stays? Everything else was merged. Struck words are theirs, underlined words are yours.`,
  );
  // Escape would choose for the editor: the dialogue stays until somebody does.
  const answer = ask(
    "The same words were changed twice",
    [intro, ...items],
    [["Keep what is chosen", "done", { class: "primary" }]],
  );
  document.querySelector("dialog.ask[open]").addEventListener("cancel", (event) => event.preventDefault());
  await answer;
  clashes.forEach((clash, number) => {
    const mine = items[number].querySelector("input:checked").value === "mine";
    clash.chosen = mine ? clash.mine : clash.theirs;
  });
}
