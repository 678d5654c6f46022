"""Where a waveform is flat: text there was not spoken."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

SILENCE_MIN_MS = 1000


def silences_in_peaks(peaks: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    """The flat stretches (ms, a second or longer) of a waveform in audiowaveform's JSON form.

    Flat is below one per cent of full scale. A form that cannot be read has no silences: they are a hint.
    """
    try:
        rate, step, channels = peaks["sample_rate"], peaks["samples_per_pixel"], peaks.get("channels", 1)
        limit = max(1, (1 << (peaks["bits"] - 1)) // 100)
        data = peaks["data"]
        width = 2 * channels
        flat = [max(map(abs, data[place : place + width])) <= limit for place in range(0, len(data) - width + 1, width)]
        edges = [0, *(place for place in range(1, len(flat)) if flat[place] != flat[place - 1]), len(flat)]
        stretches = [
            (first * step * 1000 // rate, last * step * 1000 // rate)
            for first, last in pairwise(edges)
            if first < len(flat) and flat[first]
        ]
    except (KeyError, TypeError, ZeroDivisionError, ValueError):
        return ()
    return tuple(one for one in stretches if one[1] - one[0] >= SILENCE_MIN_MS)
