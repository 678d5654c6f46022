"""The release once more, as a smaller file: Opus in Ogg, or AAC in M4A, beside the MP3 that every player knows.

It is made from the mastered MP3 and not from the recording, so that both are the same sound to the sample: the same
cuts, loudness and times, so one transcript and one list of chapters hold for both. What a second lossy encoding adds
is not heard in speech at these rates.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pipeline import files
from pipeline.audio import ffmpeg
from pipeline.release import AlternateAudio

Kind = Literal["opus", "aac"]

SUFFIXES: dict[Kind, str] = {"opus": "opus", "aac": "m4a"}
BITRATE_KBPS: dict[Kind, dict[int, int]] = {"opus": {1: 40, 2: 64}, "aac": {1: 64, 2: 96}}
# RFC 7845 (Ogg Opus) and RFC 6381 with ISO/IEC 14496-3 (AAC-LC).
_TYPES: dict[Kind, tuple[str, str]] = {"opus": ("audio/ogg", "opus"), "aac": ("audio/mp4", "mp4a.40.2")}
_OUTPUT: dict[Kind, tuple[str, ...]] = {
    "opus": ("-c:a", "libopus", "-vbr", "on", "-f", "ogg"),
    "aac": ("-c:a", "aac", "-movflags", "+faststart", "-f", "mp4"),
}


def encode(
    mastered_mp3: Path,
    target: Path,
    kind: Kind,
    *,
    channels: int,
    duration_ms: int,
    report: Callable[[float], None] = lambda _: None,
) -> AlternateAudio:
    """Write `target`, the sound of `mastered_mp3` as Opus or AAC, and return its facts.

    `channels` (1 or 2) and `duration_ms` are the master's; `report` gets the fraction done, 0 to 1. Same input and
    same ffmpeg, same bytes; written whole or not at all. Raises ToolFailed when ffmpeg fails or was built without the
    encoder.
    """
    with files.replacing(target) as temporary:
        ffmpeg.run(
            [
                *ffmpeg.own(mastered_mp3, "mp3"), "-vn", "-b:a", f"{BITRATE_KBPS[kind][channels]}k",
                *ffmpeg.SAME_BYTES, *_OUTPUT[kind], f"file:{temporary}",
            ],
            subject=mastered_mp3,
            duration_ms=duration_ms,
            report=report,
        )  # fmt: skip
    media_type, codecs = _TYPES[kind]
    size_bytes = target.stat().st_size
    return AlternateAudio(
        digest=files.digest_file(target),
        size_bytes=size_bytes,
        media_type=media_type,
        codecs=codecs,
        bitrate_kbps=max(1, round(size_bytes * 8 / duration_ms)),
        suffix=SUFFIXES[kind],
    )
