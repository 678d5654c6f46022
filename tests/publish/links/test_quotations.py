"""Quotations looked up in the text of their source."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.links.page_text import html_text, page_text
from pipeline.publish.links.quotations import Difference, Outcome, look_up, look_up_in, quotations
from pipeline.publish.links.snapshots import Kept

PAGE = """<!DOCTYPE html><html><head><title>Other words</title><style>p { color: red }</style></head><body>
<nav>Home</nav><script>var hidden = "never said";</script><!-- nor this -->
<p>The median age of the vic<b>tims</b> was 11;<sup>3</sup> the youngest was &ldquo;under one year&rdquo; old.<br>
Of all cases, 41&nbsp;% were traf&shy;ficked by their biological parents&mdash;and 42% by other relatives.</p>
<p>Internet&#8209;based abuse more than <a href="x">tripled</a>. It’s not the end.</p></body></html>"""
TEXT = html_text(PAGE)


@pytest.mark.parametrize(
    "quoted",
    [
        "The median age of the victims was 11; the youngest was “under one year” old.",
        "the median age of the victims was 11, the youngest was 'under one year' old",
        "THE MEDIAN AGE\nOF   THE VICTIMS",
        "41% were trafficked by their biological parents – and 42 % by other relatives",
        "Internet-based abuse more than tripled. It's not the end.",
        "internet‐based abuse",
        "The median age … was 11; … under one year",
        "The median age ... was 11",
        "The median age [...] was 11",
        "[…] the youngest was",
        "(…) trafficked by […] relatives …",
        "[T]he youngest was",
        "[The girls’] median age of the victims",
        "[t]he median age of [all] the victims was 11",
        "The median age of [them] was 11",
        "tripled",
    ],
)
def test_found(quoted: str) -> None:
    assert look_up(quoted, TEXT).outcome is Outcome.FOUND


@pytest.mark.parametrize(
    ("quoted", "differences"),
    [
        ("The median age of the victims was 12; the youngest was under one year old", [("11", "12")]),
        ("The median age of the victims was 12", [("11", "12")]),
        ("The average age of the victims was 11", [("median", "average")]),
        (
            "The mean age of the victims was 11 years; the youngest was under one year old",
            [("median", "mean"), ("", "years")],
        ),
        ("trafficked by their parents and 42 % by other relatives", [("biological", "")]),
        ("Internet based abuse has more than tripled", [("", "has")]),
        ("The median age of the victims was 11 … 41 % were sold by their biological parents", [("trafficked", "sold")]),
    ],
)
def test_found_with_differences(quoted: str, differences: list[tuple[str, str]]) -> None:
    found = look_up(quoted, TEXT)
    assert found.outcome is Outcome.DIFFERENT
    assert found.differences == tuple(Difference(*pair) for pair in differences)


def test_a_difference_is_told_in_words() -> None:
    told = [str(Difference(*pair)) for pair in (("a", "b"), ("a", ""), ("", "b"))]
    assert told == [
        "the source says “a” where “b” is quoted",
        "the source also says “a”",
        "the source does not say “b”",
    ]


def test_parts_in_another_order_are_a_difference() -> None:
    found = look_up("more than tripled … the median age", TEXT)
    assert found.outcome is Outcome.DIFFERENT
    assert "another order" in found.why


@pytest.mark.parametrize(
    "quoted",
    ["Nobody ever wrote this sentence there", "never said", "nor this one here", "Other words", "quadrupled",
     "color red", "The median age … nobody ever wrote this"],
)  # fmt: skip
def test_not_found(quoted: str) -> None:
    assert look_up(quoted, TEXT).outcome is Outcome.NOT_FOUND


@pytest.mark.parametrize("quoted", ["", "…", "[…]", "[only the editor]", "—"])
def test_where_no_words_are_quoted_nothing_can_be_told(quoted: str) -> None:
    assert look_up(quoted, TEXT).outcome is Outcome.CANNOT_TELL


