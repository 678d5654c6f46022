"""Where a long recording is cut: in pauses, by the sound alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidAudio
from pipeline.transcribe.cutting import WHOLE_MS, cut
from pipeline.transcribe.sound import read_speech
from tests.transcribe.sounds import write_wav


def talk(length_s: int, seed: int, *, floor: float = 20.0) -> tuple[Any, list[tuple[int, int]]]:
    """Noise in the rhythm of speech over a quiet floor, and the pauses of half a second and more in it, in ms."""
    random = np.random.default_rng(seed)
    samples = random.standard_normal(length_s * 16_000) * floor
    pauses, at_ms = [], 0
    while at_ms < length_s * 1000:
        said_ms = int(random.integers(800, 6_000))
        pause_ms = int(random.choice([80, 150, 250, 700, 1_200]))
        samples[at_ms * 16 : (at_ms + said_ms) * 16] *= 3_000 / floor * random.uniform(0.3, 1.0)
        if pause_ms >= 500:
            pauses.append((at_ms + said_ms, at_ms + said_ms + pause_ms))
        at_ms += said_ms + pause_ms
    return samples.clip(-32_768, 32_767).astype(np.int16), pauses


@settings(max_examples=12)
@given(length_s=st.integers(60, 1_500), seed=st.integers(0, 1_000), floor=st.sampled_from([0.5, 20.0, 200.0]))
def test_every_cut_lies_in_a_pause_and_nothing_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, length_s: int, seed: int, floor: float
) -> None:
    samples, pauses = talk(length_s, seed, floor=floor)
    pieces = cut(write_wav(tmp_path_factory.mktemp("cut") / "speech.wav", samples))
    assert pieces[0].start_ms == 0
    assert pieces[-1].end_ms == length_s * 1000
    assert [one.end_ms for one in pieces[:-1]] == [one.start_ms for one in pieces[1:]]
    for one in pieces[1:]:
        assert any(start + 150 <= one.start_ms <= end - 150 for start, end in pauses), one
    if len(pieces) > 1:
        assert all(60_000 <= one.length_ms <= 285_000 for one in pieces)


@pytest.mark.parametrize(("length_s", "count"), [(1, 1), (239, 1), (240, 2), (479, 2), (480, 4), (1_200, 8)])
def test_short_recordings_stay_whole_and_long_ones_come_in_fours(tmp_path: Path, length_s: int, count: int) -> None:
    pieces = cut(write_wav(tmp_path / "speech.wav", talk(length_s, 1)[0]))
    assert len(pieces) == count
    assert WHOLE_MS == 240_000


def test_without_any_difference_it_is_cut_where_it_should_be(tmp_path: Path) -> None:
    pieces = cut(write_wav(tmp_path / "speech.wav", np.zeros(16 * 300_000, dtype=np.int16)))
    assert [one.end_ms for one in pieces] == [150_000, 300_000]


@pytest.mark.parametrize("hum", [0, 400])
def test_where_nobody_pauses_it_is_cut_between_two_words(tmp_path: Path, hum: int) -> None:
    """Words follow one another after a tenth of a second, for minutes; with a hum under them, if `hum`."""
    random = np.random.default_rng(5)
    samples, gaps, at_ms = np.zeros(16 * 300_000), [], 0
    while at_ms < 300_000:
        said_ms = int(random.integers(200, 700))
        samples[at_ms * 16 : (at_ms + said_ms) * 16] = random.standard_normal(said_ms * 16)[: len(samples) - at_ms * 16]
        gaps.append((at_ms + said_ms, at_ms + said_ms + 100))
        at_ms += said_ms + 100
    speech = samples * 3_000 + hum * np.sin(np.arange(len(samples)) / 20)
    pieces = cut(write_wav(tmp_path / "speech.wav", speech.clip(-32_768, 32_767).astype(np.int16)))
    assert len(pieces) == 2
    assert any(start + 30 <= pieces[1].start_ms <= end - 30 for start, end in gaps)


def test_a_stretch_is_read_as_the_whole_file_has_it(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "speech.wav", np.arange(32_000, dtype=np.int16))
    whole = read_speech(path)
    assert np.array_equal(read_speech(path, 500, 1_250), whole[8_000:20_000])
    assert np.array_equal(read_speech(path, 1_500), whole[24_000:])
    assert np.array_equal(read_speech(path, 1_900, 9_999), whole[30_400:])
    assert len(read_speech(path, 5_000, 6_000)) == 0


def test_a_stretch_that_the_file_does_not_hold_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "speech.wav", np.ones(32_000, dtype=np.int16))
    path.write_bytes(path.read_bytes()[:-20_000])
    assert len(read_speech(path, 0, 1_000)) == 16_000
    with pytest.raises(InvalidAudio, match="ends before its header says"):
        read_speech(path, 1_000, 2_000)


def test_three_hours_are_cut_in_a_few_megabytes(tmp_path: Path) -> None:
    minute = talk(60, 3)[0]
    path = write_wav(tmp_path / "speech.wav", np.tile(minute, 180))
    before = psutil.Process().memory_info().rss
    pieces = cut(path)
    assert len(pieces) == 72
    assert psutil.Process().memory_info().rss - before < 100_000_000
