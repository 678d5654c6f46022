"""What is made of a recording for the work on it: the review proxy, the speech for Whisper, the waveform.

All from one decoding, all on the recording's own time: no intro, and no change of level.
"""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Callable
from pathlib import Path

from pipeline import files
from pipeline.audio import chain, ffmpeg
from pipeline.audio.chain import Part, Progress
from pipeline.audio.peaks import write_peaks
from pipeline.audio.probe import probe, require_whole

SPEECH_SAMPLE_RATE_HZ = 16_000
PROXY_KBPS = 64


def derive(recording: Path, *, proxy: Path, speech: Path, peaks: Path, report: Callable[[float], None]) -> int:
    """Write the three files and return the recording's length in ms, counted in decoded samples.

    `proxy` is AAC in M4A, mono, 64 kb/s, with its index in front: browsers seek exactly in it. `speech` is
    mono 16-bit WAV at 16 kHz, the only audio Whisper is ever given. `peaks` is audiowaveform's JSON. `report`
    gets the fraction done, 0 to 1. Same input and same ffmpeg, same bytes.

    Each file is written whole or not at all. Raises InvalidAudio for what `probe` refuses and for a damaged
    or truncated recording, ToolFailed when ffmpeg fails.
    """
    probed = probe(recording)
    progress = Progress(report)
    part = Part(recording, probed.channels)
    graph = chain.graph([part], 1, f"asplit[listen][hear];[hear]aresample={SPEECH_SAMPLE_RATE_HZ}:osf=s16[speech]")
    with contextlib.ExitStack() as stack:
        new_proxy = stack.enter_context(files.replacing(proxy))
        new_speech = stack.enter_context(files.replacing(speech))
        log = ffmpeg.run(
            [
                *chain.inputs([part]), "-filter_complex", graph,
                "-map", "[listen]", "-c:a", "aac", "-b:a", f"{PROXY_KBPS}k", *ffmpeg.SAME_BYTES,
                "-movflags", "+faststart", "-f", "mp4", f"file:{new_proxy}",
                "-map", "[speech]", "-c:a", "pcm_s16le", *ffmpeg.SAME_BYTES,
                "-f", "wav", f"file:{new_speech}",
            ],
            subject=recording,
            duration_ms=probed.duration_ms,
            report=progress.step(0.95),
        )  # fmt: skip
        decoded_ms = _length_ms(new_speech)
        require_whole(recording, probed, decoded_ms, log.error_count)
        write_peaks(new_speech, peaks)
    report(1.0)
    return decoded_ms


def stretch(recording: Path, speech: Path, start_ms: int, end_ms: int) -> None:
    """Write the part of a recording from `start_ms` to `end_ms` as speech for Whisper: 16 kHz mono WAV.

    Raises InvalidAudio for what `probe` refuses, ToolFailed when ffmpeg fails.
    """
    probed = probe(recording)
    part = Part(recording, probed.channels).cut(
        start_ms * chain.SAMPLE_RATE_HZ // 1000, end_ms * chain.SAMPLE_RATE_HZ // 1000
    )
    graph = chain.graph([part], 1, f"aresample={SPEECH_SAMPLE_RATE_HZ}:osf=s16[speech]")
    with files.replacing(speech) as new_speech:
        ffmpeg.run(
            [
                *chain.inputs([part]), "-filter_complex", graph, "-map", "[speech]", "-c:a", "pcm_s16le",
                *ffmpeg.SAME_BYTES, "-f", "wav", f"file:{new_speech}",
            ],
            subject=recording,
            duration_ms=end_ms - start_ms,
        )  # fmt: skip


def _length_ms(speech: Path) -> int:
    with wave.open(str(speech), "rb") as source:
        return round(source.getnframes() * 1000 / source.getframerate())
