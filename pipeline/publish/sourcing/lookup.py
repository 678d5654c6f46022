"""Asks a page, doi.org or Open Library, and makes a record of the answer."""

from __future__ import annotations

import html
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from urllib.parse import quote

from pydantic import ValidationError

from pipeline.errors import Problem, Refused
from pipeline.publish.references.links import doi_of
from pipeline.publish.sourcing.csl import cleaned, date_of, joined, make_key, name_of
from pipeline.publish.sourcing.identify import Wanted
from pipeline.publish.sourcing.page import page_record
from pipeline.show.sources import TYPES, Source

PAGE_MAX_BYTES = 2_000_000
RECORD_MAX_BYTES = 1_000_000
_CSL_JSON = "application/vnd.citationstyles.csl+json"
# Crossref's own names of types, which it sends where CSL's are asked for.
_CROSSREF_TYPES = {
    "journal-article": "article-journal",
    "book-chapter": "chapter",
    "book-section": "chapter",
    "reference-entry": "entry",
    "proceedings-article": "paper-conference",
    "proceedings": "book",
    "monograph": "book",
    "edited-book": "book",
    "reference-book": "book",
    "posted-content": "article",
    "dissertation": "thesis",
    "peer-review": "review",
    "report-series": "report",
}


class Answered(Protocol):
    """What came back: the address that answered in the end, its status, its text and the type of that."""

    @property
    def url(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def media_type(self) -> str: ...


class Asks(Protocol):
    """Whoever asks servers for us, and sees to it that only the public net is asked (`links.fetch.Fetcher`)."""

    def get(
        self, url: str, *, headers: Mapping[str, str] | None = None, max_bytes: int, cut: bool = False
    ) -> Answered: ...


@dataclass(frozen=True, slots=True)
class Catalogues:
    """Where DOIs and ISBNs are looked up."""

    doi: str = "https://doi.org/"
    isbn: str = "https://openlibrary.org/"


PUBLIC = Catalogues()


@dataclass(frozen=True, slots=True)
class Found:
    """A record of CSL-JSON with its key, and what its source did not say: `author`, `issued`, `publisher`."""

    record: Mapping[str, Any]
    missing: tuple[str, ...]


def look_up(
    wanted: Wanted,
    asks: Asks,
    *,
    taken: Collection[str],
    today: date,
    key: str | None = None,
    title: str | None = None,
    catalogues: Catalogues = PUBLIC,
) -> Found:
    """The record of what is wanted, with `key`, or with one made of author, year and title that is none of `taken`.

    `title` stands where the page has none, or a bad one. Raises Refused where nothing usable is answered; what `asks`
    raises goes through.
    """
    match wanted.kind:
        case "doi":
            record = _by_doi(wanted.value, asks, catalogues)
        case "isbn":
            record = _by_isbn(wanted.value, asks, catalogues)
        case _:
            record = _page(wanted.value, asks) | {"accessed": {"date-parts": [[today.year, today.month, today.day]]}}
    if title:
        record["title"] = title
    record = {"id": key or make_key(record, taken), **cleaned(record)}
    try:
        Source.model_validate(record)
    except ValidationError as error:
        raise Refused(
            [
                Problem(
                    wanted.value,
                    f"what was found cannot be a source: {str(one['msg']).removeprefix('Value error, ')}",
                    "Give --title, or write the record into sources.json by hand",
                )
                for one in error.errors()
            ]
        ) from error
    behind = ("publisher", "container-title", "authority")
    missing = [field for field in ("author", "issued") if field not in record]
    return Found(record, (*missing, *(() if any(field in record for field in behind) else ("publisher",))))


def _page(url: str, asks: Asks) -> dict[str, Any]:
    answer = asks.get(url, max_bytes=PAGE_MAX_BYTES, cut=True)
    _require(answer, url, "Look at the page in a browser, and write the record into sources.json by hand")
    if answer.media_type in ("text/html", "application/xhtml+xml", ""):
        return page_record(answer.text.encode("utf-8", "replace"), answer.url)
    return {"type": "document", "URL": answer.url}  # a PDF or a picture says nothing that we could read


def _by_doi(doi: str, asks: Asks, catalogues: Catalogues) -> dict[str, Any]:
    url = catalogues.doi + quote(doi, safe="/:;()._-")
    answer = asks.get(url, headers={"Accept": _CSL_JSON}, max_bytes=RECORD_MAX_BYTES)
    _require(answer, doi, "Compare the DOI, or add the source by its web address")
    record = _json(answer, doi)
    kind = record.get("type")
    kind = _CROSSREF_TYPES.get(kind, kind) if isinstance(kind, str) else None
    record["type"] = kind if kind in TYPES else "document"
    for field in ("title", "container-title", "publisher"):
        value = record.get(field)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str):
            record[field] = html.unescape(value)
    record["DOI"] = doi_of(record.get("DOI")) or doi
    record.pop("URL", None)  # it is the DOI's own address
    return record


def _by_isbn(isbn: str, asks: Asks, catalogues: Catalogues) -> dict[str, Any]:
    url = f"{catalogues.isbn}api/books?bibkeys=ISBN:{isbn}&format=json&jscmd=data"
    answer = asks.get(url, headers={"Accept": "application/json"}, max_bytes=RECORD_MAX_BYTES)
    _require(answer, isbn, "Try again later, or write the record into sources.json by hand")
    book = _json(answer, isbn).get(f"ISBN:{isbn}")
    if not isinstance(book, dict):
        raise Refused(
            Problem(isbn, "Open Library does not know this book", "Write the record into sources.json by hand")
        )
    published = book.get("publish_date")
    return {
        "type": "book",
        "title": joined((book.get("title", ""), book.get("subtitle", ""))),
        "author": [name_of(name, body=True) for name in _named(book.get("authors"))],
        "publisher": joined(_named(book.get("publishers"))[:1]),
        "publisher-place": joined(_named(book.get("publish_places"))[:1]),
        "issued": date_of(published) if isinstance(published, str) and published.strip() else None,
        "number-of-pages": book.get("number_of_pages"),
        "ISBN": isbn,
    }


def _named(value: Any) -> list[str]:
    people = value if isinstance(value, list) else []
    return [one["name"] for one in people if isinstance(one, dict) and isinstance(one.get("name"), str)]


def _require(answer: Answered, where: str, remedy: str) -> None:
    if answer.status != 200:
        what = "nothing is there" if answer.status in (404, 410) else "the server did not give it"
        raise Refused(Problem(where, f"{what} (status {answer.status})", remedy))


def _json(answer: Answered, where: str) -> dict[str, Any]:
    try:
        value = json.loads(answer.text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise Refused(
            Problem(where, "the catalogue's answer is no record", "Try again later, or add it by its web address")
        )
    return value
