"""The commands: parse, call, print, exit code. The work is done elsewhere."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from pipeline import __version__
from pipeline.errors import Busy, OnRecordError, Problem, Refused
from pipeline.stages.status import EpisodeStatus, State, exit_code, survey

app = typer.Typer(
    name="onrecord",
    help="Audio interviews, transcribed, checked by an editor, published as a podcast with sources.",
    epilog="Exit codes: 0 done; 1 refused or failed; 2 wrong usage; 3 an editor is awaited; "
    "4 an episode is invalid or failed (the others are done); 5 another run is at work.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

# A table that goes into a file or a pipe is not cut to the width of a screen nobody sees.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Root = Annotated[Path, typer.Option("--root", metavar="DIR", help="The folder that holds episodes/.", file_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value on standard output, and nothing else.")]
HERE = Path()

_COLOURS = {
    State.INVALID: "red",
    State.FAILED: "red",
    State.VOID: "yellow",
    State.WAITING: "yellow",
    State.TO_TRANSCRIBE: "cyan",
    State.APPROVED: "cyan",
    State.SCHEDULED: "blue",
    State.PUBLISHED: "green",
}


def main() -> None:
    """Run the program; its own errors end with a message and a code, never with a stack trace."""
    # A polite kill ends like Ctrl+C: children are stopped, locks let go.
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    try:
        app()
    except Busy as error:
        _complain(error.problems)
        sys.exit(5)
    except OnRecordError as error:
        _complain(error.problems)
        sys.exit(1)
    except KeyboardInterrupt:
        err.print("Stopped. What was finished is kept; run again to go on.")
        sys.exit(130)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"onrecord {__version__}")
        raise typer.Exit


@app.command(epilog="Example: onrecord run --root ~/our-show")
def run(root: Root = HERE, as_json: AsJson = False) -> None:
    """Master, transcribe and draft what is new; publish into site/ what is approved."""
    from pipeline.stages.run import run as run_stages

    with _progress(quiet=as_json) as report:
        result = run_stages(root.resolve(), _now(), report)
    if as_json:
        _print_json({"done": list(result.done), "episodes": [_as_json(status) for status in result.statuses]})
        raise typer.Exit(exit_code(result.statuses))
    for line in result.done:
        out.print(Text(line))
    if not result.done:
        out.print("Nothing to do: everything is up to date.")
    for stray in result.strays:
        err.print(Text(f"site/{stray} was not made by On Record and was left alone."))
    _print_table(result.statuses)
    raise typer.Exit(exit_code(result.statuses))


@app.command(epilog="Example: onrecord status --json")
def status(root: Root = HERE, as_json: AsJson = False) -> None:
    """Show how every episode stands, without changing anything."""
    statuses = survey(root.resolve(), _now())
    if as_json:
        _print_json([_as_json(one) for one in statuses])
    else:
        _print_table(statuses)
    raise typer.Exit(exit_code(statuses))


@app.command(epilog="Example: onrecord check https://show.example.org/feed.xml")
def check(
    target: Annotated[
        str | None,
        typer.Argument(metavar="[FEED]", help="A feed to check: an address, a file, or the folder of a site."),
    ] = None,
    root: Root = HERE,
    as_json: AsJson = False,
) -> None:
    """List everything that stands between each episode and its publication; or check a feed, yours or anybody's."""
    if target is not None:
        _check_feed(target, as_json=as_json)
    statuses = survey(root.resolve(), _now())
    problems = [problem for one in statuses for problem in one.problems]
    if as_json:
        _print_json([_problem_json(problem) for problem in problems])
    elif problems:
        _complain(problems)
    else:
        out.print(f"{len(statuses)} episodes checked: nothing wrong was found in what people wrote.")
    raise typer.Exit(4 if any(one.state in (State.INVALID, State.FAILED) for one in statuses) else 3 if problems else 0)


@app.command(epilog='Example: onrecord approve 2026-11-how-we-check --by "Ada Host <ada@example.org>"')
def approve(
    slug: Annotated[str, typer.Argument(help="The episode's folder name.")],
    by: Annotated[str, typer.Option("--by", metavar='"NAME <MAIL>"', help="Who approves; a person, by name.")],
    root: Root = HERE,
    sign: Annotated[Path | None, typer.Option("--sign", metavar="KEY", help="Sign with this SSH key as well.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say whether it could be approved, and change nothing.")
    ] = False,
) -> None:
    """Seal an episode as it stands now: you listened to it against its text."""
    from pipeline.stages.run import approve as seal

    path = seal(root.resolve(), slug, by, _now(), key=sign, dry_run=dry_run)
    if path is None:
        out.print(Text(f"{slug} can be approved as it stands. Nothing was changed."))
    else:
        out.print(Text(f"Approved: {path}\nAny change to what was sealed voids it. Next: onrecord run"))


@app.command(
    "new-show", epilog='Example: onrecord new-show ~/our-show --title "Our Show" --site-url https://show.example.org/'
)
def new_show(
    folder: Annotated[Path, typer.Argument(help="Where to make the show.", file_okay=False)],
    title: Annotated[str, typer.Option("--title", help="The show's title.")],
    site_url: Annotated[str, typer.Option("--site-url", help="The address where site/ will stand.")],
) -> None:
    """Make a folder for a new show."""
    from pipeline.publish.artwork import placeholder
    from pipeline.show.scaffold import new_show as scaffold

    for path in scaffold(folder.resolve(), title, site_url, placeholder(title)):
        out.print(Text(str(path)))
    out.print(Text(f"Next: mend {folder / 'episodes' / 'show.toml'}, then: onrecord new SLUG --root {folder}"))


