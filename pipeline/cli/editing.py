"""Commands of the editor: open the desk, approve."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, AsJson, Root, Slug, complain, now, out, print_json, progress


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


@app.command(epilog='Example: onrecord approve 2026-11-how-we-check --by "Ada Host <ada@example.org>"')
def approve(
    slug: Annotated[str | None, typer.Argument(help="The episode's folder name.")] = None,
    by: Annotated[str, typer.Option("--by", metavar='"NAME <MAIL>"', help="Who approves; a person, by name.")] = "",
    root: Root = HERE,
    imported: Annotated[
        bool, typer.Option("--imported", help="Every imported episode that waits, as it was taken over.")
    ] = False,
    sign: Annotated[Path | None, typer.Option("--sign", metavar="KEY", help="Sign with this SSH key as well.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say whether it could be approved, and change nothing.")
    ] = False,
) -> None:
    """Seal an episode as it stands now: you listened to it against its text."""
    if imported == (slug is not None):
        raise typer.BadParameter("Name one episode, or write --imported for all that were taken over.")
    if imported:
        _approve_imported(root.resolve(), by, sign, dry_run=dry_run)
        return
    assert slug is not None  # noqa: S101 - said above
    from pipeline.stages.run import approve as seal

    path = seal(root.resolve(), slug, by, now(), key=sign, dry_run=dry_run)
    if path is None:
        out.print(Text(f"{slug} can be approved as it stands. Nothing was changed."))
    else:
        out.print(
            Text(f"Approved: {path}\n{_stated(path)}\nAny change to what was sealed voids it. Next: onrecord run")
        )


def _stated(path: Path) -> str:
    """What the approver has put their name to, and whether anything shows it."""
    from pipeline.review.approvals import STATEMENT

    record = json.loads(path.read_bytes())
    said = f"{record['by'].partition(' <')[0]} states: “{record['statement']}”"
    heard = record["evidence"].get("heard_percent")
    if record["statement"] != STATEMENT:
        return said
    return f"{said} {f'{heard} % of it was' if heard is not None else 'Nothing of it was'} played at the desk."


def _approve_imported(root: Path, by: str, key: Path | None, *, dry_run: bool) -> None:
    from pipeline.stages.takenover import approve_imported

    done = approve_imported(root, by, now(), key=key, dry_run=dry_run)
    complain(done.refused)
    verb = "can be approved" if dry_run else "approved"
    out.print(Text(f"{len(done.episodes)} imported episodes {verb}; {done.held} were approved by you already."))
    if done.episodes and not dry_run:
        out.print(Text("Any change to what was sealed voids an approval. Next: onrecord run"))
    if done.refused:
        raise typer.Exit(1)


@app.command(epilog="Example: onrecord translate 2026-11-entretien")
def translate(slug: Slug, root: Root = HERE, json_only: AsJson = False) -> None:
    """Let the machine translate an episode into English: a draft for the editor that is never published."""
    from pipeline.stages.translating import translate_episode

    with progress(quiet=json_only) as report:
        path = translate_episode(root.resolve(), slug, report)
    if json_only:
        print_json({"slug": slug, "draft": str(path)})
        return
    out.print(Text(f"A machine’s draft, which nobody has checked and nothing publishes: {path}"))
