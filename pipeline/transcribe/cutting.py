"""Where a long recording is cut: in its pauses, at places that the sound alone decides.

So the pieces, and with them the words, are the same on every machine and with every number of workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pipeline.transcribe.sound import SAMPLE_RATE_HZ, read_frames, speech_ms

if TYPE_CHECKING:
    import numpy

    Levels: TypeAlias = numpy.typing.NDArray[numpy.int64]

WHOLE_MS = 240_000  # what is shorter stays in one piece
_PIECE_MS = 150_000
_SEARCHED_MS = 20_000  # on either side of the place that would make the pieces equal
_FRAME_MS = 10
# A pause that nobody speaks in is half a second or more; where there is none, the breath between two words will do.
_PAUSES_FRAMES = (50, 20, 8)
# In a pause the loudest moment is so much softer than all around it on the average.
_QUIET_DB = 10.0
_BLOCK_MS = 60_000
# Within so many decibels two places are equally quiet, and the one nearer to the middle is better.
_STEP_DB = 3.0


@dataclass(frozen=True, order=True)
class Piece:
    """A stretch of the recording, in ms."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


def cut(speech: Path) -> tuple[Piece, ...]:
    """The pieces of our WAV `speech`, from beginning to end without a gap; one when it is shorter than WHOLE_MS.

    Pieces have one to four minutes, and from eight minutes on they come in fours, so that two workers or four
    finish together. The file is read in blocks. Raises InvalidAudio.
    """
    length_ms = speech_ms(speech)
    count = _count(length_ms)
    if count == 1:
        return (Piece(0, length_ms),)
    levels = levels_of(speech)
    places = [0, *(quietest(levels, length_ms * number // count) for number in range(1, count)), length_ms]
    return tuple(Piece(start, end) for start, end in pairwise(places))


def _count(length_ms: int) -> int:
    if length_ms < WHOLE_MS:
        return 1
    if length_ms < 2 * WHOLE_MS:
        return 2
    return 4 * max(1, round(length_ms / _PIECE_MS / 4))


def levels_of(speech: Path) -> Levels:
    """The energy of every 10 ms of our WAV `speech`. Raises InvalidAudio."""
    import numpy as np  # noqa: PLC0415  the modules of this room import in a moment; numpy does not

    frame = SAMPLE_RATE_HZ * _FRAME_MS // 1000
    blocks: list[Any] = []
    for start_ms in range(0, speech_ms(speech), _BLOCK_MS):
        samples = np.frombuffer(read_frames(speech, start_ms, start_ms + _BLOCK_MS), dtype="<i2").astype(np.int64)
        blocks.append(np.square(samples[: len(samples) // frame * frame].reshape(-1, frame)).sum(axis=1))
    return np.concatenate(blocks)


def quietest(levels: Levels, target_ms: int) -> int:
    """The middle of the half second near `target_ms` in which the loudest moment is quietest.

    Where that is no pause, because somebody speaks on or something sounds throughout, of a shorter moment: in the
    middle of half a second there would be a word.
    """
    import numpy as np  # noqa: PLC0415  as above

    target = target_ms // _FRAME_MS
    reach = _SEARCHED_MS // _FRAME_MS
    first = max(0, target - reach)
    around = levels[first : target + reach]
    quiet_enough = around.mean() / 10 ** (_QUIET_DB / 10)
    place = target
    for length in _PAUSES_FRAMES:
        loudest = np.lib.stride_tricks.sliding_window_view(around, length).max(axis=1)
        steps = np.floor(10 * np.log10(loudest + 1) / _STEP_DB).astype(int)
        middles = first + np.arange(len(steps)) + length // 2
        quiet = middles[steps == steps.min()]
        place = int(quiet[np.argmin(np.abs(quiet - target))])
        if loudest.min() <= quiet_enough:
            break
    return place * _FRAME_MS
