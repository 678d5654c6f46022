"""One recording out of one per speaker: laid on one time line, each voice as loud as the others, then mixed.

    decode      every track to 16 kHz on its own clock             (what is reckoned with)
    align       where it lies on the first one's time line, and how fast its clock runs
    dominance   who speaks when
    voices      each track alone, on the time line, silent where another speaks; its loudness is measured there
    mix         gain to one loudness, 12 dB lower while its speaker is silent, added up: FLAC, mono, 44.1 kHz

Time 0 is where the earliest track begins. What is worked on lies in files: memory does not grow with length,
but for the levels (3 MB an hour and track).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline import files
from pipeline.audio import chain, ffmpeg, loudness
from pipeline.audio.chain import SAMPLE_RATE_HZ, Part, Progress
from pipeline.audio.probe import probe
from pipeline.audio.tracks import align, dominance, gate, sound
from pipeline.audio.tracks.align import Placement
from pipeline.audio.tracks.sound import FRAME_MS, RATE_HZ, Frames
from pipeline.errors import InvalidAudio, Problem
from pipeline.transcript import format_ms

# As an unmastered recording usually is; mastering does the rest. Lower where peaks could add up to clipping.
_VOICE_LUFS = -24.0
_HIGHEST_PEAK_DBTP = -1.0
_DUCK_DB = -12.0
_DUCK_RAMP_MS = 50
_GATE_RAMP_MS = 20
_LONGEST_GAIN_DB = 30.0
# Without anything to align by, tracks that began together also ended together. Somebody stops theirs a little later;
# who joined a minute after the others must not be laid at the beginning. What was transcribed was laid there by what
# was allowed until then, and is again: a start that is written down would make it another episode than was approved.
_SAME_LENGTH_MS = 5_000
_TRANSCRIBED_LENGTH_MS, _TRANSCRIBED_LENGTH_SHARE = 10_000, 0.1
_SLOWEST_RATE_HZ = 48_000


@dataclass(frozen=True, slots=True)
class Track:
    """One speaker's sound: a file, or one channel of it (from 0). `offset_ms` is where a person says it begins."""

    path: Path
    speaker: str
    channel: int | None = None
    offset_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Voice:
    """What was found out about a track of `length_ms`: its speaker speaks for `speech_ms`, and was given `gain_db`."""

    speaker: str
    placement: Placement
    length_ms: int
    speech_ms: int
    loudness_lufs: float
    gain_db: float


def mix(
    tracks: Sequence[Track],
    target: Path,
    voices: Sequence[Path],
    *,
    report: Callable[[float], None],
    is_transcribed: bool = False,
) -> tuple[Voice, ...]:
    """Write `target`, a FLAC of everybody on one time line, and into `voices` each speaker alone, for Whisper.

    `tracks` are two or more, each speaker once; the first one's clock counts. `voices` are as many paths; each
    becomes a mono 16-bit WAV of 16 kHz, on the same time line, silent while its speaker is. Same input and same
    ffmpeg, same bytes; `target` is written whole or not at all, and last. `is_transcribed` says that there are words on
    their time line already: then their lengths may differ by more.

    Raises InvalidAudio for what `probe` refuses, for a damaged track, for tracks of very different length that
    nothing tells how to lay over one another, and where nobody speaks; ToolFailed when ffmpeg fails.
    """
    progress = Progress(report)
    parts = [Part(one.path, probe(one.path).channels, channel=one.channel) for one in tracks]
    with _workshop(target.with_suffix(".work")) as folder:
        heard = []
        for number, part in enumerate(parts):
            decoded = folder / f"track-{number}.wav"
            sound.decode(part, decoded, progress.step(0.15))
            heard.append(align.Heard(decoded, sound.powers(decoded)))
        placements = _place(tracks, heard, is_transcribed=is_transcribed)
        lines = [_on_time_line(one.powers, placed) for one, placed in zip(heard, placements, strict=True)]
        masks = dominance.speaking(lines)
        laid = [_Laid(part, placed) for part, placed in zip(parts, placements, strict=True)]
        length_ms = max(len(one) for one in lines) * FRAME_MS + 1_000
        found: list[Voice] = []
        peaks: list[float] = []
        for number, (one, mask, speech) in enumerate(zip(laid, masks, voices, strict=True)):
            opened, ducked = folder / f"gate-{number}.wav", folder / f"duck-{number}.wav"
            wide = dominance.spans_ms(mask, before_ms=150, after_ms=250, bridge_ms=200)
            gate.write(opened, wide, length_ms, closed_db=-200.0, ramp_ms=_GATE_RAMP_MS)
            steady = dominance.spans_ms(mask, before_ms=150, after_ms=300, bridge_ms=600)
            gate.write(ducked, steady, length_ms, closed_db=_DUCK_DB, ramp_ms=_DUCK_RAMP_MS)
            measured = _voice(one, opened, speech, length_ms, progress.step(0.3))
            found.append(
                Voice(
                    tracks[number].speaker,
                    placements[number],
                    _length_ms(heard[number]),
                    int(mask.sum()) * FRAME_MS,
                    measured.integrated_lufs,
                    0.0 if measured.is_silent else _VOICE_LUFS - measured.integrated_lufs,
                )
            )
            peaks.append(measured.true_peak_dbtp)
        if not any(one.speech_ms for one in found):
            raise InvalidAudio(
                Problem(
                    ", ".join(str(one.path) for one in tracks),
                    "nobody is heard speaking in them",
                    "Listen to the recordings: are they the right files, and not silent",
                )
            )
        found = _levelled(found, peaks)
        gains = [one.gain_db for one in found]
        ducks = [folder / f"duck-{number}.wav" for number in range(len(tracks))]
        _add_up(laid, gains, ducks, target, length_ms, progress.step(1.0))
    report(1.0)
    return tuple(found)


