"""What a web page says of itself: citation tags, JSON-LD, Dublin Core, Open Graph, and its title, in this order.

Highwire's `citation_*` are what Google Scholar asks publishers for and are the most exact; JSON-LD (schema.org) is what
newspapers have; Open Graph is made for previews. Each field is taken from the first that has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree, html

from pipeline.publish.references.links import doi_of
from pipeline.publish.references.words import plain
from pipeline.publish.sourcing.csl import date_of, name_of

_JSON_LD_MAX_DEPTH = 8
_TYPES = {
    "Report": "report",
    "ScholarlyArticle": "article-journal",
    "NewsArticle": "article-newspaper",
    "ReportageNewsArticle": "article-newspaper",
    "AnalysisNewsArticle": "article-newspaper",
    "OpinionNewsArticle": "article-newspaper",
    "BlogPosting": "post-weblog",
    "SocialMediaPosting": "post",
    "Book": "book",
    "Dataset": "dataset",
    "Legislation": "legislation",
    "VideoObject": "motion_picture",
    "PodcastEpisode": "broadcast",
    "RadioEpisode": "broadcast",
    "TVEpisode": "broadcast",
    "Thesis": "thesis",
    "SoftwareApplication": "software",
    "SoftwareSourceCode": "software",
    "Article": "webpage",
    "WebPage": "webpage",
}
Record = dict[str, Any]


def page_record(content: bytes, url: str) -> Record:
    """The record of the page in `content` (HTML in UTF-8) that answered at `url`: what it says, and its address.

    Texts are as the page has them, to be cleaned (`csl.cleaned`). `title` is absent where it has none.
    """
    root = _root(content)
    if root is None:
        return {"type": "webpage", "URL": url}
    metas = _metas(root)
    data = next(_articles(root), {})
    record: Record = {}
    for part in (_highwire(metas), _json_ld(data), _dublin_core(metas), _open_graph(metas), _plain_html(root, metas)):
        for field, value in part.items():
            if value and field not in record:
                record[field] = value
    record.setdefault("type", "webpage")
    record["URL"] = _address(root, metas, url)
    return record


def _root(content: bytes) -> Any:
    parser = html.HTMLParser(encoding="utf-8", no_network=True, recover=True)  # type: ignore[no-untyped-call]  # lxml has no types
    try:
        return html.document_fromstring(content, parser=parser)  # type: ignore[no-untyped-call]
    except (etree.ParserError, ValueError):
        return None  # an empty page


def _metas(root: Any) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        name = plain(meta.get("name") or meta.get("property") or "").lower()
        if name and (content := plain(meta.get("content"))):
            found.setdefault(name, []).append(content)
    return found


def _first(metas: Mapping[str, list[str]], *names: str) -> str:
    return next((metas[name][0] for name in names if name in metas), "")


def _highwire(metas: Mapping[str, list[str]]) -> Record:
    if "citation_title" not in metas:
        return {}
    report = _first(metas, "citation_technical_report_institution")
    thesis = _first(metas, "citation_dissertation_institution")
    journal = _first(metas, "citation_journal_title")
    meeting = _first(metas, "citation_conference_title")
    book = _first(metas, "citation_inbook_title", "citation_book_title")
    isbn = _first(metas, "citation_isbn")
    first, last = _first(metas, "citation_firstpage"), _first(metas, "citation_lastpage")
    kinds = (
        (journal, "article-journal"), (report, "report"), (thesis, "thesis"), (meeting, "paper-conference"),
        (book, "chapter"), (isbn, "book"),
    )  # fmt: skip
    date = _first(metas, "citation_publication_date", "citation_date", "citation_cover_date", "citation_online_date")
    return {
        "type": next((kind for said, kind in kinds if said), ""),
        "title": _first(metas, "citation_title"),
        "author": [name_of(name) for name in metas.get("citation_author", metas.get("citation_authors", []))],
        "editor": [name_of(name) for name in metas.get("citation_editor", [])],
        "container-title": journal or meeting or book,
        "publisher": _first(metas, "citation_publisher") or report or thesis,
        "issued": date_of(date) if date else None,
        "volume": _first(metas, "citation_volume"),
        "issue": _first(metas, "citation_issue"),
        "page": f"{first}-{last}" if first and last and first != last else first,
        "number": _first(metas, "citation_technical_report_number"),
        "DOI": doi_of(_first(metas, "citation_doi")),
        "ISBN": isbn,
        "ISSN": _first(metas, "citation_issn"),
        "language": _first(metas, "citation_language"),
    }


def _articles(root: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of the page's JSON-LD that are a work we know, in their order."""
    for script in root.iter("script"):
        if plain(script.get("type")).partition(";")[0].strip().lower() == "application/ld+json":
            try:
                data = json.loads(script.text or "")
            except (ValueError, RecursionError):
                continue
            yield from (one for one in _objects(data, 0) if _kind(one))


