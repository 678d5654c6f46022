"""redactions.toml: what is struck out of an episode before anybody hears or reads it. Format: docs/formats.md."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from pipeline.show.fields import Line, RecordingTime, Value

WITHHELD = "[name withheld]"


class Redaction(Value):
    """One stretch of the recording that is silenced, and the words that are said in it.

    `start_ms`, `end_ms` are ms of the recording; the sound is silenced a little beyond both. `words` must appear in
    nothing that is published of the episode; `text` stands in the transcript in their place.
    """

    model_config = ConfigDict(populate_by_name=True)

    start_ms: Annotated[RecordingTime, Field(validation_alias="start")]
    end_ms: Annotated[RecordingTime, Field(validation_alias="end")]
    words: tuple[Line, ...] = ()
    sound: Literal["mute", "tone"] = "mute"
    text: Line = WITHHELD
    by: Line | None = None
    reason: Line | None = None

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.end_ms <= self.start_ms:
            raise ValueError("must end after it begins")
        return self
