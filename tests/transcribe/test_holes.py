"""Skipped stretches: found by loudness, heard again, and put where they belong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.transcribe.engine import Heard
from pipeline.transcribe.holes import fill_holes, holes
from pipeline.transcribe.orderly import orderly
from pipeline.transcribe.sound import SAMPLE_RATE_HZ
from pipeline.transcribe.weights import Weights
from pipeline.transcript import MachineSegment, MachineWord


def sound(*parts: tuple[float, float]) -> Any:
    """Noise in (seconds, level) parts."""
    noise = np.random.default_rng(1)
    pieces = [noise.standard_normal(round(seconds * SAMPLE_RATE_HZ)) * level for seconds, level in parts]
    return np.concatenate(pieces).astype(np.float32)


def word(text: str, start_ms: int, end_ms: int) -> MachineWord:
    return MachineWord(f" {text}", start_ms, end_ms, 0.9)


WORDS = [word("before", 0, 2000), word("after", 8000, 10_000)]


def test_a_loud_gap_is_a_hole_and_a_quiet_one_is_a_pause() -> None:
    assert holes(sound((10, 0.1)), WORDS) == [(2000, 8000)]
    assert holes(sound((2, 0.1), (6, 0.002), (2, 0.1)), WORDS) == []


def test_a_short_gap_is_no_hole_and_beginning_and_end_are_looked_at_too() -> None:
    assert holes(sound((10, 0.1)), [word("a", 0, 4000), word("b", 6000, 10_000)]) == []
    assert holes(sound((12, 0.1)), [word("middle", 4000, 8000)]) == [(0, 4000), (8000, 12_000)]


def test_without_words_there_is_nothing_to_compare_with() -> None:
    assert holes(sound((10, 0.1)), []) == []


class Echo:
    """An engine that hears one word a second in whatever it is given: stands in for a real one to check the places."""

    name, version, languages = "echo", "1", frozenset({"en"})
    weights = Weights(name="echo", path=Path(), digest="sha256:0")

    def __init__(self) -> None:
        self.hotwords: list[Sequence[str]] = []

    def detect(self, samples: Any) -> tuple[str, float]:
        return "en", 1.0

    def hear(
        self, samples: Any, *, language: str | None, hotwords: Sequence[str], report: Callable[[float], None]
    ) -> Heard:
        self.hotwords.append(hotwords)
        seconds = len(samples) // SAMPLE_RATE_HZ
        heard = tuple(word(f"w{second}", second * 1000 + 100, second * 1000 + 900) for second in range(seconds))
        return Heard("en", 1.0, (), (MachineSegment(heard, -0.1, 1.0, 0.0),))


def test_what_was_skipped_is_heard_again_without_hotwords_and_stands_in_its_place() -> None:
    engine = Echo()
    first = Heard("en", 1.0, ("OSEC",), (MachineSegment(tuple(WORDS), -0.1, 1.0, 0.0),))
    filled = fill_holes(engine, sound((10, 0.1)), first, lambda part: None)
    assert engine.hotwords == [()]
    assert filled.hotwords == ("OSEC",)
    segments = orderly(filled.segments, 10_000)
    texts = [one.text.strip() for segment in segments for one in segment.words]
    assert texts[0] == "before"
    assert texts[-1] == "after"
    assert len(texts) == 8
    starts = [one.start_ms for segment in segments for one in segment.words]
    assert starts == sorted(starts)
    assert all(1500 <= start <= 8000 for start in starts[1:-1])


def test_where_nothing_was_skipped_nothing_changes() -> None:
    first = Heard("en", 1.0, (), (MachineSegment((word("all", 0, 10_000),), -0.1, 1.0, 0.0),))
    engine = Echo()
    assert fill_holes(engine, sound((10, 0.1)), first, lambda part: None) == first
    assert engine.hotwords == []


@pytest.mark.parametrize("seconds", [0.0, 0.01])
def test_next_to_no_sound_has_no_holes(seconds: float) -> None:
    assert holes(sound((seconds, 0.1)), [word("a", 0, 5)]) == []