def rates_hz(drift_ppm: float) -> tuple[int, int]:
    """Two whole sample rates whose ratio undoes a drift: sound at the first, played at the second, is in time.

    The lowest pair from 48 kHz on; ffmpeg knows no broken rates, and 1 Hz at 44.1 kHz would be 23 ppm. Good to
    0.01 ppm from 2.5 ppm on.
    """
    if not drift_ppm:
        return SAMPLE_RATE_HZ, SAMPLE_RATE_HZ
    share = abs(drift_ppm) * 1e-6
    steps = max(1, int(np.ceil(_SLOWEST_RATE_HZ * share)))
    rate_hz = round(steps / share)
    return rate_hz, rate_hz + (steps if drift_ppm > 0 else -steps)


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """An empty folder beside the target, where there is room; what a killed run left in it is gone first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(tracks: Sequence[Track], heard: Sequence[align.Heard], *, is_transcribed: bool) -> list[Placement]:
    """Where each track lies; time 0 is the earliest start."""
    placed: list[Placement] = [Placement(0, 0.0, "first")]
    for number in range(1, len(tracks)):
        track = tracks[number]
        same = next((n for n in range(number) if tracks[n].path == track.path), None)
        if same is not None:  # another channel of one and the same file
            placed.append(placed[same])
            continue
        found = _found(heard, placed, number)
        if track.offset_ms is not None:
            # The person decides on the start; a drift that was measured at that very place still helps.
            given = chain.ms_to_samples(track.offset_ms - (tracks[0].offset_ms or 0))
            near = found is not None and abs(found.start - given) < SAMPLE_RATE_HZ // 2
            drift_ppm = found.drift_ppm if found and near else 0.0
            placed.append(Placement(given, drift_ppm, "given", is_heard=found is not None))
        elif found is not None:
            placed.append(found)
        else:
            _require_same_length(tracks[0], heard[0], track, heard[number], is_transcribed=is_transcribed)
            placed.append(Placement(0, 0.0, "assumed"))
    earliest = min(one.start for one in placed)
    return [replace(one, start=one.start - earliest) for one in placed]


def _found(heard: Sequence[align.Heard], placed: Sequence[Placement], number: int) -> Placement | None:
    """By what the first track and this one hear of each other, else by what another one does that is placed."""
    for other, known in zip(heard, placed, strict=False):
        if known.how == "assumed":
            continue
        found = align.find(other, heard[number])
        if found is not None:
            pace = 1 + known.drift_ppm * 1e-6
            drift_ppm = (pace * (1 + found.drift_ppm * 1e-6) - 1) * 1e6
            return Placement(round(known.start + found.start / pace), round(drift_ppm, 1), "measured", is_heard=True)
    return None


def _length_ms(track: align.Heard) -> int:
    return round(track.seconds * 1000)


def _require_same_length(
    first: Track, one: align.Heard, track: Track, other: align.Heard, *, is_transcribed: bool
) -> None:
    lengths_ms = [_length_ms(sounding) for sounding in (one, other)]
    allowed_ms = (
        max(_TRANSCRIBED_LENGTH_MS, _TRANSCRIBED_LENGTH_SHARE * max(lengths_ms)) if is_transcribed else _SAME_LENGTH_MS
    )
    if abs(lengths_ms[0] - lengths_ms[1]) <= allowed_ms:
        return
    raise InvalidAudio(
        Problem(
            str(track.path),
            f"it lasts {format_ms(lengths_ms[1])} and {first.path.name} {format_ms(lengths_ms[0])}, and neither is "
            "heard in the other, so nothing tells where it begins",
            f"Add offset to its [[recordings]], the seconds by which it begins later than {first.path.name}: "
            "offset = 0 if they began together",
        )
    )


def _on_time_line(powers: Frames, placed: Placement) -> Frames:
    """A track's frames as the time line counts them."""
    start = placed.start * 1000 / SAMPLE_RATE_HZ / FRAME_MS
    pace = 1 + placed.drift_ppm * 1e-6
    count = int(np.ceil(start + len(powers) / pace))
    own = np.floor((np.arange(count) + 0.5 - start) * pace).astype(np.int64)
    inside = (own >= 0) & (own < len(powers))
    return np.where(inside, powers[np.clip(own, 0, max(0, len(powers) - 1))], 0.0)


