"""Cuts timed paragraphs into caption cues: what is read at one glance, for as long as it takes to read.

One set of cues serves every format, so all of them say the same words at the same times. A cue's text fits the
tightest of them (SRT: two lines of 32 characters, with the speaker's name where the speaker changes), and so
the widest (WebVTT: one line of 65).

Where to cut is chosen by dynamic programming over each paragraph: the cheapest way through all possible cuts,
where ends of sentences and pauses are cheap, and too fast, too short or clumsy cues are dear. Limits after
Netflix's timed-text style guide (0.833 to 7 s, 20 characters a second) and the podcast namespace (line lengths).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from pipeline.align import TimedParagraph

LINE_MAX_CHARACTERS = 32
LINES_MAX = 2
CUE_MIN_MS = 833
CUE_MAX_MS = 7000
READING_SPEED_CHARACTERS_PER_S = 20

_CITATION = re.compile(r"\s*\[@[^\]]*\]")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")
_CLAUSE_END = re.compile(r"[,;:–—،、，；][\"'”’»)\]]*$")
# Words that lean on the next one; a line that ends on them reads badly. English; elsewhere they do not occur.
_LEANING = frozenset(
    (
        "a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "did", "do", "does", "for", "from", "had", "has",
        "have", "he", "if", "in", "into", "is", "it", "its", "it’s", "my", "not", "of", "on", "or", "our", "she", "so",
        "than", "that", "the", "their", "they", "this", "to", "was", "we", "were", "which", "who", "will", "with",
        "would", "your",
    )
)  # fmt: skip
_PAUSE_MS = 500
_TURN_PAUSE_MS = 900  # as the first draft has it


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption. `words` carry the space that stands before them, where their script writes one.

    `turn` is true where somebody else begins to speak, `opens` where a paragraph begins, or goes on after somebody else
    has said something. Times in ms; `end_ms` > `start_ms` always.
    """

    speaker: str
    words: tuple[str, ...]
    start_ms: int
    end_ms: int
    turn: bool
    opens: bool = False

    @property
    def text(self) -> str:
        """The words as one line."""
        return "".join(self.words).strip()


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    spaced: bool
    start_ms: int
    end_ms: int

    @property
    def written(self) -> str:
        return f" {self.text}" if self.spaced else self.text


def cues(paragraphs: Sequence[TimedParagraph]) -> tuple[Cue, ...]:
    """Cut `paragraphs` into cues that do not overlap, each CUE_MIN_MS to CUE_MAX_MS long.

    Words keep their order and are all there; citations are left out, [asides] stay. A word longer than a line
    stands in it whole: cutting it would change what is said. Where speech is too fast for the shortest cue, the
    following cues begin late rather than overlap, and catch up as soon as they can.
    """
    planned: list[Cue] = []
    speaker: str | None = None
    for run in _in_order(paragraphs):
        words = run.words
        turn = run.speaker != speaker
        speaker = run.speaker
        for first, stop in _cuts(words, name_words(speaker) if turn else ()):
            part = words[first:stop]
            planned.append(
                Cue(
                    speaker,
                    tuple(word.written for word in part),
                    part[0].start_ms,
                    max(word.end_ms for word in part),
                    turn and first == 0,
                    first == 0,
                )
            )
    return tuple(_timed(planned))


def name_words(speaker: str) -> tuple[str, ...]:
    """What stands before the words of a new speaker in formats without a place for the name: `Ada Host: `."""
    return tuple(f" {word}" for word in f"{' '.join(speaker.split())}:".split())


def lines(words: Sequence[str]) -> tuple[str, ...]:
    """Lay words out in as few lines as hold them (two, unless a word is too long), evenly and at good places."""
    filled = _fill(words)
    if len(filled) != LINES_MAX:
        return tuple("".join(words[first:stop]).strip() for first, stop in filled)

    whole, ends = "".join(words), list(accumulate(map(len, words)))

    def cost(cut: int) -> tuple[int, float]:
        upper, lower = whole[: ends[cut - 1]].strip(), whole[ends[cut - 1] :].strip()
        uneven = abs(len(upper) - len(lower)) / LINE_MAX_CHARACTERS
        return max(LINE_MAX_CHARACTERS, len(upper), len(lower)), uneven + _clumsiness(upper)

    cut = min(range(1, len(words)), key=cost)
    return whole[: ends[cut - 1]].strip(), whole[ends[cut - 1] :].strip()


