"""The values that an episode is read into: frozen, validated, with no path or clock of their own.

Formats, with examples: docs/formats.md. What is not set is None or empty, never a made-up default.
"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from pipeline.show.amends import Correction
from pipeline.show.fields import (
    SOUNDBITE_MAX_MS,
    SOUNDBITE_MIN_MS,
    Count,
    Country,
    FileName,
    GeoAddress,
    Guid,
    Label,
    Language,
    Line,
    Name,
    Offset,
    OsmId,
    RecordingTime,
    Role,
    Switch,
    Value,
    WebAddress,
    ZonedTime,
)
from pipeline.show.imported import Imported
from pipeline.show.taxonomy import ROLES


class Person(Value):
    """Somebody who is heard or credited; `id` is the table's name in people.toml."""

    id: str
    name: Name
    role: Line | None = None
    organisation: Line | None = None
    url: WebAddress | None = None
    photo: FileName | None = None
    photo_alt: Line | None = None


class Term(Value):
    """A word the show uses that a machine mishears or a listener may not know."""

    term: Line
    meaning: Line | None = None


class Recording(Value):
    """One audio file of an episode; `speaker` is a person's id where only that person is heard in it.

    `channels` are the ids of those who have a channel each. `offset_ms` (`offset`, in seconds, in episode.toml)
    is by how much it begins later than the first recording, where a person says so.
    """

    model_config = ConfigDict(populate_by_name=True)

    file: FileName
    speaker: str | None = None
    channels: tuple[str, ...] = ()
    offset_ms: Annotated[Offset | None, Field(alias="offset")] = None

    @property
    def speakers(self) -> tuple[str, ...]:
        """Ids of those who are known to be heard in it alone, or alone on a channel."""
        return self.channels or ((self.speaker,) if self.speaker else ())


class CallToAction(Value):
    """Something the page asks of its reader, until the end of `ends_on` where that is set."""

    text: Line
    url: WebAddress | None = None
    ends_on: date | None = None


class Chapter(Value):
    """A part of the episode; `start` in episode.toml, ms of the recording here."""

    model_config = ConfigDict(populate_by_name=True)

    start_ms: Annotated[RecordingTime, Field(validation_alias="start")]
    title: Line
    url: WebAddress | None = None


class Soundbite(Value):
    """A stretch that may stand for the whole, 15 to 120 s (podcast:soundbite); ms of the recording."""

    model_config = ConfigDict(populate_by_name=True)

    start_ms: Annotated[RecordingTime, Field(validation_alias="start")]
    end_ms: Annotated[RecordingTime, Field(validation_alias="end")]
    title: Line | None = None

    @model_validator(mode="after")
    def _has_a_fitting_length(self) -> Self:
        if not SOUNDBITE_MIN_MS <= self.end_ms - self.start_ms <= SOUNDBITE_MAX_MS:
            raise ValueError("must last 15 to 120 seconds")
        return self


class Credit(Value):
    """Who did what behind the microphone; role and group as the podcast taxonomy names them."""

    person: str
    role: Role
    group: Line | None = None

    @model_validator(mode="after")
    def _group_has_that_role(self) -> Self:
        if self.group is not None and self.group.lower() not in ROLES[self.role]:
            raise ValueError(f"the role {self.role} belongs to {' or '.join(ROLES[self.role])}")
        return self

    @property
    def role_group(self) -> str:
        """The group: as written, or the first one that has the role."""
        return self.group.lower() if self.group else ROLES[self.role][0]


class Location(Value):
    """A place that show or episode is about, or was made at; `osm` is an OpenStreetMap id such as R113314."""

    name: Label
    rel: Literal["subject", "creator"] = "subject"
    geo: GeoAddress | None = None
    osm: OsmId | None = None
    country: Country | None = None


class Funding(Value):
    """A way to give, with what its link says."""

    url: WebAddress
    text: Label


class SocialPost(Value):
    """Where an episode or a show is talked about: the post that comments answer to."""

    protocol: Literal["activitypub", "atproto", "disabled", "hive", "lightning", "matrix", "nostr", "twitter"]
    uri: Line | None = None
    account_id: Line | None = None
    account_url: WebAddress | None = None
    priority: Count | None = None

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if (self.uri is None) != (self.protocol == "disabled"):
            raise ValueError('needs uri, the address of the post; only protocol = "disabled" stands alone')
        return self


