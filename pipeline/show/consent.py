"""consent.toml: what each person in an episode agreed to. Nothing of it is ever published. Format: docs/formats.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from pipeline.errors import InvalidEpisode, Problem
from pipeline.show.fields import Line, Switch, Value
from pipeline.show.places import line_in_toml
from pipeline.show.reading import read_toml, validated

CONSENT_NAME = "consent.toml"


class Consent(Value):
    """What one person agreed to, on which day, and for how long. All days are whole days, `expires_on` the last one.

    `publish` is what may be heard and read of them, `name` under which name. `voice_altered` is the producer's
    statement that the recording already has the altered voice: nothing here alters voices.
    """

    publish: Literal["voice", "altered voice", "text only"]
    name: Literal["real", "pseudonym"]
    given_on: date
    asked_to_see: Switch = False
    seen_on: date | None = None
    expires_on: date | None = None
    withdrawn_on: date | None = None
    voice_altered: Switch = False
    contact: Line | None = None
    note: Line | None = None

    @model_validator(mode="after")
    def _days_follow_one_another(self) -> Self:
        for name, day in (("expires_on", self.expires_on), ("withdrawn_on", self.withdrawn_on)):
            if day is not None and day < self.given_on:
                raise ValueError(f"{name} lies before given_on")
        return self


def read_consents(folder: Path, known: Mapping[str, object]) -> dict[str, Consent]:
    """The consents of an episode by the id of a person, one of `known`; empty where there is no file.

    Raises InvalidEpisode: a consent that cannot be read is none, so nothing of the episode may be published.
    """
    path = folder / CONSENT_NAME
    problems: list[Problem] = []
    consents: dict[str, Consent] = {}
    for person, table in (read_toml(path, problems, optional=True) or {}).items():
        if person not in known or not isinstance(table, dict):
            line = line_in_toml(path.read_text("utf-8-sig"), (person,))
            what = f"“{person}” is not in people.toml"
            problems.append(Problem(f"{path}:{line}", what, "Write a table named by a person's id: [ada-host]"))
            continue
        consent = validated(Consent, table, path, (person,), problems)
        if consent is not None:
            consents[person] = consent
    if problems:
        raise InvalidEpisode(problems)
    return consents
