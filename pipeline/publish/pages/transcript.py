"""The transcript as HTML: turns, paragraphs with a time that plays, sources at the words that need them.

Built as strings, because a template's loop over a long interview costs more than the rest of the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup, escape

from pipeline.align import TimedParagraph
from pipeline.publish.captions import NO_LANGUAGES
from pipeline.publish.markdown import cited_in_text, cites_in_text
from pipeline.publish.notes import format_time
from pipeline.publish.pages.spoken import CITATION, word_gaps
from pipeline.publish.references import format_locator

_SENTENCE_END = re.compile(r"[.!?…。！？؟]['\"”’»)]*$")
_ABBREVIATION = re.compile(r"[\"“‘«(\[]*(?:(?:\w\.)+|Mr|Mrs|Ms|Dr|Prof|St|No|Art|vs|etc|ca|cf)\.?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the release that a page links: how it is written, and where it plays without scripts."""

    time_ms: int
    label: str
    href: str


def moment(time_ms: int, audio: str) -> Moment:
    """A moment of the recording at `audio`."""
    return Moment(time_ms, format_time(time_ms), f"{audio}#{fragment(time_ms)}")


def mentions(paragraphs: Sequence[TimedParagraph]) -> dict[str, list[int]]:
    """For each source that the transcript cites one time for each citation, in ms, in the order of the text.

    A citation belongs to the sentence it ends; it is not spoken, so its time is that of the sentence's first word.
    """
    times: dict[str, list[int]] = {}
    for paragraph in paragraphs:
        for match in CITATION.finditer(paragraph.text) if "[@" in paragraph.text else ():
            for key in cited_in_text(match[1]):
                times.setdefault(key, []).append(_sentence_start_ms(paragraph, match.start()))
    return times


def cited_at(paragraphs: Sequence[TimedParagraph]) -> dict[str, list[int]]:
    """For each source that the transcript cites the times, in ms, at which the sentences begin that cite it."""
    return {key: list(dict.fromkeys(times)) for key, times in mentions(paragraphs).items()}


def transcript_html(
    paragraphs: Sequence[TimedParagraph],
    *,
    audio: str,
    numbers: Mapping[str, int],
    languages: Mapping[str, str] = NO_LANGUAGES,
) -> Markup:
    """The transcript as turns, each with its speaker's name, and paragraphs with an id `p-<start_ms>`.

    The time before each paragraph is a link into the recording at `audio` that works without scripts. Citations
    become the numbers of their sources where `numbers` has them, each with an id `said-<number>-<nth mention>`, and
    vanish otherwise: they are not spoken. `languages` are those of speakers, by name, who speak another than the page.
    """
    html: list[str] = []
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    for speaker, said in groupby(paragraphs, key=lambda paragraph: paragraph.speaker):
        html.append(f'<div class="turn">\n<h3 class="speaker"><bdi>{escape(speaker)}</bdi></h3>\n')
        html.extend(
            _paragraph_html(paragraph, audio, numbers, seen, counts, languages.get(speaker)) for paragraph in said
        )
        html.append("</div>\n")
    return Markup("".join(html))  # noqa: S704 - each piece of text in it was escaped


def fragment(time_ms: int) -> str:
    """`t=754.25`: a moment as a Media Fragment (W3C), which counts in seconds with decimals."""
    return "t=" + f"{time_ms // 1000}.{time_ms % 1000:03d}".rstrip("0").rstrip(".")


def _paragraph_html(
    paragraph: TimedParagraph,
    audio: str,
    numbers: Mapping[str, int],
    seen: set[str],
    counts: Counter[str],
    language: str | None,
) -> str:
    start_ms = paragraph.start_ms
    gaps = word_gaps(paragraph)
    timed = f' data-w="{" ".join(map(str, gaps))}"' if gaps else ""
    spoken = f' lang="{escape(language)}"' if language else ""
    anchor = f"p-{start_ms}"
    while anchor in seen:  # two paragraphs may begin together, where nothing was heard of the first
        anchor += "a"
    seen.add(anchor)
    return (
        f'<p class="said" id="{anchor}"><a class="time" href="{escape(audio)}#{fragment(start_ms)}" '
        f'data-seek-ms="{start_ms}">{format_time(start_ms)}</a> '
        f'<span dir="auto"{spoken}{timed}>{_text_html(paragraph.text, numbers, counts)}</span></p>\n'
    )


def _text_html(text: str, numbers: Mapping[str, int], counts: Counter[str]) -> str:
    if "[@" not in text:
        return str(escape(text))
    pieces: list[str] = []
    for piece in CITATION.split(text):
        if not piece.startswith("[@"):
            pieces.append(str(escape(piece)))
            continue
        links = []
        for key, locator in cites_in_text(piece):
            counts[key] += 1
            if number := numbers.get(key):
                name = escape(", ".join(filter(None, (str(number), format_locator(locator)))))
                links.append(
                    f'<a class="citation" id="said-{number}-{counts[key]}" href="#source-{number}" '
                    f'role="doc-noteref" aria-label="Source {name}">[{name}]</a>'
                )
        if links:
            pieces.append(f'<sup class="citations">{"".join(links)}</sup>')
    return "".join(pieces)


def _sentence_start_ms(paragraph: TimedParagraph, place: int) -> int:
    words = [word for word in paragraph.words if word.start_char < place]
    if not words:
        return paragraph.start_ms
    first = len(words) - 1
    while first and not _ends_sentence(words[first - 1].text, words[first].text):
        first -= 1
    return words[first].start_ms


def _ends_sentence(word: str, following: str) -> bool:
    # The full stop behind a citation belongs to the word before it, and the citation then stands in that word.
    bare = CITATION.sub("", word)
    return bool(_SENTENCE_END.search(bare)) and not _ABBREVIATION.match(bare) and not following[:1].islower()
