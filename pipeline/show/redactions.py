"""redactions.toml: what is struck out of an episode before anybody hears or reads it. Format: docs/formats.md."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from pipeline.errors import InvalidEpisode, Problem
from pipeline.show.fields import Line, RecordingTime, Value
from pipeline.show.reading import read_list, validated

WITHHELD = "[name withheld]"


class Redaction(Value):
    """One stretch of the recording that is silenced, and the words that are said in it.

    `start_ms`, `end_ms` are ms of the recording; the sound is silenced a little beyond both. `words` must appear in
    nothing that is published of the episode; `text` stands in the transcript in their place. With `strike` "sound" the
    stretch is only silenced, and its words stay to be read.
    """

    model_config = ConfigDict(populate_by_name=True)

    start_ms: Annotated[RecordingTime, Field(validation_alias="start")]
    end_ms: Annotated[RecordingTime, Field(validation_alias="end")]
    words: tuple[Line, ...] = ()
    sound: Literal["mute", "tone"] = "mute"
    strike: Literal["both", "sound"] = "both"
    text: Line = WITHHELD
    by: Line | None = None
    reason: Line | None = None

    @model_validator(mode="after")
    def _is_a_stretch(self) -> Self:
        if self.end_ms <= self.start_ms:
            raise ValueError("must end after it begins")
        return self

    @model_validator(mode="after")
    def _keeps_no_name(self) -> Self:
        if self.strike == "sound" and (self.words or self.text != WITHHELD):
            raise ValueError('words and text have no place beside strike = "sound", which keeps what is said')
        return self


def read_redactions(path: Path) -> tuple[Redaction, ...]:
    """The stretches in a redactions.toml in the order of time; none where there is no file.

    Raises InvalidEpisode: what cannot be read cannot be struck out, so nothing of the episode may be published.
    """
    problems: list[Problem] = []
    entries = read_list(path, "redactions", "Write each as [[redactions]] with start = and end =", problems)
    read = [validated(Redaction, entry, path, ("redactions", index), problems) for index, entry in enumerate(entries)]
    if problems:
        raise InvalidEpisode(problems)
    return tuple(sorted((one for one in read if one is not None), key=lambda one: (one.start_ms, one.end_ms)))
