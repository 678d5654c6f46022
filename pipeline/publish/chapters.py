"""Chapters: the parts of an episode, at times of the release, and the podcast namespace's file for them.

Times in episode.toml are of the recording; an intro before it belongs to the chapter that begins with the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline import files
from pipeline.publish.model import ApprovedEpisode
from pipeline.show.models import Chapter

CHAPTERS_TYPE = "application/json+chapters"
CHAPTERS_VERSION = "1.2.0"
# Apple and others make chapters of a list of times only when it is at least so long and begins with 0.
LISTED_MIN = 3


@dataclass(frozen=True, slots=True)
class TimedChapter:
    """One chapter; times in ms of the release, `end_ms` > `start_ms`."""

    start_ms: int
    end_ms: int
    title: str
    url: str | None = None


def timed_chapters(approved: ApprovedEpisode) -> tuple[TimedChapter, ...]:
    """The episode's chapters in the order of time, each to the beginning of the next, the last one to the end."""
    release = approved.release
    return placed_chapters(approved.episode.chapters, release.recording_start_ms, release.duration_ms)


def placed_chapters(written: Sequence[Chapter], recording_start_ms: int, duration_ms: int) -> tuple[TimedChapter, ...]:
    """Chapters at times of the recording, placed in a release of `duration_ms` in which it begins later."""
    starts = [chapter.start_ms + recording_start_ms if chapter.start_ms else 0 for chapter in written]
    ends = [*starts[1:], duration_ms][: len(starts)]
    return tuple(
        TimedChapter(start_ms, end_ms, chapter.title, chapter.url)
        for chapter, start_ms, end_ms in zip(written, starts, ends, strict=True)
        if start_ms < end_ms <= duration_ms
    )


def to_chapters_json(chapters: Sequence[TimedChapter], *, title: str, show: str) -> bytes:
    """JSON chapters, version 1.2.0: times in seconds."""
    return files.readable_json(
        {
            "version": CHAPTERS_VERSION,
            "title": title,
            "podcastName": show,
            "chapters": [
                {
                    "startTime": chapter.start_ms / 1000,
                    "endTime": chapter.end_ms / 1000,
                    "title": chapter.title,
                    **({"url": chapter.url} if chapter.url else {}),
                }
                for chapter in chapters
            ],
        }
    ).encode("utf-8")


def listed_chapters(chapters: Sequence[TimedChapter]) -> tuple[str, ...]:
    """Lines such as `00:12:34 Who counts`, of which apps make chapters; none where apps would not."""
    if len(chapters) < LISTED_MIN or chapters[0].start_ms >= 1000:
        return ()
    return tuple(f"{_clock(chapter.start_ms)} {chapter.title}" for chapter in chapters)


def _clock(time_ms: int) -> str:
    minutes, seconds = divmod(time_ms // 1000, 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
