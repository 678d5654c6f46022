"""Publishes to a folder again and again, each time killed one step later, and looks each time at what visitors see.

A program of its own, because each publication is a forked child that the kernel kills (SIGKILL) just before its k-th
change of a file below the target: a process without other threads can be forked safely.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from pipeline.publish.deploy.folder import CURRENT, Folder
from tests.publish.deploy.sites import publish, site, written

_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink"}


def main(scratch: Path) -> None:
    """Print how many points were tried; raises where a visitor would have seen something that is neither site."""
    old, new = written(scratch / "old", site(1)), written(scratch / "new", site(2))
    base, target = scratch / "base", scratch / "www"
    publish(Folder(base), old, scratch)
    killed_at = 0
    while True:
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(base, target, symlinks=True)
        child = os.fork()
        if child == 0:
            _publish_until(killed_at, target, new, scratch)
        _, status = os.waitpid(child, 0)
        seen = _seen(target)
        assert seen in (_as_published(1, old=None), _as_published(2, old=1)), (killed_at, sorted(seen))
        if os.WIFEXITED(status):
            assert os.WEXITSTATUS(status) == 0, killed_at
            assert seen == _as_published(2, old=1)
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
        publish(Folder(target), new, scratch)
        assert _seen(target) == _as_published(2, old=1), killed_at
        killed_at += 1
    print(killed_at)  # noqa: T201  this is its answer


def _publish_until(killed_at: int, target: Path, new: Any, scratch: Path) -> None:
    left = killed_at

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in _CHANGES or writes) and any(str(target) in str(one) for one in arguments[:2]):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1

    sys.addaudithook(watch)
    publish(Folder(target), new, scratch)
    os._exit(0)


def _as_published(version: int, *, old: int | None) -> dict[str, str]:
    kept = {name: text for name, text in site(old).items() if "/two-" in name} if old else {}
    return kept | site(version)


def _seen(target: Path) -> dict[str, str]:
    root = target / CURRENT
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in root.rglob("*")
        if path.is_file() and ".onrecord" not in path.parts
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
