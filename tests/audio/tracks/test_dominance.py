"""Who speaks when, by levels alone, where the truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.audio.chain import Part
from pipeline.audio.tracks import sound
from pipeline.audio.tracks.dominance import spans_ms, speaking
from tests.conversations import conversation, two_tracks


@pytest.mark.parametrize("bleed_db", [None, -30.0, -20.0, -12.0])
def test_every_frame_belongs_to_the_one_who_speaks(tmp_path: Path, bleed_db: float | None) -> None:
    powers = []
    for track in two_tracks(tmp_path, bleed_db=bleed_db, quieter_db=9):
        decoded = tmp_path / f"{track.stem}-16.wav"
        sound.decode(Part(track, 1), decoded, lambda part: None)
        powers.append(sound.powers(decoded))
    masks = speaking(powers)
    wrong = right = 0
    for turn in conversation()[1]:
        here = slice(round(turn.start_s * 100), round(turn.end_s * 100))
        right += int(masks[turn.speaker][here].sum())
        wrong += int(masks[1 - turn.speaker][here].sum())
    spoken = sum(turn.end_s - turn.start_s for turn in conversation()[1]) * 100
    assert wrong / spoken < 0.002
    # The rest are the pauses between sentences.
    assert right / spoken > 0.85


def voice(*spans: tuple[float, float], level_db: float, seconds: float = 60.0) -> np.ndarray[tuple[int], np.dtype]:
    powers = np.full(round(seconds * 100), 10**-8.0)
    for start_s, end_s in spans:
        powers[round(start_s * 100) : round(end_s * 100)] += 10 ** (level_db / 10)
    return powers


def test_two_who_talk_at_once_are_both_heard_even_when_one_is_softer() -> None:
    ada = voice((5, 20), (40, 50), level_db=-20) + voice((25, 36), level_db=-45)
    ben = voice((25, 36), level_db=-20) + voice((5, 20), (40, 50), level_db=-45) + voice((12, 14), level_db=-28)
    masks = speaking([ada, ben])
    assert masks[0][1250:1350].all()
    assert masks[1][1250:1350].all()
    assert not masks[1][600:1150].any()
    assert not masks[0][2600:3500].any()


def test_somebody_who_says_one_word_in_ten_minutes_is_not_mistaken_for_the_leak() -> None:
    ada = voice((1, 500), level_db=-20, seconds=600)
    ben = voice((520, 524), level_db=-20, seconds=600) + voice((1, 500), level_db=-38, seconds=600)
    masks = speaking([ada, ben])
    assert masks[1][52050:52350].all()
    assert not masks[1][:51000].any()


@pytest.mark.parametrize("gain_db", [-20, 0, 15])
def test_somebody_who_only_listens_never_speaks_however_loud_the_microphone(gain_db: int) -> None:
    ada, ben = (5.0, 20.0), (25.0, 45.0)
    tracks = [
        voice(ada, level_db=-20) + voice(ben, level_db=-40),
        voice(ben, level_db=-20) + voice(ada, level_db=-40),
        voice(ada, ben, level_db=-45 + gain_db),
    ]
    masks = speaking(tracks)
    assert not masks[2].any()
    assert masks[0][600:1900].all()
    assert masks[1][2600:4400].all()
    # One who speaks, and one who listens.
    masks = speaking([voice(ada, level_db=-20), voice(ada, level_db=-45 + gain_db)])
    assert masks[0][600:1900].all()
    assert not masks[1].any()


def test_a_track_without_a_voice_speaks_never() -> None:
    hiss = np.random.default_rng(3).normal(0, 1e-3, (6000, 160))
    masks = speaking([voice((5, 20), level_db=-20), (hiss**2).mean(axis=1)])
    assert masks[0][600:1900].all()
    assert not masks[1].any()


def test_spans_are_widened_and_joined() -> None:
    mask = np.zeros(400, bool)
    mask[100:150] = mask[170:200] = mask[300:310] = True
    assert spans_ms(mask, before_ms=50, after_ms=100, bridge_ms=100) == ((950, 2100), (2950, 3200))
    assert spans_ms(np.zeros(5, bool), before_ms=50, after_ms=100, bridge_ms=100) == ()
