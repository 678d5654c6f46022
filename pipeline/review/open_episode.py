"""One episode as the desk shows it: text, times, doubts and evidence brought together, each worked out once.

Aligning and doubting a three-hour interview takes about a second, so what was worked out is kept as long as the
files it came from are the same.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.align import TimedParagraph
from pipeline.errors import InvalidTranscript
from pipeline.release import PEAKS_NAME
from pipeline.review.changes import ChangedParagraph, changed_paragraphs
from pipeline.review.chapters import ChapterCandidate, chapter_candidates
from pipeline.review.checked import Review, for_recording, paragraph_digest, read_review
from pipeline.review.fresh import Mark, mark
from pipeline.review.learned import LEARNED_NAME, Lesson, read_lessons
from pipeline.review.queue import Doubt, doubts
from pipeline.review.realign import realign
from pipeline.review.silences import silences_in_peaks
from pipeline.review.workspace import Workspace
from pipeline.show import Episode, Show
from pipeline.timing import timed
from pipeline.transcript import MACHINE_NAME, MachineTranscript, Transcript, read_machine

_PROVENANCE = {"kept": 0, "paired": 1, "interpolated": 2}
# Raise it when the same files would give rise to other doubts.
_OUTLINE_VERSION = 2
_NOTHING_HEARD = MachineTranscript(1, "none", "0", "none", "", "und", 0.0, "", 0, (), ())


@dataclass(frozen=True)
class View:
    """A text with everything derived from it; `paragraphs` of the transcript and `timed` go side by side."""

    revision: str
    transcript: Transcript
    machine: MachineTranscript
    timed: tuple[TimedParagraph, ...]
    doubts: tuple[Doubt, ...]

    @cached_property
    def chapter_candidates(self) -> tuple[ChapterCandidate, ...]:
        """Where a chapter may begin."""
        return chapter_candidates(self.timed, self.machine.duration_ms)

    def changed(self) -> tuple[ChangedParagraph, ...]:
        """The text against the machine's words."""
        return changed_paragraphs(self.timed, self.machine)


class OpenEpisode:
    """An episode at the desk. Threads may share it; two of them never work out the same thing twice."""

    def __init__(self, workspace: Workspace, build_folder: Path) -> None:
        """`build_folder` is `build/<slug>/`, where the proxy and the waveform are."""
        self.workspace = workspace
        self.build_folder = build_folder
        self._lock = threading.Lock()
        self._machine: tuple[Mark, MachineTranscript] | None = None
        self._silences: tuple[Mark, tuple[tuple[int, int], ...]] | None = None
        self._lessons: tuple[Mark, tuple[Lesson, ...]] | None = None
        self._view: tuple[object, View] | None = None

    def view(self, show: Show, episode: Episode, given: tuple[Transcript, str] | None = None) -> View:
        """The episode as it is on disk, or with the text and revision `given`, which was just saved.

        Raises InvalidTranscript when transcript.md or machine.json cannot be read.
        """
        transcript, revision = given or self.workspace.transcript()
        terms, language = known_words(show, episode), episode.language or show.settings.language
        with self._lock:
            machine = self._read_machine()
            silences, lessons = self._read_silences(), self._read_lessons()
            key = (revision, machine.audio_digest, id(machine), terms, language, silences, lessons)
            if self._view is None or self._view[0] != key:
                last = self._view[1] if self._view and self._view[1].machine is machine else None
                spoken = (
                    realign(last.transcript.paragraphs, last.timed, transcript.paragraphs, machine)
                    if last
                    else timed(transcript, machine)
                )
                found = doubts(spoken, machine, terms=terms, language=language, silences=silences, lessons=lessons)
                self._view = (key, View(revision, transcript, machine, spoken, found))
            return self._view[1]

    def machine(self) -> MachineTranscript:
        """The machine's words; those of an empty recording where nothing was transcribed yet."""
        with self._lock:
            return self._read_machine()

    def review(self) -> Review:
        """What was done at the desk with this recording. Raises InvalidEpisode when review.json is broken."""
        return for_recording(read_review(self.workspace.review_path), self.machine().audio_digest)

    def outline(self, show: Show, episode: Episode) -> tuple[int, tuple[str, ...]]:
        """Duration and ids of all doubts, for the list: kept on disk, because a show has many long episodes.

        The duration is 0 where nothing was transcribed yet, or where a file is broken: the episode itself says how.
        """
        terms, language = known_words(show, episode), episode.language or show.settings.language
        marks = [
            mark(path)
            for path in (
                self.workspace.transcript_path,
                self.workspace.folder / MACHINE_NAME,
                self.build_folder / PEAKS_NAME,
            )
        ]
        with self._lock:
            taught = [(one.heard, one.right) for one in self._read_lessons()]
        key = files.digest_json([_OUTLINE_VERSION, marks, terms, language, taught])
        kept = self.workspace.desk_folder / "outline.json"
        try:
            found = json.loads(kept.read_bytes())
            if found["key"] == key:
                return int(found["duration_ms"]), tuple(map(str, found["doubts"]))
        except (OSError, ValueError, KeyError, TypeError):
            pass
        try:
            view = self.view(show, episode)
        except InvalidTranscript:
            return 0, ()
        outline = {"key": key, "duration_ms": view.machine.duration_ms, "doubts": [one.id for one in view.doubts]}
        files.write_text(kept, files.canonical_json(outline))
        return view.machine.duration_ms, tuple(one.id for one in view.doubts)

    def _read_machine(self) -> MachineTranscript:
        path = self.workspace.folder / MACHINE_NAME
        now = mark(path)
        if now == (0, 0):
            return _NOTHING_HEARD
        if self._machine is None or self._machine[0] != now:
            self._machine = (now, read_machine(path))
        return self._machine[1]

    def _read_lessons(self) -> tuple[Lesson, ...]:
        path = self.build_folder.parent / LEARNED_NAME
        now = mark(path)
        if self._lessons is None or self._lessons[0] != now:
            self._lessons = (now, read_lessons(path))
        return self._lessons[1]

    def _read_silences(self) -> tuple[tuple[int, int], ...]:
        path = self.build_folder / PEAKS_NAME
        now = mark(path)
        if now == (0, 0):
            return ()
        if self._silences is None or self._silences[0] != now:
            try:
                peaks = json.loads(path.read_bytes())
            except (OSError, ValueError):
                peaks = {}
            self._silences = (now, silences_in_peaks(peaks if isinstance(peaks, dict) else {}))
        return self._silences[1]


