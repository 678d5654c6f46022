from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audio.master import Mastered, Trial, master, next_gain
from pipeline.errors import InvalidAudio
from pipeline.show.settings import AudioSettings
from tests.audio.conftest import FORMATS, in_format
from tests.audio.sounds import (
    OTHER_VOICE,
    VOICE,
    burst,
    expression,
    frames,
    loudest_ms,
    meter,
    render,
    samples,
)


def _master(
    recording: Path,
    target: Path,
    settings: AudioSettings | None = None,
    *,
    intro: Path | None = None,
    outro: Path | None = None,
) -> Mastered:
    return master(recording, target, settings or AudioSettings(), intro=intro, outro=outro, report=lambda _: None)


# What a producer hands in: how the level of a voice differs.
_LEVELS = {
    "plain": "anull",
    "very quiet": "volume=-38dB",
    "clipped": "volume=30dB,alimiter=limit=1:attack=0.1:release=1:level=0,volume=0dB",
    "whisper and shout": "volume='if(lt(mod(t,8),4),0.03,1.5)':eval=frame",
    "slammed door": "volume='if(between(t,6,6.05),9,0.2)':eval=frame",
}


@pytest.mark.parametrize("level", _LEVELS)
@pytest.mark.parametrize("channels", [1, 2])
def test_loudness_and_true_peak_hold_on_the_mp3(tmp_path: Path, level: str, channels: int) -> None:
    voices = (VOICE, OTHER_VOICE)[:channels]
    recording = expression(tmp_path / "talk.wav", *voices, seconds=25, filters=_LEVELS[level])
    mastered = _master(recording, tmp_path / "out.mp3")
    heard = meter(tmp_path / "out.mp3")
    assert mastered.channels == channels
    assert abs(heard.loudness_lufs - {1: -19.0, 2: -16.0}[channels]) <= 0.3
    assert heard.true_peak_dbtp <= -1.0
    assert mastered.loudness_lufs == heard.loudness_lufs
    assert mastered.true_peak_dbtp == heard.true_peak_dbtp


@pytest.mark.parametrize(
    ("channels", "bitrate_kbps", "expected_kbps", "mode"),
    [
        ("auto", None, 128, "joint stereo"),
        ("mono", None, 96, "mono"),
        ("mono", 64, 64, "mono"),
        ("stereo", 192, 192, "joint stereo"),
        ("stereo", 320, 320, "joint stereo"),
    ],
)
def test_every_frame_has_the_one_bit_rate(
    two_voices: Path, tmp_path: Path, channels: str, bitrate_kbps: int | None, expected_kbps: int, mode: str
) -> None:
    settings = AudioSettings.model_validate({"channels": channels, "bitrate_kbps": bitrate_kbps})
    mastered = _master(two_voices, tmp_path / "out.mp3", settings)
    found = frames(tmp_path / "out.mp3")
    assert found.bitrates_kbps == {expected_kbps} == {mastered.bitrate_kbps}
    assert found.sample_rates_hz == {44_100} == {mastered.sample_rate_hz}
    assert found.modes == {mode}
    assert found.leftover_bytes == 0
    assert found.count > 20 * 44_100 / 1152
    assert abs(mastered.duration_ms - 20_000) <= 1
    assert abs(meter(tmp_path / "out.mp3").loudness_lufs - (-19 if mode == "mono" else -16)) <= 0.3


