"""Sounds made for a test, and what their words' times are measured against."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from pipeline.transcript import MachineTranscript
from tests.real_speech import Spoken
from tests.wer import words


def write_wav(
    path: Path, samples: np.ndarray[tuple[int], np.dtype[np.int16]], *, rate_hz: int = 16_000, channels: int = 1
) -> Path:
    """A WAV file of 16 bits."""
    with wave.open(str(path), "wb") as stream:
        stream.setparams((channels, 2, rate_hz, 0, "NONE", ""))
        stream.writeframes(samples.astype("<i2").tobytes())
    return path


def looped(source: Path, target: Path, *, from_ms: int, to_ms: int, times: int) -> Path:
    """A stretch of a recording over and over, as a scratched record plays it."""
    with wave.open(str(source), "rb") as stream:
        samples = np.frombuffer(stream.readframes(stream.getnframes()), "<i2")
    return write_wav(target, np.tile(samples[from_ms * 16 : to_ms * 16], times))


def times_agree(spoken: Spoken, heard: MachineTranscript, *, within_ms: int) -> None:
    """Every longer word that is said and heard exactly once starts within its utterance, give or take `within_ms`."""
    said = [(word, utterance) for utterance in spoken.utterances for word in words(utterance.text)]
    found = [(word, one) for one in heard.words for word in words(one.text)]
    checked = 0
    for word, utterance in said:
        places = [one for other, one in found if other == word]
        if len(word) < 4 or len(places) != 1 or sum(other == word for other, _ in said) != 1:
            continue
        checked += 1
        start_ms = places[0].start_ms
        assert utterance.start_ms - within_ms <= start_ms <= utterance.end_ms + within_ms, (word, start_ms, utterance)
    assert checked >= 8, "enough words to say something about times"
