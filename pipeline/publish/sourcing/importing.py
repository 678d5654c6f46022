"""Takes over a list from another program: CSL-JSON, BibTeX or RIS. What is listed already is never overwritten."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from pipeline.errors import InvalidShow, Problem
from pipeline.publish.references.words import plain
from pipeline.publish.sourcing.bibtex import read_bibtex
from pipeline.publish.sourcing.csl import cleaned, make_key
from pipeline.publish.sourcing.foreign import Foreign, Unreadable
from pipeline.publish.sourcing.ris import read_ris
from pipeline.show.reading import explain
from pipeline.show.sources import Source, is_key, parse_json

_RIS = re.compile(r"^\s*TY  -", re.MULTILINE)
_BIBTEX = re.compile(r"@\s*[A-Za-z]+\s*[{(]")


@dataclass(frozen=True, slots=True)
class Planned:
    """What an import would do.

    `added` are records for the end of sources.json; `same` are keys that are there with the same content; `differing`
    the keys that are there with other content and the fields that differ, which are left; `skipped` what cannot be a
    source and why; `lost` what of an added record could not be carried over.
    """

    added: tuple[Mapping[str, Any], ...] = ()
    same: tuple[str, ...] = ()
    differing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    skipped: tuple[tuple[str, str], ...] = ()
    lost: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_list(content: bytes, where: str) -> tuple[Foreign, ...]:
    """Every entry of a file, whose format is told by its content; `where` names it.

    Raises InvalidShow with the line where it cannot be read.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidShow(
            Problem(f"{where}:{line}", "these bytes are not UTF-8", "Export it as UTF-8, or as CSL-JSON")
        ) from error
    try:
        if text.lstrip()[:1] in ("[", "{"):
            return _csl(text)
        if _RIS.search(text):
            return tuple(read_ris(text))
        if _BIBTEX.search(text):
            return tuple(read_bibtex(text))
    except Unreadable as error:
        raise InvalidShow(
            Problem(f"{where}:{error.line}", f"it cannot be read ({error.what})", "Export it again, or mend that line")
        ) from error
    raise InvalidShow(
        Problem(where, "this is neither CSL-JSON nor BibTeX nor RIS", "Export it from Zotero as CSL JSON")
    )


def plan(foreign: Sequence[Foreign], listed: Sequence[Mapping[str, Any]]) -> Planned:
    """What to do with each entry, given the records that are listed already. Nothing is changed here."""
    known = {str(record.get("id")): record for record in listed}
    # One that was taken over without its citation key is known by both.
    known |= {str(record["citation-key"]): record for record in listed if "citation-key" in record}
    added: dict[str, Mapping[str, Any]] = {}
    same: list[str] = []
    differing: dict[str, tuple[str, ...]] = {}
    skipped: list[tuple[str, str]] = []
    lost: dict[str, tuple[str, ...]] = {}
    for number, one in enumerate(foreign, start=1):
        made = _record(one, listed, (*known, *added))
        named = str(made.get("id")) if is_key(one.key) else f"entry {number} ({plain(one.key) or 'no key'})"
        try:
            key = Source.model_validate(made).id
        except ValidationError as error:
            problem = error.errors()[0]
            place = ".".join(str(part) for part in problem["loc"])
            skipped.append((named, f"{place}: {explain(problem)}" if place else explain(problem)))
            continue
        if key in added:
            skipped.append((key, "it stands twice in the file; the first was taken"))
        elif key not in known:
            added[key] = made
            if one.lost:
                lost[key] = one.lost
        elif fields := _differences(made, known[key]):
            differing[key] = fields
        else:
            same.append(key)
    return Planned(tuple(added.values()), tuple(same), differing, tuple(skipped), lost)


def _csl(text: str) -> tuple[Foreign, ...]:
    try:
        records = parse_json(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(plain(str(error)), getattr(error, "lineno", 1)) from error
    if isinstance(records, dict):
        records = records["items"] if isinstance(records.get("items"), list) else [records]
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise Unreadable("it is not a list of records", 1)
    return tuple(Foreign(plain(record.get("id")), record) for record in records)


def _record(one: Foreign, listed: Sequence[Mapping[str, Any]], taken: Sequence[str]) -> Mapping[str, Any]:
    if "id" in one.record:
        return one.record  # CSL-JSON is taken as it stands, with every field that we know nothing of
    record = cleaned(one.record)
    if is_key(one.key):
        return {"id": one.key, **record}
    # Without a key of its own it is known by its content, so that taking it over again adds nothing.
    again = next((known for known in listed if not _differences(record, known)), None)
    return again or {"id": make_key(record, taken), **record}


def _differences(made: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name in dict.fromkeys((*made, *known)) if name != "id" and made.get(name) != known.get(name))
