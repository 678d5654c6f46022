"""Publishing: from `site/` to where listeners are. Judge, plan, ask, apply, remember; then look, and tell.

Nothing is sent that a run would not build now from what is approved now, and nothing that breaks what apps were
given before (the ledger). What listeners were given is remembered after it is out: the ledger, the words beside each
episode (published.json), and the files themselves for going back.
"""

from __future__ import annotations

import getpass
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.errors import Problem, Refused
from pipeline.publish.deploy import ledger as memory
from pipeline.publish.deploy.announce import purge_by_command, purge_by_url, tell_hub, tell_podping
from pipeline.publish.deploy.apply import apply
from pipeline.publish.deploy.kinds import target_of
from pipeline.publish.deploy.ledger import Allowed, Entry, Ledger
from pipeline.publish.deploy.listed import Listed, listed, name_of
from pipeline.publish.deploy.manifest import MANIFEST_NAME, read_manifest
from pipeline.publish.deploy.plan import FEED, Plan, Rank, Wanted, make_plan, rank_of, unclear
from pipeline.publish.deploy.releases import Releases
from pipeline.publish.deploy.secrets import secrets_in
from pipeline.publish.deploy.targets import Target, Writer
from pipeline.publish.deploy.verify import Expected, verify
from pipeline.publish.published import Record, record_of, write_record
from pipeline.show import Show, load_show
from pipeline.show.publishing import TargetSettings
from pipeline.stages.faults import Failed, set_aside
from pipeline.stages.locks import exclusively
from pipeline.stages.prepare import Report
from pipeline.stages.publishing import BuiltSite, built_now
from pipeline.stages.status import SITE_FOLDER, Reading, build_folder, page_sections, read_episode, remembered_digests

BY_HAND = "by-hand"
_SAFEGUARDS = ("consent-", "protected-name", "redaction-incomplete")


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
class Intent:
    """What a publication would do. `plan` is None where a person copies `site/` by hand."""

    target: str
    place: str
    plan: Plan | None
    new: Sequence[Listed]
    changed: Sequence[Listed]
    gone: Sequence[Entry]
    warnings: Sequence[Problem] = ()

    @property
    def empty(self) -> bool:
        """Whether listeners would find everything as it is."""
        return not (self.new or self.changed or self.gone) and (self.plan is None or self.plan.empty)


@dataclass(frozen=True)
class Outcome:
    """What a publication did. `faults` are what was not found at the public addresses, of `verified` recordings."""

    intent: Intent
    done: bool
    verified: int = 0
    faults: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class _Content:
    """What is to be published: the site as it was built, or an earlier publication, and the words in it."""

    wanted: tuple[Wanted, ...]
    words: Mapping[str, Record]
    facts: Mapping[str, Any] = field(repr=False)

    def bytes_of(self, name: str) -> bytes | None:
        return next((one.path.read_bytes() for one in self.wanted if one.name == name), None)

    def pages(self) -> list[bytes]:
        return [one.path.read_bytes() for one in self.wanted if rank_of(one.name) is Rank.FEED]


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
        digests = remembered_digests(root)
        releases = Releases(build_folder(root) / "releases" / name)
        readings = list(_readings(show, digests))
        if options.rollback:
            if target is None:
                what = "what a person copied, this program cannot take back"
                raise Refused(Problem(str(root), what, f"Copy the folder before the last in {releases.folder} there"))
            content = _earlier(show, readings, releases, now)
        else:
            content = _present(show, readings, digests, now)
        digests.save()
        allowed = _rolled_back(options.allowed) if options.rollback else options.allowed
        judged = _Judge(show, name, content, allowed, now)
        if target is None:
            outcome = _by_hand(judged, options, confirm, report)
        else:
            outcome = _sent(judged, target, options, confirm, report)
        if not outcome.done:
            return outcome
        judged.remember()
        if options.rollback:
            releases.drop_newest()
        releases.keep(content.wanted, content.facts)
    if settings is None:
        return outcome
    return _told(judged, settings, outcome, options, report)


