"""Every deed, struck at every point: a table of how many were tried (for docs/reliability.md)."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.faults.deeds import DEEDS
from tests.faults.harness import tracing, try_points


def main() -> None:
    """Try them all; the first that breaks a promise ends it with its name."""
    sys.stdout.write("| deed | points tried | seconds |\n|---|---|---|\n")
    whole = 0
    with tracing() as tracer, tempfile.TemporaryDirectory() as scratch:
        for number, deed in enumerate(DEEDS):
            began = time.monotonic()
            tried, _ = try_points(tracer, deed, Path(scratch) / str(number), slice(None))
            whole += tried
            sys.stdout.write(f"| {deed} | {tried} | {time.monotonic() - began:.0f} |\n")
            sys.stdout.flush()
    sys.stdout.write(f"| all | {whole} | |\n")


if __name__ == "__main__":
    main()
