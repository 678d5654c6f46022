"""When each track began, and how fast its clock runs: found by what one microphone hears of the other voice.

A voice leaks into the other track: through the air of a room, or out of headphones. Where it does, the two tracks
are alike there, and cross-correlation finds the lag between them, window by window; a line through the lags gives
the start (its height) and the drift of the clocks (its slope). Windows in which nothing leaked give chance
results; the line is the one that most windows agree on (RANSAC, over all pairs instead of random ones), and where
too few agree there is no answer rather than a wrong one.

Each way is looked at by itself: the first voice where it is loud against the second track where it is quiet, and
the reverse. Over headphones the voices arrive late on both ways, and the truth lies in the middle.

The spectrum is whitened (the phase transform of Knapp and Carter, 1976), because speech is alike to itself a
pitch period later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.chain import SAMPLE_RATE_HZ
from pipeline.audio.tracks import sound
from pipeline.audio.tracks.sound import RATE_HZ, Frames, Samples

# Recordings that began further apart need `offset`.
LONGEST_LAG_S = 60
STEEPEST_PPM = 500.0
# Less is 9 ms in an hour, and nobody hears or reads it.
SMALLEST_PPM = 2.5

_LOUD_BELOW_PEAK_DB = 9.0
_COARSE_STEP = 4
_COARSE_RATE_HZ = RATE_HZ // _COARSE_STEP
_COARSE_WINDOW_S = 8
_COARSE_MOST_WINDOWS = 40
_COARSE_SIGNIFICANCE = 7.5
_COARSE_TOLERANCE_S = 0.004
_FINE_WINDOW_S = 4
_FINE_MOST_WINDOWS = 120
_FINE_LAG_S = 0.040
_FINE_MARGIN = 160  # samples more on either side, for the drift within a window
_FINE_SIGNIFICANCE = 6.5
_FINE_TOLERANCE_S = 0.0008
_LEAST_WINDOWS = 3
_LEAST_SHARE = 0.4
_LEAST_LOUD = 0.1  # of a window; else it says nothing
_WHITENING = 0.8
_LOW_HZ = 150.0
_ROUNDS = 2

_Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a track lies on the time line of the first one.

    `start` is in samples of the chain (44.1 kHz) and may be negative. `drift_ppm` is by how many millionths its
    clock runs fast: a second of the first track's time is 1 + drift / 10^6 seconds of this one. `how` says
    whether that was measured, given by a person, or assumed to be the same start; `is_heard` whether it could be
    measured.
    """

    start: int
    drift_ppm: float
    how: Literal["first", "measured", "given", "assumed"]
    is_heard: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A decoded track with the levels of its frames."""

    path: Path
    powers: Frames

    @property
    def seconds(self) -> float:
        """Its length by its own clock."""
        return len(self.powers) * sound.FRAME_MS / 1000


@dataclass(frozen=True, slots=True)
class _Line:
    """Lag in seconds at a time of the first track: `height + slope * t`; `count` windows agree on it."""

    height: float
    slope: float
    count: int

    def at(self, time_s: float) -> float:
        return self.height + self.slope * time_s


def find(first: Heard, other: Heard) -> Placement | None:
    """How `other` lies to `first`, or None where too little of one is heard in the other to tell."""
    lines = [line for toward in (True, False) if (line := _line(first, other, toward=toward)) is not None]
    if not lines:
        return None
    middle_s = first.seconds / 2
    weights = np.array([line.count for line in lines], np.float64)
    slope = float(np.average([line.slope for line in lines], weights=weights))
    lag_s = float(np.mean([line.at(middle_s) for line in lines])) - slope * middle_s
    # Sample b of the other track is heard at (b - lag) / (1 + slope) of the first.
    start_s = -lag_s / (1 + slope)
    drift_ppm = round(slope * 1e6, 1)
    return Placement(round(start_s * SAMPLE_RATE_HZ), drift_ppm if abs(drift_ppm) >= SMALLEST_PPM else 0.0, "measured")


def _line(first: Heard, other: Heard, *, toward: bool) -> _Line | None:
    """The line of the first voice heard in the other track (`toward`), or of the other voice in the first."""
    times, lags = _coarse(first, other, toward=toward)
    line = _agreed(times, lags, _COARSE_TOLERANCE_S, first.seconds)
    for _ in range(_ROUNDS):
        if line is None:
            return None
        times, rests = _fine(first, other, line, toward=toward)
        rest = _agreed(times, rests, _FINE_TOLERANCE_S, first.seconds)
        line = None if rest is None else _Line(line.height + rest.height, line.slope + rest.slope, rest.count)
    return line


def _coarse(first: Heard, other: Heard, *, toward: bool) -> tuple[_Array, _Array]:
    """For windows over the whole first track: their middle, and the lag at which they are most alike, in s."""
    reach_s = LONGEST_LAG_S
    times: list[float] = []
    lags: list[float] = []
    for start_s in _windows(first.seconds, _COARSE_WINDOW_S, _COARSE_MOST_WINDOWS):
        near = _part(first, start_s, _COARSE_WINDOW_S, loud=toward, step=_COARSE_STEP)
        far = _part(other, start_s - reach_s, _COARSE_WINDOW_S + 2 * reach_s, loud=not toward, step=_COARSE_STEP)
        if near is None or far is None:
            continue
        peak = _peak(near, far, _COARSE_RATE_HZ, len(far) - len(near), _COARSE_SIGNIFICANCE)
        if peak is not None:
            times.append(start_s + _COARSE_WINDOW_S / 2)
            lags.append(peak / _COARSE_RATE_HZ - reach_s)
    return np.array(times), np.array(lags)


def _fine(first: Heard, other: Heard, line: _Line, *, toward: bool) -> tuple[_Array, _Array]:
    """For short windows: their middle, and by how much the lag differs from the line, in s."""
    reach = round(_FINE_LAG_S * RATE_HZ)
    times: list[float] = []
    rests: list[float] = []
    for start_s in _windows(first.seconds, _FINE_WINDOW_S, _FINE_MOST_WINDOWS):
        near = _part(first, start_s, _FINE_WINDOW_S, loud=toward)
        begin_s = start_s - _FINE_LAG_S
        origin = round((begin_s + line.at(begin_s)) * RATE_HZ) - _FINE_MARGIN
        length_s = _FINE_WINDOW_S + 2 * _FINE_LAG_S + 2 * _FINE_MARGIN / RATE_HZ
        far = _part(other, origin / RATE_HZ, length_s, loud=not toward)
        if near is None or far is None:
            continue
        # The far window on the near one's clock: drift within it would blur the peak.
        here_s = np.arange(len(near) + 2 * reach) / RATE_HZ
        there = (begin_s + line.at(begin_s) + here_s * (1 + line.slope)) * RATE_HZ - origin
        moved = np.interp(there, np.arange(len(far)), far).astype(np.float32)
        peak = _peak(near, moved, RATE_HZ, 2 * reach, _FINE_SIGNIFICANCE)
        if peak is not None:
            times.append(start_s + _FINE_WINDOW_S / 2)
            rests.append((peak - reach) / RATE_HZ)
    return np.array(times), np.array(rests)


def _windows(seconds: float, window_s: int, most: int) -> Iterator[float]:
    last_s = seconds - window_s
    step_s = max(window_s / 2, last_s / most)
    start_s = 0.0
    while start_s <= last_s:
        yield start_s
        start_s += step_s


def _part(heard: Heard, start_s: float, length_s: float, *, loud: bool, step: int = 1) -> Samples | None:
    """A window with only its loud frames, or only its others; None where there is too little of them."""
    start, count = round(start_s * RATE_HZ), round(length_s * RATE_HZ)
    samples = sound.segment(heard.path, start, count)
    per_frame = RATE_HZ * sound.FRAME_MS // 1000
    centres = (start + np.arange(0, count, per_frame) + per_frame // 2) // per_frame
    inside = (centres >= 0) & (centres < len(heard.powers))
    levels = np.where(inside, heard.powers[np.clip(centres, 0, len(heard.powers) - 1)], 0.0)
    threshold = float(np.percentile(heard.powers, 95)) * 10 ** (-_LOUD_BELOW_PEAK_DB / 10)
    # A loud syllable's edges belong to it: the choice is widened by 50 ms on both sides.
    is_loud = np.convolve(levels > threshold, np.ones(11), "same") > 0
    chosen = is_loud if loud else ~is_loud
    if (chosen & (levels > 0)).mean() * length_s < _LEAST_LOUD * _FINE_WINDOW_S:
        return None
    gate = np.convolve(chosen.astype(np.float32), np.ones(3, np.float32) / 3, "same")
    samples *= np.repeat(gate, per_frame)[:count]
    return samples if step == 1 else samples[: count // step * step].reshape(-1, step).mean(axis=1)


def _peak(near: Samples, far: Samples, rate_hz: int, most_lag: int, significance: float) -> float | None:
    """The lag, in samples with a fraction, at which `near` is found in `far`; None where nothing stands out."""
    size = 1 << (len(near) + len(far) - 1).bit_length()
    cross = np.conj(np.fft.rfft(near, size)) * np.fft.rfft(far, size)
    frequencies = np.fft.rfftfreq(size, 1 / rate_hz)
    strength = np.abs(cross)
    floor = float(strength.max()) * 1e-9
    if floor == 0:
        return None
    cross *= (frequencies > _LOW_HZ) / (strength + floor) ** _WHITENING
    alike = np.fft.irfft(cross, size)[: most_lag + 1]
    best = int(alike.argmax())
    spread = float(np.median(np.abs(alike))) / 0.6745
    if not 0 < best < most_lag or spread == 0 or alike[best] < significance * spread:
        return None
    before, peak, after = (float(one) for one in alike[best - 1 : best + 2])
    curve = before - 2 * peak + after
    return best + (0.5 * (before - after) / curve if curve < 0 else 0.0)


def _agreed(times: _Array, lags: _Array, tolerance_s: float, seconds: float) -> _Line | None:
    """The line that most windows lie on, fitted through those."""
    if len(times) < _LEAST_WINDOWS:
        return None
    best = np.zeros(len(times), bool)
    # Two windows close together say little of the slope.
    apart_s = min(seconds * 0.15, 60.0)
    for one in range(len(times)):
        gaps = times - times[one]
        others = np.flatnonzero(gaps >= apart_s)
        slopes = (lags[others] - lags[one]) / gaps[others]
        slopes = slopes[np.abs(slopes) <= STEEPEST_PPM * 1e-6]
        if not len(slopes):
            continue
        near = np.abs(lags[None, :] - lags[one] - slopes[:, None] * gaps[None, :]) <= tolerance_s
        counts = near.sum(axis=1)
        if counts.max() > best.sum():
            best = near[counts.argmax()]
    count = int(best.sum())
    if count < max(_LEAST_WINDOWS, _LEAST_SHARE * len(times)):
        return None
    middle = float(times[best].mean())
    gaps = times[best] - middle
    height = float(lags[best].mean())
    slope = float((gaps * (lags[best] - height)).sum() / max((gaps**2).sum(), 1e-9))
    return _Line(height - slope * middle, slope, count)
