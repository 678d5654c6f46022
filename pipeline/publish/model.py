"""What the publishing room works on: an approved episode, and the names of its files on the site.

Everything is here before the first page is written, so feed, pages and captions are pure functions of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.align import TimedParagraph
from pipeline.publish.moving.kept import TakenOver
from pipeline.release import AlternateAudio, Release
from pipeline.show import Episode, Person
from pipeline.show.helplines import Helpline
from pipeline.withhold import Protected

MP3_TYPE = "audio/mpeg"


@dataclass(frozen=True)
class ApprovedEpisode:
    """One episode whose approval holds. All times are of the release (the intro is counted).

    `heard_percent` is how much of the recording was played at the desk before the approval, where that is known.
    `protected` are the names that must stand in none of its files. Of an `imported` one there may be no `paragraphs`;
    then `drafted_by` is empty.
    """

    episode: Episode
    language: str
    explicit: bool
    people: tuple[Person, ...]
    paragraphs: tuple[TimedParagraph, ...]
    notes_markdown: str
    release: Release
    release_path: Path
    artwork_path: Path | None
    checked_by: tuple[str, ...]
    checked_at: datetime
    drafted_by: str
    heard_percent: int | None = None
    alternate: AlternateAudio | None = None
    alternate_path: Path | None = None
    peaks_path: Path | None = None
    protected: tuple[Protected, ...] = ()
    helplines: tuple[Helpline, ...] = ()
    imported: TakenOver | None = None

    @property
    def audio_type(self) -> str:
        """The media type of the recording."""
        kept = self.episode.imported if self.episode.keeps_audio else None
        return kept.audio_type if kept else MP3_TYPE

    @property
    def spoken_languages(self) -> dict[str, str]:
        """The languages of those who speak another than the episode's, by their names."""
        own = self.episode.languages
        return {one.name: own[one.id] for one in self.people if own.get(one.id, self.language) != self.language}

    @property
    def slug(self) -> str:
        """The episode's folder name, which is its place on the site."""
        return self.episode.slug

    @property
    def content_note_until_ms(self) -> int | None:
        """Where in the release that which the content note is about has passed."""
        until_ms = self.episode.content_note_until
        return None if until_ms is None else until_ms + self.release.recording_start_ms

    @property
    def changed_at(self) -> datetime:
        """When what the page shows last became another: it was published, or approved again."""
        return max(self.episode.published_at, self.checked_at)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A transcript that is published as it was."""

    path: str
    media_type: str
    language: str | None
    rel: str | None


@dataclass(frozen=True)
class EpisodeFiles:
    """Where an episode's files are on the site: paths below `site/`, with `/` between, no leading one.

    Names of media and transcripts carry a piece of their digest: other content gets another name, so no app,
    proxy or browser keeps an old copy under a name that now means something else. Without a checked transcript there
    are no captions; `kept` are the transcripts that came with an imported episode.
    """

    page: str
    audio: str
    vtt: str | None
    srt: str | None
    json: str | None
    artwork: str | None
    html: str | None = None
    chapters: str | None = None
    alternate: str | None = None
    share: str | None = None
    kept: tuple[KeptFile, ...] = ()

    @property
    def captions(self) -> str | None:
        """What a browser can show along with the sound."""
        return self.vtt or next((one.path for one in self.kept if one.path.endswith(".vtt")), None)


def place(slug: str, name: str) -> str:
    """A path in the episode's folder on the site."""
    return f"{slug}/{name}"


def named_by_content(slug: str, digest: str, suffix: str) -> str:
    """`<slug>/<slug>-<12 hexadecimal digits of the digest>.<suffix>`: unique base names, never used twice."""
    return place(slug, f"{slug}-{digest.removeprefix('sha256:')[:12]}.{suffix}")
