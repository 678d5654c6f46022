// Chapters and soundbites: where they begin, what they are called. Kept in episode.toml by the server.

import { Refused } from "./api.js";
import { announce, button, byId, clock, debounced, make, parseClock } from "./dom.js";

const SHORTEST_BITE_MS = 15_000;
const LONGEST_BITE_MS = 120_000;

/** Why a stretch is no soundbite; null when it is one. */
export function biteFault({ start_ms, end_ms }, durationMs) {
  if (end_ms <= start_ms) {
    return "It ends before it begins";
  }
  if (end_ms - start_ms < SHORTEST_BITE_MS || end_ms - start_ms > LONGEST_BITE_MS) {
    return `It lasts ${Math.round((end_ms - start_ms) / 1000)} seconds; a soundbite lasts 15 to 120`;
  }
  return end_ms > durationMs ? "It ends after the recording" : null;
}

export class MarksPanel {
  #api;
  #player;
  #waveform;
  #durationMs;
  #revision = "";
  #chapters = [];
  #bites = [];
  #candidates = [];
  #begun = null;
  #save = debounced(() => this.#saveNow(), 700);

  constructor({ api, player, waveform, durationMs }) {
    this.#api = api;
    this.#player = player;
    this.#waveform = waveform;
    this.#durationMs = durationMs;
    byId("chapter-here").addEventListener("click", () => this.addChapter(player.timeMs));
    byId("bite-here").addEventListener("click", () => this.mark(player.timeMs));
  }

  load({ marks_revision: revision, chapters, soundbites, chapter_candidates: candidates }) {
    this.#revision = revision;
    this.#chapters = chapters.map((chapter) => ({ ...chapter }));
    this.#bites = soundbites.map((bite) => ({ ...bite }));
    this.#candidates = candidates ?? this.#candidates;
    this.#draw();
  }

  /** Begin a chapter; its title is the editor's to write. */
  addChapter(startMs, title = "") {
    this.#chapters.push({ start_ms: Math.round(startMs), title, url: null });
    this.#chapters.sort((one, other) => one.start_ms - other.start_ms);
    this.#draw();
    this.#save();
    const at = this.#chapters.findIndex((chapter) => chapter.start_ms === Math.round(startMs));
    byId("chapters").querySelectorAll(".title")[at]?.focus();
  }

  /** A soundbite from a stretch. */
  addBite(startMs, endMs) {
    const bite = { start_ms: Math.round(startMs), end_ms: Math.round(endMs), title: null };
    const fault = biteFault(bite, this.#durationMs);
    if (fault) {
      announce(`No soundbite: ${fault}`);
      byId("bite-status").textContent = `No soundbite: ${fault}.`;
      return;
    }
    this.#bites.push(bite);
    byId("bite-status").textContent = "";
    announce(`Soundbite from ${clock(startMs)} to ${clock(endMs)}`);
    this.#draw();
    this.#save();
  }

  /** Begin a soundbite here, and at the second call end it. */
  mark(timeMs) {
    if (this.#begun === null) {
      this.#begun = timeMs;
      byId("bite-here").textContent = "End the soundbite here";
      byId("bite-status").textContent = `A soundbite begins at ${clock(timeMs, true)}; now end it.`;
      announce(`A soundbite begins at ${clock(timeMs)}; do the same where it ends`);
      return;
    }
    const begun = this.#begun;
    this.#begun = null;
    byId("bite-here").textContent = "Begin a soundbite here";
    byId("bite-status").textContent = "";
    this.addBite(Math.min(begun, timeMs), Math.max(begun, timeMs));
  }

  #draw() {
    this.#waveform.chapters = this.#chapters.map((chapter) => chapter.start_ms);
    byId("chapters").replaceChildren(...this.#chapters.map((chapter) => this.#chapterRow(chapter)));
    byId("bites").replaceChildren(...this.#bites.map((bite) => this.#biteRow(bite)));
    const taken = new Set(this.#chapters.map((chapter) => chapter.start_ms));
    const offered = this.#candidates.filter((candidate) => !taken.has(candidate.start_ms));
    byId("candidates-none").hidden = offered.length > 0;
    byId("candidates").replaceChildren(
      ...offered.map((candidate) =>
        make(
          "li",
          {},
          this.#hear(candidate.start_ms),
          make("span", { class: "why" }, `${candidate.why}: “${candidate.text}”`),
          button("Use", () => this.addChapter(candidate.start_ms), {
            class: "small",
            "aria-label": `Begin a chapter at ${clock(candidate.start_ms)}`,
          }),
        ),
      ),
    );
  }

  #hear(startMs) {
    return button(clock(startMs), () => this.#player.playFrom(startMs), {
      class: "link clock",
      "aria-label": `Play from ${clock(startMs)}`,
    });
  }

  #chapterRow(chapter) {
    const name = `chapter at ${clock(chapter.start_ms)}`;
    return make(
      "li",
      { class: "mark" },
      this.#time(chapter, "start_ms", `Start of the ${name}`),
      this.#field(chapter, "title", `Title of the ${name}`, "Title", "title"),
      this.#field(chapter, "url", `Link of the ${name} (optional)`, "https:// (optional)", "url"),
      this.#remove(this.#chapters, chapter, name),
    );
  }

