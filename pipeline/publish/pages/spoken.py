"""When each word on the page is said, small enough for a page: numbers on the paragraph, no element for a word.

The page's script splits the text by the same rule as `_WORD` here (templates/static/transcript.js). Words are those
a reader sees: what stands between two spaces, and each character of scripts that write no spaces.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from pipeline.align import SPACELESS, TimedParagraph

CITATION = re.compile(r"\s*(\[@[^\]]*\])")

# JavaScript's idea of white space: Python's has four characters more and one fewer.
_SPACE = "\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_WORD = re.compile(rf"[{SPACELESS}]|[^{_SPACE}{SPACELESS}]+")
_UNIT_MS = 10


def word_gaps(paragraph: TimedParagraph) -> list[int]:
    """For each word that the page shows, hundredths of a second since the one before it began.

    The first counts from the paragraph's own time. Sums stay within 5 ms of the words' times, however long the
    paragraph is. Nothing where the paragraph has no timed words. Citations are not spoken and count as nothing.
    """
    if not paragraph.words:
        return []
    text, places = _shown(paragraph.text)
    starts = [word.start_char for word in paragraph.words]
    gaps: list[int] = []
    done = 0
    for match in _WORD.finditer(text):
        word = paragraph.words[max(0, bisect_right(starts, places[match.start()]) - 1)]
        begins = max(done, round((word.start_ms - paragraph.start_ms) / _UNIT_MS))
        gaps.append(begins - done)
        done = begins
    return gaps


def _shown(text: str) -> tuple[str, range | list[int]]:
    """The text without citations, and for each of its characters the place in `text`."""
    if "[@" not in text:
        return text, range(len(text))
    places: list[int] = []
    position = 0
    for citation in CITATION.finditer(text):
        places.extend(range(position, citation.start()))
        position = citation.end()
    places.extend(range(position, len(text)))
    return "".join(text[place] for place in places), places
