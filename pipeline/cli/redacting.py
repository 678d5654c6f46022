"""The command that strikes out."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, AsJson, Root, Slug, out, print_json, warn
from pipeline.publish.wording import counted

Words = Annotated[
    str | None, typer.Option("--words", metavar="NAME", help="What must not be heard or read; every place is found.")
]
From = Annotated[str | None, typer.Option("--from", metavar="12:34.5", help="Or where in the recording it begins,")]
To = Annotated[str | None, typer.Option("--to", metavar="12:35.1", help="and where it ends.")]
Instead = Annotated[
    str | None,
    typer.Option("--text", metavar="WORDS", help="What is read in its place; [name withheld] if left out."),
]


@app.command(epilog='Example: onrecord redact 2026-11-first-talk --words "Maria Santos" --dry-run')
def redact(
    slug: Slug,
    words: Words = None,
    start: From = None,
    end: To = None,
    sound: Annotated[Literal["mute", "tone"], typer.Option("--sound", help="What is heard in its place.")] = "mute",
    text: Instead = None,
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who does this.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="WORDS", help="Why; kept in your files.")] = None,
    root: Root = HERE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the places, and change nothing.")] = False,
    json_only: AsJson = False,
) -> None:
    """Strike a name or a stretch out of an episode: its sound, its words, everything that is published of it."""
    from pipeline.stages.own_words import own_words_struck
    from pipeline.stages.redacting import redact as strike_out
    from pipeline.transcript import format_ms

    found = strike_out(
        root.resolve(),
        slug,
        words=words,
        start=start,
        end=end,
        sound=sound,
        text=text,
        by=by,
        reason=reason,
        dry_run=dry_run,
    )
    if words:
        warn(own_words_struck(root.resolve(), slug, words))
    if json_only:
        print_json([{"start_ms": one.start_ms, "end_ms": one.end_ms, "around": one.around} for one in found])
        return
    for one in found:
        out.print(Text(f"{format_ms(one.start_ms)} to {format_ms(one.end_ms)}  {one.around}"))
    count = counted(len(found), "place")
    if dry_run:
        out.print(f"{count} found. Nothing was changed.")
    else:
        out.print(
            Text(
                f"{count} written to {slug}/redactions.toml. Listen to each, check its ends, then approve and run: "
                "the run proves that nothing of it is left."
            )
        )
