"""The machine's words of several speakers, each heard alone, as one transcript in the order of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from pipeline.errors import InvalidAudio
from pipeline.runner import Runner
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.transcribe import transcribe
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord


@dataclass(frozen=True, slots=True)
class SpokenTrack:
    """What one person says: our WAV on the episode's time line, silent while the person is.

    `speaker` is an id, `language` a tag where the person speaks another than the episode's.
    """

    speaker: str
    speech: Path
    language: str | None = None


def transcribe_tracks(
    tracks: Sequence[SpokenTrack],
    *,
    audio_digest: str,
    settings: TranscriptionSettings,
    language: str | None,
    hotwords: Sequence[str],
    report: Callable[[float], None],
    pieces_folder: Path | None = None,
    runner: Runner | None = None,
) -> MachineTranscript:
    """Write down what each one says, and merge it; every segment says whose words it holds.

    A track in which no words are found is left out. Raises InvalidAudio where that is all of them, and what
    `transcribe` raises for the rest.
    """
    heard: list[tuple[str, MachineTranscript]] = []
    silent: list[InvalidAudio] = []
    for number, track in enumerate(tracks):
        try:
            machine = transcribe(
                track.speech,
                audio_digest=audio_digest,
                settings=settings,
                language=track.language or language,
                hotwords=hotwords,
                report=_share_of(report, number, len(tracks)),
                pieces_folder=pieces_folder,
                runner=runner,
            )
        except InvalidAudio as error:
            silent.append(error)
            continue
        heard.append((track.speaker, machine))
    if not heard:
        raise InvalidAudio([problem for error in silent for problem in error.problems])
    return merge(heard)


def merge(heard: Sequence[tuple[str, MachineTranscript]]) -> MachineTranscript:
    """One transcript of several on one time line; everything that is not words is taken from the longest of them.

    Words stand in the order of time; where people talk at once, segments are cut so that the words interleave,
    and none is lost.
    """
    longest = max((machine for _, machine in heard), key=lambda one: len(one.words))
    placed: list[tuple[int, int, int, MachineWord]] = []
    segments: dict[tuple[int, int], MachineSegment] = {}
    for track, (speaker, machine) in enumerate(heard):
        for number, segment in enumerate(machine.segments):
            own = machine.language if machine.language != longest.language else None
            segments[track, number] = replace(segment, speaker=speaker, language=segment.language or own)
            placed.extend((word.start_ms, track, number, word) for word in segment.words)
    placed.sort(key=lambda one: one[:3])  # stable: the words of a segment keep their order
    merged = tuple(
        replace(segments[key], words=tuple(one[3] for one in group))
        for key, group in groupby(placed, key=lambda one: one[1:3])
    )
    duration_ms = max(machine.duration_ms for _, machine in heard)
    dropped = sorted({one for _, machine in heard for one in machine.dropped})
    return replace(longest, segments=merged, duration_ms=duration_ms, dropped=tuple(dropped))


def _share_of(report: Callable[[float], None], number: int, count: int) -> Callable[[float], None]:
    return lambda part: report((number + part) / count)
