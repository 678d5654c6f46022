"""Folding: one golden file for Python and for the browser."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.search.folding import words
from tests.publish.made import GOLDEN

PAIRS: list[tuple[str, list[str]]] = [tuple(pair) for pair in json.loads((GOLDEN / "folding.json").read_text("utf-8"))]


@pytest.mark.parametrize(("text", "expected"), PAIRS)
def test_words_are_those_of_the_golden_file(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_a_word_needs_no_escape_and_is_its_own_folding(text: str) -> None:
    for word in words(text):
        assert word
        assert not set(word) & set(' "\\<>&\n')
        assert words(word)[0] == word


@given(st.text(), st.text())
def test_a_space_parts_words(one: str, other: str) -> None:
    assert words(f"{one} {other}") == words(one) + words(other)


@given(st.text(alphabet=st.characters(max_codepoint=0x24F)))
def test_case_does_not_matter(text: str) -> None:
    assert words(text.upper()) == words(text) == words(text.lower())
