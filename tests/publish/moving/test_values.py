"""Dates, lengths and addresses as feeds write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.moving import values


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Tue, 02 Jun 2020 10:00:00 +0200", "2020-06-02T10:00:00+02:00"),
        ("Tue, 02 Jun 2020 10:00:00 GMT", "2020-06-02T10:00:00+00:00"),
        ("Tue, 02 Jun 2020 10:00:00 -0000", "2020-06-02T10:00:00+00:00"),
        ("Tue, 02 Jun 2020 24:00:00 +0000", "2020-06-03T00:00:00+00:00"),
        ("Tue, 2nd June 2020 10:00:00 GMT+2", "2020-06-02T10:00:00+02:00"),
        ("02 Jun 2020 10:00:00 CEST", "2020-06-02T10:00:00+02:00"),
        ("Tue, 02 Jun 2020 10:00:00 IST", "2020-06-02T10:00:00+05:30"),
        ("2020-06-02T10:00:00.123Z", "2020-06-02T10:00:00.123000+00:00"),
        ("2020-06-02 10:00:00 +0200", "2020-06-02T10:00:00+02:00"),
        ("1591092000", "2020-06-02T10:00:00+00:00"),
        ("1591092000000", "2020-06-02T10:00:00+00:00"),
    ],
)
def test_a_date_is_the_moment_that_is_meant(written: str, meant: str) -> None:
    found, _ = values.date(written)
    assert found is not None
    assert found.isoformat() == meant


@pytest.mark.parametrize(
    "written", ["", "yesterday", "31 Feb 2020 10:00:00 GMT", "02 Jun 1970 10:00:00 GMT", "1 Jan 9999"]
)
def test_what_is_no_date_is_none(written: str) -> None:
    assert values.date(written)[0] is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("What does <voluntary> mean?", "What does <voluntary> mean?"),
        ("Der <große> Tag, I <3 it", "Der <große> Tag, I <3 it"),
        ("&lt;unterwegs&gt; &amp; da", "<unterwegs> & da"),
        ("<b>Bold</b> and<br/>new", "Bold and new"),
        ("A <custom onclick='x'>tag</span> <o:p></o:p>", "A tag"),
    ],
)
def test_words_in_pointed_brackets_stay_in_a_title_and_html_does_not(written: str, meant: str) -> None:
    assert values.line(written)[0] == meant


@given(st.text(max_size=60))
def test_no_text_breaks_the_readers_of_values(text: str) -> None:
    moment, _ = values.date(text)
    assert moment is None or moment.tzinfo is not None
    length, _ = values.seconds(text)
    assert length is None or length > 0
    values.truth(text)
    values.count(text)
    values.line(text)
    address, _ = values.address(text, "https://old.example/feed.xml")
    assert address is None or address.startswith(("http://", "https://"))
