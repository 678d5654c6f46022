"""Whether the machine's words belong to the recordings that lie there now, at the times that people say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import prod
from pathlib import Path

from pipeline.digests import DigestCache, of_recordings
from pipeline.errors import InvalidTranscript, Problem
from pipeline.show import Episode
from pipeline.stages.noticed import without_evidence
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME, read_machine

# Of ten recordings every mixture of starts that are left out and that are written as 0.
_MOST_TRIED = 1 << 10


def foreign_machine_words(episode: Episode, folder: Path, digests: DigestCache) -> Iterator[Problem]:
    """Why the machine's words are not those of the recordings, if they are not; `folder` is `build/<slug>/`."""
    path = episode.folder / MACHINE_NAME
    try:
        machine = read_machine(path)
    except InvalidTranscript as error:
        yield from error.problems
        return
    if machine.audio_digest not in _digests_of_one_time_line(episode, folder, digests):
        names = ", ".join(one.file for one in episode.recordings)
        yield Problem(
            str(path),
            f"these are the words of another recording than {names}",
            f"Delete {MACHINE_NAME}, and {TRANSCRIPT_NAME} if it belongs to the old recording, and run again",
        )


def recordings_digest(episode: Episode, digests: DigestCache) -> str:
    """What `audio_digest` in machine.json must be: what was recorded, and where a person says that it begins."""
    return of_recordings(
        [digests.digest(episode.folder / one.file) + _said_start(one.offset_ms) for one in episode.recordings]
    )


def _digests_of_one_time_line(episode: Episode, folder: Path, digests: DigestCache) -> Iterator[str]:
    """`recordings_digest`, and those that mean the same times: who confirms a start by offset = 0 loses no words."""
    free = without_evidence(episode, folder) | {episode.recordings[0].file}
    starts = [(None, 0) if one.file in free and not one.offset_ms else (one.offset_ms,) for one in episode.recordings]
    known = [digests.digest(episode.folder / one.file) for one in episode.recordings]
    chosen: Iterable[tuple[int | None, ...]] = product(*starts)
    if prod(len(one) for one in starts) > _MOST_TRIED:
        # Of so many recordings nobody confirms a few at one time: all zeros left out, or all of them written.
        written = tuple(one.offset_ms for one in episode.recordings)
        chosen = (written, *(tuple(one[end] for one in starts) for end in (0, -1)))
    for start_times in chosen:
        yield of_recordings([one + _said_start(start_ms) for one, start_ms in zip(known, start_times, strict=True)])


def _said_start(offset_ms: int | None) -> str:
    return "" if offset_ms is None else f"+{offset_ms}"
