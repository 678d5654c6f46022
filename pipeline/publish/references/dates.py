"""Dates of CSL-JSON as people write them.

A CSL date is parts (numbers or texts), a text as its program had it (`raw`, `literal`), and a season beside the year
or in the month's place (21 to 24, as in EDTF).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pipeline.publish.references.words import plain

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_SEASONS = ("Spring", "Summer", "Autumn", "Winter")
_SEASON_MONTHS = 20  # the first season's month is 21
_ISO = re.compile(r"(?P<year>-?\d{1,4})(?:-(?P<month>\d{2})(?:-(?P<day>\d{2})(?:T[0-9:.Z+-]*)?)?)?(?P<about>[~?%])?")


def csl_date(value: Mapping[str, Any] | None) -> str:
    """`26 May 2020`, `May 2020`, `Spring 2020`, `about 1890`, `44 BC`, a range with a dash; empty if unknown."""
    if not value:
        return ""
    parts = value.get("date-parts")
    if isinstance(parts, list | tuple):
        dates = [_date(list(part), value.get("season")) for part in parts if isinstance(part, list | tuple)]
        written = "–".join(date for date in dates if date)
        if written:
            return f"about {written}" if value.get("circa") else written
    for field in ("literal", "raw"):
        if isinstance(value.get(field), str) and value[field].strip():
            return _from_text(value[field])
    return ""


def csl_year(value: Mapping[str, Any] | None) -> str:
    """The year of a CSL date, in four digits or as many as it has; empty if unknown."""
    match = re.search(r"\d{4}", csl_date(value)) or re.search(r"\d+", csl_date(value))
    return match[0] if match else ""


def _from_text(text: str) -> str:
    text = plain(text)
    ends = text.split("/")
    matches = [_ISO.fullmatch(end.strip()) for end in ends]
    if len(ends) > 2 or not all(matches):
        return text
    written = []
    for match in filter(None, matches):
        date = _date([match[part] for part in ("year", "month", "day") if match[part]], None)
        written.append(f"about {date}" if match["about"] else date)
    return "–".join(date for date in written if date) or text


def _date(parts: list[Any], season: Any) -> str:
    numbers: list[int] = []
    for part in parts[:3]:
        text = str(part).strip()
        if not re.fullmatch(r"-?\d{1,6}", text):
            break
        numbers.append(int(text))
    if not numbers or not numbers[0]:
        return ""
    year = str(numbers[0]) if numbers[0] > 0 else f"{-numbers[0]} BC"
    if len(numbers) == 1:
        return f"{name} {year}" if (name := _season(season)) else year
    if name := _season(numbers[1] - _SEASON_MONTHS):
        return f"{name} {year}"
    if not 1 <= numbers[1] <= len(_MONTHS):
        return year
    month = _MONTHS[numbers[1] - 1]
    return f"{numbers[2]} {month} {year}" if len(numbers) == 3 and 1 <= numbers[2] <= 31 else f"{month} {year}"


def _season(value: Any) -> str:
    text = plain(str(value)) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if text.lstrip("-").isdigit():
        number = int(text) if len(text) < 4 else 0
        return _SEASONS[number - 1] if 1 <= number <= len(_SEASONS) else ""
    return text
