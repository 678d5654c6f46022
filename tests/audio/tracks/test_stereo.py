"""A stereo recording with one speaker per channel is recognised, and no other is."""

from __future__ import annotations

from pathlib import Path

from pipeline.audio.tracks.stereo import is_one_speaker_per_channel
from tests.conversations import beside, stereo, two_tracks


def test_one_speaker_per_channel_is_recognised(tmp_path: Path) -> None:
    assert is_one_speaker_per_channel(stereo(tmp_path / "apart.wav"), report=lambda part: None)


def test_a_mix_in_stereo_is_none(tmp_path: Path) -> None:
    assert not is_one_speaker_per_channel(beside(tmp_path / "mix.wav"), report=lambda part: None)


def test_a_pair_of_microphones_in_one_room_is_none(tmp_path: Path) -> None:
    assert not is_one_speaker_per_channel(stereo(tmp_path / "room.wav", bleed_db=-6), report=lambda part: None)


def test_mono_is_none(tmp_path: Path) -> None:
    assert not is_one_speaker_per_channel(two_tracks(tmp_path)[0], report=lambda part: None)
