"""BibTeX and BibLaTeX into CSL-JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pybtex.errors
from pybtex.database import Entry, Person
from pybtex.database.input.bibtex import Parser
from pybtex.exceptions import PybtexError
from pybtex.richtext import Text

from pipeline.publish.references.words import plain
from pipeline.publish.sourcing.csl import date_of, joined
from pipeline.publish.sourcing.foreign import Foreign, Unreadable

_TYPES = {
    "article": "article-journal", "audio": "song", "book": "book", "booklet": "pamphlet", "collection": "book",
    "conference": "paper-conference", "dataset": "dataset", "electronic": "webpage", "inbook": "chapter",
    "incollection": "chapter", "inproceedings": "paper-conference", "inreference": "entry-encyclopedia",
    "jurisdiction": "legal_case", "legislation": "legislation", "letter": "personal_communication",
    "manual": "report", "mastersthesis": "thesis", "misc": "document", "movie": "motion_picture", "mvbook": "book",
    "online": "webpage", "patent": "patent", "periodical": "periodical", "phdthesis": "thesis",
    "proceedings": "book", "report": "report", "software": "software", "suppbook": "chapter", "techreport": "report",
    "thesis": "thesis", "unpublished": "manuscript", "video": "motion_picture", "www": "webpage",
}  # fmt: skip
_GENRES = {"phdthesis": "PhD thesis", "mastersthesis": "Master’s thesis"}
_TEXTS = {
    "journal": "container-title", "journaltitle": "container-title", "booktitle": "container-title",
    "series": "collection-title", "publisher": "publisher", "institution": "publisher", "school": "publisher",
    "organization": "publisher", "address": "publisher-place", "location": "publisher-place", "volume": "volume",
    "issue": "issue", "pages": "page", "doi": "DOI", "isbn": "ISBN", "issn": "ISSN", "edition": "edition",
    "chapter": "chapter-number", "type": "genre", "note": "note", "abstract": "abstract", "language": "language",
    "langid": "language", "keywords": "keyword", "version": "version", "eventtitle": "event-title",
    "venue": "event-place", "shorttitle": "title-short", "pagetotal": "number-of-pages", "annote": "annote",
    "annotation": "annote",
}  # fmt: skip
_PEOPLE = {
    "author": "author", "editor": "editor", "translator": "translator", "bookauthor": "container-author",
    "director": "director", "holder": "contributor",
}  # fmt: skip
_DATES = ("date", "year", "month", "day")
_ADDRESS = re.compile(r"https?://[^\s{}]+")


def read_bibtex(text: str) -> Iterator[Foreign]:
    """Every entry of a BibTeX file. Raises Unreadable where it is none."""
    parser = Parser(encoding="utf-8")  # type: ignore[no-untyped-call]  # pybtex has no types
    with pybtex.errors.capture() as warnings:
        try:
            entries = parser.parse_string(text).entries  # type: ignore[no-untyped-call]
        except (PybtexError, RecursionError, ValueError, TypeError, AttributeError, IndexError) as error:
            raise Unreadable(plain(str(error)) or type(error).__name__, getattr(error, "lineno", None) or 1) from error
    if warnings:
        raise Unreadable(plain(str(warnings[0])), getattr(warnings[0], "lineno", None) or 1)
    for key, entry in entries.items():
        yield _foreign(str(key), entry)


def _foreign(key: str, entry: Entry) -> Foreign:
    kind = str(entry.type).lower()
    fields = {str(name).lower(): str(value) for name, value in (entry.fields or {}).items()}
    lost: list[str] = []
    record: dict[str, Any] = {"type": _TYPES.get(kind, "document")}
    if kind not in _TYPES:
        lost.append(f"the type @{plain(kind)}")
    if "newspaper" in fields.get("entrysubtype", "") and kind == "article":
        record["type"] = "article-newspaper"
    if kind in _GENRES:
        record["genre"] = _GENRES[kind]
    record["title"] = joined((_text(fields.pop("title", "")), _text(fields.pop("subtitle", ""))))
    for name, people in (entry.persons or {}).items():
        if role := _PEOPLE.get(str(name).lower()):
            record[role] = [_person(one) for one in people]
        else:
            lost.append(plain(str(name)))
    record |= _dates(fields)
    number = fields.pop("number", "")
    record["issue" if record["type"].startswith("article") else "number"] = _text(number)
    lost += _fill(record, fields)
    if page := record.get("page"):
        record["page"] = re.sub(r"\s*[-–]+\s*", "-", page)
    return Foreign(key, record, tuple(lost))


def _fill(record: dict[str, Any], fields: Mapping[str, str]) -> Iterator[str]:
    """Put what is left of the fields into the record, and yield what has no place there."""
    for name, value in fields.items():
        if name in _TEXTS:
            record.setdefault(_TEXTS[name], _text(value))
        elif name == "url" or (name == "howpublished" and "://" in value):
            if found := _ADDRESS.search(value.replace("\\", "")):
                record.setdefault("URL", found[0])
        elif name == "howpublished":
            record["medium"] = _text(value)
        elif name != "entrysubtype":
            yield plain(name)


def _dates(fields: dict[str, str]) -> dict[str, Any]:
    date, year, month, day = (_text(fields.pop(name, "")) for name in _DATES)
    read = _text(fields.pop("urldate", ""))
    written = date or " ".join(filter(None, (day if month else "", month, year)))
    if month.isdigit() and not date:
        written = "-".join(filter(None, (year, month, day)))
    return {
        **({"issued": date_of(written)} if written else {}),
        **({"accessed": date_of(read)} if read else {}),
    }


def _person(person: Person) -> Mapping[str, str]:
    first = [_text(str(name)) for name in (*person.first_names, *person.middle_names)]
    last = " ".join(_text(str(name)) for name in person.last_names)
    if not any(first) and not person.prelast_names:
        return {"literal": last or _text(str(person))}
    parts = {
        "family": last,
        "given": " ".join(first),
        "non-dropping-particle": " ".join(_text(str(name)) for name in person.prelast_names),
        "suffix": " ".join(_text(str(name)) for name in person.lineage_names),
    }
    return {name: value for name, value in parts.items() if value}


def _text(latex: str) -> str:
    """What LaTeX means, as far as pybtex knows; else what stands there, without braces."""
    try:
        meant = str(Text.from_latex(latex))  # type: ignore[no-untyped-call]
    except (PybtexError, RecursionError, ValueError, IndexError, KeyError, TypeError, AttributeError):
        meant = latex
    return plain(re.sub(r"[{}]", "", meant).replace("\\&", "&").replace("---", "—").replace("--", "–"))
