"""Texts of a record made safe: one line, no character that turns the text around it, no tags but those meant.

Zotero lets a title hold `<i>`, `<b>`, `<sup>`, `<sub>` and two forms of `<span>` (rich text of CSL-JSON). Where these
nest rightly they are shown; anything else with a bracket in it is text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from html import escape

from pipeline.show import Source

# Embeddings, overrides and isolates: their work outlasts the text they stand in. Single marks do not.
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
_SPAN = r"<span\s+(?:class=[\"']nocase[\"']|style=[\"']font-variant:\s*small-caps;?[\"'])\s*>"
_TAG = re.compile(rf"<(?P<close>/?)(?P<name>i|b|sup|sub|sc|span)>|{_SPAN}")
_SHOWN: Mapping[str, str] = {"i": "em", "b": "strong", "sup": "sup", "sub": "sub"}


def plain(text: object) -> str:
    """One line of text; empty for what is no text and no whole number."""
    if isinstance(text, bool) or not isinstance(text, str | int):
        return ""
    kept = "".join(
        character
        for character in str(text).translate(_TURNS)
        if unicodedata.category(character) not in ("Cc", "Cs") or character in "\t\n\r"
    )
    return " ".join(kept.split())


def rich(text: object) -> str:
    """A text of a record as HTML: escaped, with the tags that CSL-JSON allows in a title."""
    line = plain(text)
    matches = list(_TAG.finditer(line))
    if not _nest_rightly(matches):
        return escape(line)
    html: list[str] = []
    done = 0
    for match in matches:
        html.append(escape(line[done : match.start()]))
        shown = _SHOWN.get(match["name"] or "span")
        html.append(f"<{match['close']}{shown}>" if shown else "")
        done = match.end()
    return "".join((*html, escape(line[done:])))


def without_tags(text: object) -> str:
    """A text of a record without those tags, as plain text: not escaped."""
    line = plain(text)
    return _TAG.sub("", line) if _nest_rightly(list(_TAG.finditer(line))) else line


def title_text(source: Source) -> str:
    """A source's title as plain text, as it is read aloud or compared; what has none is called by its type."""
    return without_tags(source.title) or source.type.replace("_", " ").replace("-", " ").capitalize()


def _nest_rightly(matches: list[re.Match[str]]) -> bool:
    open_tags: list[str] = []
    for match in matches:
        name = match["name"] or "span"
        if not match["close"]:
            open_tags.append(name)
        elif not open_tags or open_tags.pop() != name:
            return False
    return not open_tags
