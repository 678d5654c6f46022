"""An imported episode as far as it concerns what it brought along, without a feed that it came from."""

from __future__ import annotations

from pathlib import Path

import tomlkit

from pipeline.show import Episode
from tests.shows import EPISODE

TYPES = {"vtt": "text/vtt", "srt": "application/x-subrip", "json": "application/json", "html": "text/html"}


def brought(folder: Path, suffix: str, transcript: bytes) -> Episode:
    """An episode in `folder` that brought this transcript along, which is written there."""
    name = f"transcript.{suffix}"
    (folder / name).write_bytes(transcript)
    imported = {
        "audio_url": "https://old.example/a.mp3",
        "audio_type": "audio/mpeg",
        "transcripts": [{"file": name, "type": TYPES[suffix]}],
    }
    table = tomlkit.parse(EPISODE).unwrap() | {"imported": imported, "slug": "first-talk", "folder": folder}
    return Episode.model_validate(table)
