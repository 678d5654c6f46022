"""What is published: `site/` as a run built it, or an earlier publication that may come back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.errors import Problem, Refused
from pipeline.publish.deploy.owed import Owed
from pipeline.publish.deploy.plan import Rank, Wanted, rank_of
from pipeline.publish.deploy.releases import Releases
from pipeline.publish.published import Record, record_of
from pipeline.show import Episode, Show
from pipeline.stages.faults import Failed, set_aside
from pipeline.stages.publishing import BuiltSite, built_now
from pipeline.stages.status import SITE_FOLDER, Reading, page_sections, read_episode

_SAFEGUARDS = ("consent-", "protected-name", "redaction-incomplete")


@dataclass(frozen=True)
class Content:
    """The files that are to be published, the words in them by slug, and what is kept beside them for going back.

    `number` is that of the kept publication that this is; None for `site/`.
    """

    wanted: tuple[Wanted, ...]
    words: Mapping[str, Record]
    facts: Mapping[str, Any] = field(repr=False)
    number: int | None = None

    def bytes_of(self, name: str) -> bytes | None:
        """A file whole; None where there is none of this name."""
        return next((one.path.read_bytes() for one in self.wanted if one.name == name), None)

    def feeds(self) -> list[bytes]:
        """The pages of the feed."""
        return [one.path.read_bytes() for one in self.wanted if rank_of(one.name) is Rank.FEED]


def read_all(show: Show, digests: DigestCache) -> Iterator[Reading]:
    """Every episode that can be read now."""
    failed: Failed = {}
    for episode in show.episodes:
        with set_aside(show.root, episode.slug, failed):
            yield read_episode(show, episode, digests)


def present(show: Show, readings: Sequence[Reading], digests: DigestCache, now: datetime) -> Content:
    """`site/`. Raises Refused unless it is what a run would build now, and nobody wrote into it since."""
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
        "guards": {reading.episode.slug: _guard(show, reading.episode) for reading in built.episodes},
    }
    return Content(tuple(wanted), words, facts)


def earlier(
    show: Show, readings: Sequence[Reading], releases: Releases, last_feed: str | None, owed: Owed, now: datetime
) -> Content:
    """The publication before the last one, whose feed has the digest `last_feed` as far as anybody knows; before one
    that was broken off (`owed`) the last that was completed.

    Raises Refused where something in it must not be public any more, or where it is not kept here.
    """
    kept = releases.before(last_feed, begun=owed.begun, back=owed.back)
    words = {slug: Record.model_validate(one) for slug, one in kept.facts.get("words", {}).items()}
    readable = {reading.episode.slug: reading for reading in readings}
    problems: list[Problem] = []
    for slug, guard in kept.facts.get("guards", {}).items():
        reading = readable.get(slug)
        if slug in show.withdrawn:
            why = "it was withdrawn since"
        elif reading is None:
            why = "it cannot be read now, so nobody knows whether it may"
        elif _guard(show, reading.episode) != guard:
            why = "something in it was struck out or is protected since"
        elif any(one.code.startswith(_SAFEGUARDS) for one in reading.refusals_on(now.date())):
            why = "the consents or the protected names stand against it now"
        else:
            continue
        problems.append(Problem(slug, f"the earlier publication must not come back: {why}", "Publish forward instead"))
    if problems:
        raise Refused(problems)
    return Content(kept.wanted, words, kept.facts, kept.number)


def exposed(show: Show, releases: Releases) -> frozenset[str]:
    """Episodes of which nothing old may stay in public: withdrawn, struck in, or of a person who is protected since.

    Where this machine does not know what was protected at the last publication, it counts as protected since.
    """
    guards = releases.newest_facts().get("guards", {})
    return frozenset(show.withdrawn) | {
        episode.slug
        for episode in show.episodes
        if show.redactions_of(episode)
        or (show.protected_of(episode) and guards.get(episode.slug) != _guard(show, episode))
    }


def _words(show: Show, built: BuiltSite) -> Iterator[tuple[str, Record]]:
    for reading in built.episodes:
        said = page_sections(show, reading.episode, reading.transcript, reading.notes_markdown, reading.subject)
        yield reading.episode.slug, record_of(reading.episode, said)


def _guard(show: Show, episode: Episode) -> str:
    """What must be the same for an earlier publication of an episode to come back: what is struck out and protected."""
    return files.digest_json(
        [one.model_dump(mode="json") for one in (*show.redactions_of(episode), *show.protected_of(episode))]
    )
