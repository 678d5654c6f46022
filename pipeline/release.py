"""What is known about a finished recording: the facts beside `release.mp3`.

The audio room measures them, the publishing room prints them; they meet in `build/<slug>/release.json`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from pipeline import files
from pipeline.errors import InvalidAudio, Problem

RELEASE_AUDIO_NAME = "release.mp3"
RELEASE_FACTS_NAME = "release.json"
PROXY_NAME = "proxy.m4a"
PEAKS_NAME = "peaks.json"
SPEECH_NAME = "speech.wav"
TRANSLATION_NAME = "translation.en.md"  # a machine's draft for the editor, never published


@dataclass(frozen=True, slots=True)
class Release:
    """One finished MP3, measured on the file itself.

    `recording_start_ms` is where the recording begins in the release (the intro's length, less the
    crossfade): times in `episodes/` are of the recording, times in `site/` are of the release. Loudness and
    peak are None where nobody measured them: of a recording that was finished elsewhere.
    """

    digest: str
    size_bytes: Annotated[int, Field(gt=0)]
    duration_ms: Annotated[int, Field(gt=0)]
    channels: Annotated[int, Field(ge=1, le=2)]
    sample_rate_hz: Annotated[int, Field(gt=0)]
    bitrate_kbps: Annotated[int, Field(gt=0)]
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    recording_start_ms: Annotated[int, Field(ge=0)]
    recording_duration_ms: Annotated[int, Field(gt=0)]


@dataclass(frozen=True, slots=True)
class AlternateAudio:
    """The same sound in another encoding, smaller than the MP3; `media_type` and `codecs` as RFC 6381 writes them."""

    digest: str
    size_bytes: int
    media_type: str
    codecs: str
    bitrate_kbps: int
    suffix: str


_release = TypeAdapter(Release)


def write_release(path: Path, release: Release) -> None:
    """Write `release.json`."""
    files.write_text(path, files.readable_json(_release.dump_python(release, mode="json")))


def read_release(path: Path) -> Release:
    """Read `release.json`. Raises InvalidAudio when it is not one: it is derived, so it can be deleted."""
    try:
        return _release.validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        raise InvalidAudio(
            Problem(str(path), "the facts of the release cannot be read", "Delete build/ and run again")
        ) from error
