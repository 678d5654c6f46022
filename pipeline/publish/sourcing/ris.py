"""RIS, the format that libraries and databases export, into CSL-JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import rispy

from pipeline.publish.references.words import plain
from pipeline.publish.sourcing.csl import date_of, name_of
from pipeline.publish.sourcing.foreign import Foreign, Unreadable

_TYPES = {
    "ABST": "article-journal", "ADVS": "motion_picture", "ANCIENT": "classic", "ART": "graphic", "BILL": "bill",
    "BLOG": "post-weblog", "BOOK": "book", "CASE": "legal_case", "CHAP": "chapter", "CHART": "figure",
    "CLSWK": "classic", "COMP": "software", "CONF": "paper-conference", "CPAPER": "paper-conference",
    "DATA": "dataset", "DBASE": "dataset", "DICT": "entry-dictionary", "EBOOK": "book", "ECHAP": "chapter",
    "EDBOOK": "book", "EJOUR": "article-journal", "ELEC": "webpage", "ENCYC": "entry-encyclopedia",
    "FIGURE": "figure", "GEN": "document", "GOVDOC": "report", "HEAR": "hearing", "ICOMM": "personal_communication",
    "INPR": "article-journal", "JFULL": "periodical", "JOUR": "article-journal", "LEGAL": "regulation",
    "MANSCPT": "manuscript", "MAP": "map", "MGZN": "article-magazine", "MPCT": "motion_picture",
    "MULTI": "motion_picture", "MUSIC": "musical_score", "NEWS": "article-newspaper", "PAMP": "pamphlet",
    "PAT": "patent", "PCOMM": "personal_communication", "RPRT": "report", "SER": "book", "SLIDE": "speech",
    "SOUND": "song", "STAND": "standard", "STAT": "legislation", "THES": "thesis", "UNPB": "manuscript",
    "VIDEO": "motion_picture", "VIDEO RECORDING": "motion_picture",
}  # fmt: skip
# What RIS calls a field, in the order in which the first that is there is taken.
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "title": ("title", "primary_title"),
    "container-title": ("secondary_title", "journal_name", "alternate_title3", "alternate_title1", "alternate_title2"),
    "collection-title": ("tertiary_title",),
    "title-short": ("short_title",),
    "volume": ("volume",),
    "publisher": ("publisher",),
    "publisher-place": ("place_published",),
    "edition": ("edition",),
    "section": ("section",),
    "DOI": ("doi",),
    "language": ("language",),
    "abstract": ("abstract", "notes_abstract"),
    "note": ("notes", "note"),
    "genre": ("type_of_work",),
    "call-number": ("call_number",),
    "URL": ("urls",),
}
_PEOPLE: Mapping[str, tuple[str, ...]] = {
    "author": ("authors", "first_authors"),
    "editor": ("secondary_authors",),
    "translator": ("translated_author",),
}
_DATES: Mapping[str, tuple[str, ...]] = {
    "issued": ("date", "year", "publication_year"),
    "accessed": ("access_date",),
}
_USED_ELSEWHERE = ("type_of_reference", "id", "label", "number", "start_page", "end_page", "issn", "keywords")


def read_ris(text: str) -> Iterator[Foreign]:
    """Every reference of a RIS file. Raises Unreadable where it is none."""
    try:
        references = rispy.loads(text)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(plain(str(error)) or type(error).__name__, 1) from error
    for reference in references:
        yield _foreign(reference)


def _foreign(reference: Mapping[str, Any]) -> Foreign:
    kind = plain(reference.get("type_of_reference")).upper()
    lost = [] if kind in _TYPES else [f"the type {kind or 'that is missing'}"]
    record: dict[str, Any] = {"type": _TYPES.get(kind, "document")}
    used = set(_USED_ELSEWHERE)
    for field, names in _FIELDS.items():
        # A second title or address under another tag says the same again, so it is not reported as lost.
        used.update(names)
        record[field] = next((text for name in names if (text := _first(reference.get(name)))), "")
    for role, names in _PEOPLE.items():
        used.update(names)
        people: Any = next((reference[name] for name in names if reference.get(name)), [])
        record[role] = [name_of(one) for one in _several(people) if plain(one)]
    for field, names in _DATES.items():
        used.update(names)
        if text := next((text for name in names if (text := _first(reference.get(name)).strip("/"))), ""):
            record[field] = date_of(text)
    first, last = _first(reference.get("start_page")), _first(reference.get("end_page"))
    record["page"] = f"{first}-{last}" if first and last and first != last else first
    record["issue" if record["type"].startswith("article") else "number"] = _first(reference.get("number"))
    record["ISBN" if record["type"] in ("book", "chapter") else "ISSN"] = _first(reference.get("issn"))
    record["keyword"] = ", ".join(plain(one) for one in _several(reference.get("keywords", [])) if plain(one))
    lost.extend(_tags(reference, used))
    return Foreign(_first(reference.get("id")) or _first(reference.get("label")), record, tuple(lost))


def _tags(reference: Mapping[str, Any], used: set[str]) -> Iterator[str]:
    for name, value in reference.items():
        if name == "unknown_tag" and isinstance(value, Mapping):
            yield from (f"the tag {plain(tag)}" for tag in value)
        elif name not in used:
            yield name.replace("_", " ")


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _first(value: Any) -> str:
    return next((plain(one) for one in _several(value) if plain(one)), "")
