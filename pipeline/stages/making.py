"""One approved episode made ready: the release tagged, the text timed, its files made, in this process or in others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pipeline import files, release
from pipeline.align import TimedParagraph, align, shifted
from pipeline.digests import DigestCache
from pipeline.errors import InvalidShow, OnRecordError, Problem, Refused
from pipeline.publish.finished import Finished, finished_from
from pipeline.publish.making import OWN_FOLDER
from pipeline.publish.model import ApprovedEpisode, place
from pipeline.publish.moving.transcripts import chapters_in, taken_over
from pipeline.publish.site import Order, Workshop
from pipeline.show import Episode, Show
from pipeline.stages import stamps
from pipeline.stages.faults import Failed, set_aside
from pipeline.stages.guarding import protected_in_episode
from pipeline.stages.prepare import MASTER_NAME, Report
from pipeline.stages.status import MASTER_STAMP, Reading, build_folder, read_episode
from pipeline.stages.takenover import keep_release, kept_release_path
from pipeline.transcript import MACHINE_NAME, read_machine
from pipeline.withhold import withheld

TAGS_VERSION = 2
_ALTERNATE_VERSION = 1
_STAMP = "site.stamp.json"


class Maker:
    """Gives the episodes that a site is put together of: those that are as they were, and the others made anew.

    `readings` are those of all episodes that may be published, by slug; `made` are the slugs of those made here.
    """

    def __init__(self, shop: Workshop, readings: Mapping[str, Reading], digests: DigestCache, report: Report) -> None:
        self.made: list[str] = []
        self._shop = shop
        self._readings = readings
        self._digests = digests
        self._report = report

    def make(self, orders: Sequence[Order]) -> Iterator[tuple[str, Finished | OnRecordError]]:
        """For every order the episode, or why it cannot be published. Raises InvalidShow where a template fails."""
        stale: list[Order] = []
        for order in orders:
            facts = self._kept_facts(order)
            if facts is None:
                stale.append(order)
            else:
                yield order.candidate.slug, self._finished(order, facts)
        for done, order in enumerate(stale):
            self._report("site", "making pages", done / len(stale))
            slug, failed = order.candidate.slug, Failed()
            with set_aside(self._shop.show.root, slug, failed):
                facts = make_one(self._shop, self._readings[slug], order, self._digests, self._report)
                self.made.append(slug)
                yield slug, self._finished(order, facts)
            if slug in failed:
                if isinstance(failed[slug], InvalidShow):
                    raise failed[slug]
                yield slug, failed[slug]

    def _kept_facts(self, order: Order) -> Mapping[str, Any] | None:
        folder = build_folder(self._shop.show.root) / order.candidate.slug
        if not stamps.is_fresh(folder / _STAMP, order.key, base=folder):
            return None
        facts = stamps.read(folder / _STAMP)["facts"]
        return facts if isinstance(facts, dict) else None

    def _finished(self, order: Order, facts: Mapping[str, Any]) -> Finished:
        slug = order.candidate.slug
        approved = _known(
            self._shop.show,
            self._readings[slug],
            release.Release(**facts["release"]),
            release.AlternateAudio(**facts["alternate"]) if facts["alternate"] else None,
            facts["drafted_by"],
        )
        return finished_from(approved, build_folder(self._shop.show.root) / slug / OWN_FOLDER, facts)


def make_one(shop: Workshop, judged: Reading, order: Order, digests: DigestCache, report: Report) -> Mapping[str, Any]:
    """Make one episode's files, note from what they were made, and return what is kept of it.

    What is published is what was judged: raises Refused where anything of it is another by now.
    """
    show, slug = shop.show, order.candidate.slug
    folder = build_folder(show.root) / slug
    reading = read_episode(show, judged.episode, digests)
    _require_unchanged(judged, reading.subject)
    approved = _approved(show, reading, report)
    made = shop.make(approved, order.around, folder / OWN_FOLDER)
    # Somebody may save a file between its reading and its sealing.
    _require_unchanged(judged, _as_it_lies_there(show, reading))
    facts = made.facts()
    recordings = [path.name for path in (approved.release_path, approved.alternate_path) if path]
    own = [f"{OWN_FOLDER}/{path.name}" for path in sorted((folder / OWN_FOLDER).iterdir())]
    stamps.write(folder / _STAMP, order.key, [*recordings, *own], facts=facts)
    return facts


def _require_unchanged(judged: Reading, now: Mapping[str, str]) -> None:
    if dict(now) != dict(judged.subject):
        raise Refused(Problem(judged.episode.slug, "it changed while it was being published", "Run again"))


def _as_it_lies_there(show: Show, reading: Reading) -> dict[str, str]:
    """What seals the episode, with the digests of its files read again."""
    again = dict(reading.subject)
    for name in again:
        path = reading.episode.folder / name
        if "#" not in name and path.is_file():
            again[name] = files.digest_file(path)
    return again


def _known(
    show: Show,
    reading: Reading,
    finished: release.Release,
    alternate: release.AlternateAudio | None,
    drafted_by: str,
) -> ApprovedEpisode:
    """What is known of an approved episode without its texts."""
    episode, settings = reading.episode, show.settings
    folder = build_folder(show.root) / episode.slug
    return ApprovedEpisode(
        episode=episode,
        language=episode.language or settings.language,
        explicit=settings.explicit if episode.explicit is None else episode.explicit,
        people=show.episode_people(episode),
        paragraphs=(),
        notes_markdown="",
        release=finished,
        release_path=kept_release_path(folder, episode) if episode.keeps_audio else folder / release.RELEASE_AUDIO_NAME,
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
    )


def _approved(show: Show, reading: Reading, report: Report) -> ApprovedEpisode:
    """Tag the release and time the text: everything the publishing room needs of one episode."""
    episode = reading.episode
    folder = build_folder(show.root) / episode.slug
    alternate = None
    if episode.keeps_audio:
        digest = reading.subject[episode.recordings[0].file]
        finished = keep_release(episode, folder, digest, lambda part: report(episode.slug, "taking over", part))
    else:
        finished = _finish(show, episode, folder, report)
        alternate = _alternate(show, episode, folder, finished, report)
    paragraphs, drafted_by = _timed(show, reading, folder, finished, report)
    imported = taken_over(episode) if episode.imported else None
    if imported and imported.chapters and not episode.chapters:
        episode = episode.model_copy(update={"chapters": chapters_in(imported.chapters)})
    return replace(
        _known(show, reading, finished, alternate, drafted_by),
        episode=episode,
        paragraphs=paragraphs,
        notes_markdown=reading.notes_markdown or "",
        # The waveform is that of the recording, in which what was struck out can still be seen.
        peaks_path=None if show.redactions_of(episode) or episode.is_taken_over else folder / release.PEAKS_NAME,
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
        version=TAGS_VERSION,
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
