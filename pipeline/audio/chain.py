"""From files to one stream of samples: decode, shape, cut, join.

Every chain begins the same way, so that one second is the same second everywhere: in the release, in the
review proxy, in what Whisper hears and in the waveform. Time 0 is where the container begins; where its
timestamps leave a hole (audio that starts after the picture, a browser that sent nothing) there is silence.

Samples are 32-bit floats at 44.1 kHz until they are written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pipeline.audio import ffmpeg

SAMPLE_RATE_HZ = 44_100

Channels = Literal[1, 2]

_DECODE = f"aresample={SAMPLE_RATE_HZ}:async=1:first_pts=0:osf=fltp"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file, `start` to `end` in samples of the chain, raised by `gain_db`.

    `channel` (from 0) takes one channel of the file, as a mono sound of its own. `own_container` names the
    container of a file this program wrote; others are opened as foreign.
    """

    path: Path
    source_channels: int
    gain_db: float = 0.0
    start: int = 0
    end: int | None = None
    own_container: str | None = None
    channel: int | None = None

    def raised(self, gain_db: float) -> Part:
        """The same stretch, louder by `gain_db`."""
        return replace(self, gain_db=self.gain_db + gain_db)

    def cut(self, start: int, end: int | None) -> Part:
        """The samples from `start` up to `end` of the file."""
        return replace(self, start=start, end=end)


def inputs(parts: Sequence[Part]) -> list[str]:
    """ffmpeg's arguments that open the parts, in their order."""
    return [
        argument
        for part in parts
        for argument in (ffmpeg.own(part.path, part.own_container) if part.own_container else ffmpeg.foreign(part.path))
    ]


def graph(parts: Sequence[Part], channels: Channels, *filters: str) -> str:
    """A filter graph that joins the parts end to end and sends them through `filters`.

    The last filter's output has no label unless the filter names one.
    """
    ending = ",".join(filters)
    if len(parts) == 1:
        return f"{opening(0, parts[0], channels)},{ending}"
    heads = "".join(f"{opening(n, part, channels)}[part{n}];" for n, part in enumerate(parts))
    labels = "".join(f"[part{n}]" for n in range(len(parts)))
    return f"{heads}{labels}concat=n={len(parts)}:v=0:a=1,{ending}"


def opening(number: int, part: Part, channels: Channels) -> str:
    """The beginning of a graph's chain for the input `number`: decoded and shaped, with no label at its end."""
    return f"[{number}:a:0]{_part(part, channels)}"


def samples_to_ms(samples: int) -> int:
    """Samples of the chain as milliseconds, to the nearest."""
    return round(samples * 1000 / SAMPLE_RATE_HZ)


def ms_to_samples(time_ms: int) -> int:
    """Milliseconds as samples of the chain, to the nearest."""
    return round(time_ms * SAMPLE_RATE_HZ / 1000)


def _part(part: Part, channels: Channels) -> str:
    if part.channel is None:
        steps = [_DECODE, *_shape(part.source_channels, channels)]
    else:
        steps = [_DECODE, f"pan=mono|c0=c{part.channel}", *_shape(1, channels)]
    if part.start or part.end is not None:
        end = "" if part.end is None else f":end_sample={part.end}"
        steps += [f"atrim=start_sample={part.start}{end}", "asetpts=N/SR/TB"]
    if part.gain_db:
        steps.append(f"volume={part.gain_db:.3f}dB:precision=float")
    return ",".join(steps)


def _shape(source_channels: int, channels: Channels) -> list[str]:
    # Written out, because ffmpeg's own mixing to mono halves in integers and does not in floats.
    if source_channels == channels:
        return []
    if source_channels == 1:
        return ["pan=stereo|c0=c0|c1=c0"]
    wide = ["aformat=channel_layouts=stereo"] if source_channels > 2 else []
    return wide if channels == 2 else [*wide, "pan=mono|c0=0.5*c0+0.5*c1"]


class Progress:
    """One bar from 0 to 1 for several steps, one after another; it never runs backwards."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._reached = 0.0

    def step(self, share: float) -> Callable[[float], None]:
        """The bar of the next step, which fills `share` (0 to 1) of what is left."""
        start = self._reached
        width = (1.0 - start) * share

        def report(fraction: float) -> None:
            self._reached = max(self._reached, start + width * min(1.0, fraction))
            self._report(self._reached)

        return report
