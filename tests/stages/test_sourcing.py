"""Sources are looked up on servers of the real fetcher, here on this machine, and added to a list of people's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InvalidShow, OnRecordError, Refused
from pipeline.publish.sourcing import Catalogues, Found
from pipeline.show import load_show
from pipeline.stages.sourcing import add_source, import_sources, list_sources
from tests.publish.links.sites import Site, answer, fetcher, running
from tests.shows import SOURCES, make_show

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
CROSSREF = {
    "type": "journal-article",
    "title": ["Counting &amp; <i>floods</i>"],
    "container-title": ["Journal of Rivers"],
    "author": [{"given": "Mara", "family": "Lind", "sequence": "first", "affiliation": []}, {"name": "River Office"}],
    "issued": {"date-parts": [[2026, 3]]},
    "accessed": {"date-parts": [[None]]},
    "page": "101-119",
    "DOI": "10.1000/XYZ(1)",
    "URL": "http://dx.doi.org/10.1000/xyz(1)",
    "reference-count": 12,
    "reference": [{"key": "x"}],
    "publisher": "Bank Press",
}
BOOK = {
    "ISBN:9780306406157": {
        "title": "The Flood",
        "subtitle": "A history",
        "authors": [{"name": "Mara Lind", "url": "x"}],
        "publishers": [{"name": "Bank Press"}, {"name": "Other"}],
        "publish_places": [{"name": "Vale"}],
        "publish_date": "May 1999",
        "number_of_pages": 300,
    }
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_show(tmp_path)


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as one:
        yield one


def add(root: Path, site: Site, what: str, **settings: Any) -> Found:
    catalogues = Catalogues(site.url("/doi/"), site.url("/ol/"))
    return add_source(root, what, fetcher(site), now=NOW, catalogues=catalogues, **settings)


def text(root: Path) -> str:
    return (root / "episodes" / "sources.json").read_text("utf-8")


def test_a_page_is_added_behind_what_people_typed(root: Path, site: Site) -> None:
    page = "<html lang=en><title>How we measure – schön</title><meta name=author content='Lind, Mara'>"
    site.pages["/old"] = answer(301, Location=site.url("/measure"))
    site.pages["/measure"] = answer(
        200, page.encode("iso-8859-15", "replace"), Content_Type="text/html; charset=iso-8859-15"
    )
    found = add(root, site, site.url("/old"))
    assert found.record["URL"] == site.url("/measure")
    assert found.record["accessed"] == {"date-parts": [[2026, 11, 24]]}
    assert found.record["title"].endswith("schön")
    assert found.missing == ("issued", "publisher")
    assert found.record["id"] == "lind-measure"
    assert text(root).startswith(SOURCES.rstrip().removesuffix("]").rstrip())
    assert site.url("/measure") == load_show(root).sources["lind-measure"].URL


def test_a_doi_by_content_negotiation(root: Path, site: Site) -> None:
    site.pages["/doi/10.1000/XYZ(1)"] = answer(302, Location=site.url("/crossref"))
    site.pages["/crossref"] = answer(200, json.dumps(CROSSREF).encode(), Content_Type="application/json")
    found = add(root, site, "https://doi.org/10.1000/XYZ(1)")
    assert found.record == {
        "id": "lind-2026-counting",
        "type": "article-journal",
        "title": "Counting & <i>floods</i>",
        "container-title": "Journal of Rivers",
        "page": "101-119",
        "publisher": "Bank Press",
        "DOI": "10.1000/XYZ(1)",
        "author": [{"family": "Lind", "given": "Mara"}, {"literal": "River Office"}],
        "issued": {"date-parts": [[2026, 3]]},
    }
    assert found.missing == ()
    assert {headers["Accept"] for _, _, headers in site.asked} == {"application/vnd.citationstyles.csl+json"}
    with pytest.raises(Refused, match="listed already, as lind-2026-counting"):
        add(root, site, "10.1000/XYZ(1)")


def test_an_isbn_at_open_library(root: Path, site: Site) -> None:
    path = "/ol/api/books?bibkeys=ISBN:9780306406157&format=json&jscmd=data"
    site.pages[path] = answer(200, json.dumps(BOOK).encode(), Content_Type="application/json")
    found = add(root, site, "0-306-40615-2", key="flood")
    assert found.record == {
        "id": "flood",
        "type": "book",
        "title": "The Flood: A history",
        "number-of-pages": "300",
        "publisher": "Bank Press",
        "publisher-place": "Vale",
        "ISBN": "9780306406157",
        "author": [{"literal": "Mara Lind"}],
        "issued": {"date-parts": [[1999, 5]]},
    }


def test_a_dry_run_changes_nothing(root: Path, site: Site) -> None:
    site.pages["/a"] = answer(200, b"<title>T</title>", Content_Type="text/html")
    assert add(root, site, site.url("/a"), dry_run=True).record["title"] == "T"
    assert text(root) == SOURCES


def test_a_document_that_says_nothing_needs_a_title(root: Path, site: Site) -> None:
    site.pages["/a.pdf"] = answer(200, b"%PDF-1.7 <title>not this</title>", Content_Type="application/pdf")
    with pytest.raises(Refused, match="title: it is missing"):
        add(root, site, site.url("/a.pdf"))
    found = add(root, site, site.url("/a.pdf"), title="The report")
    assert (found.record["type"], found.record["title"]) == ("document", "The report")
    assert found.missing == ("author", "issued", "publisher")


def test_at_most_two_megabytes_of_a_page_are_read(root: Path, site: Site) -> None:
    site.pages["/long"] = answer(200, b"<title>Long</title>" + b" " * 3_000_000, Content_Type="text/html")
    assert add(root, site, site.url("/long")).record["title"] == "Long"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("/gone", "nothing is there"),
        ("/forbidden", "the server did not give it"),
        ("10.1000/none", "nothing is there"),
        ("10.1000/garbage", "no record"),
        ("10.1000/list", "no record"),
        ("9780306406157", "does not know this book"),
    ],
)
def test_what_is_not_found_is_refused_and_nothing_changes(root: Path, site: Site, what: str, said: str) -> None:
    site.pages["/gone"] = answer(410)
    site.pages["/forbidden"] = answer(403)
    site.pages["/doi/10.1000/garbage"] = answer(200, b"<html>", Content_Type="text/html")
    site.pages["/doi/10.1000/list"] = answer(200, b"[]", Content_Type="application/json")
    site.pages["/ol/api/books?bibkeys=ISBN:9780306406157&format=json&jscmd=data"] = answer(200, b"{}")
    with pytest.raises(Refused, match=said):
        add(root, site, site.url(what) if what.startswith("/") else what)
    assert text(root) == SOURCES


def test_keys_that_are_taken_or_cannot_be_cited_are_refused_before_anybody_is_asked(root: Path, site: Site) -> None:
    for key, said in (("report-2020", "is taken"), ("a b", "cannot be a key")):
        with pytest.raises(Refused, match=said):
            add(root, site, site.url("/a"), key=key)
    assert site.asked == []


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/", "http://localhost/", "http://169.254.169.254/latest/", "http://[::1]/"]
)
def test_nothing_inside_is_asked(root: Path, site: Site, address: str) -> None:
    with pytest.raises(Refused):
        add(root, site, address)
    site.pages["/in"] = answer(302, Location=address)
    with pytest.raises(OnRecordError):
        add(root, site, site.url("/in"))
    assert text(root) == SOURCES


def test_a_list_is_taken_over_once(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "library.json"
    file.write_text('[{"id": "report-2020", "type": "book", "title": "X"}, {"id": "n", "type": "book", "title": "N"}]')
    assert import_sources(root, file, dry_run=True).added[0]["id"] == "n"
    assert text(root) == SOURCES
    planned = import_sources(root, file)
    assert list(planned.differing) == ["report-2020"]
    assert set(load_show(root).sources) == {"report-2020", "n"}
    before = text(root)
    assert import_sources(root, file).added == ()
    assert text(root) == before


def test_a_list_with_a_byte_order_mark_keeps_it(root: Path, tmp_path: Path) -> None:
    path = root / "episodes" / "sources.json"
    path.write_bytes(b"\xef\xbb\xbf" + SOURCES.encode())
    (tmp_path / "l.json").write_text('[{"id": "n", "type": "book", "title": "N"}]')
    import_sources(root, tmp_path / "l.json")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf[")
    assert set(load_show(root).sources) == {"report-2020", "n"}


def test_a_broken_list_is_not_touched(root: Path, tmp_path: Path) -> None:
    path = root / "episodes" / "sources.json"
    path.write_text('[{"id": "a"}]')
    (tmp_path / "l.json").write_text('[{"id": "n", "type": "book", "title": "N"}]')
    with pytest.raises(InvalidShow, match="type: it is missing"):
        import_sources(root, tmp_path / "l.json")
    assert path.read_text() == '[{"id": "a"}]'
    with pytest.raises(InvalidShow, match="cannot be read"):
        import_sources(root, tmp_path / "none.json")


def test_sources_are_listed_with_where_they_are_cited(root: Path) -> None:
    folder = root / "episodes" / "first-talk"
    (folder / "sources.json").write_text('[{"id": "own", "type": "book", "title": "Own"}]')
    (folder / "transcript.md").write_text("[00:00:00.000] **Ada Host**\nSo it was [@own]. And so [@report-2020].\n")
    listed = {one.key: one for one in list_sources(root)}
    assert listed["report-2020"].label == "A report, The Archive"
    assert listed["report-2020"].cited == ("first-talk/notes.md:1", "first-talk/transcript.md:1")
    assert (listed["own"].episode, listed["own"].cited) == ("first-talk", ("first-talk/transcript.md:1",))
