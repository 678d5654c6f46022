"""Show notes: Markdown into safe HTML, with numbered sources and times that seek.

`render` makes what the page shows and what the feed needs from one reading of notes.md. Everything that comes
out has been through nh3 with a fixed list of tags and schemes, whatever stood in the notes or in sources.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import zip_longest
from typing import Any

import nh3
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from pipeline.errors import InvalidEpisode, Problem
from pipeline.publish.glossary import Explained, mark_first_uses
from pipeline.publish.markdown import Citation, citations, inline_tokens, options, parse
from pipeline.publish.references import format_locator, format_reference, short_reference, source_link, title_text
from pipeline.publish.simple_html import Block, inline_text, simple_blocks
from pipeline.show import NOTES_NAME, Source

__all__ = [
    "SCHEMES",
    "Citation",
    "Notes",
    "Reference",
    "citations",
    "format_reference",
    "format_time",
    "reference_html",
    "render",
]

SCHEMES = frozenset({"http", "https", "mailto"})
_TAGS = {
    "a", "blockquote", "br", "cite", "code", "dfn", "em", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6", "hr",
    "li", "ol", "p", "pre", "strong", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"aria-label", "class", "data-seek-ms", "href", "id", "role", "title"},
    "blockquote": {"cite"},
    "figure": {"class"},
    "ol": {"start"},
    "p": {"class"},
    "sup": {"class"},
    "td": {"class"},
    "th": {"class", "scope"},
}
# A reference may hold more: the tags of titles, and Robust Links' attributes.
_REFERENCE_TAGS = _TAGS | {"bdi", "sub"}
_REFERENCE_ATTRIBUTES = _ATTRIBUTES | {
    "a": _ATTRIBUTES["a"] | {"data-originalurl", "data-versionurl", "data-versiondate"}
}


@dataclass(frozen=True)
class Reference:
    """One entry of the list of sources.

    `html` is the whole entry with its links back; put it in an element with the id `anchor`. `cited_from` are
    the ids of the places in the notes that cite it, in their order.
    """

    number: int
    source: Source
    html: str
    anchor: str
    cited_from: tuple[str, ...]

    @property
    def back_links(self) -> int:
        """How many links lead back into the notes."""
        return len(self.cited_from)


@dataclass(frozen=True)
class Notes:
    """Rendered notes. `html` has no list of sources: lay `references` out as an ordered list.

    `text` is plain text, a line per block, without citations; `times` are ms of the release in the order they
    are mentioned; `blocks` is the form that the feed is made of (`feed_notes`).
    """

    html: str
    references: tuple[Reference, ...]
    text: str
    times: tuple[int, ...]
    blocks: tuple[Block, ...]


def render(
    markdown: str,
    sources: Mapping[str, Source],
    *,
    terms: Sequence[Explained] = (),
    heading_level: int = 2,
    offset_ms: int = 0,
) -> Notes:
    """Render notes.md.

    The first use of each of the `terms` leads to its meaning, which the page has below.

    `heading_level` (2 to 6) is the level of its highest heading on the page, which has its own h1; levels below
    follow without gaps. `offset_ms` is where the recording begins in the release: times in the notes are of the
    recording, times on the page are of the release.

    Raises InvalidEpisode naming the line of every citation whose source is not in `sources`.
    """
    tokens = parse(markdown)
    unknown = [cite for cite in citations(markdown) if cite.key not in sources]
    if unknown:
        raise InvalidEpisode(
            [
                Problem(
                    f"{NOTES_NAME}:{cite.line}",
                    f"the source {cite.key} is not in sources.json",
                    "Add it there, or mend the key",
                )
                for cite in unknown
            ]
        )
    _hang_numbers(tokens)
    cited_from = _number_citations(tokens, sources)
    _address_quotations(tokens, sources)
    times = _place_times(tokens, offset_ms)
    _shift_headings(tokens, heading_level)
    _class_alignment(tokens)
    mark_first_uses(tokens, terms)
    references = tuple(
        Reference(number, sources[key], _entry(sources[key], number, places), f"source-{number}", tuple(places))
        for number, (key, places) in enumerate(cited_from.items(), start=1)
    )
    return Notes(
        html=_sanitise(_RENDERER.render(tokens, options(), {})),
        references=references,
        text="\n".join(line for token in tokens if token.type == "inline" and (line := inline_text(token).strip())),
        times=times,
        blocks=simple_blocks(tokens),
    )


def reference_html(source: Source) -> str:
    """One source as it stands in a page's list of sources: `format_reference`, sanitised."""
    return _sanitise(format_reference(source), _REFERENCE_TAGS, _REFERENCE_ATTRIBUTES)


