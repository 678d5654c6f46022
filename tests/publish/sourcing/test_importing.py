"""Lists of other programs: what is taken over, what is left, what is told; and that no bytes bring it down."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidShow
from pipeline.publish.references import format_reference
from pipeline.publish.sourcing import Planned, appended, plan, read_list
from pipeline.show.sources import Source

BIBTEX = r"""
@string{ro = "River Office"}
@techreport{lind2026, author={Lind, Mara and van Dyk, Jan and {River Office}},
  title={Counting a {River}: {\"U}ber \& unter}, institution=ro, year=2026, month=mar, number=7,
  url={https://river.example/r?a=1\&b=2}, urldate={2026-04-01},
  pages={12--14}, eprint={x}}
@article{n1, title={News}, journaltitle={Gazette}, date={2020-05-26}, entrysubtype={newspaper}, number=3}
@phdthesis{host:2018, author="Ada Host", title="Barns", subtitle="A count", school="Vale", year="2018"}
@misc{web1, title={A page}, howpublished={\url{https://a.example/x_y}}}
@weird{w, title={W}}
@book{untitled, author={Lind, Mara}}
"""
RIS = """TY  - JOUR
ID  - key1
AU  - Lind, Mara
AU  - River Office
TI  - A title
T2  - Journal
PY  - 2020/05/26/
VL  - 3
IS  - 2
SP  - 1
EP  - 9
UR  - https://a.example/
KW  - rivers
KW  - floods
C1  - ours
XX  - strange
ER  -

TY  - EBOOK
T1  - Reporting floods
Y1  - 2019///
A2  - Dyk, Jan
SN  - 9780306406157
ER  -
"""


def planned(text: str, listed: list[dict[str, Any]] | None = None) -> Planned:
    return plan(read_list(text.encode(), "list"), listed or [])


def added(text: str) -> dict[str, dict[str, Any]]:
    return {record["id"]: dict(record) for record in planned(text).added}


def test_bibtex() -> None:
    found = added(BIBTEX)
    assert found["lind2026"] == {
        "id": "lind2026",
        "type": "report",
        "title": "Counting a River: Über & unter",
        "page": "12-14",
        "number": "7",
        "publisher": "River Office",
        "URL": "https://river.example/r?a=1&b=2",
        "author": [
            {"family": "Lind", "given": "Mara"},
            {"family": "Dyk", "given": "Jan", "non-dropping-particle": "van"},
            {"literal": "River Office"},
        ],
        "accessed": {"date-parts": [[2026, 4, 1]]},
        "issued": {"date-parts": [[2026, 3]]},
    }
    assert (found["n1"]["type"], found["n1"]["issue"]) == ("article-newspaper", "3")
    assert found["host:2018"]["title"] == "Barns: A count"
    assert found["host:2018"]["genre"] == "PhD thesis"
    assert found["web1"]["URL"] == "https://a.example/x_y"
    result = planned(BIBTEX)
    assert result.lost == {"lind2026": ("eprint",), "w": ("the type @weird",)}
    assert result.skipped == (("untitled", "title: it is missing"),)


def test_ris() -> None:
    found = added(RIS)
    assert found["key1"] == {
        "id": "key1",
        "type": "article-journal",
        "title": "A title",
        "container-title": "Journal",
        "volume": "3",
        "issue": "2",
        "page": "1-9",
        "keyword": "rivers, floods",
        "URL": "https://a.example/",
        "author": [{"family": "Lind", "given": "Mara"}, {"literal": "River Office"}],
        "issued": {"date-parts": [[2020, 5, 26]]},
    }
    assert found["dyk-2019-reporting"]["ISBN"] == "9780306406157"
    assert planned(RIS).lost == {"key1": ("custom1", "the tag XX")}


@pytest.mark.parametrize("text", [BIBTEX, RIS])
def test_a_second_time_adds_nothing(text: str) -> None:
    first = planned(text)
    again = planned(text, [dict(record) for record in first.added])
    assert (again.added, len(again.same), again.differing) == ((), len(first.added), {})


def test_what_is_listed_is_never_overwritten() -> None:
    listed = [{"id": "a", "type": "book", "title": "Mine", "note": "typed by hand"}]
    result = planned(
        '[{"id": "a", "type": "book", "title": "Theirs"}, {"id": "b", "type": "book", "title": "B"}]', listed
    )
    assert [record["id"] for record in result.added] == ["b"]
    assert result.differing == {"a": ("title", "note")}


def test_csl_json_is_taken_over_whole_and_known_by_its_citation_key() -> None:
    record = {
        "id": "http://zotero.org/users/1/items/A",
        "citation-key": "a",
        "type": "book",
        "title": "T",
        "x-own": {"y": 1},
    }
    result = planned(json.dumps([record, {**record, "title": "Twice"}, {"id": "b"}]))
    assert result.added == (record,)
    assert result.skipped == (("a", "it stands twice in the file; the first was taken"), ("b", "type: it is missing"))
    assert planned(json.dumps([record]), [record]).same == ("a",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "list: this is neither"),
        (b"hello", "list: this is neither"),
        (b"\xff\xfe", "list:1: these bytes are not UTF-8"),
        (b"[1]", "list:1: it cannot be read"),
        (b'{"a":', "list:1: it cannot be read"),
        (b"@book{a, title = {x}\n@book{", "it cannot be read"),
        (b"@book{a, title={x}}\n@book{a, title={y}}", "it cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(InvalidShow, match=said):
        read_list(content, "list")


# Round trips: what is written in each format comes back as it was.
words = st.text(st.sampled_from("abcdefgh ÄÖéßñøžłاب漢字"), min_size=1, max_size=20).map(str.strip).filter(bool)
records = st.fixed_dictionaries(
    {"title": words, "publisher": words, "family": words, "given": words, "year": st.integers(1000, 2999)}
)


def expected(key: str, one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": key,
        "type": "report",
        "title": " ".join(one["title"].split()),
        "publisher": " ".join(one["publisher"].split()),
        "author": [{"family": " ".join(one["family"].split()), "given": " ".join(one["given"].split())}],
        "issued": {"date-parts": [[one["year"]]]},
    }


@given(st.lists(records, min_size=1, max_size=4))
def test_ris_comes_back_as_it_was_written(made: list[dict[str, Any]]) -> None:
    text = "\n".join(
        f"TY  - RPRT\nID  - k{number}\nTI  - {one['title']}\nAU  - {one['family']}, {one['given']}\n"
        f"PB  - {one['publisher']}\nPY  - {one['year']}\nER  - \n"
        for number, one in enumerate(made)
    )
    assert added(text) == {f"k{number}": expected(f"k{number}", one) for number, one in enumerate(made)}


@given(st.lists(records, min_size=1, max_size=4))
def test_bibtex_comes_back_as_it_was_written(made: list[dict[str, Any]]) -> None:
    text = "\n".join(
        f"@report{{k{number}, title={{{one['title']}}}, author={{{{{one['family']}}}, {{{one['given']}}}}}, "
        f"institution={{{one['publisher']}}}, year={one['year']}}}"
        for number, one in enumerate(made)
    )
    assert added(text) == {f"k{number}": expected(f"k{number}", one) for number, one in enumerate(made)}


RIS_PIECES = st.sampled_from(
    ["TY  - JOUR\n", "TY  - \n", "ER  - \n", "AU  - ,\n", "AU  - Lind, Mara, Jr., x\n", "PY  - ///\n", "SP  - 1\n",
     "UR  - javascript:x\n", "ID  - a b\n", "T1  - \n", "TI  - x\n", "XX  - \n", "\n", "continued\n", "ER", "\x00"]
)  # fmt: skip
BIBTEX_PIECES = st.sampled_from(
    ["@book{", "@string{", "@preamble{", "@comment", "k,", "title=", "{x}", "}", '"', "#", "author=", "{A and and B}",
     "{{\\\"}", "\\", "year=2020,", "month=foo,", "{Last, Jr, First, Too, Many}", ",", "=", "\n", "url={https://a b}"]
)  # fmt: skip
JSON_PIECES = st.sampled_from(
    ["[", "]", "{", "}", '"id"', ":", ",", '"a"', "1", "null", "NaN", "1e999", '"\\ud800"', '"type"', '"items"', "true"]
)
pieces = st.one_of(
    *(st.lists(kind | st.text(max_size=4), max_size=25) for kind in (RIS_PIECES, BIBTEX_PIECES, JSON_PIECES))
)


@given(pieces.map("".join).map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=200))
def test_no_bytes_bring_it_down(content: bytes) -> None:
    with suppress(InvalidShow):
        for record in plan(read_list(content, "list"), []).added:
            format_reference(Source.model_validate(record))


NEW = '  {\n    "id": "n",\n    "issued": {"date-parts": [[2020]]}\n  }\n]'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", f"[\n{NEW}\n"),
        ("[]\n", f"[\n{NEW}\n"),
        ('[ {"id": "a",  "x": 1} ]', f'[ {{"id": "a",  "x": 1}},\n{NEW}'),
        ('[\r\n\t{"id": "]"}\r\n]\r\n', '[\r\n\t{"id": "]"},\r\n' + NEW.replace("\n", "\r\n") + "\r\n"),
    ],
)
def test_a_record_is_added_and_every_other_character_stays(text: str, written: str) -> None:
    assert appended(text, [{"id": "n", "issued": {"date-parts": [[2020]]}}], "sources.json") == written


def test_what_is_no_list_is_not_added_to() -> None:
    with pytest.raises(InvalidShow, match="not a list"):
        appended('{"items": []}', [{"id": "n"}], "sources.json")
