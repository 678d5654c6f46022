"""Withholding: what is struck out of a text, and whether a protected name stands in one.

Two things that must never disagree are kept together here: how struck words leave the transcript, and how every
output is searched for them afterwards. A name is found whatever its case, accents, hyphens and spaces, with a genitive
or plural s, and in spellings that sound alike when written (`likeness`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from pipeline.align import TimedParagraph, TimedWord
from pipeline.likeness import fold, likeness
from pipeline.show.protected import ProtectedName
from pipeline.show.redactions import Redaction

# Nearer than doubts ask for: here a likeness stops the publication, and Mario is not Maria.
NEAR_SPELLING = 0.85
_NEAR_MIN_CHARACTERS = 6
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_TRAILING = re.compile(r"[^\w\]]*$")


@dataclass(frozen=True, slots=True)
class Protected:
    """A name that must not be published, as people write it; `allowed` are words that are like it and may stand."""

    name: str
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a text: as it is said, and what stands there `instead` where it is struck out."""

    text: str
    instead: str | None = None

    @property
    def read(self) -> str:
        """The piece as it is published."""
        return self.text if self.instead is None else self.instead


@dataclass(frozen=True, slots=True)
class Found:
    """A protected name in a text: from which character to which, and whose name it is."""

    start: int
    end: int
    name: str


def protected_by(names: Iterable[ProtectedName]) -> tuple[Protected, ...]:
    """Every spelling of the names in a show's list, each once; the pseudonym that stands for a name may stand."""
    return tuple(
        dict.fromkeys(
            Protected(written, (*one.allow, *filter(None, [one.pseudonym])))
            for one in names
            for written in (one.name, *one.also)
        )
    )


def protected_in(redactions: Sequence[Redaction]) -> tuple[Protected, ...]:
    """The names that an episode's redactions protect, each once."""
    return tuple(Protected(name) for name in dict.fromkeys(word for one in redactions for word in one.words))


def withheld(paragraphs: Sequence[TimedParagraph], redactions: Sequence[Redaction]) -> tuple[TimedParagraph, ...]:
    """The paragraphs without the words that are said while a redaction runs (both in ms of the same time).

    A word that a redaction touches at all is struck; each run of struck words becomes the redaction's text, with
    the punctuation that closed the run. Times of all other words stay. What only silences keeps its words.
    """
    both = [one for one in redactions if one.strike == "both"]
    return tuple(_withheld(paragraph, both) for paragraph in paragraphs) if both else tuple(paragraphs)


def in_pieces(paragraph: TimedParagraph, redactions: Sequence[Redaction]) -> tuple[Piece, ...]:
    """The text of a paragraph, its struck stretches apart: joined as they are read they are what `withheld` leaves."""
    copied, pieces = 0, list[Piece]()
    for first, last, redaction in _runs(paragraph, [one for one in redactions if one.strike == "both"]):
        if redaction is not None:
            pieces.append(Piece(paragraph.text[copied : first.start_char]))
            pieces.append(Piece(paragraph.text[first.start_char : last.end_char], _instead(redaction, last)))
            copied = last.end_char
    return (*pieces, Piece(paragraph.text[copied:]))


def find(text: str, protected: Sequence[Protected]) -> Iterator[Found]:
    """Every protected name in `text`, in the order of the text for each name."""
    words = [(match.span(), fold(match[0])) for match in _WORD.finditer(text)]
    folded = [word for _, word in words]
    for one in protected:
        name = _name(one.name)
        allowed = {fold(word) for word in one.allowed}
        if not name.joined:
            continue
        position = 0
        while position < len(words):
            length = name.length_at(folded, position, allowed)
            if length:
                yield Found(words[position][0][0], words[position + length - 1][0][1], one.name)
            position += max(1, length)


def is_said(text: str, protected: Sequence[Protected]) -> bool:
    """Whether any protected name stands in the text."""
    return next(find(text, protected), None) is not None


class _Name:
    def __init__(self, name: str) -> None:
        self.words = tuple(
            word for match in _WORD.finditer(unicodedata.normalize("NFKC", name)) if (word := fold(match[0]))
        )
        self.joined = "".join(self.words)

    def length_at(self, folded: Sequence[str], position: int, allowed: set[str]) -> int:
        """How many words from `position` on are this name; 0 where it does not begin here."""
        # Written together, apart, or with a hyphen: from one word to one more than it has itself.
        for length in range(1, min(len(self.words) + 1, len(folded) - position) + 1):
            candidate = "".join(folded[position : position + length])
            if candidate in allowed or not candidate:
                continue
            if candidate == self.joined or candidate.removesuffix("s") == self.joined:
                return length
            if length == len(self.words) and self._is_near(candidate):
                return length
        return 0

    def _is_near(self, candidate: str) -> bool:
        shorter, longer = sorted((len(candidate), len(self.joined)))
        return (
            shorter >= _NEAR_MIN_CHARACTERS
            and 2 * shorter >= NEAR_SPELLING * (shorter + longer)
            and likeness(candidate, self.joined) >= NEAR_SPELLING
        )


@lru_cache(maxsize=4096)
def _name(name: str) -> _Name:
    return _Name(name)


def _withheld(paragraph: TimedParagraph, redactions: Sequence[Redaction]) -> TimedParagraph:
    runs = list(_runs(paragraph, redactions))
    if not any(redaction for _, _, redaction in runs):
        return paragraph
    text: list[str] = []
    words: list[TimedWord] = []
    copied = 0
    for first, last, redaction in runs:
        text.append(paragraph.text[copied : first.start_char])
        start_char = sum(map(len, text))
        if redaction is None:
            said, start_ms, end_ms, provenance = first.text, first.start_ms, first.end_ms, first.provenance
        else:
            said = _instead(redaction, last)
            start_ms, end_ms, provenance = first.start_ms, last.end_ms, "interpolated"
        text.append(said)
        words.append(TimedWord(said, start_char, start_char + len(said), start_ms, end_ms, provenance))
        copied = last.end_char
    text.append(paragraph.text[copied:])
    return replace(paragraph, text="".join(text), words=tuple(words))


def _runs(
    paragraph: TimedParagraph, redactions: Sequence[Redaction]
) -> Iterator[tuple[TimedWord, TimedWord, Redaction | None]]:
    """Every word that stays, and every run of struck words with its redaction: the first word of it and the last."""
    struck = [_redaction_of(word, redactions) for word in paragraph.words]
    position = 0
    while position < len(paragraph.words):
        redaction = struck[position]
        end = position + 1
        if redaction is not None:
            while end < len(paragraph.words) and struck[end] is not None:
                end += 1
        yield paragraph.words[position], paragraph.words[end - 1], redaction
        position = end


def _instead(redaction: Redaction, last: TimedWord) -> str:
    closing = _TRAILING.search(last.text)
    return redaction.text + (closing[0] if closing else "")


def _redaction_of(word: TimedWord, redactions: Sequence[Redaction]) -> Redaction | None:
    # A word without length, in the place of one that nobody heard, counts as a point in time.
    end_ms = max(word.end_ms, word.start_ms + 1)
    return next((one for one in redactions if word.start_ms < one.end_ms and one.start_ms < end_ms), None)
