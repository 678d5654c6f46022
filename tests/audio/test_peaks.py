from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio.peaks import PIXELS_PER_SECOND, write_peaks


def _wav(path: Path, sound: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> Path:
    with wave.open(str(path), "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(16_000)
        target.writeframes(sound.astype("<i2").tobytes())
    return path


def _peaks(folder: Path, sound: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> dict[str, object]:
    write_peaks(_wav(folder / "speech.wav", sound), folder / "peaks.json")
    content: dict[str, object] = json.loads((folder / "peaks.json").read_text())
    return content


def test_it_is_audiowaveforms_format(tmp_path: Path) -> None:
    sound = np.tile(np.array([0, 1000, -500, 250], dtype=np.int16), 16_000)  # four seconds
    peaks = _peaks(tmp_path, sound)
    assert peaks == {
        "version": 2,
        "channels": 1,
        "sample_rate": 16_000,
        "samples_per_pixel": 16_000 // PIXELS_PER_SECOND,
        "bits": 8,
        "length": 80,
        "data": [-64, 127] * 80,
    }


@pytest.mark.parametrize("seconds", [1.0, 61.03, 120.0])
def test_least_and_greatest_of_each_pixel(tmp_path: Path, seconds: float) -> None:
    rng = np.random.default_rng(7)
    sound = (rng.standard_normal(round(seconds * 16_000)) * 6_000).clip(-32_768, 32_767).astype(np.int16)
    peaks = _peaks(tmp_path, sound)
    greatest = int(np.abs(sound.astype(int)).max())
    data: list[int] = []
    for start in range(0, len(sound), 800):
        pixel = sound[start : start + 800].astype(int)
        data += [round(127 * pixel.min() / greatest), round(127 * pixel.max() / greatest)]
    assert peaks["length"] == len(data) // 2
    assert peaks["data"] == data


def test_a_quiet_recording_fills_the_strip_and_silence_is_a_line(tmp_path: Path) -> None:
    quiet = _peaks(tmp_path, np.tile(np.array([20, -20], dtype=np.int16), 8_000))
    assert quiet["data"] == [-127, 127] * 20
    assert _peaks(tmp_path, np.zeros(16_000, dtype=np.int16))["data"] == [0] * 40
