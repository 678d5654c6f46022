"""Which processes are ours: a test that counts or kills must leave another test's browser alone."""

from __future__ import annotations

import os
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no types


def workers(pid: int | None = None) -> list[Any]:
    """The children of a process (of this one) that serve tasks."""
    found = []
    for child in psutil.Process(os.getpid() if pid is None else pid).children():
        try:
            serves = "pipeline.workers" in child.cmdline()
        except psutil.Error:  # it has just ended
            continue
        if serves:
            found.append(child)
    return found


def workers_and_theirs() -> set[Any]:
    """The same of this process, and whatever they have started."""
    found = set()
    for worker in workers():
        try:
            found |= {worker, *worker.children(recursive=True)}
        except psutil.NoSuchProcess:
            continue
    return found


def ffmpegs() -> list[Any]:
    """The ffmpeg that this process has started, and one that only pretends to be it."""
    return [child for child in psutil.Process().children() if "ffmpeg" in " ".join(child.cmdline())]
