"""Readings that need not be made again: what was judged of an episode, kept under what it was judged by.

A kept reading is used only while every input is exactly as it was: the files of the episode and what was prepared of
them, by size, times and inode (as `digests` does it, with the same caution); of the shared files what bears upon this
episode, by content; and the program itself. Whatever differs, or cannot be told, is read anew.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline import files
from pipeline.digests import RACY_NS, DigestCache, program_digest
from pipeline.errors import Problem, Refusal
from pipeline.publish.consent import Lapse
from pipeline.review.approvals import Verdict
from pipeline.review.signatures import ALLOWED_SIGNERS_NAME
from pipeline.show import Episode, Person, Show
from pipeline.stages.status import Reading, build_folder

_NAME = "reading.json"
# What is made after the reading, of what was read: it bears on nothing that is judged.
_MADE_AFTER = ("alternate.", "fault.txt", "learned.json", _NAME, "release.", "site", "site.stamp.json")


@dataclass(frozen=True)
class _Remembered:
    """A reading without its texts, and what of the shared files it depends on."""

    subject: dict[str, str]
    verdict: Verdict
    refusals: tuple[Refusal, ...]
    problems: tuple[Problem, ...]
    lapses: tuple[Lapse, ...]
    has_transcript: bool
    speakers: tuple[str, ...]
    cited: tuple[str, ...]


_remembered = TypeAdapter(_Remembered)
_SAID_TWICE: dict[str, Any] = {"verdict": {"holding": {"__all__": {"subject"}}}}


class Memory:
    """The kept readings of one show."""

    def __init__(self, show: Show, digests: DigestCache) -> None:
        self._show = show
        self._digests = digests

    def recall(self, episode: Episode) -> Reading | None:
        """The reading of an episode that is as it was, without its texts; None where it must be read."""
        try:
            kept = json.loads(self._path(episode).read_bytes())
            if kept["files"] != self._files(episode)[0]:
                return None
            told = kept["reading"]
            for approval in told["verdict"]["holding"]:
                approval["subject"] = told["subject"]  # or it would not hold
            found = _remembered.validate_python(told)
            if kept["shared"] != self._bears(episode, found):
                return None
        except (OSError, ValueError, KeyError, TypeError, ValidationError):
            return None
        return Reading(
            episode, None, None, found.subject, found.verdict, found.refusals, found.problems, found.lapses,
            has_transcript=found.has_transcript,
        )  # fmt: skip

    def files_of(self, episode: Episode) -> str | None:
        """A mark of the episode's files as they are now, to be handed to `keep` when they have been read.

        None where one is so new that a change after this could not be told.
        """
        mark, newest_ns = self._files(episode)
        return mark if newest_ns < time.time_ns() - RACY_NS else None

    def keep(self, reading: Reading, mark: str | None) -> Reading:
        """Keep a reading of files that were as `mark` says before; returns it without its texts."""
        bare = replace(reading, transcript=None, notes_markdown=None)
        path = self._path(reading.episode)
        # A refusal may quote a protected name, and those are written into nothing below the show's folder.
        names = bool(reading.refusals and self._show.protected_of(reading.episode))
        if names or mark is None or mark != self._files(reading.episode)[0]:
            path.unlink(missing_ok=True)
            return bare
        remembered = _Remembered(
            dict(reading.subject), reading.verdict, reading.refusals, reading.problems, reading.lapses,
            reading.has_transcript, reading.speakers, reading.cited,
        )  # fmt: skip
        kept = {
            "files": mark,
            "shared": self._bears(reading.episode, remembered),
            "reading": _remembered.dump_python(remembered, mode="json", exclude=_SAID_TWICE),
        }
        with files.replacing(path, flush=False) as temporary:
            temporary.write_bytes(files.canonical_json(kept).encode())
        return bare

    def _path(self, episode: Episode) -> Path:
        return build_folder(self._show.root) / episode.slug / _NAME

    def _files(self, episode: Episode) -> tuple[str, int]:
        prepared = build_folder(self._show.root) / episode.slug
        entries = [*_entries(episode.folder)]
        entries += [one for one in _entries(prepared, deep=False) if not one[0].startswith(_MADE_AFTER)]
        marks = repr(sorted(entries)).encode("utf-8", "surrogateescape")
        return files.digest_bytes(marks), max((max(one[2:4]) for one in entries), default=0)

    def _bears(self, episode: Episode, found: _Remembered) -> str:
        """What of the shared files bears upon an episode that was read."""
        show = self._show
        named = {*episode.people, *(credit.person for credit in episode.credits)}
        named.update(show.settings.hosts)
        known = {person.id for speaker in found.speakers for person in self._by_name.get(speaker, ())}
        # Where names are looked for, everybody's may matter.
        guarded = show.redactions_of(episode) or show.protected_of(episode) or show.consents_of(episode)
        people = sorted(self._people) if guarded else sorted(named | known)
        sources = show.sources_of(episode)
        return files.digest_json(
            {
                "common": self._common,
                "people": {one: self._people.get(one) for one in people},
                "sources": {
                    key: sources[key].model_dump(mode="json") if key in sources else None for key in found.cited
                },
            }
        )

    @cached_property
    def _people(self) -> dict[str, object]:
        return {
            one.id: [one.model_dump(mode="json"), self._digest(self._show.folder / one.photo) if one.photo else None]
            for one in self._show.people.values()
        }

    @cached_property
    def _by_name(self) -> dict[str, list[Person]]:
        found: dict[str, list[Person]] = {}
        for person in self._show.people.values():
            found.setdefault(person.name, []).append(person)
        return found

    @cached_property
    def _common(self) -> str:
        show = self._show
        audio = show.settings.audio
        return files.digest_json(
            {
                "settings": show.settings.model_dump(mode="json", exclude={"targets"}),
                "glossary": [one.model_dump(mode="json") for one in show.glossary],
                "protected": [one.model_dump(mode="json") for one in show.protected],
                "helplines": {key: one.model_dump(mode="json") for key, one in show.helplines.items()},
                "files": [
                    self._digest(path)
                    for path in (
                        show.folder / ALLOWED_SIGNERS_NAME,
                        *(show.folder / name for name in (audio.intro, audio.outro) if name),
                    )
                ],
                "program": program_digest(),
            }
        )

    def _digest(self, path: Path) -> str | None:
        return self._digests.digest(path) if path.is_file() else None


def _entries(folder: Path, *, deep: bool = True, below: str = "") -> Iterator[tuple[str, int, int, int, int]]:
    """Name, size, times and inode of every file in a folder, and in those it holds; of links, what they lead to."""
    try:
        with os.scandir(folder) as found:
            listed = list(found)
    except FileNotFoundError:
        return
    for entry in listed:
        if deep and entry.is_dir(follow_symlinks=False):
            yield from _entries(folder / entry.name, below=f"{below}{entry.name}/")
        else:
            # Others are at work here: an editor's temporary file is gone by now, its lock is a link that leads nowhere.
            with suppress(FileNotFoundError):
                status = entry.stat()  # of what a link leads to
                yield f"{below}{entry.name}", status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
