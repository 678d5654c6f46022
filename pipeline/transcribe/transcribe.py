"""From our speech file to the machine's words: `machine.json`'s content, orderly and the same every time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import InvalidAudio, Problem
from pipeline.runner import Runner
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.cutting import cut
from pipeline.transcribe.engine import Described, Engine, Heard, describe, open_engine
from pipeline.transcribe.orderly import orderly, share
from pipeline.transcribe.pieces import hear_by_workers, hear_in_turn
from pipeline.transcribe.sound import speech_ms
from pipeline.transcript import MachineTranscript
from pipeline.workers import LocalRunner


def transcribe(
    speech: Path,
    *,
    audio_digest: str,
    settings: TranscriptionSettings,
    language: str | None,
    hotwords: Sequence[str],
    report: Callable[[float], None],
    pieces_folder: Path | None = None,
    runner: Runner | None = None,
    engine: Engine | None = None,
) -> MachineTranscript:
    """Write down what is said in `speech`, our WAV of 16 kHz, mono, 16 bits.

    `audio_digest` names the recording it was made from. `language` is a tag such as en-GB; None, or a language
    the model does not know, lets Whisper decide by listening. `report` hears the part done, from 0 to 1.

    A long recording is heard in pieces by `runner`, by default child processes of its own, and what is finished is
    kept in `pieces_folder`, so that a run that is killed can go on. With such a folder a short one too is heard by
    the runner, without one in this process. An `engine` that was opened with these settings hears everything itself,
    in this process, one piece after another.

    Raises InvalidAudio when the file is another kind or nobody speaks in it, InvalidShow when the weights know
    English only and the show is in another language, MissingTool without engine or weights, ToolFailed.
    """
    length_ms = speech_ms(speech)
    pieces = cut(speech)
    heard: Heard | None = None
    if engine is not None or (pieces_folder is None and len(pieces) == 1):
        engine = engine or open_engine(settings)
        if length_ms:
            heard = hear_in_turn(
                engine, speech, pieces, model=settings.model, language=language, hotwords=hotwords, report=report
            )
        described = Described(engine.name, engine.version, engine.weights)
    else:
        described = describe(settings)
        with _folder(pieces_folder) as folder, _runner(runner, settings) as hearing:
            if length_ms:
                heard = hear_by_workers(
                    described,
                    speech,
                    pieces,
                    settings=settings,
                    language=language,
                    hotwords=hotwords,
                    folder=folder,
                    runner=hearing,
                    report=report,
                )
    segments = orderly(heard.segments, length_ms) if heard else ()
    if heard is None or not segments:
        raise InvalidAudio(
            Problem(str(speech), "no speech was found", "Listen to the recording: is it the right file, and not silent")
        )
    return MachineTranscript(
        version=1,
        engine=described.name,
        engine_version=described.version,
        model=settings.model,
        model_digest=described.weights.digest,
        language=heard.language,
        language_probability=share(heard.language_probability),
        audio_digest=audio_digest,
        duration_ms=length_ms,
        hotwords=heard.hotwords,
        segments=segments,
        dropped=heard.dropped,
    )


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        yield Path(folder)


@contextmanager
def _runner(given: Runner | None, settings: TranscriptionSettings) -> Iterator[Runner]:
    if given is not None:
        yield given
        return
    with LocalRunner(None if settings.workers == "auto" else settings.workers) as own:
        yield own