@pytest.mark.parametrize(
    ("settings", "loudness_lufs", "peak_dbtp"),
    [
        (AudioSettings(loudness_lufs=-23.0, true_peak_dbtp=-3.0), -23.0, -3.0),
        (AudioSettings(loudness_lufs=-14.0, true_peak_dbtp=-2.0), -14.0, -2.0),
        (AudioSettings(channels="stereo"), -16.0, -1.0),
    ],
    ids=["broadcast", "loud", "mono as stereo"],
)
def test_the_show_decides(
    voice: Path, tmp_path: Path, settings: AudioSettings, loudness_lufs: float, peak_dbtp: float
) -> None:
    _master(voice, tmp_path / "out.mp3", settings)
    heard = meter(tmp_path / "out.mp3")
    assert abs(heard.loudness_lufs - loudness_lufs) <= 0.3
    assert heard.true_peak_dbtp <= peak_dbtp


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ((VOICE, VOICE), 1),
        ((VOICE, OTHER_VOICE), 2),
        ((VOICE, f"0.5*({VOICE})"), 2),
        ((VOICE,), 1),
    ],
    ids=["alike", "two voices", "one side softer", "mono"],
)
def test_the_recording_decides_on_the_channels(tmp_path: Path, channels: tuple[str, ...], expected: int) -> None:
    # One formula evaluated twice draws other random numbers: alike channels are made from one.
    if len(set(channels)) < len(channels):
        recording = expression(tmp_path / "talk.mp3", channels[0], seconds=12, filters="pan=stereo|c0=c0|c1=c0")
    else:
        recording = expression(tmp_path / "talk.wav", *channels, seconds=12)
    assert _master(recording, tmp_path / "out.mp3").channels == expected


def test_six_channels_are_mixed(tmp_path: Path) -> None:
    surround = expression(
        tmp_path / "talk.wav", VOICE, OTHER_VOICE, VOICE, "0", OTHER_VOICE, VOICE, seconds=12,
        filters="aformat=channel_layouts=5.1",
    )  # fmt: skip
    assert _master(surround, tmp_path / "out.mp3").channels == 2


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_mastered_on_its_own_time(tmp_path: Path, suffix: str) -> None:
    plain = expression(tmp_path / "plain.wav", burst(7.0, bed=f"0.02*({VOICE})"), seconds=12)
    mastered = _master(in_format(plain, tmp_path / f"talk.{suffix}"), tmp_path / "out.mp3")
    assert abs(mastered.duration_ms - 12_000) < 60
    assert mastered.recording_start_ms == 0
    assert abs(loudest_ms(tmp_path / "out.mp3") - 7_000) < 15


def test_sound_that_starts_after_the_picture_starts_there(tmp_path: Path) -> None:
    plain = expression(tmp_path / "plain.wav", burst(5.0, bed=f"0.02*({VOICE})"), seconds=10)
    late = render(
        tmp_path / "late.mov", "-f", "lavfi", "-i", "color=s=64x64:r=5:d=12", "-itsoffset", "0.7",
        "-i", str(plain), "-c:v", "mpeg4", "-c:a", "aac",
    )  # fmt: skip
    _master(late, tmp_path / "out.mp3")
    assert abs(loudest_ms(tmp_path / "out.mp3") - 5_700) < 30


def test_same_input_same_bytes(two_voices: Path, voice: Path, tmp_path: Path) -> None:
    for target in ("one.mp3", "two.mp3"):
        _master(two_voices, tmp_path / target, intro=voice)
        time.sleep(1.1)  # a date in the file would be another second by now
    assert (tmp_path / "one.mp3").read_bytes() == (tmp_path / "two.mp3").read_bytes()


def test_tags_of_the_recording_are_not_taken_over(voice: Path, tmp_path: Path) -> None:
    tagged = render(
        tmp_path / "talk.flac", "-i", str(voice), "-metadata", "title=Off the record",
        "-metadata", "comment=[ebur128@whole @ 0x0] [info] Summary: I: -5.0 LUFS",
    )  # fmt: skip
    _master(tagged, tmp_path / "out.mp3")
    content = (tmp_path / "out.mp3").read_bytes()
    assert b"Off the record" not in content
    assert content[:2] == b"\xff\xfb"
    assert abs(meter(tmp_path / "out.mp3").loudness_lufs + 19) <= 0.3


def test_progress_never_runs_backwards_and_ends_at_one(voice: Path, tmp_path: Path) -> None:
    fractions: list[float] = []
    master(voice, tmp_path / "out.mp3", AudioSettings(), intro=voice, outro=None, report=fractions.append)
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < 0.5
    assert fractions[-1] == 1.0


