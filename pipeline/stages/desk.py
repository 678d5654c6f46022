"""The desk's view of the other rooms: built here, because rooms do not import one another."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.audio.derive import stretch
from pipeline.audio.strike import GUARD_MS, TONE_HZ
from pipeline.errors import InvalidEpisode, OnRecordError
from pipeline.publish import notes
from pipeline.publish.published import read_record
from pipeline.publish.references import source_label
from pipeline.publish.templates import templates_folder
from pipeline.review.approvals import Approval
from pipeline.review.services import (
    Approved,
    DeskServices,
    EpisodeState,
    Preview,
    Published,
    ReportPart,
    VoiceSuggestion,
)
from pipeline.show import Source, load_show
from pipeline.stages.mixing import recording_of
from pipeline.stages.run import approve, find_episode, run
from pipeline.stages.status import EpisodeStatus, Reading, read_episode, remembered_digests, survey
from pipeline.stages.voices import voice_suggestions
from pipeline.transcribe.glossary import hotwords
from pipeline.transcribe.transcribe import transcribe
from pipeline.transcribe.weights import names_here


def desk_services(root: Path) -> DeskServices:
    """Everything the desk needs of the other rooms, for the show at `root`."""

    def reading(slug: str) -> Reading:
        show = load_show(root)
        return read_episode(show, find_episode(show, slug), remembered_digests(root))

    def states() -> Sequence[EpisodeState]:
        return [_state(one) for one in survey(root, _now())]

    def seal(slug: str, by: str, evidence: Mapping[str, Any]) -> Approved:
        path = approve(root, slug, by, _now(), evidence=evidence)
        assert path is not None  # noqa: S101  only a dry run returns none
        record = Approval.model_validate_json(path.read_bytes())
        return Approved(str(path.relative_to(root)), record.name, record.approved_at)

    def hear(slug: str, start_ms: int, end_ms: int, model: str, report: ReportPart) -> str:
        show = load_show(root)
        episode = find_episode(show, slug)
        recording = recording_of(root, episode)
        with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
            speech = Path(folder) / "stretch.wav"
            stretch(recording, speech, start_ms, end_ms)
            return transcribe(
                speech,
                audio_digest="",
                settings=show.settings.transcription.model_copy(update={"model": model}),
                language=episode.language or show.settings.language,
                hotwords=hotwords(show.glossary_of(episode), show.episode_people(episode)),
                report=report,
            ).text

    def was_published(slug: str) -> bool:
        try:
            return read_record(find_episode(load_show(root), slug).folder) is not None
        except InvalidEpisode:  # a record that cannot be read was written once
            return True

    def voices(slug: str) -> Sequence[VoiceSuggestion]:
        show = load_show(root)
        return tuple(voice_suggestions(show, find_episode(show, slug)))

    def publish() -> Published:
        result = run(root, _now(), lambda slug, stage, part: None)
        return Published(result.done, tuple(_state(one) for one in result.statuses))

    return DeskServices(
        templates=templates_folder(),
        states=states,
        preview=_preview,
        source_label=source_label,
        refusals=lambda slug: reading(slug).refusals_on(_now().date()),
        voids=lambda slug: sorted(reading(slug).subject),
        approve=seal,
        retranscribe=hear,
        models=names_here,
        was_published=was_published,
        guard_ms=GUARD_MS,
        tone_hz=TONE_HZ,
        publish=publish,
        voices=voices,
    )


def _preview(markdown: str, sources: Mapping[str, Source]) -> Preview:
    try:
        rendered = notes.render(markdown, sources)
    except OnRecordError as error:
        return Preview("", "", error.problems)
    entries = "".join(f'<li id="{one.anchor}">{one.html}</li>' for one in rendered.references)
    return Preview(rendered.html, f"<ol>{entries}</ol>" if entries else "")


def _state(status: EpisodeStatus) -> EpisodeState:
    return EpisodeState(
        status.slug, status.title, status.state.value, status.because, status.next_step, status.approved_by
    )


def _now() -> datetime:
    return datetime.now(UTC)
