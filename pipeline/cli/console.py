"""What every command shares: the two streams, the common options, and how results, problems and progress are shown."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline.errors import Problem
from pipeline.stages.status import EpisodeStatus, State

# A table that goes into a file or a pipe is not cut to the width of a screen nobody sees.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Root = Annotated[Path, typer.Option("--root", metavar="DIR", help="The folder that holds episodes/.", file_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value on standard output, and nothing else.")]
Slug = Annotated[str, typer.Argument(help="The episode's folder name.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")]
HERE = Path()

_LISTED_MAX = 200
_SETTLED = (State.PUBLISHED, State.WITHDRAWN)
_COLOURS = {
    State.INVALID: "red",
    State.FAILED: "red",
    State.VOID: "yellow",
    State.WAITING: "yellow",
    State.TO_TRANSCRIBE: "cyan",
    State.APPROVED: "cyan",
    State.SCHEDULED: "blue",
    State.PUBLISHED: "green",
    State.WITHDRAWN: "magenta",
}


def now() -> datetime:
    """The present, with its zone."""
    return datetime.now(UTC)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str, str, float], None]]:
    """Bars with the time left, on standard error; where that is no terminal, a line per stage."""
    if quiet:
        yield lambda slug, stage, part: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bars:
        tasks: dict[str, tuple[str, TaskID]] = {}
        lock = Lock()  # episodes are prepared side by side, and each has its bar

        def report(slug: str, stage: str, part: float) -> None:
            with lock:
                latest, task = tasks.get(slug, ("", None))
                if stage != latest or task is None:
                    if task is not None:
                        bars.remove_task(task)
                    task = bars.add_task(Text(f"{slug}: {stage}").markup, total=1.0)
                    tasks[slug] = (stage, task)
                    if not err.is_terminal:
                        err.print(Text(f"{slug}: {stage} …"))
                bars.update(task, completed=part, visible=part < 1.0)

        yield report


def print_table(statuses: Sequence[EpisodeStatus], *, brief: bool = False) -> None:
    """How every episode stands, and under it what is wrong with it.

    With `brief`, of many episodes only those with which something is to be done, and a line on the others.
    """
    if not statuses:
        out.print("There is no episode yet. Next: onrecord new SLUG")
        return
    if brief and len(statuses) > _LISTED_MAX:
        unsettled = [one for one in statuses if one.state not in _SETTLED or one.problems]
        settled = f"{len(statuses) - len(unsettled)} of {len(statuses)} episodes are published or withdrawn"
        out.print(f"{settled}; onrecord status lists them all.")
        if not unsettled:
            return
        statuses = unsettled
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Episode", "State", "Next"):
        table.add_column(heading, overflow="fold")
    for one in statuses:
        state = Text(one.state.value, style=_COLOURS[one.state])
        if one.because:
            goes_on = one.state in (State.VOID, State.SCHEDULED, State.WITHDRAWN)
            state.append(f" {one.because}" if goes_on else f": {one.because}", style="default")
        table.add_row(Text(one.slug), state, Text(one.next_step or "–"))
    out.print()
    out.print(table, soft_wrap=False)
    problems = [problem for one in statuses for problem in one.problems]
    if problems:
        out.print()
        for problem in problems:
            out.print(Text(f"• {shortened(problem)}"))


def warn(warnings: Sequence[Problem]) -> None:
    """A line on standard error for each thing that somebody should look at and that stops nothing."""
    for warning in warnings:
        err.print(Text(f"Warning: {shortened(warning)}", style="yellow"))


def complain(problems: Sequence[Problem]) -> None:
    """A line on standard error for each problem."""
    for problem in problems:
        err.print(Text(shortened(problem)))


def shortened(problem: Problem) -> str:
    """A problem in one line, with files as seen from where the person stands."""
    return str(problem).replace(f"{Path.cwd()}/", "")


def print_json(value: Any) -> None:
    """One JSON value on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def as_json(status: EpisodeStatus) -> dict[str, Any]:
    """An episode's state as --json tells it."""
    return {
        "slug": status.slug,
        "title": status.title,
        "state": status.state.value,
        "because": status.because,
        "next": status.next_step,
        "published_at": status.published_at.isoformat() if status.published_at else None,
        "problems": [problem_json(problem) for problem in status.problems],
        "warnings": [problem_json(warning, "warning") for warning in status.warnings],
    }


def problem_json(problem: Problem, severity: Literal["error", "warning"] = "error") -> dict[str, str | None]:
    """A problem as --json tells it; `code` where it is a refusal. A warning stops nothing."""
    return {
        "severity": severity,
        "code": getattr(problem, "code", None),
        "where": problem.where,
        "what": problem.what,
        "remedy": problem.remedy,
    }
