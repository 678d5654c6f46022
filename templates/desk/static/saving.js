// Saving: soon after each change to disk, at once to this browser, and never over somebody else's text.
//
// The server takes a text only together with the revision it was made from. When another window, or a text editor,
// saved in between, the three texts are merged by paragraph; where both changed the same paragraph a person chooses.

import { Refused, Unreachable } from "./api.js";
import { askWhichStays } from "./clash.js";
import { announce, byId, debounced } from "./dom.js";
import { merge } from "./merge.js";
import { essence, paragraphOf, same } from "./splices.js";
import { tidy } from "./words.js";

const SAVE_AFTER_MS = 500;
const SAVE_WITHIN_MS = 1000;
const KEEP_AFTER_MS = 200;
const KEEP_WITHIN_MS = 600;
const RETRY_MS = [1000, 2000, 5000, 10_000];

export class Saver extends EventTarget {
  #api;
  #document;
  #drawer;
  #identity;
  #base = [];
  #revision = "";
  #unanswered = [];
  #running = null;
  #again = false;
  #failures = 0;
  #retry = 0;
  #version = 0;
  #savedVersion = 0;
  #asking = false;
  #noticed = "";
  #later = debounced(() => this.flush(), SAVE_AFTER_MS, SAVE_WITHIN_MS);
  #keep = debounced(() => this.#keepNow(), KEEP_AFTER_MS, KEEP_WITHIN_MS);

