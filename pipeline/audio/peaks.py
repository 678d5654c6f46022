"""The waveform as numbers, for the strip above the transcript.

audiowaveform's JSON, version 2 (its documentation, “Data Format”): the least and the greatest sample of each
pixel. Twenty pixels a second show where a word begins; an hour is half a megabyte.
"""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np

from pipeline import files

PIXELS_PER_SECOND = 20

_PIXELS_PER_READ = 1_200


def write_peaks(speech: Path, target: Path) -> None:
    """Write the peaks of `speech`, a mono 16-bit WAV this program wrote, as 8-bit JSON.

    The loudest sample fills the strip, as with audiowaveform's `--amplitude-scale auto`: a quiet recording is
    as easy to read as a loud one. Memory grows by four bytes a pixel.
    """
    with wave.open(str(speech), "rb") as source:
        sample_rate_hz = source.getframerate()
        samples_per_pixel = sample_rate_hz // PIXELS_PER_SECOND
        pixels: list[np.ndarray[tuple[int, ...], np.dtype[np.int16]]] = []
        while frames := source.readframes(samples_per_pixel * _PIXELS_PER_READ):
            samples = np.frombuffer(frames, dtype="<i2")
            starts = np.arange(0, len(samples), samples_per_pixel)
            lows = np.minimum.reduceat(samples, starts)
            highs = np.maximum.reduceat(samples, starts)
            pixels.append(np.stack((lows, highs), axis=1).astype(np.int16))
    extremes = np.concatenate(pixels).astype(np.float64)
    scale = 127 / max(1.0, float(np.abs(extremes).max()))
    data = np.rint(extremes * scale).astype(np.int8)
    content = {
        "version": 2,
        "channels": 1,
        "sample_rate": sample_rate_hz,
        "samples_per_pixel": samples_per_pixel,
        "bits": 8,
        "length": len(data),
        "data": data.reshape(-1).tolist(),
    }
    files.write_text(target, json.dumps(content, separators=(",", ":")) + "\n")
