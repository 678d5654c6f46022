"""The feed: RSS 2.0 by feedgen, with the itunes and podcast namespaces, the same bytes for the same episodes.

No clock is read: lastBuildDate is the last moment at which something was published or checked. The newest
episode stands first. Rules and their sources are named in tests/publish/test_feed.py by their row (C1 to C25 of
the channel, I1 to I19 of the item).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from html import escape, unescape
from typing import Any

from feedgen.feed import FeedGenerator
from lxml import etree

from pipeline.errors import Problem, Refused
from pipeline.publish.chapters import listed_chapters, timed_chapters
from pipeline.publish.feed_episode import episode_tags
from pipeline.publish.feed_notes import DESCRIPTION_MAX_BYTES, description, feed_html
from pipeline.publish.feed_pages import cut, page_links, page_names
from pipeline.publish.feed_show import show_tags
from pipeline.publish.feed_tags import EpisodeExtension, ShowExtension, Tag
from pipeline.publish.finished import Finished
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles
from pipeline.publish.moving.kept import (
    CONTENT,
    SHORT_TITLE,
    KeptItem,
    TakenOver,
    as_page,
    at,
    holds_html,
    plain,
    text_element,
)
from pipeline.publish.notes import Notes, format_time
from pipeline.publish.wording import format_day, newest_corrections, told
from pipeline.show import Person, ShowSettings
from pipeline.show.helplines import Helpline

GENERATOR = "On Record"
# What an item takes besides its notes, at most, in the measured feeds.
_OTHER_BYTES_OF_ITEM = 4000
_LXML_DECLARATION = b"<?xml version='1.0' encoding='UTF-8'?>"
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(frozen=True)
class FeedItem:
    """One item: the episode, where its files are, and its notes as `feed_item` makes them; no text is left out.

    `kept` are elements that an imported episode brought along.
    """

    approved: ApprovedEpisode
    files: EpisodeFiles
    description: str
    content: str
    kept: tuple[etree._Element, ...] = field(default=(), repr=False)

    @property
    def size_bytes(self) -> int:
        """That of its notes."""
        return len(self.description.encode()) + len(self.content.encode())


AnyItem = FeedItem | Finished


@dataclass(frozen=True)
class FeedPage:
    """One page of the feed before it is made: of which items it says something, and its links to the others."""

    name: str
    items: Sequence[AnyItem]
    links: Sequence[Tag]
    make: Callable[[], bytes]


def feed_item(settings: ShowSettings, approved: ApprovedEpisode, files: EpisodeFiles, notes: Notes) -> FeedItem:
    """The item of one episode, its notes led by what a listener is to know before playing it."""
    page_url = settings.site_url + files.page
    kept = _kept_tags(settings, approved, files)
    if approved.imported and not approved.notes_markdown:
        return FeedItem(approved, files, *_kept_texts(approved, approved.imported), kept)
    lead = (*_changes(approved), approved.episode.summary, *_warnings(approved))
    chapters = listed_chapters(timed_chapters(approved))
    return FeedItem(
        approved,
        files,
        description(notes, page_url=page_url, lead=lead, chapters=chapters),
        feed_html(notes, page_url=page_url, lead=lead, chapters=chapters),
        kept,
    )


def _kept_texts(approved: ApprovedEpisode, brought: TakenOver) -> tuple[str, str]:
    """Description and content as the old feed had them, behind what became known since."""
    lead = "".join(f"<p>{escape(text, quote=False)}</p>" for text in (*_changes(approved), *_warnings(approved)))
    texts = (brought.item.description or "", brought.item.content or "")
    if lead and not any(texts):
        texts = (lead, "")
    elif lead:
        first, second = (lead + as_page(text) if text else "" for text in texts)
        texts = (first, second)
    # A text that a reader takes as HTML says the same with it, and no CDATA can hold it otherwise.
    return texts[0].replace("]]>", "]]&gt;"), texts[1].replace("]]>", "]]&gt;")


def _kept_tags(settings: ShowSettings, approved: ApprovedEpisode, files: EpisodeFiles) -> tuple[etree._Element, ...]:
    if not (approved.imported and approved.episode.imported):
        return ()
    before = approved.episode.imported
    moved = {before.audio_url: settings.site_url + files.audio}
    # Apps show it instead of the title: with another title it would hide what is new.
    left_out = SHORT_TITLE if approved.episode.title != before.title else None
    return tuple(at(tag, moved) for tag in approved.imported.item.tags if tag.tag != left_out)


def build_feeds(
    settings: ShowSettings,
    items: Sequence[AnyItem],
    *,
    artwork_url: str,
    people: Mapping[str, Person] | None = None,
    photos: Mapping[str, str] | None = None,
    kept: KeptItem = KeptItem(),  # noqa: B008 - a value that nobody can change
) -> dict[str, bytes]:
    """Every page of the feed by its file name, as `feed_pages` says them."""
    pages = feed_pages(settings, items, artwork_url=artwork_url, people=people, photos=photos, kept=kept)
    return {page.name: page.make() for page in pages}


def feed_pages(
    settings: ShowSettings,
    items: Sequence[AnyItem],
    *,
    artwork_url: str,
    people: Mapping[str, Person] | None = None,
    photos: Mapping[str, str] | None = None,
    kept: KeptItem = KeptItem(),  # noqa: B008 - a value that nobody can change
) -> Iterator[FeedPage]:
    """Every page of the feed: feed.xml with the newest items, and feed-2.xml and so on if it is long.

    Addresses of files are `settings.site_url` and the path in `EpisodeFiles`; `artwork_url` is the show's artwork.
    `people` are all in people.toml by their id, for regular hosts and credits; `photos` the addresses of their photos;
    `kept` is what an imported show brought along.
    Raises Refused when two items share a guid or an audio file: apps would show one of them only.
    """
    _refuse_doubles(items)
    oldest_first = sorted(items, key=_age)
    pages = cut(oldest_first, _size_bytes)
    names = page_names(len(pages))
    known = _Known(settings, artwork_url, people or {}, photos or {}, kept)
    for index, (name, page) in enumerate(zip(names, pages, strict=True)):
        # The first page speaks for the whole show; a closed one must not change with what comes after it.
        said_of = oldest_first[::-1] if name == names[0] else page[::-1]
        links = page_links(names, index, settings.site_url)
        make = partial(_page, known, page[::-1], said_of=said_of, feed_url=settings.site_url + name, links=links)
        yield FeedPage(name, said_of, links, make)


@dataclass(frozen=True)
class _Known:
    """What all pages and items have in common."""

    settings: ShowSettings
    artwork_url: str
    people: Mapping[str, Person]
    photos: Mapping[str, str]
    kept: KeptItem = field(default=KeptItem(), repr=False)


def _page(
    known: _Known, items: Sequence[AnyItem], *, said_of: Sequence[AnyItem], feed_url: str, links: Sequence[Tag]
) -> bytes:
    settings = known.settings
    # feedgen has no types and grows attributes at run time (`feed.show`): it is Any from here on.
    feed: Any = FeedGenerator()  # type: ignore[no-untyped-call]
    feed.register_extension("show", ShowExtension, EpisodeExtension, atom=False, rss=True)
    feed.title(settings.title)
    html = _kept_description(settings, known.kept)
    feed.description(html or _shortened(settings.description))
    # The order matters: feedgen takes the last link for <link>, and it is to be the site.
    feed.link(href=feed_url, rel="self", type="application/rss+xml")
    feed.link(href=settings.site_url, rel="alternate")
    feed.language(settings.language)
    feed.generator(GENERATOR)
    if settings.copyright:
        feed.copyright(settings.copyright)
    tags = show_tags(
        settings,
        artwork_url=known.artwork_url,
        people=known.people,
        photos=known.photos,
        episodes=[(one.approved, one.files) for one in said_of],
    )
    feed.show.kept = tuple(map(copy.deepcopy, known.kept.tags))
    feed.show.html = html is not None
    feed.show.tags = (*links, *tags)
    feed.show.dated = bool(said_of)
    if said_of:
        feed.lastBuildDate(max(max(one.approved.episode.published_at, one.approved.checked_at) for one in said_of))
    for item in items:
        _add_item(feed, known, item)
    document: bytes = feed.rss_str(pretty=True)
    # The declaration as the feed validators spell it; lxml's has single quotes.
    return document.replace(_LXML_DECLARATION, _DECLARATION, 1)


def _add_item(feed: Any, known: _Known, item: AnyItem) -> None:
    approved, files, site_url = item.approved, item.files, known.settings.site_url
    entry = feed.add_entry(order="append")
    entry.title(approved.episode.title)
    entry.link(href=site_url + files.page)
    entry.guid(approved.episode.guid, permalink=bool(approved.episode.imported and approved.episode.imported.permalink))
    entry.pubDate(approved.episode.published_at)
    entry.enclosure(site_url + files.audio, approved.release.size_bytes, approved.audio_type)
    kept = [copy.deepcopy(element) for element in item.kept]
    if item.description:
        entry.description(item.description)
    if item.description and item.content:
        entry.content(item.content, type="CDATA")
    elif item.content:
        kept.insert(0, text_element(CONTENT, item.content))  # feedgen would make it the description
    entry.show.kept = tuple(kept)
    entry.show.tags = tuple(episode_tags(known.settings, approved, files, people=known.people, photos=known.photos))


def _size_bytes(item: AnyItem) -> int:
    return item.size_bytes + _OTHER_BYTES_OF_ITEM


def _age(item: AnyItem) -> tuple[float, int, str]:
    episode = item.approved.episode
    # Of those that an old feed published at one moment, the order is the old feed's.
    position = (episode.imported.position if episode.imported else None) or 0
    return episode.published_at.timestamp(), position, episode.guid


def _changes(approved: ApprovedEpisode) -> Iterator[str]:
    for correction in newest_corrections(approved.episode.corrections):
        yield f"{correction.kind.capitalize()}, {format_day(correction.at)}. {' '.join(told(correction))}"


def _warnings(approved: ApprovedEpisode) -> Iterator[str]:
    """What a listener is to know before playing it."""
    episode = approved.episode
    if episode.content_note:
        until_ms = approved.content_note_until_ms
        skip = f" (to skip it, go to {format_time(until_ms)})" if until_ms is not None else ""
        yield f"Content note{skip}: {episode.content_note}"
    if approved.helplines:
        yield f"If you need help: {'; '.join(map(_helpline, approved.helplines))}"
    if episode.synthetic_voices:
        yield "The voices in this episode are synthetic."


def _helpline(one: Helpline) -> str:
    return f"{one.name} ({one.country_name}) {one.phone or one.url}"


def _refuse_doubles(items: Sequence[AnyItem]) -> None:
    seen: dict[str, str] = {}
    problems: list[Problem] = []
    for item in items:
        slug = item.approved.slug
        for what, value in (("guid", item.approved.episode.guid), ("audio file", item.files.audio)):
            if value in seen:
                problems.append(
                    Problem(
                        slug,
                        f"its {what} is the one of {seen[value]}; apps would show only one of them",
                        "Give each episode its own",
                    )
                )
            seen.setdefault(value, slug)
    if problems:
        raise Refused(problems)


def _kept_description(settings: ShowSettings, kept: KeptItem) -> str | None:
    """The show's description with its links, as the old feed had it, for as long as show.toml says the same."""
    if not kept.description or plain(kept.description) != settings.description.strip():
        return None
    html = kept.description.replace("]]>", "]]&gt;")
    return html if len(html.encode()) <= DESCRIPTION_MAX_BYTES else None


def _shortened(text: str) -> str:
    """The show's description, in plain text; cut at a word if too long."""
    if len(_read_alike(text).encode()) <= DESCRIPTION_MAX_BYTES:
        return _read_alike(text)
    words = text.split(" ")
    while len(_read_alike(" ".join(words) + " …").encode()) > DESCRIPTION_MAX_BYTES:
        words.pop()
    return _read_alike(" ".join(words) + " …")


def _read_alike(text: str) -> str:
    """Plain text for apps that read HTML and for those that do not: escaped only where HTML would be read into it."""
    return escape(text, quote=False) if unescape(text) != text or holds_html(text) else text
