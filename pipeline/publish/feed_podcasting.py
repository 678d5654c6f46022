"""Tags of the podcast namespace that stand in a channel and in an item alike.

Source: the namespace's documents (podcastindex.org/namespace/1.0), one page per tag. Its addresses are https; a plain
http address in show.toml or people.toml still stands on the pages and is left out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.publish.feed_tags import Tag, attributes
from pipeline.show.models import Funding, Location, Person, SocialPost

_LICENSE_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_PICTURE_TYPES = {"jpg": "image/jpeg", "png": "image/png"}


def person(who: Person, role: str, group: str, photo_url: str | None) -> Tag:
    """podcast:person; its photo where the site has one."""
    more = attributes(role=role, group=group, img=photo_url, href=secure(who.url))
    return Tag("podcast:person", who.name, more)


def license_tag(name: str, url: str | None) -> Tag:
    """podcast:license: a slug of SPDX in lower case, or a name of one's own with its address."""
    slug = name.lower() if _LICENSE_SLUG.fullmatch(name) else name
    return Tag("podcast:license", slug, attributes(url=url))


def image(url: str, alt: str | None) -> Tag:
    """podcast:image: the square artwork, with its description."""
    kind = _PICTURE_TYPES.get(url.rpartition(".")[2].lower())
    return Tag(
        "podcast:image", attributes=attributes(href=url, alt=alt, aspect_ratio="1/1", type=kind, purpose="artwork")
    )


def places(locations: Sequence[Location]) -> Iterator[Tag]:
    """podcast:location, one for each."""
    for one in locations:
        more = attributes(rel=one.rel, geo=one.geo, osm=one.osm, country=one.country)
        yield Tag("podcast:location", one.name, more)


def funding(ways: Sequence[Funding]) -> Iterator[Tag]:
    """podcast:funding, one for each."""
    for way in ways:
        yield Tag("podcast:funding", way.text, attributes(url=way.url))


def social(posts: Sequence[SocialPost]) -> Iterator[Tag]:
    """podcast:socialInteract, one for each."""
    for post in posts:
        more = attributes(
            priority=post.priority,
            protocol=post.protocol,
            uri=post.uri,
            accountId=post.account_id,
            accountUrl=post.account_url,
        )
        yield Tag("podcast:socialInteract", attributes=more)


def secure(url: str | None) -> str | None:
    """The address where it is https, else None."""
    return url if url and url.startswith("https://") else None


def truth(value: bool) -> str:
    """`true` or `false`, as itunes:explicit wants it."""
    return "true" if value else "false"
