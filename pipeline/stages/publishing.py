"""From approved episodes to `site/`: the release is tagged, the text is timed, the pages are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.errors import Problem
from pipeline.publish.finished import Candidate
from pipeline.show import Show
from pipeline.stages import stamps
from pipeline.stages.faults import Failed
from pipeline.stages.keys import candidate_of, every_key, may_be_published, shared_key
from pipeline.stages.prepare import Report
from pipeline.stages.status import (
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
    from pipeline.publish.site import assemble
    from pipeline.publish.workshop import PICTURES_FOLDER, workshop
    from pipeline.stages.making import Maker

    build = build_folder(show.root)
    shop = workshop(show, build / PICTURES_FOLDER)
    maker = Maker(shop, {reading.episode.slug: reading for reading in ready}, digests, now, report)
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
    published = {one.episode.slug: one.subject_digest for one in ready if one.episode.slug in result.pages}
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


class _Planned(NamedTuple):
    """What the site is to be made of: `key` is the digest of all of it, `common` of what files of several share."""

    ready: list[Reading]
    candidates: list[Candidate]
    common: str
    key: str


def _planned(show: Show, readings: Sequence[Reading], digests: DigestCache, now: datetime) -> _Planned:
    ready = [reading for reading in readings if may_be_published(reading, now)]
    every = every_key(show, digests)
    candidates = [candidate_of(show, reading, now, every) for reading in ready]
    common = files.digest_json([every, shared_key(show)])
    return _Planned(ready, candidates, common, files.digest_json([common, [one.key for one in candidates]]))
