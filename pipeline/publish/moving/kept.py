"""What of an imported item is published as it was: its notes, and the tags that have no place in episode.toml.

They stand in imported.xml beside episode.toml, an `<item>` (for the show a `<channel>`). It holds what strangers wrote:
HTML is cleaned, no element is let through that a browser could run where it opens the feed, and nothing that the file
names is ever opened.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path

import nh3
from lxml import etree

from pipeline.errors import InvalidEpisode, Problem
from pipeline.publish.notes import SCHEMES, Notes
from pipeline.show import IMPORTED_NAME

CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
PREFIXES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "content": "http://purl.org/rss/1.0/modules/content/",
}
SHORT_TITLE = f"{{{PREFIXES['itunes']}}}title"
# A browser that opens the feed itself runs what is in these.
_LIVE = re.compile(r"w3\.org/(?:1999/xhtml|2000/svg|1998/Math|1999/XSL|1999/xlink|2001/XInclude|2001/xml-events)", re.I)
_MAX_BYTES = 8_000_000
_FEED_TAGS = (nh3.ALLOWED_TAGS - {"map", "area"}) | {"figure", "figcaption"}
_PAGE_TAGS = {"p", "br", "a", "ul", "ol", "li", "em", "strong", "b", "i", "blockquote", "code", "pre", "h1", "h2", "h3"}
_PAGE_TAGS |= {"h4", "h5", "h6"}
_HEADING = re.compile(r"<(/?)h[1-6]>")
_BLOCK_END = re.compile(r"<br\s*/?>|</(?:p|li|div|h[1-6]|blockquote|tr|pre)>")
_ELEMENT = re.compile(r"<[^<>]*>")
# Also what is not closed: what stands behind it could close it.
_HTML = re.compile(r"<[a-zA-Z/!?]")
_PICTURE = re.compile(r"<img\s[^<>]{1,2000}>", re.I)
_UNSEEN = tuple(re.compile(rf"\s{side}\s*=\s*[\"']?[01](?:px)?(?![\w.%])", re.I) for side in ("width", "height"))
_SCRIPT_ADDRESS = re.compile(r"(?:javascript|vbscript|data):", re.I)
_IGNORED = re.compile(r"[\x00-\x20]+")  # what browsers do not see in the scheme of an address


@dataclass(frozen=True)
class KeptItem:
    """One imported.xml. `description` and `content` are HTML or plain text, None where the feed had none."""

    description: str | None = None
    content: str | None = None
    tags: tuple[etree._Element, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class KeptText:
    """A transcript as it was, ready to be published; `suffix` goes with `media_type`."""

    content: bytes
    media_type: str
    suffix: str
    language: str | None = None
    rel: str | None = None


@dataclass(frozen=True)
class TakenOver:
    """Everything that an imported episode brings along besides its recording."""

    item: KeptItem
    transcripts: tuple[KeptText, ...] = ()
    chapters: bytes | None = None


def holds_html(text: str) -> bool:
    """Whether a browser would see more than text in it."""
    return _HTML.search(text) is not None


def clean(text: str, base: str | None = None) -> str:
    """A text of a feed as listeners may get it: plain text stays letter for letter, HTML loses what could run.

    Pictures of one pixel, by which somebody else counts who reads, are left out. Relative addresses are made whole with
    `base`; without one they are left out.
    """
    if not _HTML.search(text):
        return text
    return nh3.clean(
        _PICTURE.sub(lambda match: "" if all(one.search(match[0]) for one in _UNSEEN) else match[0], text),
        tags=set(_FEED_TAGS),
        url_schemes=set(SCHEMES) | {"tel"},
        url_relative=("rewrite_with_base", base) if base else "deny",
        link_rel=None,
    )


def as_page(text: str) -> str:
    """The same for a page of ours: no pictures (they would tell strangers who reads), and headings as bold lines."""
    if not _HTML.search(text):
        blocks = [one.strip() for one in re.split(r"\n\s*\n", text) if one.strip()]
        return "".join(f"<p>{escape(one, quote=False).replace(chr(10), '<br>')}</p>" for one in map(unescape, blocks))
    cleaned = nh3.clean(
        text,
        tags=_PAGE_TAGS,
        attributes={"a": {"href"}},
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer",
    )
    return _HEADING.sub(lambda match: "</strong></p>" if match[1] else "<p><strong>", cleaned)


def plain(text: str) -> str:
    """Its words, a line for each block."""
    if not _HTML.search(text):
        return "\n".join(line for one in unescape(text).splitlines() if (line := " ".join(one.split())))
    broken = _ELEMENT.sub("", _BLOCK_END.sub("\n", nh3.clean(text, tags=_PAGE_TAGS, attributes={})))
    return "\n".join(line for one in unescape(broken).splitlines() if (line := " ".join(one.split())))


def page_notes(item: KeptItem) -> Notes:
    """The notes of an imported item for its page: the longer of the two texts that the feed had."""
    text = max(item.content or "", item.description or "", key=len)
    return Notes(html=as_page(text), references=(), text=plain(text), times=(), blocks=())


def without_live(elements: Iterable[etree._Element]) -> Iterator[etree._Element]:
    """Copies of those in which nothing can run, their HTML cleaned; comments and instructions are left out."""
    for element in elements:
        if isinstance(element.tag, str) and not any(_is_live(one) for one in element.iter()):
            one = copy.deepcopy(element)
            one.tail = None
            for part in one.iter():
                part.text = clean(part.text) or None if part.text else None
                part.tail = clean(part.tail) or None if part.tail else None
                for name, value in part.items():
                    if _SCRIPT_ADDRESS.match(_IGNORED.sub("", value)):
                        del part.attrib[name]
            yield one


def at(element: etree._Element, places: dict[str, str]) -> etree._Element:
    """A copy in which addresses that are keys of `places` are those of today."""
    one = copy.deepcopy(element)
    for part in one.iter():
        for name, value in part.items():
            if value in places:
                part.set(name, places[value])
        if part.text and part.text.strip() in places:
            part.text = places[part.text.strip()]
    return one


def document(name: str, item: KeptItem) -> bytes:
    """imported.xml, as `read_kept` reads it; `name` is `item` or `channel`. The same item gives the same bytes."""
    namespaces = dict(PREFIXES)
    for tag in item.tags:
        for prefix, uri in tag.nsmap.items():
            if prefix and uri not in namespaces.values():
                namespaces.setdefault(prefix, uri)
    root = etree.Element(name, nsmap=namespaces)
    for tag, text in (("description", item.description), (CONTENT, item.content)):
        if text is not None:
            root.append(text_element(tag, text))
    for one in item.tags:
        root.append(copy.deepcopy(one))
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(PREFIXES))
    written: bytes = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    return written


def text_element(tag: str, text: str) -> etree._Element:
    """An element that holds HTML, as feeds write it."""
    element = etree.Element(tag)
    element.text = etree.CDATA(text.replace("]]>", "]]&gt;"))
    return element


def read_kept(path: Path) -> KeptItem:
    """Read an imported.xml. Raises InvalidEpisode where it cannot be read."""
    try:
        content = path.read_bytes()
        if len(content) > _MAX_BYTES:
            raise ValueError("it is too long")
        root = etree.fromstring(content, safe_parser())
        if root.getroottree().docinfo.doctype:
            raise ValueError("it has a document type")
    except (OSError, ValueError, etree.XMLSyntaxError) as error:
        raise InvalidEpisode(
            Problem(str(path), f"it cannot be read ({error})"[:300], "Restore it, or import the feed again")
        ) from error
    texts: dict[str, str | None] = {"description": None, CONTENT: None}
    others: list[etree._Element] = []
    for element in root:
        if element.tag in texts:
            texts[element.tag] = clean("".join(element.itertext()))
        else:
            others.append(element)
    return KeptItem(texts["description"], texts[CONTENT], tuple(without_live(others)))


def kept_of_show(folder: Path) -> KeptItem:
    """What the show itself brought along: `imported.xml` in episodes/, where there is one.

    Its description is there where it was HTML, which show.toml cannot hold.
    """
    path = folder / IMPORTED_NAME
    return read_kept(path) if path.exists() else KeptItem()


def safe_parser(*, recover: bool = False) -> etree.XMLParser:
    """A parser that opens nothing, expands nothing, and keeps libxml2's limits on depth and size."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        strip_cdata=False,
        remove_comments=True,
        remove_pis=True,
        recover=recover,
        encoding="utf-8",
    )


def _is_live(element: etree._Element) -> bool:
    if not isinstance(element.tag, str):
        return True
    return any(_LIVE.search(str(name)) for name in (element.tag, *element.attrib))
