"""The pages: an episode with its player, notes, sources and transcript, and the index of the show.

Pure: values in, HTML out. No clock (`today` comes from outside), no file but the templates. Everything that
people wrote is escaped here; the notes come already sanitised from `notes.render`. Links between the pages are
relative, so the site works in any folder, on any host and from a disk.

The page's own words are English. What people wrote is marked with its language where that is another one, and
its direction is left to its first strong character.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, StrictUndefined, TemplateRuntimeError
from markupsafe import Markup, escape

from pipeline.align import TimedParagraph
from pipeline.publish.heads import Head, episode_head, show_head
from pipeline.publish.markdown import cited_in_text
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles
from pipeline.publish.notes import Notes, format_reference, format_time
from pipeline.publish.subscribe import ways
from pipeline.publish.templates import Templates
from pipeline.show import CallToAction, Person, Show, ShowSettings, Source

INDEX_PAGE = "index.html"
MISSING_PAGE = "404.html"
SEARCH_PAGE = "search.html"
FEED = "feed.xml"

_UI_LANGUAGE = "en"
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_CITATION = re.compile(r"\s*(\[@[^\]]*\])")
_TIME_LINK = re.compile(r'(<a [^<>]*?href=")(?=#t=)')
# No inline script or style, nothing from elsewhere but pictures and sound: what slipped through the escaping
# could still not run. frame-ancestors needs a header, so hosts add it.
_POLICY = (
    "default-src 'none'; script-src 'self'{data}; style-src 'self'; font-src 'self'; img-src 'self' https:; "
    "media-src 'self' https:; connect-src 'self'; base-uri 'none'; form-action 'self'"
)


@dataclass(frozen=True)
class SiteAssets:
    """What all pages share: paths below `site/`. `artwork` is the feed's, `cover` and `icon` are smaller.

    `search` are the scripts of the search page, the one that begins last.
    `own` are the show's own static files by the names they have in its templates/static.
    `share` is the picture that goes along with the first page's address, `qr_code` that of the feed's address.
    """

    style: str
    script: str
    artwork: str
    cover: str
    icon: str
    copy_script: str
    qr_code: str
    search: tuple[str, ...]
    share: str | None = None
    own: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ListedEpisode:
    """One episode as the index shows it."""

    approved: ApprovedEpisode
    page: str


@dataclass(frozen=True)
class _ListedSource:
    key: str
    number: int
    anchor: str
    html: Markup


class Pages:
    """Renders the pages."""

    def __init__(self, templates: Templates) -> None:
        """Render by `templates`: a show's own before ours."""
        self._templates = templates
        self._environment = Environment(
            loader=templates.loader,
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= {
            "day": format_day,
            "length": format_length,
            "megabytes": format_megabytes,
            "paragraphs": _split_paragraphs,
        }

    def episode_page(
        self,
        show: Show,
        approved: ApprovedEpisode,
        files: EpisodeFiles,
        notes: Notes,
        *,
        assets: SiteAssets,
        today: date,
        cover: str | None = None,
    ) -> str:
        """One episode. `today` decides which calls to action have ended; `cover` is its own picture, if any."""
        episode = approved.episode
        citable = show.sources_of(approved.episode)
        sources = _sources(approved.paragraphs, notes, citable)
        head = episode_head(
            show.settings,
            show.people,
            approved,
            files,
            [citable[one.key] for one in sources if one.key in citable],
            artwork=assets.artwork,
            photos={},
        )
        audio = _relative(files.page, files.audio)
        return self._render(
            "episode.html",
            **_common(show.settings, files.page, approved.language, assets, head),
            approved=approved,
            episode=episode,
            people=_by_part(approved),
            asks=[ask for ask in episode.calls_to_action if not _has_ended(ask, today)],
            ended=[ask for ask in episode.calls_to_action if _has_ended(ask, today)],
            sources=sources,
            notes_html=_with_playing_times(notes.html, audio),
            transcript=transcript_html(
                approved.paragraphs, audio=audio, numbers={one.key: one.number for one in sources}
            ),
            cover=_relative(files.page, cover) if cover else None,
            files={
                name: _relative(files.page, path)
                for name, path in (("audio", files.audio), ("vtt", files.vtt), ("srt", files.srt), ("json", files.json))
            },
        )

    def index_page(self, show: Show, episodes: Sequence[ListedEpisode], *, assets: SiteAssets) -> str:
        """The show, its feed and its episodes, newest first."""
        newest_first = sorted(
            episodes, key=lambda one: (one.approved.episode.published_at, one.approved.slug), reverse=True
        )
        settings = show.settings
        head = show_head(
            settings,
            show.people,
            [(one.approved, page_address(settings, one.page)) for one in newest_first],
            feed=settings.site_url + FEED,
            artwork=assets.artwork,
            share=assets.share,
        )
        return self._render(
            "index.html",
            **_common(settings, INDEX_PAGE, settings.language, assets, head),
            episodes=newest_first,
        )

    def search_page(self, show: Show, index: str, *, assets: SiteAssets) -> str:
        """Where listeners search. `index` is the path below `site/` of the index's manifest."""
        return self._render(
            "search.html",
            **_common(show.settings, SEARCH_PAGE, show.settings.language, assets),
            search_index=_relative(SEARCH_PAGE, index),
            search_modules=[_relative(SEARCH_PAGE, module) for module in assets.search],
        )

    def missing_page(self, show: Show, *, assets: SiteAssets) -> str:
        """What a host shows for an address that is not there; its links begin at the site's own folder."""
        return self._render(
            "missing.html", **_common(show.settings, MISSING_PAGE, show.settings.language, assets, anywhere=True)
        )

    def _render(self, template: str, **context: Any) -> str:
        """Raises InvalidShow, with its file and line, where a template of the show's own fails."""
        try:
            return self._environment.get_template(template).render(**context)
        except Exception as error:  # a show's template is a program, and may fail in any way
            if fault := self._templates.fault(error):
                raise fault from error
            raise


def page_address(settings: ShowSettings, path: str) -> str:
    """The public address of a page below `site/`.

    The first page is the site's own address. Others are named in full: object stores know no index of a folder.
    """
    return settings.site_url + ("" if path == INDEX_PAGE else path)


def transcript_html(paragraphs: Sequence[TimedParagraph], *, audio: str, numbers: Mapping[str, int]) -> Markup:
    """The transcript as turns, each with its speaker's name, and paragraphs with an id `p-<start_ms>`.

    The time before each paragraph is a link into the recording at `audio` that works without scripts. Citations
    become the numbers of their sources where `numbers` has them, and vanish otherwise: they are not spoken.
    Built as strings, because a template's loop over a long interview costs more than the rest of the page.
    """
    html: list[str] = []
    seen: set[str] = set()
    for speaker, said in groupby(paragraphs, key=lambda paragraph: paragraph.speaker):
        html.append(f'<div class="turn">\n<h3 class="speaker"><bdi>{escape(speaker)}</bdi></h3>\n')
        html.extend(_paragraph_html(paragraph, audio, numbers, seen) for paragraph in said)
        html.append("</div>\n")
    return Markup("".join(html))  # noqa: S704 - each piece of text in it was escaped


def format_day(moment: date | datetime) -> str:
    """`5 June 2020`, in the zone that the moment carries."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def format_length(duration_ms: int) -> str:
    """`1 h 2 min`, `31 min`, and `45 s` below a minute; rounded to the nearest."""
    if duration_ms < 59_500:
        return f"{max(1, round(duration_ms / 1000))} s"
    hours, minutes = divmod(round(duration_ms / 60_000), 60)
    return f"{hours} h {minutes} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


def format_megabytes(size_bytes: int) -> str:
    """`14.2 MB` (10^6 bytes)."""
    return f"{size_bytes / 1_000_000:.1f} MB"


def _paragraph_html(paragraph: TimedParagraph, audio: str, numbers: Mapping[str, int], seen: set[str]) -> str:
    start_ms = paragraph.start_ms
    anchor = f"p-{start_ms}"
    while anchor in seen:  # two paragraphs may begin together, where nothing was heard of the first
        anchor += "a"
    seen.add(anchor)
    return (
        f'<p class="said" id="{anchor}"><a class="time" href="{escape(audio)}#t={_seconds(start_ms)}" '
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


def _sources(paragraphs: Sequence[TimedParagraph], notes: Notes, sources: Mapping[str, Source]) -> list[_ListedSource]:
    """The sources of the notes, and after them those that only the transcript cites."""
    listed = [
        _ListedSource(one.source.id, one.number, one.anchor, Markup(one.html))  # noqa: S704 - by notes.render
        for one in notes.references
    ]
    known = {one.key for one in listed}
    spoken = dict.fromkeys(
        key for paragraph in paragraphs if "[@" in paragraph.text for key in cited_in_text(paragraph.text)
    )
    further = [key for key in spoken if key not in known and key in sources]
    for number, key in enumerate(further, start=len(listed) + 1):
        html = Markup(format_reference(sources[key]))  # noqa: S704 - format_reference escapes
        listed.append(_ListedSource(key, number, f"source-{number}", html))
    return listed


def _seconds(time_ms: int) -> str:
    # A Media Fragment (W3C) counts in seconds with decimals.
    return f"{time_ms // 1000}.{time_ms % 1000:03d}".rstrip("0").rstrip(".")


def _with_playing_times(html: str, audio: str) -> Markup:
    # Notes link times as #t=754, which only a script understands; in the audio's own address it plays without.
    linked = _TIME_LINK.sub(lambda match: f"{match[1]}{escape(audio)}", html)
    return Markup(linked)  # noqa: S704 - sanitised by notes.render


def _has_ended(ask: CallToAction, today: date) -> bool:
    return ask.ends_on is not None and ask.ends_on < today


def _by_part(approved: ApprovedEpisode) -> list[tuple[str, list[Person]]]:
    hosts = [person for person in approved.people if person.id in approved.episode.hosts]
    guests = [person for person in approved.people if person.id not in approved.episode.hosts]
    parts = (("Host" if len(hosts) == 1 else "Hosts", hosts), ("Guest" if len(guests) == 1 else "Guests", guests))
    return [(part, people) for part, people in parts if people]


def _common(
    settings: ShowSettings,
    page: str,
    language: str,
    assets: SiteAssets,
    head: Head | None = None,
    *,
    anywhere: bool = False,
) -> dict[str, Any]:
    """What every template gets. `anywhere`: the page is shown at any address, so its links begin at the root."""
    root = urlsplit(settings.site_url).path

    def lang(tag: str) -> Markup:
        primary = language.partition("-")[0]
        same = tag == language or (tag == _UI_LANGUAGE and primary == _UI_LANGUAGE)
        return Markup("") if same else Markup(' lang="{}"').format(tag)

    def link(to: str) -> str:
        return root + to if anywhere else _relative(page, to)

    return {
        "settings": settings,
        "language": language,
        "lang": lang,
        "ui": lang(_UI_LANGUAGE),
        "address": page_address(settings, page),
        "feed_address": settings.site_url + FEED,
        "head": head.html if head else "",
        "policy": _POLICY.format(data=f" {head.policy_source}" if head else ""),
        "ways": ways(settings, settings.site_url + FEED),
        "links": {
            "index": link(INDEX_PAGE),
            "feed": link(FEED),
            "style": link(assets.style),
            "script": link(assets.script),
            "cover": link(assets.cover),
            "icon": link(assets.icon),
            "copy_script": link(assets.copy_script),
            "qr_code": link(assets.qr_code),
            "search": link(SEARCH_PAGE),
        },
        "own_file": _own_file(assets.own, link),
    }


def _own_file(own: Mapping[str, str], link: Callable[[str], str]) -> Callable[[str], str]:
    def own_file(name: str) -> str:
        if name not in own:
            known = ", ".join(own) or "none"
            raise TemplateRuntimeError(f"there is no file {name} in the show's templates/static (there: {known})")
        return link(own[name])

    return own_file


def _relative(page: str, to: str) -> str:
    return posixpath.relpath(to, posixpath.dirname(page) or ".")


def _split_paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]
