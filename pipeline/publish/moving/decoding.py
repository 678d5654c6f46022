"""From the bytes of a foreign feed to a tree of elements, whatever is wrong with them.

Entities are never expanded, a document type is taken out before anything reads it, nothing is fetched, and libxml2's
limits on depth and size stay on. What is mended is noted in `Repairs`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from html import unescape
from html.entities import html5
from itertools import islice
from urllib.parse import quote

from lxml import etree

from pipeline.errors import Problem, Refused
from pipeline.publish.lint.reading import MAX_BYTES, NAMESPACES
from pipeline.publish.markdown import forbidden_in, without_forbidden
from pipeline.publish.moving.kept import safe_parser
from pipeline.publish.moving.repairs import Repairs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._:-]{1,40})["']""")
_DECLARATION = re.compile(r"<\?xml(?:\s[^>]*?)?\?>")
_ROOT = re.compile(r"<(?:rss|rdf:RDF|feed)[\s>]", re.IGNORECASE)
_START = re.compile(r"<\?xml[\s?]|<(?:rss|rdf:RDF|feed)[\s>]", re.IGNORECASE)
_LINK = re.compile(r"<link\s[^<>]{1,1000}>", re.IGNORECASE)
_HREF = re.compile(r"""\shref\s*=\s*["']([^\s"'<>]{1,500})["']""", re.IGNORECASE)
_CDATA = "<![CDATA["
_VERBATIM = re.compile(r"<!\[CDATA\[|<!--")
_CDATA_END = re.compile(r"\]\]>")
_CDATA_MAX_CHARACTERS = 100_000
_OPENED = re.compile(r"<([A-Za-z][\w.:-]*)(?:\s[^<>]*)?>\s*\Z")
_ITEM = re.compile(r"</?item[\s>]", re.IGNORECASE)
_REFERENCE = re.compile(r"&(?:#(?P<number>[0-9]{1,7}|[xX][0-9a-fA-F]{1,6});|(?P<name>[A-Za-z][A-Za-z0-9]{1,31});)?")
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}
_OUTSIDE_CDATA = "outside a CDATA section"
_ERRORS_TOLD = 5
_ESCAPED = re.compile("[\udc80-\udcff]")  # bytes that are no UTF-8, as surrogateescape writes them
# Prefixes as everybody writes them; a feed that forgot to declare one means these.
_USUAL = {
    **NAMESPACES,
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "googleplay": "http://www.google.com/schemas/play-podcasts/1.0",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "psc": "http://podlove.org/simple-chapters",
    "spotify": "http://www.spotify.com/ns/rss",
    "rawvoice": "http://www.rawvoice.com/rawvoiceRssModule/",
}
_OLD_PODCAST_NAMESPACE = "github.com/podcastindex-org/podcast-namespace"


def tree(content: bytes, repairs: Repairs) -> etree._Element:
    """The root of a feed. Raises Refused where nothing of it can be read."""
    if len(content) > MAX_BYTES:
        raise Refused(Problem("feed", f"it has {len(content):,} bytes, which nothing reads", "Split it into pages"))
    text = _without_controls(_decoded(content, repairs), repairs)
    text = _trimmed(text, repairs)
    text = _mended(text, repairs)
    root = _parsed(text, repairs)
    _name_namespaces(root, repairs)
    return root


def _decoded(content: bytes, repairs: Repairs) -> str:
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            repairs.add("feed, line 1", "it begins with a byte order mark", "It was left out")
            return content.removeprefix(mark if encoding == "utf-8" else b"").decode(encoding, "replace")
    if content[:4] in (b"<\x00?\x00", b"<\x00r\x00"):
        return content.decode("utf-16-le", "replace")
    if content[:4] in (b"\x00<\x00?", b"\x00<\x00r"):
        return content.decode("utf-16-be", "replace")
    match = _DECLARED.match(content)
    declared = match[1].decode("ascii").lower() if match else "utf-8"
    if b"\x1b" in content and declared.startswith("iso-2022-"):
        return content.decode(_codec(declared) or "utf-8", "replace")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        return _decoded_otherwise(content, declared, error, repairs)
    if declared not in ("utf-8", "utf8", "us-ascii") and not content.isascii():
        repairs.add("feed, line 1", f"it says that it is {declared}, and it is UTF-8", "It was read as UTF-8")
    return text


