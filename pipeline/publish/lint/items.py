"""The rows of the item, I1 to I13 and I19, and H8, which only the feed can tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from lxml import etree

from pipeline.publish.lint import reading
from pipeline.publish.lint.channel import DESCRIPTION_MAX_BYTES, is_loopback, picture_name
from pipeline.publish.lint.reading import Feed, Item, child, children, said
from pipeline.publish.lint.rows import Finding, finding

# The types that Apple's directory takes, by the ends of file names that it reads them from.
MEDIA_TYPES = {
    ".mp3": ("audio/mpeg",),
    ".m4a": ("audio/x-m4a", "audio/mp4", "audio/m4a"),
    ".mp4": ("video/mp4",),
    ".m4v": ("video/x-m4v",),
    ".mov": ("video/quicktime",),
    ".pdf": ("application/pdf",),
}
_NUMBERED = re.compile(
    r"^\s*(?:s\d{1,2}\s*e\d{1,3}|(?:episode|ep\.?|folge|season|#)\s*\d+|\d{1,4}\s*[:.)–—-]\s)", re.IGNORECASE
)
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._~+@=,-]*")
_SIMPLE_HTML = frozenset({"p", "ol", "ul", "li", "a", "b", "i", "strong", "em", "br"})
_RUNS = re.compile(
    r"<\s*(?:script|iframe|object|embed|form)\b|<[^>]+\son[a-z]+\s*=|(?:href|src)\s*=\s*[\"']?\s*javascript:", re.I
)
_CLOCK = re.compile(r"(?:\d{1,2}:)?\d{1,2}:\d{2}")
_CLOCKS_DIFFER = timedelta(minutes=10)
_SHORTEST_SHOW_NAME = 4


def check_items(feed: Feed, *, now: datetime | None) -> Iterator[Finding]:
    """What is wrong with the items, each by itself and beside the others."""
    show = said(child(feed.channel, "title")).strip()
    for item in feed.items:
        yield from _title(item, show)
        yield from _enclosure(item)
        yield from _dated(item, now)
        yield from _notes(item)
        yield from _itunes(item)
    yield from _doubles(feed)


def enclosures(feed: Feed) -> Iterator[tuple[Item, etree._Element]]:
    """The first enclosure of each item that has one: the one that apps take."""
    for item in feed.items:
        if (found := child(item.element, "enclosure")) is not None:
            yield item, found


def _fault(row: str, item: Item, element: etree._Element | None, what: str, **more: str | None) -> Finding:
    line = (item.element if element is None else element).sourceline
    return finding(row, item.where, what, line=line, **more)  # type: ignore[arg-type]  # severity is a literal


def _title(item: Item, show: str) -> Iterator[Finding]:
    title = child(item.element, "title")
    text = said(title).strip()
    if not text:
        yield _fault("I1", item, title, "it has no title", severity="error")
        return
    if _NUMBERED.match(text):
        yield _fault("I1", item, title, "its title begins with its number")
    if len(show) >= _SHORTEST_SHOW_NAME and text.casefold() != show.casefold():
        for glue in (" - ", " | ", ": ", " – ", " — "):
            if text.casefold().startswith(f"{show}{glue}".casefold()) or text.casefold().endswith(
                f"{glue}{show}".casefold()
            ):
                yield _fault("I1", item, title, "its title repeats the show's name")
                break


def _enclosure(item: Item) -> Iterator[Finding]:
    found = children(item.element, "enclosure")
    if not found:
        yield _fault("I2", item, None, "it has no enclosure, so apps have nothing to play")
        return
    enclosure = found[0]
    if len(found) > 1:
        yield _fault("I2", item, found[1], "it has several enclosures, and apps take one", severity="warning")
    parts = reading.address(enclosure.get("url"))
    if parts is None:
        yield _fault(
            "I2", item, enclosure, f"the enclosure's url “{(enclosure.get('url') or '')[:80]}” is no whole address"
        )
        return
    if parts.scheme != "https" and not is_loopback(parts.hostname):
        yield _fault("I2", item, enclosure, "the enclosure's url is not https", severity="warning")
    if not _PLAIN_PATH.fullmatch(parts.path):
        yield _fault("I2", item, enclosure, "the enclosure's path holds more than plain letters", severity="warning")
    suffix = PurePosixPath(parts.path).suffix.lower()
    kind = (enclosure.get("type") or "").lower()
    if suffix not in MEDIA_TYPES:
        yield _fault("I2", item, enclosure, f"the enclosure's name ends in “{suffix}”, which directories do not list")
    elif not kind:
        yield _fault("I2", item, enclosure, "the enclosure has no type")
    elif kind not in MEDIA_TYPES[suffix]:
        yield _fault("I2", item, enclosure, f"the enclosure is named {suffix} and called {kind}")
    length = (enclosure.get("length") or "").strip()
    if not length.isascii() or not length.isdigit() or int(length[:20]) == 0:
        yield _fault("I2", item, enclosure, f"the enclosure's length “{length[:20]}” is no size in bytes")


def _dated(item: Item, now: datetime | None) -> Iterator[Finding]:
    element = child(item.element, "pubDate")
    if element is None:
        yield _fault("I4", item, None, "it has no date")
        return
    moment, problem = reading.date(said(element).strip())
    if problem:
        yield _fault("I4", item, element, problem)
    elif now and moment and moment > now + _CLOCKS_DIFFER:
        what = f"its date {said(element).strip()} has not come yet; apps hide it or drop the date"
        yield _fault("I4", item, element, what, severity="warning")


def _notes(item: Item) -> Iterator[Finding]:
    description, content = child(item.element, "description"), child(item.element, "content:encoded")
    text = said(description)
    if description is None or not text.strip():
        yield _fault("I5", item, description, "it has no description")
    else:
        if (size := len(text.encode())) > DESCRIPTION_MAX_BYTES:
            what = f"its description has {size} bytes, more than {DESCRIPTION_MAX_BYTES}"
            yield _fault("I5", item, description, what, severity="error")
        tags = reading.html_tags(text)
        if odd := sorted(tags - _SIMPLE_HTML):
            yield _fault("I5", item, description, f"its description holds {', '.join(odd[:5])}, which apps drop")
        if tags and not reading.is_cdata(description):
            yield _fault("I5", item, description, "its HTML stands outside CDATA", severity="advice")
    if content is not None and not said(content).strip():
        yield _fault("I6", item, content, "its content:encoded is empty, and some apps show that")
    for element in (description, content):
        if element is not None and _RUNS.search(said(element)):
            yield _fault("I6", item, element, "its notes hold what could run in an app: a script, a frame or a handler")
    link = child(item.element, "link")
    if not said(link).strip():
        yield _fault("I7", item, link, "it has no link")
    elif reading.address(said(link).strip()) is None:
        yield _fault("I7", item, link, f"its link “{said(link)[:80]}” is no whole address")


def _itunes(item: Item) -> Iterator[Finding]:
    parent = item.element
    duration = child(parent, "itunes:duration")
    length = said(duration).strip()
    if duration is None:
        yield _fault("I8", item, None, "it has no itunes:duration")
    elif _CLOCK.fullmatch(length):
        yield _fault("I8", item, duration, f"its duration {length} is not in seconds", severity="advice")
    elif not length.isascii() or not length.isdigit() or int(length[:12]) == 0:
        yield _fault("I8", item, duration, f"its duration “{length[:20]}” is no number of seconds", severity="error")
    image = child(parent, "itunes:image")
    if image is not None:
        yield from picture_name("I9", item.where, image)
    explicit = child(parent, "itunes:explicit")
    if explicit is None:
        yield _fault("I10", item, None, "it has no itunes:explicit")
    elif said(explicit).strip() not in ("true", "false"):
        yield _fault("I10", item, explicit, f"“{said(explicit)[:20]}” is neither true nor false", severity="error")
    yield from _numbers(item)


def _numbers(item: Item) -> Iterator[Finding]:
    parent = item.element
    for name in ("itunes:season", "itunes:episode"):
        number = child(parent, name)
        if number is not None and not re.fullmatch(r"[1-9]\d{0,8}", said(number).strip()):
            yield _fault("I11", item, number, f"its {name} “{said(number)[:20]}” is no whole number from 1 on")
    kind = child(parent, "itunes:episodeType")
    if kind is not None and said(kind).strip() not in ("full", "trailer", "bonus"):
        yield _fault("I12", item, kind, f"“{said(kind)[:20]}” is neither full nor trailer nor bonus")
    for block in children(parent, "itunes:block"):
        if said(block) != "Yes":
            yield _fault("I13", item, block, f"itunes:block says “{said(block)[:20]}”, which has no effect")
    for name in ("itunes:summary", "itunes:subtitle", "itunes:keywords", "itunes:order"):
        if (old := child(parent, name)) is not None:
            yield _fault("I19", item, old, f"it has {name}, which apps do not read any more")


def _doubles(feed: Feed) -> Iterator[Finding]:
    guids: dict[str, str] = {}
    addresses: dict[str, str] = {}
    names: Counter[str] = Counter()
    for item in feed.items:
        guid = child(item.element, "guid")
        text = said(guid).strip()
        if guid is None or not text:
            yield _fault("I3", item, guid, "it has no guid, so apps show it anew when its title or file changes")
        else:
            if text in guids:
                yield _fault("I3", item, guid, f"its guid is the one of {guids[text]}; apps show only one of them")
            guids.setdefault(text, item.where)
            if guid.get("isPermaLink", "true") != "false" and reading.address(text) is None:
                what = "its guid is no address, and isPermaLink does not say so"
                yield _fault("I3", item, guid, what, severity="warning")
    for item, enclosure in enclosures(feed):
        url = enclosure.get("url") or ""
        if url in addresses:
            yield _fault("I2", item, enclosure, f"its enclosure is the one of {addresses[url]}")
        addresses.setdefault(url, item.where)
        if (parts := reading.address(url)) and url:
            names[PurePosixPath(parts.path).name] += 1
    if len(addresses) > 1:
        for name, count in names.items():
            if count > 1:
                yield finding("H8", "channel", f"{count} audio files are called {name}", line=feed.channel.sourceline)
