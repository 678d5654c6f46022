"""One approved episode made ready: the release tagged, the text timed, its files made, in this process or in others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline import files, release
from pipeline.align import TimedParagraph, shifted
from pipeline.digests import DigestCache
from pipeline.errors import InvalidShow, OnRecordError, Problem, Refused, ToolFailed
from pipeline.publish.finished import OWN_FOLDER, Candidate, Finished, finished_from
from pipeline.publish.making import Around
from pipeline.publish.model import ApprovedEpisode, place
from pipeline.publish.moving.transcripts import chapters_in, taken_over
from pipeline.publish.workshop import PICTURES_FOLDER, Order, Workshop, workshop
from pipeline.runner import Task, packed, run_all, unpacked
from pipeline.show import Episode, Show, load_show, require_own_episode_build
from pipeline.stages import stamps
from pipeline.stages.faults import Failed, set_aside
from pipeline.stages.guarding import protected_in_episode
from pipeline.stages.keys import candidate_of, every_key, may_be_published
from pipeline.stages.prepare import MASTER_NAME, Report
from pipeline.stages.status import MASTER_STAMP, Reading, build_folder, read_episode, remembered_digests
from pipeline.stages.takenover import keep_release, kept_release_path
from pipeline.timing import timed
from pipeline.transcript import MACHINE_NAME, read_machine
from pipeline.withhold import withheld
from pipeline.workers import LocalRunner, usable_cores

TAGS_VERSION = 2
_ALTERNATE_VERSION = 1
_STAMP = "site.stamp.json"
# So many episodes are worth the start of child processes, which do at most so many at a time.
_MANY, _BATCH = 24, 50
_CHILD_BYTES = 250_000_000

Facts = Mapping[str, Any]  # what `Finished.facts` gives


class Maker:
    """Gives the episodes that a site is put together of: those that are as they were, and the others made anew.

    `readings` are those of all episodes that may be published, by slug; `made` are the slugs of those made here.
    """

    def __init__(
        self, shop: Workshop, readings: Mapping[str, Reading], digests: DigestCache, now: datetime, report: Report
    ) -> None:
        self.made: list[str] = []
        self._shop = shop
        self._readings = readings
        self._digests = digests
        self._now = now
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
        # A child has to read the whole show before it can begin.
        many = len(stale) >= max(_MANY, len(orders) // 20) and usable_cores() > 1
        for order, result in self._made_in_children(stale) if many else self._made_here(stale):
            slug = order.candidate.slug
            if isinstance(result, OnRecordError):
                yield slug, result
            else:
                self.made.append(slug)
                yield slug, self._finished(order, result)

    def _made_here(self, stale: Sequence[Order]) -> Iterator[tuple[Order, Facts | OnRecordError]]:
        every = every_key(self._shop.show, self._digests) if stale else ""
        for done, order in enumerate(stale):
            self._report("site", "making pages", done / len(stale))
            yield order, make_one(self._shop, order, every, self._digests, self._now, self._report)

    def _made_in_children(self, stale: Sequence[Order]) -> Iterator[tuple[Order, Facts | OnRecordError]]:
        width = usable_cores()
        size = max(1, min(_BATCH, -(-len(stale) // (4 * width))))
        batches = [stale[first : first + size] for first in range(0, len(stale), size)]
        tasks = {
            str(number): Task(
                "pipeline.stages.making:make_batch",
                {
                    "root": str(self._shop.show.root),
                    "now": self._now.isoformat(),
                    "orders": [[one.candidate.slug, one.candidate.key, one.around.as_json()] for one in batch],
                },
                memory_bytes=_CHILD_BYTES,
            )
            for number, batch in enumerate(batches)
        }
        results: dict[str, Facts | OnRecordError] = {}

        def done(_: str, value: Any) -> None:
            results.update({slug: unpacked(error) if error else facts for slug, (facts, error) in value.items()})
            self._report("site", "making pages", len(results) / len(stale))

        lost: OnRecordError | None = None
        with LocalRunner(width) as runner:
            try:
                run_all(runner, tasks, done=done)
            except ToolFailed as error:
                lost = error
        for order in stale:
            found = results.get(order.candidate.slug) or lost
            assert found is not None  # noqa: S101  what was not lost was done
            yield order, found

    def _kept_facts(self, order: Order) -> Facts | None:
        folder = build_folder(self._shop.show.root) / order.candidate.slug
        fresh = stamps.read_fresh(folder / _STAMP, order.key)
        facts = fresh["facts"] if fresh else None
        return facts if isinstance(facts, dict) else None

    def _finished(self, order: Order, facts: Facts) -> Finished:
        slug = order.candidate.slug
        approved = _known(
            self._shop.show,
            self._readings[slug],
            release.Release(**facts["release"]),
            release.AlternateAudio(**facts["alternate"]) if facts["alternate"] else None,
            facts["drafted_by"],
        )
        return finished_from(approved, build_folder(self._shop.show.root) / slug / OWN_FOLDER, facts)


def make_batch(payload: Mapping[str, Any], _: Mapping[str, Path], report: Callable[[float], None]) -> dict[str, Any]:
    """In a child process: make several episodes, and return of each by its slug what is kept of it, or its error."""
    root, now = Path(payload["root"]), datetime.fromisoformat(payload["now"])
    shop, digests, every = _shop_at(root)
    known = {episode.slug: episode for episode in shop.show.episodes}
    results: dict[str, Any] = {}
    for number, (slug, key, around) in enumerate(payload["orders"]):
        report(number / len(payload["orders"]))
        if slug not in known:
            results[slug] = [None, packed(_changed(slug))]
            continue
        order = Order(Candidate(known[slug], "", (), key), Around.from_json(around))
        made = make_one(shop, order, every, digests, now, _to_nobody)
        results[slug] = [None, packed(made)] if isinstance(made, OnRecordError) else [made, None]
    return results


@lru_cache(maxsize=1)
def _shop_at(root: Path) -> tuple[Workshop, DigestCache, str]:
    shop, digests = workshop(load_show(root), build_folder(root) / PICTURES_FOLDER), remembered_digests(root)
    return shop, digests, every_key(shop.show, digests)


def _to_nobody(slug: str, what: str, part: float) -> None:
    """A child's steps are too small to be told one by one."""