  constructor(api, transcript, drawer, identity) {
    super();
    this.#identity = identity;
    this.#api = api;
    this.#document = transcript;
    this.#drawer = drawer;
    transcript.addEventListener("step", () => this.#changed());
    addEventListener("beforeunload", (event) => {
      if (this.unsaved) {
        this.#keepNow();
        event.preventDefault();
      }
    });
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") {
        this.#keepNow();
        this.flush();
      }
    });
    addEventListener("online", () => this.flush());
  }

  get revision() {
    return this.#revision;
  }

  get unsaved() {
    return this.#version !== this.#savedVersion;
  }

  /** Begin with what the server has, or with what this browser kept unsaved from an earlier visit. */
  start(revision, paragraphs, kept) {
    this.#revision = revision;
    this.#base = paragraphs.map(essence);
    if (kept?.unsaved) {
      this.#revision = kept.revision;
      this.#base = kept.base;
      this.#unanswered = kept.unanswered;
      const known = new Map(paragraphs.map((paragraph) => [key(paragraph), paragraph]));
      this.#document.load(
        kept.paragraphs.map((paragraph) => paragraphOf(known.get(key(paragraph)) ?? paragraph)),
        kept.history,
      );
      this.#version += 1;
      announce("Unsaved text from your last visit was found in this browser and is saved now");
      this.flush();
      return;
    }
    const fits =
      kept &&
      kept.paragraphs.length === paragraphs.length &&
      kept.paragraphs.every((one, index) => same(one, paragraphs[index]));
    this.#document.load(paragraphs.map(paragraphOf), fits ? kept.history : undefined);
    this.#show("saved");
  }

  /** Save what is unsaved; resolves when the text on disk is the text on the page (or cannot be now). */
  async flush() {
    this.#later.cancel();
    if (this.#running) {
      this.#again = true;
      await this.#running;
      return;
    }
    if (!this.unsaved || this.#asking) {
      return;
    }
    this.#running = this.#save();
    try {
      await this.#running;
    } finally {
      this.#running = null;
    }
    if (this.#again || (this.unsaved && !this.#failures)) {
      this.#again = false;
      await this.flush();
    } else if (this.#noticed && this.#noticed !== this.#revision && !this.#failures) {
      await this.noticed(this.#noticed);
    }
  }

  /** Somebody changed the text on disk: take it over, or merge when there is unsaved text here. */
  async noticed(revision) {
    this.#noticed = revision;
    if (revision === this.#revision || this.#running || this.#asking) {
      return;
    }
    if (this.unsaved) {
      this.flush();
      return;
    }
    const { revision: fresh, paragraphs, doubts } = await this.#api.load();
    if (fresh === this.#revision || this.unsaved || this.#running) {
      return;
    }
    this.#take(fresh, withDoubts(paragraphs, doubts));
    announce("The text was changed in another window or a text editor; the changes were taken over");
  }

  async #save() {
    const version = this.#version;
    const sent = this.#document.paragraphs.filter((paragraph) => tidy(paragraph.text));
    const body = sent.map((paragraph) => ({ ...essence(paragraph), text: tidy(paragraph.text) }));
    this.#show("saving");
    this.#unanswered = [...this.#unanswered.slice(0, 1), ...this.#unanswered.slice(1).slice(-1), body];
    try {
      const answer = await this.#api.saveTranscript(this.#revision, this.#identity.by, body);
      this.#failures = 0;
      this.#unanswered = [];
      this.#savedVersion = version;
      if (answer.merged) {
        this.#mergedThere(answer, sent, version);
      } else {
        this.#revision = answer.revision;
        this.#base = answer.paragraphs.map(essence);
        this.#document.enrich(sent, withDoubts(answer.paragraphs, answer.doubts));
      }
      this.#keep();
      this.#show(this.unsaved ? "saving" : "saved");
      this.dispatchEvent(new CustomEvent("saved", { detail: answer }));
    } catch (error) {
      await this.#failed(error);
    }
  }

  /** The server merged what it was sent with what others had saved. */
  #mergedThere(answer, sent, version) {
    const theirs = withDoubts(answer.paragraphs, answer.doubts);
    if (this.#version === version) {
      this.#take(answer.revision, theirs);
    } else {
      // Typed on meanwhile: what was sent is now the base of what is here.
      const pieces = merge(sent.map(essence), this.#document.paragraphs, theirs);
      this.#revision = answer.revision;
      this.#base = answer.paragraphs.map(essence);
      this.#document.adopt(pieces.flatMap((piece) => piece.paragraphs ?? piece.mine));
    }
    announce("Others had saved too: both changes are in the text now");
  }

  #take(revision, paragraphs) {
    this.#revision = revision;
    this.#base = paragraphs.map(essence);
    this.#document.adopt(paragraphs);
    this.#savedVersion = this.#version;
    this.#keep();
    this.#show("saved");
  }

  async #failed(error) {
    if (error instanceof Refused && error.status === 409 && error.body.paragraphs) {
      await this.#conflict(error.body);
      return;
    }
    this.#failures += 1;
    await this.#keepNow();
    const reason = error instanceof Unreachable ? error.sentence : reasonOf(error);
    this.#show("kept", reason);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.flush(), RETRY_MS[Math.min(this.#failures, RETRY_MS.length) - 1]);
  }

  async #conflict(body) {
    const theirs = withDoubts(body.paragraphs, body.doubts ?? []);
    // A server killed between writing and answering: what stands there is what this window sent, not another's.
    const own = this.#unanswered.find((sent) => sameWords(sent, theirs));
    this.#unanswered = [];
    // What stands here now, not what was sent: somebody may have typed on while the answer was under way.
    const mine = this.#document.paragraphs.filter((paragraph) => tidy(paragraph.text));
    const pieces = merge(own ?? this.#base, mine, theirs);
    const clashes = pieces.filter((piece) => piece.mine);
    this.#asking = true;
    try {
      if (clashes.length) {
        this.#show("asking");
        await this.#keepNow();
        await askWhichStays(clashes);
      }
    } finally {
      this.#asking = false;
    }
    this.#revision = body.revision;
    this.#base = body.paragraphs.map(essence);
    this.#document.adopt(pieces.flatMap((piece) => piece.paragraphs ?? piece.chosen));
    this.#version += 1;
    this.#again = true;
    if (clashes.length) {
      announce("The text is as you chose");
    } else if (!own) {
      announce("Others had saved too: both changes are in the text now");
    }
  }

  #changed() {
    this.#version += 1;
    this.#keep();
    if (!this.#failures) {
      this.#show("unsaved");
    }
    this.#later();
  }

  async #keepNow() {
    this.#keep.cancel();
    try {
      await this.#drawer.put({
        revision: this.#revision,
        base: this.#base,
        unanswered: this.#unanswered,
        paragraphs: this.#document.paragraphs.map(essence),
        unsaved: this.unsaved,
        history: this.#document.history(),
      });
    } catch {
      if (this.unsaved && this.#failures) {
        this.#show("lost", "");
      }
    }
  }

  /** The tab closes: one last attempt, small enough for a request that outlives its page. */
  #leave() {
    this.#keepNow();
    if (this.unsaved && !this.#running) {
      const body = this.#document.paragraphs
        .filter((one) => tidy(one.text))
        .map((one) => ({ ...essence(one), text: tidy(one.text) }));
      this.#api.saveTranscript(this.#revision, this.#identity.by, body, true).catch(() => {});
    }
  }

  #show(state, reason = "") {
    const line = byId("saving");
    const texts = {
      saved: "Saved",
      saving: "Saving …",
      unsaved: "Not saved yet",
      asking: "Two versions: please choose",
      kept: `Not on disk yet; kept in this browser. ${reason} The desk tries again by itself.`,
      lost: "Not saved, and this browser cannot keep it. Copy your text somewhere safe.",
    };
    if (line.dataset.state === state && line.dataset.reason === reason) {
      return;
    }
    // Saving goes on all day: screen readers hear of it only when something is wrong, or right again.
    const wrong = ["kept", "lost", "asking"];
    const tell = wrong.includes(state) || (state === "saved" && wrong.includes(line.dataset.trouble));
    line.dataset.state = state;
    line.dataset.reason = reason;
    line.dataset.trouble = wrong.includes(state) ? state : state === "saved" ? "" : (line.dataset.trouble ?? "");
    line.textContent = texts[state];
    if (tell) {
      byId("saving-aloud").textContent = state === "saved" ? "Saved to disk again" : texts[state];
    }
  }
}

/** The server's doubts, each in the paragraph it is about. */
export function withDoubts(paragraphs, doubts = []) {
  const result = paragraphs.map((paragraph) => ({ ...paragraph, doubts: [] }));
  for (const doubt of doubts) {
    result[doubt.paragraph]?.doubts.push(doubt);
  }
  return result;
}

function sameWords(one, other) {
  return (
    one.length === other.length &&
    one.every(({ speaker, text }, at) => speaker === other[at].speaker && text === other[at].text)
  );
}

function key(paragraph) {
  return JSON.stringify([paragraph.start_ms, paragraph.speaker, paragraph.text]);
}

function reasonOf(error) {
  if (!(error instanceof Refused)) {
    return String(error);
  }
  if (error.status === 401 || error.status === 403) {
    return "The desk was started anew: open the address it printed, in this browser; this text is then saved.";
  }
  return error.sentence;
}
