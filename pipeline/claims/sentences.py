"""Where sentences end: by punctuation in several scripts, without falling for 4.5, U.N., Dr. or an initial.

Whisper and people punctuate, so rules suffice where a model would be needed for bare words. A quotation stays in one
piece with the words around it: who cites a source for “It rained. Nobody came.” cites it once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from pipeline.claims.marks import Mark

_QUOTATION_MAX_CHARACTERS = 800
_CLOSING = r"(?:[”“\"’'»›)\]」』*_]|[ \u00a0\u202f]»)*"
_END = re.compile(
    rf"(?P<stop>[.!?…؟।۔]+){_CLOSING}(?=\s|$)"  # most scripts leave a space after it
    rf"|(?P<wide>[。！？｡]+){_CLOSING}"  # Chinese and Japanese do not
    r"|(?P<break>:[ \t]*\n|\n[ \t]*\n)"  # a line that leads in; a blank line
)
_QUOTED = re.compile(r"“[^“”]*”|«[^«»]*»|„[^„“”]*[“”]|「[^「」]*」|『[^『』]*』|\"[^\"]*\"")
_WORD_BEFORE = re.compile(r"[^\s(\[“\"«„‘]*$")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?")  # U.N, e.g, z.B
_NEXT = re.compile(r"\s*[\[(“\"«„‘'*_]*(\w?)(\w*)")

# Before a full stop, these seldom end a sentence. Months and numbers only where a figure follows.
_ABBREVIATIONS = (
    "adm approx art ca capt cf col cpl dept dr ed eds est fig fr gen gov hon hr jr lt ltd messrs mlle mme mr mrs ms mt "
    "mx nr op p pp ph pres prof rep rev sen sgt sr st ste supt vs viz vol "
    "bzw ggf inkl sog str usw zzt sra srta lic dott sig г ул им т"
)
_BEFORE_FIGURES = "no nos nr jan feb mar apr jun jul aug sep sept oct nov dec art arts sec ch par fig p pp vol"
_MONTHS_AFTER_ORDINAL = re.compile(
    r"\s*(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember|Jänner|Jahrhundert)\b"
)
# Words that begin a sentence far more often than they follow "U.N." or an initial inside one.
_BEGINNERS = (
    "A After All An And As At But By For From He Her His How However I If In It Its My No Not Now On Our She So Some "
    "That The Their Then There These They This Those Two We What When Where While Who Why With You"
)
_SHORTENED = frozenset(_ABBREVIATIONS.split())
_SHORTENED_BEFORE_FIGURES = frozenset(_BEFORE_FIGURES.split())
_BEGINNING = frozenset(_BEGINNERS.split())


class Span(NamedTuple):
    """A sentence and the white space after it, from `start` up to, not including, `end`."""

    start: int
    end: int


def split_sentences(text: str, marks: Sequence[Mark] = ()) -> tuple[Span, ...]:
    """The sentences of one block of text, without a gap: joined, they are the text again.

    A mark that directly follows the full stop of a sentence belongs to that sentence.
    """
    quoted = [match.span() for match in _QUOTED.finditer(text) if len(match.group()) <= _QUOTATION_MAX_CHARACTERS]
    at_start = {mark.start: mark.end for mark in marks}
    spans: list[Span] = []
    start = quote = 0
    for match in _END.finditer(text):
        if match.start() < start:
            continue  # already taken in with the mark after a full stop
        while quote < len(quoted) and quoted[quote][1] <= match.start():
            quote += 1
        is_quoted = quote < len(quoted) and quoted[quote][0] < match.start() < quoted[quote][1]
        # Inside a quotation, unless the quotation ends here and with it the sentence.
        if is_quoted and (match.end() < quoted[quote][1] or match["break"] or match["wide"]):
            continue
        if any(mark.start < match.start() < mark.end for mark in marks):
            continue
        if not _ends_here(text, match):
            continue
        end = _after_marks(text, match.end(), at_start)
        if text[start:end].strip():
            spans.append(Span(start, end))
            start = end
    if start < len(text):
        if spans and not text[start:].strip():
            spans[-1] = Span(spans[-1].start, len(text))
        else:
            spans.append(Span(start, len(text)))
    return tuple(spans)


def _after_marks(text: str, end: int, marks: dict[int, int]) -> int:
    """Past the white space and the marks that follow a full stop."""
    while True:
        while end < len(text) and text[end].isspace():
            end += 1
        if end not in marks:
            return end
        end = marks[end]
        while end < len(text) and text[end] in ".,;":
            end += 1


def _ends_here(text: str, match: re.Match[str]) -> bool:
    if match["break"] or match["wide"]:
        return True
    following = _NEXT.match(text, match.end())
    first, rest = (following[1], following[2]) if following else ("", "")
    if first.islower():
        return False  # “Who?” she asked; approx. forty
    if match["stop"] != ".":
        return True
    before = _WORD_BEFORE.search(text, max(0, match.start() - 40), match.start())
    word = before.group() if before else ""
    if word.isdecimal():
        is_list_number = not text[: match.start() - len(word)].strip() and len(word) <= 3
        is_ordinal = len(word) <= 2 and _MONTHS_AFTER_ORDINAL.match(text, match.end()) is not None
        return not (is_list_number or is_ordinal)
    if word.casefold() in _SHORTENED_BEFORE_FIGURES and first.isdecimal():
        return False
    if word.casefold() in _SHORTENED:
        return not first
    is_initial = len(word) == 1 and word.isupper() and word != "I"
    if is_initial or _DOTTED.fullmatch(word):
        return not first or first + rest in _BEGINNING
    return True
