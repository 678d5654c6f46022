"""A draft in English of what is said in another language: Whisper's own translation, which nobody has checked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.errors import InvalidAudio, Problem, Refused
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.cutting import Piece, cut
from pipeline.transcribe.engine import Engine, Translated, open_engine
from pipeline.transcribe.languages import whisper_language
from pipeline.transcribe.sound import read_speech
from pipeline.transcript import Paragraph, Transcript, transcript_to_text

ENGLISH = "en"


def translate(
    speech: Path, *, subject: str, settings: TranscriptionSettings, language: str, report: Callable[[float], None]
) -> tuple[Translated, ...]:
    """Translate our WAV `speech`, piece by piece. `subject` is what a person knows it by; `report` hears the part done.

    Raises Refused when it is English already or the weights know English only, InvalidAudio when nobody speaks, and
    what opening an engine raises.
    """
    engine = open_engine(settings)
    code = whisper_language(language, engine.languages)
    if code == ENGLISH:
        raise Refused(Problem(subject, "it is in English already", "There is nothing to translate"))
    if engine.languages == {ENGLISH}:
        remedy = "Set model in [transcription] to one whose name does not end in .en"
        raise Refused(Problem("show.toml", f"the model {settings.model} knows English only", remedy))
    pieces = cut(speech)
    whole_ms = max(1, pieces[-1].end_ms)
    found: list[Translated] = []
    for piece in pieces:
        found += _translated(engine, speech, piece, code, _share(report, piece, whole_ms))
    if not found:
        raise InvalidAudio(Problem(subject, "no speech was found", "Listen to the recording: is it the right file"))
    return tuple(found)


def as_draft(found: Sequence[Translated], spoken: Sequence[tuple[int, str]], *, label: str) -> str:
    """The translation as a text with times, a paragraph for each turn; `label` says above it what it is.

    `spoken` tells who speaks from when on (ms, in order): the times and names of the transcript's paragraphs.
    """
    starts = [start_ms for start_ms, _ in spoken]
    paragraphs: list[Paragraph] = []
    latest = -1
    for one in found:
        turn = max(0, bisect_right(starts, (one.start_ms + one.end_ms) // 2) - 1)
        if paragraphs and turn == latest:
            last = paragraphs[-1]
            paragraphs[-1] = Paragraph(last.speaker, f"{last.text} {one.text}", last.start_ms)
        else:
            paragraphs.append(Paragraph(spoken[turn][1] if spoken else "?", one.text, one.start_ms))
        latest = turn
    return f"{label}\n\n{transcript_to_text(Transcript(tuple(paragraphs)))}"


def _translated(
    engine: Engine, speech: Path, piece: Piece, code: str | None, report: Callable[[float], None]
) -> list[Translated]:
    samples = read_speech(speech, piece.start_ms, piece.end_ms)
    language = code or (engine.detect(samples) or ("", 0.0))[0]
    if not language:
        return []  # nobody speaks in this piece
    return [
        Translated(one.start_ms + piece.start_ms, one.end_ms + piece.start_ms, one.text)
        for one in engine.translate(samples, language=language, report=report)
        if one.text
    ]


def _share(report: Callable[[float], None], piece: Piece, whole_ms: int) -> Callable[[float], None]:
    return lambda part: report((piece.start_ms + part * piece.length_ms) / whole_ms)
