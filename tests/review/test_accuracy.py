"""Word error rates, counted by hand and by a second method."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.accuracy import Errors, measure, measure_machine
from pipeline.transcript import Paragraph
from tests.test_timing import DRAFT, TALK
from tests.wer import word_error_rate


def said(*turns: tuple[str, str]) -> list[Paragraph]:
    return [Paragraph(speaker, text, None) for speaker, text in turns]


def test_each_kind_of_error_is_counted_with_its_speaker() -> None:
    text = said(("Ada", "How many cases were there?"), ("Ben", "There were 381 of them."))
    found = measure(text, "how many case were there there were really three of them")
    assert found.by_speaker["Ada"] == Errors(5, substituted=1)
    assert found.by_speaker["Ben"] == Errors(5, substituted=1, inserted=1)
    assert found.whole == Errors(10, substituted=2, inserted=1)
    assert found.whole.rate == pytest.approx(0.3)


def test_case_punctuation_citations_and_asides_do_not_count() -> None:
    text = said(("Ada", "There were 381 cases [@report]. [laughs] “Many”, he said."))
    assert measure(text, "there were 381 Cases many he said").whole.rate == 0


def test_terms_say_how_often_they_were_heard_and_what_instead() -> None:
    text = said(("Ada", "Samson Inocencio came. Then Samson Inocencio spoke of OSEC."))
    found = measure(
        text, "Samson in Ocensio came then Samson Inocencio spoke of O sec", ["Samson Inocencio", "OSEC", "FBI"]
    )
    assert [(one.term, one.said, one.heard) for one in found.terms] == [("OSEC", 1, 0), ("Samson Inocencio", 2, 1)]
    assert found.terms[1].instead


def test_nothing_said_has_no_rate() -> None:
    assert measure([], "something").whole.rate == 0
    assert measure([], "").whole == Errors()


words = st.lists(st.sampled_from(["one", "two", "three", "four"]), min_size=1, max_size=12).map(" ".join)


@given(text=words, heard=words)
def test_the_rate_is_the_edit_distance(text: str, heard: str) -> None:
    assert measure(said(("Ada", text)), heard).whole.rate == pytest.approx(word_error_rate(text, heard))


def test_two_who_talk_at_once_are_each_held_against_their_own_text() -> None:
    found = measure_machine(DRAFT.paragraphs, TALK, ["course", "office"])
    assert found.whole == Errors(20)
    assert found.by_speaker == {"Ada Host": Errors(17), "Ben Guest": Errors(3)}
    assert [(one.term, one.said, one.heard) for one in found.terms] == [("course", 1, 1), ("office", 1, 1)]
    corrected = [replace(one, text=one.text.replace("course", "curse")) for one in DRAFT.paragraphs]
    assert measure_machine(corrected, TALK).by_speaker["Ben Guest"] == Errors(3, substituted=1)


def test_a_voice_that_was_left_out_of_the_text_was_heard_too_much() -> None:
    found = measure_machine([one for one in DRAFT.paragraphs if one.speaker == "Ada Host"], TALK)
    assert found.whole == Errors(17, inserted=3)
    assert found.by_speaker == {"Ada Host": Errors(17)}
