"""Striking out of sound: silence or a tone, the rest untouched, the same length to the sample."""

from __future__ import annotations

import math
import wave
from array import array
from pathlib import Path
from typing import Any

import av
import numpy
import pytest

from pipeline.audio.strike import GUARD_MS, SILENT_DBFS, TONE_HZ, Sound, Struck, loudest_dbfs, strike

RATE_HZ = 44_100


def voice(path: Path, seconds: float = 4.0, channels: int = 1) -> None:
    samples = array(
        "h",
        (
            int(12_000 * math.sin(math.tau * 310 * t / RATE_HZ))
            for t in range(int(seconds * RATE_HZ))
            for _ in range(channels)
        ),
    )
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples.tobytes())


def samples_of(path: Path) -> Any:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        planar = container.streams.audio[0].format.is_planar
        channels = container.streams.audio[0].channels
    whole = numpy.concatenate(frames, axis=1).astype(float)
    flat = whole if planar else whole.reshape(-1, channels).T
    return flat[0] / 2**31


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("sound", ["mute", "tone"])
def test_the_stretch_is_silenced_and_nothing_else(tmp_path: Path, channels: int, sound: Sound) -> None:
    recording, target = tmp_path / "a.wav", tmp_path / "struck.flac"
    voice(recording, channels=channels)
    strike(recording, target, [Struck(1000, 1500, sound), Struck(3000, 3100, sound)], report=lambda part: None)
    result = samples_of(target)
    assert len(result) == 4 * RATE_HZ
    original = 12_000 / 32_768 * numpy.sin(math.tau * 310 * numpy.arange(4 * RATE_HZ) / RATE_HZ)
    kept = numpy.ones(len(result), dtype=bool)
    for start_ms, end_ms in ((1000, 1500), (3000, 3100)):
        first, last = (start_ms - GUARD_MS) * RATE_HZ // 1000, (end_ms + GUARD_MS) * RATE_HZ // 1000
        inside = result[first + 256 : last - 256]
        kept[first - 256 : last + 256] = False
        if sound == "mute":
            assert not inside.any()
        else:
            spectrum = numpy.abs(numpy.fft.rfft(inside * numpy.hanning(len(inside))))
            assert abs(spectrum.argmax() * RATE_HZ / len(inside) - TONE_HZ) < 10
            assert 0.03 < numpy.abs(inside).max() < 0.12
    assert numpy.abs(result[kept] - original[kept]).max() < 2e-4


def test_what_is_left_is_measured(tmp_path: Path) -> None:
    recording, muted, bleeped = tmp_path / "a.wav", tmp_path / "muted.flac", tmp_path / "bleeped.flac"
    voice(recording)
    strike(recording, muted, [Struck(1000, 1500, "mute")], report=lambda part: None)
    strike(recording, bleeped, [Struck(1000, 1500, "tone")], report=lambda part: None)
    assert loudest_dbfs(recording, 1000, 1500, without_tone=False) == pytest.approx(-11.7, abs=0.5)
    assert loudest_dbfs(muted, 1000, 1500, without_tone=False) == -120.0
    assert loudest_dbfs(bleeped, 1000, 1500, without_tone=False) > -40
    assert loudest_dbfs(bleeped, 1000, 1500, without_tone=True) < SILENT_DBFS
    # A voice under a tone would be found: the notch takes the tone away, not the voice.
    assert loudest_dbfs(recording, 1000, 1500, without_tone=True) > -20


def test_a_stretch_at_the_edges_of_the_recording(tmp_path: Path) -> None:
    recording, target = tmp_path / "a.wav", tmp_path / "struck.flac"
    voice(recording, seconds=2)
    strike(recording, target, [Struck(0, 100, "mute"), Struck(1900, 2500, "mute")], report=lambda part: None)
    result = samples_of(target)
    assert len(result) == 2 * RATE_HZ
    assert not result[:4000].any()
    assert not result[-4000:].any()
