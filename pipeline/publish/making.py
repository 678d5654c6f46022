"""One episode's files, made and put into a folder under `build/`, from where the site links them.

An episode is made by itself, in this process or in another: nothing is needed of the other episodes but what its page
shows `Around` it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, Self

from lxml import etree

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.publish.feed import FeedItem, feed_item
from pipeline.publish.finished import FEED_TEXTS, SEARCH_WORDS, Finished, Neighbour
from pipeline.publish.leaks import leaks, leaks_into
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.pages import Pages, Site, SiteAssets, citing, page_address, references_of
from pipeline.publish.parts import EpisodeParts, Pictures, episode_parts
from pipeline.show import Show


@dataclass(frozen=True)
class Around:
    """What the page of one episode shows that is not the episode's own. `photos` are those of its people."""

    newer: Neighbour | None
    older: Neighbour | None
    has: Mapping[str, bool]
    assets: SiteAssets
    photos: Mapping[str, str]
    today: date

    @property
    def key(self) -> str:
        """The digest of it. The day is left out: what it decides of an episode belongs to the episode's key."""
        return files.digest_json({**self._own(), "assets": self.assets.key})

    def as_json(self) -> dict[str, Any]:
        """For another process."""
        return {
            **self._own(),
            "assets": asdict(self.assets),
            "today": self.today.isoformat(),
        }

    def _own(self) -> dict[str, Any]:
        return {
            "newer": self.newer,
            "older": self.older,
            "has": dict(self.has),
            "photos": dict(self.photos),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """In the other process."""
        assets = told["assets"]
        return cls(
            newer=Neighbour(*told["newer"]) if told["newer"] else None,
            older=Neighbour(*told["older"]) if told["older"] else None,
            has=told["has"],
            assets=SiteAssets(assets["places"], tuple(assets["search"]), tuple(assets["player"]), assets["own"]),
            photos=told["photos"],
            today=date.fromisoformat(told["today"]),
        )


def make_episode(
    show: Show,
    approved: ApprovedEpisode,
    around: Around,
    *,
    pages: Pages,
    shared: Pictures,
    pictures: Path,
    folder: Path,
) -> Finished:
    """Put every file of an episode but its recordings into `folder`, which then holds nothing else.

    `shared` is the show's artwork, `pictures` where reduced pictures are kept. Raises InvalidAudio, InvalidEpisode
    or InvalidShow where something cannot be used, Refused where a protected name would be published.
    """
    part = episode_parts(show, approved, shared, pictures)
    site = Site(show, (), around.assets, around.today, around.photos, has=around.has)
    page = pages.episode_page(site, part, newer=around.newer, older=around.older).encode("utf-8")
    contents = {**part.contents, part.files.page: page}
    item = feed_item(show.settings, approved, part.files, part.notes)
    if problems := list(_leaks(part, contents, item)):
        raise Refused(problems)
    cited, spoken = citing(part)
    digests = {name: files.digest_bytes(content) for name, content in contents.items()}
    digests[part.files.audio] = approved.release.digest
    if part.files.alternate and approved.alternate:
        digests[part.files.alternate] = approved.alternate.digest
    kept = Finished(
        approved=replace(approved, paragraphs=(), notes_markdown=""),
        files=part.files,
        folder=folder,
        contents=tuple(contents),
        digests=digests,
        cited=cited,
        references=references_of(show, approved, cited),
        spoken=spoken,
        card=part.searched.card,
        size_bytes=item.size_bytes,
        is_listed=is_listed(page_address(show.settings, part.files.page), page),
    )
    texts = {
        "description": item.description,
        "content": item.content,
        "kept": [etree.tostring(element, encoding="unicode") for element in item.kept],
    }
    _put_into(
        folder,
        {name.rpartition("/")[2]: content for name, content in contents.items()}
        | {
            FEED_TEXTS: files.canonical_json(texts).encode(),
            SEARCH_WORDS: files.canonical_json(part.searched.weights).encode(),
        },
    )
    return kept


def is_listed(address: str, page: bytes) -> bool:
    """Whether crawlers may keep a page: it names its own address as the one to keep, and does not ask them not to.

    The page for wrong addresses and the apps' transcript name none.
    """
    own = f'<link rel="canonical" href="{escape(address)}">'.encode()
    return own in page and b'<meta name="robots" content="noindex' not in page


def _leaks(part: EpisodeParts, contents: Mapping[str, bytes], item: FeedItem) -> Iterator[Problem]:
    """Every protected name in the episode's own files, and in what it puts into those of all episodes."""
    approved = part.approved
    if not approved.protected:
        return
    own: dict[str, bytes | Path] = {part.files.audio: approved.release_path, **contents}
    if part.files.alternate and approved.alternate_path:
        own[part.files.alternate] = approved.alternate_path
    for _, problem in leaks(own, approved.protected):
        yield problem
    slug = approved.slug
    yield from leaks_into(f"{slug} in site/feed.xml", (item.description, item.content), approved.protected)
    # The index holds its words one by one, where a name of several could not be seen: it is made of these texts.
    searched = part.searched
    texts = (searched.heading, searched.notes, searched.said)
    yield from leaks_into(f"{slug} in site/search/", texts, approved.protected)


def _put_into(folder: Path, contents: Mapping[str, bytes]) -> None:
    # By renaming, as everywhere: the site may hold what stood here before under the same inode. Nothing is flushed:
    # who publishes does that for all files at once.
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        with files.replacing(folder / name, flush=False) as temporary:
            temporary.write_bytes(content)
    for path in folder.iterdir():
        if path.name not in contents:
            path.unlink()
