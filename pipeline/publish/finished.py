"""What is kept of an episode once its files are made: little, so that a site of thousands does not fill the memory.

The files themselves lie in a folder under `build/`, from where the site links them. What files of all episodes need
of one is in its `Finished`, which can be written down (`facts`) and be had back by the next run (`finished_from`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

from pipeline.publish.model import ApprovedEpisode, EpisodeFiles, KeptFile, place
from pipeline.show import Episode, Person

PAGE = "index.html"
OWN_FOLDER = "site"  # below the episode's folder in build/: where its files lie
FEED_TEXTS, SEARCH_WORDS = "feed.json", "words.json"


@dataclass(frozen=True)
class Candidate:
    """An episode that may be published, before anything is made of it. `key` is the digest of all that shapes it."""

    episode: Episode
    language: str
    people: tuple[Person, ...]
    key: str = ""

    @property
    def slug(self) -> str:
        """Its place on the site."""
        return self.episode.slug

    @property
    def page(self) -> str:
        """The path of its page below `site/`."""
        return place(self.slug, PAGE)


class Neighbour(NamedTuple):
    """The episode before or after another, as its page names it."""

    page: str
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class Within:
    """Stands in the plan of a site for the file of the same last name in `folder`: one for all files of an episode."""

    folder: str


# What is in a file of the site: bytes, or what lies at a path, or in a folder.
Content = bytes | Path | Within


def lies_at(name: str, content: Path | Within) -> str:
    """Where the content of the file `name` lies."""
    return str(content) if isinstance(content, Path) else f"{content.folder}/{name.rpartition('/')[2]}"


@dataclass(frozen=True)
class Finished:
    """An episode whose files are made. `approved` is without its paragraphs and notes: those are in the files.

    `contents` are the names below `site/` of what lies in `folder`, the page last; `digests` are theirs and
    those of the recordings; `cited` the keys of its sources,
    `references` by these keys the HTML and the title of each as lists show it, `spoken` when its speakers cite them,
    in ms. `card` is its card among the results of a search, `size_bytes` that of
    its notes in the feed; `is_listed` says whether crawlers may keep its page.
    """

    approved: ApprovedEpisode
    files: EpisodeFiles
    folder: Path
    contents: tuple[str, ...]
    digests: Mapping[str, str]
    cited: tuple[str, ...]
    references: Mapping[str, list[str]]
    spoken: Mapping[str, list[int]]
    card: str
    size_bytes: int
    is_listed: bool

    @property
    def slug(self) -> str:
        """Its place on the site."""
        return self.approved.slug

    @property
    def published(self) -> date:
        """The day of its publication."""
        return self.approved.episode.published_at.date()

    @property
    def description(self) -> str:
        """Its notes for the feed, cut to what apps take."""
        return str(self._read(FEED_TEXTS)["description"])

    @property
    def content(self) -> str:
        """Its whole notes for the feed."""
        return str(self._read(FEED_TEXTS)["content"])

    @property
    def kept(self) -> tuple[etree._Element, ...]:
        """The elements that an imported episode brought along for the feed."""
        return tuple(etree.fromstring(text) for text in self._read(FEED_TEXTS)["kept"])

    @property
    def weights(self) -> Mapping[str, int]:
        """The words it can be found by, and how much each weighs in it."""
        known: dict[str, int] = self._read(SEARCH_WORDS)
        return known

    @property
    def within(self) -> Within:
        """Where its `contents` lie."""
        return Within(str(self.folder))

    def facts(self) -> dict[str, Any]:
        """What the next run could not know without making it again, as JSON."""
        return {
            "release": asdict(self.approved.release),
            "alternate": asdict(self.approved.alternate) if self.approved.alternate else None,
            "drafted_by": self.approved.drafted_by,
            "files": asdict(self.files),
            "contents": list(self.contents),
            "digests": dict(self.digests),
            "cited": list(self.cited),
            "references": dict(self.references),
            "spoken": dict(self.spoken),
            "card": self.card,
            "size_bytes": self.size_bytes,
            "is_listed": self.is_listed,
        }

    def _read(self, name: str) -> Any:
        return json.loads((self.folder / name).read_bytes())


def finished_from(approved: ApprovedEpisode, folder: Path, facts: Mapping[str, Any]) -> Finished:
    """What `facts` said of the episode `approved`, whose files lie in `folder`."""
    digests = facts["digests"]
    once = {name: name for name in digests}  # JSON has each name several times, and thousands of episodes are kept
    named = {key: once.get(one, one) if isinstance(one, str) else one for key, one in facts["files"].items()}
    return Finished(
        approved=approved,
        files=EpisodeFiles(**{**named, "kept": tuple(KeptFile(**one) for one in named["kept"])}),
        folder=folder,
        contents=tuple(once.get(name, name) for name in facts["contents"]),
        digests=digests,
        cited=tuple(facts["cited"]),
        references=facts["references"],
        spoken=facts["spoken"],
        card=facts["card"],
        size_bytes=facts["size_bytes"],
        is_listed=facts["is_listed"],
    )
