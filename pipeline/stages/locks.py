"""Locks in `build/`: who is at work on a show, so that two do not write the same files at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline.errors import Busy, Problem
from pipeline.show import require_own_folders
from pipeline.stages.status import build_folder

_RUN, _LINKS = "run.lock", "links.lock"


def exclusively(root: Path) -> AbstractContextManager[None]:
    """Hold the lock of the show at `root`. Raises Busy when another run has it, InvalidShow where links lead out."""
    return _held(root, _RUN, "another run is at work here")


def asking_links(root: Path) -> AbstractContextManager[None]:
    """Hold the lock of those who ask the servers of sources: asking takes minutes, and a run need not wait for it.

    Raises Busy when another run is asking.
    """
    return _held(root, _LINKS, "the sources are being asked by another run")


@contextmanager
def _held(root: Path, name: str, busy: str) -> Iterator[None]:
    require_own_folders(root)
    folder = build_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / name)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise Busy(Problem(str(root), busy, "Wait until it has finished")) from error
    try:
        yield
    finally:
        lock.release()
