"""The last look: is a protected name in anything that is about to be published?

Every file of the plan is searched as it will lie on the host, by its name and by its bytes: pages, feeds, captions,
chapters, search, and the tags inside recordings and pictures. It does not ask how a name could have got there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from pipeline.errors import Problem
from pipeline.withhold import Protected, find

_TEXT = {".html", ".xml", ".json", ".vtt", ".srt", ".txt", ".css", ".js", ".svg"}
_ID3_HEADER_BYTES = 10
# A name inside a file of sound or pixels stands in its tags, which stand at its ends.
_TAGS_MAX_BYTES = 16_000_000
_TAIL_BYTES = 65_536
_TAIL_BEHIND_ID3_BYTES = 4_096  # ID3v1, APE: the rest is sound, in which a short name stands by chance
# The coded pixels of a JPEG, between the start of its scan and its end, hold no text and every short name by chance.
_JPEG_SCAN = re.compile(rb"(\xff\xd8\xff.{0,262144}?)\xff\xda.*?(\xff\xd9|\Z)", re.DOTALL)
_ELEMENT = re.compile(r"<[^<>]*>")
_TEXT_RUN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ufffd]{4,}")


def leaks(plan: Mapping[str, bytes | Path], protected: Sequence[Protected]) -> Iterator[tuple[str, Problem]]:
    """For every file in which a protected name stands its name, and a problem that names both. Nothing is repaired."""
    if not protected:
        return
    for name, content in plan.items():
        for one in _among([_spaced(name), *_texts(name, content)], protected):
            yield name, _problem(f"site/{name}", one)


def leaks_into(place: str, texts: Iterable[str], protected: Sequence[Protected]) -> Iterator[Problem]:
    """For every protected name that `texts` would bring into `place`, a file that holds other episodes too, a problem.

    A name that protects one episode may stand in another: such a file is not searched, but what is put into it.
    """
    said = [_without_elements(text) for text in texts]
    for one in _among(said, protected) if protected else ():
        yield _problem(place, one)


def _among(texts: Sequence[str], protected: Sequence[Protected]) -> Iterator[str]:
    for one in protected:
        if any(next(find(text, [one]), None) for text in texts):
            yield one.name


def _problem(where: str, name: str) -> Problem:
    return Problem(
        where,
        f"the protected name “{name}” stands in it",
        "Take it out of what people wrote for the page, then run again",
    )


def _spaced(name: str) -> str:
    return re.sub(r"[-_./]+", " ", name)


def _texts(name: str, content: bytes | Path) -> Iterator[str]:
    if PurePosixPath(name).suffix in _TEXT:
        raw = content.read_bytes() if isinstance(content, Path) else content
        text = raw.decode("utf-8", "replace")
        yield unescape(text)
        if "<" in text:
            yield _without_elements(text)
        if "%" in text:
            yield unquote(text)
        if "\\u" in text:
            yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
        return
    for part in map(_without_pixels, _ends(content)):
        # ID3 writes text in UTF-8, UTF-16 or Latin-1, and so do the tags of pictures.
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "latin-1"):
            yield from _TEXT_RUN.findall(part.decode(encoding, "replace"))
        yield from _TEXT_RUN.findall(part[1:].decode("utf-16-le", "replace"))


def _without_elements(text: str) -> str:
    # "Maria <em>Santos</em>" is read as one name.
    return unescape(_ELEMENT.sub(" ", text))


def _ends(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content[:_TAGS_MAX_BYTES]
        return
    with content.open("rb") as stream:
        head = stream.read(_ID3_HEADER_BYTES)
        length = tail_bytes = _TAIL_BYTES
        if head[:3] == b"ID3":
            tail_bytes = _TAIL_BEHIND_ID3_BYTES
            length = sum((byte & 0x7F) << (7 * (3 - place)) for place, byte in enumerate(head[6:10]))
        yield head + stream.read(min(length, _TAGS_MAX_BYTES))
        size = content.stat().st_size
        stream.seek(max(0, size - tail_bytes))
        yield stream.read()


def _without_pixels(content: bytes) -> bytes:
    return _JPEG_SCAN.sub(rb"\1 \2", content)
