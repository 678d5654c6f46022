"""Sentences with what they state and on what they rest: the unit of the figure rule."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipeline.claims.detect import Finding, Kind, findings
from pipeline.claims.marks import Mark, Support, marks_in_text
from pipeline.claims.sentences import split_sentences

BEGINNING_MIN_WORDS = 4
_NO_LETTER = re.compile(r"[^\w%€£$¥₱₹]+")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that states something checkable.

    `start` is its first character in the block; `text` its words with its marks; `supports` what it rests on: a
    citation, a time, both, or nothing.
    """

    start: int
    text: str
    findings: tuple[Finding, ...]
    supports: frozenset[Support] = frozenset()

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What it states, each kind once, in the order in which kinds are looked for."""
        return tuple(dict.fromkeys(one.kind for one in self.findings))


def statements(
    text: str, marks: Sequence[Mark] | None = None, *, language: str = "en", terms: Collection[str] = ()
) -> tuple[Statement, ...]:
    """The statements of one block of text, sourced or not.

    `marks` are the citations and times where a parser has found them; None looks for them in plain text. `terms` are
    names that state nothing, though they hold a figure (COVID-19 needs no term; “Studio Seven” does).
    """
    found = marks_in_text(text) if marks is None else tuple(marks)
    result: list[Statement] = []
    for span in split_sentences(text, found):
        inside = tuple(
            Mark(mark.start - span.start, mark.end - span.start, mark.support)
            for mark in found
            if span.start <= mark.start < span.end
        )
        sentence = text[span.start : span.end]
        reasons = findings(sentence, inside, language=language, terms=terms)
        if reasons:
            left = len(sentence) - len(sentence.lstrip())
            supports = frozenset(mark.support for mark in inside)
            result.append(Statement(span.start + left, sentence.strip(), reasons, supports))
    return tuple(result)


def matches_beginning(beginning: str, sentence: str) -> bool:
    """Whether somebody who wrote `beginning` meant this sentence.

    Case, quotes, punctuation, white space and marks do not count. It is the whole sentence, or its first words, of
    which there must be `BEGINNING_MIN_WORDS` at least.
    """
    wanted, words = _words(beginning), _words(sentence)
    if not wanted or words[: len(wanted)] != wanted:
        return False
    return len(wanted) == len(words) or len(wanted) >= BEGINNING_MIN_WORDS


def _words(text: str) -> list[str]:
    for mark in reversed(marks_in_text(text)):
        text = f"{text[: mark.start]} {text[mark.end :]}"
    return _NO_LETTER.sub(" ", unicodedata.normalize("NFKC", text).casefold()).split()
