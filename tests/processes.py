"""Which processes are ours: a test that counts or kills must leave another test's browser alone.

Any process may end between two looks at it, and that is no fault of the test that looks.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no types


def workers(pid: int | None = None) -> list[Any]:
    """The children of a process (of this one) that serve tasks."""
    return [child for child in children(pid) if "pipeline.workers" in command(child)]


def workers_and_theirs() -> set[Any]:
    """The same of this process, and whatever they have started."""
    found = set()
    for worker in workers():
        found |= {worker, *children(worker.pid, recursive=True)}
    return found


def ffmpegs() -> list[Any]:
    """The ffmpeg that this process has started, and one that only pretends to be it."""
    return [child for child in children() if "ffmpeg" in " ".join(command(child))]


def children(pid: int | None = None, *, recursive: bool = False) -> list[Any]:
    """What a process (this one) has started and still lives; with all that they started in turn where `recursive`."""
    try:
        return list(psutil.Process(os.getpid() if pid is None else pid).children(recursive=recursive))
    except psutil.NoSuchProcess:
        return []


def command(process: Any) -> list[str]:
    """A process's command line; empty where it has just ended."""
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def have_ended(processes: Iterable[Any]) -> bool:
    """Whether none of them is at work any more: gone, or a zombie that nobody in this container clears away."""
    return not any(_is_at_work(one) for one in processes)


def kill(process: Any) -> None:
    """End a process, unless it has just ended by itself."""
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)


def _is_at_work(process: Any) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
