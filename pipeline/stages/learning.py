"""Learning from corrections: the newest approved episodes are looked through, each once, and what recurs is kept.

`build/<slug>/learned.json` holds an episode's corrections with a digest of all they come from, and
`build/learned.json` what all of them teach. Both may be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import InvalidTranscript
from pipeline.review.learned import (
    LEARNED_NAME,
    Correction,
    Lesson,
    candidates,
    corrections,
    corrections_from,
    lessons,
    lessons_from,
    lessons_json,
    proposed_terms,
)
from pipeline.show import Episode, Show, load_show
from pipeline.stages.status import Reading, build_folder, read_episode, remembered_digests
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME, Transcript, read_machine, read_transcript
from pipeline.withhold import Protected, protected_by, protected_in

EPISODES_MAX = 100  # of the newest: aligning more would make a first run long, and machines change with the years
# Raise it when the same texts would teach something else.
_VERSION = 2


def learn(show: Show, readings: Iterable[Reading]) -> tuple[Lesson, ...]:
    """What the approved ones of `readings` teach, kept for the desk. Only what changed is looked through."""
    approved = [one for one in readings if one.verdict.holds and one.has_transcript]
    approved.sort(key=lambda one: (one.episode.published_at, one.episode.slug), reverse=True)
    newest = approved[:EPISODES_MAX]
    kept = build_folder(show.root) / LEARNED_NAME
    key = files.digest_json([_VERSION, sorted(_key(show, one) for one in newest)])
    known = _read(kept)
    if known.get("key") == key:
        with suppress(ValueError):  # where they are damaged they are made again
            return lessons_from(known.get("lessons"))
    found = candidates({one.episode.slug: _corrections(show, one) for one in newest})
    taught = lessons(found, map(_transcript, newest))
    files.write_text(kept, files.readable_json({"key": key, "lessons": lessons_json(taught)}))
    return taught


@dataclass(frozen=True)
class Learned:
    """All lessons, and those that are names which the glossary does not have."""

    lessons: tuple[Lesson, ...]
    proposed_terms: tuple[Lesson, ...]


def learned_in(root: Path) -> Learned:
    """What the show's approved episodes teach. Raises InvalidShow."""
    show = load_show(root)
    digests = remembered_digests(root)
    taught = learn(show, [read_episode(show, episode, digests) for episode in show.episodes])
    known = [
        *(person.name for person in show.people.values()),
        *(term.term for episode in show.episodes for term in show.glossary_of(episode)),
    ]
    return Learned(taught, proposed_terms(taught, tuple(dict.fromkeys(known))))


def _corrections(show: Show, reading: Reading) -> tuple[Correction, ...]:
    kept = build_folder(show.root) / reading.episode.slug / LEARNED_NAME
    key = _key(show, reading)
    known = _read(kept)
    if known.get("key") == key:
        with suppress(ValueError):
            return corrections_from(known.get("corrections"))
    try:
        machine = read_machine(reading.episode.folder / MACHINE_NAME)
    except (OSError, InvalidTranscript):
        return ()  # a text that was written without a machine teaches nothing about one
    made = corrections(
        _transcript(reading),
        machine,
        redactions=show.redactions_of(reading.episode),
        protected=_protected(show, reading.episode),
    )
    files.write_text(kept, files.readable_json({"key": key, "corrections": [asdict(one) for one in made]}))
    return made


def _transcript(reading: Reading) -> Transcript:
    return reading.transcript or read_transcript(reading.episode.folder / TRANSCRIPT_NAME)


def _protected(show: Show, episode: Episode) -> tuple[Protected, ...]:
    return (*protected_in(show.redactions_of(episode)), *protected_by(show.protected_of(episode)))


def _key(show: Show, reading: Reading) -> str:
    episode = reading.episode
    struck = [one.model_dump(mode="json") for one in show.redactions_of(episode)]
    texts = [reading.subject.get(name) for name in (MACHINE_NAME, TRANSCRIPT_NAME)]
    return files.digest_json([_VERSION, texts, struck, [asdict(one) for one in _protected(show, episode)]])


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
