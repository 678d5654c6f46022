"""Every digest that was ever noted, reckoned again: whether something rotted, was exchanged or is missing.

Nothing is believed but the bytes: the digests remembered in `build/` are left aside. Nothing is changed either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import files, release
from pipeline.digests import DigestCache
from pipeline.errors import OnRecordError, Problem, Refused
from pipeline.publish.deploy.kinds import target_of
from pipeline.publish.deploy.ledger import LEDGER_NAME, read_ledger
from pipeline.publish.deploy.listed import name_of
from pipeline.publish.deploy.manifest import MANIFEST_NAME, read_manifest
from pipeline.publish.deploy.targets import read
from pipeline.publish.links.snapshots import SNAPSHOTS_NAME, read_list
from pipeline.show import Show, load_show
from pipeline.stages import stamps
from pipeline.stages.prepare import Report
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

    Raises InvalidShow when the show's own files cannot be used, Refused for a target that is not known, NoAnswer
    where it cannot be reached.
    """
    show = load_show(root)
    areas: dict[str, Callable[[], _Found]] = {
        "approvals": lambda: _approvals(show, report),
        "finished recordings": lambda: _releases(show, report),
        "site": lambda: _site(show, report),
        "ledger": lambda: _ledger(show),
        "copies of sources": lambda: _copies(show),
    }
    if target is not None:
        areas[f"target {target}"] = lambda: _target(show, target, report)
    return tuple(_checked(area, look()) for area, look in areas.items())


def _checked(area: str, found: _Found) -> Checked:
    looked_at = list(found)
    return Checked(area, len(looked_at), tuple(problem for problem in looked_at if problem is not None))


def _approvals(show: Show, report: Report) -> _Found:
    for slug, error in show.broken.items():
        yield Problem(
            slug, f"it cannot be read, so neither can its approval: {error.problems[0].what}", "Mend it first"
        )
    for episode in show.episodes:
        if not (episode.folder / "approvals").is_dir():
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
            noted = release.read_release(folder / release.RELEASE_FACTS_NAME).digest
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


def _copies(show: Show) -> _Found:
    for taken in read_list(show.folder / SNAPSHOTS_NAME).values():
        for copy in taken:
            yield _compared(
                show.root / copy.file, copy.digest, "Restore it, or take another: onrecord sources snapshot"
            )


def _target(show: Show, name: str, report: Report) -> _Found:
    if name not in show.settings.targets:
        known = ", ".join(show.settings.targets) or "none"
        raise Refused(Problem("show.toml", f"there is no target {name}", f"Those that there are: {known}"))
    target = target_of(show.settings.targets[name], show.root)
    with target.open(None) as session:
        noted = read_manifest(read(session, MANIFEST_NAME))
        stored = session.stored()
        for number, (file, one) in enumerate(sorted(noted.items())):
            report(name, "reading", number / len(noted))
            where, remedy = f"{target.place}/{file}", "Publish again; only what differs is sent"
            if file not in stored:
                yield Problem(where, "it was published and is not there", remedy)
                continue
            pieces = session.pieces(file)
            there = None if pieces is None else files.digest_pieces(pieces)
            yield None if there == one.digest else Problem(where, "it is not what was published", remedy)


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
