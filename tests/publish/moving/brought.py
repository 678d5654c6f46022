"""An imported episode as far as it concerns what it brought along, without a feed that it came from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import tomlkit

from pipeline.publish.moving.kept import KeptItem, document
from pipeline.show import Episode
from tests.episodes import SPEECH
from tests.shows import EPISODE

TYPES = {"vtt": "text/vtt", "srt": "application/x-subrip", "json": "application/json", "html": "text/html"}
VTT = (
    b"WEBVTT\n\n1\n00:00.000 --> 00:05.000\n<v Ada Host>Hello &amp; welcome.\n\n"
    b"00:06.000 --> 00:09.000\nBen: hi [0:01]\n"
)
CHAPTERS = (
    b'{"version": "1.2.0", "chapters": [{"startTime": 0, "title": "A", "url": "https://a.example/"},'
    b' {"startTime": 9.5, "title": "B"}]}'
)
ITEM = document("item", KeptItem("a <b>x</b> & y", "<p>c</p>")).replace(
    b"</item>", b'<podcast:person role="guest">B</podcast:person></item>'
)


def brought(folder: Path, suffix: str, transcript: bytes) -> Episode:
    """An episode in `folder` that brought this transcript along, which is written there."""
    (folder / f"transcript.{suffix}").write_bytes(transcript)
    table = _table("audio.mp3", suffix) | {"slug": "first-talk", "folder": folder}
    return Episode.model_validate(table)


def add_brought(root: Path, slug: str) -> Path:
    """Add an episode to a show as an import leaves it, with transcript and chapters; its folder."""
    folder = root / "episodes" / slug
    folder.mkdir()
    shutil.copy(SPEECH, folder / "audio.mp3")
    (folder / "transcript.vtt").write_bytes(VTT)
    (folder / "chapters.json").write_bytes(CHAPTERS)
    (folder / "imported.xml").write_bytes(ITEM)
    table = _table("audio.mp3", "vtt") | {"guid": "https://old.example/?p=9", "title": "An old talk"}
    table["imported"]["chapters"] = "chapters.json"
    (folder / "episode.toml").write_text(tomlkit.dumps(table), encoding="utf-8")
    return folder


def _table(audio: str, suffix: str) -> dict[str, Any]:
    imported = {
        "audio_url": "https://old.example/a.mp3",
        "audio_type": "audio/mpeg",
        "transcripts": [{"file": f"transcript.{suffix}", "type": TYPES[suffix]}],
    }
    return tomlkit.parse(EPISODE).unwrap() | {"recordings": [{"file": audio}], "imported": imported}
