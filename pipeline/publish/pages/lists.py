"""What the pages show that go over all episodes: the index, the archive, people, sources, corrections, the feed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from pipeline.publish.finished import Finished
from pipeline.publish.heads import show_head
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.notes import format_time, reference_html
from pipeline.publish.pages.episode import named_people
from pipeline.publish.pages.frame import (
    ARCHIVE_PAGE,
    FEED,
    FEED_PAGE,
    INDEX_PAGE,
    PEOPLE_PAGE,
    SEARCH_PAGE,
    SOURCES_PAGE,
    Part,
    Site,
    archive_page,
    page_address,
    relative,
)
from pipeline.publish.pages.transcript import Moment, cited_at, fragment
from pipeline.publish.parts import EpisodeParts
from pipeline.publish.references import title_text
from pipeline.show import Person, Show
from pipeline.show.amends import Correction

# So many stand on the first page; the archive has them all.
INDEX_EPISODES = 30
FEED_PAGE_EPISODES = 10
ARCHIVE_EPISODES = 100


@dataclass(frozen=True)
class Listed:
    """One episode in a list, and the way to its page from the page that lists it."""

    approved: Any
    page: str


@dataclass(frozen=True)
class ListedPerson:
    """Somebody with the episodes they are named in, newest first, and what they do in each."""

    person: Person
    photo: str | None
    episodes: list[tuple[Listed, str]] = field(default_factory=list)


@dataclass(frozen=True)
class ListedSource:
    """A source as written out, with the episodes that cite it and the moments at which their speakers do.

    `anchor` is its id on the page: `source-` and its key; of a second work with the same key `source2-`, and so on.
    """

    key: str
    anchor: str
    html: Markup
    episodes: list[tuple[Listed, list[Moment]]] = field(default_factory=list)


def index_context(site: Site) -> dict[str, Any]:
    """The newest episodes, and how many there are beside them."""
    settings = site.settings
    head = show_head(
        settings,
        site.show.people,
        [(part.approved, page_address(settings, part.files.page)) for part in site.episodes[:INDEX_EPISODES]],
        feed=settings.site_url + FEED,
        artwork=site.assets["artwork"],
        share=site.assets["share"],
    )
    return {
        "head": head,
        "episodes": [_listed(INDEX_PAGE, part) for part in site.episodes[:INDEX_EPISODES]],
        "further": max(0, len(site.episodes) - INDEX_EPISODES),
    }


def search_context(site: Site) -> dict[str, Any]:
    """Where the index is, and the scripts that read it."""
    return {
        "search_index": relative(SEARCH_PAGE, site.search_index),
        "search_modules": [relative(SEARCH_PAGE, module) for module in site.assets.search],
    }


def archive_context(site: Site) -> dict[str, Any]:
    """The years with their counts, and every episode while they are few enough for one page."""
    shown = site.episodes if len(site.episodes) <= ARCHIVE_EPISODES else ()
    return {
        "years": _years(site, ARCHIVE_PAGE),
        "year": None,
        "episodes": [_listed(ARCHIVE_PAGE, part) for part in shown],
    }


def by_year(episodes: Iterable[Part]) -> list[tuple[int, list[Part]]]:
    """The years with their episodes, in the order of `episodes`, which stand newest first."""
    return [(year, list(parts)) for year, parts in groupby(episodes, key=_year)]


def year_context(site: Site, year: int, parts: Sequence[EpisodeParts | Finished]) -> dict[str, Any]:
    """What stands on the page of a year."""
    page = archive_page(year)
    return {"years": _years(site, page), "year": year, "episodes": [_listed(page, part) for part in parts]}


def people_context(site: Site) -> dict[str, Any]:
    """Everybody who is heard or credited, by name."""
    found: dict[str, ListedPerson] = {}
    for part in site.episodes:
        for person in named_people(site.show, part.approved):
            photo = site.photos.get(person.id)
            entry = found.setdefault(person.id, ListedPerson(person, relative(PEOPLE_PAGE, photo) if photo else None))
            entry.episodes.append((_listed(PEOPLE_PAGE, part), _deeds(part, person)))
    return {"people": sorted(found.values(), key=lambda one: (one.person.name.casefold(), one.person.id))}


def sources_context(site: Site) -> dict[str, Any]:
    """Every source that an episode cites, in the order of the words by which it is known."""
    found: dict[tuple[str, str], ListedSource] = {}
    titles: dict[tuple[str, str], str] = {}
    works: Counter[str] = Counter()
    for part in site.episodes:
        cited, spoken = citing(part)
        known = part.references if isinstance(part, Finished) else references_of(site.show, part.approved, cited)
        page = relative(SOURCES_PAGE, part.files.page)
        for key, (html, title) in known.items():
            # Two episodes may have sources of their own under one key.
            if (key, html) not in found:
                works[key] += 1
                nth = str(works[key]) if works[key] > 1 else ""
                anchor = f"source{nth}-{quote(key, safe='')}"
                found[key, html] = ListedSource(key, anchor, Markup(html))  # noqa: S704 - sanitised there
                titles[key, html] = title.casefold()
            entry = found[key, html]
            moments = [
                Moment(time_ms, format_time(time_ms), f"{page}#{fragment(time_ms)}") for time_ms in spoken.get(key, ())
            ]
            entry.episodes.append((_listed(SOURCES_PAGE, part), moments))
    return {"sources": [found[place] for place in sorted(found, key=lambda place: (titles[place], place[0]))]}


def citing(part: EpisodeParts | Finished) -> tuple[tuple[str, ...], Mapping[str, list[int]]]:
    """The keys of an episode's sources, those of the notes first; the times in ms at which speakers cite each."""
    if isinstance(part, Finished):
        return part.cited, part.spoken
    spoken = cited_at(part.approved.paragraphs)
    return tuple(dict.fromkeys((*(one.source.id for one in part.notes.references), *spoken))), spoken


