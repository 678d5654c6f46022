"""Diarization error rate, the measure of telling voices apart: time under the wrong voice, per time of speech.

As NIST's Rich Transcription evaluations define it: (missed + false alarm + confused) / speech, where voices found are
matched with voices there so that most time agrees. A collar leaves out what is nearer than that to a border of the
reference, on either side.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

FRAME_MS = 10

Stretch = tuple[int, int, Hashable]  # start_ms, end_ms, who
Grid = NDArray[np.bool_]


@dataclass(frozen=True)
class DiarizationError:
    """Time in ms, of `speech_ms` in which somebody speaks (counted twice where two do)."""

    missed_ms: int
    false_alarm_ms: int
    confused_ms: int
    speech_ms: int

    @property
    def rate(self) -> float:
        return (self.missed_ms + self.false_alarm_ms + self.confused_ms) / self.speech_ms

    @property
    def confusion(self) -> float:
        return self.confused_ms / self.speech_ms


def diarization_error(
    there: Sequence[Stretch], found: Sequence[Stretch], *, collar_ms: int = 0, skip_overlap: bool = False
) -> DiarizationError:
    """How far `found` is from what is `there`."""
    frames = max(end_ms for _, end_ms, _ in (*there, *found)) // FRAME_MS + 1
    reference, hypothesis = _grid(there, frames), _grid(found, frames)
    scored = np.ones(frames, dtype=bool)
    for start_ms, end_ms, _ in there:
        for border_ms in (start_ms, end_ms):
            scored[max(0, border_ms - collar_ms) // FRAME_MS : (border_ms + collar_ms) // FRAME_MS] = False
    speaking = np.sum([*reference.values()], axis=0)
    if skip_overlap:
        scored &= speaking < 2
    heard = np.sum([*hypothesis.values()], axis=0) if hypothesis else np.zeros(frames, dtype=int)
    agreed = _agreed(reference, hypothesis, scored)
    both = np.minimum(speaking, heard)[scored].sum()
    return DiarizationError(
        missed_ms=int(np.maximum(speaking - heard, 0)[scored].sum()) * FRAME_MS,
        false_alarm_ms=int(np.maximum(heard - speaking, 0)[scored].sum()) * FRAME_MS,
        confused_ms=int(both - agreed) * FRAME_MS,
        speech_ms=int(speaking[scored].sum()) * FRAME_MS,
    )


def best_match(there: Sequence[Stretch], found: Sequence[Stretch]) -> dict[Hashable, Hashable]:
    """Who each voice that was found is, so that most time agrees."""
    frames = max(end_ms for _, end_ms, _ in (*there, *found)) // FRAME_MS + 1
    reference, hypothesis = _grid(there, frames), _grid(found, frames)
    return {
        voice: max(reference, key=lambda who: int((reference[who] & frames_of).sum()))
        for voice, frames_of in hypothesis.items()
    }


def _grid(stretches: Iterable[Stretch], frames: int) -> dict[Hashable, Grid]:
    grid: dict[Hashable, Grid] = {}
    for start_ms, end_ms, who in stretches:
        grid.setdefault(who, np.zeros(frames, dtype=bool))[start_ms // FRAME_MS : end_ms // FRAME_MS] = True
    return grid


def _agreed(reference: Mapping[Hashable, Grid], hypothesis: Mapping[Hashable, Grid], scored: Grid) -> int:
    """Frames that agree under the best one-to-one match of voices."""
    common = [[int((here & there & scored).sum()) for there in hypothesis.values()] for here in reference.values()]

    @cache
    def best(row: int, taken: int) -> int:
        if row == len(common):
            return 0
        free = [column for column in range(len(hypothesis)) if not taken >> column & 1]
        return max(
            [best(row + 1, taken)] + [common[row][column] + best(row + 1, taken | 1 << column) for column in free]
        )

    return best(0, 0)