class _Run(NamedTuple):
    """Words that are shown one after the other: a paragraph, or what of it is said until somebody else begins."""

    speaker: str
    words: tuple[_Word, ...]


def _in_order(paragraphs: Sequence[TimedParagraph]) -> list[_Run]:
    """What is said, in the order of time: paragraphs are cut where another begins, or goes on, before they end.

    Captions of a sentence and of the “yes” in its middle are read as they are heard; the page has the sentence whole.
    """
    runs = [_Run(one.speaker, words) for one in paragraphs if (words := tuple(_words(one)))]
    if all(before.words[-1].start_ms <= after.words[0].start_ms for before, after in pairwise(runs)):
        return runs  # nearly always
    spoken = sorted(word.start_ms for run in runs for word in run.words)
    turns = [part for run in runs for part in _parts(run, _after_pauses(run.words, spoken))]
    begins = sorted({turn.words[0].start_ms for turn in turns})
    cut: list[_Run] = []
    for turn in turns:
        starts = [word.start_ms for word in turn.words]
        inside = begins[bisect_right(begins, starts[0]) : bisect_right(begins, starts[-1])]
        cut += _parts(turn, (bisect_left(starts, begin) for begin in inside))
    return sorted(cut, key=lambda run: run.words[0].start_ms)


def _after_pauses(words: Sequence[_Word], spoken: Sequence[int]) -> Iterator[int]:
    """The places of words before which this voice pauses and another speaks; `spoken` is when all words begin."""
    for place, (before, after) in enumerate(pairwise(words), start=1):
        if after.start_ms - before.end_ms >= _TURN_PAUSE_MS and (
            bisect_left(spoken, before.end_ms) < bisect_left(spoken, after.start_ms)
        ):
            yield place


def _parts(run: _Run, places: Iterable[int]) -> Iterator[_Run]:
    for first, stop in pairwise([0, *dict.fromkeys(places), len(run.words)]):
        yield _Run(run.speaker, run.words[first:stop])


def _words(paragraph: TimedParagraph) -> Iterator[_Word]:
    end_char = 0
    for word in paragraph.words:
        gap = paragraph.text[end_char : word.start_char]
        for number, text in enumerate(_CITATION.sub("", word.text).split()):
            # The first word is spaced too: a name may come to stand before it.
            spaced = end_char == 0 or number > 0 or any(map(str.isspace, gap))
            yield _Word(text, spaced, word.start_ms, word.end_ms)
        end_char = word.end_char


def _fill(words: Sequence[str]) -> list[tuple[int, int]]:
    """First and stop of each line."""
    line = _Line()
    starts = [index for index, word in enumerate(words) if line.take(word)]
    return list(pairwise([0, *starts, len(words)]))


def _cuts(words: Sequence[_Word], name: Sequence[str]) -> list[tuple[int, int]]:
    """The cheapest way to cut one paragraph; `name` takes room in its first cue."""
    measures = _Measures.of(words)
    hurry, breaks, clumsy = measures.hurry, measures.breaks, measures.clumsy
    sizes = [(len(word.written), len(word.text)) for word in words]  # behind another word, and first on its line
    starts_ms, ends_ms = [word.start_ms for word in words], [word.end_ms for word in words]
    cheapest: list[float] = [0.0] + [float("inf")] * len(words)
    came_from = [0] * (len(words) + 1)
    for first in range(len(words)):
        line = _Line()
        for word in name if first == 0 else ():
            line.take(word)
        # What `_Line.take` does, without the calls: this is the innermost loop of the whole site.
        number, length = line.number, line.length
        for stop in range(first + 1, len(words) + 1):
            behind, alone = sizes[stop - 1]
            if length and length + behind > LINE_MAX_CHARACTERS:
                number, length = number + 1, alone
            else:
                length += behind if length else alone
            if stop > first + 1 and (number > LINES_MAX or ends_ms[stop - 1] - starts_ms[first] > CUE_MAX_MS):
                break
            # It costs 1, and what is known of its words; only where that may do is it asked how fast it has to be read.
            whole = cheapest[first] + 1.0 + breaks[stop - 1] - breaks[first] + clumsy[stop - 1]
            if whole >= cheapest[stop]:
                continue
            whole += hurry(first, stop)
            if whole < cheapest[stop]:
                cheapest[stop], came_from[stop] = whole, first
    cuts: list[tuple[int, int]] = []
    stop = len(words)
    while stop:
        cuts.append((came_from[stop], stop))
        stop = came_from[stop]
    return cuts[::-1]


