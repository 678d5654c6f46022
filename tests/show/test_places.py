"""Lines of values in TOML and JSON: an error must point at the line a person has to mend."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.show.places import line_in_json, line_in_toml

SOURCE = """\
title = "x"

[audio]
intro = "a.wav"  # jingle
"quoted key" = 1

[[terms]]
term = "A"
[[terms]]
term = "B"
sub.key = 2
[people.ada]
name = "Ada"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 1),
        (("audio", "intro"), 4),
        (("audio", "quoted key"), 5),
        (("terms", 0, "term"), 8),
        (("terms", 1, "term"), 10),
        (("terms", 1, "missing"), 9),
        (("terms", 1, "sub", "key"), 11),
        (("people", "ada", "name"), 13),
        (("nowhere",), 1),
    ],
)
def test_the_deepest_part_that_is_there_is_found(path: tuple[str | int, ...], line: int) -> None:
    assert line_in_toml(SOURCE, path) == line


def test_a_source_is_found_by_its_id() -> None:
    assert line_in_json('[\n {"id": "a"},\n {"title": "x", "id" : "b.c"}\n]', "b.c") == 3
    assert line_in_json("[]", "a") == 1


@given(st.text(max_size=200), st.lists(st.text(max_size=5) | st.integers(0, 3), max_size=4))
def test_any_text_has_a_line(source: str, path: list[str | int]) -> None:
    assert 1 <= line_in_toml(source, path) <= max(1, len(source.splitlines()))
