"""Commands for what was published: tell a correction, withdraw an episode."""

from __future__ import annotations

from typing import Annotated, Literal

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, AsJson, DryRun, Root, Slug, now, out, print_json
from pipeline.show.amends import Correction, Place

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does this.")]


@app.command(epilog='Example: onrecord correct 2026-11-first-talk --kind correction --by "Ada Host"')
def correct(
    slug: Slug,
    kind: Annotated[
        Literal["correction", "clarification", "update", "retraction"],
        typer.Option("--kind", help="What it is: something wrong mended, made clear, added since, or taken back."),
    ],
    by: By,
    said: Annotated[str | None, typer.Option("--said", metavar="WORDS", help="What stood there; … for a gap.")] = None,
    says: Annotated[str | None, typer.Option("--says", metavar="WORDS", help="What stands there now.")] = None,
    note: Annotated[str | None, typer.Option("--note", metavar="WORDS", help="What readers should know of it.")] = None,
    where: Annotated[
        list[Place] | None, typer.Option("--where", help="Where it stood; may be repeated. The notes if left out.")
    ] = None,
    at: Annotated[str | None, typer.Option("--time", metavar="12:34", help="Where in the recording.")] = None,
    root: Root = HERE,
    dry_run: DryRun = False,
    json_only: AsJson = False,
) -> None:
    """Tell what changed in a published episode. Without --said and --says the changed sentences are found."""
    from pipeline.stages.amending import correct as record

    made = record(
        root.resolve(),
        slug,
        kind=kind,
        by=by,
        now=now(),
        said=said,
        says=says,
        note=note,
        where=where or (),
        time=at,
        dry_run=dry_run,
    )
    if json_only:
        print_json([one.model_dump(mode="json", exclude_none=True) for one in made])
        return
    for one in made:
        out.print(Text(_described(one)))
    out.print(
        "Nothing was changed."
        if dry_run
        else Text(
            f'Recorded in {slug}/episode.toml. Next: onrecord approve {slug} --by "NAME <MAIL>", then onrecord run'
        )
    )


@app.command(epilog='Example: onrecord withdraw 2026-11-first-talk --by "Ada Host" --dry-run')
def withdraw(
    slug: Slug,
    by: By,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="WORDS", help="Why; kept in your files, shown nowhere.")
    ] = None,
    root: Root = HERE,
    dry_run: DryRun = False,
    json_only: AsJson = False,
) -> None:
    """Take an episode out of the feed and the pages, and list who else may hold a copy."""
    from pipeline.stages.amending import withdraw as take_back

    done = take_back(root.resolve(), slug, by=by, now=now(), reason=reason, dry_run=dry_run)
    if json_only:
        print_json(
            {
                "slug": done.slug,
                "page": done.page_url,
                "marker": str(done.marker),
                "rules": [str(path) for path in done.rules],
                "holders": [{"name": one.name, "ask": one.ask} for one in done.holders],
                "dry_run": dry_run,
            }
        )
        return
    if dry_run:
        out.print(Text(f"{slug} would be taken out of the feed and the pages. Nothing was changed."))
    else:
        out.print(Text(f"{slug} is withdrawn: {done.marker}. site/ holds nothing of it any more: publish it now."))
        out.print(Text(f"Rules that make hosts answer 410 Gone: {', '.join(str(path) for path in done.rules)}"))
    out.print(Text(f"Others may hold a copy of {done.page_url}:"))
    for one in done.holders:
        out.print(Text(f"• {one.name}: {one.ask}"))


def _described(one: Correction) -> str:
    told = [f"said “{one.said}”" if one.said else "", f"says “{one.says}”" if one.says else "", one.note or ""]
    return f"{one.kind.capitalize()} ({', '.join(one.where)}): {'; '.join(filter(None, told))}"
