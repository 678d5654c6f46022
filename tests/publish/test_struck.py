"""Striking out asks for no correction: what was published is compared as it is struck out now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.corrections import changes
from pipeline.publish.published import TRANSCRIPT, record_of
from pipeline.publish.struck import Turn, read_text, record_struck
from pipeline.show.redactions import Redaction
from pipeline.withhold import in_pieces, withheld
from tests.publish.test_corrections import episode
from tests.test_withhold import paragraph, redaction

SAID = "We talk of Maria Santos, who lives in Cebu. She came twice."


def turns(text: str, *struck: Redaction) -> list[Turn]:
    return [("Ada Host", in_pieces(paragraph(text), struck))]


def shown(text: str, *struck: Redaction) -> str:
    return "\n".join(f"{turn[0]}: {read_text(turn)}" for turn in turns(text, *struck))


def told(published: str, now: str, *struck: Redaction) -> list[tuple[str, str]]:
    record = record_struck(record_of(episode(), {TRANSCRIPT: published}), turns(now, *struck))
    return [one.sentences() for one in changes(record.sections, {TRANSCRIPT: shown(now, *struck)})]


NAME, FIRST, CITY = redaction(300, 500), redaction(300, 400), redaction(800, 900, "a town")


def test_pieces_joined_are_what_is_published() -> None:
    (one,) = withheld([paragraph(SAID)], [NAME, CITY])
    assert shown(SAID, NAME, CITY) == f"Ada Host: {one.text}"
    assert one.text == "We talk of [name withheld], who lives in a town. She came twice."


@pytest.mark.parametrize("before", [(), (NAME,), (CITY,), (FIRST,), (NAME, CITY)])
def test_nothing_is_asked_for_whatever_was_struck_out_when_it_was_published(before: tuple[Redaction, ...]) -> None:
    assert told(shown(SAID, *before), SAID, NAME, CITY) == []


@pytest.mark.parametrize("before", [(), (NAME,), (FIRST,)])
def test_what_changed_beside_it_is_told_without_the_name(before: tuple[Redaction, ...]) -> None:
    now = SAID.replace("talk of", "speak of")
    assert told(shown(SAID, *before), now, NAME) == [
        (
            "Ada Host: We talk of [name withheld], who lives in Cebu.",
            "Ada Host: We speak of [name withheld], who lives in Cebu.",
        )
    ]


def test_a_name_that_was_respelt_as_it_was_struck_is_not_told_either() -> None:
    assert told(f"Ada Host: {SAID}", SAID.replace("Santos", "Sanctos"), NAME) == []
    told_now = str(told(f"Ada Host: {SAID}", SAID.replace("of Maria Santos", "about Mary Sanctos"), NAME))
    assert "about" in told_now
    assert "Santos" not in told_now


def test_what_is_struck_out_no_more_is_a_change() -> None:
    assert told(shown(SAID, NAME, CITY), SAID, NAME) == [
        (
            "Ada Host: We talk of [name withheld], who lives in a town.",
            "Ada Host: We talk of [name withheld], who lives in Cebu.",
        )
    ]


def test_a_script_without_spaces_is_struck_within_what_counts_as_one_word() -> None:
    assert told("Ada Host: 我叫王明先生", "我叫王明先生", redaction(200, 400)) == []


@given(
    text=st.lists(st.sampled_from(["one", "two,", "three.", "Kim", "我们", "“so”", "it’s"]), min_size=1, max_size=20),
    stretches=st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 500)), min_size=1, max_size=3),
)
def test_an_unchanged_text_is_unchanged(text: list[str], stretches: list[tuple[int, int]]) -> None:
    said = " ".join(text)
    struck = [redaction(start, start + length) for start, length in stretches]
    assert told(shown(said), said, *struck) == []
    assert told(shown(said, *struck), said, *struck) == []
