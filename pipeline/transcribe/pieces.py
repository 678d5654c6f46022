"""A long recording heard piece by piece by several workers, and put together again.

A piece lies between two pauses, so no word is in two of them and none is in neither. What was heard in one is kept
at once in a file of its own, named by everything it depends on: the sound itself, the engine and its weights, the
language and the hotwords. A run that was killed finds the pieces that were finished, and hears only the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline import files
from pipeline.runner import Runner, Task, run_all, run_one
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.again import hear_again
from pipeline.transcribe.cutting import Piece
from pipeline.transcribe.engine import MAX_THREADS, Described, Engine, Heard, gpu_here, understood
from pipeline.transcribe.languages import whisper_language
from pipeline.transcribe.orderly import orderly
from pipeline.transcribe.sound import read_frames, read_speech
from pipeline.transcript import MachineSegment
from pipeline.workers import usable_cores

# Raise it when the same sound, weights and settings would give other words.
_VERSION = 7
_HEAR, _DETECT = "pipeline.transcribe.worker:hear", "pipeline.transcribe.worker:detect"
# Of a piece's time, the share of the first hearing; the rest is for hearing again what was skipped.
_FIRST_HEARING = 0.95
_WORKER_BYTES = 400_000_000
# An engine's weights in memory, and while they are loaded, per byte of their file.
_WEIGHTS_IN_MEMORY = {"faster-whisper": 2, "openai-whisper": 4}

_heard = TypeAdapter(Heard)


def hear_by_workers(
    described: Described,
    speech: Path,
    pieces: Sequence[Piece],
    *,
    settings: TranscriptionSettings,
    language: str | None,
    hotwords: Sequence[str],
    folder: Path,
    runner: Runner,
    report: Callable[[float], None],
) -> Heard:
    """Have all `pieces` heard by `runner`, and each kept in `folder` as soon as it is finished.

    `language` is a tag such as en-GB. Raises what `transcribe` raises, and ToolFailed when the process that hears a
    piece was ended three times; the other pieces are kept then.
    """
    files.remove_leftovers(folder)
    parts = _Parts(pieces, report)
    task = Task(
        _HEAR,
        {
            "settings": settings.model_dump(mode="json"),
            "engine": [described.name, described.version, described.weights.digest],
            "hotwords": list(hotwords),
        },
        inputs={"speech": speech},
        # One thread each: several share out one sum differently, and a word may come out otherwise. What is one
        # piece anyway has all cores, as it has without workers.
        threads=1 if len(pieces) > 1 else min(usable_cores(), MAX_THREADS),
        memory_bytes=_WORKER_BYTES + _WEIGHTS_IN_MEMORY[described.name] * described.weights.size_bytes,
        at_most=_at_most(settings, runner),
        gpu=True,
    )
    code, probability = whisper_language(language, {"en"}), None
    if code is None and len(pieces) > 1:
        # All pieces must be heard in one language. Which it is, only the loaded weights know.
        code, probability = _language(runner, task, language, pieces)
    files_of = {piece: folder / f"{_key(task.payload, code, language, speech, piece)}.json" for piece in pieces}
    missing = {_name(speech, piece): piece for piece in pieces if _read(files_of[piece]) is None}
    for piece in pieces:
        parts.of(piece)(0.0 if piece in missing.values() else 1.0)
    run_all(
        runner,
        {
            name: replace(
                task,
                payload={
                    **task.payload,
                    "piece": [piece.start_ms, piece.end_ms],
                    "language": language if code is None else code,
                },
                outputs={"heard": files_of[piece]},
            )
            for name, piece in missing.items()
        },
        report=lambda name, part: parts.of(missing[name])(part),
    )
    return _stitched(pieces, [_heard_in(files_of[piece]) for piece in pieces], probability)


def hear_in_turn(
    engine: Engine,
    speech: Path,
    pieces: Sequence[Piece],
    *,
    model: str,
    language: str | None,
    hotwords: Sequence[str],
    report: Callable[[float], None],
) -> Heard:
    """Hear all `pieces` with the weights `model` of `engine`, in this process. Raises what `transcribe` raises."""
    code, probability = understood(engine, model, language), None
    if code is None and len(pieces) > 1:  # as above
        code, probability = detect(engine, speech, pieces)
    parts = _Parts(pieces, report)
    heard = [
        hear_piece(engine, speech, piece, language=code, hotwords=hotwords, report=parts.of(piece)) for piece in pieces
    ]
    return _stitched(pieces, heard, probability)


def hear_piece(
    engine: Engine,
    speech: Path,
    piece: Piece,
    *,
    language: str | None,
    hotwords: Sequence[str],
    report: Callable[[float], None],
) -> Heard:
    """What is said in `piece`, what failed heard again; times count from the beginning of the piece."""
    samples = read_speech(speech, piece.start_ms, piece.end_ms)
    heard = engine.hear(
        samples, language=language, hotwords=hotwords, report=lambda part: report(part * _FIRST_HEARING)
    )
    heard = hear_again(engine, samples, heard, lambda part: report(_FIRST_HEARING + part * (1 - _FIRST_HEARING)))
    report(1.0)
    return replace(heard, segments=orderly(heard.segments, piece.length_ms))


def keep(path: Path, heard: Heard) -> None:
    """Write what was heard in a piece."""
    files.write_text(path, files.readable_json({"version": _VERSION, "heard": _heard.dump_python(heard, mode="json")}))


def detect(engine: Engine, speech: Path, pieces: Sequence[Piece]) -> tuple[str, float]:
    """The language of the first piece in which somebody speaks, as Whisper's code, and how probable it is."""
    for piece in pieces:
        if found := engine.detect(read_speech(speech, piece.start_ms, piece.end_ms)):
            return found
    return "en", 0.0  # nobody speaks in it at all, which is told when no words are found