@pytest.mark.parametrize(
    ("text", "quoted", "outcome"),
    [
        ("生活在菲律宾的儿童人数超过三倍。", "儿童人数超过三倍", Outcome.FOUND),
        ("生活在菲律宾的儿童人数超过三倍。", "儿童人数超过四倍", Outcome.DIFFERENT),
        ("Дети, которых спасли в Маниле.", "«дети, которых спасли»", Outcome.FOUND),
        ("الأطفال الذين تم إنقاذهم", "الأطفال الذين تم إنقاذهم", Outcome.FOUND),
        ("Cafe\u0301 and ﬁgures", "Café and figures", Outcome.FOUND),
        ("Straße und İstanbul", "STRASSE und", Outcome.FOUND),
        ("The rate was 4.5 per cent", "The rate was 45 per cent", Outcome.DIFFERENT),
        ("It rose by 1,200 in May of that year", "It rose by 1200 in May of that year", Outcome.DIFFERENT),
    ],
)
def test_any_script(text: str, quoted: str, outcome: Outcome) -> None:
    assert look_up(quoted, text).outcome is outcome


def test_what_is_no_page_of_text_cannot_be_told() -> None:
    found = look_up_in("some words", Kept(b"%PDF-1.7", "application/pdf"))
    assert found.outcome is Outcome.CANNOT_TELL
    assert "application/pdf" in found.why
    assert look_up_in("tripled", Kept(PAGE.encode(), "text/html; charset=utf-8")).outcome is Outcome.FOUND
    assert look_up_in("plain words", Kept(b"some plain words", "text/plain")).outcome is Outcome.FOUND
    assert page_text(Kept(b"<html><p>words", "")) == "words"


@pytest.mark.parametrize(
    "html",
    ["", "<", "<!---->", "<?xml version='1.0' encoding='utf-16'?><p>x", "\x00", "<div>" * 5000, "<p>" + "&lt;" * 10],
)
def test_odd_pages_are_read_without_a_fall(html: str) -> None:
    html_text(html)


def test_block_quotations_with_their_source() -> None:
    markdown = (
        "Words of ours.\n\n> The words of the report,\n> in two lines.\n> [@report-2020, p. 12]\n\n"
        "> Words of nobody.\n\n> First paragraph.\n>\n> Second *one*.\n>\n> — [@a; @b]\n"
    )
    found = quotations(markdown)
    assert [(one.words, one.keys, one.line) for one in found] == [
        ("The words of the report, in two lines.", ("report-2020",), 3),
        ("First paragraph. Second one.", ("a", "b"), 9),
    ]


def test_words_in_quotation_marks_with_their_source() -> None:
    markdown = (
        "He calls it “a crime without any borders” [@one]. The “dark web” [@two] is a term.\n"
        "She wrote: “They were sold to strangers.” [@three, p. 4]\n\n"
        "“Nobody is cited for these words here”, and more text [@four].\n"
    )
    found = quotations(markdown)
    assert [(one.words, one.keys, one.line) for one in found] == [
        ("a crime without any borders", ("one",), 1),
        ("They were sold to strangers.", ("three",), 2),
    ]


words = st.lists(st.text("abcdefghijklmnopqrstuvwxyzäöü", min_size=1, max_size=8), min_size=6, max_size=60)


@given(words, st.data())
def test_what_stands_in_a_text_is_found_in_it(said: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(said) - 1))
    end = data.draw(st.integers(start + 1, len(said)))
    text = " ".join(said)
    quoted = said[start:end]
    assert look_up(" ".join(quoted), text).outcome is Outcome.FOUND
    dressed = "“" + " ".join(word.upper() if len(word) > 3 and "ß" not in word else word for word in quoted) + "!”"
    assert look_up(dressed, text).outcome is Outcome.FOUND
    if len(quoted) > 2:
        cut = data.draw(st.integers(1, len(quoted) - 1))
        left_out = data.draw(st.integers(cut, len(quoted) - 1))
        gapped = [*quoted[:cut], data.draw(st.sampled_from(["…", "...", "[…]", "[...]"])), *quoted[left_out:]]
        assert look_up(" ".join(gapped), text).outcome is Outcome.FOUND


@given(words, st.data())
def test_a_word_that_is_not_there_is_never_called_found(said: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(said)))
    quoted = [*said[:place], "zzzzzzzzz", *said[place:]]
    found = look_up(" ".join(quoted), " ".join(said))
    assert found.outcome is Outcome.DIFFERENT
    assert Difference("", "zzzzzzzzz") in found.differences


@given(st.text(max_size=80), st.text(max_size=200))
def test_any_words_can_be_looked_up_in_any_text(quoted: str, text: str) -> None:
    assert look_up(quoted, text).outcome in list(Outcome)
    html_text(text)


@given(st.text("> *_[]@“”\n key.…", max_size=80))
def test_any_notes_can_be_read(markdown: str) -> None:
    for one in quotations(markdown):
        assert one.keys
        assert one.line >= 1
