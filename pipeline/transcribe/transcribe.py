"""From our speech file to the machine's words: `machine.json`'s content, orderly and the same every time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.errors import InvalidAudio, InvalidShow, Problem, ToolFailed
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.engine import open_engine
from pipeline.transcribe.holes import fill_holes
from pipeline.transcribe.languages import whisper_language
from pipeline.transcribe.sound import duration_ms, read_speech
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord


def transcribe(
    speech: Path,
    *,
    audio_digest: str,
    settings: TranscriptionSettings,
    language: str | None,
    hotwords: Sequence[str],
    report: Callable[[float], None],
) -> MachineTranscript:
    """Write down what is said in `speech`, our WAV of 16 kHz, mono, 16 bits.

    `audio_digest` names the recording it was made from. `language` is a tag such as en-GB; None, or a language
    the model does not know, lets Whisper decide by listening. `report` hears the part done, from 0 to 1.

    Raises InvalidAudio when the file is another kind or nobody speaks in it, InvalidShow when the weights know
    English only and the show is in another language, MissingTool without engine or weights, ToolFailed.
    """
    samples = read_speech(speech)
    length_ms = duration_ms(samples)
    engine = open_engine(settings)
    code = whisper_language(language, engine.languages)
    if language is not None and code is None and engine.languages == {"en"}:
        raise InvalidShow(
            Problem(
                "show.toml",
                f"the model {settings.model} knows English only, and the language is {language}",
                "Set model in [transcription] to one whose name does not end in .en",
            )
        )
    heard = engine.hear(samples, language=code, hotwords=hotwords, report=report) if length_ms else None
    if heard is not None:
        heard = fill_holes(engine, samples, heard, report)
    segments = orderly(heard.segments, length_ms) if heard else ()
    if heard is None or not segments:
        raise InvalidAudio(
            Problem(str(speech), "no speech was found", "Listen to the recording: is it the right file, and not silent")
        )
    return MachineTranscript(
        version=1,
        engine=engine.name,
        engine_version=engine.version,
        model=settings.model,
        model_digest=engine.weights.digest,
        language=heard.language,
        language_probability=_share(heard.language_probability),
        audio_digest=audio_digest,
        duration_ms=length_ms,
        hotwords=heard.hotwords,
        segments=segments,
    )


def orderly(segments: Sequence[MachineSegment], length_ms: int) -> tuple[MachineSegment, ...]:
    """The same words with times that can be relied on, and figures of three decimals.

    Word times come from attention, window by window, so at the borders of windows and of removed silences one
    may begin a little before the last: it is moved up to it (starts never decrease, ends never precede starts,
    nothing lies outside 0 to `length_ms`). Words of white space and segments without words are left out.
    """
    latest_ms = 0
    result: list[MachineSegment] = []
    for segment in segments:
        words: list[MachineWord] = []
        for word in segment.words:
            if not word.text.strip():
                continue
            latest_ms = min(max(word.start_ms, latest_ms), length_ms)
            end_ms = min(max(word.end_ms, latest_ms), length_ms)
            words.append(MachineWord(word.text, latest_ms, end_ms, _share(word.probability)))
        if words:
            result.append(
                MachineSegment(
                    tuple(words),
                    _figure(segment.average_log_probability),
                    _figure(segment.compression_ratio),
                    _share(segment.no_speech_probability),
                )
            )
    return tuple(result)


def _share(value: float) -> float:
    return min(1.0, max(0.0, _figure(value)))


def _figure(value: float) -> float:
    if not math.isfinite(value):  # half precision overflows on some graphics cards, and then every word is noise
        raise ToolFailed(
            Problem(
                "transcription",
                "the engine's figures are no numbers",
                "Set CUDA_VISIBLE_DEVICES to nothing to do without the graphics card, and run again",
            )
        )
    return round(float(value), 3) + 0.0  # no negative zero, which would be another text for the same value
