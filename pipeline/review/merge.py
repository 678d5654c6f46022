"""Two people's changes to one text, brought together paragraph by paragraph.

A three-way merge (as in diff3): both texts are compared with the one they came from, and a stretch that only one
side changed is taken from that side. A stretch that both changed, differently, is a clash: no rule can say who is
right. Nothing here looks inside a paragraph, so a merge never mixes two people's words in one sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.transcript import Paragraph


@dataclass(frozen=True, slots=True)
class Clash:
    """A stretch that both changed: `first` and `count` are its place in `Merge.paragraphs`, where mine stands."""

    first: int
    count: int
    theirs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """Both sides' changes; in each clash mine stands, and `Clash.theirs` has the other."""

    paragraphs: tuple[Paragraph, ...]
    clashes: tuple[Clash, ...]


@dataclass(frozen=True, slots=True)
class _Hunk:
    """`base[start:stop]` became `now`; an insertion has start == stop."""

    start: int
    stop: int
    now: tuple[Paragraph, ...]


def merge(base: Sequence[Paragraph], mine: Sequence[Paragraph], theirs: Sequence[Paragraph]) -> Merge:
    """Bring together what `mine` and `theirs` changed in `base`. Every change of either side is in the result."""
    left, right = _hunks(base, mine), _hunks(base, theirs)
    merged: list[Paragraph] = []
    clashes: list[Clash] = []
    position = 0
    while left or right:
        ours, others = _next_group(left, right)
        start = min(hunk.start for hunk in (*ours, *others))
        stop = max(hunk.stop for hunk in (*ours, *others))
        merged.extend(base[position:start])
        my_text = _applied(base, start, stop, ours)
        their_text = _applied(base, start, stop, others)
        if ours and others and my_text != their_text:
            clashes.append(Clash(len(merged), len(my_text), their_text))
        merged.extend(my_text if ours else their_text)
        position = stop
    merged.extend(base[position:])
    return Merge(tuple(merged), tuple(clashes))


def _hunks(base: Sequence[Paragraph], now: Sequence[Paragraph]) -> list[_Hunk]:
    hunks: list[_Hunk] = []
    matcher = SequenceMatcher(None, base, now, autojunk=False)
    for operation, start, stop, first, last in matcher.get_opcodes():
        if operation == "equal":
            continue
        changed = tuple(now[first:last])
        # Neighbours that were corrected each in its place are changes of their own; their times show it.
        if stop - start == len(changed) and all(
            before.start_ms == after.start_ms is not None
            for before, after in zip(base[start:stop], changed, strict=True)
        ):
            hunks += [_Hunk(start + step, start + step + 1, (one,)) for step, one in enumerate(changed)]
        else:
            hunks.append(_Hunk(start, stop, changed))
    return hunks


def _next_group(left: list[_Hunk], right: list[_Hunk]) -> tuple[list[_Hunk], list[_Hunk]]:
    """Take the first hunk, and all that touch what it covers, off both lists."""
    ours: list[_Hunk] = []
    others: list[_Hunk] = []
    first = min((*left[:1], *right[:1]), key=lambda hunk: (hunk.start, hunk.stop))
    start, stop = first.start, first.stop
    grown = True
    while grown:
        grown = False
        for waiting, taken in ((left, ours), (right, others)):
            while waiting and _touch(waiting[0], start, stop, first):
                hunk = waiting.pop(0)
                taken.append(hunk)
                stop = max(stop, hunk.stop)
                grown = True
    return ours, others


def _touch(hunk: _Hunk, start: int, stop: int, first: _Hunk) -> bool:
    if hunk is first:
        return True
    # Two insertions at one place touch; an insertion beside a changed paragraph does not.
    return hunk.start < stop or (hunk.start == hunk.stop == start == stop)


def _applied(base: Sequence[Paragraph], start: int, stop: int, hunks: Sequence[_Hunk]) -> tuple[Paragraph, ...]:
    text: list[Paragraph] = []
    position = start
    for hunk in hunks:
        text.extend(base[position : hunk.start])
        text.extend(hunk.now)
        position = hunk.stop
    text.extend(base[position:stop])
    return tuple(text)
