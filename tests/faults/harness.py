"""Disturbs a deed at one system call, and looks at what is left.

strace delivers the fault at the n-th call of its kind (`--inject`, strace(1)): SIGKILL as from kill -9, ENOSPC
as from a full disk, EIO as from a broken one. What must hold afterwards is written in `require_valid`; then the deed is
done again undisturbed, and what is there must be, byte for byte, what it makes when nothing happens.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from pipeline import files
from pipeline.show import load_show
from pipeline.transcript import parse_machine, parse_transcript
from tests.faults.deeds import DEEDS, PURGED

CHANGING = (
    "write", "pwrite64", "writev", "ftruncate", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link",
    "linkat", "symlink", "symlinkat", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "chmod", "copy_file_range",
    "sendfile",
)  # fmt: skip
SPACE = frozenset(("write", "pwrite64", "rename", "link", "linkat", "symlink", "mkdir", "fsync", "ftruncate", "openat"))
BROKEN = frozenset(("write", "pwrite64", "fsync", "rename"))
# Locks, logs and what only spares work: they need not be the same.
_SPARED = re.compile(
    r"(\.lock|fault\.txt|(digests|reading|standing)\.json|/desk/.*|/\.[^/]+\.tmp[^/]*"
    r"|^build/(publishing|releases)/.*|^www/.*|/\.onrecord/.*)$"
)


@dataclass(frozen=True)
class Point:
    """The fault that strikes at the `count`-th call of `call`."""

    call: str
    fault: str
    count: int

    @property
    def injection(self) -> str:
        """As strace takes it."""
        struck = "signal=KILL" if self.fault == "KILL" else f"error={self.fault}"
        return f"{self.call}:{struck}:when={self.count}"


class Tracer:
    """The warm process of `tests.faults.deeds`, and strace on its children."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.faults.deeds"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._answer() == "ready"

    def close(self) -> None:
        """End it."""
        self._process.communicate()

    def points(self, deed: str, root: Path, log: Path) -> list[Point]:
        """Do the deed undisturbed, and list every point at which it could be struck."""
        assert self.do(deed, root, ["-e", f"trace={','.join(CHANGING)},openat", "-o", str(log)]) == 0
        counts: dict[str, int] = {}
        points: list[Point] = []
        for call, line in re.findall(r"^(\w+)(\(.*)$", log.read_text("utf-8", "replace"), re.MULTILINE):
            counts[call] = counts.get(call, 0) + 1
            if call == "openat" and "O_CREAT" not in line:
                continue
            points.append(Point(call, "KILL", counts[call]))
            points += [Point(call, "ENOSPC", counts[call])] if call in SPACE else []
            points += [Point(call, "EIO", counts[call])] if call in BROKEN else []
        return points

    def strike(self, deed: str, root: Path, point: Point) -> int:
        """Do the deed, struck at a point; the exit code, negative where a signal ended it."""
        return self.do(deed, root, ["-e", f"inject={point.injection}", "-o", os.devnull])

    def do(self, deed: str, root: Path, options: list[str]) -> int:
        """Do the deed in a child under strace; its exit code."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{deed}\t{root}\n")
        self._process.stdin.flush()
        child = int(self._answer())
        _wait_for(lambda: _state(child) == "T")
        tracer = subprocess.Popen(["strace", "-qq", *options, "-p", str(child)], stderr=subprocess.PIPE)
        try:
            _wait_for(lambda: _tracer_of(child) == tracer.pid)
            os.kill(child, signal.SIGCONT)
            return int(self._answer())
        finally:
            tracer.communicate(timeout=20)

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@contextmanager
def tracing() -> Iterator[Tracer]:
    """A tracer for as long as the block runs."""
    tracer = Tracer()
    try:
        yield tracer
    finally:
        tracer.close()


def copied(source: Path, target: Path) -> Path:
    """A fresh copy of a prepared show, with the times of its files."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True)
    return target


def content(root: Path) -> Mapping[str, str]:
    """Every file of a show by its digest, but for those that may differ."""
    shown = root / "www" / "current"
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    visible = shown.resolve()
    found |= {f"shown/{path.relative_to(visible).as_posix()}": path for path in visible.rglob("*") if path.is_file()}
    return {name: files.digest_file(path) for name, path in sorted(found.items()) if not _SPARED.search(name)}


