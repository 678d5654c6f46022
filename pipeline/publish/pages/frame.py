"""What all pages have in common: the site they belong to, their frame, and how moments and sizes are written.

The page's own words are English. What people wrote is marked with its language where that is another one, and
its direction is left to its first strong character.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

from jinja2 import TemplateRuntimeError
from markupsafe import Markup

from pipeline import files
from pipeline.publish.finished import PAGE, Finished
from pipeline.publish.heads import Head
from pipeline.publish.parts import EpisodeParts
from pipeline.publish.subscribe import ways
from pipeline.show import Episode, Show, ShowSettings, direction

Part = TypeVar("Part", bound=EpisodeParts | Finished)

INDEX_PAGE = PAGE
MISSING_PAGE = "404.html"
PEOPLE_PAGE = "people.html"
SOURCES_PAGE = "sources.html"
ARCHIVE_PAGE = "archive.html"
CORRECTIONS_PAGE = "corrections.html"
SEARCH_PAGE = "search.html"
FEED_PAGE = "feed.html"
FEED = "feed.xml"
CORRECTIONS_FEED = "corrections.xml"
# The pages that stand beside the episodes' folders, by the names that templates link them by.
SHARED_PAGES = {
    "index": INDEX_PAGE,
    "people": PEOPLE_PAGE,
    "sources": SOURCES_PAGE,
    "archive": ARCHIVE_PAGE,
    "corrections": CORRECTIONS_PAGE,
    "search": SEARCH_PAGE,
    "feed_page": FEED_PAGE,
    "feed": FEED,
    "corrections_feed": CORRECTIONS_FEED,
}

_UI_LANGUAGE = "en"
# No inline script or style, nothing from elsewhere but pictures and sound: what slipped through the escaping
# could still not run. frame-ancestors needs a header, so hosts add it.
POLICY = (
    "default-src 'none'; script-src 'self'{data}; style-src 'self'; font-src 'self'; img-src 'self' https:; "
    "media-src 'self' https:; connect-src 'self'; base-uri 'none'; form-action 'self'"
)


@dataclass(frozen=True)
class SiteAssets:
    """What all pages share: paths below `site/`, by role.

    `style` and `copy_script` are ours; `artwork` is the feed's picture, `cover` and `icon` are smaller ones; `share`
    goes along with the first page's address, `qr_code` holds that of the feed. `search` and `player` are the scripts
    of the search page and of an episode's, the one that begins last. `own` are the show's own static files by the
    names they have in its templates/static.
    """

    places: Mapping[str, str]
    search: tuple[str, ...] = ()
    player: tuple[str, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, role: str) -> str:
        return self.places[role]

    @cached_property
    def key(self) -> str:
        """The digest of it, of which that of every episode is made."""
        return files.digest_json(asdict(self))


@dataclass(frozen=True)
class Site:
    """Everything that is published at once. `episodes` stand newest first; `photos` are places by a person's id.

    `today` decides which calls to action have ended; `search_index` is the place of the index's manifest. `has` says
    which of the pages that there need not be have something to show, where that is not to be seen from `episodes`.
    """

    show: Show
    episodes: tuple[EpisodeParts | Finished, ...]
    assets: SiteAssets
    today: date
    photos: Mapping[str, str] = field(default_factory=dict)
    search_index: str = ""
    has: Mapping[str, bool] | None = None

    @property
    def settings(self) -> ShowSettings:
        """show.toml."""
        return self.show.settings


def newest_first(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Episodes in the order of every list: the latest publication stands first."""
    return tuple(sorted(parts, key=lambda one: age(one.approved.episode), reverse=True))


def age(episode: Episode) -> tuple[datetime, str]:
    """By what lists are in order: the greatest is the newest."""
    return episode.published_at, episode.slug


def worth_showing(episodes: Iterable[Episode]) -> dict[str, bool]:
    """Which of the pages that there need not be have something to show, for `Site.has`."""
    known = list(episodes)
    return {"people": any(one.people for one in known), "corrections": any(one.corrections for one in known)}


def archive_page(year: int) -> str:
    """The name of the page that lists a year."""
    return f"archive-{year}.html"


def page_address(settings: ShowSettings, path: str) -> str:
    """The public address of a page below `site/`.

    The first page is the site's own address. Others are named in full: object stores know no index of a folder.
    """
    return settings.site_url + ("" if path == INDEX_PAGE else path)


def relative(page: str, to: str) -> str:
    """The way from one file of the site to another: the site works in any folder, on any host and from a disk."""
    folder = posixpath.dirname(page)
    return posixpath.relpath(to, folder) if folder else to


def frame(site: Site, page: str, language: str, head: Head | None = None, *, anywhere: bool = False) -> dict[str, Any]:
    """What every template gets. `anywhere`: the page is shown at any address, so its links begin at the root."""
    settings = site.settings
    root = urlsplit(settings.site_url).path

    def lang(tag: str) -> Markup:
        primary = language.partition("-")[0]
        same = tag == language or (tag == _UI_LANGUAGE and primary == _UI_LANGUAGE)
        return Markup("") if same else Markup(' lang="{}"').format(tag)

    def link(to: str) -> str:
        return root + to if anywhere else relative(page, to)

    return {
        "settings": settings,
        "language": language,
        "direction": direction(language),
        "page": page,
        "lang": lang,
        "ui": lang(_UI_LANGUAGE),
        "link": link,
        "address": page_address(settings, page),
        "feed_address": settings.site_url + FEED,
        "head": head.html if head else "",
        "noindex": settings.noindex,
        "policy": POLICY.format(data=f" {head.policy_source}" if head else ""),
        "ways": ways(settings, settings.site_url + FEED),
        "has": site.has or worth_showing(one.approved.episode for one in site.episodes),
        "links": {name: link(to) for name, to in (*SHARED_PAGES.items(), *site.assets.places.items())},
        "own_file": _own_file(site.assets.own, link),
    }


def _own_file(own: Mapping[str, str], link: Callable[[str], str]) -> Callable[[str], str]:
    def own_file(name: str) -> str:
        if name not in own:
            known = ", ".join(own) or "none"
            raise TemplateRuntimeError(f"there is no file {name} in the show's templates/static (there: {known})")
        return link(own[name])

    return own_file


def split_paragraphs(text: str) -> list[str]:
    """The paragraphs of a text that people wrote, each on one line."""
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]
