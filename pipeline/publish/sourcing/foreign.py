"""What an importer hands over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Foreign:
    """One entry of another program's list: the key it has there, the record made of it, what could not be kept."""

    key: str
    record: Mapping[str, Any]
    lost: tuple[str, ...] = ()


class Unreadable(Exception):
    """A file that is not what it seemed to be; `line` is where (from 1)."""

    def __init__(self, what: str, line: int) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
