"""What stands in the head of a page for machines and for those who pass its address on: cards and structured data.

Pure. `Head.html` is what the templates print; a page that is for people only has none.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipeline.publish import structured
from pipeline.publish.cards import Card, Meta, metas
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles
from pipeline.publish.subscribe import directory_pages
from pipeline.show import Person, ShowSettings, Source


@dataclass(frozen=True, slots=True)
class Head:
    """Cards and data of one page."""

    metas: tuple[Meta, ...]
    data: structured.Data

    @property
    def html(self) -> Markup:
        """The elements, escaped, one a line."""
        lines = [Markup('<meta {}="{}" content="{}">').format(one.kind, one.name, one.content) for one in self.metas]
        return Markup("\n").join([*lines, structured.as_script(self.data)])

    @property
    def policy_source(self) -> str:
        """The data as a source of a Content Security Policy (CSP 3, 2.3.1): nothing else may stand inline.

        Browsers ask the policy only about scripts that they run; checkers ask about all.
        """
        digest = hashlib.sha256(structured.as_json(self.data).encode()).digest()
        return f"'sha256-{b64encode(digest).decode()}'"


def show_head(
    settings: ShowSettings,
    people: Mapping[str, Person],
    episodes: Sequence[tuple[ApprovedEpisode, str]],
    *,
    feed: str,
    artwork: str,
    share: str | None,
) -> Head:
    """The head of the first page. `episodes`, newest first, with the address of each page; `artwork` and `share` are
    paths below `site/`."""
    pictures = [settings.site_url + path for path in (share, artwork) if path]
    card = Card(
        type="website",
        title=settings.title,
        description=settings.description,
        url=settings.site_url,
        site_name=settings.title,
        language=settings.language,
        image=pictures[0] if share else None,
        image_alt=settings.artwork_alt or f"Artwork of {settings.title}" if share else "",
    )
    data = structured.series(settings, episodes, people, images=pictures, feed=feed, same_as=directory_pages(settings))
    return Head(metas(card), data)


def episode_head(
    settings: ShowSettings,
    people: Mapping[str, Person],
    approved: ApprovedEpisode,
    files: EpisodeFiles,
    sources: Sequence[Source],
    *,
    artwork: str,
    photos: Mapping[str, str],
) -> Head:
    """The head of an episode's page. `sources` are those that the page lists; `artwork` is the show's, a path below
    `site/`; `photos` are paths too, by a person's id."""
    site, one = settings.site_url, approved.episode
    pictures = [site + path for path in (files.share, files.artwork or artwork) if path]
    card = Card(
        type="article",
        title=one.title,
        description=one.summary,
        url=site + files.page,
        site_name=settings.title,
        language=approved.language,
        image=pictures[0] if files.share else None,
        image_alt=f"{one.title}: an episode of {settings.title}" if files.share else "",
        audio=site + files.audio,
        audio_type=approved.audio_type,
        published_at=one.published_at,
        modified_at=approved.changed_at,
    )
    addresses = structured.PageAddresses(
        site=site,
        page=site + files.page,
        images=pictures,
        photos={person: site + path for person, path in photos.items()},
    )
    return Head(metas(card), structured.episode(settings, approved, files, sources, people, addresses))