NAME_PART_MIN_CHARACTERS = 5


def known_words(show: Show, episode: Episode) -> tuple[str, ...]:
    """The glossary and the people's names, whole and in parts: what a mishearing may stand for."""
    names = [person.name for person in show.people.values()]
    # Short parts of names are near to everyday words: “when” to “Wren”.
    parts = [part for name in names for part in name.split() if len(part) >= NAME_PART_MIN_CHARACTERS]
    return tuple(dict.fromkeys([*(term.term for term in show.glossary_of(episode)), *names, *parts]))


def paragraphs_json(view: View) -> list[dict[str, Any]]:
    """The paragraphs as the page takes them; a word's time is [start_char, end_char, start_ms, end_ms, provenance]."""
    return [
        {
            "start_ms": paragraph.start_ms,
            "speaker": paragraph.speaker,
            "text": paragraph.text,
            "digest": paragraph_digest(paragraph),
            "times": [
                [word.start_char, word.end_char, word.start_ms, word.end_ms, _PROVENANCE[word.provenance]]
                for word in timed.words
            ],
        }
        for paragraph, timed in zip(view.transcript.paragraphs, view.timed, strict=True)
    ]


def doubts_json(found: Sequence[Doubt]) -> list[dict[str, Any]]:
    """The queue as the page takes it, in its order."""
    return [
        {
            "id": one.id,
            "kind": one.kind,
            "why": one.why,
            "paragraph": one.paragraph,
            "start_char": one.start_char,
            "end_char": one.end_char,
            "start_ms": one.start_ms,
            "text": one.text,
        }
        | ({"suggestion": one.suggestion} if one.suggestion else {})
        for one in found
    ]


def review_json(review: Review) -> dict[str, Any]:
    """The evidence as the page takes it: together, and what each person heard and changed."""
    return {
        "heard": [list(one) for one in review.heard_by()],
        "heard_by": {name: [list(one) for one in review.heard_by(name)] for name in review.heard},
        "ticks": sorted(review.ticks),
        "resolved": sorted(review.resolved),
        "edits": {name: len(places) for name, places in review.edited.items() if places},
    }


def open_doubts(found: Sequence[str], review: Review) -> int:
    """How many of these doubts (ids) nobody has settled."""
    return sum(one not in review.resolved for one in found)
