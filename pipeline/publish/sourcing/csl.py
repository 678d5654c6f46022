"""Values of CSL-JSON made from what others write: fields, dates, names, keys."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pipeline.publish.references.dates import csl_year
from pipeline.publish.references.people import family_name
from pipeline.publish.references.words import plain, title_text
from pipeline.show.sources import Source

# The variables of CSL 1.0.2 and of its JSON form: what else a catalogue sends is its own business.
DATES = ("accessed", "available-date", "event-date", "issued", "original-date", "submitted")
NAMES = (
    "author", "chair", "collection-editor", "compiler", "composer", "container-author", "contributor", "curator",
    "director", "editor", "editorial-director", "executive-producer", "guest", "host", "illustrator", "interviewer",
    "narrator", "organizer", "original-author", "performer", "producer", "recipient", "reviewed-author",
    "script-writer", "series-creator", "translator",
)  # fmt: skip
TEXTS = (
    "type", "language", "title", "title-short", "container-title", "container-title-short", "collection-title",
    "collection-number", "volume", "volume-title", "issue", "page", "page-first", "number", "number-of-pages",
    "number-of-volumes", "chapter-number", "section", "edition", "version", "genre", "medium", "dimensions", "scale",
    "publisher", "publisher-place", "archive", "archive_location", "archive-place", "archive_collection", "authority",
    "call-number", "division", "event", "event-title", "event-place", "jurisdiction", "keyword", "note", "abstract",
    "annote", "original-title", "original-publisher", "original-publisher-place", "part-number", "part-title",
    "references", "reviewed-title", "reviewed-genre", "source", "status", "supplement-number", "DOI", "ISBN", "ISSN",
    "PMCID", "PMID", "URL",
)  # fmt: skip
_NAME_PARTS = ("family", "given", "dropping-particle", "non-dropping-particle", "suffix", "literal")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?:[T ]\d{1,2}:\d{2}.*|/*)?")
_DAY_FIRST = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?\.?\s+)?([A-Za-z]{3,9})\.?,?\s+(\d{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_SMALL_WORDS = frozenset(("a", "an", "the", "of", "on", "in", "and", "for", "to", "how", "what", "der", "die", "das"))


def date_of(text: str) -> dict[str, Any]:
    """A date as CSL-JSON: in parts where it can be read without guessing, else as it is written (`raw`)."""
    text = plain(text)
    if match := _ISO.fullmatch(text):
        return _parts(text, match[1], match[2], match[3])
    if (match := _DAY_FIRST.fullmatch(text)) and (month := _month(match[2])):
        return _parts(text, match[3], month, match[1])
    if (match := _MONTH_FIRST.fullmatch(text)) and (month := _month(match[1])):
        return _parts(text, match[3], month, match[2])
    return {"raw": text}


def name_of(text: str, *, body: bool = False) -> dict[str, str]:
    """A name as CSL-JSON: in parts where a comma tells them apart, else whole. `body` is an institution's."""
    text = plain(text)
    parts = [part.strip() for part in text.split(",")]
    if body or not 2 <= len(parts) <= 3 or not all(parts):
        return {"literal": text}
    return dict(zip(("family", "given", "suffix"), parts, strict=False))


def cleaned(record: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a catalogue's record that CSL-JSON knows, with texts in one line and names of known parts."""
    clean: dict[str, Any] = {}
    for field in TEXTS:
        value = record.get(field)
        value = next((one for one in value if plain(one)), None) if isinstance(value, list) else value
        if text := plain(value):
            clean[field] = text
    for field in NAMES:
        if people := _names(record.get(field)):
            clean[field] = people
    for field in DATES:
        value = record.get(field)
        if isinstance(value, Mapping) and (known := _known_date(value)):
            clean[field] = known
        elif isinstance(value, str | int) and plain(value):
            clean[field] = date_of(str(value))
    return clean


def make_key(record: Mapping[str, Any], taken: Collection[str]) -> str:
    """A key from author, year and the first telling word of the title, which is none of `taken`."""
    telling = {field: record[field] for field in ("issued", *NAMES) if record.get(field)}
    title = record.get("title") or "untitled"
    source = Source.model_validate({"id": "k", "type": "document", "title": title, **telling})
    name = _words(family_name(source))
    if name and not plain(_first(record.get("author")).get("family")):
        # A whole name: of three words or fewer the last stands for it, as with people; else the first.
        name = name[-1:] if len(name) <= 3 else name[:1]
    words = _words(title_text(source))
    first = [word for word in words if word not in _SMALL_WORDS and len(word) > 2] or words
    year = csl_year(source.issued)
    stem = "-".join(filter(None, ("-".join(name)[:24].strip("-"), year, *first[:1])))[:48].strip("-") or "source"
    numbered = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
    return next(key for key in numbered if key not in taken)


def _parts(text: str, year: str, month: str | int | None, day: str | None) -> dict[str, Any]:
    numbers = [int(year)]
    for part, most in ((month, 12), (day, 31)):
        if part is None:
            break
        if not 1 <= int(part) <= most:
            return {"raw": text}
        numbers.append(int(part))
    return {"date-parts": [numbers]}


def _month(word: str) -> int:
    return _MONTHS.index(word[:3].lower()) + 1 if word[:3].lower() in _MONTHS else 0


def _known_date(value: Mapping[str, Any]) -> dict[str, Any]:
    known = {field: value[field] for field in ("date-parts", "season", "circa", "literal", "raw") if value.get(field)}
    parts = known.get("date-parts")
    if parts is not None and not (isinstance(parts, list) and parts and isinstance(parts[0], list) and any(parts[0])):
        del known["date-parts"]
    return known


def _names(value: Any) -> list[dict[str, str]]:
    people = []
    for one in value if isinstance(value, list) else ():
        if not isinstance(one, Mapping):
            continue
        person = {part: plain(one.get(part)) for part in _NAME_PARTS if plain(one.get(part))}
        if not person and plain(one.get("name")):
            person = {"literal": plain(one.get("name"))}
        if person:
            people.append(person)
    return people


def _first(value: Any) -> Mapping[str, Any]:
    first = value[0] if isinstance(value, list) and value else None
    return first if isinstance(first, Mapping) else {}


def _words(text: str) -> list[str]:
    plain_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return re.findall(r"[a-z0-9]+", plain_text)


def joined(texts: Iterable[str], separator: str = ": ") -> str:
    """The texts that are not empty, with `separator` between them."""
    return separator.join(filter(None, (plain(text) for text in texts)))
