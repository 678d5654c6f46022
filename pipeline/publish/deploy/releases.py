"""Publications kept on this machine, so that the one before can be brought back: `build/releases/<target>/<number>/`.

They are kept here and not at the target: what stands there is public, and an earlier text may be the very thing that
was taken out. Files are hard links into `site/`, whose files are replaced and never written into; so one that did not
change takes no room.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
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
    """One publication: its files, and facts that the stage noted."""

    folder: Path
    wanted: tuple[Wanted, ...]
    facts: Mapping[str, Any]


class Releases:
    """The publications at one target, newest last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, wanted: Iterable[Wanted], facts: Mapping[str, Any]) -> None:
        """Keep what was just published; where its files are those of the newest that is kept, the facts alone."""
        wanted = tuple(wanted)
        listed = {one.name: [one.digest, one.size_bytes] for one in wanted}
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
            shutil.rmtree(self.folder / f"{old:06d}")

    def newest_facts(self) -> Mapping[str, Any]:
        """The facts of the last publication that is kept here; empty where there is none."""
        return self._read(self._numbers()[-1])[1] if self._numbers() else {}

    def before(self, last_feed: str | None) -> Kept:
        """The publication before the last one, whose feed has the digest `last_feed` (None: nobody knows).

        Raises Refused where there is none, where another machine made the last one, or where its files are not as kept.
        """
        numbers = self._numbers()
        newest_feed = self._read(numbers[-1])[0].get(FEED, [None])[0] if numbers else None
        if last_feed and newest_feed and last_feed != newest_feed:
            raise Refused(
                Problem(
                    str(self.folder),
                    "the last publication was made on another machine, so the one before it is not known here",
                    "Go back on that machine, or publish forward",
                )
            )
        if len(numbers) < 2:
            raise Refused(
                Problem(
                    str(self.folder),
                    "this machine keeps no earlier publication",
                    "Check out episodes/ as it was, approve and run; then publish",
                )
            )
        folder = self.folder / f"{numbers[-2]:06d}"
        listed, facts = self._read(numbers[-2])
        wanted = tuple(
            Wanted(name, folder / _FILES / name, size_bytes, digest) for name, (digest, size_bytes) in listed.items()
        )
        damaged = [one for one in wanted if not one.path.is_file() or files.digest_file(one.path) != one.digest]
        if damaged:
            raise Refused(
                [Problem(str(one.path), "it is not as it was published", "Publish forward instead") for one in damaged]
            )
        return Kept(folder, wanted, facts)

    def drop_newest(self) -> None:
        """Forget the newest publication: the one before was brought back."""
        for number in self._numbers()[-1:]:
            shutil.rmtree(self.folder / f"{number:06d}")

    def _numbers(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        whole = [entry.name for entry in self.folder.iterdir() if (entry / _FACTS).is_file()]
        return sorted(int(name) for name in whole if name.isdigit())

    def _read(self, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            kept = json.loads((self.folder / f"{number:06d}" / _FACTS).read_bytes())
            return dict(kept["files"]), dict(kept["facts"])
        except (OSError, ValueError, KeyError, TypeError):
            return {}, {}
