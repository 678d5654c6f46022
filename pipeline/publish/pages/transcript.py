"""The transcript as HTML: turns, paragraphs with a time that plays, sources at the words that need them.

Built as strings, because a template's loop over a long interview costs more than the rest of the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from markupsafe import Markup, escape

from pipeline.align import TimedParagraph
from pipeline.publish.markdown import cited_in_text
from pipeline.publish.notes import format_time

_SENTENCE_END = re.compile(r"[.!?…。！？؟]['\"”’»)]*$")
_CITATION = re.compile(r"\s*(\[@[^\]]*\])")


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the release that a page links: how it is written, and where it plays without scripts."""

    time_ms: int
    label: str
    href: str


def moment(time_ms: int, audio: str) -> Moment:
    """A moment of the recording at `audio`."""
    return Moment(time_ms, format_time(time_ms), f"{audio}#{fragment(time_ms)}")


def cited_at(paragraphs: Sequence[TimedParagraph]) -> dict[str, list[int]]:
    """For each source that the transcript cites the times, in ms, at which the sentences begin that cite it."""
    times: dict[str, list[int]] = {}
    for paragraph in paragraphs:
        for match in _CITATION.finditer(paragraph.text) if "[@" in paragraph.text else ():
            before = [word for word in paragraph.words if word.start_char < match.start()]
            start_ms = paragraph.start_ms
            for word, following in pairwise(before):
                if _SENTENCE_END.search(word.text):
                    start_ms = following.start_ms
            for key in cited_in_text(match[1]):
                if start_ms not in times.setdefault(key, []):
                    times[key].append(start_ms)
    return times


def transcript_html(paragraphs: Sequence[TimedParagraph], *, audio: str, numbers: Mapping[str, int]) -> Markup:
    """The transcript as turns, each with its speaker's name, and paragraphs with an id `p-<start_ms>`.

    The time before each paragraph is a link into the recording at `audio` that works without scripts. Citations
    become the numbers of their sources where `numbers` has them, and vanish otherwise: they are not spoken.
    """
    html: list[str] = []
    seen: set[str] = set()
    for speaker, said in groupby(paragraphs, key=lambda paragraph: paragraph.speaker):
        html.append(f'<div class="turn">\n<h3 class="speaker"><bdi>{escape(speaker)}</bdi></h3>\n')
        html.extend(_paragraph_html(paragraph, audio, numbers, seen) for paragraph in said)
        html.append("</div>\n")
    return Markup("".join(html))  # noqa: S704 - each piece of text in it was escaped


def fragment(time_ms: int) -> str:
    """`t=754.25`: a moment as a Media Fragment (W3C), which counts in seconds with decimals."""
    return "t=" + f"{time_ms // 1000}.{time_ms % 1000:03d}".rstrip("0").rstrip(".")


def _paragraph_html(paragraph: TimedParagraph, audio: str, numbers: Mapping[str, int], seen: set[str]) -> str:
    start_ms = paragraph.start_ms
    anchor = f"p-{start_ms}"
    while anchor in seen:  # two paragraphs may begin together, where nothing was heard of the first
        anchor += "a"
    seen.add(anchor)
    return (
        f'<p class="said" id="{anchor}"><a class="time" href="{escape(audio)}#{fragment(start_ms)}" '
        f'data-seek-ms="{start_ms}">{format_time(start_ms)}</a> '
        f'<span dir="auto">{_text_html(paragraph.text, numbers)}</span></p>\n'
    )


def _text_html(text: str, numbers: Mapping[str, int]) -> str:
    if "[@" not in text:
        return str(escape(text))
    pieces: list[str] = []
    for piece in _CITATION.split(text):
        if not piece.startswith("[@"):
            pieces.append(str(escape(piece)))
            continue
        links = "".join(
            f'<a class="citation" href="#source-{number}" role="doc-noteref" aria-label="Source {number}">'
            f"[{number}]</a>"
            for number in (numbers[key] for key in cited_in_text(piece) if key in numbers)
        )
        if links:
            pieces.append(f'<sup class="citations">{links}</sup>')
    return "".join(pieces)
