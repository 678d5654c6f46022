"""From approved episodes to `site/`: the release is tagged, the text is timed, the pages are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.errors import Problem
from pipeline.publish.finished import Candidate
from pipeline.show import IMPORTED_NAME, Show
from pipeline.stages import stamps
from pipeline.stages.faults import Failed
from pipeline.stages.prepare import MASTER_VERSION, Report
from pipeline.stages.remembering import program_digest
from pipeline.stages.status import (
    MASTER_STAMP,
    SITE_FOLDER,
    Reading,
    build_folder,
    site_stamp,
)

SHELF_FOLDER = "_site"  # in build/: what goes over several episodes


class Built(NamedTuple):
    """What building the site did: lines for the producer, files in `site/` that are none of ours, unusable photos."""

    done: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    photo_problems: tuple[Problem, ...] = ()
    trace: tuple[str, ...] = ()


class BuiltSite(NamedTuple):
    """What is in `site/`: the episodes as they are approved, and the digest of every file when it was written."""

    episodes: tuple[Reading, ...]
    digests: Mapping[str, str]


def publish(
    show: Show, readings: Sequence[Reading], digests: DigestCache, now: datetime, failed: Failed, report: Report
) -> Built:
    """Build `site/` from every reading that may be published, when it is out of date.

    An episode that fails here is noted in `failed`; it is tried again by the next run.
    """
    planned = _planned(show, readings, digests, now)
    ready = planned.ready
    stamp, site = site_stamp(show.root), show.root / SITE_FOLDER
    if stamps.is_fresh(stamp, planned.key, base=site):
        return Built()
    from pipeline.publish.shelf import Shelf
    from pipeline.publish.site import PICTURES_FOLDER, assemble, workshop
    from pipeline.stages.making import Maker

    build = build_folder(show.root)
    shop = workshop(show, build / PICTURES_FOLDER)
    maker = Maker(shop, {reading.episode.slug: reading for reading in ready}, digests, report)
    shelf = Shelf(build / SHELF_FOLDER)
    result = assemble(
        site,
        shop,
        planned.candidates,
        maker.make,
        today=now.date(),
        report=lambda part: report("site", "writing", part),
        shelf=shelf,
        common=planned.common,
    )
    failed.update(result.left_out)
    subjects = {reading.episode.slug: files.digest_json(dict(reading.subject)) for reading in ready}
    published = {slug: subjects[slug] for slug in result.pages}
    # Where an episode or a photo was set aside, what was built is not what the key says: the next run tries again.
    whole = len(published) == len(ready) and not result.photo_problems
    facts = {
        "published": published,
        "built_from": planned.key,
        "digests": dict(result.digests),
    }
    stamps.write(stamp, planned.key if whole else "", result.files, base=site, facts=facts)
    line = f"site: {len(result.written)} files written, {len(result.removed)} removed"
    trace = (*(f"made {slug}" for slug in maker.made), *(f"gathered {name}" for name in shelf.made))
    return Built((line,) if result.changed else (), result.strays, result.photo_problems, trace)


def built_now(show: Show, readings: Sequence[Reading], digests: DigestCache, now: datetime) -> BuiltSite | None:
    """What `site/` holds, where it was built from what is approved now; None where a run would build it anew."""
    planned = _planned(show, readings, digests, now)
    facts = stamps.read(site_stamp(show.root)).get("facts")
    if not isinstance(facts, dict) or facts.get("built_from") != planned.key:
        return None
    inside = [reading for reading in planned.ready if reading.episode.slug in facts["published"]]
    return BuiltSite(tuple(inside), dict(facts["digests"]))


def may_be_published(reading: Reading, now: datetime) -> bool:
    """Whether nothing stands against it: approved as it is now, no refusal, and its time has come."""
    stands = reading.problems or reading.refusals_on(now.date())
    return reading.verdict.holds and not stands and reading.episode.published_at <= now


class _Planned(NamedTuple):
    """What the site is to be made of: `key` is the digest of all of it, `common` of what files of several share."""

    ready: list[Reading]
    candidates: list[Candidate]
    common: str
    key: str


def _planned(show: Show, readings: Sequence[Reading], digests: DigestCache, now: datetime) -> _Planned:
    ready = [reading for reading in readings if may_be_published(reading, now)]
    every = _every_key(show, digests)
    candidates = [_candidate(show, reading, now, every) for reading in ready]
    common = files.digest_json([every, _shared_key(show)])
    return _Planned(ready, candidates, common, files.digest_json([common, [one.key for one in candidates]]))


def _candidate(show: Show, reading: Reading, now: datetime, every: str) -> Candidate:
    """An episode that may be published, under the digest of all that shapes it and is not its page's surroundings."""
    episode = reading.episode
    folder = build_folder(show.root) / episode.slug
    asked = [call.ends_on is not None and call.ends_on < now.date() for call in episode.calls_to_action]
    key = stamps.key_of(
        every=every,
        subject=dict(reading.subject),
        approvals=[one.model_dump(mode="json") for one in reading.verdict.holding],
        ended=asked,
        protected=[one.model_dump(mode="json") for one in show.protected_of(episode)],
        # A waived statement is found again by the words of the glossary; others need only those that are sealed.
        terms=[one.model_dump(mode="json") for one in show.glossary_of(episode)] if episode.waivers else [],
        made=[stamps.read(folder / name).get("key") for name in (MASTER_STAMP, "derive.stamp.json")],
    )
    return Candidate(episode, episode.language or show.settings.language, show.episode_people(episode), key)


def _every_key(show: Show, digests: DigestCache) -> str:
    """What shapes the files of every episode."""
    from pipeline.publish.templates import overrides_folder, templates_folder

    settings = show.settings
    named = [one for one in show.people.values() if one.name == settings.author or one.id in settings.hosts]
    return stamps.key_of(
        show=settings.model_dump(mode="json", exclude={"targets"}),
        artwork=digests.digest(show.folder / settings.artwork),
        people=[one.model_dump(mode="json") for one in named],
        templates=[_digest_folder(folder) for folder in (templates_folder(), overrides_folder(show.root)) if folder],
        fonts=[digests.digest(show.folder / font.file) for font in settings.look.fonts],
        program=program_digest(),
        versions=[MASTER_VERSION],
    )


def _shared_key(show: Show) -> str:
    """What shapes the files that go over several episodes and is not in theirs."""
    kept = show.folder / IMPORTED_NAME
    return stamps.key_of(
        people=[one.model_dump(mode="json") for one in show.people.values()],
        protected=[one.model_dump(mode="json") for one in show.protected],
        kept=files.digest_file(kept) if kept.exists() else None,
    )


def _digest_folder(folder: Path, pattern: str = "**/*.*") -> str:
    return files.digest_json(
        {
            str(path.relative_to(folder)): files.digest_file(path)
            for path in sorted(folder.glob(pattern))
            if path.is_file()
        }
    )