  #biteRow(bite) {
    const name = `soundbite at ${clock(bite.start_ms)}`;
    const fault = biteFault(bite, this.#durationMs);
    return make(
      "li",
      { class: "mark" },
      this.#time(bite, "start_ms", `Start of the ${name}`),
      this.#time(bite, "end_ms", `End of the ${name}`),
      this.#field(bite, "title", `Title of the ${name} (optional)`, "Title (optional)", "title"),
      this.#remove(this.#bites, bite, name),
      fault ? make("span", { class: "fault" }, fault) : null,
    );
  }

  #time(mark, field, label) {
    const input = make("input", {
      class: "time-field",
      value: clock(mark[field], true),
      "aria-label": label,
      inputmode: "decimal",
      spellcheck: "false",
    });
    input.addEventListener("change", () => {
      const timeMs = parseClock(input.value);
      if (timeMs === null || timeMs > this.#durationMs) {
        input.setAttribute("aria-invalid", "true");
        announce("Write a time in the recording as 1:02:03.4");
        return;
      }
      mark[field] = timeMs;
      this.#chapters.sort((one, other) => one.start_ms - other.start_ms);
      this.#draw();
      this.#save();
    });
    return input;
  }

  #field(mark, field, label, placeholder, className) {
    const input = make("input", {
      class: className,
      value: mark[field] ?? "",
      "aria-label": label,
      placeholder,
      type: field === "url" ? "url" : "text",
      spellcheck: field === "title" ? "true" : "false",
    });
    input.addEventListener("input", () => {
      mark[field] = input.value.trim() || (field === "title" && "end_ms" in mark === false ? "" : null);
      this.#save();
    });
    return input;
  }

  #remove(list, mark, name) {
    return button(
      "Remove",
      () => {
        list.splice(list.indexOf(mark), 1);
        this.#draw();
        this.#save();
        announce(`Removed the ${name}`);
      },
      { class: "small", "aria-label": `Remove the ${name}` },
    );
  }

  async #saveNow() {
    // A chapter without a title is not finished: it is not sent until it has one.
    const chapters = this.#chapters.filter((chapter) => chapter.title);
    const soundbites = this.#bites.filter((bite) => !biteFault(bite, this.#durationMs));
    const left = this.#chapters.length - chapters.length;
    try {
      this.#revision = (await this.#api.saveMarks(this.#revision, { chapters, soundbites })).revision;
      byId("marks-status").textContent = left
        ? `Saved; ${left === 1 ? "one chapter waits" : `${left} chapters wait`} for a title`
        : "Saved";
    } catch (error) {
      byId("marks-status").textContent = error.sentence ?? String(error);
      if (error instanceof Refused && error.status === 409) {
        byId("marks-status").textContent =
          "episode.toml was changed elsewhere. What it says now is shown here; please make your change again.";
        this.load(await this.#api.load());
      }
    }
  }
}
