"""Whether the two channels of a stereo recording are two speakers, each with a microphone."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.audio.chain import Part, Progress
from pipeline.audio.probe import probe
from pipeline.audio.tracks import dominance, sound

# Voices that were panned for effect, or one microphone pair in a room, are hardly ever that far apart for so long.
_LEAST_APART = 0.8
_LEAST_EACH = 0.1


def is_one_speaker_per_channel(recording: Path, *, report: Callable[[float], None]) -> bool:
    """Whether nearly all of what is spoken is on one channel alone, and each channel has its share.

    False for anything but two channels. Raises InvalidAudio for what `probe` refuses and for a damaged recording,
    ToolFailed when ffmpeg fails.
    """
    if probe(recording).channels != 2:
        return False
    progress = Progress(report)
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        levels = []
        for channel in (0, 1):
            decoded = Path(folder) / f"channel-{channel}.wav"
            sound.decode(Part(recording, 2, channel=channel), decoded, progress.step((channel + 1) / 2))
            levels.append(sound.powers(decoded))
            decoded.unlink()
    apart, shares = dominance.share_told_apart(levels)
    return apart >= _LEAST_APART and min(shares) >= _LEAST_EACH
