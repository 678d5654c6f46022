"""How moments, lengths, sizes and corrections are put into words, on pages and in feeds alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from pipeline.show.amends import Correction

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def format_day(moment: date | datetime) -> str:
    """`5 June 2020`, in the zone that the moment carries."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def format_length(duration_ms: int) -> str:
    """`1 h 2 min`, `31 min`, and `45 s` below a minute; rounded to the nearest."""
    if duration_ms < 59_500:
        return f"{max(1, round(duration_ms / 1000))} s"
    hours, minutes = divmod(round(duration_ms / 60_000), 60)
    return f"{hours} h {minutes} min" if hours and minutes else f"{hours} h" if hours else f"{minutes} min"


def format_megabytes(size_bytes: int) -> str:
    """`14.2 MB` (10^6 bytes)."""
    return f"{size_bytes / 1_000_000:.1f} MB"


def counted(number: int, noun: str) -> str:
    """`1 place`, `2 places`: a regular English noun with its number."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def newest_corrections(corrections: Sequence[Correction]) -> list[Correction]:
    """Corrections with the latest first, as readers need them."""
    return sorted(corrections, key=lambda one: one.at, reverse=True)


def told(one: Correction) -> list[str]:
    """A correction in plain sentences: what it said, what it says, what readers should know of it."""
    parts = (
        (f"It said: “{one.said}”" if one.said else ""),
        (f"It says now: “{one.says}”" if one.says and one.kind != "update" else ""),
        (f"New: “{one.says}”" if one.says and one.kind == "update" else ""),
        one.note or "",
    )
    return [text for text in parts if text]
