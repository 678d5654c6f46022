"""What the channel says besides RSS 2.0: Apple's tags and the podcast namespace's.

Sources: Apple's podcaster's guide to RSS, the podcast namespace's documents, and the Podcast Standards Project's PSP-1.
What is not set in show.toml is not written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from email.utils import format_datetime

from pipeline.publish import feed_podcasting as podcasting
from pipeline.publish.feed_podcasting import secure, truth
from pipeline.publish.feed_tags import Tag, attributes
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles
from pipeline.show import Person, ShowSettings
from pipeline.show.models import Funding
from pipeline.show.settings import RemoteFeed

Episodes = Sequence[tuple[ApprovedEpisode, EpisodeFiles]]


def show_tags(
    settings: ShowSettings,
    *,
    artwork_url: str,
    people: Mapping[str, Person],
    photos: Mapping[str, str],
    episodes: Episodes,
) -> Iterator[Tag]:
    """The tags in their order. `photos` are the addresses of photos by the person's id; of `episodes` the trailers
    are announced, and whether any has synthetic voices."""
    yield from _apple(settings, artwork_url)
    yield from _identity(settings)
    yield from podcasting.places(settings.locations)
    for host in settings.hosts:
        yield podcasting.person(people[host], "host", "cast", photos.get(host))
    yield podcasting.image(artwork_url, settings.artwork_alt)
    if settings.license:
        yield podcasting.license_tag(settings.license, settings.license_url)
    if settings.funding_url:
        yield from podcasting.funding([Funding(url=settings.funding_url, text=settings.funding_text)])
    yield from podcasting.funding(settings.funding)
    yield from podcasting.social(settings.social)
    if settings.update_frequency or settings.complete:
        yield _update_frequency(settings)
    for trailer, files in episodes:
        if trailer.episode.type == "trailer":
            yield _trailer(trailer, settings.site_url + files.audio)
    if any(one.episode.synthetic_voices for one, _ in episodes):
        yield Tag("podcast:txt", "true", attributes(purpose="ai-content"))
    for text in settings.txt:
        yield Tag("podcast:txt", text.text, attributes(purpose=text.purpose))
    if settings.publisher:
        yield Tag("podcast:publisher", children=(_remote(settings.publisher, medium="publisher"),))
    if settings.podroll:
        yield Tag("podcast:podroll", children=tuple(_remote(one) for one in settings.podroll))


def _apple(settings: ShowSettings, artwork_url: str) -> Iterator[Tag]:
    yield Tag("itunes:author", settings.author)
    yield Tag("itunes:explicit", truth(settings.explicit))
    yield Tag("itunes:image", attributes=attributes(href=artwork_url))
    yield Tag("itunes:type", settings.type)
    for category in settings.categories:
        top, _, sub = category.partition(" > ")
        inner = (Tag("itunes:category", attributes=(("text", sub),)),) if sub else ()
        yield Tag("itunes:category", attributes=(("text", top),), children=inner)
    if settings.contact_email or settings.contact_name:
        # Directories send their codes here; without an address in show.toml none is given away.
        mail = (Tag("itunes:email", settings.contact_email),) if settings.contact_email else ()
        yield Tag("itunes:owner", children=(Tag("itunes:name", settings.contact_name or settings.author), *mail))
    if settings.new_feed_url:
        yield Tag("itunes:new-feed-url", settings.new_feed_url)
    if settings.blocked:
        yield Tag("itunes:block", "Yes")
    if settings.complete:
        yield Tag("itunes:complete", "Yes")


def _identity(settings: ShowSettings) -> Iterator[Tag]:
    yield Tag("podcast:guid", str(settings.guid))
    yield Tag("podcast:locked", "yes" if settings.locked else "no", attributes(owner=settings.contact_email))
    yield Tag("podcast:medium", settings.medium)
    if settings.announce.websub_hub:
        yield Tag("atom:link", attributes=attributes(rel="hub", href=settings.announce.websub_hub))
    if settings.announce.podping:
        yield Tag("podcast:podping", attributes=attributes(usesPodping="true"))
    if settings.blocked:
        yield Tag("podcast:block", "yes")
    for service in settings.blocked_services:
        yield Tag("podcast:block", "yes", attributes(id=service))


def _update_frequency(settings: ShowSettings) -> Tag:
    frequency = settings.update_frequency
    start = frequency.starts_at if frequency else None
    return Tag(
        "podcast:updateFrequency",
        frequency.text if frequency else "Complete",
        attributes(
            complete="true" if settings.complete else None,
            dtstart=start.isoformat(timespec="seconds") if start else None,
            rrule=frequency.rrule if frequency else None,
        ),
    )


def _trailer(approved: ApprovedEpisode, url: str) -> Tag:
    episode = approved.episode
    more = attributes(
        url=url,
        pubdate=format_datetime(episode.published_at),
        length=approved.release.size_bytes,
        type=approved.audio_type,
        season=episode.season,
    )
    return Tag("podcast:trailer", _at_most(episode.title, 128), more)


def _remote(feed: RemoteFeed, *, medium: str | None = None) -> Tag:
    more = attributes(
        medium=medium, feedGuid=str(feed.feed_guid), feedUrl=secure(feed.feed_url), title=None if medium else feed.title
    )
    return Tag("podcast:remoteItem", attributes=more)


def _at_most(text: str, most_characters: int) -> str:
    return text if len(text) <= most_characters else f"{text[: most_characters - 1].rstrip()}…"
