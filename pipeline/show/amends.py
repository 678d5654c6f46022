"""What happens to an episode after it was published: corrections, and its withdrawal.

Corrections stand in episode.toml, beside what they correct; a withdrawal is a file of its own, `withdrawn.toml`, so
that an episode which can no longer be read is withdrawn all the same. Formats: docs/formats.md.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from pipeline.show.fields import Line, RecordingTime, Text, Value, ZonedTime

KINDS = ("correction", "clarification", "update", "retraction")
Kind = Literal["correction", "clarification", "update", "retraction"]


class Place(StrEnum):
    """Where a published episode was changed. Everything on the page that is no transcript counts as its notes."""

    AUDIO = "audio"
    TRANSCRIPT = "transcript"
    NOTES = "notes"


def _on_one_line(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


Quoted = Annotated[Text, BeforeValidator(_on_one_line), Field(min_length=1)]


class Correction(Value):
    """One change of a published episode, told to its readers.

    `said` and `says` quote what stood there and what stands there now; `…` stands for words left out. `time_ms` is
    the place in the recording, for what was said aloud. Its kinds are those of newsrooms: a *correction* mends what
    was wrong, a *clarification* what could be misunderstood, an *update* adds what has happened since, a
    *retraction* takes back what cannot be upheld.
    """

    model_config = ConfigDict(populate_by_name=True)

    kind: Kind
    at: ZonedTime
    by: Line
    where: Annotated[tuple[Place, ...], Field(min_length=1)]
    said: Quoted | None = None
    says: Quoted | None = None
    note: Quoted | None = None
    time_ms: RecordingTime | None = Field(default=None, alias="time")

    @model_validator(mode="after")
    def _tells_what_changed(self) -> Self:
        if self.kind == "retraction" and not (self.said or self.note):
            raise ValueError("a retraction needs said, the words that are taken back")
        if self.kind != "retraction" and not (self.says or self.note):
            raise ValueError(f"a {self.kind} needs says, the words that stand there now")
        if self.kind == "correction" and not (self.said or self.note):
            raise ValueError("a correction needs said, the words that stood there before")
        return self


class Withdrawal(Value):
    """An episode taken back whole. `reason` is for the files of the show; no page repeats it."""

    at: ZonedTime
    by: Line
    reason: Line | None = None
