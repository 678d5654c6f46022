"""Dates, lengths, numbers and addresses as feeds write them, and what is meant.

Each function gives the value and half a sentence on what is wrong with how it was written; either may be None.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from html import unescape
from urllib.parse import quote, urljoin, urlsplit

from lxml.html import defs

from pipeline.publish.lint import reading

_ZONES_H = {
    "BST": 1, "IST": 5.5, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2, "EEST": 3, "WET": 0, "WEST": 1, "MSK": 3,
    "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "ACST": 9.5, "AWST": 8, "NZST": 12, "NZDT": 13, "HST": -10, "AKST": -9,
    "AKDT": -8,
}  # fmt: skip
_ZONE = re.compile(r"\s*\b([A-Z]{3,4})\s*$")
_GMT_OFFSET = re.compile(r"\b(?:GMT|UTC)\s*([+-])(\d{1,2}):?(\d{2})?\s*$", re.IGNORECASE)
_COLON_OFFSET = re.compile(r"([+-]\d{2}):(\d{2})\s*$")
_MIDNIGHT = re.compile(r"\b24:(\d\d(?::\d\d)?)\b")
_MONTHS = {
    "january": "Jan", "february": "Feb", "march": "Mar", "april": "Apr", "june": "Jun", "july": "Jul", "august": "Aug",
    "september": "Sep", "sept": "Sep", "october": "Oct", "november": "Nov", "december": "Dec",
}  # fmt: skip
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})\b\.?", re.IGNORECASE)
_ORDINAL = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b", re.IGNORECASE)
_WEEKDAY = re.compile(r"^\s*[^\W\d_]+\.?,?\s+(?=\d|[A-Z][a-z]{2}\s+\d)")
_MONTH_FIRST = re.compile(r"^([A-Za-z]{3})\s+(\d{1,2}),?\s+(\d{4})\b")
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST_YEAR = 2100
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2})(?:[.,]\d*)?")
_ISO_LENGTH = re.compile(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?", re.IGNORECASE)
_SPOKEN = re.compile(
    r"(?:(\d+)\s*h(?:ours?|rs?)?\.?)?\s*(?:(\d+)\s*m(?:in(?:ute)?s?)?\.?)?\s*(?:(\d+)\s*s(?:ec(?:ond)?s?)?\.?)?",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?([a-zA-Z][^\s/<>]*)([^<>]*)>")
_LONGEST_S = 7 * 24 * 3600

Fault = str | None


def date(text: str) -> tuple[datetime | None, Fault]:
    """A moment, with its zone; UTC where none is written."""
    text = " ".join(text.split())
    if not text:
        return None, "it has no date"
    moment, fault = reading.date(text) if len(text) < 100 else (None, None)
    if moment is not None and _is_likely(moment):
        return moment, fault
    for way in (_iso, _stamp, _mail):
        try:
            found = way(text[:100])
        except (ValueError, OverflowError, TypeError):
            continue
        if found is not None:
            naive = found.tzinfo is None
            moment = found.replace(tzinfo=UTC) if naive else found
            if _is_likely(moment):
                zone = ", and no zone, so it was taken as UTC" if naive else ""
                return moment, f"its date “{text[:60]}” is not written as RFC 2822 has it{zone}"
    return None, f"its date “{text[:60]}” is none"


def _is_likely(moment: datetime) -> bool:
    return moment >= _EARLIEST and moment.year < _LATEST_YEAR


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-?\d\d-?\d\d", text):
        return None
    return datetime.fromisoformat(re.sub(r"\s+([+-]\d|Z$)", r"\1", text.replace("UTC", "Z").replace("GMT", "Z")))


def _stamp(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{9,10}|\d{12,13}", text):
        return None
    return datetime.fromtimestamp(int(text[:-3] if len(text) > 10 else text), UTC)


def _mail(text: str) -> datetime | None:
    text = _MONTH.sub(lambda match: _MONTHS[match[1].lower()], text)
    text = _MONTH_FIRST.sub(r"\2 \1 \3", _WEEKDAY.sub("", _ORDINAL.sub(r"\1", text)))
    text = _COLON_OFFSET.sub(r"\1\2", text)
    text = _GMT_OFFSET.sub(lambda match: f"{match[1]}{match[2]:>02}{match[3] or '00'}", text)
    midnight = _MIDNIGHT.search(text)
    text = _MIDNIGHT.sub(r"00:\1", text)
    zone = _ZONE.search(text)
    hours = _ZONES_H.get(zone[1]) if zone else None
    if zone and hours is not None:
        text = text[: zone.start()]
    parts = parsedate_tz(text)
    if parts is None:
        return None
    offset_s = round(hours * 3600) if hours is not None else parts[9]
    # parsedate_tz gives 0 where no zone is written: whether one is, is seen at the end.
    if hours is None and not re.search(r"(?:[+-]\d{4}|[A-Z]{1,4})\s*$", text):
        offset_s = None
    moment = datetime(*parts[:6], tzinfo=None if offset_s is None else timezone(timedelta(seconds=offset_s)))
    return moment + timedelta(days=1) if midnight else moment


def seconds(text: str) -> tuple[int | None, Fault]:
    """A length in whole seconds: `3723`, `1:02:03`, `62:03`, `PT1H2M3S`, `1 h 2 min`."""
    text = " ".join(text.split())
    if not text:
        return None, None
    fault = None
    if match := re.fullmatch(r"(\d{1,9})(?:[.,](\d+))?", text):
        found: int | None = int(match[1])
    elif match := _CLOCK.fullmatch(text):
        hours, minutes, rest = (int(part or 0) for part in match.groups())
        found = (hours * 60 + minutes) * 60 + rest
    elif (match := _ISO_LENGTH.fullmatch(text)) and any(match.groups()):
        days, hours, minutes, rest = (int(part or 0) for part in match.groups())
        found = ((days * 24 + hours) * 60 + minutes) * 60 + rest
        fault = f"its length “{text[:40]}” is not written in seconds"
    elif (match := _SPOKEN.fullmatch(text)) and any(match.groups()):
        hours, minutes, rest = (int(part or 0) for part in match.groups())
        found = (hours * 60 + minutes) * 60 + rest
        fault = f"its length “{text[:40]}” is not written in seconds"
    else:
        found = None
    if found is None or found > _LONGEST_S:
        return None, f"its length “{text[:40]}” is none"
    return (found, fault) if found else (None, "its length is 0")


def truth(text: str) -> tuple[bool | None, Fault]:
    """Explicit or not, in every way that was ever asked for."""
    word = text.strip().lower()
    if word in ("true", "false"):
        return word == "true", None
    if word in ("yes", "explicit", "1"):
        return True, f"explicit is “{word}”, not “true”"
    if word in ("no", "clean", "0"):
        return False, f"explicit is “{word}”, not “false”"
    return None, f"explicit is “{text.strip()[:20]}”" if word else None


def count(text: str) -> tuple[int | None, Fault]:
    """A number from 1."""
    text = text.strip()
    match = re.search(r"\d{1,9}", text)
    if not text:
        return None, None
    if match is None or int(match[0]) == 0:
        return None, f"“{text[:20]}” is no number from 1"
    return int(match[0]), None if match[0] == text else f"“{text[:20]}” is more than a number"


def line(text: str) -> tuple[str, Fault]:
    """A text of one line without HTML, and whether it held some. `<Words>` in brackets that are no tag of HTML stay."""
    flat = " ".join(text.split())
    decoded = unescape(flat) if "&" in flat else flat
    bare = " ".join(_TAG.sub(_unless_a_word, decoded).split()) if "<" in decoded else decoded
    return bare, None if bare == flat else "it holds HTML"


def _unless_a_word(match: re.Match[str]) -> str:
    name, rest = match[1], match[2]
    return match[0] if name.isalpha() and name.lower() not in defs.tags and "=" not in rest else " "


def address(text: str | None, base: str | None) -> tuple[str | None, Fault]:
    """A whole web address, made whole with `base` where it is none."""
    written = "".join((text or "").split()) if "\n" in (text or "").strip() else (text or "").strip()
    if not written:
        return None, None
    meant = written.replace("&amp;", "&")
    if meant.startswith("www."):
        meant = f"http://{meant}"
    meant = "".join(quote(one, safe="") if one <= " " or one in '"<>\\^`{|}' else one for one in meant)
    try:
        whole = urljoin(base or "", meant)
        parts = urlsplit(whole)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        is_whole = False
    if not is_whole:
        return None, f"“{written[:100]}” is no web address"
    return whole, None if whole == (text or "") else f"the address “{written[:100]}” is not whole or not clean"
