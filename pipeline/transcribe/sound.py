"""Reads our own speech file: the only audio that ever reaches Whisper.

Foreign media is decoded by the audio room under its own rules; here a header of 44 bytes is all there is to parse.
"""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pipeline.errors import InvalidAudio, Problem

if TYPE_CHECKING:
    import numpy

    Samples: TypeAlias = numpy.typing.NDArray[numpy.float32]

SAMPLE_RATE_HZ = 16_000


def read_speech(path: Path) -> Samples:
    """The samples of a WAV file of 16 kHz, mono, 16 bits, from -1 to 1.

    Raises InvalidAudio for any other file, and for one that ends before its header says.
    """
    import numpy as np  # noqa: PLC0415  the modules of this room import in a moment; numpy does not

    remedy = "Delete build/ and run again; this file is made from the recording"
    try:
        with wave.open(str(path), "rb") as stream:
            form = (stream.getframerate(), stream.getnchannels(), stream.getsampwidth())
            if form != (SAMPLE_RATE_HZ, 1, 2):
                raise InvalidAudio(
                    Problem(
                        str(path),
                        f"it has {form[0]} Hz, {form[1]} channels and {form[2] * 8} bits, not 16000 Hz, mono, 16 bits",
                        remedy,
                    )
                )
            frames = stream.getnframes()
            content = stream.readframes(frames)
    except (wave.Error, EOFError, OSError) as error:
        raise InvalidAudio(Problem(str(path), f"it cannot be read as a WAV file ({error})", remedy)) from error
    if len(content) != frames * 2:
        raise InvalidAudio(Problem(str(path), "it ends before its header says", remedy))
    return np.frombuffer(content, dtype="<i2").astype(np.float32) / np.float32(32768)


def duration_ms(samples: Samples) -> int:
    """How long `samples` sound."""
    return round(len(samples) * 1000 / SAMPLE_RATE_HZ)