class TestIntroAndOutro:
    _CROSSFADE_MS = 700

    @pytest.fixture
    def pieces(self, tmp_path: Path) -> tuple[Path, Path, Path]:
        # Three formats, three levels, three kinds of channels: as such files come.
        intro = expression(tmp_path / "intro.mp3", f"0.1*({OTHER_VOICE})", f"0.08*({VOICE})", seconds=4.321)
        recording = expression(tmp_path / "talk.flac", burst(5.0, bed=f"0.05*({VOICE})"), seconds=15)
        outro = expression(tmp_path / "outro.wav", burst(2.0, bed=f"0.05*({OTHER_VOICE})"), seconds=6)
        return intro, recording, outro

    def test_the_recording_is_heard_where_it_is_said_to_be(
        self, pieces: tuple[Path, Path, Path], tmp_path: Path
    ) -> None:
        intro, recording, outro = pieces
        settings = AudioSettings(crossfade_ms=self._CROSSFADE_MS)
        mastered = _master(recording, tmp_path / "out.mp3", settings, intro=intro, outro=outro)
        assert mastered.recording_start_ms == 4_321 - self._CROSSFADE_MS
        assert mastered.recording_duration_ms == 15_000
        assert abs(mastered.duration_ms - (4_321 + 15_000 + 6_000 - 2 * self._CROSSFADE_MS)) <= 1
        assert mastered.channels == 1
        said_ms = mastered.recording_start_ms + 5_000
        heard_ms = loudest_ms(tmp_path / "out.mp3", after_ms=said_ms - 2_000, until_ms=said_ms + 2_000)
        assert abs(heard_ms - said_ms) < 5
        outro_ms = mastered.recording_start_ms + 15_000 - self._CROSSFADE_MS + 2_000
        heard_ms = loudest_ms(tmp_path / "out.mp3", after_ms=outro_ms - 1_000, until_ms=outro_ms + 1_000)
        assert abs(heard_ms - outro_ms) < 5

    def test_only_an_outro(self, pieces: tuple[Path, Path, Path], tmp_path: Path) -> None:
        _, recording, outro = pieces
        mastered = _master(recording, tmp_path / "out.mp3", outro=outro)
        assert mastered.recording_start_ms == 0
        assert abs(mastered.duration_ms - 20_500) <= 1
        assert abs(loudest_ms(tmp_path / "out.mp3", until_ms=9_000) - 5_000) < 5

    def test_without_a_crossfade_they_stand_end_to_end(self, pieces: tuple[Path, Path, Path], tmp_path: Path) -> None:
        intro, recording, outro = pieces
        settings = AudioSettings(crossfade_ms=0)
        mastered = _master(recording, tmp_path / "out.mp3", settings, intro=intro, outro=outro)
        assert mastered.recording_start_ms == 4_321
        assert abs(mastered.duration_ms - 25_321) <= 1

    def test_a_crossfade_is_never_longer_than_half_of_either(
        self, pieces: tuple[Path, Path, Path], tmp_path: Path
    ) -> None:
        intro, recording, _ = pieces
        settings = AudioSettings(crossfade_ms=10_000)
        mastered = _master(recording, tmp_path / "out.mp3", settings, intro=intro)
        assert mastered.recording_start_ms == 4_321 - 2_160

    def test_nothing_jumps(self, tmp_path: Path) -> None:
        intro = expression(tmp_path / "intro.wav", f"0.05*({OTHER_VOICE})", seconds=10)
        recording = expression(tmp_path / "talk.wav", f"0.4*({VOICE})", seconds=20)
        outro = expression(tmp_path / "outro.wav", f"2*({OTHER_VOICE})", seconds=10)
        _master(recording, tmp_path / "out.mp3", intro=intro, outro=outro)
        assert abs(meter(tmp_path / "out.mp3").loudness_lufs + 19) <= 0.3
        stretches = [(0, 9), (10, 18.5), (30, 8.5)]
        heard = [
            meter(tmp_path / "out.mp3", start_s=start, seconds=seconds).loudness_lufs for start, seconds in stretches
        ]
        assert max(heard) - min(heard) < 1.0, heard

    def test_the_crossfade_leaves_no_hole_and_no_bang(self, tmp_path: Path) -> None:
        tone = "0.2*sin(2*PI*220*t)"
        intro = expression(tmp_path / "intro.wav", tone, seconds=5)
        recording = expression(tmp_path / "talk.wav", "0.2*sin(2*PI*330*t)", seconds=10)
        _master(recording, tmp_path / "out.mp3", AudioSettings(crossfade_ms=1_000), intro=intro)
        heard = samples(tmp_path / "out.mp3")
        levels = [
            float((heard[start : start + 4410].astype(float) ** 2).mean() ** 0.5)
            for start in range(2 * 44_100, 8 * 44_100, 4410)
        ]
        assert min(levels) > 0.6 * max(levels)

    def test_a_bad_intro_is_named(self, voice: Path, tmp_path: Path) -> None:
        intro = tmp_path / "jingle.mp3"
        intro.write_bytes(b"not music\n" * 400)
        with pytest.raises(InvalidAudio, match=r"jingle\.mp3: it is not a recording"):
            _master(voice, tmp_path / "out.mp3", intro=intro)


