"""Strikes stretches out of a recording: silence or a tone in their place, everything else untouched, same length.

The stretch is silenced `GUARD_MS` beyond both ends, because a word begins before its first loud sound and rings on
after its last, and because word times are good to a tenth of a second. Nothing is mixed: under the tone there is
digital silence, so nothing can be filtered back out of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline import files
from pipeline.audio import chain, ffmpeg
from pipeline.audio.chain import SAMPLE_RATE_HZ, Channels, Part
from pipeline.audio.probe import probe, require_whole

GUARD_MS = 200
TONE_HZ = 1000
# Where a stretch was silenced nothing may be louder than this. MP3 spreads sound by a few milliseconds, which the
# measured window leaves out; the rest is the noise of its coding.
SILENT_DBFS = -55.0
_TONE_VOLUME = 0.06
# Filters that are switched on and off in time are so at the borders of frames: 128 samples are 3 ms.
_FRAME_SAMPLES = 128
_TONE_WIDTH_HZ = 400

Sound = Literal["mute", "tone"]


@dataclass(frozen=True, slots=True)
class Struck:
    """A stretch of the recording, in ms, and what is heard instead of it."""

    start_ms: int
    end_ms: int
    sound: Sound


def strike(recording: Path, target: Path, struck: Sequence[Struck], *, report: Callable[[float], None]) -> None:
    """Write `target`, a FLAC of the recording with every stretch silenced, as long as the recording to the sample.

    Raises InvalidAudio for what `probe` refuses and for a damaged recording, ToolFailed when ffmpeg fails.
    """
    probed = probe(recording)
    channels: Channels = 1 if probed.channels == 1 else 2
    part = Part(recording, probed.channels)
    with files.replacing(target) as temporary:
        log = ffmpeg.run(
            [
                *chain.inputs([part]), "-filter_complex", _graph(part, channels, struck),
                "-map", "[struck]", "-c:a", "flac", "-sample_fmt", "s32", "-compression_level", "0",
                *ffmpeg.SAME_BYTES, "-f", "flac", f"file:{temporary}",
            ],
            subject=recording,
            duration_ms=probed.duration_ms,
            report=report,
        )  # fmt: skip
        require_whole(recording, probed, log.end_ms, log.error_count)


def loudest_dbfs(audio: Path, start_ms: int, end_ms: int, *, without_tone: bool) -> float:
    """The highest level in a stretch of an audio file, in dBFS; without the tone that was put there, if asked.

    -120 for digital silence. Raises InvalidAudio for what `probe` refuses, ToolFailed when ffmpeg fails.
    """
    probed = probe(audio)
    part = Part(audio, probed.channels).cut(chain.ms_to_samples(start_ms), chain.ms_to_samples(end_ms))
    # Two notches, one after the other: what is left of the tone is far below what a voice would leave.
    notch = [f"bandreject=f={TONE_HZ}:width_type=h:w={_TONE_WIDTH_HZ}"] * 2 if without_tone else []
    # The edges are left out of the measure: a filter needs a moment, and a tone has a beginning.
    graph = chain.graph([part], 1, *notch, "atrim=start=0.03", "astats=measure_perchannel=none[level]")
    arguments = [*chain.inputs([part]), "-filter_complex", graph, "-map", "[level]", "-f", "null", "-"]
    log = ffmpeg.run(arguments, subject=audio)
    levels = [line.rpartition(":")[2].strip() for line in log.text.splitlines() if "RMS peak dB" in line]
    level = float(levels[-1]) if levels else 0.0  # no measure counts as loud
    return max(level, -120.0) if math.isfinite(level) else -120.0 if level < 0 else 0.0


def _graph(part: Part, channels: Channels, struck: Sequence[Struck]) -> str:
    silence = f"asetnsamples=n={_FRAME_SAMPLES}:p=0,volume=0:enable='{_while(struck)}'"
    tones = [one for one in struck if one.sound == "tone"]
    if not tones:
        return chain.graph([part], channels, f"{silence}[struck]")
    layout = "mono" if channels == 1 else "stereo"
    tone = (
        f"sine=frequency={TONE_HZ}:sample_rate={SAMPLE_RATE_HZ}:samples_per_frame={_FRAME_SAMPLES},"
        f"aformat=sample_fmts=fltp:channel_layouts={layout},volume={_TONE_VOLUME / 0.125:.3f},"
        f"volume=0:enable='not({_while(tones)})'[tone]"
    )
    voice = chain.graph([part], channels, f"{silence}[voice]")
    return f"{voice};{tone};[voice][tone]amix=inputs=2:duration=first:normalize=0[struck]"


def _while(struck: Sequence[Struck]) -> str:
    return "+".join(
        f"between(t,{max(0, one.start_ms - GUARD_MS) / 1000:.3f},{(one.end_ms + GUARD_MS) / 1000:.3f})"
        for one in struck
    )
