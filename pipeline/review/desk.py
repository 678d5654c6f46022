"""The desk behind its addresses: which episodes are open, and what is asked of them.

`Desk` knows nothing of HTTP; `api.py` puts it behind addresses and `serve.py` on a port. What it raises says, in
words, what a person can do.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from pipeline.errors import OnRecordError, Problem, Refused
from pipeline.review import checked, marks
from pipeline.review.changes import compare
from pipeline.review.fresh import revision_of_file, state_of_show
from pipeline.review.jobs import Jobs
from pipeline.review.open_episode import (
    OpenEpisode,
    View,
    doubts_json,
    known_words,
    open_doubts,
    paragraphs_json,
    review_json,
)
from pipeline.review.services import DeskServices, EpisodeState
from pipeline.review.suggestions import recurring, term_suggestions
from pipeline.review.summary import operations, summary
from pipeline.review.workspace import Saved, Stale, Workspace
from pipeline.show import (
    EPISODE_NAME,
    REDACTIONS_NAME,
    Episode,
    Show,
    direction,
    load_show,
    require_own_episode_build,
)
from pipeline.transcript import Paragraph

BUILD_FOLDER = "build"
RETRANSCRIBE_MAX_MS = 600_000
NOBODY = "?"


class NotFound(Refused):
    """There is no such episode, job or file."""


class At(NamedTuple):
    """An episode that is open: the show as it is on disk, the episode, and its files."""

    show: Show
    episode: Episode
    open: OpenEpisode

    @property
    def workspace(self) -> Workspace:
        """The episode's files."""
        return self.open.workspace


