"""The files that a feed names: pictures (C11, I9), transcripts (I14), chapters (I15), sizes (I2), sound (M1, M2)."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import mutagen
import mutagen.id3
from PIL import Image, UnidentifiedImageError

from pipeline.publish.lint.items import enclosures
from pipeline.publish.lint.podcasting import CHAPTERS_TYPE, TRANSCRIPT_TYPES
from pipeline.publish.lint.reading import Feed, child, children
from pipeline.publish.lint.rows import Finding, finding

Find = Callable[[str], Path | None]
# Integrated loudness in LUFS, true peak in dBTP, and how many channels there are.
Measure = Callable[[Path], tuple[float, float, int]]

ARTWORK_MIN_PX, ARTWORK_MAX_PX = 1400, 3000
ARTWORK_MAX_BYTES = 512 * 1024
VTT_LINE_MAX_CHARACTERS = 65
SRT_LINE_MAX_CHARACTERS = 32
_LOUDNESS_LUFS = {1: -19.0, 2: -16.0}
_LOUDNESS_TOLERANCE_LU = 1.0
_TRUE_PEAK_MAX_DBTP = -1.0
_MAX_PIXELS = 40_000_000
_VTT_TIMES = re.compile(
    r"^(?:(\d{2,}):)?(\d\d):(\d\d)\.(\d{3})[ \t]+-->[ \t]+(?:(\d{2,}):)?(\d\d):(\d\d)\.(\d{3})(?:[ \t].*)?$"
)
_SRT_TIMES = re.compile(r"^(\d{2,}):(\d\d):(\d\d),(\d{3}) --> (\d{2,}):(\d\d):(\d\d),(\d{3})$")


def check_files(feed: Feed, find: Find, measure: Measure | None) -> Iterator[Finding]:
    """What is wrong with the files. `find` gives the file of an address, None where it is not ours to look at.

    A file that is not there is what `find` returns as a path that does not exist. `measure` listens to an audio
    file from end to end; without it M1 is left out.
    """
    for row, where, parent in (
        ("C11", "channel", feed.channel),
        *(("I9", one.where, one.element) for one in feed.items),
    ):
        image = child(parent, "itunes:image")
        href = image.get("href") if image is not None else None
        if href and (path := find(href)) is not None:
            yield from _present(path, where, row) or check_picture(row, where, href, path.read_bytes())
    for item, enclosure in enclosures(feed):
        path = find(enclosure.get("url") or "")
        if path is not None:
            announced = bool(children(item.element, "podcast:chapters"))
            yield from _present(path, item.where, "I2") or _sound(
                path, item.where, enclosure.get("length"), measure, announced=announced
            )
        for tag in (*children(item.element, "podcast:transcript"), *children(item.element, "podcast:chapters")):
            kind = tag.get("type") or ""
            row = "I15" if kind == CHAPTERS_TYPE else "I14"
            if (text := find(tag.get("url") or "")) is not None:
                known = TRANSCRIPT_TYPES.get(kind.lower(), "")
                yield from _present(text, item.where, row) or check_text(item.where, known, kind, text.read_bytes())


def _present(path: Path, where: str, row: str) -> list[Finding]:
    if path.is_file():
        return []
    return [
        finding(row, where, f"{path.name} is not there", remedy="Publish the file, or name another", severity="error")
    ]


def check_picture(row: str, where: str, name: str, content: bytes) -> Iterator[Finding]:
    """What is wrong with a picture for directories."""
    if len(content) > ARTWORK_MAX_BYTES:
        yield finding(row, where, f"the artwork has {len(content):,} bytes, more than 512 KB", severity="warning")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = Image.open(io.BytesIO(content))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        yield finding(row, where, "the artwork is no picture that can be read")
        return
    with picture:
        suffix = name.partition("?")[0].rpartition(".")[2].lower()
        if picture.format not in ("JPEG", "PNG"):
            yield finding(row, where, f"the artwork is {picture.format}, neither JPEG nor PNG")
        elif (suffix in ("jpg", "jpeg")) != (picture.format == "JPEG"):
            yield finding(row, where, f"the artwork is {picture.format} and its name ends in .{suffix}")
        if picture.mode not in ("RGB", "RGBA", "P"):
            yield finding(row, where, f"the artwork's colours are {picture.mode}, not RGB")
        width, height = picture.size
        if width != height or not ARTWORK_MIN_PX <= width <= ARTWORK_MAX_PX:
            yield finding(row, where, f"the artwork is {width} by {height} pixels")


def check_text(where: str, known: str, kind: str, content: bytes) -> Iterator[Finding]:
    """What is wrong with a transcript (`known` is its kind) or with chapters."""
    if kind == CHAPTERS_TYPE:
        for what in _chapters(content):
            yield finding("I15", where, f"its chapters file {what}")
        return
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        yield finding("I14", where, f"its {kind} transcript is not UTF-8")
        return
    look = {"vtt": _vtt, "srt": _srt, "json": _json, "html": _html}.get(known)
    for what in look(text) if look else ():
        yield finding("I14", where, f"its {kind} transcript {what}")


def _chapters(content: bytes) -> Iterator[str]:
    try:
        chapters = json.loads(content)
        starts = [float(one["startTime"]) for one in chapters["chapters"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        yield "is no JSON with a list of chapters, each with a startTime"
        return
    if not str(chapters.get("version", "")).startswith("1."):
        yield "does not say its version"
    if any(after <= before for before, after in pairwise(starts)):
        yield "is not in the order of time"
    if not starts:
        yield "holds no chapter"


def _vtt(text: str) -> Iterator[str]:
    blocks = [block.strip("\n") for block in re.split(r"\n{2,}", text.replace("\r\n", "\n").replace("\r", "\n"))]
    if not re.match(r"WEBVTT(?:[ \t\n]|$)", blocks[0]):
        yield "does not begin with WEBVTT"
    if any(re.match(r"NOTE(?:[ \t\n]|$)", block) for block in blocks):
        yield "holds a NOTE, with which some apps read nothing at all"
    voiced, last_start, wrong_times, long_lines, cues = True, -1, False, False, 0
    for block in filter(None, blocks[1:]):
        lines = block.split("\n")
        number = next((index for index, line in enumerate(lines[:2]) if "-->" in line), None)
        if number is None:
            continue
        cues += 1
        times = _VTT_TIMES.match(lines[number])
        start, end = _span(times.groups()) if times else (0, 0)
        wrong_times = wrong_times or times is None or start < last_start or end <= start
        last_start = start
        said = lines[number + 1 :]
        voiced = voiced and any(line.startswith("<v") for line in said)
        long_lines = long_lines or any(len(re.sub(r"<[^>]*>", "", line)) > VTT_LINE_MAX_CHARACTERS for line in said)
    if wrong_times:
        yield "has times that run backwards or cannot be read; some apps then refuse all of it"
    if cues == 0:
        yield "holds no cue"
    elif not voiced:
        yield "has cues without a voice (<v Name>), where some apps show the last one's"
    if long_lines:
        yield f"has lines of more than {VTT_LINE_MAX_CHARACTERS} characters"


def _srt(text: str) -> Iterator[str]:
    blocks = [block for block in re.split(r"\n{2,}", text.replace("\r\n", "\n").strip("\n")) if block]
    last_start = -1
    for place, block in enumerate(blocks, start=1):
        lines = block.split("\n")
        times = _SRT_TIMES.match(lines[1]) if len(lines) > 1 else None
        start, end = _span(times.groups()) if times else (0, 0)
        if lines[0].strip() != str(place):
            yield f"does not number its cue {place}"
        elif times is None or start < last_start or end <= start:
            yield f"has wrong times at cue {place}"
        elif len(lines) > 4:
            yield f"has more than two lines at cue {place}"
        else:
            last_start = start
            continue
        return
    if not blocks:
        yield "holds no cue"


def _json(text: str) -> Iterator[str]:
    try:
        segments = json.loads(text)["segments"]
        whole = [
            str(one["body"]).strip() and str(one["speaker"]).strip() and float(one["endTime"]) > float(one["startTime"])
            for one in segments
        ]
    except (ValueError, TypeError, KeyError, RecursionError):
        yield "is no JSON whose segments all have speaker, startTime, endTime and body"
        return
    if not whole:
        yield "holds no segment"
    elif not all(whole):
        yield "has segments without words, a speaker or a length; apps skip them or stop"


class _Outline(HTMLParser):
    """Counts cite, time and p that stand directly in the body, and elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.direct = 0
        self.nested = 0
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in ("html", "head", "body", "meta", "link", "br"):
            return
        if tag in ("cite", "time", "p"):
            if self._open:
                self.nested += 1
            else:
                self.direct += 1
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]


