"""Loudness and true peak, measured after EBU R128 (ITU-R BS.1770) by ffmpeg's ebur128."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.audio import chain, ffmpeg
from pipeline.audio.chain import Channels, Part

# The gate of BS.1770: what never rises above it has no loudness.
SILENCE_LUFS = -70.0

_STEREO_OVER_MONO_LU = 3.01
_SAME_CHANNELS_DB = 40.0
_NUMBER = r"(-?(?:\d+(?:\.\d+)?|inf|nan))"


@dataclass(frozen=True, slots=True)
class Loudness:
    """What was measured over the whole length.

    `integrated_lufs` and `true_peak_dbtp` come in tenths; both are -inf for silence. `rms_db` is the level
    without weighting, `side_rms_db` that of half the difference of two channels (-inf for mono).
    """

    integrated_lufs: float
    true_peak_dbtp: float
    rms_db: float
    side_rms_db: float
    samples: int
    error_count: int

    @property
    def is_silent(self) -> bool:
        """Nothing rises above the gate."""
        return not self.integrated_lufs > SILENCE_LUFS

    @property
    def channels_are_alike(self) -> bool:
        """What differs between left and right is 40 dB below the rest: nobody hears it."""
        return self.side_rms_db <= self.rms_db - _SAME_CHANNELS_DB

    def as_mono(self) -> Loudness:
        """The same sound, of two alike channels, as one: BS.1770 adds the power of channels."""
        return Loudness(
            self.integrated_lufs - _STEREO_OVER_MONO_LU,
            self.true_peak_dbtp,
            self.rms_db,
            -math.inf,
            self.samples,
            self.error_count,
        )


def measure(
    parts: Sequence[Part],
    channels: Channels,
    *filters: str,
    subject: Path,
    duration_ms: int = 0,
    report: Callable[[float], None] | None = None,
) -> Loudness:
    """Measure the parts, joined and sent through `filters`, without writing anything.

    `subject` is the file that errors name; see `ffmpeg.run` for the rest and for what is raised.
    """
    graph = chain.graph(
        parts,
        channels,
        *filters,
        # framelog=verbose silences the line per 100 ms; "quiet" is newer than 5.1.
        "ebur128@whole=peak=true:framelog=verbose",
        "astats@whole=measure_perchannel=none:measure_overall=RMS_level+Number_of_samples",
    )
    if channels == 2:
        graph += (
            ",asplit[out][both];[both]pan=mono|c0=0.5*c0-0.5*c1,"
            "astats@side=measure_perchannel=none:measure_overall=RMS_level,anullsink"
        )
    else:
        graph += "[out]"
    log = ffmpeg.run(
        [*chain.inputs(parts), "-filter_complex", graph, "-map", "[out]", "-f", "null", "-"],
        subject=subject,
        duration_ms=duration_ms,
        report=report,
    )
    return read_log(log)


def read_log(log: ffmpeg.Log) -> Loudness:
    """What the filters named `ebur128@whole`, `astats@whole` and `astats@side` said in a run, where they were in it."""
    # The log begins with the file's own tags, which may say anything; what the filters say comes last.
    _, _, summary = log.text.rpartition("[ebur128@whole ")
    return Loudness(
        integrated_lufs=_figure(r"^\s+I:\s+" + _NUMBER + " LUFS", summary),
        true_peak_dbtp=_figure(r"^\s+Peak:\s+" + _NUMBER + " dBFS", summary),
        rms_db=_figure(r"\[astats@whole .*RMS level dB: " + _NUMBER, log.text),
        side_rms_db=_figure(r"\[astats@side .*RMS level dB: " + _NUMBER, log.text),
        samples=int(_figure(r"\[astats@whole .*Number of samples: " + _NUMBER, log.text, missing=0)),
        error_count=log.error_count,
    )


def _figure(pattern: str, log: str, missing: float = -math.inf) -> float:
    found = re.findall(pattern, log, re.MULTILINE)
    value = float(found[-1]) if found else missing
    return missing if math.isnan(value) else value
