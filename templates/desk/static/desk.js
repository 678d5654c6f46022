// The editor's desk for one episode: makes the parts and ties them together.

import { EpisodeApi } from "./api.js";
import { ApprovePanel } from "./approve.js";
import { Audition } from "./audition.js";
import { SKIP_MS, wireControls } from "./controls.js";
import { announce, byId } from "./dom.js";
import { TranscriptDocument } from "./document.js";
import { Doubts } from "./doubts.js";
import { Editor } from "./editor.js";
import { FindBar } from "./find.js";
import { Follower } from "./follow.js";
import { HeardRecorder } from "./heard.js";
import { Identity } from "./identity.js";
import { Keys } from "./keys.js";
import { Marks } from "./highlight.js";
import { watchLayout } from "./layout.js";
import { MarksPanel } from "./marks.js";
import { NotesPanel } from "./notes.js";
import { Panels } from "./panels.js";
import { Player } from "./player.js";
import { retranscribe } from "./retranscribe.js";
import { Review } from "./review.js";
import { Saver, withDoubts } from "./saving.js";
import { SourcesPanel } from "./sources.js";
import { renameSpeaker } from "./speakers.js";
import { Drawer } from "./storage.js";
import { strikeOut } from "./strike.js";
import { Redactions } from "./struck.js";
import { StruckPanel } from "./struck_panel.js";
import { Suggestions } from "./suggestion.js";
import { VoicesBar } from "./voices.js";
import { Waveform } from "./waveform.js";
import { endOf, paragraphAtTime, startOf, wordAtChar, wordAtTime } from "./words.js";

const { slug } = document.documentElement.dataset;
const api = new EpisodeApi(slug);

