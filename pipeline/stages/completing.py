"""What follows when files are out: caches forget, it is looked at, and only what is there is announced.

All of it is owed until it is done (`pipeline.publish.deploy.owed`): what is broken off here, or fails, is completed by
the next publication, whatever that one sends itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import Problem
from pipeline.publish.deploy.announce import purge_by_command, purge_by_url, tell_hub, tell_podping
from pipeline.publish.deploy.owed import Owed, Told, settle
from pipeline.publish.deploy.plan import FEED, Plan
from pipeline.publish.deploy.releases import digest_of
from pipeline.publish.deploy.verify import Expected, verify
from pipeline.show.publishing import AnnounceSettings, TargetSettings
from pipeline.stages.judging import Intent, Judge
from pipeline.stages.locks import noting_owed
from pipeline.stages.prepare import Report
from pipeline.stages.status import build_folder


@dataclass(frozen=True)
class Completed:
    """What is owed still, how many recordings were asked for, and what was not as it should be."""

    owed: Owed
    verified: int
    faults: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


def publishing_folder(root: Path) -> Path:
    """Where publications keep what is theirs alone: what is owed, and by what a target's lock is known."""
    return build_folder(root) / "publishing"


def owed_for(judge: Judge, settings: TargetSettings, intent: Intent, plan: Plan) -> Owed:
    """What a publication that sends `plan` will owe."""
    if plan.empty:
        return Owed()
    changed = frozenset([step.upload.name for step in plan.steps] + list(plan.deletions))
    return Owed(
        begun=digest_of(judge.content.wanted),
        back=judge.content.number,
        purge=changed if settings.purge or settings.purge_url else frozenset(),
        unseen=judge.fresh(intent),
        untold=frozenset(_waiting(judge.show.settings.announce)) if FEED in changed else frozenset(),
    )


def complete(
    judge: Judge, settings: TargetSettings, owed: Owed, folder: Path, *, looks: bool, report: Report
) -> Completed:
    """Do all that is owed, and take it out of the file in `folder` piece by piece.

    Without `looks` the public addresses are not asked, and nobody is told: that is still owed then.
    """
    warnings: list[Problem] = []

    def done(what: Owed) -> None:
        nonlocal owed
        with noting_owed(judge.show.root):
            settle(folder, judge.target, what, begun=owed.begun)
        owed = owed.but(what)

    if owed.purge:
        failed = _purged(judge.show.settings.site_url, settings, sorted(owed.purge))
        warnings += failed
        if not failed:
            done(Owed(purge=owed.purge))
    if not looks:
        done(Owed(begun=owed.begun))
        return Completed(owed, 0, (), tuple(warnings))
    recordings = judge.recordings(owed.unseen)
    faults = look(judge, recordings, report)
    wrong = {one.where for one in faults}
    # What is not published any more nobody has to see.
    done(Owed(unseen=owed.unseen - judge.names(one.url for one in recordings if one.url in wrong)))
    # Hubs hear of a feed once it is there for everybody: where a cache still holds the old one, with the next look.
    if not faults:
        for whom, tell in _waiting(judge.show.settings.announce).items():
            if whom in owed.untold:
                failed = tell(judge.show.settings.site_url + FEED)
                warnings += failed
                if not failed:
                    done(Owed(untold=frozenset({whom})))
        done(Owed(untold=owed.untold - _waiting(judge.show.settings.announce).keys()))
        # As long as anything is owed, going back once more completes that, and goes no further back.
        if not owed.purge and not owed.untold:
            done(Owed(begun=owed.begun))
    return Completed(owed, len(recordings), tuple(faults), tuple(warnings))


def look(judge: Judge, recordings: Sequence[Expected], report: Report) -> list[Problem]:
    """What is not at the public addresses as it is here: the feed, and these recordings."""
    found = verify(
        judge.show.settings.site_url + FEED,
        judge.content.bytes_of(FEED),
        recordings,
        report=lambda url: report(judge.target, "asking for it", 0.0),
    )
    report(judge.target, "asking for it", 1.0)  # or its bar would run on below the question that follows
    return found


def _waiting(announce: AnnounceSettings) -> dict[Told, Callable[[str], list[Problem]]]:
    waiting: dict[Told, Callable[[str], list[Problem]]] = {}
    if hub := announce.websub_hub:
        waiting["hub"] = lambda feed_url: tell_hub(hub, feed_url)
    if announce.podping:
        waiting["podping"] = tell_podping
    return waiting


def _purged(site_url: str, settings: TargetSettings, names: Sequence[str]) -> list[Problem]:
    urls = [url for name in names for url in _addresses(site_url, name)]
    failed: list[Problem] = []
    if settings.purge:
        failed += purge_by_command(settings.purge, urls)
    if settings.purge_url:
        failed += purge_by_url(settings.purge_url, urls)
    return failed


def _addresses(site_url: str, name: str) -> Iterator[str]:
    """The addresses under which a file is known: a folder's page also by the folder's."""
    yield site_url + name
    if name == "index.html" or name.endswith("/index.html"):
        yield site_url + name.removesuffix("index.html")
