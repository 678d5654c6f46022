"""Transcripts and chapters that a feed offered: what kind they are, how they are published as they were, and a draft.

A transcript that came along was checked by nobody here. It is offered as a file until there is one that was; as the
first text of that one it is better than a machine's, and the times come from what the machine heard.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from itertools import zip_longest
from typing import Any

import nh3

from pipeline.errors import InvalidEpisode, Problem
from pipeline.publish.captions import HTML_TYPE, JSON_TYPE, SRT_TYPE, VTT_TYPE
from pipeline.publish.markdown import without_forbidden
from pipeline.publish.moving.kept import KeptText, TakenOver, read_kept
from pipeline.show import IMPORTED_NAME, Chapter, Episode
from pipeline.transcript import Paragraph, Transcript

TEXT_TYPE = "text/plain"
# Podcasts write these types in many ways; the right one is what servers send for the suffix.
TYPES = {
    "text/vtt": (VTT_TYPE, "vtt"),
    "application/x-subrip": (SRT_TYPE, "srt"),
    "application/srt": (SRT_TYPE, "srt"),
    "application/srr": (SRT_TYPE, "srt"),
    "text/srt": (SRT_TYPE, "srt"),
    "application/json": (JSON_TYPE, "json"),
    "text/html": (HTML_TYPE, "html"),
    "text/plain": (TEXT_TYPE, "txt"),
}
_CUE = re.compile(
    r"^[ \t]*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})[ \t]*-->[ \t]*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}[^\n]*$",
    re.MULTILINE,
)
_VOICE = re.compile(r"<v(?:\.[^ >]*)?\s+([^>]{1,128})>")
_NAMED = re.compile(r"^\s*([^\W\d_][^:\n<>]{0,60}):\s+(?=\S)")
_MARKUP = re.compile(r"<[^<>]*>")
_PARAGRAPH_MAX_WORDS = 90
_HTML_TAGS = {"cite", "time", "p", "br", "em", "strong", "b", "i", "h1", "h2", "h3"}
_HEAD = '<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><title>Transcript</title></head>\n<body>\n'

Cue = tuple[int, str | None, str]  # start in ms, speaker where one is named, words


def sniffed(content: bytes, said: str) -> tuple[str, str] | None:
    """Type and suffix of a transcript by what is in it, or None where it is none; `said` decides between texts."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    start = text.lstrip()[:200].lower()
    if start.startswith("webvtt"):
        return TYPES["text/vtt"]
    if start.startswith(("{", "[")):
        return TYPES["application/json"] if _json(text) is not None else None
    if _CUE.search(text):
        return TYPES["application/srt"]
    if said.partition(";")[0].strip().lower() == "text/html" or start.startswith(("<!doctype", "<html")):
        return TYPES["text/html"]
    return TYPES["text/plain"] if start and "\x00" not in text else None


def chapters_in(content: bytes) -> tuple[Chapter, ...]:
    """The chapters in a file of the podcast namespace that can be shown on a page, in the order of time.

    Those without a title, and those that are not for the table of contents, are left out.
    """
    listed = _listed(content, "chapters")
    found: dict[int, Chapter] = {}
    for one in listed:
        seconds, title = one.get("startTime"), one.get("title")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds < 360_000:
            continue
        if not isinstance(title, str) or one.get("toc") is False:
            continue
        line = " ".join(without_forbidden(title).split())
        url = one.get("url") if isinstance(one.get("url"), str) else None
        for address in (url, None):
            try:
                chapter = Chapter.model_validate(
                    {"start": _clock(round(seconds * 1000)), "title": line, "url": address}
                )
            except ValueError:
                continue
            found.setdefault(chapter.start_ms, chapter)
            break
    return tuple(found[start_ms] for start_ms in sorted(found))


def are_chapters(content: bytes) -> bool:
    """Whether it is a file of chapters of the podcast namespace, with at least one in it."""
    return bool(_listed(content, "chapters"))


