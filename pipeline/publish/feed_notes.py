"""Show notes for the feed: the whole of them, and a description that Apple's limit of 4000 bytes allows.

Both have the same parts: the lead (summary, content note, disclosure), the notes, the chapters, the sources, and
a link to the page, all in the few tags that apps keep, with whole addresses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import nh3

from pipeline.publish.notes import SCHEMES, Notes
from pipeline.publish.references import format_reference, short_reference
from pipeline.publish.simple_html import Block

DESCRIPTION_MAX_BYTES = 4000
_LEAD_MAX_BYTES = 1200
_SOURCES_SHARE_BYTES = 1400
_CHAPTERS_SHARE_BYTES = 1000
_TAGS = {"a", "em", "li", "ol", "p", "strong", "ul"}


def feed_html(notes: Notes, *, page_url: str, lead: Sequence[str] = (), chapters: Sequence[str] = ()) -> str:
    """The whole notes, for content:encoded. `lead` are paragraphs of plain text that stand first; `chapters` are
    lines with a time and a title."""
    references = tuple(format_reference(reference.source) for reference in notes.references)
    return "".join(
        (
            *(_paragraph(text) for text in lead),
            *(_clean(block.html(), page_url) for block in notes.blocks),
            _chapters(chapters),
            *((_clean(_sources(references), page_url),) if references else ()),
            _link(page_url),
        )
    )


def description(notes: Notes, *, page_url: str, lead: Sequence[str] = (), chapters: Sequence[str] = ()) -> str:
    """The notes in at most DESCRIPTION_MAX_BYTES of UTF-8, for the item's description.

    What does not fit is left out from the end by whole paragraphs, list items and sources, so no tag, link or
    figure is ever cut. The lead alone is cut within a text, at a word. The sources keep a share for themselves:
    long notes do not push them out. The chapters stand there all or not at all: half a list would be a wrong one.
    """
    opening = tuple(_lead(lead))
    closing = _link(page_url)
    times = _chapters(chapters)
    if _size(times) > _CHAPTERS_SHARE_BYTES:
        times = ""
    room = DESCRIPTION_MAX_BYTES - _size("".join(opening)) - _size(times) - _size(closing)
    entries = tuple(_clean(short_reference(reference.source), page_url) for reference in notes.references)
    reserved = _size(_sources(_fitting(entries, min(room, _SOURCES_SHARE_BYTES))))
    body = "".join(_cut(notes.blocks, room - reserved, page_url))
    shown = _fitting(entries, room - _size(body))
    return "".join((*opening, body, times, _sources(shown), closing))


def _fitting(entries: Sequence[str], room_bytes: int) -> tuple[str, ...]:
    """The first entries whose list fits; numbers in the text stay true because none is skipped."""
    count = len(entries)
    while count and _size(_sources(entries[:count])) > room_bytes:
        count -= 1
    return tuple(entries[:count])


def _cut(blocks: Sequence[Block], room_bytes: int, page_url: str) -> Iterator[str]:
    for block in blocks:
        html = _clean(block.html(), page_url)
        if _size(html) > room_bytes:
            for count in range(len(block.items) - 1, 0, -1):
                part = _clean(Block(block.tag, block.items[:count]).html(), page_url)
                if _size(part) <= room_bytes:
                    yield part
                    break
            return
        room_bytes -= _size(html)
        yield html


def _lead(texts: Sequence[str]) -> Iterator[str]:
    room_bytes = _LEAD_MAX_BYTES
    for text in texts:
        whole = _paragraph(text)
        if _size(whole) > room_bytes:
            words = text.split(" ")
            while words and _size(_paragraph(" ".join(words) + " …")) > room_bytes:
                words.pop()
            if words:
                yield _paragraph(" ".join(words) + " …")
            return
        room_bytes -= _size(whole)
        yield whole


def _sources(entries: Sequence[str]) -> str:
    if not entries:
        return ""
    return f"<p><strong>Sources</strong></p>{Block('ol', tuple(entries)).html()}"


def _chapters(entries: Sequence[str]) -> str:
    if not entries:
        return ""
    return f"<p><strong>Chapters</strong></p>{Block('ul', tuple(escape(one, quote=False) for one in entries)).html()}"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text, quote=False)}</p>"


def _link(page_url: str) -> str:
    return f'<p><a href="{escape(page_url)}">Show notes, transcript and sources</a></p>'


def _clean(html: str, page_url: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes=set(SCHEMES),
        url_relative=("rewrite_with_base", page_url),
        link_rel=None,
    )


def _size(text: str) -> int:
    return len(text.encode("utf-8"))