def format_time(time_ms: int) -> str:
    """`12:34`, from an hour on `1:02:03`; milliseconds are cut off."""
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _hang_numbers(tokens: list[Token]) -> None:
    # A number hangs on the word it proves, also where the notes are wrapped between the two.
    for token in tokens:
        children = token.children or []
        token.children = [
            child
            for child, following in zip_longest(children, children[1:])
            if not (child.type == "softbreak" and following is not None and following.type == "citation")
        ]


def _number_citations(tokens: list[Token], sources: Mapping[str, Source]) -> dict[str, list[str]]:
    """Write number and id into each citation token; return, by key in order, the ids of its mentions."""
    cited_from: dict[str, list[str]] = {}
    for token, _ in inline_tokens(tokens):
        if token.type != "citation":
            continue
        page, feed = [], []
        in_caption = token.meta.get("in_caption", False)
        for key, place_in_source in token.meta["cites"]:
            places = cited_from.setdefault(key, [])
            number = list(cited_from).index(key) + 1
            place = f"cite-{number}-{len(places) + 1}"
            places.append(place)
            locator = format_locator(place_in_source)
            # Under a quotation the source is named; elsewhere its number stands for it.
            label = escape(f"[{number}, {locator}]" if locator and not in_caption else f"[{number}]", quote=False)
            link = (
                f'<a class="citation" id="{place}" href="#source-{number}" role="doc-noteref" '
                f'title="{escape(title_text(sources[key]))}">{label}</a>'
            )
            if in_caption:
                named = short_reference(sources[key]) + (f", {escape(locator, quote=False)}" if locator else "")
                page.append(f'{named}<sup class="citations">{link}</sup>')
                feed.append(f"{named} {label}")
            else:
                url = source_link(sources[key])
                page.append(link)
                feed.append(f'<a href="{escape(url)}">{label}</a>' if url else label)
        between = "; " if in_caption else ""
        html = between.join(page)
        token.meta["page_html"] = html if in_caption else f'<sup class="citations">{html}</sup>'
        token.meta["feed_html"] = between.join(feed)
    return cited_from


def _address_quotations(tokens: list[Token], sources: Mapping[str, Source]) -> None:
    for token in tokens:
        for key in token.meta.get("quoted_from", ())[:1]:
            if link := source_link(sources[key]):
                token.attrSet("cite", link)


def _place_times(tokens: list[Token], offset_ms: int) -> tuple[int, ...]:
    times: list[int] = []
    for token, _ in inline_tokens(tokens):
        if token.type == "time":
            time_ms = token.meta["time_ms"] + offset_ms
            token.meta |= {"release_ms": time_ms, "label": format_time(time_ms)}
            times.append(time_ms)
    return tuple(times)


def _shift_headings(tokens: list[Token], heading_level: int) -> None:
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    levels = sorted({token.tag for token in headings})
    for token in headings:
        token.tag = f"h{min(6, heading_level + levels.index(token.tag))}"


def _class_alignment(tokens: list[Token]) -> None:
    # The pages' Content-Security-Policy forbids inline styles, so a column's alignment becomes a class.
    for token in tokens:
        if token.type in ("th_open", "td_open"):
            style = str(token.attrs.pop("style", ""))
            if style.startswith("text-align:"):
                token.attrSet("class", f"align-{style.removeprefix('text-align:')}")
            if token.type == "th_open":
                token.attrSet("scope", "col")


def _entry(source: Source, number: int, places: list[str]) -> str:
    back = " ".join(
        f'<a class="back" href="#{place}" role="doc-backlink" '
        f'aria-label="Back to mention {mention} of source {number}">↩</a>'
        for mention, place in enumerate(places, start=1)
    )
    return f"{reference_html(source)} {_sanitise(back)}"


def _sanitise(html: str, tags: set[str] = _TAGS, attributes: Mapping[str, set[str]] = _ATTRIBUTES) -> str:
    return nh3.clean(
        html,
        tags=tags,
        attributes=dict(attributes),
        url_schemes=set(SCHEMES),
        link_rel="noopener",
        strip_comments=True,
    )


class _Renderer(RendererHTML):
    def citation(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return str(tokens[index].meta["page_html"])

    def time(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        time_ms, label = tokens[index].meta["release_ms"], tokens[index].meta["label"]
        # The fragment is a Media Fragment (W3C): it works without scripts where the audio itself is opened.
        seconds = f"{time_ms / 1000:.3f}".rstrip("0").rstrip(".")
        return f'<a class="time" href="#t={seconds}" data-seek-ms="{time_ms}">{label}</a>'

    def caption_dash(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return "— "

    def malformed_block(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return ""

    def term(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return str(tokens[index].meta["page_html"])

    def malformed_citation(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        return escape(tokens[index].content)

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        # An image from elsewhere would tell its host who reads; the gate refuses it before this is seen.
        return escape(tokens[index].content, quote=False)


_RENDERER = _Renderer()
