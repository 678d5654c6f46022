"""Publications kept on this machine, so that the one before can be brought back: `build/releases/<target>/<number>/`.

They are kept here and not at the target: what stands there is public, and an earlier text may be the very thing that
was taken out. Files are hard links into `site/`, whose files are replaced and never written into; so one that did not
change takes no room.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.publish.deploy.plan import FEED, Wanted

_FACTS, _FILES = "facts.json", "site"
_KEPT = 3


@dataclass(frozen=True)
class Kept:
    """One publication: its number, its files, and facts that the stage noted."""

    number: int
    wanted: tuple[Wanted, ...]
    facts: Mapping[str, Any]


def digest_of(wanted: Iterable[Wanted]) -> str:
    """By what a publication is known again: the names and digests of all its files."""
    return files.digest_json(_listed(wanted))


class Releases:
    """The publications at one target, newest last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, wanted: Iterable[Wanted], facts: Mapping[str, Any]) -> None:
        """Keep what was just published; where its files are those of the newest that is kept, the facts alone."""
        wanted = tuple(wanted)
        listed = _listed(wanted)
        kept = files.readable_json({"files": listed, "facts": dict(facts)}).encode("utf-8")
        numbers = self._numbers()
        if numbers and self._read(numbers[-1])[0] == listed:
            files.write_if_changed(self.folder / f"{numbers[-1]:06d}" / _FACTS, kept)
            return
        number = max([0, *numbers]) + 1
        target = self.folder / f"{number:06d}"
        shutil.rmtree(target, ignore_errors=True)
        for one in wanted:
            path = target / _FILES / one.name
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(one.path, path)
            except OSError:  # another file system, or one without hard links
                shutil.copyfile(one.path, path)
        # Last: a folder without it was killed in the making, and counts for nothing.
        files.write_bytes(target / _FACTS, kept)
        for old in self._numbers()[:-_KEPT]:
            self._forget(old)
        whole = {f"{one:06d}" for one in self._numbers()}
        for entry in self.folder.iterdir():
            if entry.is_dir() and entry.name.isdigit() and entry.name not in whole:
                shutil.rmtree(entry)  # an earlier text that a killed publication was taking away

    def newest_facts(self) -> Mapping[str, Any]:
        """The facts of the last publication that is kept here; empty where there is none."""
        return self._read(self._numbers()[-1])[1] if self._numbers() else {}

    def before(self, last_feed: str | None, *, begun: str | None = None, back: int | None = None) -> Kept:
        """The publication before the last one, whose feed has the digest `last_feed` (None: nobody knows).

        `begun` and `back` are what a publication left that was broken off (`owed.Owed`): the one before that is the
        last that was completed, and going back goes on to where it was going.
        Raises Refused where there is none, where another machine made the last one, or where its files are not as kept.
        """
        listings = {number: listed for number in self._numbers() if (listed := self._read(number)[0])}
        numbers = list(listings)
        if not numbers:
            raise self._none_kept()
        feeds = {number: listed.get(FEED, [None])[0] for number, listed in listings.items()}
        if last_feed and last_feed not in feeds.values() and all(feeds.values()):
            raise Refused(
                Problem(
                    str(self.folder),
                    "the last publication was made on another machine, so the one before it is not known here",
                    "Go back on that machine, or publish forward",
                )
            )
        is_kept = begun == files.digest_json(listings[numbers[-1]])
        if back in listings:
            return self._whole(back, listings[back])
        if begun is not None and not is_kept:
            return self._whole(numbers[-1], listings[numbers[-1]])
        of_the_last = [number for number, feed in feeds.items() if feed == last_feed and not is_kept]
        earlier = [number for number in numbers if number < (of_the_last or numbers)[-1]]
        if not earlier:
            raise self._none_kept()
        return self._whole(earlier[-1], listings[earlier[-1]])

    def drop_after(self, number: int) -> None:
        """Forget the publications after one: it was brought back."""
        for later in self._numbers():
            if later > number:
                self._forget(later)

    def listings(self) -> Iterator[tuple[Path, Mapping[str, str] | None]]:
        """Each kept publication: the folder of its files with their digests by name, None where they cannot be read."""
        for number in self._numbers():
            listed = self._read(number)[0]
            folder = self.folder / f"{number:06d}" / _FILES
            yield folder, {name: digest for name, (digest, _) in listed.items()} if listed else None

    def _whole(self, number: int, listed: Mapping[str, Any]) -> Kept:
        folder = self.folder / f"{number:06d}" / _FILES
        wanted = tuple(Wanted(name, folder / name, size_bytes, digest) for name, (digest, size_bytes) in listed.items())
        damaged = [one for one in wanted if not one.path.is_file() or files.digest_file(one.path) != one.digest]
        if damaged:
            raise Refused(
                [Problem(str(one.path), "it is not as it was published", "Publish forward instead") for one in damaged]
            )
        return Kept(number, wanted, self._read(number)[1])

    def _none_kept(self) -> Refused:
        return Refused(
            Problem(
                str(self.folder),
                "this machine keeps no earlier publication",
                "Check out episodes/ as it was, approve and run; then publish",
            )
        )

    def _forget(self, number: int) -> None:
        # First what makes it count: a kill in the middle leaves no half of one that looks whole.
        self._facts(number).unlink(missing_ok=True)
        shutil.rmtree(self.folder / f"{number:06d}")

    def _facts(self, number: int) -> Path:
        return self.folder / f"{number:06d}" / _FACTS

    def _numbers(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        whole = [entry.name for entry in self.folder.iterdir() if (entry / _FACTS).is_file()]
        return sorted(int(name) for name in whole if name.isdigit())

    def _read(self, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            kept = json.loads(self._facts(number).read_bytes())
            return dict(kept["files"]), dict(kept["facts"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}, {}


def _listed(wanted: Iterable[Wanted]) -> dict[str, list[Any]]:
    return {one.name: [one.digest, one.size_bytes] for one in wanted}
