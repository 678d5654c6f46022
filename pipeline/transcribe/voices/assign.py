"""Whose words are whose: the machine's words under the voices that were told apart.

A word belongs to the voice that speaks in its middle. Whisper's times are up to 0.6 s wrong where speakers change, and
people change at the ends of sentences: so a change just beside one is moved there. Where it stays unsure, the words say
so, and the editor's queue asks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from pipeline.transcribe.voices.diarizer import Turn
from pipeline.transcript import MachineSegment, MachineWord, SpeakerDoubt

SHORT_MS = 2000
_FAR_MS = 500
_SNAP_MS = 700
_SNAP_WORDS = 2
_PAUSE_MS = 500
_ENDS = re.compile(r"[.!?…؟۔।॥。！？｡][\"'”’»›)\]}）」』】]*$")


def voice_name(voice: int) -> str:
    """What a voice is called until somebody says whose it is."""
    return f"Voice {voice + 1}"


@dataclass(frozen=True, slots=True)
class _Placed:
    word: MachineWord
    segment: int
    voice: int
    doubt: SpeakerDoubt | None


def assign(
    segments: Sequence[MachineSegment], turns: Sequence[Turn], *, low_margin: float = 0.0
) -> tuple[MachineSegment, ...]:
    """The same words in the same order, in segments cut where voices change, each with its speaker and its doubt.

    `turns` are in the order of time. Without any, the segments are as they were.
    """
    if not turns:
        return tuple(segments)
    placed = list(_placed(segments, turns, low_margin))
    moved = _at_sentence_ends(placed)
    voices = _without_splinters(placed, moved)
    placed = [
        replace(one, voice=voice, doubt="short" if voice != before or (voice != one.voice and one.doubt) else one.doubt)
        for one, before, voice in zip(placed, moved, voices, strict=True)
    ]
    return tuple(
        replace(
            segments[number],
            words=tuple(one.word for one in run),
            speaker=voice_name(voice),
            speaker_doubt=doubt,
        )
        for (number, voice, doubt), run in groupby(placed, key=lambda one: (one.segment, one.voice, one.doubt))
    )


def _placed(segments: Sequence[MachineSegment], turns: Sequence[Turn], low_margin: float) -> Iterator[_Placed]:
    doubts = _doubts(turns, low_margin)
    starts = [turn.start_ms for turn in turns]
    longest_ms = max(turn.end_ms - turn.start_ms for turn in turns)
    before: int | None = None
    for number, segment in enumerate(segments):
        for word in segment.words:
            middle_ms = (word.start_ms + word.end_ms) // 2
            last = bisect_right(starts, middle_ms)
            first = bisect_right(starts, middle_ms - longest_ms - 1)
            around = [place for place in range(first, last) if turns[place].end_ms > middle_ms]
            # Where two speak at once, whoever has the word keeps it.
            place = next((one for one in around if turns[one].voice == before), around[-1] if around else None)
            doubt: SpeakerDoubt | None
            if place is None:
                near = range(max(0, first - 1), min(len(turns), last + 1))
                place = min(near, key=lambda one: _distance_ms(turns[one], middle_ms))
                doubt = doubts[place] if _distance_ms(turns[place], middle_ms) <= _FAR_MS else "unheard"
            else:
                doubt = "together" if len({turns[one].voice for one in around}) > 1 else doubts[place]
            before = turns[place].voice
            yield _Placed(word, number, before, doubt)


def _distance_ms(turn: Turn, time_ms: int) -> int:
    return max(turn.start_ms - time_ms, time_ms - turn.end_ms, 0)


def _doubts(turns: Sequence[Turn], low_margin: float) -> list[SpeakerDoubt | None]:
    """What is unsure of each turn: pauses do not make a turn short, another voice does."""
    doubts: list[SpeakerDoubt | None] = []
    for _, group in groupby(turns, key=lambda turn: turn.voice):
        run = list(group)
        is_short = sum(turn.end_ms - turn.start_ms for turn in run) < SHORT_MS
        for turn in run:
            is_near = turn.margin is not None and turn.margin < low_margin
            doubts.append("short" if is_short else "near" if is_near else None)
    return doubts if len({turn.voice for turn in turns}) > 1 else [None] * len(turns)


def _at_sentence_ends(placed: Sequence[_Placed]) -> list[int]:
    """The voices, with every change moved to a sentence end that is near enough in words and in time spoken.

    Whisper likes to set the first word of an answer at the end of the question, before the pause between them.
    """
    voices = [one.voice for one in placed]
    changes = [place for place in range(1, len(voices)) if voices[place] != voices[place - 1]]
    floor = 0
    for number, change in enumerate(changes):
        ceiling = changes[number + 1] if number + 1 < len(changes) else len(voices)
        near = [
            place
            for place in range(max(floor + 1, change - _SNAP_WORDS), min(ceiling, change + _SNAP_WORDS + 1))
            if _ENDS.search(placed[place - 1].word.text)
            and _spoken_ms(placed, min(place, change), max(place, change)) <= _SNAP_MS
        ]
        moved = min(near, key=lambda place: abs(place - change), default=change)
        earlier, later = voices[change - 1], voices[change]
        for place in range(min(moved, change), max(moved, change)):
            voices[place] = later if moved < change else earlier
        floor = moved
    return voices


def _spoken_ms(placed: Sequence[_Placed], first: int, end: int) -> int:
    """From one word's beginning to another's, without pauses."""
    words = [one.word for one in placed[first : end + 1]]
    return sum(
        word.end_ms - word.start_ms if after.start_ms - word.end_ms > _PAUSE_MS else after.start_ms - word.start_ms
        for word, after in pairwise(words)
    )


def _without_splinters(placed: Sequence[_Placed], found: Sequence[int]) -> list[int]:
    """One or two words in the middle of another's sentence are that other's: nobody's answer begins and ends there."""
    voices = list(found)
    runs = [(voice, [place for place, _ in run]) for voice, run in groupby(enumerate(found), key=lambda one: one[1])]
    for (_, head), (_, run), (after, _) in zip(runs, runs[1:], runs[2:], strict=False):
        before = voices[head[-1]]  # which may have been given to another just now
        if (
            before == after
            and len(run) <= _SNAP_WORDS
            and not _ENDS.search(placed[head[-1]].word.text)
            and not _ENDS.search(placed[run[-1]].word.text)
        ):
            for place in run:
                voices[place] = before
    return voices
