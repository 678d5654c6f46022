"""The command that puts `site/` where listeners are: plan, ask, apply, look."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
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
    now,
    out,
    print_json,
    problem_json,
    progress,
    warn,
)
from pipeline.errors import Problem, Refused

if TYPE_CHECKING:
    from pipeline.publish.deploy.plan import Plan
    from pipeline.stages.deploying import Outcome
    from pipeline.stages.judging import Intent

_SHOWN = 4
_BACK = (
    "site/ is still the newer one: the next onrecord publish puts it out again. "
    "Before that mend episodes/, approve, and run."
)
Slugs = list[str] | None


def _allow(flag: str, what: str) -> Any:
    return typer.Option(flag, metavar="SLUG", help=f"Let {what}; needs --reason, may be repeated.")


@app.command(epilog="Example: onrecord publish --dry-run, then onrecord publish --target web --yes")
def publish(
    target: Annotated[
        str | None, typer.Option("--target", metavar="NAME", help="Which of show.toml's targets.")
    ] = None,
    rollback: Annotated[
        bool, typer.Option("--rollback", help="Bring the publication before the last one back; needs --reason.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before publishing.")] = False,
    verify: Annotated[
        bool,
        typer.Option("--verify/--no-verify", help="Ask the public addresses afterwards, as apps do, and tell hubs."),
    ] = True,
    allow_removal: Annotated[Slugs, _allow("--allow-removal", "a published episode leave the feed")] = None,
    allow_guid: Annotated[Slugs, _allow("--allow-guid", "an episode have another guid")] = None,
    allow_date: Annotated[Slugs, _allow("--allow-date", "an episode have another date")] = None,
    allow_enclosure: Annotated[Slugs, _allow("--allow-enclosure", "other audio stand at a published address")] = None,
    allow_shrinking: Annotated[
        bool, typer.Option("--allow-shrinking", help="Let the feed list fewer than the ledger counted; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", metavar="WORDS", help="Why; kept in the ledger.")] = "",
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Take the lock of a publisher who was killed and will not come back.")
    ] = False,
    root: Root = HERE,
    dry_run: DryRun = False,
    json_only: AsJson = False,
) -> None:
    """Put site/ where listeners are: only what changed, the feed last. Without a target, note that you copied it."""
    from pipeline.publish.deploy.ledger import Allowed
    from pipeline.stages.deploying import Options
    from pipeline.stages.deploying import publish as deploy

    options = Options(
        target=target,
        dry_run=dry_run,
        rollback=rollback,
        verify=verify,
        take_over=take_over,
        allowed=Allowed(
            reason=reason,
            removals=frozenset(allow_removal or ()),
            guids=frozenset(allow_guid or ()),
            dates=frozenset(allow_date or ()),
            enclosures=frozenset(allow_enclosure or ()),
            shrinking=allow_shrinking,
        ),
    )

    def confirm(intent: Intent) -> bool:
        if yes:
            return True
        if json_only or not sys.stdin.isatty():
            raise Refused(
                Problem("onrecord publish", "nobody is here to be asked", "Look at it with --dry-run, then add --yes")
            )
        _show(intent)
        question = "Publish this?" if intent.plan else f"Is this what stands at {intent.place} now?"
        return typer.confirm(question)

    with progress(quiet=json_only) as report:
        outcome = deploy(root.resolve(), now(), options, confirm=confirm, report=report)
    if json_only:
        print_json(_as_json(outcome, dry_run=dry_run))
    else:
        _tell(outcome, dry_run=dry_run, asked=not yes and not dry_run, verify=verify)
        if rollback and outcome.done:
            out.print(Text(_BACK))
    raise typer.Exit(1 if outcome.faults else 0)


def _tell(outcome: Outcome, *, dry_run: bool, asked: bool, verify: bool) -> None:
    intent = outcome.intent
    if intent.empty:
        out.print(Text(f"{intent.target}: nothing to do; all of site/ is at {intent.place}."))
    elif dry_run:
        _show(intent)
        out.print("Nothing was changed.")
    elif not outcome.done:
        out.print("Not published; nothing was changed.")
    else:
        if not asked:
            _show(intent)
        out.print(Text(_done(outcome, verify=verify)))
    if dry_run and (owed := outcome.owed.deeds()):
        out.print(Text(f"Left by an earlier publication, and done by the next: {'; '.join(owed)}."))
    elif made_up := outcome.before.but(outcome.owed).deeds():
        out.print(Text(f"Left by an earlier publication, and done now: {'; '.join(made_up)}."))
    warn((*intent.warnings, *outcome.warnings))
    if outcome.faults:
        err.print("It is published, but at its public addresses something else was found:")
        complain(outcome.faults)


def _done(outcome: Outcome, *, verify: bool) -> str:
    intent = outcome.intent
    if intent.plan is None:
        said = "Noted as published: from now on a change of its words is told, or refused."
    else:
        said = f"Published at {intent.place}: {len(intent.plan.steps)} files, {_size(intent.plan.size_bytes)}."
    if not verify:
        return f"{said} The public addresses were not asked (--no-verify)."
    if outcome.faults:
        return said
    heard = {0: "", 1: " and one recording"}.get(outcome.verified, f" and {outcome.verified} recordings")
    return f"{said} Asked for again at the public addresses: the feed{heard}, as here."


def _show(intent: Intent) -> None:
    out.print(Text(f"{intent.target}: {intent.place}", style="bold"))
    for word, titles in (
        ("new", [f"{one.title} ({one.slug}), {_size(one.size_bytes)}" for one in intent.new]),
        ("changed", [f"{one.title} ({one.slug})" for one in intent.changed]),
        ("gone", [f"{one.title} ({one.slug})" for one in intent.gone]),
    ):
        for title in _some(titles):
            out.print(Text(f"  {word:<8} {title}"))
    if intent.plan is None:
        out.print("  To be noted: you put site/ there by hand (show.toml names no target).")
    else:
        for line in _plan_lines(intent.plan):
            out.print(Text(f"  {line}"))


def _plan_lines(plan: Plan) -> Iterator[str]:
    from pipeline.publish.deploy.plan import RANKS, groups

    yield f"to send: {len(plan.steps)} files, {_size(plan.size_bytes)}; {plan.unchanged} are there already"
    for rank, steps in groups(plan.steps):
        yield f"  {RANKS[rank]}: {len(steps)}"
        names = [
            f"{step.upload.name}, {_size(step.upload.size_bytes)}{' (damaged there)' if step.mends else ''}"
            for step in steps
        ]
        yield from (f"    {name}" for name in _some(names))
    if plan.deletions:
        yield f"to delete after that: {len(plan.deletions)}"
        yield from (f"    {name}" for name in _some(plan.deletions))
    if plan.kept:
        yield f"to keep until {max(plan.kept.values())}, for apps that have the old feed: {len(plan.kept)}"


def _some(lines: Iterable[str]) -> Iterator[str]:
    listed = list(lines)
    yield from listed[:_SHOWN]
    if len(listed) > _SHOWN:
        yield f"… and {len(listed) - _SHOWN} more"


def _size(size_bytes: int) -> str:
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000)) if size_bytes else 0} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"


def _as_json(outcome: Outcome, *, dry_run: bool) -> dict[str, Any]:
    intent, plan = outcome.intent, outcome.intent.plan
    return {
        "target": intent.target,
        "place": intent.place,
        "dry_run": dry_run,
        "done": outcome.done,
        "feed": {
            "new": [one.slug for one in intent.new],
            "changed": [one.slug for one in intent.changed],
            "gone": [one.slug for one in intent.gone],
        },
        "put": [{"name": one.upload.name, "size_bytes": one.upload.size_bytes} for one in plan.steps] if plan else [],
        "deleted": list(plan.deletions) if plan else [],
        "kept": {name: until.isoformat() for name, until in plan.kept.items()} if plan else {},
        "unchanged": plan.unchanged if plan else None,
        "verified": outcome.verified,
        "owed": {
            "purge": sorted(outcome.owed.purge),
            "unseen": sorted(outcome.owed.unseen),
            "untold": sorted(outcome.owed.untold),
        },
        "problems": [problem_json(one) for one in outcome.faults],
        "warnings": [problem_json(one, "warning") for one in (*intent.warnings, *outcome.warnings)],
    }
