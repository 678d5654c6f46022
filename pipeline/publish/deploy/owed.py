"""What is still owed after a publication: `build/publishing/owed-<target>.json`.

It is written before the first file goes out, and what was done is taken out of it as soon as it is done. So whatever a
publication that was killed or failed half-way did not come to, the next one knows and does: caches forget, listeners'
addresses are looked at, hubs are told, and going back knows what was begun. Where the file is gone nothing is owed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline import files

Told = Literal["hub", "podping"]
EVERYBODY: tuple[Told, ...] = ("hub", "podping")


class Owed(BaseModel):
    """`purge` are names of files that caches may hold as they were, `unseen` recordings that nobody has asked for in
    public, `untold` who has not heard of the feed.

    `begun` is the digest of a publication's files (`releases.digest_of`) until it was completed; where that goes back
    to a kept publication, `back` is the number of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    begun: str | None = None
    back: int | None = None
    purge: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    untold: frozenset[Told] = frozenset()

    def __bool__(self) -> bool:
        return self != _NOTHING

    def and_also(self, more: Owed) -> Owed:
        """This, and what a publication that begins now will owe."""
        return Owed(
            begun=more.begun,
            back=more.back,
            purge=self.purge | more.purge,
            unseen=self.unseen | more.unseen,
            untold=self.untold | more.untold,
        )

    def but(self, done: Owed) -> Owed:
        """What of this is left when all of `done` is done."""
        completed = done.begun is not None and done.begun == self.begun
        return Owed(
            begun=None if completed else self.begun,
            back=None if completed else self.back,
            purge=self.purge - done.purge,
            unseen=self.unseen - done.unseen,
            untold=self.untold - done.untold,
        )

    def deeds(self) -> list[str]:
        """What has to be done for it, for a person, but for what every publication does anyway."""
        found = []
        if self.purge:
            found.append(f"telling caches of {_count(len(self.purge), 'file')}")
        if self.unseen:
            found.append(f"asking for {_count(len(self.unseen), 'recording')} at the public address")
        if self.untold:
            found.append("telling who waits for the feed")
        return found


_NOTHING = Owed()


def read_owed(folder: Path, target: str) -> Owed:
    """What is owed at a target. A file that cannot be read owes nothing: it is derived, like all of `build/`."""
    owed = _NOTHING
    with suppress(OSError, ValueError, ValidationError, RecursionError):
        owed = Owed.model_validate(json.loads(_path(folder, target).read_bytes()))
    if _older(folder, target).exists():
        owed = owed.model_copy(update={"untold": frozenset(EVERYBODY)})
    return owed


def write_owed(folder: Path, target: str, owed: Owed) -> None:
    """Note what is owed; where that is nothing, no file is left."""
    if owed:
        kept = owed.model_dump(mode="json", exclude_defaults=True) | {"version": owed.version}
        for name in ("purge", "unseen", "untold"):
            if name in kept:
                kept[name] = sorted(kept[name])
        files.write_if_changed(_path(folder, target), files.readable_json(kept).encode("utf-8"))
    else:
        _path(folder, target).unlink(missing_ok=True)
    _older(folder, target).unlink(missing_ok=True)


def settle(folder: Path, target: str, done: Owed, *, begun: str | None) -> None:
    """Take out what was done for the publication `begun`. Nobody else may write meanwhile.

    Read afresh: where another publication has begun since, it is left as it is. That one may owe the same once more,
    for what it sent later; to do a thing twice harms nobody.
    """
    owed = read_owed(folder, target)
    if owed.begun == begun:
        write_owed(folder, target, owed.but(done))


def _path(folder: Path, target: str) -> Path:
    return folder / f"owed-{target}.json"


def _older(folder: Path, target: str) -> Path:
    """What an earlier version of this program left until hubs were told."""
    return folder / f"untold-{target}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
