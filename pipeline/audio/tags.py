"""ID3 tags, which say what a file is once it has left its feed; and the facts of the release.

ID3v2.3, which every player reads (2.4 is unknown to some cars and to Windows): https://id3.org/id3v2.3.0.
The frames PCST, TGID and WFED are Apple's, by which a player knows an episode of a podcast. CHAP and CTOC are chapters
(https://id3.org/id3v2-chapters-1.0): Castro, Overcast and others read only those in the file.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import mutagen.id3
from mutagen.id3 import _tags as id3_writing

from pipeline import files
from pipeline.audio.languages import three_letters
from pipeline.audio.master import Mastered
from pipeline.release import Release

GENRE = "Podcast"

id3: Any = mutagen.id3  # it is typed by halves

_UTF8 = 3  # mutagen turns it into UTF-16 where it writes version 2.3
_UTF16 = 1  # inside a chapter mutagen does not turn it
_FRONT_COVER = 3
_PADDING_BYTES = 0
_NO_OFFSET = 0xFFFFFFFF  # the times count, not the bytes


@dataclass(frozen=True, slots=True)
class TagChapter:
    """A part of the file; times in ms of the release, `end_ms` > `start_ms`."""

    start_ms: int
    end_ms: int
    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Tags:
    """What the file says of itself. `album` is the show; `language` a tag such as en-GB.

    `cover` holds the bytes of a JPEG or PNG; `page_url` is where the episode is read, `feed_url` where it is
    subscribed to. `chapters` stand in the order of time. What is None or empty is left out.
    """

    title: str
    artist: str
    album: str
    published_at: datetime
    language: str
    guid: str
    description: str = ""
    number: int | None = None
    season: int | None = None
    page_url: str | None = None
    feed_url: str | None = None
    copyright: str | None = None
    license_url: str | None = None
    cover: bytes | None = None
    cover_alt: str = ""
    chapters: tuple[TagChapter, ...] = ()


class _InOrder(id3.ID3):  # type: ignore[misc]  # mutagen is typed by halves
    """Frames as they were added: mutagen sorts them by size, and players show chapters as they stand in the file."""

    def _write(self, config: Any) -> bytes:
        return b"".join(
            id3_writing.save_frame(frame, config=config)  # type: ignore[no-untyped-call]
            for frame in self.values()
        )


def finish(mastered_mp3: Path, release_mp3: Path, mastered: Mastered, tags: Tags) -> Release:
    """Copy the mastered MP3 to `release_mp3` with tags, and return the facts of it.

    The sound is not touched. Same input, same bytes; written whole or not at all. Raises ValueError for a
    cover that is neither JPEG nor PNG.
    """
    frames = _frames(tags, mastered)
    with files.replacing(release_mp3) as temporary:
        shutil.copyfile(mastered_mp3, temporary)
        header = _InOrder()
        for frame in frames:
            header.add(frame)
        header.save(temporary, v1=id3.ID3v1SaveOptions.REMOVE, v2_version=3, padding=lambda _: _PADDING_BYTES)
    return Release(
        digest=files.digest_file(release_mp3),
        size_bytes=release_mp3.stat().st_size,
        duration_ms=mastered.duration_ms,
        channels=mastered.channels,
        sample_rate_hz=mastered.sample_rate_hz,
        bitrate_kbps=mastered.bitrate_kbps,
        loudness_lufs=mastered.loudness_lufs,
        true_peak_dbtp=mastered.true_peak_dbtp,
        recording_start_ms=mastered.recording_start_ms,
        recording_duration_ms=mastered.recording_duration_ms,
    )


def _frames(tags: Tags, mastered: Mastered) -> list[Any]:
    language = three_letters(tags.language)
    texts: dict[Any, str | None] = {
        id3.TIT2: tags.title,
        id3.TPE1: tags.artist,
        id3.TALB: tags.album,
        id3.TCON: GENRE,
        id3.TYER: f"{tags.published_at:%Y}",
        id3.TDAT: f"{tags.published_at:%d%m}",
        id3.TIME: f"{tags.published_at:%H%M}",
        id3.TLAN: language,
        id3.TLEN: str(mastered.duration_ms),
        id3.TRCK: str(tags.number) if tags.number is not None else None,
        id3.TPOS: str(tags.season) if tags.season is not None else None,
        id3.TCOP: tags.copyright,
        id3.TGID: tags.guid,
        id3.TDES: tags.description,
    }
    links: dict[Any, str | None] = {
        id3.WOAF: tags.page_url,
        id3.WFED: tags.feed_url,
        id3.WCOP: tags.license_url,
    }
    frames: list[Any] = [kind(encoding=_UTF8, text=[text]) for kind, text in texts.items() if text]
    frames += [kind(url=url) for kind, url in links.items() if url]
    frames.append(id3.PCST(value=1))
    frames += _chapter_frames(tags.chapters)
    if tags.description:
        frames.append(id3.COMM(encoding=_UTF8, lang=language, desc="", text=[tags.description]))
    if tags.cover:
        frames.append(
            id3.APIC(
                encoding=_UTF8,
                mime=_image_type(tags.cover),
                type=_FRONT_COVER,
                desc=tags.cover_alt,
                data=tags.cover,
            )
        )
    return frames


def _chapter_frames(chapters: tuple[TagChapter, ...]) -> list[Any]:
    if not chapters:
        return []
    names = [f"chapter-{number}" for number in range(1, len(chapters) + 1)]
    flags = id3.CTOCFlags.TOP_LEVEL | id3.CTOCFlags.ORDERED
    frames: list[Any] = [id3.CTOC(element_id="chapters", flags=flags, child_element_ids=names, sub_frames=[])]
    for name, chapter in zip(names, chapters, strict=True):
        said = [id3.TIT2(encoding=_UTF16, text=[chapter.title])]
        if chapter.url:
            said.append(id3.WXXX(encoding=_UTF16, desc="", url=chapter.url))
        frames.append(
            id3.CHAP(
                element_id=name,
                start_time=chapter.start_ms,
                end_time=chapter.end_ms,
                start_offset=_NO_OFFSET,
                end_offset=_NO_OFFSET,
                sub_frames=said,
            )
        )
    return frames


def _image_type(content: bytes) -> str:
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    raise ValueError("the cover is neither JPEG nor PNG")
