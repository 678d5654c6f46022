"""What in an engine's own words and figures shows that it heard wrongly: loops, words over silence, haste.

Pure: nothing is decoded here. `again.py` hears what is suspicious a second time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from operator import eq

from pipeline.transcript import MachineSegment, MachineWord, Mark, Stretch

COMPRESSION_HIGH = 2.4  # Whisper's own threshold for decoding a window again
GUESS_LOG_PROBABILITY = -1.0  # and its own for a window that it could not decode
NO_SPEECH_HIGH = 0.6  # Whisper's own threshold for leaving a window out
CHARACTERS_PER_SECOND_MAX = 25
_FAST_MIN_CHARACTERS = 60  # who talks freely says a short sentence as fast as that
# A phrase of so many words, so many times in a row; "no, no, no" is speech.
_LOOP_WORDS_MAX = 10
_LOOP_TIMES = {1: 4}
_LOOP_TIMES_OF_LONGER = 3
# Who says "yes" while another tells a story says it again and again, with more than this between.
_LOOP_PAUSE_MAX_MS = 2_000
_WORD_TIMES_ARE_RIGHT_TO_MS = 300
# Told to expect English, Whisper turns other languages into fluent English, and is less sure of it than of English:
# measured over French, Spanish and Russian -0.40 to -0.68 and below 0.85, over English -0.17 to -0.29 and above 0.9.
_UNSURE_LOG_PROBABILITY = -0.35
_UNSURE_WORDS = 0.8
_NOT_QUITE_SURE_WORDS = 0.9


def faults(segment: MachineSegment, speech: Sequence[Stretch] | None = None) -> tuple[Mark, ...]:
    """What is wrong with a segment, the gravest first; nothing for most.

    `speech` are the stretches in which a voice detector hears somebody, in order; without it only the engine's own
    figure tells of words over silence.
    """
    found: list[Mark] = []
    if segment.compression_ratio > COMPRESSION_HIGH or repeats(segment.words):
        found.append("loop")
    if segment.no_speech_probability > NO_SPEECH_HIGH or (speech is not None and _is_over_silence(segment, speech)):
        found.append("over-silence")
    if _is_fast(segment.words):
        found.append("fast")
    return tuple(found)


def faults_of_each(
    segments: Sequence[MachineSegment], speech: Sequence[Stretch] | None = None
) -> tuple[tuple[Mark, ...], ...]:
    """`faults` of every segment, in their order, with the loops that go on from one into the next.

    A segment is often one sentence, and what an engine repeats is often whole ones.
    """
    looping = _in_a_loop(segments)
    return tuple(
        ("loop", *found) if number in looping and "loop" not in found else found
        for number, found in enumerate(faults(one, speech) for one in segments)
    )


def repeats(words: Sequence[MachineWord]) -> bool:
    """Whether one to ten words stand there three times or more in a row, a single word four times."""
    return next(_repeated(words), None) is not None


def _repeated(words: Sequence[MachineWord]) -> Iterator[tuple[int, int]]:
    """The places (first, and one past the last) of words that `repeats` means."""
    # Words without letters are equal to nothing.
    keys: list[object] = [_letters(word.text) or object() for word in words]
    for length in range(1, min(_LOOP_WORDS_MAX, len(keys)) + 1):
        again = bytes(map(eq, keys, keys[length:]))
        times = _LOOP_TIMES.get(length, _LOOP_TIMES_OF_LONGER)
        for run in re.finditer(b"\1{%d,}" % (length * (times - 1)), again):
            yield run.start(), run.end() + length


def _in_a_loop(segments: Sequence[MachineSegment]) -> set[int]:
    """The numbers of segments with words that are said again and again, without a long pause between them."""
    placed = [(number, word) for number, segment in enumerate(segments) for word in segment.words]
    found: set[int] = set()
    start = 0
    for place in range(1, len(placed) + 1):
        if place < len(placed) and placed[place][1].start_ms - placed[place - 1][1].end_ms <= _LOOP_PAUSE_MAX_MS:
            continue
        talk = placed[start:place]
        for first, end in _repeated([word for _, word in talk]):
            found.update(number for number, _ in talk[first:end])
        start = place
    return found


def sureness(words: Sequence[MachineWord]) -> float:
    """The mean probability of words; 0.0 of none."""
    return sum(word.probability for word in words) / len(words) if words else 0.0


def is_unsure(segment: MachineSegment) -> bool:
    """Whether the engine is so unsure as where another language is spoken; most who are merely unclear are surer."""
    return segment.average_log_probability < _UNSURE_LOG_PROBABILITY and sureness(segment.words) < _UNSURE_WORDS


def is_not_quite_sure(segment: MachineSegment) -> bool:
    """Whether a segment beside one that is unsure may belong to it."""
    return segment.average_log_probability < _UNSURE_LOG_PROBABILITY and sureness(segment.words) < _NOT_QUITE_SURE_WORDS


def script_of(words: Sequence[MachineWord]) -> str:
    """The script of the first letter, as Unicode names it (LATIN, CYRILLIC); "" where there are no letters."""
    letter = next((one for word in words for one in word.text if one.isalpha()), "")
    return unicodedata.name(letter, "").partition(" ")[0] if letter else ""


def overlap_ms(stretch: Stretch, others: Sequence[Stretch]) -> int:
    """How much of `stretch` lies in `others`, which do not overlap."""
    return sum(max(0, min(stretch[1], end) - max(stretch[0], start)) for start, end in others)


def _is_over_silence(segment: MachineSegment, speech: Sequence[Stretch]) -> bool:
    margin = _WORD_TIMES_ARE_RIGHT_TO_MS
    outside = sum(not overlap_ms((word.start_ms - margin, word.end_ms + margin), speech) for word in segment.words)
    return outside * 2 > len(segment.words)


def _is_fast(words: Sequence[MachineWord]) -> bool:
    length = sum(len(word.text) for word in words)
    duration_ms = max(1, words[-1].end_ms - words[0].start_ms) if words else 1
    return length >= _FAST_MIN_CHARACTERS and length * 1000 > CHARACTERS_PER_SECOND_MAX * duration_ms


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())
