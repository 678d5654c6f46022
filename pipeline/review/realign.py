"""Word times after an edit: only the paragraphs around it are aligned again.

Aligning three hours takes half a second, which is too long between two keystrokes. An edit reaches as far as the
next words that the machine heard too, so a few paragraphs on either side suffice; whether they did is checked:
the paragraphs at the edge must come out as they were, and must hold such words. Otherwise everything is aligned.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from pipeline.align import TimedParagraph, align
from pipeline.transcript import MachineWord, Paragraph, Transcript

_MARGIN = 3


def realign(
    before: Sequence[Paragraph],
    timed: Sequence[TimedParagraph],
    after: Sequence[Paragraph],
    machine: Sequence[MachineWord],
) -> tuple[TimedParagraph, ...]:
    """The alignment of `after`, given that of `before`: the same as `align`, and sooner."""
    shorter = min(len(before), len(after))
    head = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    tail = next(
        (place for place in range(shorter - head) if before[-1 - place] != after[-1 - place]),
        shorter - head,
    )
    if head == len(before) == len(after):
        return tuple(timed)
    local = _around(head, tail, timed, after, machine)
    return local if local is not None else align(Transcript(tuple(after)), machine)


def _around(
    head: int,
    tail: int,
    timed: Sequence[TimedParagraph],
    after: Sequence[Paragraph],
    machine: Sequence[MachineWord],
) -> tuple[TimedParagraph, ...] | None:
    first, stop = head - _MARGIN, len(after) - tail + _MARGIN
    # At either end of the text the whole rest is aligned, up to the end.
    first, stop = (0 if first < 1 else first), (len(after) if stop > len(after) - 1 else stop)
    if stop - first > len(after) // 2:
        return None
    starts = [word.start_ms for word in machine]
    low, high = 0, len(machine)
    if first:
        start_ms = after[first].start_ms
        if start_ms is None:
            return None
        low = bisect_left(starts, start_ms)
    if stop < len(after):
        stop_ms = after[stop].start_ms
        if stop_ms is None:
            return None
        high = bisect_left(starts, stop_ms)
    piece = align(Transcript(tuple(after[first:stop])), machine[low:high])
    shift = len(timed) - len(after)
    # The outermost paragraph on each side lacks its neighbour, so the old one stays.
    inner = slice(1 if first else 0, len(piece) - (1 if stop < len(after) else 0))
    kept_first, kept_stop = first + (inner.start or 0), first + (inner.stop or 0)
    if first and not _holds(piece[inner][0], timed[kept_first]):
        return None
    if stop < len(after) and not _holds(piece[inner][-1], timed[kept_stop - 1 + shift]):
        return None
    return (*timed[:kept_first], *piece[inner], *timed[kept_stop + shift :])


def _holds(now: TimedParagraph, was: TimedParagraph) -> bool:
    return now == was and any(word.provenance == "kept" for word in now.words)
