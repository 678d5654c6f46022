"""Commands that begin something: a new show, a new episode."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, Root, now, out


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
    recording: Annotated[
        list[Path] | None,
        typer.Option("--recording", help="A recording to copy into it; again for each further speaker's."),
    ] = None,
    root: Root = HERE,
) -> None:
    """Make an episode's folder, with a guid minted once."""
    from pipeline.show.scaffold import new_episode

    recordings = recording or []
    folder = new_episode(root.resolve(), slug, title or slug, now(), *recordings)
    missing = "" if recordings else ", put the recording beside them"
    if len(recordings) > 1:
        missing = ", say there who speaks in which recording"
    out.print(Text(f"{folder}\nNext: fill in episode.toml and notes.md{missing}, then: onrecord run"))