def require_valid(root: Path, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """What must hold at every moment: `before` and `after` are the contents of a deed that nothing disturbed."""
    for path in sorted((root / "episodes").rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not path.name.startswith("."):
            assert files.digest_file(path) in (before.get(name), after.get(name)), f"{name} is neither old nor new"
    show = load_show(root)
    assert not show.broken
    for episode in show.episodes:
        if (machine := episode.folder / "machine.json").exists():
            parse_machine(machine.read_bytes(), str(machine))
        if (transcript := episode.folder / "transcript.md").exists():
            parse_transcript(transcript.read_bytes(), str(transcript))
    for site in (root / "site", root / "www" / "current"):
        _require_whole_site(site, show.settings.site_url)


def _require_whole_site(site: Path, address: str) -> None:
    feed = site / "feed.xml"
    if not feed.exists():
        return
    for element in etree.parse(feed).iter():
        for value in (element.get("url"), element.get("href"), element.text):
            if value and value.startswith(address) and "#" not in value:
                name = value.removeprefix(address) or "index.html"
                path = site / (f"{name}index.html" if name.endswith("/") else name)
                assert path.is_file(), f"the feed names {name}, which is not there"
        if element.tag == "enclosure":
            path = site / str(element.get("url")).removeprefix(address)
            assert path.stat().st_size == int(str(element.get("length")))


@dataclass(frozen=True)
class Tried:
    """How many points a deed has, how many of them were tried, and what broke a promise where it was struck."""

    deed: str
    points: int
    tried: int
    broken: tuple[str, ...]
    seconds: float


def try_points(
    tracer: Tracer, deed: str, folder: Path, chosen: slice, *, report: Callable[[str], None] = lambda what: None
) -> Tried:
    """Strike a deed at the chosen points, and look each time whether all that is promised holds.

    `report` hears of each hundredth point, and of what broke.
    """
    began = time.monotonic()
    prepared = folder / "prepared" / "show"
    prepared.parent.mkdir(parents=True)
    DEEDS[deed].prepare(prepared)
    undisturbed = copied(prepared, folder / "undisturbed" / "show")
    points = tracer.points(deed, undisturbed, folder / "trace.log")
    before, after = content(prepared), content(undisturbed)
    traced = (folder / "trace.log").read_text("utf-8", "replace")
    # What a thread or a child process writes is not traced, and would never be struck. The purge is another's program.
    new = sorted(after.keys() - before.keys() - {PURGED})
    unseen = [name for name in new if Path(name).name not in traced]
    assert not unseen, f"{deed} makes {unseen} where the tracer does not look"
    broken: list[str] = []
    for number, point in enumerate(points[chosen], 1):
        try:
            _try_point(tracer, deed, point, prepared, folder, before, after)
        except Exception as error:
            broken.append(f"{deed}, struck by {point.fault} at {point.call} no. {point.count}: {error}")
            report(broken[-1])
        if number % 100 == 0:
            report(f"{deed}: {number} of {len(points[chosen])}")
    return Tried(deed, len(points), len(points[chosen]), tuple(broken), time.monotonic() - began)


def try_deed(deed: str, every: int) -> Tried:
    """In a process of its own: strike a deed at every so-many-th of its points, telling of it on stderr."""
    with tracing() as tracer, tempfile.TemporaryDirectory() as scratch:
        return try_points(tracer, deed, Path(scratch), slice(None, None, every), report=_tell)


def _tell(what: str) -> None:
    sys.stderr.write(f"{what}\n")


def _try_point(
    tracer: Tracer,
    deed: str,
    point: Point,
    prepared: Path,
    folder: Path,
    before: Mapping[str, str],
    after: Mapping[str, str],
) -> None:
    root = copied(prepared, folder / "struck" / "show")
    said = root.parent / "said.txt"
    said.unlink(missing_ok=True)
    code = tracer.strike(deed, root, point)
    if point.fault == "KILL":
        assert code in (0, -signal.SIGKILL), code
    elif code:
        message = said.read_text("utf-8")
        assert "fault of ours" not in message, message
        assert "itself failed" not in message, message
    require_valid(root, before, after)
    for leftover in _leftovers(root):
        os.utime(leftover, (0, 0))  # a run leaves alone what somebody may be writing just now
    DEEDS[deed].do(root)
    if deed.startswith("run"):
        assert not (there := _leftovers(root)), f"a run left {there}"
    left = content(root)
    different = sorted(name for name in left.keys() | after.keys() if left.get(name) != after.get(name))
    assert not different, f"done again, it is not the same: {different}"


def _leftovers(root: Path) -> list[Path]:
    return [path for path in root.rglob(".*.tmp*") if path.is_file()]


def _state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0]


def _tracer_of(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    found = re.search(r"^TracerPid:\s*(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else 0


def _wait_for(true: object, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]  # a callable without arguments
        assert time.monotonic() < end
        time.sleep(0.002)
