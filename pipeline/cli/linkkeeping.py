"""Commands that keep the links of the sources: ask them, look up what is quoted, take copies."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.app import app
from pipeline.cli.console import HERE, AsJson, Root, now, out, print_json, progress
from pipeline.publish.wording import counted

if TYPE_CHECKING:
    from pipeline.stages.linkkeeping import CheckedLink, CheckedQuotation, SourcesReport, Taken

sources_app = typer.Typer(
    help="Keep the links of the sources: whether they are still there, and copies of them.",
    epilog="Example: onrecord sources check",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(sources_app, name="sources")

_COLOURS = {"alive": "green", "moved": "yellow", "gone": "red", "cannot tell": "cyan", "refused": "yellow"}
_NOT_ASKED = "not asked yet"


@sources_app.command(epilog="Example: onrecord sources check --all")
def check(
    root: Root = HERE,
    again: Annotated[bool, typer.Option("--all", help="Ask every source, also what was asked lately.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nobody; tell what is known.")] = False,
    json_only: AsJson = False,
) -> None:
    """Ask whether the sources are still where the notes say, and look up what is quoted in the copies of them."""
    from pipeline.stages.linkkeeping import check_sources

    with progress(quiet=json_only) as report:
        found = check_sources(root.resolve(), now(), report, again=again, offline=offline)
    if json_only:
        print_json({
            "links": [_link_json(link) for link in found.links],
            "quotations": [_quotation_json(one) for one in found.quotations],
            "without_link": list(found.without_link),
            "online": found.online,
        })  # fmt: skip
    else:
        _tell(found)
    raise typer.Exit(4 if found.has_gone else 0)


@sources_app.command(epilog="Example: onrecord sources snapshot ijm-osec-2020")
def snapshot(
    keys: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY]...", help="Sources by their keys; all without a copy if left out."),
    ] = None,
    root: Root = HERE,
    json_only: AsJson = False,
) -> None:
    """Take copies of sources, as their archive policy allows."""
    from pipeline.stages.linkkeeping import take_snapshots

    with progress(quiet=json_only) as report:
        taken = take_snapshots(root.resolve(), now(), report, keys or ())
    if json_only:
        print_json([_taken_json(one) for one in taken])
    else:
        for one in taken:
            out.print(Text(f"{one.key}: {one.said}."))
        if not taken:
            out.print("Every source that may be kept has a copy.")
    raise typer.Exit(0 if all(one.snapshot for one in taken) else 1)


def _tell(found: SourcesReport) -> None:
    if not found.online:
        out.print("Not one server answered: is this machine online? What is known from before is told, and kept.")
    if found.links:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("Source", "State", "What is known"):
            table.add_column(heading, overflow="fold")
        for link in found.links:
            state = _state(link)
            table.add_row(Text(", ".join(link.keys)), Text(state, style=_COLOURS.get(state, "")), Text(_detail(link)))
        out.print(table, soft_wrap=False)
        out.print()
    for one in found.quotations:
        place = one.where.replace(f"{Path.cwd()}/", "")
        out.print(Text(f"{place}: “{_shortened(one.quotation.words)}” ({one.key}): {_said(one)}."))
    if found.quotations:
        out.print()
    counts = Counter(_state(link) for link in found.links)
    told = ", ".join(f"{counts[state]} {state}" for state in (*_COLOURS, _NOT_ASKED) if counts[state])
    asked = sum(link.asked for link in found.links)
    out.print(f"{counted(len(found.links), 'link')}: {told or 'none'}. {asked} asked now.")
    if found.without_link:
        out.print(Text(f"Without a link: {', '.join(found.without_link)}."))


def _state(link: CheckedLink) -> str:
    return link.known.verdict.value if link.known else _NOT_ASKED


def _detail(link: CheckedLink) -> str:
    parts = [link.known.why] if link.known and link.known.why else []
    if link.known and not link.asked:
        parts.append(f"as of {link.known.at:%Y-%m-%d}")
    if link.archived:
        parts.append(f"a copy is at {link.archived}")
    told = "; ".join(parts)
    return f"{link.url}: {told}" if told else link.url


def _said(one: CheckedQuotation) -> str:
    details = "; ".join(map(str, one.result.differences)) or one.result.why
    return f"{one.result.outcome.value}: {details}" if details else one.result.outcome.value


def _shortened(words: str) -> str:
    return words if len(words) <= 60 else f"{words[:57].rstrip()}…"


def _link_json(link: CheckedLink) -> dict[str, Any]:
    known = link.known.as_json() if link.known else {"verdict": None}
    return {"url": link.url, "sources": list(link.keys), "asked_now": link.asked, "archived": link.archived, **known}


def _quotation_json(one: CheckedQuotation) -> dict[str, Any]:
    return {
        "episode": one.slug,
        "where": one.where,
        "words": one.quotation.words,
        "source": one.key,
        "result": one.result.outcome.value,
        "why": one.result.why or None,
        "differences": [{"source": part.source, "quoted": part.quoted} for part in one.result.differences],
    }


def _taken_json(one: Taken) -> dict[str, Any]:
    snapshot = one.snapshot.as_json() if one.snapshot else None
    return {"source": one.key, "new": one.new, "said": one.said, "snapshot": snapshot}
