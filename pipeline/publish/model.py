"""What the publishing room works on: an approved episode, and the names of its files on the site.

Everything is here before the first page is written, so feed, pages and captions are pure functions of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.align import TimedParagraph
from pipeline.release import AlternateAudio, Release
from pipeline.show import Episode, Person
from pipeline.show.helplines import Helpline
from pipeline.withhold import Protected


@dataclass(frozen=True)
class ApprovedEpisode:
    """One episode whose approval holds. All times are of the release (the intro is counted).

    `heard_percent` is how much of the recording was played at the desk before the approval, where that is known.
    `protected` are the names that must stand in none of its files.
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


@dataclass(frozen=True)
class EpisodeFiles:
    """Where an episode's files are on the site: paths below `site/`, with `/` between, no leading one.

    Names of media and transcripts carry a piece of their digest: other content gets another name, so no app,
    proxy or browser keeps an old copy under a name that now means something else.
    """

    page: str
    audio: str
    vtt: str
    srt: str
    json: str
    artwork: str | None
    html: str | None = None
    chapters: str | None = None
    alternate: str | None = None
    share: str | None = None


def place(slug: str, name: str) -> str:
    """A path in the episode's folder on the site."""
    return f"{slug}/{name}"


def named_by_content(slug: str, digest: str, suffix: str) -> str:
    """`<slug>/<slug>-<12 hexadecimal digits of the digest>.<suffix>`: unique base names, never used twice."""
    return place(slug, f"{slug}-{digest.removeprefix('sha256:')[:12]}.{suffix}")
