"""References: every kind of work as a golden pair, and what no record can do to a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from pipeline.publish.notes import reference_html
from pipeline.publish.references import (
    Copy,
    archived_copies,
    csl_date,
    format_locator,
    format_reference,
    short_reference,
    source_label,
    title_text,
)
from pipeline.show.sources import TYPES, Source
from tests.publish.made import GOLDEN, source

TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
PAIRS = sorted((GOLDEN / "references").glob("*.json"))


def record(path: Path) -> Source:
    return Source.model_validate(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_golden_pairs(path: Path) -> None:
    written = reference_html(record(path)) + "\n" + short_reference(record(path)) + "\n"
    assert written == path.with_suffix(".html").read_text("utf-8")


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: path.stem)
def test_the_sanitiser_finds_nothing_to_take_away_but_adds_rel(path: Path) -> None:
    ours = lxml_html.fromstring(f"<p>{format_reference(record(path))}</p>")  # type: ignore[no-untyped-call]
    cleaned = lxml_html.fromstring(f"<p>{reference_html(record(path))}</p>")  # type: ignore[no-untyped-call]
    for link in cleaned.iter("a"):
        assert link.attrib.pop("rel") == "noopener"
    assert lxml_html.tostring(ours) == lxml_html.tostring(cleaned)  # type: ignore[no-untyped-call]


TAGS = ["<i>", "</i>", "\u202e", "2020"]
json_values: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=12)
    | st.sampled_from(["<i>", "</i>", "\u202e", "2020"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    "page", "volume", "issue", "number", "edition", "genre", "DOI", "ISBN", "publisher-place", "editor", "translator",
    "director", "custom", "archive_location", "section", "authority", "medium", "version", "event-title",
]  # fmt: skip


@given(
    st.sampled_from(sorted(TYPES)),
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip),
    st.dictionaries(st.sampled_from(FIELDS), json_values),
    st.dictionaries(st.sampled_from(["date-parts", "raw", "literal", "season", "circa"]), json_values),
)
def test_no_record_breaks_the_page(kind: str, title: str, fields: dict[str, Any], issued: dict[str, Any]) -> None:
    made = source("k", type=kind, title=title, issued=issued, **fields)
    html = format_reference(made)
    tree = lxml_html.fromstring(f"<p>{html}</p>")  # type: ignore[no-untyped-call]
    assert {element.tag for element in tree.iter()} <= {"p", "a", "bdi", "cite", "em", "strong", "sup", "sub"}
    assert all(link.get("href").startswith(("https://", "http://")) for link in tree.iter("a"))
    assert "\n" not in html
    assert not set(TURNS) & set(html)
    assert html == format_reference(made)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("p. 12", "p. 12"),
        ("12", "p. 12"),
        ("12-14", "pp. 12–14"),
        ("page 12", "p. 12"),
        ("p. 3--5", "pp. 3–5"),
        ("pp. 3, 7", "pp. 3, 7"),
        ("chapter 3", "ch. 3"),
        ("section 4", "sec. 4"),
        ("article 5 and 6", "arts 5 and 6"),
        ("§ 12", "§ 12"),
        ("12:34", "12:34"),
        ("in passing", "in passing"),
        ("page iv", "p. iv"),
        ("", ""),
    ],
)
def test_locators_are_written_alike(written: str, shown: str) -> None:
    assert format_locator(written) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""),
        ({"date-parts": [[2020, 5, 26]]}, "26 May 2020"),
        ({"date-parts": [["2020", "05"]]}, "May 2020"),
        ({"date-parts": [[2020, 22]]}, "Summer 2020"),
        ({"date-parts": [[2020]], "season": 1}, "Spring 2020"),
        ({"date-parts": [[2020]], "season": "Michaelmas"}, "Michaelmas 2020"),
        ({"date-parts": [[2020, 5], [2020, 6]]}, "May 2020–June 2020"),
        ({"date-parts": [[2020, 13, 1]]}, "2020"),
        ({"date-parts": [[2020, 2, 77]]}, "February 2020"),
        ({"date-parts": [[None]]}, ""),
        ({"date-parts": [[-44]]}, "44 BC"),
        ({"date-parts": [["9" * 5000]]}, ""),
        ({"date-parts": [[1890]], "circa": True}, "about 1890"),
        ({"raw": "2020-05-26T10:00:00Z"}, "26 May 2020"),
        ({"raw": "2020-05/2020-06"}, "May 2020–June 2020"),
        ({"raw": "2020?"}, "about 2020"),
        ({"raw": "Easter 2020"}, "Easter 2020"),
        ({"literal": "n.d."}, "n.d."),
    ],
)
def test_dates_are_written_as_people_write_them(value: Any, shown: str) -> None:
    assert csl_date(value) == shown


def test_plain_forms_hold_no_tags() -> None:
    made = source("k", title="On <i>Salmo</i> & <b>", publisher="P")
    assert title_text(made) == "On <i>Salmo</i> & <b>"  # they do not nest rightly, so they are text
    assert source_label(source("k", title="On <i>Salmo</i>", publisher="P")) == "On Salmo, P"
    assert title_text(Source(id="k", type="personal_communication")) == "Personal communication"


def test_archived_copies_are_kept_where_other_programs_carry_them_along() -> None:
    made = source(
        "k",
        custom={"archived": [{"url": "https://a.example/1", "at": "2020-06-03T10:00:00Z"}, {"url": "ftp://a/"}]},
        archive_location="https://web.archive.org/web/20200603101010/https://a.example/",
    )
    assert archived_copies(made) == (
        Copy("https://a.example/1", "2020-06-03T10:00:00Z"),
        Copy("https://web.archive.org/web/20200603101010/https://a.example/", "2020-06-03"),
    )
