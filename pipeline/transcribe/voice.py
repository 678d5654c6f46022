"""Where in a recording somebody speaks: the voice detector that comes with the default engine (Silero, offline)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.transcribe.sound import SAMPLE_RATE_HZ
from pipeline.transcript import Stretch

if TYPE_CHECKING:
    from pipeline.transcribe.sound import Samples

_PAUSE_MS = 300  # a shorter one belongs to the speech around it
_PADDING_MS = 100


def speech_in(
    samples: Samples, *, pause_ms: int = _PAUSE_MS, padding_ms: int = _PADDING_MS, longest_ms: int | None = None
) -> tuple[Stretch, ...]:
    """The stretches (ms) of 16 kHz mono samples in which a voice is heard; about 3 ms of work for each second.

    A pause shorter than `pause_ms` belongs to the speech around it, unless that gets longer than `longest_ms`.
    """
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415  a second's import

    if not len(samples):
        return ()
    options = VadOptions(
        min_silence_duration_ms=pause_ms,
        speech_pad_ms=padding_ms,
        max_speech_duration_s=longest_ms / 1000 if longest_ms else float("inf"),
    )
    each_ms = SAMPLE_RATE_HZ // 1000
    return tuple((one["start"] // each_ms, one["end"] // each_ms) for one in get_speech_timestamps(samples, options))
