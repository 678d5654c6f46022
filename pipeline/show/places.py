"""Where in a TOML or JSON file a value stands, so that an error can name the line.

Neither parser keeps lines, so this looks for headers and keys in the text. It is used for messages only: a
place it cannot find is the first line, never a wrong reading of the file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=""")


def line_in_toml(source: str, path: Sequence[str | int]) -> int:
    """The line (from 1) of the deepest part of `path` that can be found, e.g. ("terms", 2, "meaning")."""
    wanted = list(path)
    best_line, best_depth = 1, 0
    table: list[str | int] = []
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(source.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = list(_parts(header[2]))
            if header[1] == "[[":
                key = tuple(table)
                counts[key] = counts.get(key, -1) + 1
                table.append(counts[key])
            here = table
        elif key_match := _KEY.match(line):
            here = [*table, *_parts(key_match[1])]
        else:
            continue
        depth = _common(here, wanted)
        if depth > best_depth and depth == len(here):
            best_line, best_depth = number, depth
    return best_line


def line_in_json(source: str, id_value: str) -> int:
    """The line (from 1) where `"id": "<id_value>"` stands in a CSL-JSON file."""
    match = re.search(r'"id"\s*:\s*"?' + re.escape(id_value) + r'(?=["\s,}])', source) if id_value else None
    return source.count("\n", 0, match.start()) + 1 if match else 1


def _parts(dotted: str) -> Sequence[str]:
    return [part.strip().strip("\"'") for part in re.findall(r"""\s*("[^"]*"|'[^']*'|[^.\s]+)\s*""", dotted)]


def _common(left: Sequence[str | int], right: Sequence[str | int]) -> int:
    depth = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        depth += 1
    return depth
