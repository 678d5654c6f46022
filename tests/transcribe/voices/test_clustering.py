"""Which vectors are one voice: found without being told how many, and when there are too many to compare them all."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.transcribe.voices.clustering import CLUSTERED_MAX, cluster, margins
from pipeline.transcribe.voices.features import log_mel


def voices(*sizes: int, spread: float = 0.6, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Vectors around as many directions as there are sizes, in turns of ten; and whose each is."""
    chance = np.random.default_rng(seed)
    directions = chance.normal(size=(len(sizes), 192))
    whose = np.concatenate([np.full(size, number) for number, size in enumerate(sizes)])
    order = np.argsort(chance.permutation(-(-len(whose) // 10)).repeat(10)[: len(whose)], kind="stable")
    whose = whose[order]
    found = directions[whose] + spread * chance.normal(size=(len(whose), 192))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), whose


def agree(labels: np.ndarray, whose: np.ndarray) -> float:
    """The share of vectors in the group that most of their voice is in, each group counted for one voice."""
    pairs = {(int(one), int(other)) for one, other in zip(whose, labels, strict=True)}
    most = {
        one: max((p for p in pairs if p[0] == one), key=lambda p: ((whose == p[0]) & (labels == p[1])).sum())
        for one, _ in pairs
    }
    assert len({p[1] for p in most.values()}) == len(most), "two voices are in one group"
    return float(sum(((whose == one) & (labels == other)).sum() for one, other in most.values()) / len(whose))


@pytest.mark.parametrize("sizes", [(120,), (150, 60), (90, 80, 70), (200, 40, 60, 50)])
@pytest.mark.parametrize("told", [True, False])
def test_voices_are_found(sizes: tuple[int, ...], told: bool) -> None:
    vectors, whose = voices(*sizes)
    centres, labels = cluster(vectors, len(sizes) if told else None)
    assert len(np.unique(labels)) == len(sizes)
    assert agree(labels, whose) > 0.99
    margin = margins(vectors, centres, labels)
    assert margin is None if len(sizes) == 1 else margin is not None and margin.min() > 0


def test_of_many_some_are_compared_and_the_others_follow() -> None:
    vectors, whose = voices(CLUSTERED_MAX, CLUSTERED_MAX // 2, CLUSTERED_MAX // 4)
    assert agree(cluster(vectors)[1], whose) > 0.99


def test_what_is_said_again_and_again_is_no_voice_of_its_own() -> None:
    vectors, whose = voices(150, 150)
    again = np.concatenate([vectors, np.repeat(vectors[:1], 30, axis=0)])
    labels = cluster(again, 2)[1]
    assert agree(labels[:300], whose) > 0.99


def test_the_same_vectors_give_the_same_voices() -> None:
    vectors, _ = voices(80, 60, 40, spread=1.2)
    assert (cluster(vectors)[1] == cluster(vectors.copy())[1]).all()


@pytest.mark.parametrize("count", [1, 5, 9])
def test_too_little_speech_is_one_voice(count: int) -> None:
    assert set(cluster(voices(count)[0])[1].tolist()) == {0}


def test_a_tone_is_loudest_in_its_own_band() -> None:
    """1000 Hz is 999.99 mel: of 80 bands from 20 Hz (31.7 mel) to 8000 Hz (2840 mel) the 28th is centred nearest."""
    times_s = np.arange(24_000) / 16_000
    features = log_mel(np.stack([0.5 * np.sin(2 * np.pi * 1000 * times_s), np.zeros(24_000)]).astype(np.float32))
    assert features.shape == (2, 148, 80)
    energies = features[0] + 0  # less the mean over time, a steady tone is flat
    assert np.abs(energies).max() < 0.5
    assert (features[1] == 0).all()
    rising = log_mel(np.sin(2 * np.pi * (200 + 1000 * times_s) * times_s).astype(np.float32)[None])[0]
    loudest = rising[[10, 70, 140]].argmax(axis=1)
    assert list(loudest) == sorted(loudest)
