"""What looks like a figure and states none: names, addresses, telephone numbers, times of day, figures of speech.

Each rule puts spaces where it matches, so that what is left keeps its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from pipeline.claims.words import either

_LABELS = (
    "appendix act apollo area article articles block bombardment box building bus carbon case category chapter channel "
    "class clause convoy decree district episode exhibit figure flat floor flight form gate grade group highway "
    "interview item level line lot law model motorway no note number nr op opus page pages paragraph part phase "
    "platform plate plot point post process protocol question radio resolution room route rule season section series "
    "size stage step studio table terminal title track tram type unit verse version vol volume ward windows wing zone"
)
_COUNTED = (
    "parts? voices? questions? chapters? segments? guests? hosts? hands? things? reasons? ways? points? "
    "interviews? conversations? episodes? words stories minds thoughts"
)
_TELLING = "talk talks speak speaks tell tells discuss describe remember recall explain read sit meet argue"
_SMALL = "two|three|four|five|six|seven|eight|nine|ten"


_ANY_LANGUAGE = re.compile(
    r"""
      https?://[^\s<>]+ | www\.[^\s<>]+
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | \b(?:ISBN|ISSN|DOI)\b:?\s*[\dXx./-]*[\dXx]
    | \+\d[\d\s()/-]{6,}\d                                # telephone, with the country's code
    | (?<![\d.,])0\d{2,4}(?:[ -]\d{2,4}){1,4}(?![\d%])        # telephone, with the area's
    | \b[01]?\d:[0-5]\d(?:\s*[ap]\.?m\b\.?)? | \b2[0-3]:[0-5]\d   # time of day
    | \b24/7\b | \b9/11\b | \b50[/-]50\b
    | ^\s*\#?\d{1,3}[.)](?=\s)                            # number in a list
    | \b(?!(?:mid|pre|post|late|early|since|about|over|under|circa|inter|US|USD|EUR|GBP)-?\d)
      (?=[A-Za-z]+-?\d)[A-Za-z][A-Za-z-]*\d[\w-]*         # COVID-19, SHA-256, MP3, G20, B12
    """,
    re.VERBOSE,
)
_ENGLISH = re.compile(
    rf"""
      \b(?:call|dial|ring|phone|text|telephone|tel|hotline|helpline|freephone|lifeline)\b[^.?!\d]{{0,20}}
        \d[\d\s-]*\d
    | \b\d{{1,2}}\s?[ap]\.?m\b\.?
    | \b{either(_LABELS)}s?\s(?:no\.?\s)?\d+(?:[./-]\d+)*[a-z]?(?![\d,.]*\d|\s?(?:%|per))
    | \b(?:{_SMALL}|\d)\s(?:[a-z]+\s)?{either(_COUNTED)}\b
    | \b(?:{_SMALL})\s[a-z-]+\s{either(_TELLING)}\b
    | \b(?:two|three|four|one|second|third|first)-(?:way|dimensional|part|hand|hander|sided|faced|person|letter)\b
    | \b(?:a|an)\s(?:hundred|thousand|million|zillion)\s(?:times|thanks|things|reasons|ways|miles)\b
    | \bthanks\sa\s(?:million|thousand)\b | \bone\sin\sa\smillion\b | \bhalf\s(?:an\shour|past|way|time|the\sstory)\b
    | \bnine\sto\sfive\b | \b(?:twenty-four|24)\shours\sa\sday\b | \bseven\sdays\sa\sweek\b
    | \b(?:takes?|in|within|for|about)\s(?:just\s)?(?:{_SMALL}|\d{{1,2}})\sminutes?\b(?=[.!]?\s*$)
    """,
    re.VERBOSE,
)
# “Vitamin 12”, “Studio 54”: a name in the middle of a sentence, with its number, and nothing that is counted.
_NAMED = re.compile(
    r"(?<=[a-z,;] )(?!(?:January|February|March|April|May|June|July|August|September|October|November|December|Mon|Tues"
    r"|Wednes|Thurs|Fri|Satur|Sun)(?:day)?\b)[A-Z][A-Za-z]+ \d{1,3}(?:\.\d+)?"
    r"(?=[.,;:!?)’”\"]|$| (?:is|was|has|and|or|in|on|at|to|for|gets|with|that|who|which)\b)"
)
# “Python 3.12” at the beginning of a sentence, where every word has a capital: only with the point of a version.
_VERSION = re.compile(
    r"^\W*(?!(?:In|By|Over|About|Some|Nearly|At|Only|From|Since|With|Between|Of|To|Around|After|Up|Almost|Another|More|"
    r"Fewer|Less|Just|All|Every|Its|Their|Under|Above|Below|On|For|And|But|Until|Then|Now|Still|\w+ly) )"
    r"[A-Z][A-Za-z]+ \d{1,2}\.\d{1,3}(?= (?:is|was|has|and|or|in|on|at|for|comes|came|with)\b)"
)
# A number word that begins with a capital inside a sentence is part of a name: Ten Downing Street, Seven Sisters.
_NAMES_OF_WORDS = re.compile(
    r"(?<=[a-z,;] )(?:One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|Eleven|Twelve|Hundred|Thousand)(?: [A-Z]\w+)+"
)
_HAS_DIGIT_OR_ADDRESS = re.compile(r"[\d@]|www")
_MIGHT_BE_MASKED = re.compile(
    r"\d|@|www|\b(?:two|three|four|five|six|seven|eight|nine|ten|one|first|second|third|half|hundred|thousand|million)\b",
    re.IGNORECASE,
)


def masked(text: str, *, english: bool, terms: Collection[str]) -> str:
    """The text without what states nothing, at its old length. `terms` are names of the show's own glossary."""
    if not _MIGHT_BE_MASKED.search(text):
        return text
    if _HAS_DIGIT_OR_ADDRESS.search(text):
        text = _ANY_LANGUAGE.sub(_spaces, text)
    if english:
        for match in _ENGLISH.finditer(lower(text)):  # for text in lower case: to ignore case costs twice the time
            text = text[: match.start()] + _spaces(match) + text[match.end() :]
        for rule in (_NAMED, _VERSION, _NAMES_OF_WORDS):
            text = rule.sub(_spaces, text)
    own = _terms_rule(frozenset(terms))
    return own.sub(_spaces, text) if own else text


def lower(text: str) -> str:
    """The text in lower case, with every character at its place: İ becomes two, and then nothing is lowered."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match.group())


@lru_cache(maxsize=64)
def _terms_rule(terms: frozenset[str]) -> re.Pattern[str] | None:
    # A name may shield its own figure (“Studio Seven”); “381 victims” is no name, whoever lists it as a term.
    names = sorted((term for term in terms if term[:1].isalpha()), key=lambda term: (-len(term), term))
    return re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b", re.IGNORECASE) if names else None
