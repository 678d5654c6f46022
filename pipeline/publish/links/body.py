"""What a server sent, unpacked and read as text, whatever it says of it and however it swells."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping

_PIECE_BYTES = 64 * 1024
_PACKINGS_MAX = 2
_CHARSETS = re.compile(
    r"(?:utf-?(?:8|16|32)(?:-?[lb]e)?|us-ascii|ascii|latin-?[1-9]|iso-?8859-?\d{1,2}|windows-?\d{3,4}|cp\d{3,4}|koi8-[ru]"
    r"|gb2312|gbk|gb18030|big5(?:-hkscs)?|euc-(?:jp|kr)|shift_jis|iso-2022-(?:jp|kr)|mac(?:intosh|-?roman)|tis-620)"
)
_DECLARED = re.compile(rb"""<(?:meta|\?xml)[^>]{0,500}?(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""")
_HEAD_BYTES = 2048
_LATIN = ("ascii", "us-ascii", "latin-1", "latin1", "iso-8859-1", "iso8859-1")


class Unpackable(ValueError):
    """The body is packed in a way that nobody asked for, or is damaged."""


def unpacked(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The body without its Content-Encoding, in pieces of at most 64 kB, so that whoever reads can stop at a limit.

    Raises Unpackable for other packings than gzip and deflate, for more than two, and for damaged ones.
    """
    names = [name.strip().lower() for name in encoding.split(",") if name.strip()]
    names = [name for name in names if name != "identity"]
    if len(names) > _PACKINGS_MAX or not set(names) <= {"gzip", "x-gzip", "deflate"}:
        raise Unpackable(f"it is packed as “{encoding[:40]}”, which was not asked for")
    for name in reversed(names):
        pieces = _inflated(pieces, deflate=name == "deflate")
    yield from pieces


def as_text(body: bytes, content_type: str) -> str:
    """The body as text.

    Servers are often wrong about this. What is UTF-8 and more than ASCII is UTF-8; else the header's charset counts,
    then the page's own, then windows-1252, as in browsers.
    """
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if body.startswith(mark):
            return body.decode(name, "replace")
    if not body.isascii():
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    for charset in (_said(content_type), _declared(body)):
        if charset:
            try:
                return body.decode(charset)
            except (LookupError, UnicodeError):
                continue
    return body.decode("windows-1252", "replace")


def media_type(headers: Mapping[str, str]) -> str:
    """The type of the body without its parameters, in small letters; empty where the server does not say."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _said(content_type: str) -> str | None:
    match = re.search(r"""charset\s*=\s*["']?([A-Za-z0-9_-]{2,20})""", content_type, re.IGNORECASE)
    return _known(match[1]) if match else None


def _declared(body: bytes) -> str | None:
    match = _DECLARED.search(body[:_HEAD_BYTES].lower())
    return _known(match[1].decode("ascii")) if match else None


def _known(name: str) -> str | None:
    name = name.lower()
    if name in _LATIN:
        return "windows-1252"
    return name if _CHARSETS.fullmatch(name) else None


def _inflated(pieces: Iterable[bytes], *, deflate: bool) -> Iterator[bytes]:
    engine: Callable[[], zlib._Decompress] = lambda: zlib.decompressobj(wbits=47)  # noqa: E731  - gzip or zlib, as it comes
    current = engine()
    first = True
    for piece in pieces:
        data = piece
        while data:
            try:
                out = current.decompress(data, _PIECE_BYTES)
            except zlib.error as error:
                if not (first and deflate):
                    raise Unpackable(f"its packing is damaged ({error})") from error
                # Some servers mean the bare stream by “deflate”, as RFC 9110 (8.4.1.2) tells.
                current = zlib.decompressobj(wbits=-15)
                first = False
                continue
            first = False
            if out:
                yield out
            data = current.unconsumed_tail
            if current.eof:
                data = current.unused_data
                if not data.startswith(b"\x1f\x8b"):
                    return  # what follows the end is not part of it
                current = engine()