def taken_over(episode: Episode) -> TakenOver:
    """What an imported episode brought along, from the files beside its episode.toml. Raises InvalidEpisode."""
    kept = episode.imported
    assert kept is not None  # noqa: S101 - nobody asks for another
    texts: list[KeptText] = []
    for one in kept.transcripts:
        content = _read(episode, one.file)
        kind = sniffed(content, one.type)
        if kind is None:
            raise InvalidEpisode(
                Problem(str(episode.folder / one.file), "it is no transcript", "Take it out of [imported]")
            )
        media_type, suffix = kind
        if suffix == "html":
            # It is a page of the site's own then, and must not be able to do what a page can.
            cleaned = nh3.clean(content.decode("utf-8-sig"), tags=_HTML_TAGS, attributes={})
            content = f"{_HEAD}{cleaned}\n</body>\n</html>\n".encode()
        texts.append(KeptText(content, media_type, suffix, one.language, one.rel))
    chapters = _read(episode, kept.chapters) if kept.chapters and not episode.chapters else None
    if chapters is not None and not are_chapters(chapters):
        chapters = None
    return TakenOver(read_kept(episode.folder / IMPORTED_NAME), tuple(texts), chapters)


def draft(episode: Episode, speaker: str) -> Transcript | None:
    """A first transcript.md out of one that came along and has times; None where there is none.

    `speaker` stands where none is named.
    """
    for one in episode.imported.transcripts if episode.imported else ():
        content = _read(episode, one.file)
        kind = sniffed(content, one.type)
        cues = list(_cues(content.decode("utf-8-sig"), kind[1])) if kind else []
        if paragraphs := tuple(_paragraphs(cues, speaker)):
            return Transcript(paragraphs)
    return None


def _cues(text: str, suffix: str) -> Iterator[Cue]:
    if suffix == "json":
        for one in _listed(text.encode(), "segments"):
            start, body, voice = one.get("startTime"), one.get("body"), one.get("speaker")
            if isinstance(start, int | float) and isinstance(body, str) and 0 <= start < 360_000:
                yield round(start * 1000), voice if isinstance(voice, str) else None, body
    elif suffix in ("vtt", "srt"):
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        marks = list(_CUE.finditer(text))
        for mark, following in zip_longest(marks, marks[1:]):  # none without cues, and WebVTT may be
            hours, minutes, seconds, fraction = mark.groups()
            start_ms = ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(fraction.ljust(3, "0"))
            # The lines up to the first empty one; behind it stand the next cue's number or name.
            body = text[mark.end() : following.start() if following else None].lstrip("\n").split("\n\n")[0]
            voice = _VOICE.search(body) or _NAMED.match(body)
            words = body if voice is None or voice.re is _VOICE else body[voice.end() :]
            yield start_ms, voice[1] if voice else None, words


def _paragraphs(cues: list[Cue], speaker: str) -> Iterator[Paragraph]:
    name, start_ms, words = speaker, 0, ""
    latest_ms = -1
    for cue_ms, voice, body in cues:
        text = " ".join(without_forbidden(unescape(_MARKUP.sub("", body))).split())
        named = " ".join(without_forbidden(voice).replace("*", "").split())[:128] if voice else ""
        if not text or cue_ms < latest_ms:
            continue
        latest_ms = cue_ms
        is_long = len(words.split()) > _PARAGRAPH_MAX_WORDS and words.endswith((".", "!", "?", "…", "。"))
        if words and ((named and named != name) or is_long):
            yield Paragraph(name, words, start_ms)
            words = ""
        name = named or name
        start_ms = start_ms if words else cue_ms
        words = f"{words} {text}".strip()
    if words:
        yield Paragraph(name, words, start_ms)


def _listed(content: bytes, name: str) -> list[dict[str, Any]]:
    value = _json(content.decode("utf-8-sig", "replace"))
    entries = value.get(name) if isinstance(value, dict) else None
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _read(episode: Episode, name: str) -> bytes:
    try:
        return (episode.folder / name).read_bytes()
    except OSError as error:
        raise InvalidEpisode(Problem(str(episode.folder / name), "it cannot be read", "Put it back")) from error


def _clock(time_ms: int) -> str:
    seconds, rest = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"
