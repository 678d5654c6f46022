"""The files of one imported episode: fetched, looked at, named by what they are and never by what strangers call them.

Each is written into `folder`. What cannot be had or used is told in `repairs`; what may be had another time is raised.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline import files
from pipeline.errors import InvalidAudio, NoAnswer, OnRecordError, Problem, Refused
from pipeline.publish.links.wire import Unanswered
from pipeline.publish.moving import pictures, plan
from pipeline.publish.moving import transcripts as kinds
from pipeline.publish.moving.downloading import FILE_MAX_BYTES, Downloader, Report
from pipeline.publish.moving.foreign import ForeignFile, ForeignItem
from pipeline.publish.moving.repairs import Repairs

_DURATION_TOLERANCE = 0.02
_DURATION_TOLERANCE_S = 5
# What ffmpeg calls a container, and what the file is then called and served as.
_KINDS = {
    "mp3": ("mp3", "audio/mpeg"),
    "ogg": ("oga", "audio/ogg"),
    "flac": ("flac", "audio/flac"),
    "wav": ("wav", "audio/wav"),
    "aac": ("aac", "audio/aac"),
    "matroska": ("webm", "audio/webm"),
}
_MOV_SUFFIXES = {"video/mp4": "mp4", "video/x-m4v": "m4v", "video/quicktime": "mov"}
_M4A_TYPES = ("audio/x-m4a", "audio/mp4", "audio/m4a")


def recording(folder: Path, item: ForeignItem, loader: Downloader, repairs: Repairs, report: Report) -> plan.Audio:
    """Download the recording, see that it is one, and name it by what it is."""
    from pipeline.audio.probe import probe

    enclosure = item.enclosure
    arrived = folder / "recording"
    loader.download(enclosure.url, arrived, report)
    try:
        found = probe(arrived)
    except InvalidAudio as error:
        arrived.unlink()
        what = f"what lies at {enclosure.url} is no recording: {error.problems[0].what}"
        raise InvalidAudio(Problem("recording", what, "Mend it at the old host")) from error
    size_bytes = arrived.stat().st_size
    suffix, media_type = _kind(found.container, enclosure.type)
    if enclosure.type != media_type:
        repairs.add(item.where, f"its recording is said to be “{enclosure.type}”", f"It is {media_type}")
    if enclosure.length != size_bytes:
        said = "no length" if enclosure.length is None else f"{enclosure.length:,} bytes"
        what = f"its recording is said to have {said}"
        repairs.add(item.where, what, f"It has {size_bytes:,} bytes", kind="length of recording")
    if item.duration_s is not None and not found.duration_is_reckoned:
        measured_s = found.duration_ms / 1000
        if abs(measured_s - item.duration_s) > max(_DURATION_TOLERANCE_S, measured_s * _DURATION_TOLERANCE):
            what = f"it is said to last {item.duration_s} s, and its recording lasts {measured_s:.0f} s"
            done = "Its length stays as the feed has it; duration_s in episode.toml can be mended"
            repairs.add(item.where, what, done, kind="duration")
    name = f"audio.{suffix}"
    arrived.replace(folder / name)
    return plan.Audio(name, media_type)


def _kind(container: str, said: str) -> tuple[str, str]:
    if container in ("mov", "mp4", "m4a"):
        if said in _MOV_SUFFIXES:
            return _MOV_SUFFIXES[said], said
        return "m4a", said if said in _M4A_TYPES else "audio/x-m4a"
    if container not in _KINDS:
        raise InvalidAudio(Problem("recording", f"its kind, {container}, is not published", "Export it as MP3 or M4A"))
    return _KINDS[container]


def picture(folder: Path, url: str, stem: str, where: str, loader: Downloader, repairs: Repairs) -> str | None:
    """Download a picture as `stem`, mended where directories would refuse it; its name, or None where there is none."""
    try:
        content, _, _ = loader.fetch(url, FILE_MAX_BYTES)
    except (NoAnswer, Refused) as error:
        repairs.add(where, f"its picture cannot be had: {error.problems[0].what}", "It was left out")
        return None
    suffix = pictures.suffix_of(content)
    if suffix is None:
        repairs.add(where, f"its picture {url} is none that can be read", "It was left out")
        return None
    if suffix in ("jpg", "png"):
        name = f"{stem}.{suffix}"
        files.write_bytes(folder / name, content)
        against = pictures.refused(folder / name)
        if against is None:
            return name
        (folder / name).unlink()
    else:
        against = f"it is a {suffix.upper()}"
    made = pictures.mended(content)
    files.write_bytes(folder / f"{stem}-as-it-was.{suffix}", content)
    if made is None:
        repairs.add(where, f"directories refuse its picture: {against}", "It is kept, and not published")
        return None
    name = f"{stem}.jpg"
    files.write_bytes(folder / name, made)
    repairs.add(where, f"directories refuse its picture: {against}", f"{name} was made of it; the original is kept")
    return name


def chapters(folder: Path, item: ForeignItem, loader: Downloader, repairs: Repairs) -> str | None:
    if item.chapters is None:
        return None
    content = _text(item.chapters, item, "chapters", loader, repairs)
    if content is None:
        return None
    files.write_bytes(folder / "chapters.json", content)
    if not kinds.are_chapters(content):
        repairs.add(item.where, "its chapters are not JSON chapters", "The file is kept, and not published")
        return None
    return "chapters.json"


def transcripts(folder: Path, item: ForeignItem, loader: Downloader, repairs: Repairs) -> Iterator[dict[str, str]]:
    taken: set[str] = set()
    for one in item.transcripts:
        content = _text(one, item, "transcript", loader, repairs)
        if content is None:
            continue
        kind = kinds.sniffed(content, one.type)
        if kind is None:
            repairs.add(item.where, f"its transcript {one.url} is none", "It was left out")
            continue
        media_type, suffix = kind
        stem = next(one for one in ("transcript", *(f"transcript-{n}" for n in range(2, 99))) if one not in taken)
        taken.add(stem)
        name = f"{stem}.{suffix}"
        files.write_bytes(folder / name, content)
        if one.type != media_type:
            repairs.add(item.where, f"a transcript is said to be “{one.type}”", f"It is {media_type}")
        language = one.language if one.language and plan.is_language(one.language) else None
        told = {"file": name, "type": media_type, "language": language, "rel": one.rel}
        yield {key: value for key, value in told.items() if value}


def _text(one: ForeignFile, item: ForeignItem, what: str, loader: Downloader, repairs: Repairs) -> bytes | None:
    """A small file; None, and a repair told, where it is gone. Raises Unanswered where it may be there another time."""
    try:
        return loader.fetch(one.url, FILE_MAX_BYTES)[0]
    except Unanswered as error:
        if error.kind not in ("no such name", "size", "loop", "tls"):
            raise
        problem = error.problems[0]
    except OnRecordError as error:
        problem = error.problems[0]
    repairs.add(item.where, f"its {what} cannot be had: {problem.what}", "It was left out")
    return None


def photo(folder: Path, person_id: str, url: str, who: str, loader: Downloader, repairs: Repairs) -> str | None:
    try:
        content, _, _ = loader.fetch(url, FILE_MAX_BYTES)
    except (NoAnswer, Refused) as error:
        repairs.add(who, f"the photo cannot be had: {error.problems[0].what}", "It was left out")
        return None
    suffix = pictures.suffix_of(content)
    if suffix not in ("jpg", "png"):
        repairs.add(who, f"the photo {url} is neither JPEG nor PNG", "It was left out")
        return None
    name = f"people/{person_id}.{suffix}"
    if (folder / name).exists() and (folder / name).read_bytes() != content:
        repairs.add(who, f"the photo {url} is another than {name}, which was there already", "That was left as it is")
        return None
    files.write_bytes(folder / name, content)
    return name