def references_of(show: Show, approved: ApprovedEpisode, cited: Iterable[str]) -> dict[str, list[str]]:
    """By their keys, in the order of `cited`, the HTML and the title of an episode's sources that are known."""
    known = show.sources_of(approved.episode)
    return {key: [reference_html(known[key]), title_text(known[key])] for key in cited if key in known}


def corrections_context(site: Site, page: str) -> dict[str, Any]:
    """Every correction of every episode, the latest first."""
    return {"corrections": [(_listed(page, part), one) for part, one in all_corrections(site.episodes)]}


def all_corrections(parts: Sequence[EpisodeParts | Finished]) -> list[tuple[EpisodeParts | Finished, Correction]]:
    """Corrections with the episodes that they belong to, the latest first."""
    found = [(part, one) for part in parts for one in part.approved.episode.corrections]
    return sorted(found, key=lambda pair: (pair[1].at, pair[0].approved.slug), reverse=True)


def feed_context(site: Site) -> dict[str, Any]:
    """The newest episodes, as apps will list them."""
    return {"episodes": [_listed(FEED_PAGE, part) for part in site.episodes[:FEED_PAGE_EPISODES]]}


def _listed(page: str, part: EpisodeParts | Finished) -> Listed:
    return Listed(part.approved, relative(page, part.files.page))


def _years(site: Site, page: str) -> list[tuple[int, int, str]]:
    return [
        (year, len(list(parts)), relative(page, archive_page(year)))
        for year, parts in groupby(site.episodes, key=_year)
    ]


def _year(part: EpisodeParts | Finished) -> int:
    return part.approved.episode.published_at.year


def _deeds(part: EpisodeParts | Finished, person: Person) -> str:
    """What somebody does in an episode, in the words of its page."""
    episode = part.approved.episode
    deeds = ["host"] if person.id in episode.hosts else ["guest"] if person.id in episode.guests else []
    return ", ".join([*deeds, *(credit.role for credit in episode.credits if credit.person == person.id)])
