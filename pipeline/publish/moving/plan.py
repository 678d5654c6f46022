"""What a foreign show becomes here: the texts of show.toml, people.toml, episode.toml and imported.xml. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import tomlkit
from lxml import etree

from pipeline.publish.feed_notes import DESCRIPTION_MAX_BYTES
from pipeline.publish.lint.reading import clark
from pipeline.publish.moving import kept
from pipeline.publish.moving.foreign import ForeignItem, ForeignPerson, ForeignShow
from pipeline.publish.moving.repairs import Repairs
from pipeline.show.categories import CATEGORIES
from pipeline.show.fields import SLUG_MAX_CHARACTERS
from pipeline.show.scaffold import podcast_guid, slug_of
from pipeline.show.taxonomy import ROLES

DESCRIPTION_MISSING = "A podcast."
_SUMMARY_MAX_CHARACTERS = 250
_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_MEDIA = ("podcast", "audiobook", "course", "film", "mixed", "music", "newsletter", "video")
_CATEGORIES_MAX = 3


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording that is here: its file's name, and its type by what it is."""

    file: str
    media_type: str


@dataclass(frozen=True)
class Beside:
    """The files of an episode that could be had: names beside episode.toml, and what the feed said of them."""

    audio: Audio
    artwork: str | None = None
    chapters: str | None = None
    transcripts: tuple[Mapping[str, str], ...] = ()


@dataclass
class People:
    """Who is in people.toml, and who comes to it; a name that is there keeps its id."""

    ids: dict[str, str]
    taken: set[str]
    new: dict[str, ForeignPerson]

    @classmethod
    def known(cls, people: Mapping[str, str]) -> People:
        """Those of a show, names by their ids."""
        return cls({_folded(name): person_id for person_id, name in people.items()}, set(people), {})

    def id_of(self, person: ForeignPerson) -> str:
        """The id of a person, who is noted where nobody of that name is known."""
        known = self.ids.get(_folded(person.name))
        if known is None:
            known = unused(slug_of(person.name) or "person", self.taken)
            self.ids[_folded(person.name)] = known
            self.taken.add(known)
            self.new[known] = person
        return known


