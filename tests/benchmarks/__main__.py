"""Everything that docs/benchmarks.md tells of, in one run: a table with ratios, a plot, and the machine's name.

Each part is a process of its own: one that fails or cannot be measured here keeps the rows it has told, and a row says
why there are no others. Beside the table each part leaves what its programs printed, PART.log.

Run: .venv/bin/python -m tests.benchmarks [PART ...] [--episodes N] [--feed-episodes N] [--rounds N] [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks import report
from tests.benchmarks.rows import Asked, Row

HERE = Path(__file__).resolve().parents[2]
PARTS = {
    "desk": "tests.bench_desk",
    **{name: f"tests.benchmarks.{name}" for name in ("feed", "search", "mastering", "site", "voices", "transcription")},
}
TABLE_NAME, PLOT_NAME = "benchmarks.md", "benchmarks.svg"


def main() -> None:
    """Measure the parts that are named, or all; exits with 1 where one failed, after everything has been written."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure On Record.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"one of {', '.join(PARTS)}; without any, all")
    parser.add_argument("--episodes", type=int, default=Asked.episodes, help="of the show whose site is made")
    parser.add_argument("--feed-episodes", type=int, default=Asked.feed_episodes)
    parser.add_argument("--rounds", type=int, default=Asked.rounds, help="of mastering and transcription")
    parser.add_argument("--quick", action="store_true", help="everything tiny, only to see that it works")
    parser.add_argument("--into", type=Path, default=HERE / "build" / "bench", metavar="FOLDER")
    given = parser.parse_args()
    if unknown := [name for name in given.parts if name not in PARTS]:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    folder = given.into.resolve()
    asked = Asked(str(folder), given.episodes, given.feed_episodes, given.rounds, given.quick)
    commands = {name: command(name, asked) for name in given.parts or PARTS}
    sys.exit(0 if measure(commands, folder, note="a trial with tiny inputs" if given.quick else "") else 1)


def command(name: str, asked: Asked) -> list[str]:
    """The process that measures a part."""
    # PyTorch has an environment of its own, unless it was installed beside everything else (make voices).
    other = Path(f"{sys.prefix}-voices") / "bin" / "python"
    python = str(other) if name == "voices" and other.is_file() else sys.executable
    return [python, "-m", "tests.benchmarks.part", PARTS[name], json.dumps(asdict(asked))]


def measure(commands: Mapping[str, Sequence[str]], folder: Path, *, note: str = "") -> bool:
    """Let each part measure, one after another, and write the table and the plot; whether none failed.

    The table is written after each part: what was measured before somebody ends the run is in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    began, load = datetime.now(UTC), os.getloadavg()[0]
    found: dict[str, list[Row]] = {}
    failed = False
    for part, command in commands.items():
        sys.stderr.write(f"== {part}\n")
        found[part] = []
        failure = _measure(command, folder / f"{part}.log", found[part])
        if failure:
            failed = True
            sys.stderr.write(f"{part}: {failure}\n")
            found[part].append(Row("", "", left_out=failure))
        elif not found[part]:
            found[part].append(Row("", "", left_out="it had nothing to measure"))
        heading = f"{report.machine()}; load {load:.1f} before, {os.getloadavg()[0]:.1f} after" + (note and f"; {note}")
        text = f"# Benchmarks of {began:%Y-%m-%d %H:%M} UTC\n\n{heading}\n\n{report.table(found)}"
        (folder / TABLE_NAME).write_text(f"{text}\n![Time of each job]({PLOT_NAME})\n", "utf-8")
    # Not before: what draws takes memory, which Linux would count as that of the parts.
    report.draw(found, heading, folder / PLOT_NAME)
    sys.stdout.write(f"{text}\n{folder / TABLE_NAME}\n{folder / PLOT_NAME}\n")
    return not failed


def _measure(command: Sequence[str], log: Path, rows: list[Row]) -> str:
    """Add a part's rows to `rows` as it tells them; why it failed, "" where it did not."""
    with log.open("w+", encoding="utf-8", errors="replace") as out:
        process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, stderr=out, text=True)
        assert process.stdout is not None
        with process:
            for line in process.stdout:
                rows.append(Row(**json.loads(line)))
                sys.stderr.write(report.line(rows[-1]))
        if not process.returncode:
            return ""
        out.seek(0)
        last = out.read().strip().rpartition("\n")[2]
    if process.returncode < 0:
        last = f"ended by {signal.Signals(-process.returncode).name}"
    return f"failed, {last or f'with exit code {process.returncode}'} ({log.name} has more)"


if __name__ == "__main__":
    main()
