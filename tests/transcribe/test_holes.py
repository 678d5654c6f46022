"""What is said and not written is a hole; a pause is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcribe.holes import HOLE_MIN_MS, SPOKEN_MIN_MS, holes
from pipeline.transcript import MachineWord


def word(text: str, start_ms: int, end_ms: int) -> MachineWord:
    return MachineWord(f" {text}", start_ms, end_ms, 0.9)


WORDS = [word("before", 0, 2000), word("after", 8000, 10_000)]


def test_speech_without_words_is_a_hole_and_silence_is_a_pause() -> None:
    assert holes(WORDS, [(0, 10_000)], 10_000) == ((2000, 8000),)
    assert holes(WORDS, [(0, 2100), (7900, 10_000)], 10_000) == ()
    assert holes(WORDS, [], 10_000) == ()


def test_a_hole_is_as_long_as_its_speech() -> None:
    assert holes(WORDS, [(0, 2000), (3000, 4000), (4500, 5500), (8000, 10_000)], 10_000) == ((3000, 5500),)


def test_a_short_gap_is_no_hole_and_beginning_and_end_are_looked_at_too() -> None:
    assert holes([word("a", 0, 4000), word("b", 6000, 10_000)], [(0, 10_000)], 10_000) == ()
    assert holes([word("middle", 4000, 8000)], [(0, 12_000)], 12_000) == ((0, 4000), (8000, 12_000))
    assert holes([], [(500, 9000)], 10_000) == ((500, 9000),)


@pytest.mark.parametrize("end_ms", [0, 10])
def test_next_to_no_sound_has_no_holes(end_ms: int) -> None:
    assert holes([word("a", 0, end_ms)], [(0, end_ms)], end_ms) == ()


TIMES = st.lists(st.integers(0, 60_000), unique=True, max_size=12).map(sorted)


@given(TIMES, TIMES)
def test_holes_come_in_order_and_hold_no_word(word_edges: list[int], speech_edges: list[int]) -> None:
    words = [word("x", start, end) for start, end in zip(word_edges[::2], word_edges[1::2], strict=False)]
    speech = list(zip(speech_edges[::2], speech_edges[1::2], strict=False))
    latest_ms = 0
    for start_ms, end_ms in holes(words, speech, 60_000):
        assert latest_ms <= start_ms
        assert end_ms - start_ms >= SPOKEN_MIN_MS
        assert not any(one.start_ms < end_ms and one.end_ms > start_ms for one in words)
        latest_ms = end_ms
    assert HOLE_MIN_MS > SPOKEN_MIN_MS
