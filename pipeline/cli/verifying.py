"""The command that reckons every digest again."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, AsJson, Root, complain, out, print_json, problem_json, progress


@app.command(epilog="Example: onrecord verify;  onrecord verify --target web --json")
def verify(
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="Read back what stands at this target, too.")
    ] = None,
    root: Root = HERE,
    json_only: AsJson = False,
) -> None:
    """Reckon every digest again: approvals, recordings, site/, ledger, copies of sources; and report what differs."""
    from pipeline.stages.verifying import verify_all

    with progress(quiet=json_only) as report:
        checked = verify_all(root.resolve(), target, report)
    problems = [problem for area in checked for problem in area.problems]
    if json_only:
        print_json(
            {
                area.area: {"count": area.count, "problems": [problem_json(one) for one in area.problems]}
                for area in checked
            }
        )
    else:
        for area in checked:
            as_noted = area.count - len(area.problems)
            out.print(Text(f"{area.area}: {as_noted} of {area.count} as noted", style="red" if area.problems else ""))
        complain(problems)
    raise typer.Exit(1 if problems else 0)
