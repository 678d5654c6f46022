"""The rows of the channel, C2 to C25."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from lxml import etree

from pipeline.publish.lint import reading
from pipeline.publish.lint.reading import Feed, child, children, links, said
from pipeline.publish.lint.rows import Finding, finding
from pipeline.show.categories import CATEGORIES

SHORT_TEXT_MAX_CHARACTERS = 255
DESCRIPTION_MAX_BYTES = 4000
FEED_MAX_BYTES = 5_000_000
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png")
_PROSE = frozenset({"description", "content:encoded", "itunes:summary", "podcast:txt", "itunes:subtitle"})
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_COPYRIGHT_DECOR = re.compile(r"^\s*(?:©|\(c\)|copyright\b|&copy;|(?:19|20)\d\d\b)", re.IGNORECASE)
_NAMESPACE_ADDRESSES = ("url", "href", "uri", "img", "feedUrl", "accountUrl")
_HTML = frozenset({"a", "b", "br", "div", "em", "font", "h1", "h2", "i", "img", "p", "script", "span", "strong"})
_CLOCKS_DIFFER = timedelta(minutes=10)


def check_channel(feed: Feed, *, url: str | None, now: datetime | None) -> Iterator[Finding]:
    """What is wrong with the channel. `url` is where the feed was read from, `now` tells dates in the future."""
    yield from _texts(feed)
    yield from _addresses(feed, url)
    yield from _presentation(feed)
    yield from _directories(feed)
    yield from _identity(feed)
    yield from _dates(feed, now)
    yield from _pages(feed)


def _fault(row: str, element: etree._Element, what: str, **more: str | None) -> Finding:
    return finding(row, "channel", what, line=element.sourceline, **more)  # type: ignore[arg-type]  # severity is a literal


def _texts(feed: Feed) -> Iterator[Finding]:
    for element in feed.root.iter(etree.Element):
        name, text = reading.prefixed(element), said(element)
        if len(element) or not text.strip() or name in _PROSE:
            continue
        if text != text.strip():
            yield _fault("C2", element, f"the text of {name} has spaces at its ends", remedy="Trim it")
        if len(text) > SHORT_TEXT_MAX_CHARACTERS and name not in ("link", "url"):
            yield _fault("C2", element, f"the text of {name} has {len(text)} characters, more than 255")


def _addresses(feed: Feed, url: str | None) -> Iterator[Finding]:
    own = links(feed.channel, "self")
    for place in filter(None, (url, *(link.get("href") for link in own))):
        parts = reading.address(place)
        if parts and (parts.username or parts.password):
            yield finding("C3", "channel", f"the feed's address {parts.hostname} holds a user name or password")
        elif parts and parts.scheme != "https" and not is_loopback(parts.hostname):
            yield finding("C3", "channel", f"the feed's address {place} is not https", severity="warning")
    for element in feed.root.iter(f"{{{reading.NAMESPACES['podcast']}}}*"):
        for name in _NAMESPACE_ADDRESSES:
            parts = reading.address(element.get(name))
            if parts and parts.scheme != "https" and not is_loopback(parts.hostname):
                what = f"{reading.prefixed(element)} leads to {element.get(name)}, which is not https"
                yield _fault("C3", element, what, severity="warning")
    if not own:
        yield _fault("C4", feed.channel, "no atom:link says where the feed is")
    elif url and not is_loopback(getattr(reading.address(url), "hostname", None)) and own[0].get("href") != url:
        yield _fault("C4", own[0], f"it says that the feed is at {own[0].get('href')}, and it was read from {url}")
    link = child(feed.channel, "link")
    if not said(link).strip():
        yield _fault("C7", feed.channel, "it has no link")
    elif link is not None and reading.address(said(link).strip()) is None:
        yield _fault("C7", link, f"“{said(link)[:80]}” is no whole address")


def is_loopback(host: str | None) -> bool:
    """Whether a host's name or address means this very machine."""
    return host is not None and (host in ("localhost", "::1") or host.startswith("127."))


