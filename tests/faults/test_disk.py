"""A disk that is really full, and one that can really only be read: small file systems, mounted for the test."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.episodes import add_episode
from tests.faults.harness import content

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("mount") is None,
    reason="only root may mount a small disk",
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"no disk can be mounted here: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


def resize(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", disk], check=True)


def used_bytes(disk: Path) -> int:
    status = os.statvfs(disk)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


def onrecord(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "400"})


def test_a_full_disk_is_told_at_every_fill_and_the_next_run_goes_on(disk: Path) -> None:
    root = add_episode(disk, "first-talk")
    before = content(root)
    told = []
    for spare_kb in (0, 60, 200, 900):
        resize(disk, f"size={used_bytes(disk) + spare_kb * 1024}")
        done = onrecord("run", "--root", str(root))
        resize(disk, "size=64m")
        assert "Traceback" not in done.stderr, done.stderr
        assert "itself failed" not in done.stdout + done.stderr, done.stdout + done.stderr
        now = content(root)
        assert {name: now[name] for name in before} == dict(before), "what people wrote was touched"
        if done.returncode:
            told.append(done.stdout + done.stderr)
    assert told
    assert all("the disk is full" in said and "Free some space" in said for said in told), told
    assert onrecord("run", "--root", str(root)).returncode == 0
    assert (root / "site" / "feed.xml").exists()


def test_a_disk_that_can_only_be_read_is_told_and_can_still_be_looked_at(disk: Path) -> None:
    root = add_episode(disk, "first-talk")
    resize(disk, "ro")
    for arguments in (["run"], ["approve", "first-talk", "--by", "Ada Host <ada@show.example>"]):
        done = onrecord(*arguments, "--root", str(root))
        assert done.returncode == 1, done.stdout + done.stderr
        assert "the disk can only be read" in done.stderr
        assert "Traceback" not in done.stderr
    looked = onrecord("status", "--root", str(root))
    assert "approved, not yet published" in looked.stdout or "first-talk" in looked.stdout
    resize(disk, "rw")
    assert onrecord("run", "--root", str(root)).returncode == 0