def _decoded_otherwise(content: bytes, declared: str, error: UnicodeDecodeError, repairs: Repairs) -> str:
    where = f"feed, line {content.count(bytes([10]), 0, error.start) + 1}"
    codec = _codec(declared)
    # What calls itself ISO 8859-1 is Windows-1252 (WHATWG encoding standard).
    codec = "cp1252" if codec in ("iso8859-1", "latin-1", "ascii") else codec
    if codec not in (None, "utf-8"):
        try:
            return content.decode(str(codec))
        except UnicodeDecodeError:
            if codec == "cp1252":
                return content.decode("latin-1")
    repairs.add(
        where,
        f"it says that it is {declared}, and there are bytes in it that are not",
        "Those were read as Windows-1252, which they are most often; look at accented letters",
    )
    escaped = content.decode("utf-8", "surrogateescape")
    return _ESCAPED.sub(lambda match: bytes([ord(match[0]) - 0xDC00]).decode("cp1252", "replace"), escaped)


def _codec(name: str) -> str | None:
    try:
        codec = codecs.lookup(name)
    except LookupError:
        return None
    is_text = getattr(codec, "_is_text_encoding", False)
    return codec.name if is_text and codec.name not in ("utf-7", "idna", "punycode", "raw-unicode-escape") else None


def _without_controls(text: str, repairs: Repairs) -> str:
    first: dict[str, int] = {}
    for place, one in forbidden_in(text):
        first.setdefault(one, place)
    for one, place in first.items():
        where = f"feed, line {text.count(chr(10), 0, place) + 1}"
        repairs.add(where, f"it holds the control character U+{ord(one):04X}", "It was left out")
    return without_forbidden(text)


def _feed_of_page(text: str) -> str:
    """The feed that a web page names for browsers, as it is written there; empty where it names none."""
    for link in _LINK.findall(text):
        href = _HREF.search(link)
        if href and "application/rss+xml" in link.lower():
            return unescape(href[1])
    return ""


def _trimmed(text: str, repairs: Repairs) -> str:
    """From the declaration to the end of the root, without a document type."""
    start = _START.search(text)
    if start is None:
        named = _feed_of_page(text)
        remedy = f"Give the address of the feed itself, not of a page{named and f'; this one names {named}'}"
        raise Refused(Problem("feed", "it is no RSS feed", remedy))
    if text[: start.start()].strip():
        repairs.add("feed, line 1", "something stands before the feed", "It was left out")
    elif start.start():
        repairs.add("feed, line 1", "white space stands before the XML declaration", "It was left out")
    # Lines stay what they are, so that what is told of later ones is true.
    text = "\n" * text.count("\n", 0, start.start()) + _DECLARATION.sub("", text[start.start() :], count=1)
    end = text.lower().rfind("</rss>")
    if end < 0:
        repairs.add("feed", "its end is missing", "It was read as far as it goes; the last episode may be incomplete")
    elif text[end + 6 :].strip():
        repairs.add(
            f"feed, line {text.count(chr(10), 0, end) + 1}", "something stands behind its end", "It was left out"
        )
        text = text[: end + 6]
    root = _ROOT.search(text)
    head = text[: root.start()] if root else text
    if "<!doctype" in head.lower():
        repairs.add("feed, line 1", "it has a document type", "It was left out, with every entity that it declares")
        text = "\n" * head.count("\n") + text[len(head) :]
    return text


def _mended(text: str, repairs: Repairs) -> str:
    """Without faults of entities and CDATA. What is in CDATA sections stays as it is."""
    pieces: list[str] = []
    place, line = 0, 1
    ends: dict[str, int] = {}  # the next end of each kind, looked for once: else a broken feed costs its square
    while match := _VERBATIM.search(text, place):
        pieces.append(_references(text[place : match.start()], line, repairs))
        line += text.count("\n", place, match.start())
        is_comment = match[0] != _CDATA
        mark = "-->" if is_comment else "]]>"
        if ends.get(mark, -1) < match.end():
            found = text.find(mark, match.end())
            ends[mark] = found if found >= 0 else len(text)
        if is_comment:
            place = min(ends[mark] + len(mark), len(text))
            pieces.append("\n" * text.count("\n", match.start(), place))
        else:
            inside, place = _cdata(text, match.start(), ends[mark], f"feed, line {line}", repairs)
            pieces.append(f"{_CDATA}{inside}]]>")
        line += text.count("\n", match.start(), place)
    pieces.append(_references(text[place:], line, repairs))
    return "".join(pieces)


