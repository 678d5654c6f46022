"""Where a text says on what it rests: `[@key]` cites a source, `[12:34]` leads to a second of the recording."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Support = Literal["citation", "time"]

_MARK = re.compile(r"(\[@[^\[\]]+\])|\[\d{1,3}:\d{2}(?::\d{2})?(?:\.\d+)?\]")


@dataclass(frozen=True, slots=True)
class Mark:
    """A citation or a time, from the character `start` up to, not including, `end`."""

    start: int
    end: int
    support: Support


def marks_in_text(text: str) -> tuple[Mark, ...]:
    """The marks of plain text, such as a paragraph of a transcript. Markdown has its own parser for them."""
    if "[" not in text:
        return ()
    return tuple(Mark(match.start(), match.end(), "citation" if match[1] else "time") for match in _MARK.finditer(text))


def without_marks(text: str, marks: tuple[Mark, ...]) -> str:
    """The text with spaces where marks were, so that every other character keeps its place."""
    for mark in marks:
        text = text[: mark.start] + " " * (mark.end - mark.start) + text[mark.end :]
    return text