class TestBadRecordings:
    def _refused(self, recording: Path, tmp_path: Path, settings: AudioSettings | None = None) -> str:
        target = tmp_path / "build" / "out.mp3"
        target.parent.mkdir()
        target.write_bytes(b"the release before")
        with pytest.raises(InvalidAudio) as caught:
            _master(recording, target, settings)
        assert target.read_bytes() == b"the release before"
        assert list(target.parent.iterdir()) == [target]
        assert str(recording) in str(caught.value)
        return str(caught.value)

    @pytest.mark.parametrize("formula", ["0", "0.0001*sin(2*PI*300*t)"], ids=["zeros", "below hearing"])
    def test_silence(self, tmp_path: Path, formula: str) -> None:
        silence = expression(tmp_path / "talk.wav", formula, seconds=5)
        assert "there is no sound in it. Check that the right microphone was on" in self._refused(silence, tmp_path)

    def test_channels_that_cancel_each_other_out(self, tmp_path: Path) -> None:
        recording = expression(tmp_path / "talk.wav", VOICE, seconds=5, filters="pan=stereo|c0=c0|c1=-1*c0")
        message = self._refused(recording, tmp_path, AudioSettings(channels="mono"))
        assert "its two channels cancel each other out" in message

    @pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "aiff", "webm"])
    def test_a_truncated_recording(self, voice: Path, tmp_path: Path, suffix: str) -> None:
        whole = in_format(voice, tmp_path / f"talk.{suffix}").read_bytes()
        (tmp_path / f"talk.{suffix}").write_bytes(whole[: len(whole) * 6 // 10])
        message = self._refused(tmp_path / f"talk.{suffix}", tmp_path)
        assert f"talk.{suffix} at 00:00:1" in message
        assert "the recording stops here, though its header promises 00:00:20." in message

    @pytest.mark.parametrize("suffix", ["m4a", "mp4"])
    def test_a_truncated_recording_with_its_index_at_the_end(self, voice: Path, tmp_path: Path, suffix: str) -> None:
        whole = in_format(voice, tmp_path / f"talk.{suffix}").read_bytes()
        (tmp_path / f"talk.{suffix}").write_bytes(whole[: len(whole) * 6 // 10])
        assert "cut short in copying" in self._refused(tmp_path / f"talk.{suffix}", tmp_path)

    @pytest.mark.parametrize("suffix", ["flac", "mp3", "m4a", "ogg", "opus", "webm"])
    def test_a_damaged_recording(self, voice: Path, tmp_path: Path, suffix: str) -> None:
        path = in_format(voice, tmp_path / f"talk.{suffix}")
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 3000] = bytes((n * n * 31 + 7 * n) % 251 for n in range(3000))
        path.write_bytes(content)
        message = self._refused(path, tmp_path)
        assert f"talk.{suffix} at 00:00:" in message
        assert "the recording is damaged here and cannot be decoded" in message

    def test_crumbs_after_the_end_are_let_pass(self, voice: Path, tmp_path: Path) -> None:
        path = in_format(voice, tmp_path / "talk.mp3")
        path.write_bytes(path.read_bytes() + b"APETAGEX" + bytes(range(256)) * 8 + b"TAG" + b"x" * 125)
        assert abs(_master(path, tmp_path / "out.mp3").duration_ms - 20_000) < 100

    def test_an_mp3_without_its_length_is_not_taken_for_a_truncated_one(self, voice: Path, tmp_path: Path) -> None:
        bare = render(tmp_path / "talk.mp3", "-i", str(voice), "-q:a", "4", "-write_xing", "0")
        assert abs(_master(bare, tmp_path / "out.mp3").duration_ms - 20_000) < 100

    def test_a_playlist(self, voice: Path, tmp_path: Path) -> None:
        in_format(voice, tmp_path / "secret.mp3")
        (tmp_path / "talk.mp3").write_text("ffconcat version 1.0\nfile secret.mp3\n")
        assert "it is not a recording" in self._refused(tmp_path / "talk.mp3", tmp_path)

    def test_a_wish_that_no_limiter_can_grant(self, voice: Path, tmp_path: Path) -> None:
        message = self._refused(voice, tmp_path, AudioSettings(loudness_lufs=-9.0, true_peak_dbtp=-9.0))
        assert "it cannot be brought to -9 LUFS with its true peak under -9 dBTP" in message
        assert "Lower audio.loudness_lufs or raise audio.true_peak_dbtp" in message


@given(
    limiting_db=st.floats(0, 20),
    slope=st.floats(0.25, 1.0),
    wanted_lufs=st.floats(-30, -9),
    measured_lufs=st.floats(-60, -10),
)
def test_the_gain_is_found_in_few_trials(
    limiting_db: float, slope: float, wanted_lufs: float, measured_lufs: float
) -> None:
    # A limiter as it shows to a loudness meter: above a knee it gives back a part of what it is given.
    knee_db = wanted_lufs - measured_lufs - limiting_db

    def loudness(gain_db: float) -> float:
        return measured_lufs + min(gain_db, knee_db + slope * (gain_db - knee_db))

    gain_db = wanted_lufs - measured_lufs
    trials = [Trial(gain_db, loudness(gain_db))]
    while abs(trials[-1].loudness_lufs - wanted_lufs) > 0.25:
        assert len(trials) < 8
        gain_db = next_gain(trials, wanted_lufs)
        trials.append(Trial(gain_db, loudness(gain_db)))


_LONG = """
import sys
from pathlib import Path
from pipeline.audio.master import master
from pipeline.show.settings import AudioSettings
recording, target, intro = map(Path, sys.argv[1:])
master(recording, target, AudioSettings(), intro=intro, outro=intro, report=lambda fraction: None)
"""


def _peak_bytes(*arguments: Path) -> int:
    """The most memory that mastering held, in all its processes at once."""
    process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", _LONG, *map(str, arguments)])
    peak = 0
    while process.poll() is None:
        held = 0
        for one in [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]:
            try:
                held += one.memory_info().rss
            except psutil.Error:
                continue
        peak = max(peak, held)
        time.sleep(0.02)
    assert process.returncode == 0
    return peak


def test_memory_does_not_grow_with_length(voice: Path, two_voices: Path, tmp_path: Path) -> None:
    short = render(tmp_path / "short.wav", "-stream_loop", "1", "-i", str(two_voices))
    long = render(tmp_path / "long.wav", "-stream_loop", "29", "-i", str(two_voices))
    assert long.stat().st_size > 14 * short.stat().st_size  # 40 seconds against ten minutes
    peaks = [_peak_bytes(one, tmp_path / "out.mp3", voice) for one in (short, long)]
    megabyte = 1 << 20
    assert peaks[1] < 300 * megabyte
    assert peaks[1] < peaks[0] + 40 * megabyte
