"""What is meant by what a person pastes."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Refused
from pipeline.publish.sourcing import identify


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("https://example.org/a?b=1#c", "url", "https://example.org/a?b=1#c"),
        (" http://example.org ", "url", "http://example.org"),
        ("10.1000/xyz", "doi", "10.1000/xyz"),
        ("doi: 10.1000/xyz", "doi", "10.1000/xyz"),
        ("https://doi.org/10.1000/A<b>(1)", "doi", "10.1000/A<b>(1)"),
        ("http://dx.doi.org/10.1000/xyz", "doi", "10.1000/xyz"),
        ("978-0-306-40615-7", "isbn", "9780306406157"),
        ("ISBN 0-306-40615-2", "isbn", "9780306406157"),
        ("080442957X", "isbn", "9780804429573"),
        ("urn:isbn:9780306406157", "isbn", "9780306406157"),
    ],
)
def test_the_three_are_told_apart(text: str, kind: str, value: str) -> None:
    wanted = identify(text)
    assert (wanted.kind, wanted.value) == (kind, value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("978-0-306-40615-8", "check digit"),
        ("0-306-40615-3", "check digit"),
        ("river", "neither"),
        ("", "neither"),
        ("ftp://example.org/", "neither"),
        ("https://", "neither"),
        ("https://me:secret@example.org/", "neither"),
        ("https://exa mple.org/", "neither"),
        ("http://[::1", "neither"),
    ],
)
def test_what_is_none_of_them_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        identify(text)


@given(st.text(max_size=40))
def test_nothing_that_is_pasted_brings_it_down(text: str) -> None:
    with suppress(Refused):
        assert identify(text).value
