"""How a source is written out: who, what, where, when, and the link.

Our own plain form, the same for every type of work: *author, title (linked), container, publisher, date; day
it was read*. CSL-JSON's own styles need a processor and a style file each; a listener needs to find the work.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from pipeline.show import Source

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


def format_reference(source: Source) -> str:
    """One source as safe HTML (`a`, `cite` and text), ending with a full stop.

    Whatever other software put into the record, only text, escaped, and a http(s) address come out.
    """
    title = f"<cite>{escape(source.title)}</cite>"
    if source.URL:
        title = f'<a href="{escape(source.URL)}">{title}</a>'
    authors = " and ".join(_authors(source))
    publisher = source.publisher if source.publisher != authors else None
    after = [text for text in (source.container_title, publisher, csl_date(source.issued)) if text]
    read = csl_date(source.accessed)
    parts = [f"{escape(authors)}, {title}" if authors else title, *(escape(text) for text in after)]
    return ", ".join(parts) + (f" (read {escape(read)})" if read else "") + "."


def short_reference(source: Source) -> str:
    """One source as a link with its title and, where known, who stands behind it: for where bytes count."""
    title = escape(source.title)
    if source.URL:
        title = f'<a href="{escape(source.URL)}">{title}</a>'
    behind = source.publisher or source.container_title or " and ".join(_authors(source))
    return f"{title}, {escape(behind)}" if behind else title


def csl_date(value: dict[str, Any] | None) -> str:
    """A CSL date as people write it: `26 May 2020`, `May 2020`, `2020`, a range with a dash; empty if unknown."""
    if not value:
        return ""
    parts = value.get("date-parts")
    if isinstance(parts, list):
        dates = [_date(part) for part in parts if isinstance(part, list)]
        return "–".join(date for date in dates if date)
    for field in ("literal", "raw"):
        if isinstance(value.get(field), str):
            return " ".join(value[field].split())
    return ""


def _date(parts: list[Any]) -> str:
    numbers: list[int] = []
    for part in parts[:3]:
        try:
            numbers.append(int(str(part)))
        except ValueError:
            break
    if not numbers:
        return ""
    year = str(numbers[0])
    if len(numbers) == 1 or not 1 <= numbers[1] <= len(_MONTHS):
        return year
    month = _MONTHS[numbers[1] - 1]
    return f"{numbers[2]} {month} {year}" if len(numbers) == 3 else f"{month} {year}"


def _authors(source: Source) -> Iterator[str]:
    for author in source.author:
        names = [author.get(field) for field in ("given", "non-dropping-particle", "family", "suffix")]
        whole = " ".join(name.strip() for name in names if isinstance(name, str) and name.strip())
        literal = author.get("literal")
        if whole or (isinstance(literal, str) and literal.strip()):
            yield whole or str(literal).strip()
