"""A text's words beside the machine's, and a stretch of them that is in doubt: what every kind of doubt is made of."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from pipeline.align import TimedParagraph, TimedWord, split_words
from pipeline.transcript import MachineTranscript, MachineWord

Kind = Literal[
    "dropped",
    "silence",
    "repetition",
    "fast",
    "language",
    "voice",
    "learned",
    "name",
    "probability",
    "number",
    "negation",
    "interpolated",
]


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text, its key, and the machine's word where it stands untouched, with its segment's number."""

    paragraph: int
    timed: TimedWord
    key: str
    machine: MachineWord | None
    segment: int


@dataclass(frozen=True, slots=True)
class Found:
    """Words `first` to `last` (both counted) are in doubt; of one kind those of less `weight` come first.

    `start_ms` is where to listen, when that is not where the first word begins.
    """

    kind: Kind
    first: int
    last: int
    why: str
    weight: float = 0.0
    suggestion: str | None = None
    start_ms: int | None = None


def words_of(paragraphs: Sequence[TimedParagraph], machine: MachineTranscript) -> list[Word]:
    """The words of the text, in its order."""
    heard = machine.words
    segments = [number for number, segment in enumerate(machine.segments) for _ in segment.words]
    starts = [word.start_ms for word in heard]
    words: list[Word] = []
    for number, paragraph in enumerate(paragraphs):
        for timed, key in zip(paragraph.words, _keys(paragraph.text), strict=True):
            place = _heard_at(timed, key, heard, starts) if timed.provenance == "kept" else None
            if place is None:
                words.append(Word(number, timed, key, None, -1))
            else:
                words.append(Word(number, timed, key, heard[place], segments[place]))
    return words


@lru_cache(maxsize=8192)
def _keys(text: str) -> tuple[str, ...]:
    return tuple(span.key for span in split_words(text))


def _heard_at(timed: TimedWord, key: str, heard: Sequence[MachineWord], starts: Sequence[int]) -> int | None:
    last = bisect_right(starts, timed.start_ms) - 1
    # Several words may begin together, or somebody else's between; the right one holds the key.
    for place in range(last, max(-1, last - 8), -1):
        if heard[place].end_ms >= timed.start_ms and key in heard[place].text.casefold():
            return place
    return last if last >= 0 else None


def runs(words: Sequence[Word], holds: Callable[[Word], bool]) -> Iterator[tuple[int, int]]:
    """First and last of each run of words, within a paragraph, for which `holds`."""
    first: int | None = None
    for place, word in enumerate(words):
        if first is not None and (word.paragraph != words[first].paragraph or not holds(word)):
            yield first, place - 1
            first = None
        if first is None and holds(word):
            first = place
    if first is not None:
        yield first, len(words) - 1


def stretch(words: Sequence[Word], places: Sequence[int], start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """The words that begin in a stretch of time, first and last of each paragraph; `places` are from `in_time`."""
    first = bisect_left(places, start_ms, key=lambda place: words[place].timed.start_ms)
    last = bisect_left(places, end_ms, key=lambda place: words[place].timed.start_ms)
    found: dict[int, tuple[int, int]] = {}
    for place in places[first:last]:
        paragraph = words[place].paragraph
        found[paragraph] = (found[paragraph][0] if paragraph in found else place, place)
    yield from found.values()


def untouched(words: Sequence[Word]) -> list[int]:
    """The places of the words that stand as the machine wrote them."""
    return [place for place, word in enumerate(words) if word.machine is not None]


def in_time(words: Sequence[Word]) -> list[int]:
    """The same in the order of time, which is not that of the text where people talk at once."""
    return sorted(untouched(words), key=lambda place: words[place].timed.start_ms)


def by_paragraph(words: Sequence[Word], first: int, last: int) -> Iterator[tuple[int, int]]:
    """The words from `first` to `last`, each paragraph's by themselves."""
    start = first
    for place in range(first + 1, last + 2):
        if place > last or words[place].paragraph != words[start].paragraph:
            yield start, place - 1
            start = place
