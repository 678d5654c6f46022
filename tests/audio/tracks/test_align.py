"""Two microphones whose true start and drift are known: what leaks between them must tell both."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.audio.chain import SAMPLE_RATE_HZ, Part
from pipeline.audio.tracks import align, sound
from tests.conversations import two_tracks


def heard(folder: Path, *tracks: Path) -> list[align.Heard]:
    found = []
    for track in tracks:
        decoded = folder / f"{track.stem}-16.wav"
        sound.decode(Part(track, 1), decoded, lambda part: None)
        found.append(align.Heard(decoded, sound.powers(decoded)))
    return found


@pytest.mark.parametrize("bleed_db", [-30.0, -20.0, -12.0])
@pytest.mark.parametrize("drift_ppm", [35.0, -120.0])
def test_start_within_5_ms_and_drift_within_5_ppm(tmp_path: Path, bleed_db: float, drift_ppm: float) -> None:
    ada, ben = two_tracks(tmp_path, bleed_db=bleed_db, offset_s=2.317, drift_ppm=drift_ppm, quieter_db=6)
    placed = align.find(*heard(tmp_path, ada, ben))
    assert placed is not None
    assert placed.start / SAMPLE_RATE_HZ == pytest.approx(2.317, abs=0.005)
    assert placed.drift_ppm == pytest.approx(drift_ppm, abs=5)


def test_the_other_way_round_the_start_is_negative(tmp_path: Path) -> None:
    ada, ben = two_tracks(tmp_path, offset_s=2.317)
    placed = align.find(*heard(tmp_path, ben, ada))
    assert placed is not None
    assert placed.start / SAMPLE_RATE_HZ == pytest.approx(-2.317, abs=0.005)
    assert placed.drift_ppm == 0


def test_voices_that_come_late_over_headphones_do_not_shift_the_start(tmp_path: Path) -> None:
    ada, ben = two_tracks(tmp_path, offset_s=1.5, late_s=0.18)
    placed = align.find(*heard(tmp_path, ada, ben))
    assert placed is not None
    assert placed.start / SAMPLE_RATE_HZ == pytest.approx(1.5, abs=0.005)


def test_where_nothing_leaks_there_is_no_answer_rather_than_a_wrong_one(tmp_path: Path) -> None:
    ada, ben = two_tracks(tmp_path, bleed_db=None, offset_s=2.317)
    assert align.find(*heard(tmp_path, ada, ben)) is None
