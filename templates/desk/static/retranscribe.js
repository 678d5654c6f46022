// Transcribe one paragraph again, with another model or the new glossary; the answer is a proposal, shown as a diff.

import { announce, ask, button, clock, make } from "./dom.js";
import { showDiff, wordDiff } from "./diff.js";
import { endOf, startOf, tidy } from "./words.js";

const POLL_MS = 700;

/** Ask which model, wait for it, show the difference; true when the paragraph was replaced. */
export async function retranscribe({ api, transcript, models, index }) {
  const paragraph = transcript.paragraphs[index];
  const next = transcript.paragraphs[index + 1];
  const [start, end] = [startOf(paragraph), endOf(paragraph) ?? (next ? startOf(next) : null)];
  if (start === null || end === null || end <= start) {
    announce("This paragraph has no time yet, so it cannot be transcribed again");
    return false;
  }
  const select = make(
    "select",
    { id: "model" },
    models.map((model) => make("option", { value: model }, model)),
  );
  const chosen = await ask(
    "Transcribe this paragraph again",
    [
      make(
        "p",
        {},
        `${paragraph.speaker}, ${clock(start)} to ${clock(end)}. Nothing changes until you have seen the result.`,
      ),
      make("p", {}, make("label", { for: "model" }, "Model "), select),
    ],
    [
      ["Cancel", ""],
      ["Transcribe", "go", { class: "primary" }],
    ],
  );
  if (chosen !== "go") {
    return false;
  }
  const text = await wait(api, start, end, select.value);
  if (text === null) {
    return false;
  }
  const heard = tidy(text);
  const now = transcript.paragraphs.indexOf(paragraph) >= 0 ? transcript.paragraphs.indexOf(paragraph) : index;
  const before = transcript.paragraphs[now];
  const answer = await ask(
    heard === tidy(before.text) ? "It heard the same words" : "What it heard now",
    heard
      ? [
          make("p", { class: "quiet" }, "Struck words would go, underlined words would come."),
          showDiff(wordDiff(before.text, heard)),
        ]
      : make("p", {}, "It heard no words here."),
    heard && heard !== tidy(before.text)
      ? [
          ["Leave it as it was", ""],
          ["Take it over", "take", { class: "primary" }],
        ]
      : [["Close", ""]],
  );
  if (answer !== "take") {
    return false;
  }
  transcript.replaceEach("taking over a new transcription", (one, at) =>
    at === now ? transcript.edited(now, heard) : one,
  );
  return true;
}

/** The words a job heard; null when it failed or the editor stopped waiting. */
async function wait(api, startMs, endMs, model) {
  const bar = make("progress", { max: "1", "aria-label": "Transcribing" });
  const line = make("p", { role: "status" }, `Transcribing with ${model} …`);
  const dialog = make("dialog", { class: "ask", "aria-labelledby": "waiting-title" });
  dialog.append(
    make("h2", { id: "waiting-title" }, "Transcribing"),
    line,
    bar,
    make(
      "div",
      { class: "row end" },
      button("Stop waiting", () => dialog.close("stop")),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  try {
    const { job } = await api.retranscribe(startMs, endMs, model);
    while (dialog.open) {
      const { state, part, text, message } = await api.job(job);
      if (state === "done") {
        return text;
      }
      if (state === "failed") {
        throw new Error(message ?? "The engine failed; the terminal says why");
      }
      bar.value = part;
      await new Promise((resolve) => {
        setTimeout(resolve, POLL_MS);
      });
    }
    return null;
  } catch (error) {
    dialog.close();
    await ask("It could not be transcribed again", make("p", {}, error.sentence ?? error.message), [["Close", ""]]);
    return null;
  } finally {
    dialog.close();
    dialog.remove();
  }
}
