"""Reads our own speech file: the only audio that ever reaches Whisper.

Foreign media is decoded by the audio room under its own rules; here a header of 44 bytes is all there is to parse.
"""

from __future__ import annotations

import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pipeline.errors import InvalidAudio, Problem

if TYPE_CHECKING:
    import numpy

    Samples: TypeAlias = numpy.typing.NDArray[numpy.float32]

SAMPLE_RATE_HZ = 16_000
_FRAMES_PER_MS = SAMPLE_RATE_HZ // 1000
_BYTES_PER_FRAME = 2
_REMEDY = "Delete build/ and run again; this file is made from the recording"


def read_speech(path: Path, start_ms: int = 0, end_ms: int | None = None) -> Samples:
    """The samples of a WAV file of 16 kHz, mono, 16 bits, from -1 to 1; of the stretch named, else of all of it.

    Only that stretch is read. Raises InvalidAudio for any other file, and for one that ends before its header says.
    """
    import numpy as np  # noqa: PLC0415  the modules of this room import in a moment; numpy does not

    content = read_frames(path, start_ms, end_ms)
    return np.frombuffer(content, dtype="<i2").astype(np.float32) / np.float32(32768)


def read_frames(path: Path, start_ms: int = 0, end_ms: int | None = None) -> bytes:
    """The same, as the file holds them: two bytes each. Raises InvalidAudio."""
    with _opened(path) as stream:
        frames = stream.getnframes()
        first = min(start_ms * _FRAMES_PER_MS, frames)
        last = frames if end_ms is None else min(end_ms * _FRAMES_PER_MS, frames)
        stream.setpos(first)
        content = stream.readframes(last - first)
    if len(content) != (last - first) * _BYTES_PER_FRAME:
        raise InvalidAudio(Problem(str(path), "it ends before its header says", _REMEDY))
    return content


def speech_ms(path: Path) -> int:
    """How long the file sounds, by its header. Raises InvalidAudio when it is no such file."""
    with _opened(path) as stream:
        return round(stream.getnframes() * 1000 / SAMPLE_RATE_HZ)


@contextmanager
def _opened(path: Path) -> Iterator[wave.Wave_read]:
    try:
        with wave.open(str(path), "rb") as stream:
            form = (stream.getframerate(), stream.getnchannels(), stream.getsampwidth())
            if form != (SAMPLE_RATE_HZ, 1, _BYTES_PER_FRAME):
                raise InvalidAudio(
                    Problem(
                        str(path),
                        f"it has {form[0]} Hz, {form[1]} channels and {form[2] * 8} bits, not 16000 Hz, mono, 16 bits",
                        _REMEDY,
                    )
                )
            yield stream
    except (wave.Error, EOFError, OSError) as error:
        raise InvalidAudio(Problem(str(path), f"it cannot be read as a WAV file ({error})", _REMEDY)) from error


def duration_ms(samples: Samples) -> int:
    """How long `samples` sound."""
    return round(len(samples) * 1000 / SAMPLE_RATE_HZ)