def _presentation(feed: Feed) -> Iterator[Finding]:
    title, description = child(feed.channel, "title"), child(feed.channel, "description")
    if title is None or not said(title).strip():
        yield _fault("C5", feed.channel, "it has no title")
    elif reading.html_tags(said(title)) & _HTML:
        yield _fault("C5", title, "the title holds HTML, which apps show as it stands", severity="warning")
    if description is None or not said(description).strip():
        yield _fault("C6", feed.channel, "it has no description")
    else:
        if (size := len(said(description).encode())) > DESCRIPTION_MAX_BYTES:
            yield _fault("C6", description, f"the description has {size} bytes, more than {DESCRIPTION_MAX_BYTES}")
        if reading.html_tags(said(description)) and not reading.is_cdata(description):
            yield _fault("C6", description, "its HTML stands outside CDATA", severity="warning")
    yield from _credits(feed)


def _credits(feed: Feed) -> Iterator[Finding]:
    language = child(feed.channel, "language")
    if language is None:
        yield _fault("C8", feed.channel, "it has no language")
    elif not _LANGUAGE.fullmatch(said(language).strip()):
        yield _fault("C8", language, f"“{said(language)[:40]}” is no language tag")
    owner_line = child(feed.channel, "copyright")
    if owner_line is not None and _COPYRIGHT_DECOR.match(said(owner_line)):
        yield _fault("C17", owner_line, f"“{said(owner_line)[:60]}” says more than the holder's name")
    if not said(child(feed.channel, "generator")).strip():
        yield _fault("C19", feed.channel, "it does not say what made it")
    if not said(child(feed.channel, "itunes:author")).strip():
        yield _fault("C12", feed.channel, "it has no itunes:author")
    image = child(feed.channel, "itunes:image")
    if image is None:
        yield _fault("C11", feed.channel, "it has no itunes:image")
    else:
        yield from picture_name("C11", "channel", image)


def picture_name(row: str, where: str, image: etree._Element) -> Iterator[Finding]:
    """What is wrong with the address of an itunes:image."""
    parts = reading.address(image.get("href"))
    if parts is None:
        yield finding(row, where, "itunes:image has no href that is a whole address", line=image.sourceline)
    elif not parts.path.lower().endswith(PICTURE_SUFFIXES):
        yield finding(
            row, where, f"the artwork's name {parts.path} ends in neither .jpg nor .png", line=image.sourceline
        )


def _directories(feed: Feed) -> Iterator[Finding]:
    channel = feed.channel
    tops = children(channel, "itunes:category")
    if not tops:
        yield _fault("C9", channel, "it has no itunes:category")
    for top in tops:
        name = top.get("text") or ""
        if name not in CATEGORIES:
            yield _fault("C9", top, f"“{name}” is no category of Apple's{_meant(name, list(CATEGORIES))}")
            continue
        for sub in children(top, "itunes:category"):
            if (below := sub.get("text") or "") not in CATEGORIES[name]:
                what = f"“{below}” is no category below “{name}”{_meant(below, list(CATEGORIES[name]))}"
                yield _fault("C9", sub, what)
    yield from _switches(feed)
    yield from _kind(feed)


def _switches(feed: Feed) -> Iterator[Finding]:
    channel = feed.channel
    explicit = child(channel, "itunes:explicit")
    if explicit is None:
        yield _fault("C10", channel, "it has no itunes:explicit")
    elif said(explicit).strip() not in ("true", "false"):
        yield _fault("C10", explicit, f"“{said(explicit)[:20]}” is neither true nor false")
    mail = channel.find(f"{reading.clark('itunes:owner')}/{reading.clark('itunes:email')}")
    if mail is not None and not _MAIL.fullmatch(said(mail).strip()):
        yield _fault("C13", mail, f"“{said(mail)[:60]}” is no mail address", severity="warning")
    elif mail is not None:
        yield _fault("C13", mail, "it shows a mail address to everybody")
    moved = child(channel, "itunes:new-feed-url")
    if moved is not None:
        parts = reading.address(said(moved).strip())
        if parts is None or parts.scheme != "https":
            yield _fault("C15", moved, f"“{said(moved)[:80]}” is no https address")
        elif feed.address and said(moved).strip() != feed.address:
            what = f"it sends readers to {said(moved)}; this is {feed.address}"
            yield _fault("C15", moved, what, severity="warning")
    for name in ("itunes:block", "itunes:complete"):
        for switch in children(channel, name):
            if said(switch) != "Yes":
                yield _fault("C16", switch, f"{name} says “{said(switch)[:20]}”, which has no effect")


