"""The sample conversation as our speech file."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

from pipeline.audio import ffmpeg
from tests.conversations import RATE_HZ, conversation


def conversation_wav(path: Path) -> Path:
    """Write it: 16 kHz, mono, 16 bits."""
    form = ["-f", "f32le", "-ar", str(RATE_HZ), "-ac", "1", "-i", "-", "-ar", "16000", "-f", "s16le", "-"]
    raw = subprocess.run(
        [str(ffmpeg.find().path), "-v", "error", *form],
        input=conversation()[0].astype("<f4").tobytes(),
        capture_output=True,
        check=True,
    ).stdout
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, 16_000, 0, "NONE", ""))
        writer.writeframes(raw)
    return path
