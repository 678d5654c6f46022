"""Who speaks when: told by levels alone, because a neighbour's voice that leaks in is quieter than its owner's.

A voice detector cannot tell a leak from speech; loudness can. Each track's level (50 ms, smoothed over 150 ms) is
taken relative to that track's own loud speech, so that a timid guest counts as much as a booming host. A track
speaks where it stands out of its own noise and is the loudest, or close to it; or where it is clearly louder than
what leaks into it from whoever is louder, so that two voices at once are both kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.tracks.sound import FRAME_MS, Frames

Mask: TypeAlias = NDArray[np.bool_]

# Within this of the loudest track, a track speaks as well.
_CLOSE_DB = 3.0
_ABOVE_LEAK_DB = 10.0
_ABOVE_USUAL_LEAK_DB = 8.0
_SILENCE_DB = -90.0
_LEVEL_FRAMES = 50 // FRAME_MS
_SMOOTH_FRAMES = 150 // FRAME_MS
_MEDIAN_FRAMES = 210 // FRAME_MS
_SHORTEST_FRAMES = 200 // FRAME_MS
_WINDOW_FRAMES = 10_000 // FRAME_MS
# A voice above the noise of its own room, and never far below itself.
_ABOVE_NOISE_DB = 8.0
_BELOW_VOICE_DB = 32.0
_LOUD_BELOW_VOICE_DB = 12.0
# Noise alone varies by less than this, once it is smoothed.
_LEAST_RANGE_DB = 6.0
# Somebody who speaks rarely: the loudest ten seconds tell, not the 95th percentile of the hour.
_RARE_DB = 12.0


def speaking(tracks: Sequence[Frames]) -> tuple[Mask, ...]:
    """For each track, in which frames its own speaker speaks; `tracks` are frame powers on one time line."""
    count = max(len(one) for one in tracks)
    levels = np.stack([_level_db(np.pad(one, (0, count - len(one)))) for one in tracks])
    voices = np.array([_voice_db(one) for one in levels])
    noises = np.array([float(np.percentile(one, 10)) for one in levels])
    relative = levels - voices[:, None]
    above = (
        levels
        > np.maximum(np.minimum(noises + _ABOVE_NOISE_DB, voices - _LOUD_BELOW_VOICE_DB), voices - _BELOW_VOICE_DB)[
            :, None
        ]
    )
    above &= (voices - noises > _LEAST_RANGE_DB)[:, None]
    above &= ~_explained(levels, above & (relative > -_LOUD_BELOW_VOICE_DB))
    candidates = np.where(above, relative, -np.inf)
    loudest = candidates.max(axis=0)
    leader = candidates.argmax(axis=0)
    masks = []
    for number in range(len(tracks)):
        leads = np.array([_margin_db(relative, above, leader, number, other) for other in range(len(tracks))])
        mask = above[number] & (relative[number] >= loudest + leads[leader])
        masks.append(_without_short(_median(mask)))
    return tuple(masks)


def share_told_apart(tracks: Sequence[Frames]) -> tuple[float, tuple[float, ...]]:
    """How much of all speech is one track's alone by 10 dB and more, and each track's share of that (0 to 1)."""
    count = max(len(one) for one in tracks)
    levels = np.stack([_level_db(np.pad(one, (0, count - len(one)))) for one in tracks])
    masks = np.stack(speaking(tracks))
    spoken = masks.any(axis=0)
    if not spoken.any():
        return 0.0, (0.0,) * len(tracks)
    ordered = np.sort(levels, axis=0)
    alone = spoken & (ordered[-1] - ordered[-2] >= _ABOVE_LEAK_DB)
    owner = levels.argmax(axis=0)
    shares = tuple(float((alone & (owner == number)).sum() / spoken.sum()) for number in range(len(tracks)))
    return float(alone.sum() / spoken.sum()), shares


def spans_ms(mask: Mask, *, before_ms: int, after_ms: int, bridge_ms: int) -> tuple[tuple[int, int], ...]:
    """The stretches of a mask, widened, and joined where less than `bridge_ms` lies between."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    spans: list[tuple[int, int]] = []
    for start, end in (edges.reshape(-1, 2) * FRAME_MS).tolist():
        start_ms, end_ms = max(0, start - before_ms), end + after_ms
        if spans and start_ms - spans[-1][1] < bridge_ms:
            spans[-1] = (spans[-1][0], end_ms)
        else:
            spans.append((start_ms, end_ms))
    return tuple(spans)


def _level_db(powers: Frames) -> Frames:
    rms = np.sqrt(_average(powers, _LEVEL_FRAMES))
    level: Frames = 20 * np.log10(np.maximum(_average(rms, _SMOOTH_FRAMES), 1e-9))
    return np.maximum(level, _SILENCE_DB, out=level)


def _voice_db(level_db: Frames) -> float:
    """The level of a track's loud speech."""
    whole = float(np.percentile(level_db, 95))
    windows = [
        float(np.percentile(level_db[start : start + _WINDOW_FRAMES], 90))
        for start in range(0, len(level_db), _WINDOW_FRAMES)
    ]
    return max(whole, max(windows) - _RARE_DB)


def _explained(levels: Frames, loud: Mask) -> Mask:
    """In which frames a track holds no more than what leaks into it: somebody who only listens never speaks.

    How much leaks from one into another shows where the one is loud and the other, most likely, silent. The track
    that is loudest in plain level is never explained away.
    """
    explained = np.zeros(levels.shape, bool)
    for one, level in enumerate(levels):
        if not loud[one].any():
            continue
        for other in range(len(levels)):
            if other != one:
                leak_db = float(np.percentile((levels[other] - level)[loud[one]], 15))
                explained[other] |= levels[other] < level + min(leak_db + _ABOVE_USUAL_LEAK_DB, -1.0)
    return explained


def _margin_db(relative: Frames, above: Mask, leader: NDArray[np.int64], number: int, other: int) -> float:
    """How far below `other`, who leads, the track `number` may be and still be speaking: 0 for itself."""
    if number == other:
        return 0.0
    leading = (leader == other) & above[other] & (relative[other] > -_LOUD_BELOW_VOICE_DB)
    below = (relative[number] - relative[other])[leading]
    below = below[below < -_CLOSE_DB]
    if not len(below):
        return -_CLOSE_DB
    # Most of the time whoever is not leading is silent, and what is left is the leak and the room.
    return min(-_CLOSE_DB, float(np.percentile(below, 75)) + _ABOVE_LEAK_DB)


def _average(values: Frames, width: int) -> Frames:
    """The mean over `width` (odd) frames around each, without an array per frame."""
    half = width // 2
    sums = np.cumsum(np.pad(values, (half + 1, half)))
    return np.maximum(sums[width:] - sums[:-width], 0.0) / width


def _median(mask: Mask) -> Mask:
    return _average(mask.astype(np.float64), _MEDIAN_FRAMES) > 0.5


def _without_short(mask: Mask) -> Mask:
    kept = mask.copy()
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    for start, end in edges.reshape(-1, 2).tolist():
        if end - start < _SHORTEST_FRAMES:
            kept[start:end] = False
    return kept
