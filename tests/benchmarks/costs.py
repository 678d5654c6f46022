"""What a program costs that is run from beginning to end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).resolve().parents[2]
# Linux counts the memory of whoever starts a program as the program's, so something small starts it.
_STARTER = """
import json, os, sys, time
began = time.perf_counter()
_, status, used = os.wait4(os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ), 0)
unit = 1e6 if sys.platform == "darwin" else 1e3
found = [used.ru_utime + used.ru_stime, time.perf_counter() - began, used.ru_maxrss / unit]
with open(sys.argv[1], "w") as file:
    json.dump([os.waitstatus_to_exitcode(status), found], file)
"""


class Cost(NamedTuple):
    """CPU seconds of a program and its children, seconds on the clock, and the most memory of one process."""

    cpu_s: float
    wall_s: float
    peak_mb: float


class ProgramFailed(Exception):
    """A program that was to be measured did not do its work; the message has its last line."""


def cost(
    command: Sequence[str], folder: Path, *, well: Collection[int] = (0,), more: dict[str, str] | None = None
) -> Cost:
    """Run a program in `folder` to its end, with `more` in its environment.

    Raises ProgramFailed where its exit code is not one of `well`, or there is no such program.
    """
    with tempfile.TemporaryDirectory(prefix="onrecord-") as name:
        report, log = Path(name) / "cost.json", Path(name) / "log"
        with log.open("wb") as out:
            starter = [sys.executable, "-I", "-S", "-c", _STARTER, str(report), *command]
            environment = {**os.environ, "PYTHONPATH": str(_HERE), **(more or {})}
            subprocess.run(starter, cwd=folder, stdout=out, stderr=out, env=environment, check=False)
        code, found = json.loads(report.read_text()) if report.exists() else (1, (0.0, 0.0, 0.0))
        if code not in well:
            last = log.read_text("utf-8", "replace").strip().rpartition("\n")[2]
            raise ProgramFailed(f"{Path(command[0]).name} ended with {code}: {last}")
    return Cost(*found)
