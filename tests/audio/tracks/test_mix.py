"""The mix of two microphones: one time line, voices of one loudness, nobody cut off, nothing kept in memory."""

from __future__ import annotations

import subprocess
import sys
import wave
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio.chain import Part
from pipeline.audio.loudness import measure
from pipeline.audio.probe import probe
from pipeline.audio.tracks import align
from pipeline.audio.tracks.align import Placement
from pipeline.audio.tracks.mix import Track, mix, rates_hz
from pipeline.errors import InvalidAudio
from tests.audio.sounds import samples
from tests.conversations import SECONDS, conversation, tone, two_tracks, voices


def mixed(folder: Path, ada: Path, ben: Path, **ben_is: int) -> Path:
    target = folder / "mixed.flac"
    mix(
        [Track(ada, "ada"), Track(ben, "ben", **ben_is)],
        target,
        [folder / "voice-1.wav", folder / "voice-2.wav"],
        report=lambda part: None,
    )
    return target


def loudness_lufs(path: Path, speaker: int) -> float:
    """Of one speaker's turns alone."""
    parts = [
        Part(path, 1).cut(round(turn.start_s * 44100), round(turn.end_s * 44100))
        for turn in conversation()[1]
        if turn.speaker == speaker
    ]
    return measure(parts, 1, subject=path).integrated_lufs


def test_two_microphones_become_one_recording(tmp_path: Path) -> None:
    ada, ben = two_tracks(tmp_path, bleed_db=-20, offset_s=2.317, drift_ppm=-120, quieter_db=9)
    target = mixed(tmp_path, ada, ben)
    assert probe(target).duration_ms == pytest.approx(SECONDS * 1000, abs=10)
    assert probe(target).channels == 1
    # One loudness, although one microphone was 9 dB softer.
    assert loudness_lufs(target, 0) == pytest.approx(loudness_lufs(target, 1), abs=1)
    # The words are where they were said: at the start and at the end, within 2 ms.
    heard = samples(target, rate_hz=24_000)
    ada_alone, ben_alone = voices()
    true = ada_alone + ben_alone
    for turn in (conversation()[1][1], conversation()[1][-1]):
        start, count = round(turn.start_s * 24_000), 4 * 24_000
        lags = range(-120, 121)
        alike = [float(np.dot(heard[start + lag : start + lag + count], true[start : start + count])) for lag in lags]
        assert abs(lags[int(np.argmax(alike))]) <= 48
    # Each voice alone is silent while the other speaks.
    for speaker in (0, 1):
        alone = samples(tmp_path / f"voice-{speaker + 1}.wav", rate_hz=16_000)
        for turn in conversation()[1]:
            middle = alone[round((turn.start_s + 0.4) * 16_000) : round((turn.end_s - 0.4) * 16_000)]
            assert (np.abs(middle).max() > 0.01) == (turn.speaker == speaker)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "ada.wav", "ben.wav", "mixed.flac", "voice-1.wav", "voice-2.wav"
    ]  # fmt: skip


def test_the_same_tracks_give_the_same_bytes(tmp_path: Path) -> None:
    ada, ben = two_tracks(tmp_path, offset_s=0.4, drift_ppm=35)
    first = mixed(tmp_path, ada, ben).read_bytes()
    assert mixed(tmp_path, ada, ben).read_bytes() == first


def test_what_a_person_says_of_the_start_counts(tmp_path: Path) -> None:
    ada, ben = two_tracks(tmp_path, bleed_db=None, offset_s=30.0)
    with pytest.raises(InvalidAudio, match=r"nothing tells where it begins. Add offset"):
        mixed(tmp_path, ada, ben)
    target = mixed(tmp_path, ada, ben, offset_ms=30_000)
    assert probe(target).duration_ms == pytest.approx(SECONDS * 1000, abs=10)
    earlier = mixed(tmp_path, ada, ben, offset_ms=-5_000)  # then Ben's start is time 0
    assert probe(earlier).duration_ms == pytest.approx((SECONDS + 5) * 1000, abs=10)


