"""Listening to published audio, for those who check it: the publishing room does not know the audio room."""

from __future__ import annotations

from pathlib import Path


def measure_release(path: Path) -> tuple[float, float, int]:
    """Loudness (LUFS), true peak (dBTP) and channels of one audio file. Raises InvalidAudio, ToolFailed."""
    from pipeline.audio.chain import Channels, Part
    from pipeline.audio.loudness import measure
    from pipeline.audio.probe import probe

    probed = probe(path)
    channels: Channels = 1 if probed.channels == 1 else 2
    measured = measure([Part(path, probed.channels)], channels, subject=path, duration_ms=probed.duration_ms)
    return measured.integrated_lufs, measured.true_peak_dbtp, channels
