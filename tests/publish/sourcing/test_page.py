"""What pages say of themselves, and what is made of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.sourcing.csl import cleaned, date_of, make_key, name_of
from pipeline.publish.sourcing.page import page_record

TITLE = '<meta name="citation_title" content="T">'
URL = "https://www.river.example/a?x=1"


def record(html: str) -> dict[str, Any]:
    return cleaned(page_record(html.encode("utf-8"), URL))


def test_citation_tags_are_the_most_exact() -> None:
    found = record(
        """<html lang="de"><head><title>Ignored | Site</title>
        <meta name="citation_title" content="Counting a River">
        <meta name="citation_author" content="Lind, Mara"><meta name="citation_author" content="Jan van Dyk">
        <meta name="citation_journal_title" content="Journal of Rivers"><meta name="citation_volume" content="12">
        <meta name="citation_issue" content="3"><meta name="citation_firstpage" content="101">
        <meta name="citation_lastpage" content="119"><meta name="citation_doi" content="doi:10.1000/xyz">
        <meta name="citation_publication_date" content="2026/03/09"><meta property="og:title" content="Ignored">
        </head></html>"""
    )
    assert found == {
        "type": "article-journal",
        "language": "de",
        "title": "Counting a River",
        "container-title": "Journal of Rivers",
        "volume": "12",
        "issue": "3",
        "page": "101-119",
        "DOI": "10.1000/xyz",
        "URL": URL,
        "author": [{"family": "Lind", "given": "Mara"}, {"literal": "Jan van Dyk"}],
        "issued": {"date-parts": [[2026, 3, 9]]},
    }


def test_json_ld_of_a_newspaper() -> None:
    found = record(
        """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
        {"@type": "WebSite", "name": "Gazette"},
        {"@type": ["NewsArticle"], "headline": "River takes\\n forty houses",
         "datePublished": "2026-03-10T08:00:00+01:00",
         "author": [{"@type": "Person", "name": "Ada Host"}, {"@type": "Organization", "name": "Gazette, The"}],
         "publisher": {"@type": "Organization", "name": "The Vale Gazette"},
         "isPartOf": {"@type": "Newspaper", "name": "Vale Gazette"}}]}</script>
        <link rel="canonical" href="https://river.example/articles/1">"""
    )
    assert found["type"] == "article-newspaper"
    assert found["title"] == "River takes forty houses"
    assert found["author"] == [{"literal": "Ada Host"}, {"literal": "Gazette, The"}]
    assert found["container-title"] == "Vale Gazette"
    assert found["issued"] == {"date-parts": [[2026, 3, 10]]}
    assert found["URL"] == "https://river.example/articles/1"


def test_open_graph_and_the_title_are_the_last_to_be_asked() -> None:
    found = record(
        """<title>Title &amp; more</title><meta property="og:site_name" content="River Office">
        <meta property="article:published_time" content="2026-03-10T08:00:00Z">
        <meta property="article:author" content="https://social.example/ada">
        <meta name="author" content="Mara Lind">"""
    )
    assert found == {
        "type": "webpage",
        "title": "Title & more",
        "container-title": "River Office",
        "URL": URL,
        "author": [{"literal": "Mara Lind"}],
        "issued": {"date-parts": [[2026, 3, 10]]},
    }


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (TITLE + '<meta name="citation_technical_report_institution" content="RO">', "report"),
        (TITLE + '<meta name="citation_dissertation_institution" content="U">', "thesis"),
        (TITLE + '<meta name="citation_isbn" content="9780306406157">', "book"),
        (TITLE + '<meta name="citation_inbook_title" content="B">', "chapter"),
        ('<script type="application/ld+json">{"@type": "Report", "name": "T"}</script>', "report"),
        ('<script type="application/ld+json">[{"@type": "Dataset", "name": "T"}]</script>', "dataset"),
        ('<title>T</title><meta property="og:type" content="video.movie">', "motion_picture"),
        ("<title>T</title>", "webpage"),
    ],
)  # fmt: skip
def test_kinds(head: str, kind: str) -> None:
    assert record(head)["type"] == kind


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/a", "javascript:alert(1)", "//[bad", "https://me:x@river.example/", ""]
)
def test_a_page_may_not_name_another_hosts_address_as_its_own(address: str) -> None:
    assert record(f'<title>T</title><link rel="canonical" href="{address}">')["URL"] == URL


@pytest.mark.parametrize("html", ["", "   ", "<!-- -->", "<html></html>", "\x00", "<?xml version='1.0' encoding='x'?>"])
def test_an_empty_page_says_nothing(html: str) -> None:
    assert record(html) == {"type": "webpage", "URL": URL}


PIECES = st.sampled_from(
    ["<title>", "</title>", '<meta name="citation_title" content="', '">', "<script type='application/ld+json'>",
     '{"@type": "Report", "author": ', '[{"name": 3}]', "}", "</script>", "<html lang=x>", '<meta property="og:title">',
     '<meta name="citation_author" content=",,">', "&#0;", "\x00", "\ud800", "[" * 200, '<link rel="canonical" href="']
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join))
def test_no_page_brings_it_down(html: str) -> None:
    found = cleaned(page_record(html.encode("utf-8", "replace"), URL))
    assert found["URL"].startswith("https://")
    assert make_key(found, ())


@given(st.binary(max_size=80))
def test_no_bytes_bring_it_down(content: bytes) -> None:
    cleaned(page_record(content, URL))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2020-05-26", {"date-parts": [[2020, 5, 26]]}),
        ("2020-05-26T10:00:00+01:00", {"date-parts": [[2020, 5, 26]]}),
        ("2020/5", {"date-parts": [[2020, 5]]}),
        ("2019///", {"date-parts": [[2019]]}),
        ("26 May 2020", {"date-parts": [[2020, 5, 26]]}),
        ("May 26th, 2020", {"date-parts": [[2020, 5, 26]]}),
        ("Sept. 2020", {"date-parts": [[2020, 9]]}),
        ("2020-26-05", {"raw": "2020-26-05"}),
        ("05/26/2020", {"raw": "05/26/2020"}),
        ("Easter 2020", {"raw": "Easter 2020"}),
    ],
)
def test_dates_are_read_where_nothing_is_guessed(text: str, date: dict[str, Any]) -> None:
    assert date_of(text) == date


def test_names_are_parted_at_commas_alone() -> None:
    assert name_of("Lind, Mara") == {"family": "Lind", "given": "Mara"}
    assert name_of("Lind, Mara, Jr.") == {"family": "Lind", "given": "Mara", "suffix": "Jr."}
    assert name_of("Mara Lind") == {"literal": "Mara Lind"}
    assert name_of("Rivers, Floods, Barns, and Co.") == {"literal": "Rivers, Floods, Barns, and Co."}


def test_keys_are_made_of_author_year_and_word() -> None:
    made: dict[str, Any] = {
        "title": "The Flood of <i>1900</i>",
        "author": [{"family": "Müller-Lüdenscheidt", "given": "Ö."}],
        "issued": {"date-parts": [[2020]]},
    }
    assert make_key(made, ()) == "muller-ludenscheidt-2020-flood"
    assert make_key(made, ["muller-ludenscheidt-2020-flood"]) == "muller-ludenscheidt-2020-flood-2"
    assert (
        make_key({"author": [{"literal": "International Justice Mission Philippines"}]}, ()) == "international-untitled"
    )
    assert make_key({"title": "Wie viele", "author": [{"literal": "Mara Lind"}]}, ()) == "lind-wie"
    assert make_key({"title": "שלום"}, ()) == "source"
