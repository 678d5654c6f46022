"""Commands of the producer: run the show, see how it stands, check it or any feed, see the site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import (
    HERE,
    AsJson,
    Root,
    as_json,
    complain,
    err,
    now,
    out,
    print_json,
    print_table,
    problem_json,
    progress,
    warn,
)
from pipeline.errors import Problem, Refused
from pipeline.publish.wording import counted
from pipeline.show import EPISODE_NAME, EPISODES_FOLDER, SLUG, WITHDRAWN_NAME
from pipeline.stages.stated import Stated, survey_statements
from pipeline.stages.status import all_warnings, exit_code, survey

_SOME_FAILED = 4


@app.command(epilog="Example: onrecord run --root ~/our-show")
def run(
    root: Root = HERE,
    json_only: AsJson = False,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            envvar="ONRECORD_CLUSTER",
            help="Where costly work is done: local:4, or tls://HOST:8786, a Dask scheduler.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            "--store",
            metavar="PLACE",
            envvar="ONRECORD_CLUSTER_STORE",
            help="How the cluster gets the audio: a folder that all its machines see, or s3://bucket/folder.",
        ),
    ] = None,
) -> None:
    """Master, transcribe and draft what is new; publish into site/ what is approved."""
    from pipeline.stages.run import run as run_stages
    from pipeline.stages.running import Cluster

    with progress(quiet=json_only) as report:
        result = run_stages(root.resolve(), now(), report, cluster=Cluster(cluster, store or None) if cluster else None)
    if json_only:
        print_json(
            {
                "done": list(result.done),
                "episodes": [as_json(status) for status in result.statuses],
                "warnings": [problem_json(warning, "warning") for warning in result.warnings],
            }
        )
        raise typer.Exit(exit_code(result.statuses))
    for line in result.done:
        out.print(Text(line))
    if not result.done and exit_code(result.statuses) != _SOME_FAILED:
        out.print("Nothing to do: everything is up to date.")
    elif any(line.startswith("site:") for line in result.done):
        out.print("site/ is another now. See it with onrecord serve, put it where listeners are with onrecord publish.")
    for stray in result.strays:
        err.print(Text(f"site/{stray} was not made by On Record and was left alone."))
    print_table(result.statuses, brief=True)
    warn(result.warnings)
    raise typer.Exit(exit_code(result.statuses))


@app.command(epilog="Example: onrecord status --json")
def status(root: Root = HERE, json_only: AsJson = False) -> None:
    """Show how every episode stands, without changing anything."""
    statuses = survey(root.resolve(), now())
    if json_only:
        print_json([as_json(one) for one in statuses])
    else:
        print_table(statuses)
        warn(all_warnings(statuses))
    raise typer.Exit(exit_code(statuses))


@app.command(epilog="Example: onrecord check https://show.example.org/feed.xml")
def check(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[SLUG|FEED]",
            help="One episode only; or a feed to check: an address, a file, or the folder of a site.",
        ),
    ] = None,
    root: Root = HERE,
    json_only: AsJson = False,
    claims: Annotated[
        bool, typer.Option("--claims", help="List every statement found, its line, and on what it rests.")
    ] = False,
) -> None:
    """List what is to be mended in each episode before it can be approved; or check a feed, yours or anybody's."""
    if target is not None and not _is_episode(root.resolve(), target):
        _check_feed(target, json_only=json_only)
    statuses = tuple(one for one in survey(root.resolve(), now()) if target in (None, one.slug))
    statements = [one for one in survey_statements(root.resolve()) if target in (None, one.slug)]
    problems = [problem for one in statuses for problem in one.problems]
    if json_only:
        listed = [problem_json(problem) for problem in problems]
        listed += [problem_json(warning, "warning") for warning in all_warnings(statuses)]
        stated = [one.as_json() for one in statements] if claims else []
        print_json({"problems": listed, "statements": stated} if claims else listed)
    else:
        complain(problems)
        warn(all_warnings(statuses))
        for one in statements:
            _tell_statements(one, whole=claims)
        if not problems:
            out.print(f"{counted(len(statuses), 'episode')} checked: nothing wrong was found in what people wrote.")
    raise typer.Exit(_SOME_FAILED if exit_code(statuses) == _SOME_FAILED else 3 if problems else 0)


@app.command(epilog="Example: onrecord serve --port 0")
def serve(
    root: Root = HERE,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free port.")] = 8000,
) -> None:
    """Serve site/ on this machine, as a web server would: ranges, HEAD, ETag."""
    from pipeline.publish.serve import serve as serve_site
    from pipeline.show import require_own_folders, withdrawn_slugs

    require_own_folders(root.resolve())
    site = root.resolve() / "site"
    if not site.is_dir():
        raise Refused(Problem(str(site), "there is no site yet", "Run onrecord run first"))
    serve_site(site, port=port, gone=withdrawn_slugs(root.resolve()))


def _tell_statements(stated: Stated, *, whole: bool) -> None:
    out.print(Text(f"{stated.slug}: {stated.summary()}"))
    if stated.prompts:
        count, noun = len(stated.prompts), "statement" if len(stated.prompts) == 1 else "statements"
        ask = "" if whole else " --claims lists them"
        out.print(Text(f"{stated.slug}: {count} {noun} without a source found in the transcript, to look at.{ask}"))
    for line in stated.lines() if whole else ():
        out.print(Text(f"  {line.replace(f'{Path.cwd()}/', '')}"))


def _is_episode(root: Path, word: str) -> bool:
    """Whether a word is the slug of an episode here; a file or folder of the same name can be written with ./"""
    folder = root / EPISODES_FOLDER / word
    return bool(SLUG.fullmatch(word)) and any((folder / name).exists() for name in (EPISODE_NAME, WITHDRAWN_NAME))


def _check_feed(target: str, *, json_only: bool) -> NoReturn:
    from pipeline.publish.lint.check import lint_target
    from pipeline.stages.listening import measure_release

    report = lint_target(target, measure=measure_release)
    if json_only:
        print_json(report.as_json())
        raise typer.Exit(0 if report.ok else 4)
    for one in report.findings:
        place = one.where if one.line is None else f"{one.where}, line {one.line}"
        out.print(Text(f"{one.severity} {one.row}: {place}: {one.what} ({one.demanded_by}). {one.remedy}."))
    counts = ", ".join(f"{report.count(kind)} {kind}" for kind in ("error", "warning", "advice"))
    out.print(Text(f"{report.target}: {report.items} items checked: {counts}."))
    raise typer.Exit(0 if report.ok else 4)
