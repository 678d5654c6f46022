"""The program `onrecord`: the one application that the commands of this package add themselves to."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline import __version__

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


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if version:
        typer.echo(f"onrecord {__version__}")
        raise typer.Exit