class ContentLink(Value):
    """Where else the episode can be watched or heard."""

    url: WebAddress
    text: Line


class Waiver(Value):
    """A statement in the notes that may stand without a source, why, and who says so.

    `sentence` is the whole sentence, or its first words: as many as tell it from every other.
    """

    sentence: Line
    reason: Line
    by: Name


class Episode(Value):
    """One episode.toml, with the folder it stands in.

    `guid` is a UUID in its canonical form, or what the old feed said, letter by letter, where it was imported.
    `languages` are those of hosts and guests (by id) who speak another than the episode's.
    """

    slug: str
    folder: Path
    imported: Imported | None = None
    guid: Guid
    title: Line
    summary: Line
    published_at: ZonedTime
    recordings: Annotated[tuple[Recording, ...], Field(min_length=1)]
    hosts: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()
    speakers: Annotated[int, Field(strict=True, ge=1, le=20)] | None = None
    language: Language | None = None
    languages: dict[str, Language] = Field(default_factory=dict)
    recorded_on: Line | None = None
    season: Count | None = None
    number: Count | None = None
    type: Literal["full", "trailer", "bonus"] = "full"
    explicit: Switch | None = None
    synthetic_voices: Switch = False
    artwork: FileName | None = None
    content_note: Line | None = None
    content_note_until: RecordingTime | None = None
    helplines: tuple[str, ...] = ()
    embargo_until: ZonedTime | None = None
    noindex: Switch = False
    calls_to_action: tuple[CallToAction, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    soundbites: tuple[Soundbite, ...] = ()
    number_name: Annotated[Line, Field(max_length=32)] | None = None
    credits: tuple[Credit, ...] = ()
    locations: tuple[Location, ...] = ()
    funding: tuple[Funding, ...] = ()
    social: tuple[SocialPost, ...] = ()
    content_links: tuple[ContentLink, ...] = ()
    license: Label | None = None
    license_url: WebAddress | None = None
    blocked: Switch = False
    corrections: tuple[Correction, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    @field_validator("guid")
    @classmethod
    def _is_minted_or_imported(cls, guid: str, info: ValidationInfo) -> str:
        if info.data.get("imported", ...) is not None:
            return guid
        try:
            return str(UUID(guid))
        except ValueError:
            raise ValueError("must be a UUID; onrecord new mints one") from None

    @model_validator(mode="after")
    def _names_belong_to_something(self) -> Self:
        if self.license_url and not self.license:
            raise ValueError("license_url needs license, its name, beside it")
        if self.number_name and self.number is None:
            raise ValueError("number_name needs number, which it stands for")
        if self.content_note_until is not None and not self.content_note:
            raise ValueError("content_note_until needs content_note, which ends there")
        return self

    @model_validator(mode="after")
    def _chapters_follow_one_another(self) -> Self:
        for before, after in pairwise(self.chapters):
            if after.start_ms <= before.start_ms:
                raise ValueError(f"the chapter “{after.title}” does not begin after the one before it")
        return self

    @property
    def has_tracks(self) -> bool:
        """Whether each speaker has a recording, or a channel of one, so that they are mixed here."""
        return len(self.recordings) > 1 or bool(self.recordings[0].channels)

    @property
    def is_taken_over(self) -> bool:
        """Whether it was published elsewhere and is published here as it was: no transcript is asked of it."""
        return self.imported is not None and not self.imported.transcribe

    @property
    def keeps_audio(self) -> bool:
        """Whether its one recording is finished, and is published byte for byte."""
        return self.imported is not None and self.imported.keep_audio

    @property
    def namespace(self) -> UUID:
        """A UUID that stands for the guid, to make others of."""
        return UUID(self.guid) if self.imported is None else uuid5(NAMESPACE_URL, self.guid)

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of everybody in the episode, hosts first."""
        return tuple(dict.fromkeys((*self.hosts, *self.guests)))
