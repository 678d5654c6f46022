"""A foreign feed as plain values: what it says of the show and of each episode."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from pipeline.errors import Problem
from pipeline.publish.moving.kept import KeptItem

UNDATED = datetime(2000, 1, 1, tzinfo=UTC)  # stands for a date that no feed gives


@dataclass(frozen=True, slots=True)
class ForeignPerson:
    """A podcast:person; role and group in small letters, as the taxonomy has them."""

    name: str
    role: str = "host"
    group: str = "cast"
    href: str | None = None
    img: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignFile:
    """A file that the feed names: a transcript or chapters."""

    url: str
    type: str = ""
    language: str | None = None
    rel: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """The recording; `length` as the feed says, None where it says nothing that can be one."""

    url: str
    type: str = ""
    length: int | None = None


@dataclass(frozen=True)
class ForeignItem:
    """One episode of a foreign feed. `where` names it in messages; `number` is its place in the feed, from 1."""

    where: str
    number: int
    title: str
    guid: str
    permalink: bool
    published_at: datetime
    enclosure: Enclosure
    link: str | None = None
    duration_s: int | None = None
    explicit: bool | None = None
    season: int | None = None
    episode: int | None = None
    episode_name: str | None = None
    type: str = "full"
    blocked: bool = False
    image: str | None = None
    people: tuple[ForeignPerson, ...] = ()
    transcripts: tuple[ForeignFile, ...] = ()
    chapters: ForeignFile | None = None
    kept: KeptItem = field(default=KeptItem(), repr=False)


@dataclass(frozen=True)
class ForeignShow:
    """What a foreign feed says of the show; `next_page` (RFC 5005) and `moved_to` are addresses to ask as well."""

    title: str
    description: str
    link: str | None = None
    language: str | None = None
    author: str | None = None
    categories: tuple[tuple[str, str], ...] = ()
    image: str | None = None
    explicit: bool | None = None
    type: str | None = None
    copyright: str | None = None
    owner_name: str | None = None
    owner_email: str | None = None
    guid: UUID | None = None
    locked: bool | None = None
    locked_owner: str | None = None
    medium: str | None = None
    blocked: bool = False
    complete: bool = False
    season_names: tuple[tuple[int, str], ...] = ()
    people: tuple[ForeignPerson, ...] = ()
    next_page: str | None = None
    moved_to: str | None = None
    kept: KeptItem = field(default=KeptItem(), repr=False)


@dataclass(frozen=True)
class ForeignFeed:
    """One page of a foreign feed, in its order, with what had to be mended to read it."""

    show: ForeignShow
    items: tuple[ForeignItem, ...]
    repairs: tuple[Problem, ...]
