"""What has to travel: what a target holds against what the site holds, as steps in the order that keeps the promise.

The feed names only what is there. So recordings and pictures go first, then transcripts and chapters, then pages,
the feed last; and only after the feed is deleted what nothing names any more.

**What nothing names any more** is deleted at once where it is a page (its address would lie). Files named by their
content stay for 30 days: apps that have not read the new feed yet ask for the old recording, and a page in an open
tab for its search index. Not those of an episode that was withdrawn or in which something was struck out: there the
old recording is the very thing that has to be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum
from pathlib import Path, PurePosixPath

from pipeline.errors import Problem, Refused
from pipeline.publish.deploy.manifest import MANIFEST_NAME, Noted
from pipeline.publish.deploy.targets import Stored, Upload
from pipeline.publish.headers import cache_control, content_type, digest_piece

KEPT = timedelta(days=30)
FEED = "feed.xml"
_TEXTS = (".vtt", ".srt", ".chapters.json", ".json", ".html")
_SEARCH = "search"


class Rank(IntEnum):
    """The order in which files are sent."""

    MEDIA = 0
    TEXT = 1
    PAGE = 2
    FEED = 3


RANKS = {
    Rank.MEDIA: "recordings, pictures and what pages are made with",
    Rank.TEXT: "transcripts and chapters",
    Rank.PAGE: "pages",
    Rank.FEED: "the feed",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of the site: where it is, how long, and its digest."""

    name: str
    path: Path
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True)
class Step:
    """A file to be sent. `expected` is what stands there now; `mends` that it is damaged there."""

    upload: Upload
    expected: Stored | None
    rank: Rank
    mends: bool = False


@dataclass(frozen=True)
class Plan:
    """What a publication does at a target: `steps` in order, then `deletions`.

    `kept` are files that nothing names any more, and the day on which they will be deleted; `unchanged` how many
    files stand there already. `noted` is what the manifest says of the files that stand, `gone` included. `cleared` are
    folders at the top of the site of which nothing old may stay, in no older release either (`Session.clear_away`).
    """

    steps: tuple[Step, ...]
    deletions: Mapping[str, Stored]
    kept: Mapping[str, date]
    unchanged: int
    noted: Mapping[str, Noted]
    cleared: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps and not self.deletions

    @property
    def size_bytes(self) -> int:
        """How much travels."""
        return sum(step.upload.size_bytes for step in self.steps)


def unclear(wanted: Iterable[Wanted], stored: Mapping[str, Stored], noted: Mapping[str, Noted]) -> list[str]:
    """Names of files that stand there in the right size and of which only the target can say whether they are right."""
    return [
        one.name
        for one in wanted
        if (there := stored.get(one.name)) is not None
        and there.size_bytes == one.size_bytes
        and not ((known := noted.get(one.name)) and known.fits(there))
    ]


def make_plan(
    wanted: Sequence[Wanted],
    stored: Mapping[str, Stored],
    noted: Mapping[str, Noted],
    asked: Mapping[str, str | None],
    *,
    today: date,
    hasty: Iterable[str] = (),
) -> Plan:
    """The steps from what is `stored` to what is `wanted`. `asked` are the digests of what was `unclear`.

    `hasty` are the slugs of episodes of which nothing old may stay. Raises Refused where a file that is named by its
    content would become another than its name promises.
    """
    names = {one.name for one in wanted}
    steps: list[Step] = []
    standing: dict[str, Noted] = {}
    unchanged = 0
    for one in sorted(wanted, key=_order):
        there = stored.get(one.name)
        digest = _digest_there(one, there, noted.get(one.name), asked)
        if there is not None and digest == one.digest:
            unchanged += 1
            standing[one.name] = Noted(digest=one.digest, size_bytes=one.size_bytes, tag=there.tag)
            continue
        steps.append(Step(_upload(one), there, rank_of(one.name), mends=_mends(one, there)))
    deletions: dict[str, Stored] = {}
    kept: dict[str, date] = {}
    cleared = cleared_for(hasty)
    for name, known in noted.items():
        if name in names or name == MANIFEST_NAME or (there := stored.get(name)) is None:
            continue
        until = (known.gone_on or today) + KEPT
        if digest_piece(name) is None or until <= today or name.partition("/")[0] in cleared:
            deletions[name] = there
        else:
            kept[name] = until
            standing[name] = known.model_copy(update={"gone_on": known.gone_on or today})
    return Plan(tuple(steps), _pages_first(deletions), kept, unchanged, standing, cleared)


def cleared_for(hasty: Iterable[str]) -> frozenset[str]:
    """The folders of which nothing old may stay, where that is so of these episodes."""
    slugs = frozenset(hasty)
    return slugs | {_SEARCH} if slugs else slugs  # the search index holds the words of all episodes


def rank_of(name: str) -> Rank:
    """When a file is sent."""
    path = PurePosixPath(name)
    if path.name.startswith("feed") and path.suffix == ".xml" and len(path.parts) == 1:
        return Rank.FEED
    if digest_piece(name) is None:
        return Rank.PAGE
    return Rank.TEXT if name.endswith(_TEXTS) else Rank.MEDIA


def _order(one: Wanted) -> tuple[int, int, bool, str]:
    rank = rank_of(one.name)
    # Within the pages those of episodes first, the front page last; within the feed its first page last.
    depth = -len(PurePosixPath(one.name).parts) if rank is Rank.PAGE else 0
    return rank, depth, one.name in ("index.html", FEED), one.name


def _digest_there(
    one: Wanted, there: Stored | None, known: Noted | None, asked: Mapping[str, str | None]
) -> str | None:
    if there is None or there.size_bytes != one.size_bytes:
        return None
    if known is not None and known.fits(there):
        return known.digest
    digest = asked.get(one.name)
    if digest is None and (known is None or known.tag is None) and _keeps_its_promise(one):
        # Its name says what it is, and its length agrees; but one that was put and then written by somebody may lie.
        return one.digest
    return digest


def _mends(one: Wanted, there: Stored | None) -> bool:
    if there is None or digest_piece(one.name) is None:
        return False
    if not _keeps_its_promise(one):
        raise Refused(
            Problem(
                one.name,
                "a file of this name was published with other content, and apps keep the one they have for a year",
                "Run make pipeline: it gives changed files another name",
            )
        )
    return True


def _keeps_its_promise(one: Wanted) -> bool:
    piece = digest_piece(one.name)
    return piece is not None and one.digest.removeprefix("sha256:").startswith(piece)


def _pages_first(deletions: Mapping[str, Stored]) -> dict[str, Stored]:
    return dict(sorted(deletions.items(), key=lambda one: (digest_piece(one[0]) is not None, one[0])))


def _upload(one: Wanted) -> Upload:
    return Upload(one.name, one.path, one.size_bytes, one.digest, content_type(one.name), cache_control(one.name))


def groups(steps: Iterable[Step]) -> Iterator[tuple[Rank, list[Step]]]:
    """The steps by rank, in order; ranks without a step are left out."""
    listed = list(steps)
    for rank in Rank:
        if found := [step for step in listed if step.rank is rank]:
            yield rank, found
