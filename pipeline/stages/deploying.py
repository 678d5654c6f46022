"""Publishing: from `site/` to where listeners are. Judge, plan, ask, apply, remember; then complete what is owed.

Nothing is sent that a run would not build now from what is approved now, and nothing that breaks what apps were
given before (the ledger). What listeners were given is remembered after it is out: the ledger, the words beside each
episode (published.json), and the files themselves for going back. What is owed from the moment when the first file
goes out is written before (`owed`), so that a publication that is killed is completed by the next.
"""

from __future__ import annotations

import getpass
import secrets
import socket
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.publish.deploy.apply import apply
from pipeline.publish.deploy.kinds import target_of
from pipeline.publish.deploy.ledger import LEDGER_NAME, Allowed, read_ledger
from pipeline.publish.deploy.manifest import MANIFEST_NAME, read_manifest
from pipeline.publish.deploy.owed import Owed, read_owed, write_owed
from pipeline.publish.deploy.plan import Rank, make_plan, rank_of, unclear
from pipeline.publish.deploy.releases import Releases
from pipeline.publish.deploy.secrets import secrets_in
from pipeline.publish.deploy.targets import Session, Target, Writer, read
from pipeline.show import RELEASES_FOLDER, Show, load_show, require_own_releases
from pipeline.show.publishing import TargetSettings
from pipeline.stages.completing import complete, look, owed_for, publishing_folder
from pipeline.stages.judging import Intent, Judge
from pipeline.stages.locks import exclusively, noting_owed
from pipeline.stages.prepare import Report
from pipeline.stages.publication import earlier, exposed, present, read_all
from pipeline.stages.status import build_folder, remembered_digests

BY_HAND = "by-hand"


@dataclass(frozen=True)
class Options:
    """How a person wants it. `rollback` brings the publication before the last one back."""

    target: str | None = None
    dry_run: bool = False
    rollback: bool = False
    verify: bool = True
    take_over: bool = False
    allowed: Allowed = field(default_factory=Allowed)


@dataclass(frozen=True)
class Outcome:
    """What a publication did. `faults` are what was not found at the public addresses, of `verified` recordings.

    `before` is what earlier publications had left to do, `owed` what is left to do now.
    """

    intent: Intent
    done: bool
    verified: int = 0
    faults: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    before: Owed = field(default_factory=Owed)
    owed: Owed = field(default_factory=Owed)


def publish(
    root: Path,
    now: datetime,
    options: Options,
    *,
    confirm: Callable[[Intent], bool] = lambda intent: True,
    report: Report = lambda slug, stage, part: None,
) -> Outcome:
    """Publish `site/` at a target of the show. `confirm` is shown the plan and decides; it is not asked where nothing
    is to be done, nor in a dry run, which changes nothing.

    Raises Refused with everything that stands against it, NoAnswer where the target gives none, Busy when somebody
    else runs or publishes.
    """
    show = load_show(root)
    name, settings = _chosen(show, options.target)
    target = None if settings is None else target_of(settings, root)
    with exclusively(root):
        digests, ledger = remembered_digests(root), read_ledger(show.folder / LEDGER_NAME)
        require_own_releases(root)
        releases = Releases(build_folder(root) / RELEASES_FOLDER / name)
        owed = read_owed(publishing_folder(root), name)
        readings = list(read_all(show, digests))
        allowed = options.allowed
        if options.rollback:
            if target is None:
                what = "what a person copied, this program cannot take back"
                raise Refused(Problem(str(root), what, f"Copy the folder before the last in {releases.folder} there"))
            last = ledger.latest(name)
            content = earlier(show, readings, releases, last.feed if last else None, owed, now)
            allowed = Allowed(reason=allowed.reason, everything=True)
        else:
            content = present(show, readings, digests, now)
        digests.save()
        judge = Judge(show, name, content, ledger, allowed, now)
        if target is None or settings is None:
            outcome = _by_hand(judge, options, confirm, report)
        else:
            outcome = _sent(judge, target, settings, exposed(show, releases), owed, options, confirm, report)
        if not outcome.done:
            return outcome
        # Kept before it is noted, and forgotten after: whoever goes back finds here what the ledger has for the last.
        if content.number is None:
            releases.keep(content.wanted, content.facts)
        judge.remember()
        if content.number is not None:
            releases.drop_after(content.number)
    if settings is None:
        return outcome
    after = complete(judge, settings, outcome.owed, publishing_folder(root), looks=options.verify, report=report)
    return replace(outcome, verified=after.verified, faults=after.faults, warnings=after.warnings, owed=after.owed)