def unused(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or with a number behind it what nobody has."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted[: SLUG_MAX_CHARACTERS - 5].rstrip('-')}-{number}"
    return name


def slug_for(item: ForeignItem, taken: Collection[str]) -> str:
    """The folder of an episode: year, month and title, and a number where that is taken.

    Of a title in another script, of which at most its digits can be written, the episode's number or its day takes the
    place.
    """
    title = slug_of(item.title)
    if not title or (title.replace("-", "").isdecimal() and not item.title.isascii()):
        title = f"episode-{item.episode}" if item.episode else f"{item.published_at:%d}"
    wanted = f"{item.published_at:%Y-%m}-{title}"[:SLUG_MAX_CHARACTERS].strip("-")
    return unused(wanted, taken)


def people_toml(people: Mapping[str, ForeignPerson], photos: Mapping[str, str]) -> str:
    """Tables to add to people.toml; `photos` are files by a person's id."""
    tables = {
        person_id: _without_none({"name": one.name, "url": one.href, "photo": photos.get(person_id)})
        for person_id, one in people.items()
    }
    return tomlkit.dumps(tables) if tables else ""


def show_toml(
    show: ForeignShow, people: People, *, feed_url: str | None, site_url: str, artwork: str, repairs: Repairs
) -> str:
    """show.toml. What cannot be taken over is told in `repairs`."""
    language = _language(show.language, repairs)
    description = kept.plain(show.kept.description or show.description)
    if not description:
        description = DESCRIPTION_MISSING
        repairs.add("channel", "it has no description", f"It says “{description}”")
    if len((show.kept.description or "").encode()) > DESCRIPTION_MAX_BYTES:
        what = f"its description has more than {DESCRIPTION_MAX_BYTES} bytes with its HTML"
        repairs.add("channel", what, "Its words were taken; its links stand in imported.xml, and not in the feed")
    author = show.author or show.title
    mail = show.owner_email if show.owner_email and _MAIL.fullmatch(show.owner_email) else None
    if show.owner_email and not mail:
        repairs.add("channel", f"its owner's address “{show.owner_email[:60]}” is none", "It was left out")
    if show.locked_owner not in (None, mail):
        what, named = f"podcast:locked names {show.locked_owner} as the owner", mail or "nobody"
        repairs.add("channel", what, f"The feed names {named}: contact_email in show.toml")
    if show.medium and show.medium not in _MEDIA:
        repairs.add("channel", f"its medium is “{show.medium[:20]}”", "It was taken as a podcast")
    hosts = [people.id_of(one) for one in show.people if (one.role, one.group) == ("host", "cast")]
    table: dict[str, Any] = {
        "title": show.title,
        "description": description,
        "guid": str(show.guid or podcast_guid(feed_url or f"{site_url}feed.xml")),
        "language": language,
        "site_url": site_url,
        "author": author,
        "categories": _categories(show, repairs),
        "explicit": bool(show.explicit),
        "artwork": artwork,
        "type": "serial" if show.type == "serial" else None,
        "copyright": show.copyright,
        "contact_email": mail,
        "contact_name": show.owner_name if show.owner_name != author else None,
        "locked": show.locked is True,
        "medium": show.medium if show.medium in _MEDIA and show.medium != "podcast" else None,
        "blocked": show.blocked or None,
        "complete": show.complete or None,
        "hosts": list(dict.fromkeys(hosts)),
        "seasons": [{"number": number, "name": name[:128]} for number, name in show.season_names] or None,
        "imported": {"feed_url": feed_url} if feed_url else None,
    }
    return tomlkit.dumps(_without_none(table))


def show_xml(show: ForeignShow) -> bytes:
    """imported.xml of the show: the channel's tags that have no setting."""
    others = [_person_tag(one) for one in show.people if (one.role, one.group) != ("host", "cast")]
    return kept.document("channel", replace(show.kept, tags=(*show.kept.tags, *others)))


def episode_files(item: ForeignItem, people: People, beside: Beside, position: int) -> tuple[str, bytes]:
    """episode.toml and imported.xml of an episode; `position` counts from the oldest."""
    hosts, guests, credits, others = _parts(item.people, people)
    number = item.episode
    table: dict[str, Any] = {
        "title": item.title,
        "guid": item.guid,
        "summary": summary(item),
        "published_at": item.published_at,
        "hosts": hosts,
        "guests": guests,
        "season": item.season,
        "number": number,
        "number_name": item.episode_name if number is not None else None,
        "type": item.type if item.type != "full" else None,
        "explicit": item.explicit,
        "artwork": beside.artwork,
        "blocked": item.blocked or None,
        "recordings": [{"file": beside.audio.file}],
        "credits": credits or None,
        "imported": _without_none(
            {
                "audio_url": item.enclosure.url,
                "audio_type": beside.audio.media_type,
                "page_url": item.link,
                "permalink": item.permalink or None,
                "title": item.title if any(tag.tag == kept.SHORT_TITLE for tag in item.kept.tags) else None,
                "position": position,
                "duration_s": item.duration_s,
                "chapters": beside.chapters,
                "transcripts": [dict(one) for one in beside.transcripts] or None,
            }
        ),
    }
    tags = (*item.kept.tags, *map(_person_tag, others))
    return tomlkit.dumps(_without_none(table)), kept.document("item", replace(item.kept, tags=tags))


def summary(item: ForeignItem) -> str:
    """A line on the episode for lists of episodes: the beginning of its notes, or its title."""
    text = kept.plain(item.kept.description or item.kept.content or "")
    line = " ".join(text.split())
    if len(line) > _SUMMARY_MAX_CHARACTERS:
        line = f"{line[:_SUMMARY_MAX_CHARACTERS].rpartition(' ')[0] or line[:_SUMMARY_MAX_CHARACTERS]} …"
    return line or item.title


def is_language(tag: str) -> bool:
    """Whether it is a language tag as show.toml takes it."""
    return _LANGUAGE.fullmatch(tag) is not None


def default_site_url(show: ForeignShow, feed_url: str | None) -> str:
    """Where the site would stand: at the server of the old one."""
    parts = urlsplit(show.link or feed_url or "https://show.example.org/")
    return f"https://{parts.netloc}/"


def _parts(
    listed: Iterable[ForeignPerson], people: People
) -> tuple[list[str], list[str], list[dict[str, str]], list[ForeignPerson]]:
    hosts: dict[str, None] = {}
    guests: dict[str, None] = {}
    credits: list[dict[str, str]] = []
    others: list[ForeignPerson] = []
    for one in listed:
        if (one.role, one.group) == ("host", "cast"):
            hosts[people.id_of(one)] = None
        elif (one.role, one.group) == ("guest", "cast"):
            guests[people.id_of(one)] = None
        elif one.role in ROLES and one.group in ROLES[one.role]:
            credits.append({"person": people.id_of(one), "role": one.role, "group": one.group})
        else:
            others.append(one)
    return list(hosts), [one for one in guests if one not in hosts], credits, others


def _person_tag(person: ForeignPerson) -> etree._Element:
    element = etree.Element(clark("podcast:person"), nsmap={"podcast": kept.PREFIXES["podcast"]})
    for name in ("role", "group", "href", "img"):
        if value := getattr(person, name):
            element.set(name, value)
    element.text = person.name
    return element


def _language(written: str | None, repairs: Repairs) -> str:
    first, _, rest = (written or "").replace("_", "-").partition("-")
    language = f"{first.lower()}-{rest}" if rest else first.lower()
    if not _LANGUAGE.fullmatch(language):
        repairs.add("channel", f"its language “{written or ''}” is none", "It is en; mend it in show.toml")
        return "en"
    if language != written:
        repairs.add("channel", f"its language is written “{written}”", f"It was read as {language}")
    return language


def _categories(show: ForeignShow, repairs: Repairs) -> list[str]:
    found = list(dict.fromkeys(_known_categories(show, repairs)))
    if not found:
        found = ["Society & Culture"]
        repairs.add("channel", "it has no category that directories know", f"It is in {found[0]}; mend it in show.toml")
    if len(found) > _CATEGORIES_MAX:
        repairs.add("channel", f"it has {len(found)} categories", f"The first {_CATEGORIES_MAX} were taken")
    return found[:_CATEGORIES_MAX]


def _known_categories(show: ForeignShow, repairs: Repairs) -> Iterator[str]:
    tops = {top.casefold(): top for top in CATEGORIES}
    for written, inner in show.categories:
        top = tops.get(written.casefold())
        if top is None:
            repairs.add("channel", f"“{written[:60]}” is no category of directories", "It was left out")
            continue
        sub = next((one for one in CATEGORIES[top] if one.casefold() == inner.casefold()), None)
        if inner and sub is None:
            repairs.add("channel", f"“{inner[:60]}” is no category within {top}", f"{top} was taken")
        yield f"{top} > {sub}" if sub else top


def _folded(name: str) -> str:
    """A name whatever its capitals and spaces, and whichever apostrophe it is written with."""
    return " ".join(name.casefold().replace("\u2019", "'").split())


def _without_none(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if value is not None and value != []}
