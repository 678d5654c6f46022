"""What in an engine's words and figures shows that it heard wrongly."""

from __future__ import annotations

import pytest

from pipeline.transcribe.suspicion import (
    faults,
    faults_of_each,
    is_not_quite_sure,
    is_unsure,
    overlap_ms,
    repeats,
    script_of,
)
from pipeline.transcript import MachineSegment, MachineWord


def segment(
    text: str,
    *,
    start_ms: int = 0,
    step_ms: int = 400,
    probability: float = 0.9,
    log_probability: float = -0.2,
    compression: float = 1.4,
    no_speech: float = 0.02,
) -> MachineSegment:
    words = tuple(
        MachineWord(f" {one}", start_ms + place * step_ms, start_ms + (place + 1) * step_ms, probability)
        for place, one in enumerate(text.split())
    )
    return MachineSegment(words, log_probability, compression, no_speech)


@pytest.mark.parametrize(
    ("text", "is_loop"),
    [
        ("so I went I went I went home", True),
        ("no, No. no! no", True),
        ("thank you for watching the film, thank you for watching the film, thank you for watching the film", True),
        ("no, no, no, never", False),
        ("very, very good and very, very kind", False),
        ("— — — — — —", False),
        ("", False),
    ],
)
def test_a_phrase_three_times_in_a_row_is_a_loop_and_emphasis_is_none(text: str, *, is_loop: bool) -> None:
    assert repeats(segment(text).words) is is_loop


def test_nothing_is_wrong_with_plain_speech() -> None:
    assert faults(segment("We talked about the archive"), [(0, 2000)]) == ()
    assert faults(segment("We talked about the archive")) == ()


def test_what_the_figures_and_the_voice_detector_tell() -> None:
    assert faults(segment("some odd words", compression=2.6)) == ("loop",)
    assert faults(segment("thanks for watching", no_speech=0.7)) == ("over-silence",)
    assert faults(segment("thanks for watching", start_ms=5000), [(0, 4000)]) == ("over-silence",)
    assert faults(segment("thanks for watching", start_ms=5000), [(0, 5100)]) == ("over-silence",)
    assert faults(segment("thanks for watching", start_ms=5000), [(0, 5500), (6000, 6100)]) == ()
    assert faults(segment("incomprehensible international organisations misunderstood us all", step_ms=90)) == ("fast",)
    assert faults(segment("incomprehensible international organisations", step_ms=90)) == (), "too short to tell"
    assert faults(segment(" ".join(["yes"] * 20), step_ms=40), []) == ("loop", "over-silence", "fast")


def sentences(*texts: str, pause_ms: int = 300) -> list[MachineSegment]:
    """A segment of each, with a pause before every next one."""
    found: list[MachineSegment] = []
    for text in texts:
        found.append(segment(text, start_ms=found[-1].words[-1].end_ms + pause_ms if found else 0))
    return found


@pytest.mark.parametrize(
    ("texts", "looping"),
    [
        (("for the first time.", *["Thank you."] * 6), "0111111"),
        (("So I said thank you.", "Thank you.", "Thank you.", "And went."), "1110"),
        (("Now, we", "know. Now, we know.", "Now, we know.", "Well."), "1110"),
        (("No.", "No.", "No.", "Never."), "0000"),
        (("No.", "No.", "No.", "No."), "1111"),
        (("Thank you.", "Thank you.", "You are welcome.", "Thank you."), "0000"),
        (("well well well well", "Then we went."), "10"),
    ],
)
def test_sentences_that_repeat_one_another_are_a_loop_as_words_in_one_are(texts: tuple[str, ...], looping: str) -> None:
    marks = faults_of_each(sentences(*texts), [(0, 60_000)])
    assert ["loop" in one for one in marks] == [one == "1" for one in looping]
    assert all(len(one) <= 1 for one in marks)


def test_who_says_yes_now_and_then_while_another_talks_repeats_nothing() -> None:
    assert faults_of_each(sentences(*["I see."] * 5, pause_ms=2_500)) == ((),) * 5


def test_who_is_unsure_of_a_whole_stretch_may_hear_another_language() -> None:
    clear, odd = segment("plain words"), segment("plain words", probability=0.6, log_probability=-0.6)
    between = segment("plain words", probability=0.85, log_probability=-0.4)
    assert [is_unsure(one) for one in (clear, odd, between)] == [False, True, False]
    assert [is_not_quite_sure(one) for one in (clear, odd, between)] == [False, True, True]


def test_script_and_overlap() -> None:
    assert [script_of(segment(text).words) for text in ("381 cases", "он сказал", "12 — 3")] == [
        "LATIN",
        "CYRILLIC",
        "",
    ]
    assert overlap_ms((1000, 3000), [(0, 1500), (2900, 9000)]) == 600
