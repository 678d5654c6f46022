"""Show notes: what a reader sees, follows and is protected from."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from pipeline.errors import InvalidEpisode
from pipeline.publish.feed_notes import DESCRIPTION_MAX_BYTES, description, feed_html
from pipeline.publish.markdown import cited_in_text
from pipeline.publish.notes import Citation, Notes, citations, format_reference, format_time, render
from pipeline.publish.references import csl_date, short_reference
from tests.publish.made import GOLDEN, golden_sources, source

PAGE_URL = "https://show.example/a-river/"
SOURCES = golden_sources()
FEED_TAGS = {"p", "ol", "ul", "li", "a", "strong", "em"}
PAGE_TAGS = FEED_TAGS | {
    "bdi", "blockquote", "br", "cite", "code", "dfn", "figcaption", "figure", "h2", "h3", "h4", "h5", "h6",
    "hr", "pre", "sup", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip

pieces = st.sampled_from(
    [
        "[@river-2026]", "[@river-2026, p. 3]", "[@census:1921; @agency-web]", "[@hostile]", "[1:02:03]", "[12:34]",
        "`", "```\n", "\n\n", "\n- ", "\n1. ", "# ", "#### ", "> ", "*", "**", "[", "]", "(", ")", "](", "<", ">", "&",
        "javascript:alert(1)", "https://a.example/?q=1&r=2", "<script>", "</script>", "]]>", "|", "\n|a|b|\n|-|-|\n",
        "\n:::", "::: definition ", "\n> ", "\n",
        "word ", "the river ", "漢字", "שלום", "é̂", "\u202e", "\x00", "\x0b", "\ud800", "\ufffe", "!", "\\", "-->",
    ]
)  # fmt: skip
hostile_markdown = st.lists(st.one_of(pieces, st.text(max_size=8)), max_size=60).map("".join)


def parsed(html: str) -> Any:
    return lxml_html.fromstring(html)  # type: ignore[no-untyped-call]  # lxml has no types


def golden_page(notes: Notes) -> str:
    entries = "".join(f'<li id="{one.anchor}">{one.html}</li>\n' for one in notes.references)
    return f"{notes.html}\n<ol>\n{entries}</ol>\n"


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("notes-*.md")), ids=lambda path: path.stem)
def test_golden_pairs(path: Path) -> None:
    notes = render(path.read_text("utf-8"), SOURCES, offset_ms=10_250)
    assert golden_page(notes) == path.with_suffix(".html").read_text("utf-8")
    feed = feed_html(notes, page_url=PAGE_URL, lead=("About a river & its <banks>.",))
    assert feed.replace("><p>", ">\n<p>") + "\n" == path.with_suffix(".feed.html").read_text("utf-8")


def test_a_source_cited_twice_keeps_its_number_and_gets_two_links_back() -> None:
    notes = render("One [@census:1921]. Two [@river-2026]. Three [@census:1921, p. 9].", SOURCES)
    assert [(one.number, one.source.id, one.back_links) for one in notes.references] == [
        (1, "census:1921", 2),
        (2, "river-2026", 1),
    ]
    document = parsed(f"<div>{golden_page(notes)}</div>")
    assert document.xpath("//sup/a/text()") == ["[1]", "[2]", "[1, p. 9]"]
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids)) == 5
    assert {href.removeprefix("#") for href in document.xpath("//a[starts-with(@href, '#')]/@href")} == set(ids)


def test_the_number_hangs_on_the_word_it_proves() -> None:
    assert "houses<sup" in render("41 houses [@river-2026].", SOURCES).html
    assert "houses<sup" in render("41 houses\n[@river-2026], it says.", SOURCES).html


def test_every_link_on_the_page_has_rel_noopener() -> None:
    document = parsed(f"<div>{render('[a](https://a.example) [1:00] x [@hostile]', SOURCES).html}</div>")
    assert {link.get("rel") for link in document.iter("a")} == {"noopener"}


def test_times_are_shifted_to_the_release_and_written_so() -> None:
    notes = render("At [59:55] and [00:01:00.500].", {}, offset_ms=10_000)
    assert notes.times == (3_605_000, 70_500)
    assert '<a class="time" href="#t=3605" data-seek-ms="3605000" rel="noopener">1:00:05</a>' in notes.html
    assert '<a class="time" href="#t=70.5" data-seek-ms="70500" rel="noopener">1:10</a>' in notes.html
    assert notes.text == "At 1:00:05 and 1:10."


@pytest.mark.parametrize(
    "text", ["[1:75]", "[12:3]", "[1:2:3]", "[1:60:00]", "[1234:00]", "[12:34](https://a.example/)"]
)
def test_what_is_no_time_stays_text_or_a_link(text: str) -> None:
    assert render(text, {}).times == ()


def test_minutes_may_run_past_the_hour() -> None:
    assert render("[75:10]", {}).times == (4_510_000,)


@pytest.mark.parametrize(
    ("markdown", "level", "found"),
    [
        ("# A\n\n## B\n\n### C", 2, ["h2", "h3", "h4"]),
        ("## A\n\n#### B", 2, ["h2", "h3"]),
        ("### A", 3, ["h3"]),
        ("# A\n\n## B\n\n### C\n\n#### D\n\n##### E", 3, ["h3", "h4", "h5", "h6", "h6"]),
    ],
)
def test_headings_begin_below_the_pages_own_and_leave_no_gap(markdown: str, level: int, found: list[str]) -> None:
    assert re.findall(r"<(h\d)>", render(markdown, {}, heading_level=level).html) == found


def test_citations_name_their_lines_past_code_that_runs_over_a_line_end() -> None:
    markdown = "First.\n\nA `code\nspan` and\ntext [@river-2026, p. 3;\n@b]\n\n- x\n- y [@c]\n\n|a|\n|-|\n|[@d]|\n"
    assert citations(markdown) == (
        Citation("river-2026", "p. 3", 5),
        Citation("b", "", 5),
        Citation("c", "", 9),
        Citation("d", "", 13),
    )


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("[@a]", [("a", "")]),
        ("[@a, p. 12]", [("a", "p. 12")]),
        ("[@a p. 12]", [("a", "p. 12")]),
        ("[@a:b.c/d-e_f+g; @b, §§ 1, 2]", [("a:b.c/d-e_f+g", ""), ("b", "§§ 1, 2")]),
        ("[@a", []),
        ("[@]", []),
        ("[@a; b]", []),
        ("[ @a]", []),
        ("[-@a]", []),
        ("`[@a]`", []),
        ("    [@a]", []),
        ("\\[@a]", []),
        ("[@a](https://a.example/)", []),
        ("[@a]\n\n[@a]: https://a.example/", []),
    ],
)
def test_the_grammar_of_citations(written: str, read: list[tuple[str, str]]) -> None:
    assert [(one.key, one.locator) for one in citations(written)] == read


def test_citations_in_a_line_of_the_transcript() -> None:
    assert cited_in_text("So it was [@a, p. 1; @b], I think [laughs] [@c].") == ("a", "b", "c")


def test_an_unknown_source_is_named_with_its_line() -> None:
    with pytest.raises(InvalidEpisode) as caught:
        render("Fine.\n\nNot [@nobody-2020] [@noone].", SOURCES)
    assert [problem.where for problem in caught.value.problems] == ["notes.md:3", "notes.md:3"]
    assert "nobody-2020" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        ({}, ""),
        ({"date-parts": []}, ""),
        ({"date-parts": [[]]}, ""),
        ({"date-parts": [[2020, 13, 1]]}, "2020"),
        ({"date-parts": [["2020", "05"]]}, "May 2020"),
        ({"date-parts": "2020"}, ""),
        ({"raw": " early\n2020 "}, "early 2020"),
    ],
)
def test_dates_of_sources(value: dict[str, Any] | None, written: str) -> None:
    assert csl_date(value) == written


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)


@given(
    title=st.text(min_size=1, max_size=20).filter(lambda text: text.strip() and text.isprintable()),
    author=st.lists(st.dictionaries(st.sampled_from(["given", "family", "literal"]), json_values), max_size=2),
    issued=st.dictionaries(st.sampled_from(["date-parts", "raw", "literal"]), json_values, max_size=2),
)
@settings(max_examples=60, deadline=None)
def test_whatever_a_record_holds_a_reference_is_safe_html(
    title: str, author: list[dict[str, Any]], issued: dict[str, Any]
) -> None:
    record = source("k", title=title, author=author, issued=issued, URL='https://a.example/"><script>')
    for written in (format_reference(record), short_reference(record)):
        document = parsed(f"<div>{written}</div>")
        assert {element.tag for element in document.iter()} <= {"div", "a", "bdi", "cite", "em", "strong", "sub", "sup"}
        assert document.xpath("//a/@href") == ['https://a.example/"><script>']


@given(hostile_markdown)
@settings(max_examples=150, deadline=None)
def test_nothing_unsafe_comes_out_of_any_notes(markdown: str) -> None:
    try:
        notes = render(markdown, SOURCES, offset_ms=500)
    except InvalidEpisode:
        return
    document = parsed(f"<div>{golden_page(notes)}</div>")
    assert {element.tag for element in document.iter()} <= PAGE_TAGS | {"div"}
    for element in document.iter():
        assert set(element.attrib) <= {
            "aria-label", "class", "data-seek-ms", "href", "id", "rel", "role", "scope", "start", "title",
        }  # fmt: skip
    for address in document.xpath("//@href"):
        assert re.match(r"(https?:|mailto:|#|[^:]*$|[^:]*[/?#])", address, re.IGNORECASE), address
    ids = document.xpath("//@id")
    assert len(ids) == len(set(ids))


@given(hostile_markdown, st.lists(st.text(max_size=2000), max_size=3), st.integers(1, 12))
@settings(max_examples=150, deadline=None)
def test_the_description_never_exceeds_its_bytes_and_closes_its_tags(
    markdown: str, lead: list[str], times: int
) -> None:
    try:
        notes = render("\n\n".join([markdown] * times), SOURCES)
    except InvalidEpisode:
        return
    clean = [text for text in lead if text.isprintable()]
    short = description(notes, page_url=PAGE_URL, lead=clean)
    assert len(short.encode()) <= DESCRIPTION_MAX_BYTES
    for written in (short, feed_html(notes, page_url=PAGE_URL, lead=clean)):
        document = parsed(f"<div>{written}</div>")
        assert {element.tag for element in document.iter()} <= FEED_TAGS | {"div"}
        assert all(re.match(r"(?i)https?:|mailto:", address) for address in document.xpath("//@href"))
        assert written.endswith(f'<p><a href="{PAGE_URL}">Show notes, transcript and sources</a></p>')
        for tag in FEED_TAGS:
            assert len(re.findall(f"<{tag}[ >]", written)) == written.count(f"</{tag}>")


def test_long_notes_do_not_push_their_sources_out_of_the_description() -> None:
    markdown = "\n\n".join(["A paragraph that says one thing about the river at some length [@river-2026]."] * 90)
    short = description(render(markdown, SOURCES), page_url=PAGE_URL)
    assert "<strong>Sources</strong>" in short
    assert short.count("<li>") == 1
    assert 3500 < len(short.encode()) <= DESCRIPTION_MAX_BYTES


def test_a_long_list_is_cut_after_a_whole_item() -> None:
    markdown = "\n".join(f"- item {number} with [a link](https://a.example/{number})" for number in range(200))
    short = description(render(markdown, {}), page_url=PAGE_URL)
    shown = re.findall(r'<li>item (\d+) with <a href="https://a.example/(\d+)">a link</a></li>', short)
    assert len(shown) == short.count("<li>") > 40
    assert shown == [(str(number), str(number)) for number in range(len(shown))]


def test_more_sources_than_fit_are_listed_from_the_first() -> None:
    sources = {f"s{number}": source(f"s{number}", URL=f"https://a.example/{number}") for number in range(100)}
    short = description(render(" ".join(f"[@{key}]" for key in sources), sources), page_url=PAGE_URL)
    shown = re.findall(r"<li><a[^>]*>The work s(\d+)</a></li>", short)
    assert 10 < len(shown) < 100
    assert shown == [str(number) for number in range(len(shown))]


def test_relative_links_lead_to_the_site_from_the_feed() -> None:
    notes = render("[other](../other/) [part](#source-1) [@agency-web]", SOURCES)
    written = feed_html(notes, page_url=PAGE_URL)
    assert 'href="https://show.example/other/"' in written
    assert f'href="{PAGE_URL}#source-1"' in written
    assert '<a href="https://river.example/measure">[1]</a>' in written


def test_times_in_the_feed_are_plain_text_for_apps_to_seek_by() -> None:
    assert "<p>At 12:34.</p>" in feed_html(render("At [12:34].", {}), page_url=PAGE_URL)


@pytest.mark.parametrize(
    ("time_ms", "text"), [(0, "0:00"), (59_999, "0:59"), (754_000, "12:34"), (3_723_000, "1:02:03")]
)
def test_how_times_are_written(time_ms: int, text: str) -> None:
    assert format_time(time_ms) == text
