from __future__ import annotations

import json
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.audio.derive import derive
from pipeline.errors import InvalidAudio
from tests.audio.conftest import FORMATS, in_format
from tests.audio.sounds import VOICE, burst, expression, loudest_ms


def _derive(recording: Path, folder: Path) -> int:
    return derive(
        recording,
        proxy=folder / "proxy.m4a",
        speech=folder / "speech.wav",
        peaks=folder / "peaks.json",
        report=lambda _: None,
    )


@pytest.mark.parametrize("suffix", FORMATS)
def test_proxy_speech_and_peaks_share_one_time(tmp_path: Path, suffix: str) -> None:
    plain = expression(tmp_path / "plain.wav", burst(7.0, bed=f"0.02*({VOICE})"), seconds=12)
    length_ms = _derive(in_format(plain, tmp_path / f"talk.{suffix}"), tmp_path / "build")
    assert abs(length_ms - 12_000) < 60
    assert abs(loudest_ms(tmp_path / "build" / "proxy.m4a") - 7_000) < 15
    assert abs(loudest_ms(tmp_path / "build" / "speech.wav") - 7_000) < 15
    peaks = json.loads((tmp_path / "build" / "peaks.json").read_text())
    pixel = int(np.argmax(peaks["data"][1::2]))
    pixel_ms = 1000 * peaks["samples_per_pixel"] / peaks["sample_rate"]
    assert abs(pixel * pixel_ms - 7_000) <= pixel_ms


def test_the_speech_is_what_whisper_reads(two_voices: Path, tmp_path: Path) -> None:
    length_ms = _derive(two_voices, tmp_path)
    with wave.open(str(tmp_path / "speech.wav"), "rb") as speech:
        assert (speech.getnchannels(), speech.getsampwidth(), speech.getframerate()) == (1, 2, 16_000)
        assert speech.getnframes() * 1000 // 16_000 == length_ms == 20_000


def test_the_proxy_is_small_and_begins_with_its_index(two_voices: Path, tmp_path: Path) -> None:
    _derive(two_voices, tmp_path)
    content = (tmp_path / "proxy.m4a").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert len(content) < 20 * 64_000 / 8 * 1.2
    with av.open(str(tmp_path / "proxy.m4a")) as proxy:
        assert proxy.streams.audio[0].codec_context.name == "aac"
        assert proxy.streams.audio[0].codec_context.channels == 1
        assert proxy.duration is not None
        assert abs(proxy.duration - 20_000_000) < 50_000


@pytest.mark.parametrize("at_s", [3.0, 11.0, 17.5])
def test_the_proxy_seeks_exactly(tmp_path: Path, at_s: float) -> None:
    _derive(expression(tmp_path / "talk.wav", burst(at_s, bed=f"0.02*({VOICE})"), seconds=20), tmp_path)
    with av.open(str(tmp_path / "proxy.m4a")) as proxy:
        proxy.seek(int((at_s - 0.5) * av.time_base))
        for frame in proxy.decode(audio=0):
            assert frame.time is not None
            sound = np.abs(frame.to_ndarray()[0])
            if sound.max() > 0.3:
                heard_s = frame.time + int(np.argmax(sound > 0.3)) / frame.sample_rate
                assert abs(heard_s - at_s) < 0.03
                return
    pytest.fail("the burst is not there")


def test_same_input_same_bytes(two_voices: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        _derive(two_voices, tmp_path / folder)
    for name in ("proxy.m4a", "speech.wav", "peaks.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_truncated_recording_leaves_nothing_behind(voice: Path, tmp_path: Path) -> None:
    whole = voice.read_bytes()
    (tmp_path / "talk.wav").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InvalidAudio, match=r"talk\.wav at 00:00:10\.000: the recording stops here"):
        _derive(tmp_path / "talk.wav", tmp_path / "build")
    assert list((tmp_path / "build").iterdir()) == []
