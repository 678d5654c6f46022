"""helplines.toml: where somebody whom an episode touches finds help. Format: docs/formats.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from pipeline.errors import InvalidEpisode, Problem
from pipeline.show.countries import COUNTRIES
from pipeline.show.fields import SLUG, Line, Value, WebAddress
from pipeline.show.models import Episode
from pipeline.show.places import line_in_toml
from pipeline.show.reading import read_toml, validated

HELPLINES_NAME = "helplines.toml"
INTERNATIONAL = "international"


def _country(value: str) -> str:
    if value.lower() == INTERNATIONAL:
        return INTERNATIONAL
    if value.upper() not in COUNTRIES:
        raise ValueError('must be two letters of ISO 3166 such as "GB" or "PH", or "international"')
    return value.upper()


class Helpline(Value):
    """One helpline; `verified_on` is the day on which somebody last made sure that all of it is right."""

    id: str
    country: Annotated[Line, AfterValidator(_country)]
    name: Line
    phone: Annotated[Line, Field(pattern=r"^\+?[0-9][0-9 ().\-/*#]*$")] | None = None
    url: WebAddress | None = None
    hours: Line | None = None
    note: Line | None = None
    verified_on: date | None = None

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.phone is None and self.url is None:
            raise ValueError("needs phone or url: how is it reached?")
        return self

    @property
    def country_name(self) -> str:
        """The country as a page writes it."""
        return COUNTRIES.get(self.country, "International")

    @property
    def tel(self) -> str | None:
        """The number as a link dials it (RFC 3966): digits, and the plus sign where it has one."""
        if self.phone is None:
            return None
        return "tel:" + "".join(character for character in self.phone if character.isdigit() or character in "+*#")


def read_helplines(path: Path, problems: list[Problem]) -> dict[str, Helpline]:
    """The helplines of a show by their ids; empty where there is no file, a problem more for each that is wrong."""
    helplines: dict[str, Helpline] = {}
    for key, table in (read_toml(path, problems, optional=True) or {}).items():
        if not isinstance(table, dict) or not SLUG.fullmatch(key):
            line = line_in_toml(path.read_text("utf-8-sig"), (key,))
            remedy = 'Write a table named by an id of a-z, 0-9 and hyphens: [samaritans], then name = "Samaritans"'
            problems.append(Problem(f"{path}:{line}", f"“{key}” is not a helpline", remedy))
            continue
        helpline = validated(Helpline, {**table, "id": key}, path, (key,), problems)
        if helpline is not None:
            helplines[key] = helpline
    return helplines


def require_helplines(episode: Episode, path: Path, known: Mapping[str, Helpline]) -> None:
    """Raises InvalidEpisode where the episode.toml at `path` names a helpline that the show does not know."""
    unknown = [key for key in episode.helplines if key not in known]
    if unknown:
        line = line_in_toml(path.read_text("utf-8-sig"), ("helplines",))
        raise InvalidEpisode(
            [
                Problem(f"{path}:{line}", f"the helpline “{key}” is not in {HELPLINES_NAME}", "Add it, or mend the id")
                for key in unknown
            ]
        )