def _html(text: str) -> Iterator[str]:
    outline = _Outline()
    outline.feed(text)
    if outline.nested or not outline.direct:
        yield "does not have cite, time and p directly in its body, where apps look for them"


def _span(groups: tuple[str | None, ...]) -> tuple[int, int]:
    numbers = [int(group or 0) for group in groups]
    start, end = (((h * 60 + m) * 60 + s) * 1000 + ms for h, m, s, ms in (numbers[:4], numbers[4:]))
    return start, end


def _sound(
    path: Path, where: str, length: str | None, measure: Measure | None, *, announced: bool
) -> Iterator[Finding]:
    size_bytes = path.stat().st_size
    if str(size_bytes) != (length or "").strip():
        yield finding("I2", where, f"the enclosure says {length} bytes, and {path.name} has {size_bytes}")
    if path.suffix.lower() == ".mp3":
        yield from _id3_chapters(path, where, announced=announced)
    if measure is not None:
        loudness_lufs, true_peak_dbtp, channels = measure(path)
        wanted = _LOUDNESS_LUFS[2 if channels > 1 else 1]
        if abs(loudness_lufs - wanted) > _LOUDNESS_TOLERANCE_LU:
            yield finding("M1", where, f"{path.name} has {loudness_lufs:.1f} LUFS; {wanted:g} is usual")
        if true_peak_dbtp > _TRUE_PEAK_MAX_DBTP:
            yield finding("M1", where, f"the true peak of {path.name} is {true_peak_dbtp:+.1f} dBTP")


def _id3_chapters(path: Path, where: str, *, announced: bool) -> Iterator[Finding]:
    id3: Any = mutagen.id3  # it is typed by halves
    try:
        frames = [frame.start_time for frame in id3.ID3(path).getall("CHAP")]
    except (mutagen.MutagenError, ValueError, EOFError):
        frames = []
    if announced and not frames:
        yield finding("M2", where, f"{path.name} has no chapters in it, and the feed has")
    elif any(after < before for before, after in pairwise(frames)):
        yield finding("M2", where, f"the chapters in {path.name} are not in the order of time", severity="warning")
