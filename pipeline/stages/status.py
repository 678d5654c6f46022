"""How every episode stands: read, judged, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.errors import InvalidEpisode, InvalidInput, InvalidTranscript, OnRecordError, Problem, Refusal
from pipeline.publish import consent, gate, notes, published
from pipeline.publish.corrections import change_refusals
from pipeline.publish.glossary import used_terms
from pipeline.publish.markdown import cited_in_text
from pipeline.publish.moving.kept import page_notes, read_kept
from pipeline.publish.struck import Turn, read_text, record_struck
from pipeline.review import approvals
from pipeline.show import IMPORTED_NAME, NOTES_NAME, Episode, Show, Source, Term, load_show
from pipeline.stages import stamps, stopped, takenover
from pipeline.stages.belonging import foreign_machine_words
from pipeline.stages.guarding import safeguard_refusals, struck_turns
from pipeline.stages.noticed import noticed
from pipeline.stages.own_words import own_words
from pipeline.stages.warnings import unlisted_sound, warnings
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME, Transcript, read_transcript

BUILD_FOLDER = "build"
SITE_FOLDER = "site"
_MEND = "mend what is wrong, then make pipeline"
MASTER_STAMP = "master.stamp.json"


class State(StrEnum):
    """Where an episode stands."""

    INVALID = "invalid"
    FAILED = "failed"
    TO_TRANSCRIBE = "to transcribe"
    WAITING = "waiting for the editor"
    VOID = "approval void"
    APPROVED = "approved, not yet published"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class EpisodeStatus:
    """One line of the table: where an episode stands, why, and the next thing to do."""

    slug: str
    title: str
    state: State
    because: str = ""
    next_step: str = ""
    problems: tuple[Problem, ...] = ()
    published_at: datetime | None = None
    approved_by: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Reading:
    """An episode as it stands now: its text, what seals it, and why it may not be published yet.

    `refusals` stand on every day, `lapses` begin to stand after theirs: `refusals_on` has both. A reading that a run
    remembers is without its texts; `has_transcript` says whether there is one.
    """

    episode: Episode
    transcript: Transcript | None
    notes_markdown: str | None
    subject: approvals.Subject
    verdict: approvals.Verdict
    refusals: tuple[Refusal, ...]
    problems: tuple[Problem, ...]
    lapses: tuple[consent.Lapse, ...] = ()
    has_transcript: bool = False
    speakers: tuple[str, ...] = ()
    cited: tuple[str, ...] = ()

    @cached_property
    def subject_digest(self) -> str:
        """One digest of everything that seals the episode."""
        return files.digest_json(dict(self.subject))

    @property
    def consent_until(self) -> date | None:
        """The last day on which everybody's consent holds; None where it has no end."""
        return min((one.last_day for one in self.lapses), default=None)

    def refusals_on(self, day: date) -> tuple[Refusal, ...]:
        """Everything that stands against the episode on a day."""
        return (*self.refusals, *consent.lapsed(self.lapses, day))


def read_episode(show: Show, episode: Episode, digests: DigestCache) -> Reading:
    """Read what people wrote of one episode, judge its approvals, and list every refusal."""
    problems: list[Problem] = []
    transcript: Transcript | None = None
    path = episode.folder / TRANSCRIPT_NAME
    if path.exists() and not episode.is_taken_over:
        try:
            transcript = read_transcript(path)
        except InvalidTranscript as error:
            problems.extend(error.problems)
    markdown = _read_notes(episode, problems)
    cited = [citation.key for citation in notes.citations(markdown)] if markdown else []
    cited += [
        key for paragraph in (transcript.paragraphs if transcript else ()) for key in cited_in_text(paragraph.text)
    ]
    subject = approvals.seal(
        show, episode, transcript, cited, digests, _explained_terms(show, episode, transcript, markdown)
    )
    policy = show.settings.approval
    if episode.is_taken_over:
        policy = policy.model_copy(update={"minimum_heard_percent": 0})  # there is no text to hold against it
    verdict = approvals.judge(episode.folder, episode.slug, subject, policy)
    refusals = gate.refusals(
        episode,
        transcript=transcript,
        notes_markdown=markdown,
        sources=show.sources_of(episode),
        people_names={person.name for person in show.people.values()},
        recording_duration_ms=stamps.read(build_folder(show.root) / episode.slug / MASTER_STAMP)
        .get("facts", {})
        .get("recording_duration_ms"),
        serial=show.settings.type == "serial",
        language=show.settings.language,
        terms=[one.term for one in show.glossary_of(episode)],
    )
    refusals += takenover.refusals(episode, is_struck=bool(show.redactions_of(episode)))
    refusals += _safeguards(show, episode, transcript, markdown, problems)
    refusals += _since_publication(show, episode, transcript, markdown, subject, problems)
    if problems:
        # What cannot be read is reported as such, not as missing.
        refusals = [one for one in refusals if one.code not in ("transcript-missing", "notes-missing")]
    if not verdict.holds and (episode.folder / MACHINE_NAME).exists():
        # An approval that holds sealed recording and machine words together; until then they may not belong together.
        problems.extend(foreign_machine_words(episode, build_folder(show.root) / episode.slug, digests))
    lapses = consent.lapses(episode, show.consents_of(episode))
    return Reading(
        episode,
        transcript,
        markdown,
        subject,
        verdict,
        tuple(refusals),
        tuple(problems),
        lapses,
        has_transcript=transcript is not None,
        speakers=transcript.speakers if transcript else (),
        cited=tuple(dict.fromkeys(cited)),
    )


