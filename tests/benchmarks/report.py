"""The rows of all benchmarks as one table and one plot, with the machine they were measured on."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

from tests.benchmarks.rows import OURS, Row

_HEADINGS = ("part", "what", "who", "time", "CPU time", "memory", "time, ours = 1", "CPU time, ours = 1", "besides")
_BAR_INCHES = 0.24
_LINEAR_UP_TO = 30


def machine() -> str:
    """What everything was measured on, in a line."""
    memory_gb = psutil.virtual_memory().total / 1e9
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{_processor()}, {cores} cores, {memory_gb:.0f} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def line(row: Row) -> str:
    """A row by itself, for whoever watches."""
    told = (row.what, row.who, _time(row.wall_s), row.note, row.left_out and f"left out: {row.left_out}")
    return f"   {'; '.join(filter(None, told))}\n"


def table(found: Mapping[str, Sequence[Row]]) -> str:
    """The rows of each part in Markdown. Who is not ours is put in proportion to ours, where ours did the same job."""
    lines = ["| " + " | ".join(_HEADINGS) + " |", "|" + "---|" * len(_HEADINGS)]
    for part, rows in found.items():
        ours = {row.what: row for row in rows if row.who == OURS}
        for row in _side_by_side(rows):
            has_others = any(one.what == row.what and one.who != OURS for one in rows)
            same = ours.get(row.what, Row("")) if has_others else Row("")
            cells = (
                *(part, row.what, row.who, _time(row.wall_s), _time(row.cpu_s), _memory(row.peak_mb)),
                _ratio(row.wall_s, same.wall_s),
                _ratio(row.cpu_s, same.cpu_s),
                f"left out: {row.left_out}" if row.left_out else row.note,
            )
            lines.append("| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def draw(found: Mapping[str, Sequence[Row]], title: str, picture: Path) -> None:
    """A bar for the time of each row, side by side where several did the same job; SVG or PNG by the file's name.

    Where the times of a part differ more than thirtyfold, its axis is logarithmic.
    """
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    timed = {part: [row for row in _side_by_side(rows) if row.wall_s] for part, rows in found.items()}
    timed = {part: rows for part, rows in timed.items() if rows}
    heights = [1.5 + len(rows) for rows in timed.values()]
    figure = Figure(figsize=(10, 1 + _BAR_INCHES * sum(heights) + 0.4 * len(timed)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title, fontsize="small")
    if timed:
        every = figure.subplots(len(timed), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
        for axes, (part, rows) in zip(every[:, 0], timed.items(), strict=True):
            times_s = [row.wall_s or 0.0 for row in rows]
            places = range(len(rows))
            axes.barh(
                places,
                times_s,
                color=["#1f5fa8" if row.who == OURS else "#b8b8b8" for row in rows],
                hatch=["" if row.who == OURS else "//" for row in rows],
            )
            for place, row in zip(places, rows, strict=True):
                axes.annotate(_time(row.wall_s), (row.wall_s, place), (3, 0), textcoords="offset points", va="center")
            axes.set_yticks(places, [f"{row.what}: {row.who}" for row in rows], fontsize="small")
            shortest_s, longest_s = min(times_s), max(times_s)
            if longest_s > _LINEAR_UP_TO * shortest_s:
                axes.set(xscale="log", xlim=(shortest_s / 3, longest_s * 3))
            else:
                axes.set_xlim(0, longest_s * 1.2)
            axes.set_title(part)
            axes.set_xlabel("seconds", fontsize="small")
            axes.invert_yaxis()
    with matplotlib.rc_context({"svg.hashsalt": "onrecord"}):
        figure.savefig(picture, metadata={"Date": None} if picture.suffix == ".svg" else None)


def _side_by_side(rows: Sequence[Row]) -> list[Row]:
    """One job after another, each with all who did it, ours first."""
    jobs = list(dict.fromkeys(row.what for row in rows))
    return sorted(rows, key=lambda row: (jobs.index(row.what), row.who != OURS))


def _processor() -> str:
    try:
        names = [line.partition(":")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "name" in line]
        return names[0].strip() if names else platform.machine()
    except OSError:
        brand = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return brand.stdout.strip() or platform.machine()


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms" if seconds < 0.1 else f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds:,.0f} s"


def _memory(megabytes: float | None) -> str:
    return "" if megabytes is None else f"{megabytes:,.0f} MB"


def _ratio(value: float | None, ours: float | None) -> str:
    # Two digits that count: a hundredth of our time must not read as nothing.
    return f"{value / ours:.2g}" if value is not None and ours else ""
