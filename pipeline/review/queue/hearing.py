"""Stretches in which the hearing itself failed: speech without words, words over silence, loops, haste, languages.

Some of it was found when the recording was transcribed, and is marked in machine.json; some shows in the words.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from operator import eq

from pipeline.review.queue.words import Found, Word, by_paragraph, in_time, runs, stretch, untouched
from pipeline.transcript import MachineSegment, Stretch

CHARACTERS_PER_SECOND_MAX = 25
NO_SPEECH_HIGH = 0.6  # Whisper's own threshold for leaving a segment out
COMPRESSION_HIGH = 2.4  # Whisper's own threshold for decoding a segment again
_WORD_TIMES_ARE_RIGHT_TO_MS = 300
_FAST_WINDOW_WORDS = 8
_FAST_MIN_CHARACTERS = 20
_FAST = "these words come faster than anybody speaks"
_LOOP_TIMES = {1: 4}  # "no, no, no" is speech
_LOOP_TIMES_OF_LONGER = 3
_LOOP_MAX_WORDS = 10
_FOREIGN_IN_OTHER_SCRIPTS_WORDS = 3  # NATO in a Russian text is no change of language


def dropped(words: Sequence[Word], stretches: Sequence[Stretch]) -> Iterator[Found]:
    """Where somebody speaks and nothing was written, told at the word before; until words are written there."""
    by_time = sorted(range(len(words)), key=lambda place: words[place].timed.start_ms)
    starts = [words[place].timed.start_ms for place in by_time]
    for start_ms, end_ms in stretches:
        first = bisect_left(starts, start_ms)
        if not words or bisect_left(starts, end_ms - _WORD_TIMES_ARE_RIGHT_TO_MS) > first:
            continue
        place = by_time[max(0, first - 1)]
        where = "after this" if first else "before this"
        why = f"{where}, somebody speaks for {_seconds(end_ms - start_ms)}, and nothing is written"
        yield Found("dropped", place, place, why, start_ms=start_ms)


def silence(
    words: Sequence[Word], segments: Sequence[MachineSegment], silences: Sequence[tuple[int, int]]
) -> Iterator[Found]:
    """Words in segments that the engine thinks empty, and words where the waveform is flat."""
    places = in_time(words)
    for segment in segments:
        if "over-silence" in segment.marks or segment.no_speech_probability > NO_SPEECH_HIGH:
            why = "no voice is heard here, and there are words"
            if segment.no_speech_probability > NO_SPEECH_HIGH:
                percent = round(100 * segment.no_speech_probability)
                why = f"the engine thinks it {percent} % likely that nobody speaks here"
            for first, last in _in_segment(words, places, segment):
                yield Found("silence", first, last, why)
    for start_ms, end_ms in silences:
        for first, last in stretch(words, places, start_ms, end_ms):
            inside = [place for place in range(first, last + 1) if words[place].timed.end_ms <= end_ms]
            if inside:
                yield Found("silence", inside[0], inside[-1], "there is text here, and the recording is silent")


def repetition(words: Sequence[Word], segments: Sequence[MachineSegment]) -> Iterator[Found]:
    """Words that stand several times in a row, and segments that compress as only loops do."""
    # Words without a key are equal to nothing.
    keys: list[object] = [word.key or object() for word in words]
    for length in range(1, _LOOP_MAX_WORDS + 1):
        again = bytes(map(eq, keys, keys[length:]))
        needed = _LOOP_TIMES.get(length, _LOOP_TIMES_OF_LONGER)
        for run in re.finditer(b"\1{%d,}" % (length * (needed - 1)), again):
            first, times = run.start(), (run.end() - run.start()) // length + 1
            if words[first].machine is not None:
                phrase = " ".join(word.timed.text for word in words[first : first + length])
                for start, stop in by_paragraph(words, first, first + times * length - 1):
                    yield Found("repetition", start, stop, f"“{phrase}” stands here {times} times in a row")
    places = in_time(words)
    for segment in segments:
        if "loop" in segment.marks or segment.compression_ratio > COMPRESSION_HIGH:
            twice = ", also when it heard this a second time" if "redecoded" in segment.marks else ""
            for first, last in _in_segment(words, places, segment):
                yield Found("repetition", first, last, f"the engine repeated itself here{twice}")


def fast(words: Sequence[Word], segments: Sequence[MachineSegment]) -> Iterator[Found]:
    """Words that come faster than anybody speaks: a whole segment, as it was marked, or a few in one."""
    places = in_time(words)
    for segment in segments:
        if "fast" in segment.marks:
            for first, last in _in_segment(words, places, segment):
                yield Found("fast", first, last, _FAST)
    stretches = groupby(untouched(words), key=lambda place: (words[place].paragraph, words[place].segment))
    for _, group in stretches:
        run = list(group)
        step = min(_FAST_WINDOW_WORDS, len(run))
        for window in (run[start : start + step] for start in range(len(run) - step + 1)):
            length = sum(len(words[place].timed.text) + 1 for place in window) - 1
            duration_ms = max(1, words[window[-1]].timed.end_ms - words[window[0]].timed.start_ms)
            if length >= _FAST_MIN_CHARACTERS and length * 1000 > CHARACTERS_PER_SECOND_MAX * duration_ms:
                yield Found("fast", window[0], window[-1], _FAST)


def language(words: Sequence[Word], segments: Sequence[MachineSegment]) -> Iterator[Found]:
    """Segments that were heard as another language, and words in another script than most."""
    places = in_time(words)
    for segment in segments:
        if "language" in segment.marks:
            why = "another language seems to be spoken here"
            if segment.language:
                why = f"this was heard as another language ({segment.language}), and written in it"
            for first, last in _in_segment(words, places, segment):
                yield Found("language", first, last, why)
    # What is known to be in another language may well be in another script.
    known = {number for number, segment in enumerate(segments) if segment.language}
    scripts = ["" if word.segment in known else _script(word.key) for word in words]
    counted = Counter(script for script in scripts if script)
    if len(counted) < 2:
        return
    main = counted.most_common(1)[0][0]
    needed = 1 if main == "LATIN" else _FOREIGN_IN_OTHER_SCRIPTS_WORDS
    by_word = {id(word): script for word, script in zip(words, scripts, strict=True)}
    for first, last in runs(words, lambda word: word.machine is not None and by_word[id(word)] not in ("", main)):
        if last - first + 1 >= needed:
            yield Found("language", first, last, "the script changes here, perhaps the language too")


def _script(key: str) -> str:
    return next((script for character in key if (script := _script_of(character))), "")


@lru_cache(maxsize=16_384)
def _script_of(character: str) -> str:
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").partition(" ")[0]
    # Japanese and Korean mix these in one sentence.
    return "CJK" if name in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA") else name


def _in_segment(words: Sequence[Word], places: Sequence[int], segment: MachineSegment) -> Iterator[tuple[int, int]]:
    if segment.words:
        yield from stretch(words, places, segment.words[0].start_ms, segment.words[-1].start_ms + 1)


def _seconds(duration_ms: int) -> str:
    count = max(1, round(duration_ms / 1000))
    return f"{count} second{'' if count == 1 else 's'}"
