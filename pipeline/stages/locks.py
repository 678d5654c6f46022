"""Locks in `build/`: who is at work on a show, so that two do not write the same files at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import Busy, Problem
from pipeline.show import require_own_folders
from pipeline.stages.status import build_folder

_RUN, _LINKS, _OWED = "run.lock", "links.lock", "owed.lock"
_NOTING_S = 60.0  # far longer than anybody takes to write a small file


def exclusively(root: Path) -> AbstractContextManager[None]:
    """Hold the lock of the show at `root`. Raises Busy when another run has it, InvalidShow where links lead out."""
    return _held(root, _RUN, "another run is at work here")


def asking_links(root: Path) -> AbstractContextManager[None]:
    """Hold the lock of those who ask the servers of sources: asking takes minutes, and a run need not wait for it.

    Raises Busy when another run is asking.
    """
    return _held(root, _LINKS, "the sources are being asked by another run")


def noting_owed(root: Path) -> AbstractContextManager[None]:
    """Hold the lock of what publications owe, for as long as it is written; waits for who writes now.

    A lock of its own: who waits for a public address lets the next run begin, and takes out what is done all the same.
    """
    return _held(root, _OWED, "another publication is noting what it owes", wait_s=_NOTING_S)


@contextmanager
def _held(root: Path, name: str, busy: str, wait_s: float = 0.0) -> Iterator[None]:
    require_own_folders(root)
    folder = build_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / name)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout as error:
        raise Busy(Problem(str(root), busy, "Wait until it has finished")) from error
    try:
        yield
    finally:
        lock.release()
