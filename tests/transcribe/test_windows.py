"""Where speech is cut into windows."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcribe.windows import WINDOW_MAX_MS, windows

# How long somebody speaks and how long the pause after it is, in ms.
_talk = st.lists(st.tuples(st.integers(1, WINDOW_MAX_MS), st.integers(1, 5_000)), max_size=60)


@given(_talk, st.integers(0, 3_000))
def test_all_speech_lies_in_one_window_and_no_two_overlap(talk: list[tuple[int, int]], lead_ms: int) -> None:
    speech: list[tuple[int, int]] = []
    time_ms = lead_ms
    for spoken_ms, pause_ms in talk:
        speech.append((time_ms, time_ms + spoken_ms))
        time_ms += spoken_ms + pause_ms
    found = windows(speech, time_ms)
    assert all(sum(start <= one[0] and one[1] <= end for start, end in found) == 1 for one in speech)
    assert all(before[1] <= after[0] for before, after in pairwise(found))
    assert all(0 <= start < end <= time_ms for start, end in found)
    assert all(end - start <= WINDOW_MAX_MS + 400 for start, end in found)


def test_talk_is_cut_at_its_longest_pause_near_the_middle() -> None:
    speech = [(0, 9_000), (9_100, 14_000), (14_900, 21_000), (21_200, 30_000)]
    assert windows(speech, 30_000) == ((0, 14_200), (14_700, 30_000))


def test_a_long_silence_lies_in_no_window() -> None:
    assert windows([(1_000, 3_000), (8_000, 9_000)], 10_000) == ((800, 3_200), (7_800, 9_200))


def test_in_a_short_pause_windows_meet_in_the_middle() -> None:
    assert windows([(0, 15_000), (15_100, 30_000)], 30_000) == ((0, 15_050), (15_050, 30_000))


def test_where_nobody_speaks_there_are_no_windows() -> None:
    assert windows([], 10_000) == ()
