"""What a sentence states that somebody could check: figures, dates, quotations, attributions, superlatives.

Figures in digits of any script, per cent signs, years, written dates and quotation marks are found in every language.
Number words, attributions and superlatives are found in English only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.claims import words
from pipeline.claims.marks import Mark, without_marks
from pipeline.claims.masks import lower, masked

_Place = tuple[int, int]
Kind = Literal["date", "figure", "quotation", "attribution", "superlative"]

QUOTATION_MIN_WORDS = 3
_QUOTATION_MIN_CHARACTERS = 6  # in scripts that put no space between words
_LARGE = 100  # what a person says of their own life is seldom counted in hundreds

_MONTH = rf"(?:{words.MONTHS}|(?i:{words.OTHER_MONTHS}))"
_WRITTEN_DATE = re.compile(
    rf"""
      \b\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s(?:of\s|de\s)?{_MONTH}\b\.?(?:,?\s(?:de\s|of\s)?\d{{4}}\b)?
    | \b(?:{words.MONTHS})\.?\s\d{{1,2}}(?:st|nd|rd|th)?(?!\d)(?:,?\s\d{{4}}\b)?
    | \b{_MONTH}\.?,?\s(?:de\s|of\s)?\d{{4}}\b
    | \b\d{{4}}-\d{{2}}-\d{{2}}\b | \b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}\b
    | \b\d{{4}}年(?:\d{{1,2}}月)?(?:\d{{1,2}}日)?
    """,
    re.VERBOSE,
)
_YEAR = re.compile(
    r"""
      (?<![\d.,:/-])(?:1[0-9]|20)\d0s\b | ['’][0-9]0s\b
    | (?<![\d.,:/$€£¥₱₹])(?:1[0-9]|20)\d\d(?:\s?[–-]\s?(?:(?:1[0-9]|20)\d\d|\d\d))?
      (?![\d%:/°]|[.,]\d|-(?:year|km|mile))
      (?!\s?(?:%|°|km|kg|m|people|men|women|children|victims|cases|patients|households|pesos|dollars|euros|pounds|years|
        miles|books|signatures|families|jobs|homes|houses|deaths|graves|such|of|more|metres|kilometres)\b)
    | \b\d{1,4}\s?(?:BCE?|CE|AD)\b | \bAD\s\d{1,4}\b
    """,
    re.VERBOSE,
)
_DIGITS = re.compile(
    r"(?:(?:US|C|A|NZ|HK)?[$€£¥₱₹]\s?)?\d(?:\d|[.,\u00a0\u202f ](?=\d))*"
    r"(?:\s?(?:%|‰|°[CF]?)|\s?(?:million|billion|trillion|thousand|hundred|per\s?cent|percentage\spoints?|m|bn)\b)?"
    r"|[½⅓⅔¼¾⅕⅖⅗⅘⅙⅛⅜⅝⅞%‰]"
)
_STRONG = re.compile(r"%|‰|[½⅓⅔¼¾]|\bper\s?cent\b|\b(?:million|billion|trillion)s?\b|[$€£¥₱₹]", re.IGNORECASE)
_QUOTATION = re.compile(
    r"“([^“”]+)”|«([^«»]+)»|„([^„“”]+)[“”]|「([^「」]+)」|『([^『』]+)』|\"([^\"]+)\""
    r"|(?:(?<=\s)|(?<=^)|(?<=[(—–]))‘([^‘]+?)’(?![\w])"
)
_DIGIT = re.compile(r"\d")
_QUESTION = re.compile(r"[?？؟][”\"’'»)\]*_\s]*$")
_NAMES_A_WORK = re.compile(
    r"\b(?:book|novel|memoir|film|song|album|play|poem|documentary|series),\s$|\b(?:en)?titled\s$"
)
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a sentence states, and the words that gave it away."""

    kind: Kind
    words: str


def findings(
    sentence: str, marks: tuple[Mark, ...] = (), *, language: str = "en", terms: Collection[str] = ()
) -> tuple[Finding, ...]:
    """What one sentence states; empty for chat, testimony about one's own life, and most questions.

    `marks` are the citations and times in it, which state nothing. `language` is a tag such as `en-GB`.
    """
    english = language.partition("-")[0] == "en"
    plain = " ".join(without_marks(sentence, marks).split())
    text = masked(plain, english=english, terms=terms)
    quotations = [one for one in _QUOTATION.finditer(plain) if _is_quotation(one)]
    dates, rest = _taken(text, *_date_rules(text, english))
    figures, rest = _taken(rest, _DIGITS)
    attributions, superlatives = [], []
    if english:
        spoken, _ = _taken(lower(rest), words.FIGURE)
        figures = sorted(figures + spoken)
        attributions, superlatives = _attributions(plain), _superlatives(plain)
    if _is_let_off(plain, english, quoted=bool(quotations)):
        figures = [one for one in figures if _is_strong(plain[slice(*one)])]
        dates, attributions, superlatives = [], [], []
    if english and words.SUPPOSED.match(plain):
        figures, dates, attributions, superlatives = [], [], [], []
    kinds: tuple[tuple[Kind, list[_Place]], ...] = (
        ("date", dates),
        ("figure", figures),
        ("quotation", [one.span() for one in quotations]),
        ("attribution", attributions),
        ("superlative", superlatives),
    )
    return tuple(Finding(kind, plain[slice(*one)].strip(" ,.")) for kind, found in kinds for one in found)


def _is_let_off(plain: str, english: bool, *, quoted: bool) -> bool:
    """Whether only a strong figure counts: in questions, in memories of one's own, in talk about the episode."""
    if _QUESTION.search(plain) and not quoted:
        return True
    if not english:
        return False
    own = _QUOTATION.sub(" ", plain) if quoted else plain  # the “I” of a quotation is somebody else
    return bool(words.FIRST_PERSON.search(own) or words.ABOUT_THE_EPISODE.match(plain))


def _date_rules(text: str, english: bool) -> Iterator[re.Pattern[str]]:
    numeric = _DIGIT.search(text) is not None
    if numeric:
        yield _WRITTEN_DATE
    if english:
        yield words.DATE
    if numeric:
        yield _YEAR


def _taken(text: str, *rules: re.Pattern[str]) -> tuple[list[_Place], str]:
    """Where the rules find something, in the order of the text, and the text with spaces in its place."""
    found: list[_Place] = []
    for rule in rules:
        for match in rule.finditer(text):
            if match.group().strip():
                found.append(match.span())
                text = text[: match.start()] + " " * (match.end() - match.start()) + text[match.end() :]
    return sorted(found), text


def _is_strong(figure: str) -> bool:
    """Whether a figure is too large or too exact for a question or a memory of one's own."""
    if _STRONG.search(figure):
        return True
    digits = "".join(character for character in figure if character.isdecimal())
    return bool(digits) and int(digits) >= _LARGE


def _is_quotation(match: re.Match[str]) -> bool:
    """Whether quoted words are somebody's, not a name: “The Last Bus Home” is a title."""
    quoted = next(group for group in match.groups() if group).strip()
    if _SPACELESS.search(quoted):
        return len(quoted) >= _QUOTATION_MIN_CHARACTERS
    parts = quoted.split()
    if len(parts) < QUOTATION_MIN_WORDS:
        return False
    weighty = [part for part in parts if len(part) > 3 or part is parts[0]]
    if _NAMES_A_WORK.search(match.string, max(0, match.start() - 24), match.start()):
        return False
    is_title = all(part[0].isupper() or not part[0].isalpha() for part in weighty) and quoted[-1] not in ".,!?…"
    return not is_title


def _attributions(plain: str) -> list[_Place]:
    lowered = lower(plain)
    if not any(hint in lowered for hint in words.ATTRIBUTION_HINTS) or words.NOBODYS_WORDS.search(plain):
        return []
    return [match.span() for match in words.ATTRIBUTION.finditer(lowered)]


def _superlatives(plain: str) -> list[_Place]:
    found = [match.span() for match in words.SUPERLATIVE.finditer(lower(plain))]
    return [] if found and words.JUDGEMENT.search(plain) else found
