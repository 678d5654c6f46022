"""How many cores and how much memory this process may use, which in a container or a job is less than there is.

A limit is that of the process's control group or of any group above it, in Linux's second version of them or the first.
Where something cannot be read there is no limit; other systems have none.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

_T = TypeVar("_T")

_ROOT = Path("/")
# What the first version writes where there is no limit, and everything near it.
_BOUNDLESS_BYTES = 1 << 60


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be used, and what the machine has; memory is None where the system does not tell."""

    cores: int
    machine_cores: int
    memory_bytes: int | None
    machine_memory_bytes: int | None

    @property
    def are_narrow(self) -> bool:
        """Whether the machine has more than may be used."""
        return self.cores < self.machine_cores or self.memory_bytes != self.machine_memory_bytes


def limits(root: Path = _ROOT) -> Limits:
    """The limits of this process; `root` is where /proc and the control groups are read."""
    machine_cores = os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else machine_cores
    quota = quota_cores(root)
    # A part of a core is used too: work that has one thread too few leaves what it was given.
    cores = allowed if quota is None else max(1, min(allowed, math.ceil(quota)))
    machine = _machine_memory_bytes()
    limit = memory_limit_bytes(root)
    memory = min((one for one in (machine, limit) if one is not None), default=None)
    return Limits(cores, max(machine_cores, cores), memory, machine)


def memory_limit_bytes(root: Path = _ROOT) -> int | None:
    """The smallest limit that a control group sets to the memory of this process, None where none does."""
    found = [
        *_read(_groups(root, None), "memory.max", _bytes),
        *_read(_groups(root, "memory"), "memory.limit_in_bytes", _bytes),
    ]
    return min(found, default=None)


def quota_cores(root: Path = _ROOT) -> float | None:
    """The smallest share of processor time that a control group allows, in cores, None where none limits it."""
    found = [*_read(_groups(root, None), "cpu.max", lambda text: _cores(*text.split()))]
    for folder in _groups(root, "cpu"):
        both = [*_read([folder], "cpu.cfs_quota_us", str.strip), *_read([folder], "cpu.cfs_period_us", str.strip)]
        with suppress(ValueError, TypeError, ZeroDivisionError):
            if (value := _cores(*both)) is not None:
                found.append(value)
    return min(found, default=None)


def _machine_memory_bytes() -> int | None:
    if not hasattr(os, "sysconf"):
        return None
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return None


def _bytes(text: str) -> int | None:
    value = int(text)  # "max" is none, as is whatever else is no number
    return value if 0 < value < _BOUNDLESS_BYTES else None


def _cores(quota: str, period: str) -> float | None:
    value = int(quota) / int(period)
    return value if value > 0 else None


def _read(folders: list[Path], name: str, parse: Callable[[str], _T | None]) -> Iterator[_T]:
    for folder in folders:
        with suppress(OSError, ValueError, TypeError, ZeroDivisionError):
            if (value := parse((folder / name).read_text("ascii"))) is not None:
                yield value


def _groups(root: Path, controller: str | None) -> list[Path]:
    """The folders of this process's group and of those above it; `controller` is None for the second version."""
    try:
        group, mounted = _group(root, controller), _mounted(root, controller)
    except ValueError:  # a system that writes these files otherwise
        return []
    if group is None or mounted is None:
        return []
    top, mount = mounted
    below = root / str(mount).lstrip("/")
    # In a container the group may be named as the host sees it, where only the container's own is to be seen.
    inner = group.relative_to(top).parts if group.is_relative_to(top) and ".." not in group.parts else ()
    return [below.joinpath(*inner[:depth]) for depth in range(len(inner), -1, -1)]


def _group(root: Path, controller: str | None) -> PurePosixPath | None:
    for line in _lines(root / "proc/self/cgroup"):
        number, controllers, path = line.split(":", 2)
        if (number == "0" and not controllers) if controller is None else controller in controllers.split(","):
            return PurePosixPath(path)
    return None


def _mounted(root: Path, controller: str | None) -> tuple[PurePosixPath, PurePosixPath] | None:
    """Of the hierarchy, the group that is mounted as its top, and where."""
    for line in _lines(root / "proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        if kind == "cgroup2" if controller is None else kind == "cgroup" and controller in options.split(","):
            top, mount = before.split(" ")[3:5]
            return PurePosixPath(top), PurePosixPath(mount)
    return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
