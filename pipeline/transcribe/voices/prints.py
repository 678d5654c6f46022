"""Voice prints: what the voices of an episode sound like, kept so that they can be suggested when they speak again.

They identify people by their bodies. They are kept only where show.toml asks for it, only in `build/`, one small file
per episode that only its owner can read; nothing is ever made of them but a suggestion at the desk.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import files
from pipeline.transcribe.voices.diarizer import Print

# Likeness of one person's voice in two recordings, and of two people's: docs/voices.md has the measurements.
ALIKE = 0.8
VERY_ALIKE = 0.9
_PARTS = 100_000
_LENGTHS = (0.9, 1.1)  # of a print that was rounded; what is longer or shorter is none


@dataclass(frozen=True, slots=True)
class VoicePrints:
    """The prints of one episode's voices by name (“Voice 1”): of which recording, made by what."""

    diarizer: str
    audio_digest: str
    voices: Mapping[str, Print]


def write_prints(path: Path, prints: VoicePrints) -> None:
    """Keep them, for the owner's eyes."""
    content = {
        "diarizer": prints.diarizer,
        "audio_digest": prints.audio_digest,
        "voices": {name: [round(part * _PARTS) for part in one] for name, one in prints.voices.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    files.write_bytes(path, files.canonical_json(content).encode())
    path.chmod(0o600)


def read_prints(path: Path) -> VoicePrints | None:
    """What is kept; None where nothing is, or nothing that can be used: they come back with the next transcription."""
    try:
        content = json.loads(path.read_bytes())
        voices = {str(name): tuple(int(part) / _PARTS for part in one) for name, one in content["voices"].items()}
        if not all(_LENGTHS[0] < math.hypot(*one) < _LENGTHS[1] for one in voices.values()):
            return None
        return VoicePrints(str(content["diarizer"]), str(content["audio_digest"]), voices)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def likeness(one: Print, other: Print) -> float:
    """How alike two voices sound: the cosine between their prints, from -1 to 1; 0 for prints of different kinds."""
    return sum(a * b for a, b in zip(one, other, strict=True)) if len(one) == len(other) else 0.0