def _safeguards(
    show: Show, episode: Episode, transcript: Transcript | None, markdown: str | None, problems: list[Problem]
) -> list[Refusal]:
    try:
        return safeguard_refusals(show, episode, transcript, markdown)
    except InvalidEpisode as error:  # what an imported episode brought along cannot be read: nobody knows what it says
        problems.extend(error.problems)
        return []


def page_sections(
    show: Show, episode: Episode, transcript: Transcript | None, markdown: str | None, subject: approvals.Subject
) -> dict[str, str]:
    """What a reader finds on the episode's page, by section. Raises InvalidEpisode where the notes cannot be shown."""
    return _sections(show, episode, transcript, markdown, subject, struck_turns(show, episode, transcript))


def compared(
    show: Show,
    episode: Episode,
    record: published.Record,
    transcript: Transcript | None,
    markdown: str | None,
    subject: approvals.Subject,
) -> tuple[published.Record, dict[str, str]]:
    """The record of a publication and `page_sections`, neither with a word that is struck out now."""
    turns = struck_turns(show, episode, transcript)
    known = record if turns is None else record_struck(record, turns)
    return known, _sections(show, episode, transcript, markdown, subject, turns)


def _sections(
    show: Show,
    episode: Episode,
    transcript: Transcript | None,
    markdown: str | None,
    subject: approvals.Subject,
    turns: Sequence[Turn] | None,
) -> dict[str, str]:
    sources = show.sources_of(episode)
    return published.sections(
        episode,
        people=show.episode_people(episode),
        notes=shown_notes(episode, markdown, sources),
        transcript=transcript,
        sources=sources,
        recordings={one.file: subject[one.file] for one in episode.recordings},
        terms=_explained_terms(show, episode, transcript, markdown),
        spoken=None if turns is None else [(turn[0], read_text(turn)) for turn in turns],
    )


def shown_notes(episode: Episode, markdown: str | None, sources: Mapping[str, Source]) -> notes.Notes:
    """The notes as readers get them: those of notes.md, else what an imported episode brought along."""
    if markdown is None and episode.imported:
        return page_notes(read_kept(episode.folder / IMPORTED_NAME))
    return notes.render(markdown or "", sources)


def _explained_terms(
    show: Show, episode: Episode, transcript: Transcript | None, markdown: str | None
) -> tuple[Term, ...]:
    said = " ".join(paragraph.text for paragraph in transcript.paragraphs) if transcript else ""
    return used_terms(show.glossary_of(episode), markdown or "", said)


def _since_publication(
    show: Show,
    episode: Episode,
    transcript: Transcript | None,
    markdown: str | None,
    subject: approvals.Subject,
    problems: list[Problem],
) -> list[Refusal]:
    """Every change since the episode was published that its readers are not told of."""
    try:
        record = published.read_record(episode.folder)
        incomplete = (transcript is None and not episode.is_taken_over) or (markdown is None and not episode.imported)
        if record is None or incomplete:
            return []
        return list(change_refusals(episode, *compared(show, episode, record, transcript, markdown, subject)))
    except InvalidEpisode as error:
        # Notes that cannot be rendered are the gate's to refuse; a record that cannot be read is a problem of its own.
        problems.extend(one for one in error.problems if published.PUBLISHED_NAME in one.where)
        return []


def survey(root: Path, now: datetime) -> tuple[EpisodeStatus, ...]:
    """How every episode stands, without changing anything. Raises InvalidShow."""
    show, digests = load_show(root), remembered_digests(root)
    readings = {one.slug: read_episode(show, one, digests) for one in show.episodes}
    return survey_show(show, readings, now, stopped.recall(show, build_folder(root)))