@app.command(epilog='Example: onrecord new 2026-12-first-talk --title "The first talk" --recording ~/talk.wav')
def new(
    slug: Annotated[str, typer.Argument(help="The episode's folder name and place on the site: a-z, 0-9, hyphens.")],
    title: Annotated[str | None, typer.Option("--title", help="The episode's title; the slug if left out.")] = None,
    recording: Annotated[Path | None, typer.Option("--recording", help="A recording to copy into it.")] = None,
    root: Root = HERE,
) -> None:
    """Make an episode's folder, with a guid minted once."""
    from pipeline.show.scaffold import new_episode

    folder = new_episode(root.resolve(), slug, title or slug, _now(), recording)
    missing = "" if recording else ", put the recording beside them"
    out.print(Text(f"{folder}\nNext: fill in episode.toml and notes.md{missing}, then: onrecord run"))


@app.command(epilog="Example: onrecord review 2026-11-how-we-check")
def review(
    slug: Annotated[str | None, typer.Argument(help="Open this episode; the list of all if left out.")] = None,
    root: Root = HERE,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free port.")] = 8747,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page, or only print it.")] = True,
) -> None:
    """Open the editor's desk: listen, correct, approve."""
    from pipeline.review.serve import serve_desk
    from pipeline.stages.desk import desk_services

    folder = root.resolve()
    serve_desk(
        folder,
        desk_services(folder),
        slug,
        port,
        open_browser=browser,
        announce=lambda address: typer.echo(f"The desk is open at {address}\nCtrl+C closes it."),
    )


@app.command(epilog="Example: onrecord serve --port 0")
def serve(
    root: Root = HERE,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free port.")] = 8000,
) -> None:
    """Serve site/ on this machine, as a web server would: ranges, HEAD, ETag."""
    from pipeline.publish.serve import serve as serve_site

    site = root.resolve() / "site"
    if not site.is_dir():
        raise Refused(Problem(str(site), "there is no site yet", "Run onrecord run first"))
    serve_site(site, port=port)


def _check_feed(target: str, *, as_json: bool) -> NoReturn:
    from pipeline.publish.lint.check import lint_target
    from pipeline.stages.listening import measure_release

    report = lint_target(target, measure=measure_release)
    if as_json:
        _print_json(report.as_json())
        raise typer.Exit(0 if report.ok else 4)
    for one in report.findings:
        place = one.where if one.line is None else f"{one.where}, line {one.line}"
        out.print(Text(f"{one.severity} {one.row}: {place}: {one.what} ({one.demanded_by}). {one.remedy}."))
    counts = ", ".join(f"{report.count(kind)} {kind}" for kind in ("error", "warning", "advice"))
    out.print(Text(f"{report.target}: {report.items} items checked: {counts}."))
    raise typer.Exit(0 if report.ok else 4)


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str, str, float], None]]:
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
        tasks: dict[tuple[str, str], TaskID] = {}

        def report(slug: str, stage: str, part: float) -> None:
            task = (slug, stage)
            if task not in tasks:
                for finished in tasks.values():
                    bars.update(finished, visible=False)
                tasks[task] = bars.add_task(Text(f"{slug}: {stage}").markup, total=1.0)
                if not err.is_terminal:
                    err.print(Text(f"{slug}: {stage} …"))
            bars.update(tasks[task], completed=part)

        yield report


def _print_table(statuses: Sequence[EpisodeStatus]) -> None:
    if not statuses:
        out.print("There is no episode yet. Next: onrecord new SLUG")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Episode", "State", "Next"):
        table.add_column(heading, overflow="fold")
    for one in statuses:
        state = Text(one.state.value, style=_COLOURS[one.state])
        if one.because:
            state.append(
                f" {one.because}" if one.state in (State.VOID, State.SCHEDULED) else f": {one.because}", style="default"
            )
        table.add_row(Text(one.slug), state, Text(one.next_step or "–"))
    out.print()
    out.print(table, soft_wrap=False)
    problems = [problem for one in statuses for problem in one.problems]
    if problems:
        out.print()
        for problem in problems:
            out.print(Text(f"• {_shortened(problem)}"))


def _complain(problems: Sequence[Problem]) -> None:
    for problem in problems:
        err.print(Text(_shortened(problem)))


def _shortened(problem: Problem) -> str:
    """A problem in one line, with files as seen from where the person stands."""
    return str(problem).replace(f"{Path.cwd()}/", "")


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _as_json(status: EpisodeStatus) -> dict[str, Any]:
    return {
        "slug": status.slug,
        "title": status.title,
        "state": status.state.value,
        "because": status.because,
        "next": status.next_step,
        "published_at": status.published_at.isoformat() if status.published_at else None,
        "problems": [_problem_json(problem) for problem in status.problems],
    }


def _problem_json(problem: Problem) -> dict[str, str | None]:
    return {
        "code": getattr(problem, "code", None),
        "where": problem.where,
        "what": problem.what,
        "remedy": problem.remedy,
    }
