"""Words in the order of time, with figures that can be kept: what engines say, made reliable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pipeline.errors import Problem, ToolFailed
from pipeline.transcript import MachineSegment, MachineWord


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
            words.append(MachineWord(word.text, latest_ms, end_ms, share(word.probability)))
        if words:
            result.append(
                replace(
                    segment,
                    words=tuple(words),
                    average_log_probability=_figure(segment.average_log_probability),
                    compression_ratio=_figure(segment.compression_ratio),
                    no_speech_probability=share(segment.no_speech_probability),
                )
            )
    return tuple(result)


def share(value: float) -> float:
    """A probability of three decimals. Raises ToolFailed when it is no number."""
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