class Desk:
    """All episodes of a show, at one desk. Threads share it."""

    def __init__(self, root: Path, services: DeskServices) -> None:
        """`root` is the folder that holds `episodes/`."""
        self.root = root
        self.services = services
        self.jobs = Jobs()
        self._open: dict[str, OpenEpisode] = {}
        self._show: tuple[object, Show] | None = None
        self._lock = threading.Lock()
        self._publishing = threading.Lock()

    def show(self) -> Show:
        """The show as it is on disk. Raises InvalidShow."""
        state = state_of_show(self.root)
        with self._lock:
            if self._show is None or self._show[0] != state:
                self._show = (state, load_show(self.root))
            return self._show[1]

    def at(self, slug: str) -> At:
        """An episode by its folder's name. Raises NotFound, or InvalidEpisode when it cannot be used."""
        show = self.show()
        if slug in show.broken:
            raise show.broken[slug]
        episode = next((one for one in show.episodes if one.slug == slug), None)
        if episode is None:
            raise NotFound(Problem(slug, "there is no such episode", "Choose one from the list"))
        with self._lock:
            if slug not in self._open:
                require_own_episode_build(self.root, slug)
                build = self.root / BUILD_FOLDER / slug
                self._open[slug] = OpenEpisode(Workspace(episode.folder, build / "desk"), build)
            return At(show, episode, self._open[slug])

    def warm(self, slug: str) -> None:
        """Work out ahead what `episode` will be asked for; what is wrong with it is told then."""
        with suppress(OnRecordError, OSError):
            here = self.at(slug)
            here.open.view(here.show, here.episode).chapter_candidates  # noqa: B018  it is kept in the view

    def warm_all(self, first: str | None = None) -> None:
        """`warm` every episode that waits for an editor, `first` before the others."""
        with suppress(OnRecordError, OSError):
            for slug in filter(None, (first, *(one.slug for one in self.services.states() if not one.approved_by))):
                self.warm(slug)

    def episodes(self) -> list[dict[str, Any]]:
        """The list: every episode with its state, its length, and what is still to be done."""
        return [self._listed(state) for state in self.services.states()]

    def episode(self, slug: str) -> dict[str, Any]:
        """Everything the page needs of one episode."""
        here = self.at(slug)
        show, episode = here.show, here.episode
        view = here.open.view(show, episode)
        notes, notes_revision = here.workspace.notes()
        language = episode.language or show.settings.language
        names = [person.name for person in show.episode_people(episode)]
        offers = ["preview", "retranscribe"] + (["publish"] if self.services.publish else [])
        return {
            "slug": slug,
            "title": episode.title,
            "language": language,
            "direction": direction(language),
            "revision": view.revision,
            "duration_ms": view.machine.duration_ms,
            "speakers": list(dict.fromkeys([*names, *view.transcript.speakers])),
            "paragraphs": paragraphs_json(view),
            "doubts": doubts_json(view.doubts),
            "review": review_json(here.open.review()),
            "chapters": [one.model_dump(mode="json") for one in episode.chapters],
            "chapter_candidates": [asdict(one) for one in view.chapter_candidates],
            "soundbites": [one.model_dump(mode="json") for one in episode.soundbites],
            "marks_revision": marks.marks_revision(episode.folder),
            "notes": {"text": notes, "revision": notes_revision},
            "sources": self._sources(here),
            "glossary": [term.term for term in show.glossary_of(episode)],
            "models": list(self.services.models()),
            "policy": show.settings.approval.model_dump(mode="json"),
            "offers": offers,
        }

    def save_transcript(self, slug: str, paragraphs: Sequence[Paragraph], base: str, by: str) -> dict[str, Any]:
        """Save the text, count the hand that changed it, and answer with times, doubts and what to learn from it."""
        here = self.at(slug)
        saved = here.workspace.save_transcript(paragraphs, base)
        view = here.open.view(here.show, here.episode, (saved.transcript, saved.revision))
        if saved.transcript.paragraphs != saved.before.paragraphs:
            self._count_edits(here, by, saved)
        return {
            "revision": view.revision,
            "merged": saved.is_merged,
            "paragraphs": paragraphs_json(view),
            "doubts": doubts_json(view.doubts),
            "suggestions": [asdict(one) for one in _lessons(here, view, saved)],
        }

    def theirs(self, slug: str, stale: Stale) -> list[dict[str, Any]]:
        """The paragraphs on disk that a stale save ran into, as the page takes them."""
        here = self.at(slug)
        given = (stale.theirs, stale.revision) if stale.theirs is not None else None
        return paragraphs_json(here.open.view(here.show, here.episode, given))

    def save_notes(self, slug: str, text: str, base: str) -> dict[str, Any]:
        """Save the show notes."""
        return {"revision": self.at(slug).workspace.save_notes(text, base)}

    def save_marks(
        self, slug: str, chapters: Sequence[dict[str, Any]], soundbites: Sequence[dict[str, Any]], base: str
    ) -> dict[str, Any]:
        """Save chapters and soundbites."""
        revision = marks.save_marks(self.at(slug).workspace, chapters, soundbites, base)
        episode = self.at(slug).episode
        return {
            "revision": revision,
            "chapters": [one.model_dump(mode="json") for one in episode.chapters],
            "soundbites": [one.model_dump(mode="json") for one in episode.soundbites],
        }

    def review(self, slug: str, by: str, deeds: dict[str, Any]) -> dict[str, Any]:
        """Note what was heard, ticked and settled; `deeds` are the arguments of `checked.with_deeds`."""
        here = self.at(slug)
        with here.workspace.locked():
            duration_ms = here.open.machine().duration_ms
            review = checked.with_deeds(
                here.open.review(), by=by or NOBODY, at=_now(), duration_ms=duration_ms, **deeds
            )
            checked.write_review(here.workspace.review_path, review)
        return {"review": review_json(review)}

    def preview(self, slug: str, text: str) -> dict[str, Any]:
        """Show notes as the page will show them."""
        here = self.at(slug)
        preview = self.services.preview(text, here.show.sources_of(here.episode))
        return {
            "html": preview.html,
            "references_html": preview.references_html,
            "problems": [problem_json(one) for one in preview.problems],
        }

    def add_term(self, slug: str, term: str, meaning: str | None) -> dict[str, Any]:
        """Add a term to the episode's glossary; the next transcription is biased by it."""
        added = marks.add_term(self.at(slug).workspace, term, meaning)
        here = self.at(slug)
        return {"term": added.term, "glossary": [one.term for one in here.show.glossary_of(here.episode)]}

    def add_source(self, slug: str, url: str, title: str) -> dict[str, Any]:
        """Add a web page to the episode's sources, and answer with the key to cite it by."""
        here = self.at(slug)
        known = here.show.sources_of(here.episode)
        source = marks.add_source(here.workspace, url, title, known, datetime.now(UTC).date())
        return {"key": source.id, "label": self.services.source_label(source)}

    def retranscribe(self, slug: str, start_ms: int, end_ms: int, model: str) -> dict[str, Any]:
        """Start hearing one stretch again; the job's result is its words and the way from the text as it is."""
        here = self.at(slug)
        if model not in self.services.models():
            raise Refused(Problem(model, "there is no such model on this machine", "Choose one from the list"))
        if not 0 <= start_ms < end_ms or end_ms - start_ms > RETRANSCRIBE_MAX_MS:
            raise Refused(Problem(slug, "a stretch is up to ten minutes", "Choose a shorter one"))
        view = here.open.view(here.show, here.episode)
        now = " ".join(
            paragraph.text[words[0].start_char : words[-1].end_char]
            for paragraph in view.timed
            if (words := [word for word in paragraph.words if start_ms <= word.start_ms < end_ms])
        )

        def work(report: Any) -> dict[str, Any]:
            text = self.services.retranscribe(slug, start_ms, end_ms, model, report)
            return {"text": text, "diff": operations(compare(now, text))}

        return {"job": self.jobs.start(work)}

    def job(self, name: str) -> dict[str, Any]:
        """How far a job is, and its result."""
        job = self.jobs.get(name)
        if job is None:
            raise NotFound(Problem(name, "there is no such job", "Start it again"))
        failure = {"message": job.message, "remedy": job.remedy} if job.state == "failed" else {}
        return {"state": job.state, "part": job.part, **job.result, **failure}

    def suggestions(self, slug: str) -> dict[str, Any]:
        """What all corrections so far teach: terms, and mistakes that stand elsewhere."""
        here = self.at(slug)
        view = here.open.view(here.show, here.episode)
        changed = view.changed()
        return {
            "terms": [asdict(one) for one in term_suggestions(changed, known_words(here.show, here.episode))],
            "recurring": [asdict(one) for one in recurring(changed, view.timed)],
        }

    def summary(self, slug: str, by: str | None = None) -> dict[str, Any]:
        """What an editor should have seen before approving."""
        here = self.at(slug)
        view, review = here.open.view(here.show, here.episode), here.open.review()
        approved_by = self._approved_by(slug)
        missing = checked.needs(
            here.show.settings.approval,
            review,
            by=by,
            duration_ms=view.machine.duration_ms,
            approved_by=approved_by,
        )
        return summary(view, review, here.show, here.episode) | {
            "refusals": [problem_json(_near(one, here.workspace.folder)) for one in self.services.refusals(slug)],
            "needs": list(missing),
            "approved_by": list(approved_by),
            "voids": list(self.services.voids(slug)),
        }

    def voices(self, slug: str) -> list[dict[str, Any]]:
        """Who the voices that were told apart may be: offers, nothing more."""
        return [asdict(one) for one in self.services.voices(self.at(slug).episode.slug)]

    def approve(self, slug: str, by: str, revision: str) -> dict[str, Any]:
        """Seal the episode with what was heard as evidence.

        Raises Stale when the text is not the one the editor sees, Refused with every reason against it.
        """
        here = self.at(slug)
        # The editor's eyes were on this text: nobody else's save may come between them and the seal.
        with here.workspace.locked():
            transcript, now = here.workspace.transcript()
            if now != revision:
                raise Stale(str(here.workspace.transcript_path), now, transcript)
            view, review = here.open.view(here.show, here.episode, (transcript, now)), here.open.review()
            duration_ms = view.machine.duration_ms
            policy = here.show.settings.approval
            missing = checked.needs(policy, review, by=by, duration_ms=duration_ms, approved_by=self._approved_by(slug))
            if missing:
                raise Refused([Problem(slug, one, "See [approval] in show.toml") for one in missing])
            doubts = open_doubts([one.id for one in view.doubts], review)
            evidence = checked.evidence(review, by=by, duration_ms=duration_ms, open_doubts=doubts)
            try:
                approved = self.services.approve(slug, by, evidence)
            except Refused as error:
                raise Refused([_near(one, here.workspace.folder) for one in error.problems]) from error
        return {"path": approved.path, "name": approved.name, "at": approved.at.astimezone(UTC).isoformat()}

    def publish(self) -> dict[str, Any]:
        """Run the pipeline; one run at a time."""
        if self.services.publish is None:
            raise Refused(Problem("publish", "this desk publishes nothing", "Run make pipeline"))
        with self._publishing:
            published = self.services.publish()
        return {"done": list(published.done), "statuses": [asdict(one) for one in published.states]}

    def changes(self, slug: str) -> dict[str, Any]:
        """What a window compares with what it has, to notice that something was changed elsewhere."""
        here = self.at(slug)
        return {
            "revision": revision_of_file(here.workspace.transcript_path),
            "notes_revision": revision_of_file(here.workspace.notes_path),
            "marks_revision": marks.marks_revision(here.workspace.folder),
            "redactions_revision": revision_of_file(here.workspace.folder / REDACTIONS_NAME),
            "review": review_json(here.open.review()),
        }

    def watched(self, slug: str) -> list[Path]:
        """The files whose change `changes` would show."""
        at = self.at(slug).workspace
        own = (at.folder / EPISODE_NAME, at.folder / REDACTIONS_NAME)
        return [at.transcript_path, at.notes_path, at.review_path, *own]

    def _listed(self, state: EpisodeState) -> dict[str, Any]:
        duration_ms, unheard_ms, doubts = 0, 0, 0
        try:
            here = self.at(state.slug)
            duration_ms, ids = here.open.outline(here.show, here.episode)
            review = here.open.review()
            unheard_ms = checked.total_ms(checked.unheard(review.heard_by(), duration_ms))
            doubts = open_doubts(ids, review)
        except OnRecordError:
            pass  # its state says what is wrong with it
        return {
            "slug": state.slug,
            "title": state.title,
            "state": state.state,
            "because": state.because,
            "next": state.next_step,
            "duration_ms": duration_ms,
            "unheard_ms": unheard_ms,
            "open_doubts": doubts,
            "approved_by": list(state.approved_by),
        }

    def _sources(self, here: At) -> list[dict[str, str]]:
        sources = here.show.sources_of(here.episode).values()
        return [{"key": source.id, "label": self.services.source_label(source)} for source in sources]

    def _count_edits(self, here: At, by: str, saved: Saved) -> None:
        with here.workspace.locked():
            review = checked.with_edits(
                here.open.review(), by or NOBODY, saved.before.paragraphs, saved.transcript.paragraphs
            )
            checked.write_review(here.workspace.review_path, review)

    def _approved_by(self, slug: str) -> tuple[str, ...]:
        return next((state.approved_by for state in self.services.states() if state.slug == slug), ())


def problem_json(problem: Problem) -> dict[str, str]:
    """A problem as the page takes it; `code` where it is a refusal."""
    return {"code": "", **asdict(problem)}


def _near(problem: Problem, folder: Path) -> Problem:
    """A problem whose place is told from the episode's folder on: at the desk everybody knows which it is."""
    return replace(problem, where=problem.where.removeprefix(f"{folder}/"))


def _lessons(here: At, view: View, saved: Saved) -> Sequence[Any]:
    before = set(saved.before.paragraphs)
    fresh = [one for one in view.changed() if view.transcript.paragraphs[one.paragraph] not in before]
    return term_suggestions(fresh, known_words(here.show, here.episode))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