@dataclass
class _Line:
    """The line being filled, when every line takes what fits: that way there are as few as possible."""

    number: int = 1
    length: int = 0

    def take(self, word: str) -> bool:
        """Add a word; true where it begins a new line."""
        size = len(word) if self.length else len(word.lstrip())
        begins = self.length > 0 and self.length + size > LINE_MAX_CHARACTERS
        if begins:
            self.number, self.length = self.number + 1, len(word.lstrip())
        else:
            self.length += size
        return begins


@dataclass(frozen=True, slots=True)
class _Measures:
    """What costs are reckoned from, summed up to each word, so that one cue's cost takes one subtraction each."""

    words: Sequence[_Word]
    characters: Sequence[int]
    breaks: Sequence[float]  # the ends of sentences and the pauses that a cue runs over
    clumsy: Sequence[float]  # how badly a cue ends with each word

    @classmethod
    def of(cls, words: Sequence[_Word]) -> _Measures:
        gaps_ms = [max(0, after.start_ms - word.end_ms - _PAUSE_MS) for word, after in pairwise(words)]
        return cls(
            words,
            [0, *accumulate(len(word.written) for word in words)],
            [
                0.0,
                *accumulate(
                    0.4 * _ends_sentence(word.text) + min(1.0, gap_ms / 1000)
                    for word, gap_ms in zip(words, gaps_ms, strict=False)
                ),
            ],
            [
                *(
                    _clumsiness(word.text) if after.start_ms - word.end_ms < _PAUSE_MS else 0.0
                    for word, after in pairwise(words)
                ),
                0.0,
            ],
        )

    def hurry(self, first: int, stop: int) -> float:
        """How far the words from `first` to before `stop` are shown too shortly, or stand alone; 0 or more."""
        last = self.words[stop - 1]
        following = self.words[stop] if stop < len(self.words) else None
        shown_ms = max(1, (following.start_ms if following else last.end_ms) - self.words[first].start_ms)
        speed = (self.characters[stop] - self.characters[first]) * 1000 / shown_ms
        cost = 0.5 * (stop - first == 1)
        if shown_ms < CUE_MIN_MS:
            cost += 2.0 * (CUE_MIN_MS - shown_ms) / CUE_MIN_MS
        if speed > READING_SPEED_CHARACTERS_PER_S:
            cost += min(2.0, speed / READING_SPEED_CHARACTERS_PER_S - 1)
        return cost


def _clumsiness(text: str) -> float:
    """0 to 1.5: how badly a line or cue ends with this text."""
    return _clumsiness_of_word(text.rsplit(maxsplit=1)[-1] if text else "")


@lru_cache(maxsize=65_536)  # most words have been said before
def _clumsiness_of_word(word: str) -> float:
    if _ends_sentence(word):
        return 0.0
    if _CLAUSE_END.search(word):
        return 0.3
    return 1.5 if word.casefold().replace("'", "’") in _LEANING else 0.8


@lru_cache(maxsize=65_536)
def _ends_sentence(word: str) -> bool:
    return _SENTENCE_END.search(word) is not None


def _timed(planned: Sequence[Cue]) -> Iterator[Cue]:
    last_end_ms = 0
    for number, cue in enumerate(planned):
        start_ms = max(cue.start_ms, last_end_ms)
        following_ms = planned[number + 1].start_ms if number + 1 < len(planned) else None
        readable_ms = start_ms + len(cue.text) * 1000 // READING_SPEED_CHARACTERS_PER_S
        end_ms = max(cue.end_ms, readable_ms)
        if following_ms is not None:
            # Where two talk at once the next one waits for the last word.
            end_ms = min(end_ms, max(following_ms, cue.end_ms))
        end_ms = min(max(end_ms, start_ms + CUE_MIN_MS), start_ms + CUE_MAX_MS)
        last_end_ms = end_ms
        yield Cue(cue.speaker, cue.words, start_ms, end_ms, cue.turn, cue.opens)
