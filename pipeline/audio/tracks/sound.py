"""A track as the numbers that are reckoned with: 16 kHz, mono, read back a block at a time."""

from __future__ import annotations

import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.audio import chain, ffmpeg
from pipeline.audio.chain import Part
from pipeline.audio.probe import probe, require_whole

RATE_HZ = 16_000
FRAME_MS = 10
# Below a voice there is only rumble, which would count as level.
HIGHPASS = "highpass=f=80"

Samples: TypeAlias = NDArray[np.float32]
Frames: TypeAlias = NDArray[np.float64]

_FRAME_SAMPLES = RATE_HZ * FRAME_MS // 1000
_BLOCK_FRAMES = 6_000


def decode(part: Part, target: Path, report: Callable[[float], None]) -> None:
    """Write a track, on its own clock, as a WAV that `segment` and `powers` read.

    Raises InvalidAudio for what `probe` refuses and for a damaged recording, ToolFailed when ffmpeg fails.
    """
    probed = probe(part.path)
    graph = chain.graph([part], 1, HIGHPASS, f"aresample={RATE_HZ}:osf=s16[speech]")
    log = ffmpeg.run(
        [
            *chain.inputs([part]), "-filter_complex", graph, "-map", "[speech]", "-c:a", "pcm_s16le",
            *ffmpeg.SAME_BYTES, "-f", "wav", f"file:{target}",
        ],
        subject=part.path,
        duration_ms=probed.duration_ms,
        report=report,
    )  # fmt: skip
    require_whole(part.path, probed, length(target) * 1000 // RATE_HZ, log.error_count)


def length(sound: Path) -> int:
    """How many samples a decoded track has."""
    with wave.open(str(sound), "rb") as source:
        return source.getnframes()


def segment(sound: Path, start: int, count: int) -> Samples:
    """`count` samples from `start` on; silence where the track has none."""
    taken = np.zeros(count, np.float32)
    with wave.open(str(sound), "rb") as source:
        first, last = max(0, start), min(source.getnframes(), start + count)
        if first < last:
            source.setpos(first)
            found = np.frombuffer(source.readframes(last - first), dtype="<i2")
            taken[first - start : last - start] = found.astype(np.float32) / np.float32(32768)
    return taken


def powers(sound: Path) -> Frames:
    """The mean square of every 10 ms. Memory grows by 3 MB an hour, not with the sound."""
    found = [np.zeros(0)]
    found.extend((block.astype(np.float64) ** 2).reshape(-1, _FRAME_SAMPLES).mean(axis=1) for block in _blocks(sound))
    return np.concatenate(found)


def _blocks(sound: Path) -> Iterator[Samples]:
    """Whole frames; the last, broken one is left out."""
    with wave.open(str(sound), "rb") as source:
        while frames := source.readframes(_FRAME_SAMPLES * _BLOCK_FRAMES):
            samples = np.frombuffer(frames, dtype="<i2").astype(np.float32) / np.float32(32768)
            yield samples[: len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES]
