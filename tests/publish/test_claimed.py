"""The figure rule on notes.md: which sentence rests on what, on which line, and what the gate says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Refusal
from pipeline.publish.claimed import claim_refusals, claims_in_notes
from pipeline.publish.gate import CODES
from pipeline.show import Waiver

WAIVER = Waiver(sentence="The bridge has been closed", reason="Everybody sees it", by="Ada Host")


def lines(markdown: str, *, is_open: bool = True) -> list[int]:
    return [one.line for one in claims_in_notes(markdown) if one.is_open is is_open]


def refused(markdown: str, *waivers: Waiver, **how: Any) -> list[Refusal]:
    claims = claims_in_notes(markdown, waivers, **how)
    return list(claim_refusals(claims, waivers, "notes.md", "episode.toml"))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("381 victims.", [1]),
        ("381 victims [@a].", []),
        ("381 victims. [@a]", []),
        ("381 victims [12:34].", []),
        ("381 victims. [1:02:03]", []),
        ("381 victims\n[@a].", []),
        ("381 victims \\[@a].", [1]),
        ("381 victims `[@a]`.", [1]),
        ("381 [victims](https://a.example).", [1]),
        ("381 victims. Nobody came [@a].", [1]),
        ("381 victims [@a]. Then 27 more.", [1]),
        ("Nobody\ncame. There were\n\n- 12 men\n- 13 men [@a]\n\n  14 men", [4, 7]),
        ("From the report [@a]:\n\n- 12 men", [3]),
        ("From the report [@a]:\n12 men", [2]),
        ("# The 381 cases\n\nNobody came.", [1]),
        ("# What came in 2020\n\nNobody came.", []),
        ("| n | 2019 |\n|---|---|\n| 41 % | [@a] |\n| 42 % | none |", [4]),
        ("> Nobody came.\n> It rained.\n\nWords.", [1]),
        ("> Nobody came.\n>\n> The mayor [@a]", []),
        ("    381 victims in code", []),
        ("**381** *victims*", [1]),
        ("Nobody came\\\nand 381 left.", [1]),
    ],
)
def test_what_is_open_and_on_which_line(markdown: str, expected: list[int]) -> None:
    assert lines(markdown) == expected


def test_a_sentence_is_named_with_its_words_its_line_and_what_to_do() -> None:
    (problem,) = refused("Words.\nIn 2017 there were\n381 victims of it.")
    assert (problem.code, problem.where) == ("claim-unsourced", "notes.md:2")
    assert "date (“2017”) and figure (“381”)" in problem.what
    assert "“In 2017 there were 381 victims of it.”" in problem.what
    assert "[@key]" in problem.remedy


def test_a_waiver_lets_one_sentence_stand() -> None:
    markdown = "The bridge has been *closed* since May 2024. It cost £4m [@a]."
    assert [problem.code for problem in refused(markdown)] == ["claim-unsourced"]
    assert refused(markdown, WAIVER) == []


@pytest.mark.parametrize(
    "markdown",
    [
        "The bridge was closed in 2024 [@a].",
        "The bridge has been closed since May 2024 [@a].",
        "The bridge has been closed.",
    ],
)
def test_a_waiver_whose_sentence_was_edited_or_sourced_does_not_linger(markdown: str) -> None:
    (problem,) = refused(markdown, WAIVER)
    assert (problem.code, problem.where) == ("waiver-unused", "episode.toml")
    assert "Ada Host" in problem.what


def test_a_waiver_that_fits_two_sentences_is_refused() -> None:
    markdown = "The bridge has been closed since May 2024. The bridge has been closed for 40 days."
    assert [problem.code for problem in refused(markdown, WAIVER)] == ["waiver-unclear"]
    assert [problem.code for problem in refused(markdown, WAIVER, WAIVER.model_copy())] == [
        "waiver-unclear",
        "waiver-unused",
    ]


def test_a_malformed_citation_is_refused_by_its_own_name_only() -> None:
    assert lines("381 victims [@a; p. 3].") == []


def test_the_language_of_the_episode_counts() -> None:
    assert refused("The mayor said that it was closed.")
    assert refused("The mayor said that it was closed.", language="de") == []


@given(st.text(alphabet="ab12%>|-#*_`[]@:. \n“”", max_size=120), st.sampled_from([(), (WAIVER,)]))
@settings(max_examples=300, deadline=None)
def test_every_line_is_one_of_the_notes(markdown: str, waivers: tuple[Waiver, ...]) -> None:
    count = markdown.count("\n") + 1
    assert all(1 <= one.line <= count for one in claims_in_notes(markdown, waivers))
    assert all(problem.code in CODES for problem in refused(markdown, *waivers))


@given(
    st.lists(st.sampled_from(["381 died.", "Nobody came.", "It rose by 4 %!", "He said that it was late."]), min_size=1)
)
@settings(max_examples=60, deadline=None)
def test_a_citation_after_each_sentence_closes_them_all(sentences: list[str]) -> None:
    assert lines(" ".join(sentences), is_open=True) or all("Nobody" in one for one in sentences)
    assert lines(" ".join(f"{one} [@a]" for one in sentences)) == []
