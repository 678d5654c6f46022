"""What is said and not written is a hole; a pause is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcribe.holes import HOLE_MIN_MS, SPOKEN_MIN_MS, can_be_said, holes
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
    assert (
        holes(
            [word("a whole sentence of words", 0, 4000), word("and another one after it", 6000, 10_000)],
            [(0, 10_000)],
            10_000,
        )
        == ()
    )
    assert holes([word("in the middle of the recording", 4000, 8000)], [(0, 12_000)], 12_000) == (
        (0, 4000),
        (8000, 12_000),
    )
    assert holes([], [(500, 9000)], 10_000) == ((500, 9000),)


def test_a_word_spread_over_what_was_skipped_hides_nothing() -> None:
    spread = [word("before", 0, 2000), word("Then", 2300, 9800), word("you", 9800, 10_000)]
    assert holes(spread, [(0, 10_000)], 10_000) == ((2000, 9800),)
    # Spread over a pause it is where it was said; and a long number takes its time.
    assert holes(spread, [(0, 2000), (9000, 10_000)], 10_000) == ()
    assert holes([word("before", 0, 2000), word("12,345,678", 2000, 6500)], [(0, 6500)], 6500) == ()


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
        assert not any(one.start_ms < end_ms and one.end_ms > start_ms for one in words if can_be_said(one))
        latest_ms = end_ms
    assert HOLE_MIN_MS > SPOKEN_MIN_MS
