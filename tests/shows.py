"""A small show for tests, written as a person would write it."""

from __future__ import annotations

import functools
import io
from pathlib import Path

from PIL import Image

SHOW = """\
title = "The Show"
description = "What it is about."
guid = "0b7a0a80-9a55-5a3a-9c35-e50f7f9a1a11"
language = "en"
site_url = "https://show.example"
author = "The Newsroom"
categories = ["Society & Culture > Documentary"]
artwork = "artwork.png"
"""

PEOPLE = """\
[ada-host]
name = "Ada Host"
role = "Host"

[ben-guest]
name = "Ben Guest"
organisation = "The Archive"
"""

GLOSSARY = """\
[[terms]]
term = "OSEC"
meaning = "online sexual exploitation of children"
"""

SOURCES = """\
[
  {"id": "report-2020", "type": "report", "title": "A report", "publisher": "The Archive",
   "issued": {"date-parts": [[2020, 5]]}, "URL": "https://archive.example/report"}
]
"""

EPISODE = """\
title = "First talk"
guid = "7b0c6a3e-0000-4000-8000-000000000001"
summary = "Ada talks with Ben."
published_at = 2026-11-20T09:00:00+01:00
hosts = ["ada-host"]
guests = ["ben-guest"]

[[recordings]]
file = "interview.wav"
"""

NOTES = """\
Ada talks with Ben about the archive. There were 381 cases [@report-2020].
"""


@functools.cache
def artwork() -> bytes:
    """A square PNG that every directory accepts."""
    buffer = io.BytesIO()
    Image.new("RGB", (1400, 1400), (20, 60, 90)).save(buffer, "PNG")
    return buffer.getvalue()


def make_show(tmp_path: Path, episode: str = EPISODE, *, slug: str = "first-talk", recording: bytes = b"") -> Path:
    """Make (or add an episode to) a show under `tmp_path/show`; returns the show's root."""
    root = tmp_path / "show"
    folder = root / "episodes" / slug
    folder.mkdir(parents=True)
    if not (root / "episodes" / "show.toml").exists():
        for name, text in (
            ("show.toml", SHOW),
            ("people.toml", PEOPLE),
            ("glossary.toml", GLOSSARY),
            ("sources.json", SOURCES),
        ):
            (root / "episodes" / name).write_text(text, encoding="utf-8")
        (root / "episodes" / "artwork.png").write_bytes(artwork())
    (folder / "episode.toml").write_text(episode, encoding="utf-8")
    (folder / "notes.md").write_text(NOTES, encoding="utf-8")
    (folder / "interview.wav").write_bytes(recording)
    return root
