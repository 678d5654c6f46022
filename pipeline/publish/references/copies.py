"""Archived copies of a source: kept where CSL-JSON keeps what it has no field for.

`"custom": {"archived": [{"url": "https://web.archive.org/…", "at": "2020-06-03T10:00:00Z"}]}`, so that other programs
carry it along. A copy that a person entered in Zotero's *Loc. in Archive* (`archive_location`) counts where it is a
web address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from pipeline.publish.references.words import plain
from pipeline.show import Source

_AT = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
# The Wayback Machine and those who run its software write the time into the address.
_TIME_IN_ADDRESS = re.compile(r"/(\d{4})(\d{2})(\d{2})\d{0,6}(?:[a-z]{2}_)?/https?:/")


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy: its address, and the day or moment it was made (ISO 8601; empty where nobody knows)."""

    url: str
    at: str = ""

    @property
    def day(self) -> tuple[int, int, int] | None:
        """Year, month and day; None where unknown."""
        match = _AT.fullmatch(self.at)
        return (int(match[1]), int(match[2]), int(match[3])) if match else None


def archived_copies(source: Source) -> tuple[Copy, ...]:
    """The known copies, in the order of the record."""
    return tuple(dict.fromkeys(_copies(source)))


def _copies(source: Source) -> Iterator[Copy]:
    custom = source.more("custom")
    archived = custom.get("archived") if isinstance(custom, Mapping) else None
    for one in archived if isinstance(archived, list) else ():
        if isinstance(one, Mapping) and _is_address(url := plain(one.get("url"))):
            at = plain(one.get("at"))
            yield Copy(url, at if _AT.fullmatch(at) else _time_in(url))
    if _is_address(url := plain(source.more("archive_location"))):
        yield Copy(url, _time_in(url))


def _time_in(url: str) -> str:
    match = _TIME_IN_ADDRESS.search(url)
    return "-".join(match.groups()) if match else ""


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text and not parts.username
