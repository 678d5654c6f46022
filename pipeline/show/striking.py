"""redactions.toml as a text that people write too: entries come, change and go, and everything else stays as it is.

Every edit is read back and compared with what was meant before it is handed out: what cannot be edited without
touching somebody's words is refused, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array

from pipeline.errors import InvalidEpisode, Problem
from pipeline.show.places import line_in_toml
from pipeline.show.redactions import WITHHELD, Redaction

_LIST = "redactions"
WriteTime = Callable[[int], str]


def redactions_in(text: str) -> tuple[Redaction, ...]:
    """The entries of a redactions.toml in the order of the file, which is how the other functions count them.

    For a text that `read_redactions` accepts: raises what the parser raises.
    """
    return tuple(Redaction.model_validate(entry) for entry in tomlkit.parse(text).unwrap().get(_LIST, ()))


def with_added(text: str, added: Sequence[Redaction], write_time: WriteTime) -> str:
    """The text with entries more at its end. `write_time` writes ms as a time of the recording."""
    document = tomlkit.parse(text)
    tables = [_table(one, write_time) for one in added]
    if isinstance(document.get(_LIST), Array):  # redactions = [{ … }], which is right as well
        for table in tables:
            inline = tomlkit.inline_table()
            inline.update(table)
            document[_LIST].append(inline)
        made = tomlkit.dumps(document)
    else:
        end = "\r\n" if "\r\n" in text else "\n"
        blocks = [tomlkit.dumps({_LIST: [table]}).strip().replace("\n", end) + end for table in tables]
        made = text + (end if text and not text.endswith("\n") else "")
        for block in blocks:
            made += (end if made.strip() else "") + block
    return _checked(made, (*redactions_in(text), *added))


def with_ends(text: str, place: int, start_ms: int, end_ms: int, write_time: WriteTime) -> str:
    """The text with another stretch in entry `place` (from 0); comments beside its lines stay."""
    before = redactions_in(text)
    document = tomlkit.parse(text)
    entry = document[_LIST][place]
    for name, time_ms, was_ms in (
        ("start", start_ms, before[place].start_ms),
        ("end", end_ms, before[place].end_ms),
    ):
        if time_ms != was_ms:
            entry[name] = write_time(time_ms)
    changed = Redaction.model_validate(before[place].model_dump() | {"start_ms": start_ms, "end_ms": end_ms})
    return _checked(tomlkit.dumps(document), (*before[:place], changed, *before[place + 1 :]))


def without(text: str, place: int) -> str:
    """The text without entry `place` (from 0). Comments above and below it stay; what is empty then is the empty text.

    Raises IndexError where there is no such entry.
    """
    before = redactions_in(text)
    left = [*before]
    del left[place]
    document = tomlkit.parse(text)
    listed = document[_LIST]
    if isinstance(listed, AoT):
        made = _without_lines(text, place)
    else:
        del listed[place]
        made = tomlkit.dumps(document)
    return _checked(made if made.strip() else "", left)


def _without_lines(text: str, place: int) -> str:
    lines = text.splitlines(keepends=True)
    first = line_in_toml(text, (_LIST, place)) - 1
    end = next((at for at in range(first + 1, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))
    # What stands between the last setting and the next entry was written about that one.
    while end > first + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    if first > 0 and not lines[first - 1].strip() and (end == len(lines) or not lines[end].strip()):
        first -= 1
    return "".join((*lines[:first], *lines[end:]))


def _table(one: Redaction, write_time: WriteTime) -> dict[str, Any]:
    table: dict[str, Any] = {"start": write_time(one.start_ms), "end": write_time(one.end_ms)}
    if one.words:
        table["words"] = list(one.words)
    table["sound"] = one.sound
    if one.strike != "both":
        table["strike"] = one.strike
    elif one.text != WITHHELD:
        table["text"] = one.text
    return table | {name: value for name, value in (("by", one.by), ("reason", one.reason)) if value}


def _checked(text: str, wanted: Sequence[Redaction]) -> str:
    try:
        found = redactions_in(text) if text else ()
    except ValueError:  # tomlkit's and pydantic's errors are both of this kind
        found = None
    if found != tuple(wanted):
        raise InvalidEpisode(
            Problem("redactions.toml", "it is written in a way that cannot be edited here", "Edit it by hand")
        )
    return text
