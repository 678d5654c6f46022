"""What is struck out of a text, and how a protected name is found in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.align import TimedParagraph, TimedWord, split_words
from pipeline.show.redactions import Redaction
from pipeline.withhold import Protected, find, is_said, withheld

MARIA = Protected("Maria Santos")


def paragraph(text: str, *, word_ms: int = 100) -> TimedParagraph:
    words = tuple(
        TimedWord(
            text[span.start_char : span.end_char],
            span.start_char,
            span.end_char,
            number * word_ms,
            (number + 1) * word_ms,
            "kept",
        )
        for number, span in enumerate(split_words(text))
    )
    return TimedParagraph("Ada Host", text, 0, len(words) * word_ms, words)


def redaction(start_ms: int, end_ms: int, text: str = "[name withheld]") -> Redaction:
    return Redaction(start_ms=start_ms, end_ms=end_ms, text=text)


def test_words_in_the_stretch_become_one_mark_and_keep_their_punctuation() -> None:
    (one,) = withheld([paragraph("I met Maria Santos, in Cebu.")], [redaction(200, 400)])
    assert one.text == "I met [name withheld], in Cebu."
    assert [(word.text, word.start_ms) for word in one.words] == [
        ("I", 0), ("met", 100), ("[name withheld],", 200), ("in", 400), ("Cebu.", 500),
    ]  # fmt: skip


def test_a_word_that_is_only_touched_is_struck() -> None:
    (one,) = withheld([paragraph("one two three")], [redaction(199, 201)])
    assert one.text == "one [name withheld]"
    (one,) = withheld([paragraph("one two three")], [redaction(150, 151)])
    assert one.text == "one [name withheld] three"


def test_a_pseudonym_may_stand_there() -> None:
    (one,) = withheld([paragraph("It was Maria who called.")], [redaction(200, 300, "Ana")])
    assert one.text == "It was Ana who called."


def test_without_redactions_nothing_changes() -> None:
    said = (paragraph("one two"),)
    assert withheld(said, []) == said


@given(
    text=st.lists(st.text("abcé,.’", min_size=1, max_size=6), min_size=1, max_size=12).map(" ".join),
    start_ms=st.integers(0, 1300),
    length_ms=st.integers(1, 600),
)
def test_places_stay_true_and_nothing_struck_is_left(text: str, start_ms: int, length_ms: int) -> None:
    before = paragraph(text)
    (one,) = withheld([before], [redaction(start_ms, start_ms + length_ms)])
    assert all(one.text[word.start_char : word.end_char] == word.text for word in one.words)
    kept = [w.text for w in before.words if w.end_ms <= start_ms or w.start_ms >= start_ms + length_ms]
    assert [word.text for word in one.words if not word.text.startswith("[name withheld]")] == kept


@pytest.mark.parametrize(
    "text",
    [
        "Maria Santos", "MARIA SANTOS", "María Santos", "maria-santos", "MariaSantos", "Maria Santos’s house",
        "the Maria\nSantos", "Maria Santo", "Mariah Santos", "x/maria_santos.html", "Maria  Santos",
    ],
)  # fmt: skip
def test_a_name_is_found_in_its_variants(text: str) -> None:
    (found,) = find(text, [MARIA])
    assert found.name == "Maria Santos"
    assert text[found.start : found.end].lower().startswith(("maria", "mar", "maría", "mariah"))


@pytest.mark.parametrize(
    "text", ["Maria", "Santos", "Mario Simons", "Marina Santoro", "many saints", "Maria. Other Santos"]
)
def test_other_words_are_not_taken_for_it(text: str) -> None:
    assert not is_said(text, [MARIA])


def test_a_word_that_is_like_it_can_be_allowed() -> None:
    assert is_said("Kowalsky came", [Protected("Kowalski")])
    assert not is_said("Kowalsky came", [Protected("Kowalski", allowed=("Kowalsky",))])
    assert is_said("Kowalski came", [Protected("Kowalski", allowed=("Kowalsky",))])


@pytest.mark.parametrize("name", ["Мария", "李明", "ليلى", "0917 555 0100"])
def test_names_in_other_scripts_and_numbers_are_found(name: str) -> None:
    assert is_said(f"before {name} after", [Protected(name)])


@given(text=st.text(max_size=80), name=st.text(max_size=20))
def test_places_lie_in_the_text(text: str, name: str) -> None:
    for found in find(text, [Protected(name)]):
        assert 0 <= found.start < found.end <= len(text)