class _Judge:
    """The feed that is to be published against what was published before, and what is remembered of it after."""

    def __init__(self, show: Show, target: str, content: _Content, allowed: Allowed, now: datetime) -> None:
        self.show = show
        self.target = target
        self.content = content
        self.allowed = allowed
        self.now = now
        self.withdrawn = frozenset(show.withdrawn)
        digests = {one.name: one.digest for one in content.wanted}
        self.items = listed(content.pages(), show.settings.site_url, digests.get)
        self.path = show.folder / memory.LEDGER_NAME
        self.ledger: Ledger = memory.read_ledger(self.path)
        self.before: tuple[Entry, ...] = self.ledger.at_target(target)

    @property
    def at(self) -> str:
        return self.now.astimezone(UTC).isoformat(timespec="seconds")

    @property
    def hasty(self) -> frozenset[str]:
        """Episodes of which nothing old may stay at the target."""
        struck = {episode.slug for episode in self.show.episodes if self.show.redactions_of(episode)}
        return self.withdrawn | struck

    def learn(self, feeds: Sequence[bytes], digest_of: Callable[[str], str | None]) -> None:
        """Take what the target shows apps now for published, where the ledger does not know it."""
        known = {one.guid for one in self.before if one.gone is None}
        there = memory.from_feed(self.target, listed(feeds, self.show.settings.site_url, digest_of), self.at)
        gone = {one.guid: one for one in self.before if one.gone is not None}
        fresh = [one for one in there if one.guid not in known]
        kept = [one for one in self.before if one.guid not in {each.guid for each in fresh}]
        self.before = (
            *kept,
            *(gone[one.guid].model_copy(update={"gone": None}) if one.guid in gone else one for one in fresh),
        )

    def require(self) -> None:
        """Raise Refused with every promise to listeners that would be broken."""
        if self.allowed and not self.allowed.reason.strip():
            raise Refused(Problem("--reason", "what is allowed needs a reason, which the ledger keeps", "Add --reason"))
        found = memory.judge(
            self.before,
            self.items,
            latest=self.ledger.latest(self.target),
            withdrawn=self.withdrawn,
            allowed=self.allowed,
        )
        if found:
            raise Refused(found)

    def intent(self, place: str, plan: Plan | None, warnings: Sequence[Problem] = ()) -> Intent:
        new, changed, gone = memory.news(self.before, self.items)
        return Intent(self.target, place, plan, new, changed, gone, tuple(warnings))

    def remember(self) -> None:
        """What listeners were given, after it is out: ledger and words."""
        feed = self.content.bytes_of(FEED)
        after = memory.updated(
            self.ledger,
            self.before,
            self.items,
            target=self.target,
            at=self.at,
            feed=files.digest_bytes(feed or b""),
            withdrawn=self.withdrawn,
            allowed=self.allowed,
        )
        files.write_if_changed(self.path, memory.ledger_text(after).encode("utf-8"))
        for slug, record in self.content.words.items():
            if (self.show.folder / slug).is_dir():
                write_record(self.show.folder / slug, record)

    def recordings(self, intent: Intent) -> list[Expected]:
        """The recordings that listeners get new, below the site's own address."""
        paths = {one.name: one for one in self.content.wanted}
        known = {(one.url, one.size_bytes) for one in self.ledger.at_target(self.target)}
        asked = [item for item in (*intent.new, *intent.changed) if (item.url, item.size_bytes) not in known]
        found = [(item, paths.get(name_of(item.url, self.show.settings.site_url) or "")) for item in asked]
        return [Expected(item.url, one.path, one.size_bytes) for item, one in found if one is not None]


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
    if name == BY_HAND:
        return BY_HAND, None
    if name not in targets:
        known = ", ".join(targets) or "none"
        raise Refused(Problem("show.toml", f"there is no target {name}", f"Those that there are: {known}"))
    return name, targets[name]


def _readings(show: Show, digests: DigestCache) -> Iterator[Reading]:
    failed: Failed = {}
    for episode in show.episodes:
        with set_aside(show.root, episode.slug, failed):
            yield read_episode(show, episode, digests)


def _present(show: Show, readings: Sequence[Reading], digests: DigestCache, now: datetime) -> _Content:
    """`site/`, if it is what a run would build now and nobody wrote into it since."""
    site = show.root / SITE_FOLDER
    built = built_now(show, readings, digests, now)
    if built is None:
        raise Refused(
            Problem(str(site), "it is not what would be built from what is approved now", "Run make pipeline first")
        )
    wanted: list[Wanted] = []
    problems: list[Problem] = []
    for name, digest in built.digests.items():
        path = site / name
        if not path.is_file() or path.is_symlink() or digests.digest(path) != digest:
            what = "it was changed by hand since the site was built"
            problems.append(Problem(str(path), what, "Delete it and run make pipeline; change episodes/ instead"))
        else:
            wanted.append(Wanted(name, path, path.stat().st_size, digest))
    if problems:
        raise Refused(problems)
    words = dict(_words(show, built))
    facts = {
        "words": {slug: record.model_dump(mode="json") for slug, record in words.items()},
        "guards": {reading.episode.slug: _guard(show, reading) for reading in built.episodes},
    }
    return _Content(tuple(wanted), words, facts)


def _words(show: Show, built: BuiltSite) -> Iterator[tuple[str, Record]]:
    for reading in built.episodes:
        said = page_sections(show, reading.episode, reading.transcript, reading.notes_markdown, reading.subject)
        yield reading.episode.slug, record_of(reading.episode, said)


def _guard(show: Show, reading: Reading) -> str:
    """What must be the same for an earlier publication of an episode to come back: what is struck out and protected."""
    episode = reading.episode
    return files.digest_json(
        [one.model_dump(mode="json") for one in (*show.redactions_of(episode), *show.protected_of(episode))]
    )


