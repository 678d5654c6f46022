"""Nothing to do, known at a glance: no file is another than at the end of the last run.

A run that leaves nothing open notes the marks (size, times, inode) of every file that people wrote and of the program,
and those of the folders that it fills. While all of them are the same, and no moment has come at which an episode
changes by itself, the next run has nothing to do and tells again how the episodes stand.

What lies in `build/` and `site/` is looked at by folder: files come and go there by renaming, which marks the folder.
Files directly in `site/` and everything people wrote are looked at one by one.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

import pipeline
from pipeline import files
from pipeline.digests import RACY_NS
from pipeline.errors import Problem, Refusal
from pipeline.publish.finished import OWN_FOLDER
from pipeline.show import EPISODES_FOLDER, Show
from pipeline.show.protected import PROTECTED_VARIABLE
from pipeline.stages.status import SITE_FOLDER, EpisodeStatus, Reading, State, build_folder

_NAME = "standing.json"
_OVERRIDES_FOLDER = "templates"


@dataclass(frozen=True)
class Told:
    """What a run tells where it had nothing to do: how the episodes stand, and what it told beside that."""

    statuses: tuple[EpisodeStatus, ...]
    strays: tuple[str, ...]
    warnings: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """To be kept."""
        return {
            "statuses": [
                [
                    one.slug,
                    one.title,
                    one.state.value,
                    one.because,
                    one.next_step,
                    [_problem_json(problem) for problem in one.problems],
                    one.published_at.isoformat() if one.published_at else None,
                    list(one.approved_by),
                    [_problem_json(problem) for problem in one.warnings],
                ]
                for one in self.statuses
            ],
            "strays": list(self.strays),
            "warnings": [_problem_json(problem) for problem in self.warnings],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Told:
        """What was kept."""
        return cls(
            tuple(
                EpisodeStatus(
                    slug,
                    title,
                    State(state),
                    because,
                    next_step,
                    tuple(map(_problem, problems)),
                    datetime.fromisoformat(published_at) if published_at else None,
                    tuple(approved_by),
                    tuple(map(_problem, warnings)),
                )
                for slug, title, state, because, next_step, problems, published_at, approved_by, warnings in kept[
                    "statuses"
                ]
            ),
            tuple(kept["strays"]),
            tuple(map(_problem, kept["warnings"])),
        )


class Standing:
    """How the show at `root` stands, as far as its files tell. Made before anything is read."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._inputs, newest_ns = self._look()
        # A file changed twice within one tick of the clock looks unchanged: see `digests`.
        self._can_be_told = newest_ns < time.time_ns() - RACY_NS

    def recall(self, now: datetime) -> Told | None:
        """What the last run told, where nothing has changed since; None where there may be something to do."""
        if PROTECTED_VARIABLE in os.environ:
            return None
        try:
            kept = json.loads(self._path.read_bytes())
            since = datetime.fromisoformat(kept["since"])
            is_same = (
                kept["inputs"] == self._inputs
                and kept["outputs"] == self._outputs()
                and since <= now
                and since.date() == now.date()
                and (kept["until"] is None or now < datetime.fromisoformat(kept["until"]))
            )
            return Told.from_json(kept["told"]) if is_same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, show: Show, readings: Iterable[Reading], now: datetime, told: Told) -> None:
        """Note that nothing is open, where a change would be seen.

        Protected names lie outside the show's folder, and links may answer otherwise any day: a show that has to do
        with either is looked through by every run.
        """
        settings = show.settings
        elsewhere = settings.safeguards.protected_names or PROTECTED_VARIABLE in os.environ
        if elsewhere or settings.links.check_in_run or not self._can_be_told or self._look()[0] != self._inputs:
            self.forget()
            return
        coming = [one.episode.published_at for one in readings if one.episode.published_at > now]
        kept = {
            "inputs": self._inputs,
            "outputs": self._outputs(),
            "since": now.isoformat(),
            "until": min(coming).isoformat() if coming else None,
            "told": told.as_json(),
        }
        with files.replacing(self._path, flush=False) as temporary:
            temporary.write_bytes(files.canonical_json(kept).encode())

    def forget(self) -> None:
        """Something is open: the next run looks at everything."""
        self._path.unlink(missing_ok=True)

    @property
    def _path(self) -> Path:
        return build_folder(self._root) / _NAME

    def _look(self) -> tuple[str, int]:
        """The digest of the marks of all that people wrote and of the program, and the newest time among them."""
        package = Path(pipeline.__file__).parent
        marks = _Marks()
        marks.add_tree(str(self._root / EPISODES_FOLDER))
        written_ns = marks.newest_ns
        # The program's own files may be as new as they like: nobody changes them within a tick.
        for folder in (self._root / _OVERRIDES_FOLDER, package, package.parent / _OVERRIDES_FOLDER):
            marks.add_tree(str(folder))
        return marks.digest(), written_ns

    def _outputs(self) -> str:
        marks = _Marks()
        marks.add_folders(str(build_folder(self._root)), OWN_FOLDER)
        marks.add_entries(str(self._root / SITE_FOLDER))
        return marks.digest()


def _problem_json(problem: Problem) -> list[str]:
    code = [problem.code] if isinstance(problem, Refusal) else []
    return [problem.where, problem.what, problem.remedy, *code]


def _problem(kept: Sequence[str]) -> Problem:
    where, what, remedy, *code = kept
    return Refusal(where, what, remedy, *code) if code else Problem(where, what, remedy)


class _Marks:
    """Marks of many files and folders, as one digest: name, size, times and inode of each."""

    def __init__(self) -> None:
        self.newest_ns = 0
        self._sum = hashlib.sha256()

    def add_tree(self, folder: str) -> None:
        """Every file in a folder and in its folders; of links, what they lead to. Nothing where there is no folder."""
        folders: list[str] = []
        marks: list[tuple[str, int, int, int, int]] = []
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                if entry.name != "__pycache__":
                    folders.append(entry.path)
            else:
                with suppress(FileNotFoundError):  # a link that leads nowhere
                    marks.append(_mark(entry.name, entry.stat()))
        self._add(folder, marks)
        for one in sorted(folders):
            self.add_tree(one)

    def add_entries(self, folder: str) -> None:
        """What is directly in a folder, files and folders."""
        self._add(folder, [_mark(entry.name, entry.stat(follow_symlinks=False)) for entry in _entries(folder)])

    def add_folders(self, folder: str, within: str) -> None:
        """The folders directly in a folder, and in each the one of the name `within`."""
        marks: list[tuple[str, int, int, int, int]] = []
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                marks.append(_mark(entry.name, entry.stat(follow_symlinks=False)))
                with suppress(FileNotFoundError):
                    marks.append(_mark(f"{entry.name}/{within}", os.stat(f"{entry.path}/{within}")))  # noqa: PTH116
        self._add(folder, marks)

    def digest(self) -> str:
        """That of all that was added, in its order."""
        return self._sum.hexdigest()

    def _add(self, folder: str, marks: list[tuple[str, int, int, int, int]]) -> None:
        # This is done for every file at every run: as few steps in Python as can be.
        marks.sort()
        self._sum.update(repr((folder, marks)).encode("utf-8", "surrogateescape"))
        if marks:
            self.newest_ns = max(self.newest_ns, *map(_CHANGED, marks))


_CHANGED = itemgetter(3)  # whatever else changes of a file, its ctime does, and nobody can set it back


def _mark(name: str, status: os.stat_result) -> tuple[str, int, int, int, int]:
    return name, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except (FileNotFoundError, NotADirectoryError):
        return []
