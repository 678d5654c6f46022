"""A conversation of two voices as each one's microphone would have recorded it, with everything about it known.

The voices are the sample show's: the turns of its conversation are told apart by the silences between them.
"""

from __future__ import annotations

import subprocess
import wave
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.audio import ffmpeg
from tests.episodes import SPEECH

RATE_HZ = 24_000  # as the sample was rendered
SECONDS = 78
_TURN_SILENCE_FRAMES = 50  # of 10 ms; between sentences there are fewer

Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Turn:
    """Who speaks (0 or 1) from when to when, in seconds."""

    speaker: int
    start_s: float
    end_s: float


@cache
def conversation() -> tuple[Sound, tuple[Turn, ...]]:
    """The beginning of the sample's conversation, nine turns that alternate."""
    raw = subprocess.run(
        [
            str(ffmpeg.find().path), "-nostdin", "-v", "error", "-t", str(SECONDS + 1), "-i", str(SPEECH),
            "-ac", "1", "-ar", str(RATE_HZ), "-f", "f32le", "-",
        ],
        check=True,
        capture_output=True,
    ).stdout  # fmt: skip
    sound = np.frombuffer(raw, "<f4").astype(np.float64)
    frame = RATE_HZ // 100
    powers = (sound[: len(sound) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
    quiet = np.concatenate(([False], powers < powers.max() * 10**-4.5, [False]))
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8))).reshape(-1, 2)
    silences = [(start, end) for start, end in edges.tolist() if end - start >= _TURN_SILENCE_FRAMES]
    turns = [
        Turn(number % 2, before[1] / 100, after[0] / 100)
        for number, (before, after) in enumerate(pairwise(silences))
        if after[0] / 100 <= SECONDS
    ]
    return sound[: SECONDS * RATE_HZ], tuple(turns)


def voices() -> tuple[Sound, Sound]:
    """Each of the two alone, silent while the other speaks."""
    sound, turns = conversation()
    found = (np.zeros_like(sound), np.zeros_like(sound))
    for turn in turns:
        # The cuts lie in the silence around the turn.
        cut = slice(round((turn.start_s - 0.2) * RATE_HZ), round((turn.end_s + 0.2) * RATE_HZ))
        found[turn.speaker][cut] = sound[cut]
    return found


def two_tracks(
    folder: Path,
    *,
    bleed_db: float | None = -20.0,
    offset_s: float = 0.0,
    drift_ppm: float = 0.0,
    quieter_db: float = 0.0,
    late_s: float = 0.0,
    seconds: float = SECONDS,
) -> tuple[Path, Path]:
    """Write `ada.wav` and `ben.wav`, two microphones with a hiss of their own.

    Each hears the other `bleed_db` below its owner (None: not at all) and `late_s` later; Ben's is `quieter_db`
    softer, began `offset_s` later, and its clock runs fast by `drift_ppm`.
    """
    ada, ben = (one[: round(seconds * RATE_HZ)] for one in voices())
    noise = np.random.default_rng(7)
    leak = 0.0 if bleed_db is None else 10 ** (bleed_db / 20)
    late = round(late_s * RATE_HZ)
    first = ada + leak * np.roll(ben, late) + noise.normal(0, 2e-4, len(ada))
    second = (ben + leak * np.roll(ada, late)) * 10 ** (-quieter_db / 20) + noise.normal(0, 2e-4, len(ben))
    count = int((len(second) / RATE_HZ - offset_s) * (1 + drift_ppm * 1e-6) * RATE_HZ)
    times_s = offset_s + np.arange(count) / RATE_HZ / (1 + drift_ppm * 1e-6)
    second = _at(second, times_s)
    return _write(folder / "ada.wav", first), _write(folder / "ben.wav", second)


def _at(sound: Sound, times_s: Sound) -> Sound:
    """The sound at times that fall between its samples, which are first made four times as many."""
    spectrum = np.fft.rfft(sound)
    fine = np.fft.irfft(np.pad(spectrum, (0, len(sound) * 2 - len(spectrum) + 1)), len(sound) * 4) * 4
    return np.interp(times_s * RATE_HZ * 4, np.arange(len(fine)), fine)


def _write(path: Path, *channels: Sound) -> Path:
    samples = np.stack([np.clip(np.rint(one * 32767), -32768, 32767) for one in channels], axis=1).astype("<i2")
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(len(channels))
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples.tobytes())
    return path


def tone(path: Path, pitch_hz: float, start_s: float, end_s: float, *, seconds: float = 5) -> Path:
    """Write some seconds in which a tone stands for somebody who speaks from `start_s` to `end_s`."""
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    speaks = (times_s >= start_s) & (times_s < end_s)
    return _write(path, np.where(speaks, 0.2, 1e-4) * np.sin(2 * np.pi * pitch_hz * times_s))


def stereo(path: Path, *, bleed_db: float = -25.0, seconds: float = SECONDS) -> Path:
    """Write both voices into one file, Ada on the left and Ben on the right."""
    ada, ben = (one[: round(seconds * RATE_HZ)] for one in voices())
    leak = 10 ** (bleed_db / 20)
    return _write(path, ada + leak * ben, ben + leak * ada)


def beside(path: Path) -> Path:
    """Write the conversation as a mix in stereo: both voices in the middle."""
    sound, _ = conversation()
    return _write(path, sound, 0.9 * sound)
