"""What a target is: a place that holds the files of a site, and how they are put there.

A target is opened once per publication and gives a `Session`. Two families share the protocol:

- **Stores** (S3 and the like) show each file as soon as it is put. The order of the calls keeps the promise that the
  feed names only what is there; `commit` has nothing to do.
- **Releases** (a folder, SFTP, a git branch) gather everything out of sight, and show it at once in `commit`.

Names are paths below the site's root, with `/` between and no leading one; they were checked before. A session
raises:

    NoAnswer    the target cannot be reached, answers with an error, or broke off; trying again may help
    Refused     it answers, and will not do it: no permission, no such bucket, no folder
    Busy        another publisher is at work there, or a file is not what `expected` says any more

No message may hold a credential: neither of the environment, nor one inside an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.errors import Problem


@dataclass(frozen=True, slots=True)
class Stored:
    """A file as the target lists it.

    `tag` is another whenever the content is another, and the same while nobody wrote the file (an ETag, a blob's id,
    size with time and inode); nothing is read into it. None where the target has nothing of the kind.
    """

    size_bytes: int
    tag: str | None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be put. `path` is read as it is now; `digest` (`sha256:...`) and `size_bytes` are what it must be.

    `content_type` and `cache_control` are header values, for targets that keep them.
    """

    name: str
    path: Path
    size_bytes: int
    digest: str
    content_type: str
    cache_control: str


@dataclass(frozen=True, slots=True)
class Writer:
    """Who publishes: `token` is the same for one show on one machine, so that a killed run knows its own lock again.

    `who` is for the message to others (`ada@studio`). `take_over` takes the lock of one who will not come back.
    """

    token: str
    who: str
    take_over: bool = False


class Session(Protocol):
    """A target while it is open. Sizes are bytes, digests `sha256:` and 64 hexadecimal digits."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What the person should know of this target, found when it was opened: it ignores conditions, say."""

    def stored(self) -> Mapping[str, Stored]:
        """Everything that stands there, by name. In a release: also what a killed publication had finished.

        A session without a writer knows only what listeners see.
        """

    def digest(self, name: str) -> str | None:
        """The digest of a file as far as the target can tell without sending all of it; None where it cannot."""

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """A file, piece by piece, a few megabytes of it in memory; None where there is none.

        What goes wrong on the way is raised by the iterator.
        """

    def put(self, upload: Upload, expected: Stored | None) -> Stored:
        """Put a file whole or not at all, and return how it stands there.

        `expected` is what stood there when the plan was made, None for nothing. Where the target can, the file is
        put only if that is still so, and Busy is raised otherwise. A file that is not `size_bytes` long any more, or
        whose content proves to be another than `digest`, is not put (Refused).
        """

    def delete(self, name: str, expected: Stored) -> None:
        """Delete a file; it is no error where it is gone already."""

    def commit(self) -> None:
        """Show listeners everything that was put and deleted, at once, where this is a release.

        Also what a killed publication had finished and not shown; where there is nothing to show, nothing happens.
        """

    def clear_away(self, folders: AbstractSet[str]) -> None:
        """After `commit`: of the folders of these names, at the top of the site, let nothing stay but what is seen.

        For targets that keep an older release beside the one that is seen: it goes, whole, where it has anything in
        them that is another now, or gone. What a killed publication had begun to take away goes in any case.
        """

    def left_behind(self, folders: AbstractSet[str]) -> Iterable[str]:
        """For each older release that `clear_away` would delete, where one file lies that is another now, or gone."""


class Target(Protocol):
    """A place that was named in show.toml, not reached yet."""

    @property
    def place(self) -> str:
        """The place as a person would name it: `/srv/www/show`, `s3://bucket/prefix`. Without any credential."""

    def open(self, writer: Writer | None) -> AbstractContextManager[Session]:
        """Reach it. With a `writer` its lock is held until the block ends.

        None only looks, at what listeners see now, and changes nothing; also while somebody publishes.

        When the block ends without `commit`, listeners see what they saw before (of a store: also what was put). Work
        that was finished is found again by the next session.
        """


def read(session: Session, name: str) -> bytes | None:
    """A small file (a manifest, a feed), whole; None where there is none. Raises what sessions raise."""
    pieces = session.pieces(name)
    return None if pieces is None else b"".join(pieces)