def _chosen(show: Show, name: str | None) -> tuple[str, TargetSettings | None]:
    targets = show.settings.targets
    if name is None:
        if not targets:
            return BY_HAND, None
        if len(targets) == 1:
            return next(iter(targets.items()))
        raise Refused(
            Problem("show.toml", f"there are several targets: {', '.join(targets)}", "Name one with --target")
        )
    if name == BY_HAND and name not in targets:
        return BY_HAND, None
    if name not in targets:
        known = ", ".join(targets) or "none"
        raise Refused(Problem("show.toml", f"there is no target {name}", f"Those that there are: {known}"))
    return name, targets[name]


def _by_hand(judge: Judge, options: Options, confirm: Callable[[Intent], bool], report: Report) -> Outcome:
    """`site/` was copied by a person: look whether it is out, and remember it."""
    judge.require()
    address = judge.show.settings.site_url
    intent = judge.intent(address, None)
    if options.dry_run or intent.empty:
        return Outcome(intent, done=not options.dry_run)
    asked = 0
    if options.verify:
        recordings = judge.recordings(judge.fresh(intent))
        asked = len(recordings)
        faults = look(judge, recordings, report)
        if faults:
            raise Refused(
                [
                    Problem(address, "what is in site/ is not there yet, and nothing was noted", "Copy it there first"),
                    *faults,
                ]
            )
    if not confirm(intent):
        return Outcome(intent, done=False)
    return Outcome(intent, done=True, verified=asked)


def _sent(
    judge: Judge,
    target: Target,
    settings: TargetSettings,
    hasty: frozenset[str],
    before: Owed,
    options: Options,
    confirm: Callable[[Intent], bool],
    report: Report,
) -> Outcome:
    scratch = publishing_folder(judge.show.root)
    writer = None if options.dry_run else Writer(_token(judge.show.root), _who(), options.take_over)
    with target.open(writer) as session:
        # What a killed publication had finished and not shown is no promise to anybody yet.
        with nullcontext(session) if writer is None else target.open(None) as looking:
            _learn(judge, looking)
        judge.require()
        stored = session.stored()
        noted = read_manifest(read(session, MANIFEST_NAME) if MANIFEST_NAME in stored else None)
        wanted = judge.content.wanted
        asked = {name: session.digest(name) for name in unclear(wanted, stored, noted)}
        plan = make_plan(wanted, stored, noted, asked, today=judge.now.date(), hasty=hasty)
        if problems := list(secrets_in(plan.steps)):
            raise Refused(problems)
        intent = judge.intent(target.place, plan, session.warnings)
        if options.dry_run or (not intent.empty and not confirm(intent)):
            return Outcome(intent, done=False, before=before, owed=before)
        more = owed_for(judge, settings, intent, plan)
        owed = before.and_also(more) if more else before
        with noting_owed(judge.show.root):
            write_owed(scratch, judge.target, owed)
        apply(
            session,
            plan,
            stored.get(MANIFEST_NAME),
            noted,
            scratch=scratch,
            report=lambda name, part: report(judge.target, "publishing", part),
        )
    return Outcome(intent, done=True, before=before, owed=owed)


def _learn(judge: Judge, looking: Session) -> None:
    stored = looking.stored()
    noted = read_manifest(read(looking, MANIFEST_NAME) if MANIFEST_NAME in stored else None)
    feeds = [read(looking, name) for name in stored if rank_of(name) is Rank.FEED]
    digests = {name: one.digest for name, one in noted.items()}
    judge.learn([one for one in feeds if one is not None], digests.get)


def _token(root: Path) -> str:
    """By what a target's lock is known as this show's on this machine, also after a kill; a copy of it has another."""
    path = publishing_folder(root) / "token"
    token = ""
    with suppress(OSError, ValueError):
        token = path.read_text("utf-8").strip()
    if not token:
        token = secrets.token_hex(16)
        files.write_text(path, f"{token}\n")
    return files.digest_json([token, socket.gethostname(), str(root)]).removeprefix("sha256:")[:32]


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