def make_one(
    shop: Workshop, order: Order, every: str, digests: DigestCache, now: datetime, report: Report
) -> Facts | OnRecordError:
    """Make one episode's files, note from what they were made, and return what is kept of it; or what stops it.

    `every` is `every_key` as it is now. What is published is what was judged: it is refused where anything of it is
    another by now. Raises InvalidShow where a template fails.
    """
    show, slug, failed = shop.show, order.candidate.slug, Failed()
    folder = build_folder(show.root) / slug
    with set_aside(show.root, slug, failed):
        require_own_episode_build(show.root, slug)
        reading = read_episode(show, order.candidate.episode, digests)
        now_it_is = candidate_of(show, reading, now, every)
        if now_it_is.key != order.candidate.key or not may_be_published(reading, now):
            raise _changed(slug)
        approved = _approved(show, reading, report)
        made = shop.make(approved, order.around, folder / OWN_FOLDER)
        if _as_it_lies_there(reading) != dict(reading.subject):
            raise _changed(slug)  # somebody saved a file between its reading and its sealing
        facts = made.facts()
        recordings = [path.name for path in (approved.release_path, approved.alternate_path) if path]
        own = [f"{OWN_FOLDER}/{path.name}" for path in sorted((folder / OWN_FOLDER).iterdir())]
        stamps.write(folder / _STAMP, order.key, [*recordings, *own], facts=facts)
        return facts
    if isinstance(failed[slug], InvalidShow):
        raise failed[slug]
    return failed[slug]


def _changed(slug: str) -> Refused:
    return Refused(Problem(slug, "it changed while it was being published", "Run again"))


def _as_it_lies_there(reading: Reading) -> dict[str, str]:
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
    said = withheld(timed(reading.transcript, machine), redactions)
    if redactions:
        from pipeline.stages.redacting import prove

        prove(show, episode, redactions, said, folder, finished, report)
    return shifted(said, finished.recording_start_ms), machine.drafted_by


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
