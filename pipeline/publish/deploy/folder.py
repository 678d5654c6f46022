"""A folder of this machine that a web server shows: releases side by side, and a link to the one that is seen.

    PATH/
      current -> releases/000007      the web server's root
      releases/000006  000007         each a whole site; files that did not change are hard links to the same bytes
      releases/.next                  the one that is being made; a killed publication goes on with it
      releases/.gone                  the one that is being deleted
      lock

Renaming one link is the whole switch: a visitor sees the old site or the new one, whole (rename(2) is atomic). The
release before the last stays, for readers in the middle of a download; not where it holds what may not be public any
more (`clear_away`).
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline import files
from pipeline.errors import Busy, NoAnswer, OnRecordError, Problem, Refused
from pipeline.publish.deploy.targets import Stored, Upload, Writer

CURRENT, RELEASES = "current", "releases"
_NEXT, _CLONE, _GONE, _LOCK = ".next", ".clone", ".gone", "lock"
_NUMBER = re.compile(r"^\d{6,}$")
_KEPT_RELEASES = 2
_FILE, _FOLDER = 0o644, 0o755  # whoever runs the web server may read them, whatever the umask of who publishes


class Folder:
    """The target `kind = "folder"`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._path)

    @contextmanager
    def open(self, writer: Writer | None) -> Iterator[FolderSession]:
        """Hold its lock, which the kernel lets go when its holder dies; raises Refused, NoAnswer or Busy."""
        with _telling(self._path):
            if not self._path.parent.is_dir():
                raise Refused(Problem(self.place, f"there is no folder {self._path.parent}", "Mend path in show.toml"))
            if writer is None:
                yield FolderSession(self._path, writes=False)
                return
            if not self._path.is_dir():
                _make_folder(self._path)
            lock = FileLock(self._path / _LOCK)
            try:
                lock.acquire(blocking=False)
            except Timeout as error:
                raise Busy(
                    Problem(self.place, "somebody else is publishing there now", "Wait until they have finished")
                ) from error
            try:
                session = FolderSession(self._path, writes=True)
                session.recover()
                yield session
            finally:
                lock.release()