def _kind(feed: Feed) -> Iterator[Finding]:
    kind = child(feed.channel, "itunes:type")
    if kind is not None and said(kind).strip() not in ("episodic", "serial"):
        yield _fault("C14", kind, f"“{said(kind)[:20]}” is neither episodic nor serial")
    elif said(kind).strip() == "serial":
        for item in feed.items:
            full = said(child(item.element, "itunes:episodeType")).strip() in ("", "full")
            if full and child(item.element, "itunes:episode") is None:
                yield finding(
                    "C14", item.where, "the show is a serial, and this has no number", line=item.element.sourceline
                )


def _identity(feed: Feed) -> Iterator[Finding]:
    guid, locked = child(feed.channel, "podcast:guid"), child(feed.channel, "podcast:locked")
    if guid is None:
        yield _fault("C20", feed.channel, "it has no podcast:guid")
    else:
        try:
            known = UUID(said(guid).strip())
        except ValueError:
            yield _fault("C20", guid, f"“{said(guid)[:60]}” is no UUID", severity="error")
        else:
            if known.version != 5:
                yield _fault("C20", guid, f"{known} is not made from the feed's address (UUIDv5)", severity="advice")
    if locked is None:
        yield _fault("C21", feed.channel, "it has no podcast:locked")
    else:
        if said(locked).strip() not in ("yes", "no"):
            yield _fault("C21", locked, f"“{said(locked)[:20]}” is neither yes nor no", severity="error")
        if locked.get("owner") is not None and not _MAIL.fullmatch(locked.get("owner") or ""):
            yield _fault("C21", locked, "its owner is no mail address")


def _dates(feed: Feed, now: datetime | None) -> Iterator[Finding]:
    for name in ("lastBuildDate", "pubDate"):
        for element in children(feed.channel, name):
            moment, problem = reading.date(said(element).strip())
            if problem:
                yield _fault("C18", element, problem)
            elif now and moment and moment > now + _CLOCKS_DIFFER:
                yield _fault("C18", element, f"{said(element)} has not come yet", severity="warning")
    dated = [(item, moment) for item in feed.items if (moment := _published(item.element))]
    for (before, earlier), (after, later) in pairwise(dated):
        if later > earlier:
            line = after.element.sourceline
            yield finding("C24", after.where, f"it is newer than {before.where} above it", line=line)
            return


def _published(item: etree._Element) -> datetime | None:
    moment, _ = reading.date(said(child(item, "pubDate")).strip())
    return moment


def _pages(feed: Feed) -> Iterator[Finding]:
    for hub in links(feed.channel, "hub"):
        parts = reading.address(hub.get("href"))
        if parts is None or parts.scheme != "https":
            yield _fault("C22", hub, f"the hub “{hub.get('href')}” is no https address")
        if not links(feed.channel, "self"):
            yield _fault("C22", hub, "it names a hub and not itself")
    own = {link.get("href") for link in links(feed.channel, "self")}
    for rel in ("next", "prev", "first", "last"):
        for link in links(feed.channel, rel):
            if reading.address(link.get("href")) is None:
                yield _fault("C23", link, f"the {rel} page “{link.get('href')}” is no whole address")
            elif rel in ("next", "prev") and link.get("href") in own:
                yield _fault("C23", link, f"the {rel} page is this page itself, so readers go round in circles")
    if feed.size_bytes > FEED_MAX_BYTES:
        yield _fault("C25", feed.channel, f"it has {feed.size_bytes:,} bytes, more than {FEED_MAX_BYTES:,}")


def _meant(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; “{near[0]}” is" if near else ""
