"""Conversations put together from utterances of different voices, so that who speaks when is known to the sample."""

from __future__ import annotations

import random
import wave
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
_FRAME = RATE_HZ // 100
_QUIET_DB = -40.0
_PAUSE_FRAMES = 30

Sound = NDArray[np.float32]


@dataclass(frozen=True)
class Dialogue:
    """A recording and its turns: (start_ms, end_ms, who)."""

    path: Path
    turns: tuple[tuple[int, int, str], ...]

    @property
    def seconds(self) -> float:
        return self.turns[-1][1] / 1000


def trimmed(sound: Sound) -> Sound:
    """Without the quiet at both ends, as loud as every other: what is left is speech from end to end."""
    frames = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    powers = (frames.astype(np.float64) ** 2).mean(axis=1)
    loud = np.flatnonzero(powers > powers.max() * 10 ** (_QUIET_DB / 10))
    if not len(loud):
        return sound[:0]
    kept = sound[loud[0] * _FRAME : (loud[-1] + 1) * _FRAME]
    return kept * np.float32(0.08 / max(1e-6, float(np.sqrt((kept.astype(np.float64) ** 2).mean()))))


def _spoken(sound: Sound, at: int) -> list[tuple[int, int]]:
    """Where in an utterance that begins at `at` somebody speaks: pauses of 0.3 s and more are nobody's."""
    frames = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME)
    powers = (frames.astype(np.float64) ** 2).mean(axis=1)
    loud = np.flatnonzero(powers > powers.max() * 10 ** (_QUIET_DB / 10))
    breaks = np.flatnonzero(np.diff(loud) > _PAUSE_FRAMES)
    firsts, lasts = loud[[0, *(breaks + 1)]], loud[[*breaks, -1]]
    return [
        (at + int(first) * _FRAME, at + (int(last) + 1) * _FRAME) for first, last in zip(firsts, lasts, strict=True)
    ]


def converse(
    path: Path,
    utterances: Mapping[str, Sequence[Sound]],
    *,
    seconds: float,
    seed: int,
    overlap: float = 0.15,
    short: float = 0.3,
) -> Dialogue:
    """Write a conversation: turns of one to four utterances, no utterance twice, another voice each turn.

    `overlap` is the share of turns that begin before the last one has ended, by up to 0.5 s; `short` the share that
    are one short utterance. The rest begin 0.1 to 0.8 s after.
    """
    chance = random.Random(seed)  # noqa: S311 - for a conversation, not for a secret
    left = {who: chance.sample(list(said), len(said)) for who, said in utterances.items()}
    sounds: list[tuple[int, Sound]] = []
    turns: list[tuple[int, int, str]] = []
    end, last = 0, ""
    while end < seconds * RATE_HZ:
        able = [who for who in left if who != last and left[who]]
        if not able:
            break
        who = chance.choice(able)
        wanted_s = chance.uniform(0.5, 1.8) if chance.random() < short else chance.uniform(3, 12)
        gap_s = chance.uniform(-0.5, 0) if turns and chance.random() < overlap else chance.uniform(0.1, 0.8)
        at = max(end + round(gap_s * RATE_HZ), 0)
        if wanted_s < 2:
            one = min(left[who], key=lambda sound: abs(len(sound) / RATE_HZ - wanted_s))
            left[who] = [sound for sound in left[who] if sound is not one]
            said = [one]
        else:
            said = []
            while left[who] and sum(map(len, said)) < wanted_s * RATE_HZ:
                said.append(left[who].pop())
        said_at = []
        for sound in said:
            said_at.append((at, sound))
            at += len(sound) + round(0.15 * RATE_HZ)
        sounds += said_at
        end, last = at - round(0.15 * RATE_HZ), who
        turns.extend((first // 16, last // 16, who) for at, sound in said_at for first, last in _spoken(sound, at))
    mixed = np.random.default_rng(seed).normal(0, 3e-4, end + RATE_HZ).astype(np.float32)
    for start, sound in sounds:
        mixed[start : start + len(sound)] += sound
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        writer.writeframes(np.clip(mixed * 32767, -32768, 32767).astype("<i2").tobytes())
    return Dialogue(path, tuple(turns))
