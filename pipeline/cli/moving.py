"""Commands for moving: take over a podcast that is elsewhere, and redirect what was there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import (
    HERE,
    AsJson,
    DryRun,
    Root,
    complain,
    err,
    out,
    print_json,
    problem_json,
    progress,
    shortened,
)
from pipeline.errors import Problem, Refused

if TYPE_CHECKING:
    from pipeline.stages.importing import Imported


@app.command("import", epilog="Example: onrecord import https://old.example/feed.xml ~/our-show --dry-run")
def import_show(
    feed: Annotated[str, typer.Argument(metavar="FEED", help="The feed's address, or its file.")],
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The show's folder, made if need be.")] = HERE,
    site_url: Annotated[
        str | None, typer.Option("--site-url", help="Where site/ will stand; the old server if left out.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only episodes from this day on.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only so many, the newest.")] = None,
    despite_lock: Annotated[
        bool, typer.Option("--despite-lock", help="Also where the feed says it may not be imported: it is yours.")
    ] = False,
    dry_run: DryRun = False,
    json_only: AsJson = False,
) -> None:
    """Take over a podcast that is published elsewhere: nothing is changed in meaning, and nothing is approved."""
    from pipeline.stages.importing import Wanted, import_feed

    root = folder.resolve()
    wanted = Wanted(feed, site_url, since.replace(tzinfo=UTC) if since else None, limit, despite_lock, dry_run)
    with progress(quiet=json_only) as report:
        done = import_feed(root, wanted, report)
    if json_only:
        told: list[dict[str, Any]] = [
            {"slug": one.slug, "title": one.title, "guid": one.guid, "published_at": one.published_at.isoformat()}
            for one in done.taken
        ]
        print_json(
            {
                "root": str(done.root),
                "title": done.title,
                "site_url": done.site_url,
                "episodes": told,
                "known": done.known,
                "left": done.left,
                "failed": [problem_json(one) for one in done.failed],
                "repairs": [problem_json(one, "warning") for one in done.repairs],
                "dry_run": dry_run,
            }
        )
        raise typer.Exit(4 if done.failed else 0)
    for repair in done.repairs:
        err.print(Text(f"Mended: {shortened(repair)}"))
    for one in done.taken:
        out.print(Text(f"{one.published_at:%Y-%m-%d}  {one.slug}  {one.title}"))
    out.print(Text(f"{done.title}: {_counted(done, dry_run=dry_run)}."))
    complain(done.failed)
    if done.site_url and (site_url is None or done.site_url.rstrip("/") != site_url.rstrip("/")):
        out.print(Text(f"site_url is {done.site_url}: mend it in show.toml if site/ will stand elsewhere."))
    if done.taken and not dry_run:
        out.print(Text('Next: look them over, then onrecord approve --imported --by "NAME <MAIL>", then onrecord run'))
    raise typer.Exit(4 if done.failed else 0)


def _counted(done: Imported, *, dry_run: bool) -> str:
    verb = "would be taken over" if dry_run else "taken over, none of them approved"
    said = [f"{len(done.taken)} {'episode' if len(done.taken) == 1 else 'episodes'} {verb}"] if done.taken else []
    said += [f"{done.known} {'was' if done.known == 1 else 'were'} here already"] if done.known else []
    said += [f"{done.left} left for later"] if done.left else []
    said += [f"{len(done.failed)} {'would fail' if dry_run else 'failed'}"] if done.failed else []
    return "; ".join(said) or "the feed lists no episode that could be taken over"


@app.command(epilog="Example: onrecord redirects --for nginx")
def redirects(
    kind: Annotated[
        str | None, typer.Option("--for", metavar="HOST", help="nginx, caddy, netlify or s3; all if left out.")
    ] = None,
    root: Root = HERE,
    dry_run: DryRun = False,
    json_only: AsJson = False,
) -> None:
    """Write the rules by which an old host sends listeners on: feed, recordings and pages, by 301."""
    from pipeline.publish.moving.redirects import HOSTS
    from pipeline.stages.redirecting import write_redirects

    if kind is not None and kind not in HOSTS:
        raise Refused(Problem("--for", f"“{kind}” is no host that is known", f"Write one of {', '.join(HOSTS)}"))
    done = write_redirects(root.resolve(), kind, dry_run=dry_run)
    if json_only:
        print_json(
            {
                "moves": [{"old": move.old, "new": move.new} for move in done.moves],
                "files": [str(path) for path in done.written],
                "left": [problem_json(one, "warning") for one in done.left],
            }
        )
        return
    if dry_run:
        for move in done.moves:
            out.print(Text(f"{move.old} -> {move.new}"))
    complain(done.left)
    for path in done.written:
        out.print(Text(f"{path}{' would be written' if dry_run else ''}"))
    out.print(Text(f"{len(done.moves)} addresses moved. Put the rules on the old host, and leave them there for good."))
    if any(move.is_feed for move in done.moves):
        out.print(
            Text("Import once more before: an episode of the old feed that is not here is lost to its listeners.")
        )