def _at_most(settings: TranscriptionSettings, runner: Runner) -> int | None:
    """How many processes may hear at once in one place: what show.toml says, else as cores and memory allow.

    One on a graphics card; what this machine has says nothing of others, where the card is a tag.
    """
    if settings.workers != "auto":
        return settings.workers
    return 1 if runner.is_here and gpu_here() else None


def _language(runner: Runner, task: Task, language: str | None, pieces: Sequence[Piece]) -> tuple[str, float]:
    every = [[piece.start_ms, piece.end_ms] for piece in pieces]
    detecting = replace(task, do=_DETECT, payload={**task.payload, "language": language, "pieces": every})
    name = f"{task.inputs['speech']}: finding the language"
    found, probability = run_one(runner, name, detecting, lambda part: None)
    return str(found), float(probability)


def language_of(
    engine: Engine, speech: Path, pieces: Sequence[Piece], *, model: str, tag: str | None
) -> tuple[str, float]:
    """The language to hear `pieces` in: the one of `tag` where the weights know it, else by listening."""
    code = understood(engine, model, tag)
    return (code, 1.0) if code else detect(engine, speech, pieces)


def _key(payload: Mapping[str, Any], code: str | None, tag: str | None, speech: Path, piece: Piece) -> str:
    digest = files.digest_json(
        {
            "version": _VERSION,
            "sound": files.digest_bytes(read_frames(speech, piece.start_ms, piece.end_ms)),
            "engine": payload["engine"],
            "beam_size": payload["settings"]["beam_size"],
            "language": code or tag,
            "hotwords": payload["hotwords"],
        }
    )
    return digest.removeprefix("sha256:")[:32]


def _name(speech: Path, piece: Piece) -> str:
    return f"{speech} from {_clock(piece.start_ms)} to {_clock(piece.end_ms)}"


def _clock(time_ms: int) -> str:
    minutes, seconds = divmod(time_ms // 1000, 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"


def _read(path: Path) -> Heard | None:
    try:
        content = TypeAdapter(dict[str, Any]).validate_json(path.read_bytes())
        return _heard.validate_python(content["heard"]) if content.get("version") == _VERSION else None
    except (OSError, ValidationError, KeyError):
        return None  # not there, or not whole: it is heard again


def _heard_in(path: Path) -> Heard:
    heard = _read(path)
    assert heard is not None, path  # noqa: S101  the worker has said that it wrote it
    return heard


def _stitched(pieces: Sequence[Piece], heard: Sequence[Heard], probability: float | None) -> Heard:
    segments = tuple(
        moved for piece, one in zip(pieces, heard, strict=True) for moved in _moved(one.segments, piece.start_ms)
    )
    return replace(
        heard[0],
        segments=segments,
        dropped=tuple(
            (start_ms + piece.start_ms, end_ms + piece.start_ms)
            for piece, one in zip(pieces, heard, strict=True)
            for start_ms, end_ms in one.dropped
        ),
        language_probability=heard[0].language_probability if probability is None else probability,
    )


def _moved(segments: Sequence[MachineSegment], by_ms: int) -> Iterator[MachineSegment]:
    for segment in segments:
        words = (replace(one, start_ms=one.start_ms + by_ms, end_ms=one.end_ms + by_ms) for one in segment.words)
        yield replace(segment, words=tuple(words))


class _Parts:
    """The part done of all pieces, from the part done of each; it never falls, though a piece be heard again."""

    def __init__(self, pieces: Sequence[Piece], report: Callable[[float], None]) -> None:
        self._done_ms = dict.fromkeys(pieces, 0.0)
        self._total_ms = max(1, sum(piece.length_ms for piece in pieces))
        self._report = report
        self._latest = 0.0

    def of(self, piece: Piece) -> Callable[[float], None]:
        def report(part: float) -> None:
            self._done_ms[piece] = part * piece.length_ms
            self._latest = max(self._latest, min(1.0, sum(self._done_ms.values()) / self._total_ms))
            self._report(self._latest)

        return report
