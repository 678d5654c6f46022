"""What a recording is, and whether it is whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from mutagen.mp3 import BitrateMode, HeaderNotFoundError, MPEGInfo

from pipeline.audio.ffmpeg import FORMATS, LONGEST_MS, too_long
from pipeline.errors import InvalidAudio, Problem
from pipeline.transcript import format_ms

SHORTEST_MS = 1_000
MOST_CHANNELS = 8
MOST_HZ = 768_000  # beyond what any recorder writes; memory grows with it

_MISSING_MS = 1_000
_RIFF_UNKNOWN_BYTES = 0xFFFF0000
_GAP_S = 0.05
_EDGE_START_MS = 100
_EDGE_END_MS = 1_000
_MOST_FAULTS = 1_000
# This runs in our own process, where nobody else could stop it: no step of reading takes longer, nor does looking for
# the place of a fault.
_STEP_S = 60.0
_LOOKING_S = 1_200.0
_OTHER_FORMATS = "Export it as WAV, FLAC, MP3, M4A, Ogg or Opus"


@dataclass(frozen=True, slots=True)
class Probe:
    """The first audio stream of a file, as its header tells it.

    `duration_is_reckoned` where the file does not say how long it is (MP3 without a Xing header, raw AAC), or
    says only how long its picture is: then `duration_ms` is good for a progress bar and for nothing else.
    """

    container: str
    codec: str
    channels: int
    sample_rate_hz: int
    duration_ms: int
    duration_is_reckoned: bool


def probe(path: Path) -> Probe:
    """Look at a recording, or the audio of a video.

    Raises InvalidAudio when it is no regular file, holds no audio, is shorter than a second or longer than a day, has
    more channels or samples than any recorder writes, or is in a container that is not known here (a playlist, a
    text): nothing but the file itself is ever opened.
    """
    _require_regular_file(path)
    with _open(path) as container:
        stream = _audio_stream(path, container)
        context = stream.codec_context
        if context.channels > MOST_CHANNELS:
            raise InvalidAudio(
                Problem(
                    str(path),
                    f"it has {context.channels} channels, and {MOST_CHANNELS} are the most that can be mixed",
                    "Export it as mono or stereo, or one file per speaker",
                )
            )
        if (stream.rate or 0) > MOST_HZ:
            what = f"it says that it has {stream.rate:,} samples a second, and {MOST_HZ:,} are the most that are read"
            raise InvalidAudio(Problem(str(path), what, "Export it anew, at 44,100 or 48,000"))
        name = container.format.name.split(",")[0]
        duration_ms, reckoned = _duration(path, container, stream)
        if duration_ms < SHORTEST_MS:
            raise InvalidAudio(
                Problem(
                    str(path),
                    f"it lasts only {duration_ms / 1000:.1f} seconds",
                    "Check that the right file was copied, whole; a recording lasts a second at least",
                )
            )
        if duration_ms > LONGEST_MS:
            raise InvalidAudio(too_long(path))
        return Probe(name, context.codec.canonical_name, context.channels, stream.rate or 0, duration_ms, reckoned)


def require_whole(path: Path, probed: Probe, decoded_ms: int, error_count: int) -> None:
    """Raise InvalidAudio when a recording stops before its end or is damaged within.

    `decoded_ms` is what decoding gave, `error_count` how many errors ffmpeg logged. A fault in the first
    tenth of a second or in the last second is let pass: that is where tags and cut streams leave crumbs.
    """
    if error_count:
        for fault_ms in _faults(path):
            if _EDGE_START_MS < fault_ms < decoded_ms - _EDGE_END_MS:
                raise InvalidAudio(
                    Problem(
                        f"{path} at {format_ms(fault_ms)}",
                        "the recording is damaged here and cannot be decoded",
                        "Copy it again from the recorder; if it is the only copy, cut the damage out and "
                        "export it as WAV or FLAC",
                    )
                )
    if not probed.duration_is_reckoned and probed.duration_ms - decoded_ms > _MISSING_MS:
        raise InvalidAudio(
            Problem(
                f"{path} at {format_ms(decoded_ms)}",
                f"the recording stops here, though its header promises {format_ms(probed.duration_ms)}",
                "Copy it again from the recorder; if this is all there is, export it as WAV or FLAC",
            )
        )


def _require_regular_file(path: Path) -> None:
    if not path.exists():
        raise InvalidAudio(Problem(str(path), "there is no such file", "Put it there, or mend its name"))
    if not path.is_file():
        raise InvalidAudio(Problem(str(path), "it is not a file", "Name the recording itself"))
    if path.stat().st_size == 0:
        raise InvalidAudio(
            Problem(str(path), "it is empty", "Copy it again; the recorder or the disk may have been full")
        )


@contextmanager
def _open(path: Path) -> Iterator[InputContainer]:
    # The same whitelist as on ffmpeg's command line, for the same reason (see ffmpeg.py).
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS, "err_detect": "crccheck"}
    try:
        with av.open(f"file:{path}", options=options, metadata_errors="ignore", timeout=_STEP_S) as container:
            yield container
    except (av.error.FFmpegError, ValueError) as error:
        raise InvalidAudio(
            Problem(
                str(path),
                "it is not a recording that can be read, whatever its name says",
                f"Check that it plays; one that was cut short in copying may not. {_OTHER_FORMATS}",
            )
        ) from error


def _audio_stream(path: Path, container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise InvalidAudio(Problem(str(path), "there is no audio in it", _OTHER_FORMATS))
    stream = container.streams.audio[0]
    try:
        usable = stream.codec_context is not None and stream.codec_context.channels > 0
    except (av.error.FFmpegError, AttributeError):
        usable = False
    if not usable:
        raise InvalidAudio(Problem(str(path), "its audio is in a coding that is not known here", _OTHER_FORMATS))
    return stream


def _duration(path: Path, container: InputContainer, stream: AudioStream) -> tuple[int, bool]:
    if stream.duration is not None and stream.time_base is not None:
        duration_ms = round(stream.duration * stream.time_base * 1000)
        if container.format.name == "wav":
            duration_ms = round(duration_ms * max(1.0, _promised_bytes(path) / path.stat().st_size))
        return duration_ms, _is_reckoned(path, container)
    if container.duration is not None:
        # Of the whole container: beside audio, only a longer picture or subtitles could set it.
        return container.duration // (av.time_base // 1000), len(container.streams) > 1
    # Browsers record WebM without a duration: what is there is counted.
    end_ms = 0
    for packet in container.demux(stream):
        if packet.pts is not None and packet.time_base is not None:
            end_ms = max(end_ms, round((packet.pts + (packet.duration or 0)) * packet.time_base * 1000))
            if end_ms > LONGEST_MS:
                break
    return end_ms, True


def _is_reckoned(path: Path, container: InputContainer) -> bool:
    if container.format.name == "aac":
        return True
    if container.format.name != "mp3":
        return False
    try:
        with path.open("rb") as stream:
            return bool(MPEGInfo(stream).bitrate_mode == BitrateMode.UNKNOWN)
    except (HeaderNotFoundError, OSError, ValueError):
        return True


def _promised_bytes(path: Path) -> int:
    """How long a WAV says it is, where ffmpeg only says how long it found it; 0 where it does not say.

    RIFF: the size after the first four bytes counts what follows it. A recorder that lost its power, or one
    that writes to a pipe, leaves a size of nothing or of the most.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
    size_bytes = int.from_bytes(head[4:8], "little") + 8
    return size_bytes if head[:4] == b"RIFF" and size_bytes < _RIFF_UNKNOWN_BYTES else 0


def _faults(path: Path) -> Iterator[int]:
    """The times, in ms, of what cannot be decoded or is missing between packets, in their order."""
    with _open(path) as container:
        stream = _audio_stream(path, container)
        stream.codec_context.options = {"err_detect": "crccheck+explode"}
        start_s = (container.start_time or 0) / av.time_base
        packets = container.demux(stream)
        reached_s: float | None = None
        until_s = time.monotonic() + _LOOKING_S
        for _ in range(_MOST_FAULTS):
            try:
                for packet in packets:
                    if time.monotonic() > until_s:
                        what = "it is damaged, and the place was not found in time"
                        raise InvalidAudio(Problem(str(path), what, "Copy it again from the recorder"))
                    for frame in packet.decode():
                        if reached_s is not None and (frame.time or reached_s) - reached_s > _GAP_S:
                            yield round((reached_s - start_s) * 1000)
                        began_s = frame.time if frame.time is not None else reached_s or 0.0
                        reached_s = began_s + frame.samples / frame.sample_rate
                return
            except av.error.FFmpegError:
                yield round(((reached_s or start_s) - start_s) * 1000)