def survey_show(
    show: Show, readings: Mapping[str, Reading], now: datetime, failed: Mapping[str, OnRecordError]
) -> tuple[EpisodeStatus, ...]:
    """How every episode of a show stands of which there are `readings`; `failed` says which ones were set aside."""
    published = _published(show.root)
    statuses = [
        EpisodeStatus(slug, slug, State.INVALID, "it cannot be used", _MEND, error.problems)
        for slug, error in show.broken.items()
    ]
    statuses += [
        EpisodeStatus(slug, slug, State.WITHDRAWN, f"by {one.by} on {one.at.date().isoformat()}")
        for slug, one in show.withdrawn.items()
    ]
    for episode in show.episodes:
        if error := failed.get(episode.slug):
            status = _failure(episode, error)
        else:
            status = _status(readings[episode.slug], now, published)
        told = warnings(show, episode, now.date())
        if status.state is not State.PUBLISHED:  # people heard and approved how that one is, and listeners have it
            told += (*unlisted_sound(show, episode), *noticed(episode, build_folder(show.root) / episode.slug))
            told += own_words(show, episode)
        statuses.append(replace(status, warnings=told))
    return tuple(sorted(statuses, key=lambda status: status.slug))


def _status(reading: Reading, now: datetime, published: Mapping[str, str]) -> EpisodeStatus:
    episode, slug = reading.episode, reading.episode.slug
    refusals = reading.refusals_on(now.date())
    check = "check it at the desk: make review (or in an editor, then onrecord approve)"
    if episode.is_taken_over:
        check = 'look it over, then onrecord approve --imported --by "NAME <MAIL>"'

    def status(state: State, because: str, next_step: str) -> EpisodeStatus:
        problems: tuple[Problem, ...] = ()
        if state in (State.INVALID, State.WAITING, State.VOID):
            problems = (*reading.problems, *refusals, *reading.verdict.lacking)
        names = tuple(dict.fromkeys(one.name for one in reading.verdict.holding))
        return EpisodeStatus(slug, episode.title, state, because, next_step, problems, episode.published_at, names)

    if reading.problems:
        return status(State.INVALID, reading.problems[0].what, _MEND)
    if reading.verdict.changed:
        return status(State.VOID, f"because {', '.join(reading.verdict.changed)} changed", check)
    if not (episode.is_taken_over or (episode.folder / MACHINE_NAME).exists() or reading.has_transcript):
        return status(State.TO_TRANSCRIBE, "no machine words yet", "make pipeline")
    if refusals:
        return status(State.WAITING, refusals[0].what, "mend that at the desk: make review (or in an editor)")
    if not reading.verdict.holds:
        return status(State.WAITING, reading.verdict.refusals(slug)[0].what, check)
    if episode.published_at > now:
        return status(State.SCHEDULED, f"for {episode.published_at.isoformat()}", "run make pipeline after that time")
    if published.get(slug) != reading.subject_digest:
        return status(State.APPROVED, "the site is older than the approval", "make pipeline")
    return status(State.PUBLISHED, f"approved by {' and '.join(one.name for one in reading.verdict.holding)}", "")


def _failure(episode: Episode, error: OnRecordError) -> EpisodeStatus:
    state = State.INVALID if isinstance(error, InvalidInput) else State.FAILED
    return EpisodeStatus(
        episode.slug,
        episode.title,
        state,
        error.problems[0].what,
        _MEND,
        error.problems,
        episode.published_at,
    )


def all_warnings(statuses: Iterable[EpisodeStatus]) -> tuple[Problem, ...]:
    """What somebody should look at, each once: several episodes may have one thing in common."""
    return tuple(dict.fromkeys(warning for status in statuses for warning in status.warnings))


def exit_code(statuses: tuple[EpisodeStatus, ...]) -> int:
    """0 all published or scheduled, 3 an editor is awaited, 4 an episode is invalid or failed."""
    states = {status.state for status in statuses}
    if states & {State.INVALID, State.FAILED}:
        return 4
    return 3 if states & {State.WAITING, State.VOID, State.TO_TRANSCRIBE, State.APPROVED} else 0


def site_stamp(root: Path) -> Path:
    """Where it is noted from what `site/` was built, and which episodes are in it."""
    return build_folder(root) / "site.stamp.json"


def _published(root: Path) -> Mapping[str, str]:
    # By slug, the digest of what was approved when the site was built.
    facts = stamps.read(site_stamp(root)).get("facts", {})
    published = facts.get("published", {}) if isinstance(facts, dict) else {}
    return published if isinstance(published, dict) else {}


def _read_notes(episode: Episode, problems: list[Problem]) -> str | None:
    path = episode.folder / NOTES_NAME
    if not path.exists():
        return None
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(Problem(str(path), f"byte {error.start} is not UTF-8", "Save the file as UTF-8"))
        return None


@lru_cache(maxsize=4)  # asked for every episode, time and again
def build_folder(root: Path) -> Path:
    """`build/`, where everything derived is kept between runs."""
    return root / BUILD_FOLDER


def remembered_digests(root: Path) -> DigestCache:
    """The digests of large files as the last run knew them."""
    return DigestCache(build_folder(root) / "digests.json")
