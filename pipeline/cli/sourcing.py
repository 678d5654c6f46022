"""Commands for what a show rests on: add a source, take over a list, list them with where they are cited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, AsJson, DryRun, Root, now, out, print_json

source = typer.Typer(
    no_args_is_help=True,
    help="Add sources to episodes/sources.json, take over lists of them, list them.",
    epilog="Example: onrecord source add https://example.org/report",
)
app.add_typer(source, name="source")

_WORDS = {"author": "who made it", "issued": "its date", "publisher": "who published it"}


@source.command(epilog="Example: onrecord source add https://example.org/report --key report-2020")
def add(
    what: Annotated[str, typer.Argument(metavar="URL|DOI|ISBN", help="A web address, a DOI or an ISBN.")],
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", help="The key to cite it by; else made of author, year and title."),
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", metavar="WORDS", help="Its title, where it names none or a wrong one.")
    ] = None,
    root: Root = HERE,
    dry_run: DryRun = False,
    json_only: AsJson = False,
) -> None:
    """Look a source up and add what it says of itself to the list. Nothing is invented: mend what is missing."""
    from pipeline.publish.links.fetch import Fetcher, user_agent
    from pipeline.show import load_show
    from pipeline.stages.sourcing import add_source

    root = root.resolve()
    fetcher = Fetcher(user_agent(load_show(root).settings.site_url))
    found = add_source(root, what, fetcher, now=now(), key=key, title=title, dry_run=dry_run)
    if json_only:
        print_json({"record": found.record, "missing": list(found.missing), "dry_run": dry_run})
        return
    for field, value in found.record.items():
        out.print(Text(f"{field:>16}  {_shown(value)}"))
    for field in found.missing:
        out.print(Text(f"{field:>16}  – missing: it does not say {_WORDS[field]}", style="yellow"))
    where = "episodes/sources.json"
    out.print("Nothing was changed." if dry_run else Text(f"Added to {where}. Cite it as [@{found.record['id']}]"))


@source.command("import", epilog="Example: onrecord source import library.json --dry-run")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSL-JSON, BibTeX or RIS.", dir_okay=False)],
    root: Root = HERE,
    dry_run: DryRun = False,
    json_only: AsJson = False,
) -> None:
    """Take over a list from Zotero or another program. What is listed already is never overwritten."""
    from pipeline.stages.sourcing import import_sources

    planned = import_sources(root.resolve(), file, dry_run=dry_run)
    if json_only:
        print_json(
            {
                "added": [record["id"] for record in planned.added],
                "same": list(planned.same),
                "differing": {key: list(fields) for key, fields in planned.differing.items()},
                "skipped": [{"entry": entry, "because": because} for entry, because in planned.skipped],
                "lost": {key: list(fields) for key, fields in planned.lost.items()},
                "dry_run": dry_run,
            }
        )
        return
    verb = "Would add" if dry_run else "Added"
    lost = planned.lost
    for record in planned.added:
        without = f" (not carried over: {', '.join(lost[record['id']])})" if record["id"] in lost else ""
        out.print(Text(f"{verb} {record['id']}{without}"))
    for one, fields in planned.differing.items():
        out.print(Text(f"Left {one} as it is; the file has another {', '.join(fields)}", style="yellow"))
    for entry, because in planned.skipped:
        out.print(Text(f"Skipped {entry}: {because}", style="yellow"))
    out.print(
        Text(
            f"{len(planned.added)} added, {len(planned.same)} there already, {len(planned.differing)} differing, "
            f"{len(planned.skipped)} skipped."
        )
    )


@source.command("list", epilog="Example: onrecord source list --json")
def list_(root: Root = HERE, json_only: AsJson = False) -> None:
    """List every source, and where it is cited."""
    from pipeline.stages.sourcing import list_sources

    listed = list_sources(root.resolve())
    if json_only:
        print_json(
            [{"key": one.key, "label": one.label, "episode": one.episode, "cited": list(one.cited)} for one in listed]
        )
        return
    for one in listed:
        out.print(Text.assemble((f"@{one.key}", "bold"), f"  {one.label}", f"  ({one.episode})" if one.episode else ""))
        out.print(Text(f"    {', '.join(one.cited) or 'not cited'}"))
    if not listed:
        out.print("There is no source yet. Next: onrecord source add URL")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(" ".join(str(part) for part in one.values()) for one in value)
    if isinstance(value, dict):
        parts = value.get("date-parts")
        return "-".join(f"{part:02d}" for part in parts[0]) if parts else " ".join(str(one) for one in value.values())
    return str(value)
