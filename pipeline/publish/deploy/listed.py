"""What a feed lists, as apps tell episodes apart: guid, recording, date. Read from the feed, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import unquote, urlsplit

from lxml import etree

from pipeline import files
from pipeline.publish.lint import reading
from pipeline.publish.lint.items import enclosures


@dataclass(frozen=True, slots=True)
class Listed:
    """One item. `slug` is the first part of its page's address below the site; `digest` that of the recording.

    `date` is pubDate in UTC as ISO 8601 has it, empty where it cannot be read; `item` is the digest of the whole item.
    """

    guid: str
    slug: str
    title: str
    url: str
    size_bytes: int
    digest: str | None
    date: str
    item: str


def name_of(url: str, site_url: str) -> str | None:
    """The name of a file below the site, by its address; None where it stands elsewhere."""
    return unquote(urlsplit(url).path).removeprefix(urlsplit(site_url).path) if url.startswith(site_url) else None


def listed(pages: Iterable[bytes], site_url: str, digest_of: Callable[[str], str | None]) -> tuple[Listed, ...]:
    """All items of all pages of a feed. `digest_of` says what is known of a file of the site, by its name.

    A page that cannot be read lists nothing.
    """
    found: list[Listed] = []
    for content in pages:
        feed, _ = reading.read(content, None)
        if feed is None:
            continue
        audio = {item.element: enclosure for item, enclosure in enclosures(feed)}
        for item in feed.items:
            element = item.element
            enclosure = audio.get(element)
            url = (enclosure.get("url") if enclosure is not None else None) or ""
            length = (enclosure.get("length") if enclosure is not None else None) or "0"
            name = name_of(url, site_url)
            page = name_of(_said(element, "link"), site_url) or name or ""
            moment, _ = reading.date(_said(element, "pubDate"))
            found.append(
                Listed(
                    guid=_said(element, "guid"),
                    slug=page.partition("/")[0],
                    title=_said(element, "title"),
                    url=url,
                    size_bytes=int(length) if length.isascii() and length.isdigit() else 0,
                    digest=digest_of(name) if name else None,
                    date=moment.astimezone(UTC).isoformat(timespec="seconds") if moment else "",
                    item=files.digest_bytes(etree.tostring(element, method="c14n", exclusive=True, with_tail=False)),
                )
            )
    return tuple(found)


def _said(element: etree._Element, name: str) -> str:
    return " ".join(reading.said(reading.child(element, name)).split())
