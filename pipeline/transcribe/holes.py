"""Stretches where somebody speaks and the engine wrote nothing: found by loudness, and heard again.

Whisper now and then skips most of a window of 30 s, more often when it is told which terms to expect. Nothing in
its own figures shows it; only the hole does. A hole is heard again by itself and without hotwords.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.transcribe.engine import Engine, Heard
from pipeline.transcribe.sound import SAMPLE_RATE_HZ
from pipeline.transcript import MachineSegment, MachineWord

if TYPE_CHECKING:
    from pipeline.transcribe.sound import Samples

HOLE_MIN_MS = 2500
_MARGIN_MS = 200
_FRAME_MS = 50
# A frame is speech when it has a quarter of the usual level under words; a hole is mostly speech, pauses included.
_SPEECH_LEVEL = 0.25
_SPEECH_SHARE = 0.4


def fill_holes(engine: Engine, samples: Samples, heard: Heard, report: Callable[[float], None]) -> Heard:
    """`heard`, with what was skipped. `report` hears the part done, from 0 to 1."""
    words = [word for segment in heard.segments for word in segment.words]
    found = holes(samples, words)
    segments = list(heard.segments)
    for number, (start_ms, end_ms) in enumerate(found, start=1):
        begin_ms = max(0, start_ms - _MARGIN_MS)
        piece = samples[begin_ms * SAMPLE_RATE_HZ // 1000 : (end_ms + _MARGIN_MS) * SAMPLE_RATE_HZ // 1000]
        again = engine.hear(piece, language=heard.language, hotwords=(), report=lambda part: None)
        segments += [
            inside for segment in again.segments if (inside := _inside(segment, begin_ms, start_ms, end_ms)).words
        ]
        report(number / len(found))
    segments = _split_at(segments, [start_ms for start_ms, _ in found])
    return replace(heard, segments=tuple(sorted(segments, key=lambda segment: segment.words[0].start_ms)))


def holes(samples: Samples, words: Sequence[MachineWord]) -> list[tuple[int, int]]:
    """Gaps between words, in ms, of at least HOLE_MIN_MS, in which it is as loud as under words."""
    levels = _levels(samples)
    spoken = sorted(
        level for word in words for level in levels[word.start_ms // _FRAME_MS : -(-word.end_ms // _FRAME_MS)]
    )
    if not spoken:
        return []
    threshold = spoken[len(spoken) // 2] * _SPEECH_LEVEL
    ends = [0, *(word.end_ms for word in words)]
    starts = [*(word.start_ms for word in words), len(levels) * _FRAME_MS]
    found: list[tuple[int, int]] = []
    latest_ms = 0
    for end_ms, start_ms in zip(ends, starts, strict=True):
        latest_ms = max(latest_ms, end_ms)
        gap = levels[-(-latest_ms // _FRAME_MS) : start_ms // _FRAME_MS]
        if start_ms - latest_ms >= HOLE_MIN_MS and sum(level >= threshold for level in gap) >= _SPEECH_SHARE * len(gap):
            found.append((latest_ms, start_ms))
    return found


def _levels(samples: Samples) -> list[float]:
    import numpy as np  # noqa: PLC0415  the modules of this room import in a moment; numpy does not

    frame = SAMPLE_RATE_HZ * _FRAME_MS // 1000
    whole = samples[: len(samples) // frame * frame].reshape(-1, frame)
    return [float(level) for level in np.sqrt(np.mean(np.square(whole, dtype=np.float64), axis=1))]


def _inside(segment: MachineSegment, offset_ms: int, start_ms: int, end_ms: int) -> MachineSegment:
    """The segment's words that lie in the hole, at their times in the recording."""
    moved = (
        replace(word, start_ms=word.start_ms + offset_ms, end_ms=word.end_ms + offset_ms) for word in segment.words
    )
    # A word belongs to the hole when most of it lies there: its neighbours were heard the first time.
    return replace(
        segment, words=tuple(word for word in moved if start_ms <= (word.start_ms + word.end_ms) // 2 <= end_ms)
    )


def _split_at(segments: Sequence[MachineSegment], times_ms: Sequence[int]) -> list[MachineSegment]:
    """Segments cut where a hole lies inside them, so that in the order of segments the words stay in order."""
    pieces = [segment for segment in segments if segment.words]
    for time_ms in times_ms:
        cut: list[MachineSegment] = []
        for segment in pieces:
            before = tuple(word for word in segment.words if word.start_ms < time_ms)
            after = segment.words[len(before) :]
            cut += [replace(segment, words=part) for part in (before, after) if part]
        pieces = cut
    return pieces
