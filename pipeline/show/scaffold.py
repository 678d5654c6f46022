"""Makes new shows and new episodes: files a person then fills in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4, uuid5

import tomlkit

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.show.fields import SLUG, SLUG_MAX_CHARACTERS
from pipeline.show.load import (
    EPISODE_NAME,
    EPISODES_FOLDER,
    GLOSSARY_NAME,
    NOTES_NAME,
    PEOPLE_NAME,
    SHOW_NAME,
)
from pipeline.show.sources import SOURCES_NAME

# The namespace that the podcast namespace specification fixes for podcast:guid.
_PODCAST_NAMESPACE = UUID("ead4c236-bf58-58c6-a2c6-a6b28d128cb6")

DESCRIPTION_START = "What this show is about, in a sentence or two."
PLACEHOLDER_MARK = "On Record placeholder"  # in the comment of a picture that stands for artwork
_MARK_WITHIN_BYTES = 200

_SHOW = """\
title = {title}
description = {description}
guid = "{guid}"
language = "en"
site_url = {site_url}
author = {title}
categories = ["Society & Culture > Documentary"]
explicit = false
artwork = "artwork.png"  # square, 1400 to 3000 pixels, PNG or JPEG; this one is a placeholder
"""

_PEOPLE = """\
# Everybody who is heard or credited, one table each, named by an id of a-z, 0-9 and hyphens.
#
# [ada-host]
# name = "Ada Host"
# role = "Host"
# organisation = "Our Newsroom"
# url = "https://example.org/ada"
"""

GLOSSARY_START = """\
# Names and terms the show uses: they help the machine hear them, and readers understand them.
#
# [[terms]]
# term = "OSEC"
# meaning = "online sexual exploitation of children"
"""

_EPISODE = """\
title = {title}
guid = "{guid}"  # minted once, never changed
summary = {title}
published_at = {published_at}  # a time in the future schedules the episode
hosts = []  # ids from people.toml
guests = []
"""

_RECORDING = """
[[recordings]]
file = {file}
"""

_SPEAKER = """\
# speaker = ""  # the id of the host or guest who is heard in it; needed where there are several recordings
"""

_NOTES = """\
What the episode is about, and what it rests on. Cite a source from sources.json as [@its-id], and link a moment
in the recording by its time, as [12:34].
"""


# Letters that are no other letter with a mark, as they are written where there are only a-z.
_SPELT = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"})


def podcast_guid(feed_url: str) -> UUID:
    """`podcast:guid` as the podcast namespace defines it: UUIDv5 of the feed's address without its scheme."""
    parts = urlsplit(feed_url)
    return uuid5(_PODCAST_NAMESPACE, f"{parts.netloc}{parts.path}".rstrip("/"))


def is_placeholder(picture: Path) -> bool:
    """Whether it is the artwork that a show begins with; False where it cannot be read."""
    try:
        with picture.open("rb") as stream:
            return PLACEHOLDER_MARK.encode() in stream.read(_MARK_WITHIN_BYTES)
    except OSError:
        return False


def slug_of(title: str) -> str:
    """A slug for a title: a-z, 0-9 and hyphens; empty when nothing of it can be written so."""
    spelt = title.lower().translate(_SPELT)
    plain = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:SLUG_MAX_CHARACTERS].strip("-")


def new_show(root: Path, title: str, site_url: str, artwork: bytes) -> list[Path]:
    """Make `root/episodes` with the files of a show; returns them. Raises Refused where there is one already."""
    folder = root / EPISODES_FOLDER
    if folder.exists():
        raise Refused(
            Problem(str(folder), "there is something here already", "Choose another folder; nothing was changed")
        )
    site_url = site_url if site_url.endswith("/") else f"{site_url}/"
    contents = {
        SHOW_NAME: _SHOW.format(
            title=_toml(title),
            description=_toml(DESCRIPTION_START),
            guid=podcast_guid(f"{site_url}feed.xml"),
            site_url=_toml(site_url),
        ).encode(),
        PEOPLE_NAME: _PEOPLE.encode(),
        GLOSSARY_NAME: GLOSSARY_START.encode(),
        SOURCES_NAME: b"[]\n",
        "artwork.png": artwork,
    }
    for name, content in contents.items():
        files.write_bytes(folder / name, content)
    return [folder / name for name in contents]


def new_episode(root: Path, slug: str, title: str, now: datetime, *recordings: Path) -> Path:
    """Make `episodes/<slug>/` with a fresh guid; `recordings` are copied into it. Returns the folder.

    One recording is named interview there; several keep their names. Raises Refused for a slug that cannot stand in an
    address, a folder that exists, a recording that is not there, and two of one name.
    """
    if not SLUG.fullmatch(slug) or len(slug) > SLUG_MAX_CHARACTERS:
        raise Refused(
            Problem(
                f"“{slug}”",
                "this cannot be part of a web address",
                f"Use a-z, 0-9 and single hyphens, at most {SLUG_MAX_CHARACTERS} characters",
            )
        )
    folder = root / EPISODES_FOLDER / slug
    if folder.exists():
        raise Refused(
            Problem(str(folder), "there is something here already", "Choose another slug; nothing was changed")
        )
    named = _named(recordings)
    for name, recording in named.items():
        with files.replacing(folder / name) as temporary, recording.open("rb") as source, temporary.open("wb") as copy:
            while piece := source.read(1 << 20):
                copy.write(piece)
    blocks = [_RECORDING.format(file=_toml(name)) for name in named or ("interview.wav",)]
    files.write_text(folder / NOTES_NAME, _NOTES)
    # episode.toml last: a folder without it is not yet an episode.
    files.write_text(
        folder / EPISODE_NAME,
        _EPISODE.format(
            title=_toml(title),
            guid=uuid4(),
            published_at=now.astimezone().replace(microsecond=0).isoformat(),
        )
        + "".join(block + _SPEAKER if len(blocks) > 1 else block for block in blocks),
    )
    return folder


def _named(recordings: Sequence[Path]) -> dict[str, Path]:
    """What is to be copied, by the name it gets."""
    named: dict[str, Path] = {}
    for recording in recordings:
        if not recording.is_file():
            raise Refused(Problem(str(recording), "there is no such file", "Name the recording to copy"))
        name = f"interview{recording.suffix.lower()}" if len(recordings) == 1 else recording.name
        if name.casefold() in {one.casefold() for one in named}:  # one file, on many a disk
            what = "two recordings have this name, and one folder holds one of them"
            raise Refused(Problem(str(recording), what, "Rename one of them; nothing was changed"))
        named[name] = recording
    return named


def _toml(text: str) -> str:
    return tomlkit.string(text).as_string()