class FolderSession:
    """An open folder. Nothing is made before the first change."""

    def __init__(self, path: Path, *, writes: bool) -> None:
        self._path, self._writes = path, writes
        self._releases = path / RELEASES
        self.warnings: tuple[Problem, ...] = ()
        current = path / CURRENT
        if current.exists() and not current.is_symlink():
            raise Refused(
                Problem(str(current), "it is not the link that a publication makes", "Move it away, or change path")
            )

    def recover(self) -> None:
        """Go on with what a killed publication had made and not shown."""
        seen = (self._path / CURRENT).resolve().name
        unseen = [number for number in self._numbers() if not _NUMBER.match(seen) or number > int(seen)]
        if unseen and not self._next.exists():
            (self._releases / f"{max(unseen):06d}").rename(self._next)

    def stored(self) -> Mapping[str, Stored]:
        """Every file of the release in the making, or else of the one that is seen."""
        root = self._standing
        found: dict[str, Stored] = {}
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder) / name
                if not path.is_symlink():
                    status = path.stat()
                    found[path.relative_to(root).as_posix()] = Stored(
                        status.st_size, f"{status.st_ino:x}-{status.st_mtime_ns:x}"
                    )
        return found

    def digest(self, name: str) -> str | None:
        """The digest, by reading the file."""
        path = files.inside(self._standing, name)
        return files.digest_file(path) if path is not None and path.is_file() else None

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """A file, piece by piece."""
        path = files.inside(self._standing, name)
        return files.pieces(path) if path is not None and path.is_file() else None

    def put(self, upload: Upload, expected: Stored | None) -> Stored:
        """Copy a file into the next release. The lock stands for `expected`: nobody else writes here."""
        path = self._place(upload.name)
        _make_folder(path.parent)
        temporary = path.with_name(f".{path.name}.part")
        try:
            if _copy(upload.path, temporary) != upload.digest:
                raise Refused(Problem(str(upload.path), "it changed while it was being published", "Publish again"))
            temporary.chmod(_FILE)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        status = path.stat()
        return Stored(status.st_size, f"{status.st_ino:x}-{status.st_mtime_ns:x}")

    def delete(self, name: str, expected: Stored) -> None:
        """Leave a file out of the next release, and folders that became empty."""
        path = self._place(name)
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self._next or not folder.is_dir() or any(folder.iterdir()):
                break
            folder.rmdir()

    def commit(self) -> None:
        """Show the next release. Everything is on the disk before the link is another."""
        if not self._next.is_dir():
            return
        os.sync()
        release = self._releases / f"{max([0, *self._numbers()]) + 1:06d}"
        self._next.rename(release)
        link = self._path / f".{CURRENT}"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(RELEASES) / release.name)
        link.replace(self._path / CURRENT)
        os.sync()
        for number in sorted(self._numbers())[:-_KEPT_RELEASES]:
            self._forget(number)

    def clear_away(self, folders: AbstractSet[str]) -> None:
        """Delete older releases in which one of the folders is not as it is seen. The link is about already."""
        if (self._releases / _GONE).exists():
            shutil.rmtree(self._releases / _GONE)
        seen = (self._path / CURRENT).resolve()
        for number in sorted(self._numbers()):
            release = self._releases / f"{number:06d}"
            if release.resolve() != seen and any(_others(release, seen, folders)):
                self._forget(number)

    def left_behind(self, folders: AbstractSet[str]) -> Iterator[str]:
        """A file of each older release, and of one that was being deleted, that is not as it is seen."""
        seen = (self._path / CURRENT).resolve()
        shown = int(seen.name) if _NUMBER.match(seen.name) else 0
        older = [f"{number:06d}" for number in sorted(self._numbers()) if number < shown]
        for name in (*older, _GONE):
            if found := next(_others(self._releases / name, seen, folders), None):
                yield str(found)

    @property
    def _next(self) -> Path:
        return self._releases / _NEXT

    @property
    def _standing(self) -> Path:
        return self._next if self._writes and self._next.is_dir() else self._path / CURRENT

    def _place(self, name: str) -> Path:
        """Where a file of the next release belongs, which is begun when it is asked for first."""
        if not self._next.is_dir():
            self._begin()
        path = self._next / name
        if files.inside(self._next, name) is None or path.is_dir():
            raise Refused(Problem(str(path), "a link or a folder stands in the way", "Move it away"))
        return path

    def _begin(self) -> None:
        _make_folder(self._releases)
        current = (self._path / CURRENT).resolve()
        clone = self._releases / _CLONE
        if clone.exists():
            shutil.rmtree(clone)
        if current.is_dir():
            shutil.copytree(current, clone, symlinks=True, copy_function=_link)
        else:
            _make_folder(clone)
        clone.rename(self._next)

    def _forget(self, number: int) -> None:
        # Renamed first: a kill in the middle leaves nothing that could be taken for a release with nothing to hide.
        gone = self._releases / _GONE
        if gone.exists():
            shutil.rmtree(gone)
        (self._releases / f"{number:06d}").rename(gone)
        shutil.rmtree(gone)

    def _numbers(self) -> list[int]:
        if not self._releases.is_dir():
            return []
        return [int(entry.name) for entry in self._releases.iterdir() if _NUMBER.match(entry.name)]


def _make_folder(path: Path) -> None:
    """Make a folder that is not there, and those above it that are not."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir()
        path.chmod(_FOLDER)


def _others(old: Path, seen: Path, within: AbstractSet[str]) -> Iterator[Path]:
    """Every file in some folders of a release that is not the very same file in the other. What only looks alike counts
    as another: of two releases on a file system without hard links the older one goes more often than it must.
    """
    for one in sorted(within):
        for folder, _, names in os.walk(old / one):
            for name in sorted(names):
                path = Path(folder) / name
                there = seen / path.relative_to(old)
                if not there.exists() or not path.samefile(there):
                    yield path


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target, follow_symlinks=False)


def _copy(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with target.open("wb") as writing:
        for piece in files.pieces(source):
            digest.update(piece)
            writing.write(piece)
    return f"sha256:{digest.hexdigest()}"


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    try:
        yield
    except OnRecordError:
        raise
    except PermissionError as error:
        raise Refused(
            Problem(str(error.filename or path), "it may not be written to by you", "Change its permissions")
        ) from error
    except OSError as error:
        where = str(error.filename or path)
        raise NoAnswer(Problem(where, f"writing failed ({error.strerror})", "Mend that, and publish again")) from error
