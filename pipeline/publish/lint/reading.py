"""Reads a feed that nobody here wrote, as text and as a tree, without following anything it says.

No network, no entities, no document type (it could swell the text or name files of this machine), and libxml2's
limits on depth and size stay on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit

from lxml import etree

from pipeline.publish.lint.rows import Finding, finding

NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
MAX_BYTES = 64_000_000
_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(r"""encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_DOCTYPE = re.compile(r"\A(?:\s++|(?><\?.*?\?>)|(?><!--.*?-->))*+<!DOCTYPE", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<\s*/?\s*([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>")
_DATE = re.compile(
    r"(?:(?P<weekday>Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UT|UTC|EST|EDT|CST|CDT|MST|MDT|PST|PDT|Z)"
)
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_OLD_PODCAST_NAMESPACE = "github.com/podcastindex-org/podcast-namespace"


@dataclass(frozen=True)
class Item:
    """One `<item>` and what findings call it."""

    element: etree._Element
    where: str


@dataclass(frozen=True)
class Feed:
    """A feed that could be read. `address` is where it says it is, by its atom:link, or where it was read from."""

    size_bytes: int
    root: etree._Element
    channel: etree._Element
    items: tuple[Item, ...]
    address: str | None


def read(content: bytes, url: str | None) -> tuple[Feed | None, tuple[Finding, ...]]:
    """The feed, or None where nothing can be read, and what is wrong with the file as such (row C1)."""
    findings: list[Finding] = []

    def fault(what: str, line: int | None = None, **more: str) -> None:
        findings.append(finding("C1", "feed", what, line=line, **more))  # type: ignore[arg-type]  # severity is a literal

    if len(content) > MAX_BYTES:
        fault(f"it has {len(content):,} bytes, which nothing reads", remedy="Split it into pages")
        return None, tuple(findings)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        fault("it is not UTF-8", content.count(b"\n", 0, error.start) + 1)
        return None, tuple(findings)
    if text.startswith("\ufeff"):
        fault("it begins with a byte order mark, before the declaration", 1, severity="warning")
        text = text.removeprefix("\ufeff")
    trimmed = text.lstrip()
    if len(trimmed) < len(text):
        fault("white space stands before the declaration; strict readers refuse the whole feed", 1)
    declaration = _DECLARATION.match(trimmed)
    if declaration is None:
        fault("it has no XML declaration", 1, severity="warning")
    else:
        encoding = _ENCODING.search(declaration[0])
        if encoding is None or encoding[1].upper() != "UTF-8":
            fault("its declaration does not say UTF-8", 1)
    if _DOCTYPE.match(trimmed):
        fault("it has a document type, which feeds do without and careful readers refuse", 1, remedy="Delete it")
        return None, tuple(findings)
    parser = etree.XMLParser(
        encoding="utf-8", resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, strip_cdata=False
    )
    try:
        root = etree.fromstring(trimmed.encode(), parser)
    except etree.XMLSyntaxError as error:
        skipped = text[: len(text) - len(trimmed)].count("\n")
        fault(f"it is not XML: {error.msg}"[:300], (error.lineno or 1) + skipped, remedy="Mend that line")
        return None, tuple(findings)
    if root.tag != "rss" or root.get("version") != "2.0":
        fault("it is not RSS 2.0", root.sourceline)
    findings.extend(_namespaces(root))
    channel = root.find("channel")
    if channel is None:
        fault("it has no channel", root.sourceline)
        return None, tuple(findings)
    items = tuple(Item(element, _name(element)) for element in channel.findall("item"))
    own = next((link.get("href") for link in links(channel, "self") if link.get("href")), None)
    return Feed(len(content), root, channel, items, url or own), tuple(findings)


def clark(name: str) -> str:
    """`itunes:image` as lxml writes it; a name without prefix is of RSS."""
    prefix, _, local = name.rpartition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}" if prefix else local


def children(parent: etree._Element, name: str) -> list[etree._Element]:
    """The direct children of a name, in their order."""
    return list(parent.findall(clark(name)))


def child(parent: etree._Element, name: str) -> etree._Element | None:
    """The first direct child of a name."""
    found: etree._Element | None = parent.find(clark(name))
    return found


def said(element: etree._Element | None) -> str:
    """The text of an element, as it stands; empty where there is no element."""
    return "" if element is None else str(element.text or "")


def links(channel: etree._Element, rel: str) -> list[etree._Element]:
    """The channel's atom:links of one relation."""
    return [link for link in children(channel, "atom:link") if link.get("rel") == rel]


def prefixed(element: etree._Element) -> str:
    """`podcast:person` for an element of a namespace known here, its bare name otherwise."""
    if not isinstance(element.tag, str):
        return ""
    uri, _, local = element.tag.removeprefix("{").rpartition("}")
    return next((f"{prefix}:{local}" for prefix, known in NAMESPACES.items() if known == uri), local)


def html_tags(text: str) -> set[str]:
    """The names of HTML elements in a text, in lower case."""
    return {name.lower() for name in _TAG.findall(text)}


def is_cdata(element: etree._Element) -> bool:
    """Whether its text was written as CDATA."""
    return b"<![CDATA[" in etree.tostring(element, with_tail=False)


def date(text: str) -> tuple[datetime | None, str | None]:
    """The moment that a date of RFC 2822 names, and what is wrong with it."""
    match = _DATE.fullmatch(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None, f"“{text[:60]}” is no date of RFC 2822"
    if match is None or moment.tzinfo is None:
        return (moment if moment.tzinfo else None), f"“{text[:60]}” is not written as RFC 2822 has it, with its zone"
    if match["weekday"] and match["weekday"] != _WEEKDAYS[moment.weekday()]:
        return moment, f"“{text[:60]}” names the wrong weekday"
    return moment, None


def address(text: str | None) -> SplitResult | None:
    """The parts of a whole http or https address, or None where it is none."""
    try:
        parts = urlsplit(text or "")
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return parts if whole and not re.search(r"\s", text or "") else None


def seconds(text: str | None) -> float | None:
    """A number of seconds, or None where it is none that counts."""
    return float(text) if text and re.fullmatch(r"\d{1,7}(?:\.\d{1,9})?", text.strip()) else None


def _name(item: etree._Element) -> str:
    title = " ".join(said(item.find("title")).split())
    return f"item “{title[:60]}”" if title else "item without a title"


def _namespaces(root: etree._Element) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for element in root.iter(etree.Element):
        for uri in element.nsmap.values():
            seen.setdefault(uri, element.sourceline or 1)
    for uri, line in seen.items():
        if uri in NAMESPACES.values():
            continue
        meant = next((known for known in NAMESPACES.values() if _bare(known) == _bare(uri)), None)
        if _OLD_PODCAST_NAMESPACE in uri.lower():
            meant = NAMESPACES["podcast"]
        if meant:
            yield finding(
                "C1",
                "feed",
                f"the namespace {uri} is not {meant}, and apps compare letter by letter",
                line=line,
                remedy=f"Write {meant}",
            )


def _bare(uri: str) -> str:
    return uri.lower().partition("://")[2].removeprefix("www.").rstrip("/")
