"""Writes cues as WebVTT, SubRip and the podcast namespace's JSON and HTML: the same words at the same times.

What apps were seen to do with these files decides what is not in them:

- WebVTT has no NOTE (one makes a whole file unreadable to Podverse), a voice in every cue (players carry the last
  one over), and `&`, `<`, `>` escaped, which also keeps `-->` out of the text.
- SubRip numbers its cues and names a speaker only where the speaker changes. It has no escapes: an arrow in the
  text gets an invisible word joiner, so that no reader takes it for a line of times. (AntennaPod cuts SubRip text
  at a colon; it prefers the two other formats, so the words are not bent for it.)
- JSON repeats the speaker and gives both times and a body in every segment; AntennaPod skips a segment otherwise.
- HTML is flat: cite, time and p stand directly in the body, without attributes but those of language, because
  Podverse looks for exactly that. It has a paragraph for each of the text's, not for each cue.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from types import MappingProxyType

from pipeline.publish.cues import Cue, lines, name_words
from pipeline.show import direction
from pipeline.transcript import format_ms

VTT_TYPE = "text/vtt"
SRT_TYPE = "application/x-subrip"
JSON_TYPE = "application/json"
HTML_TYPE = "text/html"
NO_LANGUAGES: Mapping[str, str] = MappingProxyType({})
_WORD_JOINER = "\u2060"


def to_vtt(cues: Sequence[Cue]) -> bytes:
    """WebVTT (W3C): UTF-8, one line of text in each cue."""
    blocks = [
        f"{format_ms(cue.start_ms)} --> {format_ms(cue.end_ms)}\n"
        f"<v {_escape(' '.join(cue.speaker.split()))}>{_escape(cue.text)}</v>"
        for cue in cues
    ]
    return ("\n\n".join(["WEBVTT", *blocks]) + "\n").encode("utf-8")


def to_srt(cues: Sequence[Cue]) -> bytes:
    """SubRip: UTF-8, two lines of 32 characters at most where words allow it."""
    return "".join(f"{block}\n\n" for block in _srt_blocks(cues)).encode("utf-8")


def to_json(cues: Sequence[Cue]) -> bytes:
    """The podcast namespace's transcript JSON, version 1.0.0; times in seconds."""
    segments = [
        {
            "speaker": " ".join(cue.speaker.split()),
            "startTime": cue.start_ms / 1000,
            "endTime": cue.end_ms / 1000,
            "body": cue.text,
        }
        for cue in cues
    ]
    content = {"version": "1.0.0", "segments": segments}
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode("utf-8")


def to_html(
    cues: Sequence[Cue],
    *,
    title: str,
    language: str,
    languages: Mapping[str, str] = NO_LANGUAGES,
    page: str | None = None,
    noindex: bool = False,
) -> bytes:
    """The podcast namespace's HTML transcript: a flat page, UTF-8, that can be read without an app too.

    `page` is the address of the page that says the same and more: search engines show that one, or with
    `noindex` none. `languages` are those of speakers, by name, who speak another than `language`.
    """
    paragraphs: list[str] = []
    for speaker, paragraph in _paragraphs(cues):
        name = f"<cite>{_escape(speaker)}:</cite>\n" if paragraph[0].turn else ""
        text = "".join(word for cue in paragraph for word in cue.words).strip()
        paragraphs.append(
            f"{name}<time>{_clock(paragraph[0].start_ms)}</time>\n<p{_lang(languages, speaker)}>{_escape(text)}</p>\n"
        )
    # Where the language decides, a first speaker with a Latin name must not turn the whole page around.
    whole, body = (' dir="rtl"', "") if direction(language) == "rtl" else ("", ' dir="auto"')
    robots = '<meta name="robots" content="noindex">\n' if noindex else ""
    canonical = f'<link rel="canonical" href="{escape(page)}">\n' if page else ""
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}"{whole}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{_escape(title)}</title>\n{robots}{canonical}</head>\n<body{body}>\n{''.join(paragraphs)}</body>\n</html>\n"
    ).encode()


def _lang(languages: Mapping[str, str], speaker: str) -> str:
    return f' lang="{escape(languages[speaker])}"' if speaker in languages else ""


def _paragraphs(cues: Sequence[Cue]) -> Iterator[tuple[str, list[Cue]]]:
    paragraph: list[Cue] = []
    for cue in cues:
        if paragraph and cue.opens:
            yield " ".join(paragraph[0].speaker.split()), paragraph
            paragraph = []
        paragraph.append(cue)
    if paragraph:
        yield " ".join(paragraph[0].speaker.split()), paragraph


def _clock(time_ms: int) -> str:
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _srt_blocks(cues: Sequence[Cue]) -> Iterator[str]:
    for number, cue in enumerate(cues, start=1):
        name = name_words(cue.speaker) if cue.turn else ()
        text = "\n".join(lines((*name, *cue.words))).replace("-->", f"--{_WORD_JOINER}>")
        times = f"{format_ms(cue.start_ms)} --> {format_ms(cue.end_ms)}".replace(".", ",")
        yield f"{number}\n{times}\n{text}"


def _escape(text: str) -> str:
    return escape(text, quote=False)
