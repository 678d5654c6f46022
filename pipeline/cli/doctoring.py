"""The command that tells what this machine lacks."""

from __future__ import annotations

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, AsJson, Root, now, out, print_json


@app.command(epilog="Example: onrecord doctor --root ~/our-show")
def doctor(root: Root = HERE, json_only: AsJson = False) -> None:
    """Tell what this machine has and lacks for the show, and how to get it. Asks nobody and changes nothing."""
    from pipeline.stages.doctor import State, examine, ready

    findings = examine(root.resolve(), now())
    if json_only:
        print_json(
            {
                "ready": ready(findings),
                "findings": [
                    {"what": one.what, "state": one.state.value, "said": one.said, "remedy": one.remedy or None}
                    for one in findings
                ],
            }
        )
        raise typer.Exit(0 if ready(findings) else 1)
    colours = {State.FINE: "green", State.LOOK: "yellow", State.OPTIONAL: "dim", State.MISSING: "red"}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("What", "State", "Found"):
        table.add_column(heading, overflow="fold")
    for one in findings:
        said = Text(one.said)
        if one.remedy:
            said.append(f"\n→ {one.remedy}", style="bold" if one.state is State.MISSING else "default")
        table.add_row(Text(one.what), Text(one.state.value, style=colours[one.state]), said)
    out.print(table, soft_wrap=False)
    missing = [one.what for one in findings if one.state is State.MISSING]
    out.print()
    out.print(Text(f"Missing: {', '.join(missing)}." if missing else "Everything that this show needs is here."))
    raise typer.Exit(1 if missing else 0)