@pytest.mark.parametrize(("later_s", "is_refused"), [(4.0, False), (8.0, True)])
def test_starts_that_nothing_tells_are_taken_for_one_only_where_the_lengths_allow_it(
    tmp_path: Path, later_s: float, *, is_refused: bool
) -> None:
    ada, ben = tone(tmp_path / "ada.wav", 180, 1, 3, seconds=20), tmp_path / "ben.wav"
    tone(ben, 260, 4, 6, seconds=20 - later_s)
    if is_refused:
        with pytest.raises(InvalidAudio, match=r"00:00:12.000 and ada.wav 00:00:20.000, .*offset = 0 if they began"):
            mixed(tmp_path, ada, ben)
        mixed(tmp_path, ada, ben, offset_ms=0)
    else:
        mixed(tmp_path, ada, ben)
    assert probe(tmp_path / "mixed.flac").duration_ms == 20_000


@pytest.mark.parametrize(("later_s", "is_refused"), [(9.0, False), (11.0, True)])
def test_what_is_transcribed_is_laid_together_as_it_was(tmp_path: Path, later_s: float, *, is_refused: bool) -> None:
    ada, ben = tone(tmp_path / "ada.wav", 180, 1, 3, seconds=20), tmp_path / "ben.wav"
    tone(ben, 260, 4, 6, seconds=20 - later_s)
    target, *alone = (tmp_path / name for name in ("mixed.flac", "1.wav", "2.wav"))
    with pytest.raises(InvalidAudio, match="nothing tells") if is_refused else nullcontext():
        mix([Track(ada, "a"), Track(ben, "b")], target, alone, report=lambda part: None, is_transcribed=True)
    assert target.exists() is not is_refused


@pytest.mark.parametrize("is_heard", [True, False])
def test_a_start_that_a_person_gives_may_be_heard_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_heard: bool
) -> None:
    found = Placement(22_050, 35.0, "measured", is_heard=True) if is_heard else None
    monkeypatch.setattr(align, "find", lambda one, other: found)
    ada, ben = tone(tmp_path / "ada.wav", 180, 1, 3), tone(tmp_path / "ben.wav", 260, 3, 4)
    for offset_ms, how, start in (
        (None, "measured" if is_heard else "assumed", 22_050 if is_heard else 0),
        (0, "given", 0),
    ):
        tracks = [Track(ada, "ada"), Track(ben, "ben", offset_ms=offset_ms)]
        target, *alone = (tmp_path / name for name in ("mixed.flac", "1.wav", "2.wav"))
        placed = mix(tracks, target, alone, report=lambda part: None)[1].placement
        assert (placed.start, placed.how, placed.is_heard) == (start, how, is_heard)


@pytest.mark.parametrize("drift_ppm", [0.0, 2.5, -4.7, 35.0, -120.0, 499.9])
def test_rates_undo_a_drift(drift_ppm: float) -> None:
    there_hz, here_hz = rates_hz(drift_ppm)
    assert (here_hz / there_hz - 1) * 1e6 == pytest.approx(drift_ppm, abs=0.02)
    assert 44_100 <= there_hz <= 400_000


MEASURED = """\
import resource, sys
from pathlib import Path
from pipeline.audio.tracks.mix import Track, mix
folder = Path(sys.argv[1])
mix([Track(folder / "ada.wav", "a"), Track(folder / "ben.wav", "b")], folder / "m.flac",
    [folder / "v1.wav", folder / "v2.wav"], report=lambda part: None)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    peaks = []
    for times in (1, 6):
        folder = tmp_path / str(times)
        for track in two_tracks(folder, offset_s=0.5, drift_ppm=35):
            _repeat(track, times)
        said = subprocess.run(
            [sys.executable, "-c", MEASURED, str(folder)], check=True, capture_output=True, text=True
        ).stdout
        peaks.append([int(one) / 1024 for one in said.split()])
    (here_mb, child_mb), (longer_mb, longer_child_mb) = peaks
    assert longer_mb - here_mb < 40
    assert longer_child_mb - child_mb < 40


def _repeat(track: Path, times: int) -> None:
    with wave.open(str(track), "rb") as reader:
        parameters, content = reader.getparams(), reader.readframes(reader.getnframes())
    with wave.open(str(track), "wb") as writer:
        writer.setparams(parameters)
        for _ in range(times):
            writer.writeframes(content)
