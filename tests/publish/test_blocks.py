"""Quotations and definitions that carry their source; golden pairs are in golden/notes-blocks.*"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from pipeline.publish.blocks import Fault, faults
from pipeline.publish.claimed import claims_in_notes
from pipeline.publish.feed_notes import description, feed_html
from pipeline.publish.markdown import citations, parse
from pipeline.publish.notes import Citation, render
from tests.publish.made import golden_sources

SOURCES = golden_sources()
QUOTATION = "> Words.\n> [@river-2026, p. 3]\n"


def codes(markdown: str) -> list[tuple[str, int]]:
    return [(fault.code, fault.line) for fault in faults(parse(markdown))]


def test_a_quotation_names_its_source_and_its_address() -> None:
    page = lxml_html.fromstring(f"<div>{render(QUOTATION, SOURCES).html}</div>")  # type: ignore[no-untyped-call]
    assert page.xpath("string(//figure[@class='quotation']/blockquote)").strip() == "Words."
    assert page.xpath("//blockquote/@cite") == [SOURCES["river-2026"].URL]
    caption = page.xpath("string(//figcaption)")
    assert caption.startswith("— Counting a River")
    assert caption.endswith(", River Office, p. 3[1]")
    assert page.xpath("//figcaption//a[@role='doc-noteref']/@href") == ["#source-1"]


def test_the_caption_is_no_word_of_the_notes_but_counts_as_a_citation() -> None:
    assert render(QUOTATION, SOURCES).text == "Words."
    assert citations("Text.\n\n" + QUOTATION) == (Citation("river-2026", "p. 3", 4),)
    assert render("::: definition OSEC\nIt is this.\n[@river-2026]\n:::", SOURCES).text == "OSEC\nIt is this."


@pytest.mark.parametrize(
    "markdown",
    [
        "> Words [@river-2026].",
        "> [@river-2026]",
        "> Words\n> and [@river-2026]",
        "> Words\n> `[@river-2026]` [@river-2026]",
    ],
)
def test_what_is_no_last_line_of_citations_leaves_the_quotation_as_it_is(markdown: str) -> None:
    assert "<figure" not in render(markdown, SOURCES).html


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        (QUOTATION, []),
        ("> Said at the end.\n> [12:34]", []),
        ("> Words [@river-2026], more words.", []),
        ("Text\n\n> Words.", []),
        ("- a\n\n  ::: definition A\n  Words.\n  :::", [("definition-unsourced", 3)]),
        ("::: definition OSEC\nWords.\n:::", [("definition-unsourced", 1)]),
        ("::: definition OSEC\n> Words.\n\n[@river-2026]\n:::", []),
        ("::: definition OSEC\nWords [@river-2026].\n:::", []),
        ("A\n\n::: definition\nWords.\n:::", [("block-malformed", 3)]),
        ("::: note\nWords.\n:::", [("block-malformed", 1)]),
        ("::: definition OSEC\nWords [@river-2026].", [("block-malformed", 1)]),
        ("> ::: warning\n> Words.\n> :::", [("block-malformed", 1)]),
        ("`:::` and\n\n    > code\n", []),
    ],
)
def test_faults_name_their_lines(markdown: str, found: list[tuple[str, int]]) -> None:
    assert codes(markdown) == found


def test_the_feed_never_parts_a_quotation_from_its_source() -> None:
    notes = render(("Filler. " * 380) + "\n\n> Words of somebody.\n> [@river-2026]\n", SOURCES)
    for html in (description(notes, page_url="https://show.example/"), feed_html(notes, page_url="https://s.example/")):
        assert ("Words of somebody." in html) == ("</em> — <a href=" in html)
    assert "<em>Words of somebody.</em> — <a href=" in feed_html(notes, page_url="https://s.example/")


def test_a_definition_begins_with_its_term_in_the_feed() -> None:
    notes = render("::: definition OSEC\nIt is this.\n[@census:1921, 7]\n:::", SOURCES)
    html = feed_html(notes, page_url="https://s.example/")
    assert html.startswith("<p><strong>OSEC</strong>: It is this. — Census of the Valley, Crown Printer, p. 7 [1]</p>")


def test_a_quotation_or_a_definition_with_its_source_is_no_open_claim() -> None:
    for block in ("> There were 381 cases.\n> {}", "::: definition OSEC\nIn 2017, 381 cases were counted.\n{}\n:::"):
        assert not [one for one in claims_in_notes(block.format("[@river-2026]")) if one.is_open]
        assert not [one for one in claims_in_notes(block.format("[12:34]")) if one.is_open]
        assert [one for one in claims_in_notes(block.format("")) if one.is_open]


LINES = st.sampled_from(
    ["> words", "> [@river-2026]", ">", "", "::: definition A", ":::", "::::", "::: x", "- item", "  > q", "text",
     "[@census:1921]", "> [1:00]", "> > deep", "> > [@agency-web]", "    code", "> - [@hostile]", "# H", "> # H"]
)  # fmt: skip


@given(st.lists(LINES, max_size=14).map("\n".join))
def test_blocks_of_any_shape_keep_every_citation_and_every_word(markdown: str) -> None:
    notes = render(markdown, SOURCES)
    cited = citations(markdown)
    assert sum(reference.back_links for reference in notes.references) == len(cited)
    page = lxml_html.fromstring(f"<div>{notes.html}</div>")  # type: ignore[no-untyped-call]
    assert len(page.xpath("//a[@role='doc-noteref']")) == len(cited)
    assert page.xpath("count(//blockquote//text()[contains(., 'words')])") <= markdown.count("words")
    assert len(page.xpath("//figure")) == len(page.xpath("//figure[@class]"))
    feed_html(notes, page_url="https://s.example/")
    assert all(isinstance(fault, Fault) and fault.line <= markdown.count("\n") + 1 for fault in faults(parse(markdown)))
