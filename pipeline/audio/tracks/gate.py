"""A track's gain over time, as a sound of its own that ffmpeg multiplies the track with.

A sound, because an expression with thousands of turns would be reckoned out anew for every frame.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

RATE_HZ = 1_000
_FULL = 32_767
_BLOCK_MS = 600_000


def write(target: Path, spans: Sequence[tuple[int, int]], length_ms: int, *, closed_db: float, ramp_ms: int) -> None:
    """Write gain 1 within `spans` (ms, in order, apart) and `closed_db` outside of them, as a mono WAV of 1 kHz.

    The ramps lie outside the spans and are half cosines: `ramp_ms` up, twice as long down.
    """
    closed = 10 ** (closed_db / 20)
    with wave.open(str(target), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        for start_ms in range(0, length_ms, _BLOCK_MS):
            end_ms = min(length_ms, start_ms + _BLOCK_MS)
            times = np.arange(start_ms, end_ms)
            opened = np.zeros(len(times))
            for begin_ms, finish_ms in spans:
                first, last = begin_ms - ramp_ms, finish_ms + 2 * ramp_ms
                if last <= start_ms or first >= end_ms:
                    continue
                here = slice(max(0, first - start_ms), last - start_ms)
                rising = np.clip((times[here] - first) / ramp_ms, 0.0, 1.0)
                falling = np.clip((last - times[here]) / (2 * ramp_ms), 0.0, 1.0)
                shape = 0.5 - 0.5 * np.cos(np.pi * np.minimum(rising, falling))
                opened[here] = np.maximum(opened[here], shape)
            gain = closed + (1.0 - closed) * opened
            writer.writeframes(np.rint(gain * _FULL).astype("<i2").tobytes())
