"""What a line of TOML may hold: text, names, addresses, times, checked and made canonical.

Each check raises ValueError with half a sentence that `load` completes with file, line and setting.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, time
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.show.categories import CATEGORIES
from pipeline.show.taxonomy import ROLES

SLUG = re.compile(r"^[a-z0-9]+(?:-[a-z0-9]+)*$")
SLUG_MAX_CHARACTERS = 80
SOUNDBITE_MIN_MS, SOUNDBITE_MAX_MS = 15_000, 120_000
_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ks", "ps", "sd", "syr", "ug", "ur", "yi"})
_SCRIPTS_RIGHT_TO_LEFT = frozenset({"adlm", "arab", "hebr", "nkoo", "rohg", "syrc", "thaa"})
_LONGEST_OFFSET_S = 86_400
_TIME_OF_RECORDING = re.compile(r"(?:(\d{1,2}):)?(\d{1,2}):([0-5]\d)(?:\.(\d{1,6}))?")


def direction(language: str) -> Literal["ltr", "rtl"]:
    """Which way a language is written, by its tag; a script in the tag (`az-Arab`, `ar-Latn`) has the last word."""
    parts = language.lower().split("-")
    if script := next((part for part in parts[1:] if len(part) == 4 and part.isalpha()), None):
        return "rtl" if script in _SCRIPTS_RIGHT_TO_LEFT else "ltr"
    return "rtl" if parts[0] in _RIGHT_TO_LEFT else "ltr"


def clean_text(value: str) -> str:
    """NFC, trimmed; refuses characters that no feed, page or tag could carry."""
    if value.isascii() and value.isprintable():  # nearly every title of most shows, and there may be thousands
        return value.strip()
    for place, character in enumerate(value, start=1):
        if (
            unicodedata.category(character) in ("Cc", "Cs") and character not in "\t\n\r"
        ) or character in "\ufffe\uffff":
            raise ValueError(f"character {place} is the control character U+{ord(character):04X}; delete it")
    return unicodedata.normalize("NFC", value).strip()


def _one_line(value: str) -> str:
    if "\n" in value or "\r" in value:
        raise ValueError("must stand on one line")
    if not value:
        raise ValueError("is empty; write something or delete the line")
    return value


def _name(value: str) -> str:
    if "**" in value:
        raise ValueError("must not hold two stars in a row, which mark speakers in transcript.md")
    return value


def _web_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be a whole web address that begins with https://")
    if any(character.isspace() or unicodedata.category(character) == "Cc" for character in value):
        raise ValueError("must not hold spaces")
    if parts.username or parts.password:
        raise ValueError("must not hold a user name or a password")
    return value


def _guid(value: str) -> str:
    # A guid is compared letter by letter: not even its normal form may be another.
    if not value or value != value.strip():
        raise ValueError("is empty, or begins or ends with a space")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise ValueError("holds a control character")
    return value


def _folder_address(value: str) -> str:
    if urlsplit(value).query or urlsplit(value).fragment:
        raise ValueError("must not hold a query or a fragment")
    return value if value.endswith("/") else f"{value}/"


def _relative_name(value: str) -> str:
    if value.startswith("/") or "\\" in value or ".." in value.split("/"):
        raise ValueError("must be a file inside the folder: no leading /, no .., no backslash")
    return value


def _zoned(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("carries no time zone; write for example 2026-11-24T06:00:00+01:00")
    if not isinstance(value, datetime):
        raise ValueError("must be a date with a time and a zone, unquoted: 2026-11-24T06:00:00+01:00")
    return value


def _language(value: str) -> str:
    if not re.fullmatch(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", value):
        raise ValueError("must be a language tag such as en, en-GB or pt-BR")
    return value


def _time_of_recording(value: object) -> object:
    # TOML reads an unquoted 00:12:34.5 as a time of day, which is what the person meant.
    text = value.isoformat() if isinstance(value, time) else value
    if not isinstance(text, str):
        return text
    match = _TIME_OF_RECORDING.fullmatch(text.strip())
    if not match:
        raise ValueError("must be a time of the recording such as 00:12:34.500")
    hours, minutes, seconds, fraction = match.groups()
    return ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int((fraction or "0")[:3].ljust(3, "0"))


def _offset(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number of seconds such as 2.317, negative where it begins earlier")
    if not abs(value) <= _LONGEST_OFFSET_S:
        raise ValueError("must be less than a day")
    return round(value * 1000)


def _category(value: str) -> str:
    top, _, sub = (part.strip() for part in value.partition(">"))
    if top not in CATEGORIES or (sub and sub not in CATEGORIES[top]):
        raise ValueError(f"“{value}” is not a podcast category; write for example “Society & Culture > Documentary”")
    return f"{top} > {sub}" if sub else top


def _role(value: str) -> str:
    if value.lower() not in ROLES:
        raise ValueError(
            f"“{value}” is no role of the podcast taxonomy; write for example “producer” or “fact checker”"
        )
    return value.lower()


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise ValueError("must be two letters of ISO 3166 such as GB or PH")
    return value.lower()


Text = Annotated[str, AfterValidator(clean_text)]
Line = Annotated[Text, AfterValidator(_one_line)]
Name = Annotated[Line, Field(max_length=128), AfterValidator(_name)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Guid = Annotated[str, Field(max_length=4000), AfterValidator(_guid)]
FolderAddress = Annotated[WebAddress, AfterValidator(_folder_address)]
FileName = Annotated[Line, AfterValidator(_relative_name)]
ZonedTime = Annotated[datetime, BeforeValidator(_zoned)]
RecordingTime = Annotated[int, Field(ge=0), BeforeValidator(_time_of_recording)]
Offset = Annotated[int, BeforeValidator(_offset)]  # seconds in the file, ms here
Language = Annotated[str, AfterValidator(_language)]
Category = Annotated[str, AfterValidator(_category)]
Switch = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=1)]
Role = Annotated[str, AfterValidator(_role)]
Country = Annotated[str, AfterValidator(_country)]
Label = Annotated[Line, Field(max_length=128)]  # as long as the podcast namespace lets names and titles be
GeoAddress = Annotated[
    str, Field(pattern=r"^geo:-?\d{1,2}(\.\d+)?,-?\d{1,3}(\.\d+)?(,-?\d+(\.\d+)?)?(;[A-Za-z0-9=.;-]+)?$")
]
OsmId = Annotated[str, Field(pattern=r"^[NWR]\d{1,19}(#\d+)?$")]


class Value(BaseModel):
    """Frozen; a setting that does not exist is an error, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")
