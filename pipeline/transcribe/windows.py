"""The windows that are decoded together: speech between pauses, each short enough that nothing of it is dropped.

Whisper is made for windows of 30 s. Decoded several at once, full ones lose runs of 20 to 50 words; shorter ones, cut
where somebody pauses, lose none, and cost less: a window is encoded at its own length, not filled up to 30 s.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.transcript import Stretch

WINDOW_MAX_MS = 20_000
# A longer pause is left out: over silence Whisper invents words.
_PAUSE_MAX_MS = 2_000
_MARGIN_MS = 200


def windows(speech: Sequence[Stretch], length_ms: int) -> tuple[Stretch, ...]:
    """The windows (ms) of a recording of `length_ms` in which somebody speaks at `speech`, in order.

    A window has up to WINDOW_MAX_MS and a margin on both sides, into the pauses around it; only who speaks longer
    than that without a pause has a longer one. No two overlap.
    """
    found = [part for run in _runs(speech) for part in _cut(run)]
    middles = [(one[-1][1] + two[0][0]) // 2 for one, two in pairwise(found)]
    return tuple(
        (max(after, one[0][0] - _MARGIN_MS), min(before, one[-1][1] + _MARGIN_MS))
        for one, after, before in zip(found, [0, *middles], [*middles, length_ms], strict=False)
    )


def _runs(speech: Sequence[Stretch]) -> Iterator[list[Stretch]]:
    run: list[Stretch] = []
    for one in speech:
        if run and one[0] - run[-1][1] > _PAUSE_MAX_MS:
            yield run
            run = []
        run.append(one)
    if run:
        yield run


def _cut(run: list[Stretch]) -> Iterator[list[Stretch]]:
    """A run cut at its longest pauses, each time somewhere in the middle half, until every part is short enough."""
    start, end = run[0][0], run[-1][1]
    if end - start <= WINDOW_MAX_MS or len(run) == 1:
        yield run
        return
    middle, reach = (start + end) / 2, (end - start) / 4

    def fitness(place: int) -> tuple[bool, float]:
        pause = run[place][0] - run[place - 1][1]
        off = abs((run[place][0] + run[place - 1][1]) / 2 - middle)
        return (True, pause) if off <= reach else (False, -off)

    place = max(range(1, len(run)), key=fitness)
    yield from _cut(run[:place])
    yield from _cut(run[place:])