def _earlier(show: Show, readings: Sequence[Reading], releases: Releases, now: datetime) -> _Content:
    """The publication before the last one, unless something in it must not be public any more."""
    kept = releases.before()
    words = {slug: Record.model_validate(one) for slug, one in kept.facts.get("words", {}).items()}
    present = {reading.episode.slug: reading for reading in readings}
    problems: list[Problem] = []
    for slug, guard in kept.facts.get("guards", {}).items():
        reading = present.get(slug)
        if slug in show.withdrawn:
            why = "it was withdrawn since"
        elif reading is None:
            why = "it cannot be read now, so nobody knows whether it may"
        elif _guard(show, reading) != guard:
            why = "something in it was struck out or is protected since"
        elif any(one.code.startswith(_SAFEGUARDS) for one in reading.refusals_on(now.date())):
            why = "the consents or the protected names stand against it now"
        else:
            continue
        problems.append(Problem(slug, f"the earlier publication must not come back: {why}", "Publish forward instead"))
    if problems:
        raise Refused(problems)
    return _Content(kept.wanted, words, kept.facts)


def _rolled_back(allowed: Allowed) -> Allowed:
    return Allowed(reason=allowed.reason, everything=True)


def _by_hand(judged: _Judge, options: Options, confirm: Callable[[Intent], bool], report: Report) -> Outcome:
    """`site/` was copied by a person: look whether it is out, and remember it."""
    judged.require()
    address = judged.show.settings.site_url
    intent = judged.intent(address, None)
    if options.dry_run or intent.empty:
        return Outcome(intent, done=not options.dry_run)
    asked = 0
    if options.verify:
        recordings = judged.recordings(intent)
        asked = len(recordings)
        faults = _verified(judged, recordings, report)
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
    judged: _Judge, target: Target, options: Options, confirm: Callable[[Intent], bool], report: Report
) -> Outcome:
    scratch = build_folder(judged.show.root) / "publishing"
    writer = None if options.dry_run else Writer(_token(judged.show.root), _who(), options.take_over)
    with target.open(writer) as session:
        stored = session.stored()
        noted = read_manifest(session.read(MANIFEST_NAME) if MANIFEST_NAME in stored else None)
        digests = {name: one.digest for name, one in noted.items()}
        feeds = [session.read(name) for name in stored if rank_of(name) is Rank.FEED]
        judged.learn([one for one in feeds if one is not None], digests.get)
        judged.require()
        wanted = judged.content.wanted
        asked = {name: session.digest(name) for name in unclear(wanted, stored, noted)}
        plan = make_plan(wanted, stored, noted, asked, today=judged.now.date(), hasty=judged.hasty)
        if problems := list(secrets_in(plan.steps)):
            raise Refused(problems)
        intent = judged.intent(target.place, plan, session.warnings)
        if options.dry_run or (not intent.empty and not confirm(intent)):
            return Outcome(intent, done=False)
        apply(
            session,
            plan,
            stored.get(MANIFEST_NAME),
            noted,
            scratch=scratch,
            report=lambda name, part: report(judged.target, "publishing", part),
        )
    return Outcome(intent, done=True)


def _told(judged: _Judge, settings: TargetSettings, outcome: Outcome, options: Options, report: Report) -> Outcome:
    """What follows a publication: caches forget, then it is looked at, and only what is there is announced."""
    plan, show = outcome.intent.plan, judged.show
    warnings: list[Problem] = []
    changed = [] if plan is None else [step.upload.name for step in plan.steps] + list(plan.deletions)
    if changed:
        urls = [url for name in changed for url in _addresses(show.settings.site_url, name)]
        if settings.purge:
            warnings += purge_by_command(settings.purge, urls)
        if settings.purge_url:
            warnings += purge_by_url(settings.purge_url, urls)
    if outcome.intent.empty or not options.verify:
        return Outcome(outcome.intent, done=True, warnings=tuple(warnings))
    recordings = judged.recordings(outcome.intent)
    faults = _verified(judged, recordings, report)
    if not faults and FEED in changed:
        feed_url = show.settings.site_url + FEED
        if show.settings.announce.websub_hub:
            warnings += tell_hub(show.settings.announce.websub_hub, feed_url)
        if show.settings.announce.podping:
            warnings += tell_podping(feed_url)
    return Outcome(outcome.intent, True, len(recordings), tuple(faults), tuple(warnings))


def _verified(judged: _Judge, recordings: Sequence[Expected], report: Report) -> list[Problem]:
    return verify(
        judged.show.settings.site_url + FEED,
        judged.content.bytes_of(FEED),
        recordings,
        report=lambda url: report(judged.target, "asking for it", 0.0),
    )


def _addresses(site_url: str, name: str) -> Iterator[str]:
    """The addresses under which a file is known: a folder's page also by the folder's."""
    yield site_url + name
    if name == "index.html" or name.endswith("/index.html"):
        yield site_url + name.removesuffix("index.html")


def _token(root: Path) -> str:
    """By what a target's lock is known as this show's on this machine, also after a kill."""
    path = build_folder(root) / "publishing" / "token"
    with suppress(OSError, ValueError):
        if token := path.read_text("utf-8").strip():
            return token
    token = secrets.token_hex(16)
    files.write_text(path, f"{token}\n")
    return token


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "somebody"
    return f"{user}@{socket.gethostname()}"
