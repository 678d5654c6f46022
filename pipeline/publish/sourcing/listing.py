"""Adds records to the end of sources.json and leaves every character before them as it stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.errors import InvalidShow, Problem
from pipeline.show.sources import parse_json


def appended(text: str, records: Sequence[Mapping[str, Any]], where: str) -> str:
    """The text of a sources.json with `records` behind those in it; an empty text is an empty list.

    Line ends are those of the text. Raises InvalidShow where `text` is no list; `where` names the file.
    """
    if not records:
        return text
    head = text.rstrip() if text.strip() else "[]"
    tail = text[len(text.rstrip()) :] if text.strip() else "\n"
    try:
        before = parse_json(head)
    except (ValueError, RecursionError):
        before = None
    if not isinstance(before, list):
        raise InvalidShow(Problem(where, "this is not a list of sources", "Mend the file first"))
    body = head.removesuffix("]").rstrip()
    end = "\r\n" if "\r\n" in text else "\n"
    added = f",{end}".join(_indented(record, end) for record in records)
    written = f"{body}{',' if before else ''}{end}{added}{end}]{tail}"
    assert parse_json(written) == [*before, *records]  # noqa: S101 - what a person typed must never be lost
    return written


def _indented(record: Mapping[str, Any], end: str) -> str:
    """A field to a line, as people write and diffs show it best."""
    fields = (f"    {_json(name)}: {_json(value)}" for name, value in record.items())
    return f"  {{{end}{f',{end}'.join(fields)}{end}  }}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
