"""Intro and outro, joined to the recording with crossfades.

pydub makes the crossfades: it holds a crossfade's length of either side in memory, and never opens a foreign
file (ffmpeg cuts the edges out first). Everything else stays where it is and streams.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.audio import chain, ffmpeg
from pipeline.audio.chain import SAMPLE_RATE_HZ, Channels, Part

with warnings.catch_warnings():
    # pydub warns that it finds no ffmpeg of its own (it needs none for WAV), that audioop leaves the standard
    # library (audioop-lts takes its place), and of its own regular expressions.
    warnings.simplefilter("ignore")
    from pydub.audio_segment import AudioSegment

# pydub cuts at milliseconds; in steps of ten of them a cut falls on a whole sample.
_STEP_MS = 10
_STEP_SAMPLES = SAMPLE_RATE_HZ * _STEP_MS // 1000


@dataclass(frozen=True, slots=True)
class Piece:
    """A file to be joined and its length in samples of the chain."""

    part: Part
    samples: int


@dataclass(frozen=True, slots=True)
class Joined:
    """What to play one after another, its length, and where the recording's first sample is heard."""

    parts: tuple[Part, ...]
    samples: int
    recording_start: int


def join(
    recording: Piece,
    *,
    intro: Piece | None,
    outro: Piece | None,
    crossfade_ms: int,
    channels: Channels,
    folder: Path,
    report: Callable[[float], None],
) -> Joined:
    """Crossfade the pieces, which are of one loudness already.

    `folder` takes the crossfades; it must live as long as what is joined is played. A crossfade is never
    longer than half of the recording or half of the intro or outro, and is cut to tens of milliseconds; 0 puts
    the pieces end to end.
    """
    before = _overlap(crossfade_ms, intro, recording)
    after = _overlap(crossfade_ms, outro, recording)
    middle = recording.part.cut(before, recording.samples - after if after else None)
    if before or after:
        _cut_edges(recording, "recording", before, after, channels, folder, report)
    parts = [middle]
    recording_start = 0
    if intro is not None:
        recording_start = intro.samples - before
        if before:
            _cut_edges(intro, "intro", 0, before, channels, folder)
            parts.insert(0, _crossfade(folder / "intro-tail.wav", folder / "recording-head.wav", channels))
        parts.insert(0, intro.part.cut(0, recording_start))
    if outro is not None:
        if after:
            _cut_edges(outro, "outro", after, 0, channels, folder)
            parts.append(_crossfade(folder / "recording-tail.wav", folder / "outro-head.wav", channels))
        parts.append(outro.part.cut(after, None))
    lengths = [piece.samples for piece in (intro, recording, outro) if piece is not None]
    return Joined(tuple(parts), sum(lengths) - before - after, recording_start)


def _overlap(crossfade_ms: int, piece: Piece | None, recording: Piece) -> int:
    if piece is None:
        return 0
    longest = min(piece.samples, recording.samples) // 2
    return min(chain.ms_to_samples(crossfade_ms), longest) // _STEP_SAMPLES * _STEP_SAMPLES


def _cut_edges(
    piece: Piece,
    name: str,
    head: int,
    tail: int,
    channels: Channels,
    folder: Path,
    report: Callable[[float], None] | None = None,
) -> None:
    """Write the first `head` and the last `tail` samples as WAV."""
    cuts = []
    if head:
        cuts.append((folder / f"{name}-head.wav", f"atrim=end_sample={head}"))
    if tail:
        cuts.append((folder / f"{name}-tail.wav", f"atrim=start_sample={piece.samples - tail}"))
    # The whole stream goes nowhere as well: while only the tail is awaited, it shows that there is headway.
    labels = "".join(f"[cut{n}]" for n in range(len(cuts)))
    graph = chain.graph([piece.part], channels, f"asplit={len(cuts) + 1}[whole]{labels}")
    outputs = ["-map", "[whole]", "-f", "null", "-"]
    for n, (target, trim) in enumerate(cuts):
        graph += f";[cut{n}]{trim},asetpts=N/SR/TB[edge{n}]"
        outputs += ["-map", f"[edge{n}]", "-c:a", "pcm_s32le", "-f", "wav", f"file:{target}"]
    ffmpeg.run(
        [*chain.inputs([piece.part]), "-filter_complex", graph, *outputs],
        subject=piece.part.path,
        duration_ms=chain.samples_to_ms(piece.samples),
        report=report,
    )


def _crossfade(first: Path, second: Path, channels: Channels) -> Part:
    """The end of one piece over the start of the next, in a WAV of the same length as either."""
    target = first.with_name(f"{first.stem}-to-{second.stem}.wav")
    ending, beginning = _segment(first), _segment(second)
    ending.append(beginning, crossfade=len(beginning)).export(target, format="wav").close()
    return Part(target, channels, own_container="wav")


def _segment(path: Path) -> Any:
    # pydub leaves open what it opens by name.
    with path.open("rb") as stream:
        return AudioSegment.from_wav(stream)  # type: ignore[no-untyped-call]  # it ships no types
