"""The release: a recording, brought to the loudness of podcasts and encoded as an MP3 that seeks exactly.

Measure, gain, limiter, encode; then measure the MP3 itself and correct. Loudness and true peak after EBU
R128; two passes of loudnorm cost nearly three times as much and pump. Constant bit rate, because browsers
seek seconds wrong in any other MP3, and every word here has its time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import files
from pipeline.audio import chain, ffmpeg
from pipeline.audio.chain import SAMPLE_RATE_HZ, Channels, Part, Progress
from pipeline.audio.join import Joined, Piece, join
from pipeline.audio.loudness import Loudness, measure
from pipeline.audio.probe import probe, require_whole
from pipeline.errors import InvalidAudio, Problem
from pipeline.show.settings import AudioSettings

LOUDNESS_LUFS: dict[Channels, float] = {1: -19.0, 2: -16.0}
BITRATE_KBPS: dict[Channels, int] = {1: 96, 2: 128}

# LAME scales what it codes at these constant bit rates down, to leave room for its own overshoot.
_LAME_SHIFT_DB = {64: -0.45, 96: -0.45, 128: -0.45, 160: -0.45, 192: -0.26, 256: 0.0, 320: 0.0}
# 0.3 LU is promised; the figures come in tenths, so the last half of a tenth is kept back.
_TOLERANCE_LU = 0.25
_PEAK_RESOLUTION_DB = 0.05
# MP3 raises the peaks of limited sound by about this much; the limiter stands so far below, and where that
# was not enough, lower by the excess and a margin: half a decibel is not heard, another encoding is waited for.
_CODING_OVERSHOOT_DB = 1.5
_OVERSHOOT_MARGIN_DB = 0.5
# Where peaks stand higher over the limit than this, the limiter costs loudness, and its cost is measured
# before anything is encoded.
_GENTLE_LIMITING_DB = 6.0
_LONGEST_STEP_DB = 12.0
_MOST_MEASURED_TRIALS = 8
_MOST_ENCODED_TRIALS = 4
# The level at which pieces are joined: no peak is high enough above it to clip a crossfade's WAV.
_JOINING_LUFS = -36.0
# Two pieces add up to twice the higher one at most.
_CROSSFADE_HEADROOM_DB = 6.02


@dataclass(frozen=True, slots=True)
class Mastered:
    """The untagged MP3 as it was measured; `pipeline.release.Release` says what each figure means."""

    duration_ms: int
    channels: int
    sample_rate_hz: int
    bitrate_kbps: int
    loudness_lufs: float
    true_peak_dbtp: float
    recording_start_ms: int
    recording_duration_ms: int


@dataclass(frozen=True, slots=True)
class Trial:
    """A gain that was tried, and the loudness that came of it."""

    gain_db: float
    loudness_lufs: float


def master(
    recording: Path,
    target: Path,
    settings: AudioSettings,
    *,
    intro: Path | None,
    outro: Path | None,
    report: Callable[[float], None],
) -> Mastered:
    """Write `target`, an untagged MP3: 44.1 kHz, constant bit rate, mono or joint stereo.

    Loudness is within 0.3 LU of `settings` (by default -16 LUFS stereo, -19 mono) and true peak at or under
    `settings.true_peak_dbtp`, both measured on the MP3. Where the channels are "auto" the recording decides;
    two alike ones count as mono. Intro, recording and outro are brought to one loudness and crossfaded; with
    them the recording is heard from `recording_start_ms` on. `report` gets the fraction done, 0 to 1.

    Same input and same ffmpeg, same bytes. `target` is written whole or not at all. Raises InvalidAudio for
    what `probe` refuses, for a damaged, truncated or silent recording, and for settings that no limiter can
    meet; ToolFailed when ffmpeg fails.
    """
    progress = Progress(report)
    wanted: dict[str, Channels] = {"mono": 1, "stereo": 2}
    heard = _listen(recording, wanted.get(settings.channels), progress.step(0.15))
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        joined, level = _join(heard, intro, outro, settings.crossfade_ms, Path(folder), progress)
        release = _Release(
            subject=recording,
            parts=joined.parts,
            channels=heard.channels,
            duration_ms=chain.samples_to_ms(joined.samples),
            bitrate_kbps=settings.bitrate_kbps or BITRATE_KBPS[heard.channels],
            target_lufs=LOUDNESS_LUFS[heard.channels] if settings.loudness_lufs is None else settings.loudness_lufs,
            peak_dbtp=settings.true_peak_dbtp,
            level=level,
        )
        with files.replacing(target) as temporary:
            measured = release.make(temporary, progress)
    report(1.0)
    return Mastered(
        duration_ms=chain.samples_to_ms(measured.samples),
        channels=release.channels,
        sample_rate_hz=SAMPLE_RATE_HZ,
        bitrate_kbps=release.bitrate_kbps,
        loudness_lufs=measured.integrated_lufs,
        true_peak_dbtp=measured.true_peak_dbtp,
        recording_start_ms=chain.samples_to_ms(joined.recording_start),
        recording_duration_ms=chain.samples_to_ms(heard.loudness.samples),
    )


def next_gain(trials: Sequence[Trial], wanted_lufs: float) -> float:
    """The gain to try next, in dB.

    Between a trial that came out too soft and one too loud, on the straight line between them (regula falsi,
    kept off its ends); else on the line through the last two, by 12 dB at most. A limiter gives back less
    than it is given, how much less only trying tells.
    """
    softer = [trial for trial in trials if trial.loudness_lufs <= wanted_lufs]
    louder = [trial for trial in trials if trial.loudness_lufs > wanted_lufs]
    if softer and louder:
        low = max(softer, key=lambda trial: trial.gain_db)
        high = min(louder, key=lambda trial: trial.gain_db)
        share = (wanted_lufs - low.loudness_lufs) / (high.loudness_lufs - low.loudness_lufs)
        return low.gain_db + min(0.95, max(0.05, share)) * (high.gain_db - low.gain_db)
    slope = 1.0
    if len(trials) > 1:
        before, last = trials[-2:]
        raised_db = last.gain_db - before.gain_db
        if abs(raised_db) > _PEAK_RESOLUTION_DB:
            slope = (last.loudness_lufs - before.loudness_lufs) / raised_db
    step_db = (wanted_lufs - trials[-1].loudness_lufs) / min(1.0, max(0.25, slope))
    return trials[-1].gain_db + min(_LONGEST_STEP_DB, max(-_LONGEST_STEP_DB, step_db))


@dataclass(frozen=True, slots=True)
class _Heard:
    """A file that was listened to from end to end, and the channels it will have."""

    part: Part
    channels: Channels
    loudness: Loudness

    def piece(self) -> Piece:
        """Ready for joining, at the loudness of all pieces."""
        return Piece(self.part.raised(self._joining_gain_db), self.loudness.samples)

    @property
    def joining_peak_dbtp(self) -> float:
        """The true peak of the piece."""
        return self.loudness.true_peak_dbtp + self._joining_gain_db

    @property
    def _joining_gain_db(self) -> float:
        return _JOINING_LUFS - self.loudness.integrated_lufs


@dataclass(frozen=True, slots=True)
class _Level:
    """The loudness of what is to be encoded, and its true peak."""

    integrated_lufs: float
    true_peak_dbtp: float


def _listen(path: Path, channels: Channels | None, report: Callable[[float], None] | None = None) -> _Heard:
    """Probe and measure one file whole; None leaves the channels to it."""
    probed = probe(path)
    part = Part(path, probed.channels)
    heard_in: Channels = channels or (1 if probed.channels == 1 else 2)
    measured = measure([part], heard_in, subject=path, duration_ms=probed.duration_ms, report=report)
    require_whole(path, probed, chain.samples_to_ms(measured.samples), measured.error_count)
    if measured.is_silent:
        raise InvalidAudio(
            Problem(
                str(path),
                "there is no sound in it",
                "Check that the right microphone was on; if its two channels cancel each other out, "
                "export it with one of them",
            )
        )
    if channels is None and heard_in == 2 and measured.channels_are_alike:
        return _Heard(part, 1, measured.as_mono())
    return _Heard(part, heard_in, measured)


def _join(
    heard: _Heard,
    intro: Path | None,
    outro: Path | None,
    crossfade_ms: int,
    folder: Path,
    progress: Progress,
) -> tuple[Joined, _Level]:
    if intro is None and outro is None:
        level = _Level(heard.loudness.integrated_lufs, heard.loudness.true_peak_dbtp)
        return Joined((heard.part,), heard.loudness.samples, 0), level
    opening = _listen(intro, heard.channels) if intro is not None else None
    ending = _listen(outro, heard.channels) if outro is not None else None
    joined = join(
        heard.piece(),
        intro=opening.piece() if opening is not None else None,
        outro=ending.piece() if ending is not None else None,
        crossfade_ms=crossfade_ms,
        channels=heard.channels,
        folder=folder,
        report=progress.step(0.1),
    )
    highest_dbtp = max(one.joining_peak_dbtp for one in (heard, opening, ending) if one is not None)
    return joined, _Level(_JOINING_LUFS, highest_dbtp + _CROSSFADE_HEADROOM_DB)


@dataclass(frozen=True, slots=True)
class _Release:
    """What is to be encoded, and what is wanted of it."""

    subject: Path
    parts: Sequence[Part]
    channels: Channels
    duration_ms: int
    bitrate_kbps: int
    target_lufs: float
    peak_dbtp: float
    level: _Level

    def make(self, target: Path, progress: Progress) -> Loudness:
        """Encode until the MP3 measures what is wanted; its measurement."""
        limit_dbtp = self.peak_dbtp - _CODING_OVERSHOOT_DB
        gain_db = self._first_gain(limit_dbtp, progress)
        trials: list[Trial] = []
        for _ in range(_MOST_ENCODED_TRIALS):
            self._encode(target, gain_db, limit_dbtp, progress.step(0.75))
            measured = measure(
                [Part(target, self.channels, own_container="mp3")],
                self.channels,
                subject=target,
                duration_ms=self.duration_ms,
                report=progress.step(0.5),
            )
            trials.append(Trial(gain_db, measured.integrated_lufs))
            excess_db = measured.true_peak_dbtp + _PEAK_RESOLUTION_DB - self.peak_dbtp
            is_level = abs(measured.integrated_lufs - self.target_lufs) <= _TOLERANCE_LU
            if is_level and excess_db <= 0:
                return measured
            if not is_level:
                gain_db = next_gain(trials, self.target_lufs)
            if excess_db > 0:
                limit_dbtp -= excess_db + _OVERSHOOT_MARGIN_DB
        raise self._out_of_reach(measured.integrated_lufs)

    def _first_gain(self, limit_dbtp: float, progress: Progress) -> float:
        """The gain after which, limited and encoded, the loudness should be the wanted one."""
        wanted_lufs = self.target_lufs - _LAME_SHIFT_DB[self.bitrate_kbps]
        gain_db = wanted_lufs - self.level.integrated_lufs
        if self.level.true_peak_dbtp + gain_db <= limit_dbtp + _GENTLE_LIMITING_DB:
            return gain_db
        trials: list[Trial] = []
        for _ in range(_MOST_MEASURED_TRIALS):
            measured = measure(
                self.parts,
                self.channels,
                *self._levelled(gain_db, limit_dbtp),
                subject=self.subject,
                duration_ms=self.duration_ms,
                report=progress.step(0.2),
            )
            trials.append(Trial(gain_db, measured.integrated_lufs))
            gain_db = next_gain(trials, wanted_lufs)
            if abs(measured.integrated_lufs - wanted_lufs) <= 2 * _TOLERANCE_LU:
                return gain_db
        raise self._out_of_reach(trials[-1].loudness_lufs)

    def _levelled(self, gain_db: float, limit_dbtp: float) -> list[str]:
        """Filters for the gain and, where peaks would rise over the limit, the limiter.

        alimiter knows samples only: at four times the rate they show the true peak (BS.1770, annex 2).
        """
        filters = [f"volume={gain_db:.3f}dB:precision=float"]
        if self.level.true_peak_dbtp + gain_db > limit_dbtp:
            filters += [
                f"aresample={4 * SAMPLE_RATE_HZ}",
                f"alimiter=limit={10 ** (limit_dbtp / 20):.6f}:level=0:latency=1",
                f"aresample={SAMPLE_RATE_HZ}",
            ]
        return filters

    def _encode(self, target: Path, gain_db: float, limit_dbtp: float, report: Callable[[float], None]) -> None:
        graph = chain.graph(self.parts, self.channels, *self._levelled(gain_db, limit_dbtp))
        ffmpeg.run(
            [
                *chain.inputs(self.parts),
                "-filter_complex", f"{graph}[out]", "-map", "[out]",
                "-c:a", "libmp3lame", "-b:a", f"{self.bitrate_kbps}k", "-joint_stereo", "1",
                *ffmpeg.SAME_BYTES, "-id3v2_version", "0", "-write_id3v1", "0",
                "-f", "mp3", f"file:{target}",
            ],
            subject=self.subject,
            duration_ms=self.duration_ms,
            report=report,
        )  # fmt: skip

    def _out_of_reach(self, reached_lufs: float) -> InvalidAudio:
        return InvalidAudio(
            Problem(
                str(self.subject),
                f"it cannot be brought to {self.target_lufs:g} LUFS with its true peak under "
                f"{self.peak_dbtp:g} dBTP; it came to {reached_lufs:.1f} LUFS",
                "Lower audio.loudness_lufs or raise audio.true_peak_dbtp in show.toml",
            )
        )
