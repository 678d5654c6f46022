"""A draft in English of what is said in another language: Whisper's own translation, which nobody has checked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, pairwise
from pathlib import Path

from pipeline.errors import InvalidAudio, Problem, Refused
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.cutting import Piece, cut
from pipeline.transcribe.engine import Engine, Translated, open_engine
from pipeline.transcribe.languages import whisper_language
from pipeline.transcribe.sound import read_speech
from pipeline.transcript import MachineSegment, MachineTranscript, Paragraph, Transcript, transcript_to_text

ENGLISH = "en"
_SHORTEST_MS = 1_000


def languages_of(machine: MachineTranscript) -> tuple[str, ...]:
    """The languages to translate out of, by Whisper's codes; none where all was heard in English."""
    heard = dict.fromkeys(segment.language or machine.language for segment in machine.segments)
    return tuple(one for one in heard if one != ENGLISH)


def translate(
    speech: Path,
    machine: MachineTranscript,
    *,
    subject: str,
    settings: TranscriptionSettings,
    report: Callable[[float], None],
) -> tuple[Translated, ...]:
    """Translate our WAV `speech`, piece by piece, each stretch out of the language in which `machine` heard it.

    What was heard in English stands as it was heard. `subject` is what a person knows it by; `report` hears the part
    done. Raises Refused when the weights know English only, InvalidAudio when nobody speaks, and what opening an
    engine raises.
    """
    engine = open_engine(settings)
    if engine.languages == {ENGLISH}:
        remedy = "Set model in [transcription] to one whose name does not end in .en"
        raise Refused(Problem("show.toml", f"the model {settings.model} knows English only", remedy))
    pieces = cut(speech)
    whole_ms = max(1, pieces[-1].end_ms)
    found: list[Translated] = []
    for piece in pieces:
        for part, language in in_languages(piece, machine):
            if language == ENGLISH:
                found += _as_heard(machine, part)
            else:
                code = whisper_language(language, engine.languages)
                found += _translated(engine, speech, part, code, _share(report, part, whole_ms))
    if not found:
        raise InvalidAudio(Problem(subject, "no speech was found", "Listen to the recording: is it the right file"))
    return tuple(found)


def in_languages(piece: Piece, machine: MachineTranscript) -> tuple[tuple[Piece, str], ...]:
    """`piece`, divided where another language begins; what is shorter than a second goes with what is before it."""
    inside = list(_inside(machine, piece))
    runs: list[tuple[str, int, int]] = []
    for language, group in groupby(inside, key=lambda one: one.language or machine.language):
        run = list(group)
        start_ms, end_ms = run[0].words[0].start_ms, run[-1].words[-1].end_ms
        if runs and (language == runs[-1][0] or end_ms - start_ms < _SHORTEST_MS):
            runs[-1] = (runs[-1][0], runs[-1][1], end_ms)
        else:
            runs.append((language, start_ms, end_ms))
    if not runs:
        return ((piece, machine.language),)
    # Who talks into another's sentence begins before that one ends.
    middles_ms = ((min(one[2], two[1]) + two[1]) // 2 for one, two in pairwise(runs))
    edges_ms = [piece.start_ms, *(min(max(one, piece.start_ms), piece.end_ms) for one in middles_ms), piece.end_ms]
    parts = zip(pairwise(edges_ms), runs, strict=True)
    return tuple((Piece(start_ms, end_ms), run[0]) for (start_ms, end_ms), run in parts if start_ms < end_ms)


def _as_heard(machine: MachineTranscript, part: Piece) -> Iterator[Translated]:
    for one in _inside(machine, part):
        text = "".join(word.text for word in one.words).strip()
        yield Translated(one.words[0].start_ms, one.words[-1].end_ms, text)


def _inside(machine: MachineTranscript, part: Piece) -> Iterator[MachineSegment]:
    for one in machine.segments:
        if one.words and part.start_ms <= (one.words[0].start_ms + one.words[-1].end_ms) // 2 < part.end_ms:
            yield one


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
