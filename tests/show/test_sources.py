"""sources.json as other programs write it: what is taken, what is refused and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import Problem
from pipeline.show.sources import TYPES, Source, read_sources

# Records as Zotero 7 writes them ("CSL JSON"): ids that are addresses or citation keys, years as texts, months as
# numbers, seasons as words, tags in titles, the library's own fields.
ZOTERO: list[dict[str, Any]] = [
    {
        "id": "http://zotero.org/users/1234567/items/ABCD1234",
        "type": "article-journal",
        "abstract": "Lines\nof an abstract.",
        "container-title": "Journal of Rivers",
        "DOI": "10.1000/xyz",
        "ISSN": "1234-5678",
        "issue": "3",
        "language": "en",
        "page": "101-119",
        "source": "DOI.org (Crossref)",
        "title": "How <i>Salmo salar</i> counts",
        "volume": "12",
        "author": [{"family": "Lind", "given": "Mara"}, {"literal": "River Office"}],
        "accessed": {"date-parts": [["2020", 6, 5]]},
        "issued": {"date-parts": [["2020", 5]]},
    },
    {
        "id": "lind2019",
        "citation-key": "lind2019",
        "type": "book",
        "title": "The Flood",
        "ISBN": "978-0-306-40615-7",
        "archive": "River Archive",
        "archive_location": "Box 7",
        "call-number": "R 12",
        "issued": {"date-parts": [["2019"]], "season": "spring"},
    },
    {
        "id": "http://zotero.org/groups/77/items/EFGH5678",
        "citation-key": "host2021",
        "type": "interview",
        "author": [{"family": "Guest", "given": "Ben"}],
        "issued": {"literal": "in press"},
    },
    {"id": "müller-2020", "type": "webpage", "title": "Flüsse\n zählen", "URL": "https://fluss.example/", "note": ""},
    {"id": 7, "type": "report", "title": "A report", "issued": "2020-05-26", "publisher": None, "volume": 3},
    {"id": "raw", "type": "document", "title": 2020, "issued": {"raw": "Easter 2020"}, "author": []},
]


def read(tmp_path: Path, text: str) -> tuple[dict[str, Source], list[Problem]]:
    path = tmp_path / "sources.json"
    path.write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    return read_sources(path, problems), problems


def test_zoteros_export_drops_in(tmp_path: Path) -> None:
    sources, problems = read(tmp_path, json.dumps(ZOTERO, indent="\t", ensure_ascii=False))
    assert problems == []
    assert list(sources) == [
        "http://zotero.org/users/1234567/items/ABCD1234", "lind2019", "host2021", "müller-2020", "7", "raw",
    ]  # fmt: skip
    assert sources["müller-2020"].title == "Flüsse zählen"
    assert sources["7"].issued == {"raw": "2020-05-26"}
    assert sources["lind2019"].more("archive_location") == "Box 7"
    assert sources["host2021"].title == ""


def test_every_type_of_csl_is_read(tmp_path: Path) -> None:
    records = [{"id": kind, "type": kind, "title": "T"} for kind in sorted(TYPES)]
    sources, problems = read(tmp_path, json.dumps(records))
    assert problems == []
    assert len(sources) == len(TYPES) == 45


def test_the_answer_of_zoteros_server_is_a_list_too(tmp_path: Path) -> None:
    assert list(read(tmp_path, json.dumps({"items": ZOTERO}))[0])[1] == "lind2019"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"id": "a b", "type": "book", "title": "x"}, "source 1: id: “a b” cannot be cited"),
        ({"id": "@a", "type": "book", "title": "x"}, "source 1: id: “@a” cannot be cited"),
        ({"type": "book", "title": "x"}, "source 1: id: it is missing"),
        ({"id": "a", "title": "x"}, "source 1: type: it is missing"),
        ({"id": "a", "type": "book", "title": " "}, "source 1: title: it is missing"),
        ({"id": "a", "type": "book", "title": "x\u0007"}, "control character U+0007"),
        ({"id": "a", "type": "book", "title": "x", "author": "Ada"}, "author: must be a list of names"),
        ({"id": "a", "type": "book", "title": "x", "author": [["Ada"]]}, "author: must be a list of names"),
        ({"id": "a", "type": "book", "title": "x", "issued": [2020]}, "issued: must be a date"),
        ({"id": "a", "type": "book", "title": "x", "URL": "www.example.org"}, "URL: must be a whole web address"),
    ],
)
def test_what_cannot_be_sensible_is_refused_with_its_line(tmp_path: Path, record: dict[str, Any], said: str) -> None:
    sources, problems = read(tmp_path, f"[\n{json.dumps(record)}]")
    assert sources == {}
    assert len(problems) == 1
    assert said in str(problems[0])
    assert problems[0].where.endswith("sources.json:2" if "id" in record else "sources.json:1")


@pytest.mark.parametrize("text", ["[NaN]", '[{"id": 1e999}]', '["\\ud800"]', "[" + "9" * 5000 + "]", "7", "null"])
def test_json_that_no_other_program_would_read_is_refused(tmp_path: Path, text: str) -> None:
    sources, problems = read(tmp_path, text)
    assert (sources, len(problems)) == ({}, 1)


def test_a_record_is_sealed_as_it_was_read() -> None:
    plain = {"id": "a", "type": "book", "title": "x", "volume": "2", "custom": {"archive": "none"}}
    assert Source.model_validate(plain).as_csl() == plain


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["id", "type", "title", "author", "publisher", "issued", "URL", "custom", "citation-key"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(FIELDS, json_values), max_size=3))
def test_no_file_brings_it_down(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    for source in read(tmp_path, json.dumps(records))[0].values():
        source.as_csl()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_no_bytes_bring_it_down(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "sources.json").write_bytes(content)
    read_sources(tmp_path / "sources.json", [])
