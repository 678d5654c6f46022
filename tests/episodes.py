"""Episodes that are ready to be published, without waiting for an engine: for tests of what comes after."""

from __future__ import annotations

import math
import wave
from array import array
from datetime import UTC, datetime
from pathlib import Path

from pipeline import files
from pipeline.stages.run import approve
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord, machine_to_bytes
from tests.shows import EPISODE, make_show

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ADA = "Ada Host <ada@show.example>"
RATE_HZ = 16_000
# Real words in a synthetic voice: the sample show's conversation.
SPEECH = Path(__file__).parents[1] / "episodes" / "2026-11-how-we-check" / "interview.mp3"
TRANSCRIPT = """\
[00:00:00.200] **Ada Host**
Hello and welcome.

[00:00:02.000] **Ben Guest**
Thank you. There were 381 cases.
"""


def sound(path: Path, seconds: float = 5.0, pitch_hz: int = 180) -> None:
    """Write a WAV whose level rises and falls four times a second, roughly as speech does."""
    samples = array(
        "h",
        (
            int(
                9000
                * math.sin(math.tau * pitch_hz * t / RATE_HZ)
                * (0.55 + 0.45 * math.sin(math.tau * 4 * t / RATE_HZ))
            )
            for t in range(int(seconds * RATE_HZ))
        ),
    )
    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples.tobytes())


def machine_words(recording: Path) -> bytes:
    """A machine.json for `TRANSCRIPT`, as if an engine had heard it in `recording`."""
    words = ["Hello", "and", "welcome.", "Thank", "you.", "There", "were", "381", "cases."]
    starts = [200, 600, 900, 2000, 2300, 2900, 3200, 3500, 4100]
    segment = MachineSegment(
        tuple(MachineWord(f" {word}", start, start + 250, 0.9) for word, start in zip(words, starts, strict=True)),
        -0.2,
        1.2,
        0.01,
    )
    return machine_to_bytes(
        MachineTranscript(
            version=1,
            engine="faster-whisper",
            engine_version="1.2.1",
            model="base",
            model_digest=files.digest_bytes(b"weights"),
            language="en",
            language_probability=1.0,
            audio_digest=files.digest_file(recording),
            duration_ms=5000,
            hotwords=(),
            segments=(segment,),
        )
    )


def add_episode(
    tmp_path: Path, slug: str, *, number: int = 1, title: str = "First talk", approved: bool = True
) -> Path:
    """Add a transcribed (and approved) episode to the show under `tmp_path`; returns the show's root."""
    text = EPISODE.replace("000000000001", f"{number:012d}").replace('"First talk"', f'"{title}"')
    root = make_show(tmp_path, text, slug=slug)
    folder = root / "episodes" / slug
    sound(folder / "interview.wav", pitch_hz=150 + 30 * number)
    (folder / "machine.json").write_bytes(machine_words(folder / "interview.wav"))
    (folder / "transcript.md").write_text(TRANSCRIPT, encoding="utf-8")
    if approved:
        approve(root, slug, ADA, NOW)
    return root