def _cdata(text: str, start: int, end: int, where: str, repairs: Repairs) -> tuple[str, int]:
    """What a CDATA section from `start` holds, and where in the text it is over; `end` is the next `]]>`, or the end
    of the text."""
    first, place = start + len(_CDATA), min(end + 3, len(text))
    stray = _ITEM.search(text, first, end)
    inside = None
    if stray or end == len(text):
        opened = _OPENED.search(text[max(0, start - 200) : start])
        closing = f"</{opened[1]}>" if opened else "</"
        found = text.find(closing, first, stray.start() if stray else end)
        if found >= 0:
            repairs.add(where, "a CDATA section is not closed", f"It was read up to {closing}", kind="cdata-open")
            end = place = found
    elif text.find(_CDATA, first, end) >= 0:
        # It ends where the outer one does, if that is still in the same item.
        closings = _CDATA_END.finditer(text, start, start + _CDATA_MAX_CHARACTERS)
        ends = [one.end() for one in islice(closings, text.count(_CDATA, first, end) + 1)]
        if ends and not _ITEM.search(text, start, ends[-1]):
            place = ends[-1]
            inside = text[first : place - len("]]>")].replace("]]>", "")
    inside = text[first:end] if inside is None else inside
    if _CDATA in inside:
        repairs.add(where, "a CDATA section holds another", "The marks were left out", kind="cdata-nested")
        inside = inside.replace(_CDATA, "")
    return inside, place


def _references(text: str, line: int, repairs: Repairs) -> str:
    def at(place: int) -> Callable[[], str]:
        return lambda: f"feed, line {line + text.count(chr(10), 0, place)}"

    if (stray := text.find("]]>")) >= 0:
        repairs.add(at(stray)(), f"“]]>” stands {_OUTSIDE_CDATA}", "It was left out", kind="cdata-end")
        text = text.replace("]]>", "")
    if "&" not in text:
        return text

    def mend(match: re.Match[str]) -> str:
        where, name, number = at(match.start()), match["name"], match["number"]
        if name in _XML_NAMES:
            return match[0]
        if number:
            return _character(int(number[1:], 16) if number[0] in "xX" else int(number), match[0], where, repairs)
        if name and (meant := html5.get(f"{name};")):
            repairs.add(where, f"&{name}; is not declared", "The character of that name was written", kind=f"&{name}")
            return "".join(f"&#{ord(one)};" for one in meant)
        repairs.add(where, "an & stands alone", "It was read as &amp;", kind="ampersand")
        return f"&amp;{match[0][1:]}"

    return _REFERENCE.sub(mend, text)


def _character(code: int, written: str, where: Callable[[], str], repairs: Repairs) -> str:
    if 0x80 <= code <= 0x9F:
        repairs.add(where, f"{written} is a control character", "It was read as Windows-1252", kind="c1")
        return bytes([code]).decode("cp1252", "ignore")
    if code > 0x10FFFF or not without_forbidden(f" {chr(code)}")[1:]:
        repairs.add(where, f"{written} is no character that XML can hold", "It was left out", kind="no character")
        return ""
    return written


def _parsed(text: str, repairs: Repairs) -> etree._Element:
    content = text.encode("utf-8", "replace")
    try:
        return etree.fromstring(content.lstrip() if not content.startswith(b"\n") else content, safe_parser())
    except etree.XMLSyntaxError:
        pass
    parser = safe_parser(recover=True)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused(
            Problem("feed", f"it cannot be read as XML ({error})"[:200], "Have its publisher mend it")
        ) from error
    if root is None:
        raise Refused(Problem("feed", "nothing of it can be read as XML", "Have its publisher mend it"))
    for entry in list(parser.error_log)[:_ERRORS_TOLD]:
        what = f"it is not XML here: {entry.message}"[:200]
        repairs.add(f"feed, line {entry.line}", what, "It was read on from there", kind=f"xml {entry.type}")
    return root


def _name_namespaces(root: etree._Element, repairs: Repairs) -> None:
    """Put every element that means a namespace of podcasts into it."""
    for element in root.iter(etree.Element):
        uri, _, local = str(element.tag).removeprefix("{").rpartition("}")
        if not uri and ":" in local:
            prefix, _, local = local.partition(":")
            usual = _USUAL.get(prefix.lower(), f"urn:undeclared:{quote(prefix)}")
            where = f"feed, line {element.sourceline}"
            repairs.add(where, f"the prefix {prefix} is not declared", f"It was read as {usual}", kind=prefix)
            element.tag = f"{{{usual}}}{local.replace(':', '_') or '_'}"
        elif uri and (meant := _meant(uri)) and meant != uri:
            where = f"feed, line {element.sourceline}"
            repairs.add(where, f"the namespace {uri} is not {meant}", "It was read as that", kind=uri)
            element.tag = f"{{{meant}}}{local}"
        for name in element.attrib:
            if ":" in str(name).rpartition("}")[2]:
                del element.attrib[name]  # of a prefix that was never declared: nobody knows what it means


def _meant(uri: str) -> str | None:
    if _OLD_PODCAST_NAMESPACE in uri.lower():
        return NAMESPACES["podcast"]
    return next((known for known in NAMESPACES.values() if _bare(known) == _bare(uri)), None)


def _bare(uri: str) -> str:
    return uri.lower().partition("://")[2].removeprefix("www.").rstrip("/")