async function open() {
  const drawer = await Drawer.open(slug);
  const [episode, kept] = await Promise.all([api.load(), drawer.find()]);
  const offers = episode.offers ?? [];
  const root = byId("text");
  root.lang = episode.language;
  root.dir = episode.direction;

  const transcript = new TranscriptDocument();
  const editor = new Editor(root, transcript, byId("paragraph"));
  const marks = new Marks(editor, transcript);
  const identity = new Identity();
  const saver = new Saver(api, transcript, drawer, identity);
  saver.start(episode.revision, withDoubts(episode.paragraphs, episode.doubts), kept);
  byId("loading").remove();

  const player = new Player(byId("audio"), api.audioAddress, episode.duration_ms);
  const review = new Review({ api, transcript, editor, saver, identity });
  const recorder = new HeardRecorder(player, (ranges, leaving) => review.sendHeard(ranges, leaving));
  review.recorder = recorder;
  const waveform = new Waveform(byId("whole"), byId("near"), player, recorder);
  const follower = new Follower(player, transcript, editor, marks);
  const findBar = new FindBar(transcript, editor, marks);
  const doubts = new Doubts({ transcript, editor, marks, review, player, findBar });
  const notes = new NotesPanel(api, offers);
  const sources = new SourcesPanel({ api, editor, notes });
  const chapters = new MarksPanel({ api, player, waveform, durationMs: episode.duration_ms });
  new ApprovePanel({ api, identity, saver, notes, player, recorder, offers });
  const suggestions = new Suggestions(api);
  const redactions = new Redactions(api, identity);
  const rename = (index) => renameSpeaker(transcript, episode.speakers, index);
  new VoicesBar({ transcript, player, names: episode.speakers, other: rename, api });
  const audition = new Audition(byId("audition"), api.audioAddress, player);

  review.load(episode.review);
  doubts.refresh();
  notes.load(episode.notes);
  sources.load(episode.sources);
  chapters.load(episode);
  const panels = new Panels();
  wireControls({ player, follower, marks, loopHere: () => stretchOf(editor.caret.index) });

  const striking = { transcript, redactions, audition, durationMs: episode.duration_ms, language: episode.language };
  const struckPanel = new StruckPanel({
    desk: striking,
    panels,
    strike: (place) => strikeOut(striking, place),
    goTo: (timeMs) => {
      const index = Math.max(0, paragraphAtTime(transcript.paragraphs, timeMs));
      const word = wordAtTime(transcript.paragraphs[index].times, timeMs);
      editor.focus(index, word?.[0] ?? 0, word?.[1] ?? 0);
    },
  });
  redactions.addEventListener("changed", () => {
    audition.toneHz = redactions.toneHz;
    marks.struckIn = (paragraph) => redactions.runsIn(paragraph);
  });

  /** When a paragraph is said: [from, to) in ms. */
  function stretchOf(index) {
    const paragraph = transcript.paragraphs[index];
    const next = transcript.paragraphs[index + 1];
    const start = startOf(paragraph) ?? 0;
    return [start, Math.max(start + 500, endOf(paragraph) ?? (next ? (startOf(next) ?? 0) : episode.duration_ms))];
  }

  function timeAt({ index, start }) {
    const paragraph = transcript.paragraphs[index];
    return wordAtChar(paragraph, start)?.[2] ?? startOf(paragraph);
  }

  function playFrom(place) {
    const timeMs = timeAt(place);
    if (timeMs === null) {
      announce("This word has no time yet");
    } else {
      player.playFrom(timeMs);
    }
  }

  function soundbite() {
    const { index, start, end } = editor.caret;
    const { times } = transcript.paragraphs[index];
    const chosen = times.filter((time) => time[1] > start && time[0] < end);
    panels.isOpen("chapters") || panels.open("chapters");
    if (start < end && chosen.length) {
      chapters.addBite(chosen[0][2], chosen.at(-1)[3]);
    } else {
      chapters.mark(timeAt({ index, start }) ?? player.timeMs);
    }
    editor.focus(index, start, end);
  }

  /** Strike out what is selected, or the word at the caret, by the times that the server knows of these words. */
  async function strike() {
    const { index, start, end } = editor.caret;
    const wasInText = editor.hasFocus;
    await saver.flush();
    const { text, times } = transcript.paragraphs[Math.min(index, transcript.paragraphs.length - 1)];
    const chosen =
      start < end
        ? times.filter((time) => time[1] > start && time[0] < end)
        : times.filter((time) => time[1] >= start).slice(0, 1);
    if (!chosen.length) {
      announce("These words have no time yet, so they cannot be struck out");
      return;
    }
    const startMs = Math.min(...chosen.map((time) => time[2]));
    const dialog = strikeOut(striking, {
      words: text.slice(chosen[0][0], chosen.at(-1)[1]),
      start_ms: startMs,
      end_ms: Math.max(startMs + 1, ...chosen.map((time) => time[3])),
    });
    if (wasInText) {
      dialog.addEventListener("close", () => editor.focus(index, start, end));
    }
  }

  function tick() {
    const { index } = editor.caret;
    review.tick(index, !review.isTicked(transcript.paragraphs[index]));
  }

  function undo(redo = false) {
    const label = redo ? transcript.redo() : transcript.undo();
    announce(label ? `${redo ? "Redone" : "Undone"}: ${label}` : `Nothing to ${redo ? "redo" : "undo"}`);
  }

  const actions = {
    play: () => player.toggle(),
    back: () => player.skip(-SKIP_MS),
    forward: () => player.skip(SKIP_MS),
    "play-here": () => playFrom(editor.caret),
    slower: () => player.slower(),
    faster: () => player.faster(),
    loop: () => {
      player.loop = player.loop ? null : stretchOf(editor.caret.index);
      announce(player.loop ? "This paragraph is repeated" : "No longer repeated");
    },
    "to-playhead": () => {
      const { place } = follower;
      editor.focus(place?.index ?? 0, place?.start ?? 0);
    },
    undo: () => undo(),
    redo: () => undo(true),
    "redo-too": () => undo(true),
    save: () => saver.flush(),
    speaker: () => rename(editor.caret.index),
    unintelligible: () => editor.insertWord("[unintelligible]"),
    find: () => findBar.open(),
    everywhere: () => doubts.everywhere(),
    retranscribe: async () => {
      if (offers.includes("retranscribe") && episode.models.length) {
        await saver.flush();
        await retranscribe({ api, transcript, models: episode.models, index: editor.caret.index });
      } else {
        announce("No model is here to transcribe with");
      }
    },
    strike,
    cite: () => {
      panels.open("sources");
      byId("source-filter").focus();
    },
    "doubt-next": () => doubts.next(1),
    "doubt-previous": () => doubts.next(-1),
    "doubt-right": () => doubts.right(),
    tick,
    chapter: () => {
      const timeMs = timeAt(editor.caret) ?? player.timeMs;
      panels.open("chapters");
      chapters.addChapter(timeMs);
    },
    soundbite,
    "to-text": () => {
      const { index, start, end } = editor.caret;
      editor.focus(index, start, end);
    },
    "to-player": () => byId("play").focus(),
    "panel-doubts": () => panels.open("doubts"),
    "panel-chapters": () => panels.open("chapters"),
    "panel-notes": () => {
      panels.open("notes");
      notes.field.focus();
    },
    "panel-sources": () => panels.open("sources"),
    "panel-struck": () => panels.open("struck"),
    "panel-approve": () => panels.open("approve"),
    help: () => keys.show(),
    "help-typing": () => keys.show(),
  };
  const keys = new Keys(actions);

  watchLayout();

  byId("help").addEventListener("click", () => keys.show());
  byId("undo").addEventListener("click", () => undo());
  byId("redo").addEventListener("click", () => undo(true));
  const showUndo = () => {
    byId("undo").disabled = !transcript.canUndo;
    byId("redo").disabled = !transcript.canRedo;
  };
  transcript.addEventListener("step", showUndo);
  transcript.addEventListener("enriched", showUndo);
  showUndo();
  for (const tool of document.querySelectorAll("[data-action]")) {
    // The caret stays where it is while a tool is pressed with the pointer.
    tool.addEventListener("mousedown", (event) => event.preventDefault());
    tool.addEventListener("click", () => actions[tool.dataset.action]());
    tool.title = keys.of(tool.dataset.action);
  }
  byId("retranscribe").hidden = !offers.includes("retranscribe") || !episode.models.length;

  editor.addEventListener("undo", () => undo());
  editor.addEventListener("redo", () => undo(true));
  editor.addEventListener("play", ({ detail }) => playFrom({ index: detail.index, start: detail.char }));
  editor.addEventListener("rename", ({ detail }) => rename(detail.index));
  editor.addEventListener("typed", () => byId("typing-pauses").checked && player.waitForTyping());
  editor.addEventListener("painted", ({ detail }) => marks.paragraphs(detail.at, detail.at + detail.added));
  editor.addEventListener("moved", ({ detail }) => {
    if (player.loop) {
      player.loop = stretchOf(detail.index);
    }
  });
  saver.addEventListener("saved", ({ detail }) => suggestions.offer(detail.suggestions ?? []));

  api.watch((message) => {
    if (message.revision) {
      saver.noticed(message.revision);
    }
    if (message.notes_revision) {
      notes.noticed(message.notes_revision);
    }
    if (message.redactions_revision) {
      redactions.noticed(message.redactions_revision).catch((error) => struckPanel.failed(error));
    }
    if (message.review) {
      review.load(message.review);
    }
  });
  redactions.load().catch((error) => struckPanel.failed(error));
  api.peaks().then(
    (peaks) => waveform.load(peaks),
    () => announce("There is no waveform yet; make pipeline makes it"),
  );
  document.body.dataset.ready = "true";
  performance.mark("desk-ready");
  if (!identity.by) {
    identity.ask();
  }
}

open().catch((error) => {
  const line = document.getElementById("loading") ?? byId("announcement");
  line.textContent = error.sentence ?? `The desk could not be opened: ${error.message}`;
  throw error;
});
