"""Sounds made for the tests, and the means to listen to what comes out: all by ffmpeg alone, none by the program."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.audio import ffmpeg

SAMPLE_RATE_HZ = 44_100

# Like speech to a loudness meter: syllables of a voiced tone and of noise, with pauses between sentences.
VOICE = (
    "0.25*sin(2*PI*180*t)*(0.5+0.5*sin(2*PI*3.1*t))*gt(sin(2*PI*0.23*t),-0.6)"
    "+0.12*(2*random(0)-1)*(0.5+0.5*sin(2*PI*4.3*t))*gt(sin(2*PI*0.31*t),-0.5)"
)
OTHER_VOICE = (
    "0.2*sin(2*PI*140*t)*(0.5+0.5*sin(2*PI*2.7*t))*gt(sin(2*PI*0.19*t),-0.4)"
    "+0.1*(2*random(1)-1)*(0.5+0.5*sin(2*PI*3.9*t))*gt(sin(2*PI*0.27*t),-0.5)"
)


def render(target: Path, *arguments: str) -> Path:
    """Run ffmpeg with `arguments` into `target`."""
    subprocess.run(
        [str(ffmpeg.find().path), "-nostdin", "-v", "error", "-y", *arguments, f"file:{target}"],
        check=True,
        capture_output=True,
    )
    return target


def expression(
    target: Path, *channels: str, seconds: float, filters: str = "anull", coding: tuple[str, ...] = ()
) -> Path:
    """A sound given by a formula of `t` per channel."""
    formulas = "|".join(f"'{one}'" for one in channels)
    source = f"aevalsrc={formulas}:s={SAMPLE_RATE_HZ}:d={seconds}"
    return render(target, "-f", "lavfi", "-i", source, "-af", filters, *coding)


def burst(at_s: float, *, bed: str = "0") -> str:
    """A 20 ms burst of 2 kHz at `at_s`, over a bed."""
    return f"0.7*sin(2*PI*2000*t)*between(t,{at_s},{at_s + 0.02})+({bed})"


def samples(path: Path, *, rate_hz: int = SAMPLE_RATE_HZ) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The sound of a file as mono samples."""
    raw = subprocess.run(
        [
            str(ffmpeg.find().path), "-nostdin", "-v", "error", "-i", f"file:{path}",
            "-map", "0:a:0", "-ac", "1", "-ar", str(rate_hz), "-f", "f32le", "-",
        ],
        check=True,
        capture_output=True,
    ).stdout  # fmt: skip
    return np.frombuffer(raw, dtype="<f4")


def loudest_ms(path: Path, *, after_ms: int = 0, until_ms: int | None = None) -> float:
    """Where the loudest sound of a file begins."""
    heard = np.abs(samples(path))
    first = round(after_ms * SAMPLE_RATE_HZ / 1000)
    last = len(heard) if until_ms is None else round(until_ms * SAMPLE_RATE_HZ / 1000)
    stretch = heard[first:last]
    return float(first + int(np.argmax(stretch > 0.6 * stretch.max()))) * 1000 / SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Meter:
    """What ffmpeg's ebur128 says of a file, run afresh."""

    loudness_lufs: float
    true_peak_dbtp: float


def meter(path: Path, *, start_s: float = 0.0, seconds: float | None = None) -> Meter:
    """Measure a file, or a stretch of it."""
    stretch = [] if seconds is None else ["-ss", str(start_s), "-t", str(seconds)]
    said = subprocess.run(
        [
            str(ffmpeg.find().path), "-nostdin", "-hide_banner", *stretch, "-i", f"file:{path}",
            "-map", "0:a:0", "-af", "ebur128=peak=true", "-f", "null", "-",
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stderr.rpartition("Summary:")[2]  # fmt: skip
    loudness = re.search(r"I:\s+(\S+) LUFS", said)
    peak = re.search(r"Peak:\s+(\S+) dBFS", said)
    assert loudness
    assert peak
    return Meter(float(loudness[1]), float(peak[1]))


@dataclass(frozen=True)
class Frames:
    """The frames of an MP3, as their headers tell (ISO 11172-3, 2.4.2.3)."""

    bitrates_kbps: frozenset[int]
    sample_rates_hz: frozenset[int]
    modes: frozenset[str]
    count: int
    leftover_bytes: int


_LAYER_3_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_MPEG_1_HZ = (44_100, 48_000, 32_000)
_MODES = ("stereo", "joint stereo", "dual", "mono")


def frames(path: Path) -> Frames:
    """Walk an MP3 frame by frame, past an ID3v2 tag."""
    content = path.read_bytes()
    place = 0
    if content[:3] == b"ID3":
        place = 10 + sum(byte << (7 * n) for n, byte in enumerate(reversed(content[6:10])))
    bitrates, rates, modes, count = set(), set(), set(), 0
    while place + 4 <= len(content):
        header = int.from_bytes(content[place : place + 4], "big")
        assert header >> 17 == 0b111111111111101, f"no MPEG-1 layer III frame at byte {place}"
        bitrate = _LAYER_3_KBPS[header >> 12 & 15]
        rate = _MPEG_1_HZ[header >> 10 & 3]
        bitrates.add(bitrate)
        rates.add(rate)
        if count > 0:  # the first frame is the Info frame: it holds the length and no sound
            modes.add(_MODES[header >> 6 & 3])
        place += 144_000 * bitrate // rate + (header >> 9 & 1)
        count += 1
    return Frames(frozenset(bitrates), frozenset(rates), frozenset(modes), count, len(content) - place)
