"""Recordings that several tests listen to, made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.audio import ffmpeg
from tests.audio.sounds import OTHER_VOICE, VOICE, expression, render


@pytest.fixture(autouse=True)
def _fresh_search() -> Iterator[None]:
    # A test that hides ffmpeg must not hide it from the next one.
    yield
    ffmpeg.find.cache_clear()


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds of one voice: mono WAV."""
    return expression(tmp_path_factory.mktemp("sounds") / "voice.wav", VOICE, seconds=20)


@pytest.fixture(scope="session")
def two_voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty seconds of two voices, left and right: stereo WAV."""
    return expression(tmp_path_factory.mktemp("sounds") / "two voices.wav", VOICE, OTHER_VOICE, seconds=20)


# How each format is made: the suffix, and ffmpeg's arguments for it.
FORMATS: dict[str, tuple[str, ...]] = {
    "mp3": ("-b:a", "128k"),
    "wav": (),
    "flac": (),
    "m4a": ("-c:a", "aac"),
    "ogg": ("-c:a", "libvorbis"),
    "opus": (),
    "aiff": (),
    "webm": ("-c:a", "libopus"),
    "mp4": ("-c:a", "aac"),
    "mov": ("-c:a", "pcm_s16be"),
}


def in_format(source: Path, target: Path) -> Path:
    """`source` in the format of `target`'s suffix; MP4 and MOV get a picture beside it."""
    suffix = target.suffix.removeprefix(".")
    if suffix in ("mp4", "mov"):
        picture = ("-f", "lavfi", "-i", "color=s=64x64:r=5:d=60")
        return render(
            target, *picture, "-i", str(source), "-c:v", "mpeg4", "-shortest",
            "-map", "0:v", "-map", "1:a", *FORMATS[suffix],
        )  # fmt: skip
    return render(target, "-i", str(source), *FORMATS[suffix])
