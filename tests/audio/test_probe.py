from __future__ import annotations

import os
import re
import wave
from pathlib import Path

import pytest

from pipeline.audio import derive as derive_module
from pipeline.audio import probe as probe_module
from pipeline.audio.probe import probe, require_whole
from pipeline.errors import InvalidAudio
from tests.audio.conftest import FORMATS, in_format
from tests.audio.sounds import render

_CODECS = {"wav": "pcm_s16le", "m4a": "aac", "ogg": "vorbis", "aiff": "pcm_s16be", "webm": "opus", "mp4": "aac"}


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_known(voice: Path, tmp_path: Path, suffix: str) -> None:
    probed = probe(in_format(voice, tmp_path / f"talk.{suffix}"))
    assert probed.channels == 1
    assert abs(probed.duration_ms - 20_000) < 60
    assert probed.codec == {**_CODECS, "mov": "pcm_s16be"}.get(suffix, suffix)
    assert probed.sample_rate_hz == (48_000 if probed.codec == "opus" else 44_100)
    assert not probed.duration_is_reckoned or suffix == "webm"


@pytest.mark.parametrize(
    "name",
    [
        "-y.mp3",
        "two words.mp3",
        'it\'s "said".mp3',
        "интервью-采访-مقابلة.mp3",
        "concat:a|b.mp3",
        "http:--example.org-a.mp3",
        "percent%03d.mp3",
        "back\\slash;semi,comma[bracket].mp3",
    ],
)
def test_a_name_is_only_a_name(voice: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    in_format(voice, tmp_path / "plain.mp3").rename(tmp_path / name)
    for path in (Path(name), tmp_path / name):
        assert probe(path).duration_ms == 20_000
        length_ms = derive_module.derive(
            path, proxy=Path("o/p.m4a"), speech=Path("o/s.wav"), peaks=Path("o/p.json"), report=lambda _: None
        )
        assert length_ms == 20_000


def test_a_web_address_is_a_file_that_is_not_there() -> None:
    with pytest.raises(InvalidAudio, match=r"there is no such file"):
        probe(Path("http://example.org/talk.mp3"))


def test_a_browsers_recording_without_a_duration_is_counted(voice: Path, tmp_path: Path) -> None:
    live = render(tmp_path / "live.webm", "-i", str(voice), "-c:a", "libopus", "-live", "1", "-f", "webm")
    probed = probe(live)
    assert abs(probed.duration_ms - 20_000) < 60
    assert probed.duration_is_reckoned


def test_an_mp3_that_does_not_tell_its_length_is_not_believed(voice: Path, tmp_path: Path) -> None:
    bare = render(tmp_path / "bare.mp3", "-i", str(voice), "-q:a", "4", "-write_xing", "0")
    assert probe(bare).duration_is_reckoned


def _write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_text_called_mp3_is_refused(tmp_path: Path) -> None:
    path = _write(tmp_path, "talk.mp3", b"Minutes of the meeting\n" * 500)
    with pytest.raises(InvalidAudio, match=r"talk.mp3: it is not a recording that can be read.*Export it as WAV"):
        probe(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidAudio, match=r"it is empty. Copy it again"):
        probe(_write(tmp_path, "talk.wav", b""))


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    silent = render(tmp_path / "mute.mp4", "-f", "lavfi", "-i", "color=s=64x64:d=3", "-c:v", "mpeg4")
    with pytest.raises(InvalidAudio, match=r"there is no audio in it"):
        probe(silent)


def test_a_blink_is_refused(tmp_path: Path) -> None:
    blink = render(tmp_path / "blink.wav", "-f", "lavfi", "-i", "sine=d=0.2")
    with pytest.raises(InvalidAudio, match=r"it lasts only 0\.2 seconds"):
        probe(blink)


@pytest.mark.parametrize("suffix", ["mp3", "wav", "m4a"])
@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nsecret.mp3\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/secret.mp3\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.mp3\n",
        "ffconcat version 1.0\nfile /etc/hostname\n",
    ],
    ids=["hls", "hls to the net", "ffconcat", "ffconcat to the system"],
)
def test_a_playlist_is_no_recording(voice: Path, tmp_path: Path, suffix: str, content: str) -> None:
    in_format(voice, tmp_path / "secret.mp3")
    with pytest.raises(InvalidAudio, match=r"it is not a recording that can be read"):
        probe(_write(tmp_path, f"list.{suffix}", content.encode()))


def test_what_is_no_regular_file_is_never_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path, Path("/dev/zero")):
        with pytest.raises(InvalidAudio, match=re.escape(f"{path}: it is not a file")):
            probe(path)


def test_more_channels_than_can_be_mixed(tmp_path: Path) -> None:
    many = render(
        tmp_path / "many.wav", "-f", "lavfi", "-i", "aevalsrc=" + "|".join(["0.1"] * 16) + ":d=2:c=hexadecagonal"
    )
    with pytest.raises(InvalidAudio, match=r"it has 16 channels"):
        probe(many)


def test_a_header_that_promises_days_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, 8_000, 0, "NONE", ""))
        writer.writeframes(bytes(16_000))
    content = bytearray(path.read_bytes())
    for place in (4, 40):  # the sizes of RIFF and data (Microsoft RIFF, 1991): 25 hours
        content[place : place + 4] = (25 * 3600 * 16_000).to_bytes(4, "little")
    path.write_bytes(content)
    with pytest.raises(InvalidAudio, match="lasts longer than 24 hours"):
        probe(path)


def test_a_header_that_promises_more_samples_than_any_recorder_writes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dense.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, 8_000, 0, "NONE", ""))
        writer.writeframes(bytes(80_000))
    content = bytearray(path.read_bytes())
    content[24:28] = (1_000_000).to_bytes(4, "little")
    content[28:32] = (2_000_000).to_bytes(4, "little")
    content[4:8] = content[40:44] = (8_000_000).to_bytes(4, "little")
    path.write_bytes(content + bytes(8_000_000))
    with pytest.raises(InvalidAudio, match=r"1,000,000 samples a second, and 768,000 are the most"):
        probe(path)


def test_reading_does_not_take_for_ever(voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live = render(tmp_path / "live.webm", "-i", str(voice), "-c:a", "libopus", "-live", "1", "-f", "webm")
    monkeypatch.setattr(probe_module, "_STEP_S", 1e-9)
    for path in (voice, live):
        with pytest.raises(InvalidAudio, match="it is not a recording"):
            probe(path)


def test_looking_for_a_fault_does_not_take_for_ever(
    voice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    probed = probe(voice)
    monkeypatch.setattr(probe_module, "_LOOKING_S", -1.0)
    with pytest.raises(InvalidAudio, match="the place was not found in time"):
        require_whole(voice, probed, probed.duration_ms, error_count=1)