@dataclass(frozen=True, slots=True)
class _Laid:
    """A track and its place on the time line."""

    part: Part
    placed: Placement

    def chain(self, number: int) -> str:
        """The beginning of a graph's chain for the input `number`: on the time line, without rumble."""
        steps = [chain.opening(number, self.part, 1), sound.HIGHPASS]
        if self.placed.drift_ppm:
            there_hz, here_hz = rates_hz(self.placed.drift_ppm)
            steps += [f"aresample={there_hz}", f"asetrate={here_hz}", f"aresample={SAMPLE_RATE_HZ}:osf=fltp"]
        if self.placed.start:
            steps.append(f"adelay=delays={self.placed.start}S")
        return ",".join(steps)


def _gain(number: int, label: str) -> str:
    return f"[{number}:a:0]aresample={SAMPLE_RATE_HZ}:osf=fltp,aformat=channel_layouts=mono[{label}]"


def _voice(
    one: _Laid, opened: Path, speech: Path, length_ms: int, report: Callable[[float], None]
) -> loudness.Loudness:
    """Write a speaker alone, and measure how loud."""
    graph = (
        f"{one.chain(0)}[track];{_gain(1, 'gain')};[track][gain]amultiply,asplit[hear][level];"
        f"[hear]aresample={RATE_HZ}:osf=s16[speech];"
        "[level]ebur128@whole=peak=true:framelog=verbose,"
        "astats@whole=measure_perchannel=none:measure_overall=RMS_level+Number_of_samples[out]"
    )
    with files.replacing(speech) as temporary:
        log = ffmpeg.run(
            [
                *chain.inputs([one.part]), *ffmpeg.own(opened, "wav"), "-filter_complex", graph,
                "-map", "[speech]", "-c:a", "pcm_s16le", *ffmpeg.SAME_BYTES, "-f", "wav", f"file:{temporary}",
                "-map", "[out]", "-f", "null", "-",
            ],
            subject=one.part.path,
            duration_ms=length_ms,
            report=report,
        )  # fmt: skip
    return loudness.read_log(log)


def _levelled(voices: Sequence[Voice], peaks_dbtp: Sequence[float]) -> list[Voice]:
    """The same voices, all softer where their peaks together could clip."""
    gains = [min(one.gain_db, _LONGEST_GAIN_DB) for one in voices]
    together = sum(10 ** ((peak + gain) / 20) for peak, gain in zip(peaks_dbtp, gains, strict=True))
    excess_db = max(0.0, 20 * float(np.log10(max(together, 1e-9))) - _HIGHEST_PEAK_DBTP)
    return [replace(one, gain_db=round(gain - excess_db, 2)) for one, gain in zip(voices, gains, strict=True)]


def _add_up(
    laid: Sequence[_Laid],
    gains_db: Sequence[float],
    ducks: Sequence[Path],
    target: Path,
    length_ms: int,
    report: Callable[[float], None],
) -> None:
    count = len(laid)
    chains = [
        f"{one.chain(number)},volume={gain_db:.3f}dB:precision=float[track{number}];"
        f"{_gain(count + number, f'gain{number}')};[track{number}][gain{number}]amultiply[voice{number}]"
        for number, (one, gain_db) in enumerate(zip(laid, gains_db, strict=True))
    ]
    labels = "".join(f"[voice{number}]" for number in range(count))
    graph = ";".join((*chains, f"{labels}amix=inputs={count}:duration=longest:normalize=0[mixed]"))
    with files.replacing(target) as temporary:
        ffmpeg.run(
            [
                *chain.inputs([one.part for one in laid]),
                *(argument for duck in ducks for argument in ffmpeg.own(duck, "wav")),
                "-filter_complex", graph, "-map", "[mixed]", "-c:a", "flac", "-sample_fmt", "s32",
                *ffmpeg.SAME_BYTES, "-f", "flac", f"file:{temporary}",
            ],
            subject=target,
            duration_ms=length_ms,
            report=report,
        )  # fmt: skip
