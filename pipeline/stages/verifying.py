"""Every digest that was ever noted, reckoned again: whether something rotted, was exchanged or is missing.

Nothing is believed but the bytes: the digests remembered in `build/` are left aside, and what a target says of itself
is held against the ledger. Nothing is changed either. An area that cannot be looked at costs the others nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline import files, release
from pipeline.digests import DigestCache
from pipeline.errors import OnRecordError, Problem, Refused
from pipeline.publish.deploy.kinds import target_of
from pipeline.publish.deploy.ledger import LEDGER_NAME, Ledger, read_ledger
from pipeline.publish.deploy.listed import name_of
from pipeline.publish.deploy.manifest import MANIFEST_NAME, read_manifest
from pipeline.publish.deploy.owed import read_owed
from pipeline.publish.deploy.plan import FEED, cleared_for
from pipeline.publish.deploy.releases import Releases
from pipeline.publish.deploy.targets import Session, read
from pipeline.publish.links.snapshots import SNAPSHOTS_NAME, read_list
from pipeline.publish.published import PUBLISHED_NAME
from pipeline.show import RELEASES_FOLDER, Show, load_show, require_own_releases
from pipeline.stages import stamps
from pipeline.stages.completing import publishing_folder
from pipeline.stages.prepare import Report
from pipeline.stages.publication import exposed
from pipeline.stages.status import SITE_FOLDER, build_folder, read_episode, site_stamp
from pipeline.stages.takenover import kept_release_path

_Found = Iterator[Problem | None]  # one for each thing that was looked at; None where it is as it was


@dataclass(frozen=True)
class Checked:
    """One area: how many things were looked at, and what is not as it was noted."""

    area: str
    count: int
    problems: tuple[Problem, ...]


def verify_all(root: Path, target: str | None, report: Report) -> tuple[Checked, ...]:
    """Reckon every digest of a show again, and with `target` (a name of show.toml's) those of what stands there.

    Raises InvalidShow when the show's own files cannot be used, Refused for a target that is not known.
    """
    show = load_show(root)
    if target is not None and target not in show.settings.targets:
        known = ", ".join(show.settings.targets) or "none"
        raise Refused(Problem("show.toml", f"there is no target {target}", f"Those that there are: {known}"))
    areas: dict[str, Callable[[], _Found]] = {
        "approvals": lambda: _approvals(show, report),
        "finished recordings": lambda: _releases(show, report),
        "site": lambda: _site(show, report),
        "ledger": lambda: _ledger(show),
        "kept publications": lambda: _kept(show, report),
        "copies of sources": lambda: _copies(show),
    }
    if target is not None:
        areas[f"target {target}"] = lambda: _target(show, target, report)
    return tuple(_checked(area, look()) for area, look in areas.items())


def _checked(area: str, found: _Found) -> Checked:
    looked_at: list[Problem | None] = []
    try:
        looked_at.extend(found)
    except OnRecordError as error:
        looked_at.extend(error.problems)
    except OSError as error:
        looked_at.append(
            Problem(error.filename or area, f"it cannot be read ({error.strerror or error})", "Restore it")
        )
    return Checked(area, len(looked_at), tuple(problem for problem in looked_at if problem is not None))


def _approvals(show: Show, report: Report) -> _Found:
    for slug, error in show.broken.items():
        yield Problem(
            slug, f"it cannot be read, so neither can its approval: {error.problems[0].what}", "Mend it first"
        )
    given = _given(show)
    for slug in sorted(given.keys() - {one.slug for one in show.episodes} - show.broken.keys() - show.withdrawn.keys()):
        what = f"it was published at {given[slug]}, and its folder is gone"
        yield Problem(slug, what, "Restore it; what may not be public any more is taken out by onrecord withdraw")
    for episode in show.episodes:
        if not (episode.folder / "approvals").is_dir():
            if episode.slug not in show.withdrawn and (
                episode.slug in given or (episode.folder / PUBLISHED_NAME).exists()
            ):
                yield Problem(episode.slug, "it was published, and its approvals are gone", "Restore approvals/")
            continue
        report(episode.slug, "reckoning digests", 0.0)
        try:
            # A memory that is nowhere: every file is read.
            reading = read_episode(show, episode, DigestCache(build_folder(show.root) / "no-such-memory"))
        except (OnRecordError, OSError) as error:
            yield Problem(episode.slug, f"it cannot be read: {error}", "Restore it")
            continue
        yield from reading.verdict.refusals(episode.slug)
        if reading.verdict.holds:
            yield None
        yield from reading.verdict.unreadable


def _releases(show: Show, report: Report) -> _Found:
    for episode in show.episodes:
        folder = build_folder(show.root) / episode.slug
        finished = kept_release_path(folder, episode) if episode.keeps_audio else folder / release.RELEASE_AUDIO_NAME
        if (folder / release.RELEASE_FACTS_NAME).exists() and finished.exists():
            report(episode.slug, "reading the finished recording", 0.0)
            try:
                noted = release.read_release(folder / release.RELEASE_FACTS_NAME).digest
            except OnRecordError as error:
                yield from error.problems
                continue
            yield _compared(finished, noted, f"Delete {folder} and run again")


def _site(show: Show, report: Report) -> _Found:
    digests = _noted_of_site(show)
    for number, (name, digest) in enumerate(digests.items()):
        report("site", "reading", number / len(digests))
        remedy = "Delete it and run make pipeline; publish again where it was published like this"
        yield _compared(show.root / SITE_FOLDER / name, digest, remedy)


def _ledger(show: Show) -> _Found:
    site = _noted_of_site(show)
    for entry in read_ledger(show.folder / LEDGER_NAME).entries:
        name = name_of(entry.url, show.settings.site_url)
        if entry.gone is not None or entry.digest is None or name is None:
            continue
        if name not in site:
            what = f"{entry.url}, which listeners were given at {entry.target}, is not in site/"
            yield Problem(entry.slug, what, "See onrecord status for why; make pipeline builds site/")
        elif site[name] != entry.digest:
            what = f"site/{name} is not the recording that listeners were given at {entry.target}"
            yield Problem(entry.slug, what, "Run onrecord publish --dry-run to see what it would refuse")
        else:
            yield None


def _kept(show: Show, report: Report) -> _Found:
    require_own_releases(show.root)
    folder = build_folder(show.root) / RELEASES_FOLDER
    remedy = "It cannot be gone back to; publications that follow take its place"
    read_already: dict[tuple[int, int], str] = {}  # most files of a publication are those of the one before
    for target in sorted(folder.iterdir()) if folder.is_dir() else ():
        for kept, listed in Releases(target).listings():
            report(target.name, "reading kept publications", 0.0)
            if listed is None:
                yield Problem(str(kept.parent), "what was published cannot be read", remedy)
            for name, digest in (listed or {}).items():
                path = kept / name
                status = path.stat() if path.is_file() else None
                same = (status.st_dev, status.st_ino) if status else None
                if same is None or read_already.get(same) != digest:
                    problem = _compared(path, digest, remedy)
                    if same and problem is None:
                        read_already[same] = digest
                    yield problem
                else:
                    yield None


def _copies(show: Show) -> _Found:
    for taken in read_list(show.folder / SNAPSHOTS_NAME).values():
        for copy in taken:
            yield _compared(
                show.root / copy.file, copy.digest, "Restore it, or take another: onrecord sources snapshot"
            )


def _target(show: Show, name: str, report: Report) -> _Found:
    target = target_of(show.settings.targets[name], show.root)
    promised, owed = _promised(show, name), read_owed(publishing_folder(show.root), name)
    with target.open(None) as session:
        content = read(session, MANIFEST_NAME)
        noted, stored = read_manifest(content), session.stored()
        if promised and not noted:
            what = (
                "the note of what was published cannot be read" if content else "the note of what was published is gone"
            )
            yield Problem(f"{target.place}/{MANIFEST_NAME}", what, "Publish again: it is written anew")
        # The note is written before the first file goes out, the ledger after the last; between them neither is wrong.
        broken_off = owed.begun and FEED in noted and noted[FEED].digest != promised.get(FEED)
        remedy = f"Run onrecord publish{'' if owed.back is None else ' --rollback'}, then verify again"
        names = sorted(noted.keys() | promised.keys())
        for number, file in enumerate(names):
            report(name, "reading", number / len(names))
            where = f"{target.place}/{file}"
            there = _digest_there(session, file) if file in stored else None
            known = {promised.get(file, there), noted[file].digest if file in noted else there}
            if there is None:
                yield Problem(where, "it was published and is not there", "Publish again; only what is missing is sent")
            elif broken_off and there in known and len(known) > 1:
                yield Problem(where, "a publication was broken off", remedy)
            elif there != promised.get(file, there):
                what = "it is not what the ledger has of it: it rotted, was exchanged, or somebody else published since"
                yield Problem(where, what, "Get the ledger of who published last; or delete it there, publish again")
            elif file in noted and there != noted[file].digest:
                yield Problem(where, "it is not what was published", "Delete it there, and publish again")
            else:
                yield None
        old = Releases(build_folder(show.root) / RELEASES_FOLDER / name)
        for place in session.left_behind(cleared_for(exposed(show, old))):
            what = "an older release holds it, and it may hold what was withdrawn, struck out or is protected since"
            yield Problem(place, what, "Publish again: that release is deleted then, also where nothing else is to do")


def _promised(show: Show, target: str) -> Mapping[str, str]:
    """The digests that the ledger has of what listeners get at a target: the recordings, and the feed."""
    ledger = _readable_ledger(show)
    found = {
        name: entry.digest
        for entry in ledger.at_target(target)
        if entry.gone is None and entry.digest and (name := name_of(entry.url, show.settings.site_url))
    }
    last = ledger.latest(target)
    return found | ({FEED: last.feed} if last else {})


def _digest_there(session: Session, name: str) -> str | None:
    pieces = session.pieces(name)
    return None if pieces is None else files.digest_pieces(pieces)


def _given(show: Show) -> Mapping[str, str]:
    """The episodes that listeners were given, each with one of its targets."""
    return {one.slug: one.target for one in _readable_ledger(show).entries if one.gone is None and one.slug}


def _readable_ledger(show: Show) -> Ledger:
    """The ledger; empty where it cannot be read, which its own area tells."""
    with suppress(Refused):
        return read_ledger(show.folder / LEDGER_NAME)
    return Ledger()


def _noted_of_site(show: Show) -> Mapping[str, str]:
    facts = stamps.read(site_stamp(show.root)).get("facts")
    digests = facts.get("digests") if isinstance(facts, dict) else None
    return digests if isinstance(digests, dict) else {}


def _compared(path: Path, digest: str, remedy: str) -> Problem | None:
    if not path.is_file():
        return Problem(str(path), "it was noted and is not there", remedy)
    try:
        same = files.digest_file(path) == digest
    except OSError as error:
        return Problem(str(path), f"it cannot be read ({error.strerror or error})", remedy)
    return None if same else Problem(str(path), "its bytes are not those that were noted", remedy)
