"""What `onrecord import` notes of an episode that was published elsewhere before: `[imported]` in episode.toml.

Such an episode has a finished recording and notes that its listeners know. Until a person says otherwise, both are
published as they were: the recording byte for byte, the notes and the tags that are not known here from imported.xml.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.show.fields import Count, FileName, Language, Line, Switch, Value

IMPORTED_NAME = "imported.xml"

MediaType = Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9][a-z0-9.+-]*$")]


class KeptTranscript(Value):
    """A transcript that the feed offered, kept as it was; `type`, `language` and `rel` as in podcast:transcript."""

    file: FileName
    type: MediaType
    language: Language | None = None
    rel: Literal["captions"] | None = None


class Imported(Value):
    """Where an episode was before, and what is done with it here.

    `audio_url` is the old enclosure, `page_url` the old page, for rules that redirect them. `duration_s` is what the
    feed said. `title` is the one that goes with an itunes:title in imported.xml: with another, that is left out.
    `position` counts the episodes of the old feed from the oldest: it keeps the order of those that were
    published at one moment. `transcribe` asks for a transcript that is checked here; `keep_audio` is false where the
    recording is to be mastered like any other.
    """

    audio_url: Line
    audio_type: Annotated[str, Field(pattern=r"^(audio|video)/[a-z0-9][a-z0-9.+-]*$")]
    page_url: Line | None = None
    permalink: Switch = False
    title: Line | None = None
    position: Count | None = None
    duration_s: Annotated[int, Field(strict=True, ge=0)] | None = None
    chapters: FileName | None = None
    transcripts: tuple[KeptTranscript, ...] = ()
    transcribe: Switch = False
    keep_audio: Switch = True

    @model_validator(mode="after")
    def _mastered_means_checked(self) -> Self:
        if not self.keep_audio and not self.transcribe:
            raise ValueError("keep_audio = false needs transcribe = true: what is mastered here is checked here")
        return self

    @property
    def kept_files(self) -> tuple[str, ...]:
        """The files beside episode.toml that the feed offered besides the recording."""
        return (*((self.chapters,) if self.chapters else ()), *(one.file for one in self.transcripts))
