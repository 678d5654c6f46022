"""Changes as readers are told them: whole sentences that stood there beside the whole ones that stand there now."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from pipeline.publish.corrections import SENTENCE_END, Change, changes
from pipeline.publish.published import AUDIO, Words


def sentence_pairs(before: Mapping[str, str], now: Mapping[str, str], untold: Sequence[Change]) -> Iterator[Change]:
    """The untold changes between two texts, each widened to the sentences that hold it; what shares one is one.

    A side is empty only where no sentence at all stands against those of the other. A recording is left as it is.
    """
    for section, found in groupby(untold, key=lambda change: change.section):
        left = list(found)
        if section == AUDIO:
            yield from left
            continue
        every = changes({section: before.get(section, "")}, {section: now.get(section, "")})
        for pair in _widened(every):
            if any(_holds(pair, one) for one in left):
                yield pair


def _widened(every: Sequence[Change]) -> Iterator[Change]:
    one = every[0]
    starts = _sentence_starts(one.before), _sentence_starts(one.now)
    corners = [(0, 0), *((change.old[1], change.new[1]) for change in every)]
    nexts = [*((change.old[0], change.new[0]) for change in every), (len(one.before.words), len(one.now.words))]
    # The words between two changes are the same on both sides: there both texts can be cut where both begin a sentence.
    cuts = [_cuts(corner, until, starts) for corner, until in zip(corners, nexts, strict=True)]
    begin = cuts[0][-1]
    for place in range(len(every)):
        if after := cuts[place + 1]:
            yield replace(one, old=(begin[0], after[0][0]), new=(begin[1], after[0][1]))
            begin = after[-1]


def _cuts(
    corner: tuple[int, int], until: tuple[int, int], starts: tuple[frozenset[int], frozenset[int]]
) -> list[tuple[int, int]]:
    places = ((corner[0] + step, corner[1] + step) for step in range(until[0] - corner[0] + 1))
    return [(old, new) for old, new in places if old in starts[0] and new in starts[1]]


def _sentence_starts(words: Words) -> frozenset[int]:
    """The numbers of the words that begin a sentence, and the one after the last word."""
    ends = [match.end() for match in SENTENCE_END.finditer(words.text)]
    return frozenset({0, len(words.places)}) | {
        number
        for number in range(1, len(words.places))
        if bisect_right(ends, words.places[number][0]) > bisect_left(ends, words.places[number - 1][1])
    }


def _holds(pair: Change, change: Change) -> bool:
    return all(
        whole[0] <= part[0] and part[1] <= whole[1] for whole, part in ((pair.old, change.old), (pair.new, change.new))
    )
