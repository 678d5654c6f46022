"""The words of a page that somebody else wrote: its text, without its markup and its machinery."""

from __future__ import annotations

import re

from lxml import etree

from pipeline.publish.links.snapshots import Kept

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_NO_WORDS = frozenset({"script", "style", "template", "noscript", "head", "svg", "math", "iframe", "object", "select"})
_IN_LINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "nobr", "q", "rb", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time",
    "tt", "u", "var", "wbr",
})  # fmt: skip
_NOTE_MARK = re.compile(r"[\s\d\[\]()*†‡§¹²³⁰-⁹]{0,8}|\[?[a-z]\]?")


def page_text(kept: Kept) -> str | None:
    """The text of an HTML page or a plain text; None for anything else. Marks of footnotes are left out."""
    kind = kept.content_type.partition(";")[0].strip().lower()
    if kind in ("text/plain", "text/markdown"):
        return kept.text
    # Servers that say nothing, or “some bytes”, mostly mean a page.
    if kind in _HTML_TYPES or (kind in ("", "application/octet-stream") and b"<html" in kept.body[:2048].lower()):
        return html_text(kept.text)
    return None


def html_text(html: str) -> str:
    """The text of an HTML document: blocks apart from one another, words inside a line joined as they are read."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True)
    try:
        document = etree.fromstring(html.encode("utf-8", "replace"), parser)
    except (etree.ParseError, ValueError):
        return ""  # nothing in it
    if document is None:
        return ""
    for element in list(document.iter()):  # a list: what is emptied must not be walked over at the same time
        if _is_silent(element):
            element.clear(keep_tail=True)
    pieces: list[str] = []
    # By hand and not by recursion: a page may be nested deeper than Python likes.
    for event, element in etree.iterwalk(document, events=("start", "end")):
        apart = element.tag not in _IN_LINE
        if event == "start":
            pieces += (" " if apart else "", element.text or "")
        else:
            pieces += (" " if apart else "", element.tail or "")
    return " ".join("".join(pieces).split())


def _is_silent(element: etree._Element) -> bool:
    if element.tag in _NO_WORDS:
        return True
    return element.tag == "sup" and _NOTE_MARK.fullmatch(str(element.xpath("string()"))) is not None
