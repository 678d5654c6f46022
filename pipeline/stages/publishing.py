"""From approved episodes to `site/`: the release is tagged, the text is timed, the pages are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pipeline
from pipeline import files, release
from pipeline.align import TimedParagraph, align, shifted
from pipeline.digests import DigestCache
from pipeline.errors import Problem, Refused
from pipeline.publish.model import ApprovedEpisode, place
from pipeline.publish.moving.transcripts import chapters_in, taken_over
from pipeline.show import IMPORTED_NAME, Episode, Show
from pipeline.stages import stamps
from pipeline.stages.faults import Failed, set_aside
from pipeline.stages.guarding import protected_in_episode
from pipeline.stages.prepare import MASTER_NAME, MASTER_VERSION, Report
from pipeline.stages.status import (
    MASTER_STAMP,
    SITE_FOLDER,
    Reading,
    build_folder,
    read_episode,
    site_stamp,
)
from pipeline.stages.takenover import keep_release, kept_release_path
from pipeline.transcript import MACHINE_NAME, read_machine
from pipeline.withhold import withheld

_TAGS_VERSION = 2
_ALTERNATE_VERSION = 1


class Built(NamedTuple):
    """What building the site did: lines for the producer, files in `site/` that are none of ours, unusable photos."""

    done: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    photo_problems: tuple[Problem, ...] = ()


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
    ready = [reading for reading in readings if may_be_published(reading, now)]
    key = _site_key(show, ready, now, digests)
    stamp, site = site_stamp(show.root), show.root / SITE_FOLDER
    if stamps.is_fresh(stamp, key, base=site):
        return Built()
    from pipeline.publish.site import build_site

    approved: list[ApprovedEpisode] = []
    for reading in ready:
        with set_aside(show.root, reading.episode.slug, failed):
            one = _approved(show, reading, report)
            _require_unchanged(show, reading, digests)
            approved.append(one)
    result = build_site(site, show, approved, today=now.date(), report=lambda part: report("site", "writing", part))
    failed.update(result.left_out)
    subjects = {reading.episode.slug: files.digest_json(dict(reading.subject)) for reading in ready}
    published = {slug: subjects[slug] for slug in result.pages}
    # Where an episode or a photo was set aside, what was built is not what the key says: the next run tries again.
    whole = len(published) == len(ready) and not result.photo_problems
    facts = {
        "published": published,
        "built_from": key,
        "digests": {name: digests.digest(site / name) for name in result.files},
    }
    stamps.write(stamp, key if whole else "", result.files, base=site, facts=facts)
    line = f"site: {len(result.written)} files written, {len(result.removed)} removed"
    return Built((line,) if result.changed else (), result.strays, result.photo_problems)


def built_now(show: Show, readings: Sequence[Reading], digests: DigestCache, now: datetime) -> BuiltSite | None:
    """What `site/` holds, where it was built from what is approved now; None where a run would build it anew."""
    ready = [reading for reading in readings if may_be_published(reading, now)]
    facts = stamps.read(site_stamp(show.root)).get("facts")
    if not isinstance(facts, dict) or facts.get("built_from") != _site_key(show, ready, now, digests):
        return None
    inside = [reading for reading in ready if reading.episode.slug in facts["published"]]
    return BuiltSite(tuple(inside), dict(facts["digests"]))


def may_be_published(reading: Reading, now: datetime) -> bool:
    """Whether nothing stands against it: approved as it is now, no refusal, and its time has come."""
    stands = reading.problems or reading.refusals_on(now.date())
    return reading.verdict.holds and not stands and reading.episode.published_at <= now


def _require_unchanged(show: Show, reading: Reading, digests: DigestCache) -> None:
    # Somebody may save a file between its reading and its sealing; what is published is what was judged.
    if read_episode(show, reading.episode, digests).subject != reading.subject:
        raise Refused(Problem(reading.episode.slug, "it changed while it was being published", "Run again"))


def _approved(show: Show, reading: Reading, report: Report) -> ApprovedEpisode:
    """Tag the release and time the text: everything the publishing room needs of one episode."""
    episode = reading.episode
    folder = build_folder(show.root) / episode.slug
    alternate, release_path = None, folder / release.RELEASE_AUDIO_NAME
    if episode.keeps_audio:
        digest = reading.subject[episode.recordings[0].file]
        finished = keep_release(episode, folder, digest, lambda part: report(episode.slug, "taking over", part))
        release_path = kept_release_path(folder, episode)
    else:
        finished = _finish(show, episode, folder, report)
        alternate = _alternate(show, episode, folder, finished, report)
    redactions = show.redactions_of(episode)
    paragraphs, drafted_by = _timed(show, reading, folder, finished, report)
    imported = taken_over(episode) if episode.imported else None
    if imported and imported.chapters and not episode.chapters:
        episode = episode.model_copy(update={"chapters": chapters_in(imported.chapters)})
    settings = show.settings
    return ApprovedEpisode(
        episode=episode,
        language=episode.language or settings.language,
        explicit=settings.explicit if episode.explicit is None else episode.explicit,
        people=show.episode_people(episode),
        paragraphs=paragraphs,
        notes_markdown=reading.notes_markdown or "",
        release=finished,
        release_path=release_path,
        artwork_path=episode.folder / episode.artwork if episode.artwork else None,
        checked_by=tuple(dict.fromkeys(one.name for one in reading.verdict.holding)),
        checked_at=max(one.approved_at for one in reading.verdict.holding),
        drafted_by=drafted_by,
        heard_percent=max(
            (one.evidence["heard_percent"] for one in reading.verdict.holding if "heard_percent" in one.evidence),
            default=None,
        ),
        alternate=alternate,
        alternate_path=folder / f"alternate.{alternate.suffix}" if alternate else None,
        protected=protected_in_episode(show, episode),
        helplines=show.helplines_of(episode),
        # The waveform is that of the recording, in which what was struck out can still be seen.
        peaks_path=None if redactions or episode.is_taken_over else folder / release.PEAKS_NAME,
        imported=imported,
    )


def _timed(
    show: Show, reading: Reading, folder: Path, finished: release.Release, report: Report
) -> tuple[tuple[TimedParagraph, ...], str]:
    """The text at times of the release, and what drafted it; nothing of an episode that is taken over without one."""
    episode = reading.episode
    if episode.is_taken_over:
        return (), ""
    machine = read_machine(episode.folder / MACHINE_NAME)
    assert reading.transcript is not None  # noqa: S101  the gate refuses an episode without one
    redactions = show.redactions_of(episode)
    said = withheld(align(reading.transcript, machine.words), redactions)
    if redactions:
        from pipeline.stages.redacting import prove

        prove(show, episode, redactions, said, folder, finished, report)
    return shifted(said, finished.recording_start_ms), f"{machine.engine} ({machine.model})"


def _finish(show: Show, episode: Episode, folder: Path, report: Report) -> release.Release:
    from pipeline.audio import master, tags
    from pipeline.publish import artwork
    from pipeline.publish.chapters import placed_chapters
    from pipeline.publish.pages import INDEX_PAGE, page_address

    settings = show.settings
    mastered = stamps.read(folder / MASTER_STAMP)
    picture = episode.folder / episode.artwork if episode.artwork else show.folder / settings.artwork
    said = tags.Tags(
        title=episode.title,
        artist=", ".join(person.name for person in show.episode_people(episode)) or settings.author,
        album=settings.title,
        published_at=episode.published_at,
        language=episode.language or settings.language,
        guid=episode.guid,
        description=episode.summary,
        number=episode.number,
        season=episode.season,
        page_url=page_address(settings, place(episode.slug, INDEX_PAGE)),
        feed_url=f"{settings.site_url}feed.xml",
        copyright=settings.copyright,
        license_url=settings.license_url,
        chapters=tuple(
            tags.TagChapter(one.start_ms, one.end_ms, one.title, one.url)
            for one in placed_chapters(
                episode.chapters, mastered["facts"]["recording_start_ms"], mastered["facts"]["duration_ms"]
            )
        ),
    )
    drawn = files.digest_file(picture)
    key = stamps.key_of(
        version=_TAGS_VERSION,
        master=mastered.get("key"),
        said={**asdict(said), "published_at": episode.published_at.isoformat()},
        picture=drawn,
    )
    stamp = folder / "release.stamp.json"
    facts, target = folder / release.RELEASE_FACTS_NAME, folder / release.RELEASE_AUDIO_NAME
    if not stamps.is_fresh(stamp, key):
        report(episode.slug, "tagging", 0.0)
        finished = tags.finish(
            folder / MASTER_NAME,
            target,
            master.Mastered(**mastered["facts"]),
            replace(said, cover=artwork.cover(picture, drawn)),
        )
        release.write_release(facts, finished)
        stamps.write(stamp, key, [target.name, facts.name])
    return release.read_release(facts)


def _alternate(
    show: Show, episode: Episode, folder: Path, finished: release.Release, report: Report
) -> release.AlternateAudio | None:
    """The same sound as a smaller file, where show.toml asks for one."""
    kind = show.settings.audio.alternate
    if kind is None:
        return None
    from pipeline.audio import alternate

    target = folder / f"alternate.{alternate.SUFFIXES[kind]}"
    stamp = folder / "alternate.stamp.json"
    key = stamps.key_of(version=_ALTERNATE_VERSION, kind=kind, master=stamps.read(folder / MASTER_STAMP).get("key"))
    if not stamps.is_fresh(stamp, key):
        made = alternate.encode(
            folder / MASTER_NAME,
            target,
            kind,
            channels=finished.channels,
            duration_ms=finished.duration_ms,
            report=lambda part: report(episode.slug, "alternate audio", part),
        )
        stamps.write(stamp, key, [target.name], facts=asdict(made))
    return release.AlternateAudio(**stamps.read(stamp)["facts"])


def _site_key(show: Show, ready: list[Reading], now: datetime, digests: DigestCache) -> str:
    from pipeline.publish.templates import overrides_folder, templates_folder

    code = Path(pipeline.__file__).parent
    ended = [
        [call.ends_on is not None and call.ends_on < now.date() for call in reading.episode.calls_to_action]
        for reading in ready
    ]
    return stamps.key_of(
        show=show.settings.model_dump(mode="json", exclude={"targets"}),
        artwork=digests.digest(show.folder / show.settings.artwork),
        kept=digests.digest(kept) if (kept := show.folder / IMPORTED_NAME).exists() else None,
        people=[one.model_dump(mode="json") for one in show.people.values()],
        glossary=[term.model_dump(mode="json") for term in show.glossary],
        episodes={reading.episode.slug: dict(reading.subject) for reading in ready},
        approvals={
            reading.episode.slug: [one.model_dump(mode="json") for one in reading.verdict.holding] for reading in ready
        },
        ended=ended,
        protected=[one.model_dump(mode="json") for one in show.protected],
        templates=[_digest_folder(folder) for folder in (templates_folder(), overrides_folder(show.root)) if folder],
        fonts=[digests.digest(show.folder / font.file) for font in show.settings.look.fonts],
        code=[_digest_folder(code / "publish"), _digest_folder(code / "claims"), _digest_folder(code, "*.py")],
        versions=[MASTER_VERSION, _TAGS_VERSION],
    )


def _digest_folder(folder: Path, pattern: str = "**/*.*") -> str:
    return files.digest_json(
        {
            str(path.relative_to(folder)): files.digest_file(path)
            for path in sorted(folder.glob(pattern))
            if path.is_file()
        }
    )
