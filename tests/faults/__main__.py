"""Every deed, struck at every point: a table of how many were tried (for docs/reliability.md).

Run: .venv/bin/python -m tests.faults [N [DEED ...]]     with N only every N-th point; without a deed, all of them
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.faults.deeds import DEEDS
from tests.faults.harness import try_deed

# The longest first, so that the cores end together.
ORDER = (
    "publish",
    "go back",
    "run from the recording",
    "run to the first site",
    "run to a changed site",
    "save at the desk",
)


def main() -> int:
    """Try them, a deed on each core; what broke a promise is named, and its exit code is 1."""
    every, chosen = int((sys.argv[1:] or ["1"])[0]), sys.argv[2:] or list(DEEDS)
    if unknown := [one for one in chosen if one not in DEEDS]:
        sys.stderr.write(f"There is no deed {unknown[0]!r}; those that there are: {', '.join(DEEDS)}\n")
        return 2
    ordered = sorted(chosen, key=lambda one: ORDER.index(one) if one in ORDER else len(ORDER))
    _say("| deed | points | tried | held | seconds |\n|---|---|---|---|---|")
    broken: list[str] = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), context) as cores:
        for done in as_completed([cores.submit(try_deed, deed, every) for deed in ordered]):
            tried = done.result()
            held = tried.tried - len(tried.broken)
            _say(f"| {tried.deed} | {tried.points} | {tried.tried} | {held} | {tried.seconds:.0f} |")
            broken += tried.broken
    for one in broken:
        _say(f"\n{one}")
    return 1 if broken else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