def _objects(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _JSON_LD_MAX_DEPTH:
        return
    if isinstance(value, list):
        for one in value:
            yield from _objects(one, depth + 1)
    elif isinstance(value, dict):
        yield value
        for field in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _objects(value.get(field), depth + 1)


def _kind(data: Mapping[str, Any]) -> str:
    kinds = data.get("@type")
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return next((_TYPES[kind] for kind in kinds if isinstance(kind, str) and kind in _TYPES), "")


def _json_ld(data: Mapping[str, Any]) -> Record:
    part_of: Any = next(iter(_several(data.get("isPartOf"))), {})
    publisher: Any = next(iter(_several(data.get("publisher"))), {})
    date = plain(data.get("datePublished")) or plain(data.get("dateCreated"))
    kind = _kind(data)
    series = part_of if kind not in ("webpage", "post-weblog") else {}
    return {
        "type": kind if kind != "webpage" else "",
        "title": plain(data.get("headline")) or plain(data.get("name")),
        "author": [person for one in _several(data.get("author")) if (person := _person(one))],
        "editor": [person for one in _several(data.get("editor")) if (person := _person(one))],
        "container-title": _name(series),
        "publisher": _name(publisher),
        "issued": date_of(date) if date else None,
        "language": plain(data.get("inLanguage")),
    }


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _name(value: Any) -> str:
    return plain(value.get("name")) if isinstance(value, Mapping) else plain(value)


def _person(value: Any) -> dict[str, str]:
    if not isinstance(value, Mapping):
        return name_of(value) if isinstance(value, str) and plain(value) and "://" not in value else {}
    family, given = plain(value.get("familyName")), plain(value.get("givenName"))
    if family:
        return {"family": family, **({"given": given} if given else {})}
    name = _name(value)
    return name_of(name, body=value.get("@type") != "Person") if name else {}


def _dublin_core(metas: Mapping[str, list[str]]) -> Record:
    date = _first(metas, "dc.date", "dcterms.issued", "dc.date.issued", "dcterms.date")
    names = metas.get("dc.creator") or metas.get("dcterms.creator") or []
    return {
        "title": _first(metas, "dc.title", "dcterms.title"),
        "author": [name_of(name) for name in names],
        "publisher": _first(metas, "dc.publisher", "dcterms.publisher"),
        "issued": date_of(date) if date else None,
        "language": _first(metas, "dc.language", "dcterms.language"),
    }


def _open_graph(metas: Mapping[str, list[str]]) -> Record:
    date = _first(metas, "article:published_time", "og:published_time")
    names = [name for name in metas.get("article:author", []) if "://" not in name]
    return {
        "type": "motion_picture" if _first(metas, "og:type").startswith("video") else "",
        "title": _first(metas, "og:title"),
        "author": [name_of(name) for name in names],
        "container-title": _first(metas, "og:site_name"),
        "issued": date_of(date) if date else None,
    }


def _plain_html(root: Any, metas: Mapping[str, list[str]]) -> Record:
    title = next(root.iter("title"), None)
    names = metas.get("author", [])
    return {
        "title": plain(title.text_content()) if title is not None else "",
        "author": [name_of(name) for name in names if "://" not in name],
        "language": plain(root.get("lang")),
    }


def _address(root: Any, metas: Mapping[str, list[str]], url: str) -> str:
    """The page's own idea of its address where that is on the same host; else the one that answered."""
    canonical = [
        link.get("href") for link in root.iter("link") if "canonical" in plain(link.get("rel")).lower().split()
    ]
    for address in (*canonical, _first(metas, "og:url")):
        try:
            whole = urljoin(url, plain(address))
            parts = urlsplit(whole)
        except ValueError:
            continue
        if plain(address) and parts.scheme in ("http", "https") and _host(whole) == _host(url) and not parts.username:
            return whole
    return url


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
