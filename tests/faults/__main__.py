"""Every deed, struck at every point: a table of how many were tried (for docs/reliability.md).

Run: .venv/bin/python -m tests.faults [N]     with N only every N-th point
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.faults.deeds import DEEDS
from tests.faults.harness import tracing, try_points


def main() -> None:
    """Try them all; the first that breaks a promise ends it with its name."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    sys.stdout.write("| deed | points | tried | seconds |\n|---|---|---|---|\n")
    sys.stdout.flush()
    with tracing() as tracer, tempfile.TemporaryDirectory() as scratch:
        for number, deed in enumerate(DEEDS):
            began = time.monotonic()
            tried, points = try_points(tracer, deed, Path(scratch) / str(number), slice(None, None, every))
            sys.stdout.write(f"| {deed} | {points} | {tried} | {time.monotonic() - began:.0f} |\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
