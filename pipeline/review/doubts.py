"""What needs a second listen, and why, in words: the queue that the editor walks through.

A word's probability is one signal among several, and not the best one. Here are loops, text where the engine or
the waveform found no speech, speech faster than anybody talks, another script, names near a known one, numbers
and negations (the words that turn a sentence round), and times that nobody measured. A doubt orders attention: what
is not in the queue is not therefore right.

Only words that stand as the machine wrote them are doubted: what a person wrote has been looked at.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby
from operator import eq
from typing import Literal

from pipeline import files
from pipeline.align import TimedParagraph, TimedWord, split_words
from pipeline.likeness import JOINED_WORDS_MAX, fold, near_terms
from pipeline.review.doubt_words import is_negation, is_number
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord

Kind = Literal[
    "silence",
    "repetition",
    "fast",
    "language",
    "name",
    "probability",
    "number",
    "negation",
    "interpolated",
]

PROBABILITY_LOW = 0.7
NEGATION_SURE = 0.95
CHARACTERS_PER_SECOND_MAX = 25
NO_SPEECH_HIGH = 0.6  # Whisper's own threshold for leaving a segment out
COMPRESSION_HIGH = 2.4  # Whisper's own threshold for decoding a segment again
_FAST_WINDOW_WORDS = 8
_FAST_MIN_CHARACTERS = 20
_LOOP_TIMES = {1: 4}  # "no, no, no" is speech
_LOOP_TIMES_OF_LONGER = 3
_LOOP_MAX_WORDS = 10
_INTERPOLATED_MIN_WORDS = 4
_LOW_SHARE = 50  # at most one doubt of low probability in so many words, the lowest first
_FOREIGN_IN_OTHER_SCRIPTS_WORDS = 3  # NATO in a Russian text is no change of language

# Whoever listens to one of these stretches has listened to the single words in it.
_WHOLE_STRETCH: frozenset[Kind] = frozenset({"silence", "repetition", "fast", "language"})
_RANK: Mapping[Kind, int] = {
    "silence": 0,
    "repetition": 1,
    "fast": 2,
    "language": 3,
    "name": 4,
    "probability": 5,
    "number": 6,
    "negation": 7,
    "interpolated": 8,
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """One stretch of one paragraph: `text` is its words, `why` a sentence, `suggestion` a word that may belong there.

    `id` is made of the kind, the words and their time, so it outlives changes elsewhere.
    """

    id: str
    kind: Kind
    why: str
    paragraph: int
    start_char: int
    end_char: int
    start_ms: int
    text: str
    suggestion: str | None = None


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the text, its key, and the machine's word where it stands untouched, with its segment's number."""

    paragraph: int
    timed: TimedWord
    key: str
    machine: MachineWord | None
    segment: int


@dataclass(frozen=True, slots=True)
class _Found:
    """Words `first` to `last` (both counted) are in doubt."""

    kind: Kind
    first: int
    last: int
    why: str
    weight: float = 0.0
    suggestion: str | None = None


def doubts(
    paragraphs: Sequence[TimedParagraph],
    machine: MachineTranscript,
    *,
    terms: Sequence[str],
    language: str,
    silences: Sequence[tuple[int, int]] = (),
) -> tuple[Doubt, ...]:
    """The queue, the gravest first; those of low probability by their probability, others by time.

    `terms` are the names and words of the glossary, `silences` stretches (ms) where the waveform is flat.
    """
    words = _words(paragraphs, machine)
    found = [
        *_silence(words, machine.segments, silences),
        *_repetition(words, machine.segments),
        *_fast(words),
        *_language(words),
        *_names(words, terms),
        *_low_probability(words),
        *_numbers(words, language),
        *_negations(words, language),
        *_interpolated(words),
    ]
    kept = _without_covered(_joined(found, words), words)
    kept.sort(key=lambda one: (_RANK[one.kind], one.weight, one.first))
    return tuple(_doubt(one, words, paragraphs) for one in kept)


def _words(paragraphs: Sequence[TimedParagraph], machine: MachineTranscript) -> list[_Word]:
    heard = machine.words
    segments = [number for number, segment in enumerate(machine.segments) for _ in segment.words]
    starts = [word.start_ms for word in heard]
    words: list[_Word] = []
    for number, paragraph in enumerate(paragraphs):
        for timed, key in zip(paragraph.words, _keys(paragraph.text), strict=True):
            place = _heard_at(timed, key, heard, starts) if timed.provenance == "kept" else None
            if place is None:
                words.append(_Word(number, timed, key, None, -1))
            else:
                words.append(_Word(number, timed, key, heard[place], segments[place]))
    return words


@lru_cache(maxsize=8192)
def _keys(text: str) -> tuple[str, ...]:
    return tuple(span.key for span in split_words(text))


def _heard_at(timed: TimedWord, key: str, heard: Sequence[MachineWord], starts: Sequence[int]) -> int | None:
    last = bisect_right(starts, timed.start_ms) - 1
    # Several words may begin together; the right one holds the key.
    for place in range(last, max(-1, last - 8), -1):
        if heard[place].end_ms >= timed.start_ms and key in heard[place].text.casefold():
            return place
    return last if last >= 0 else None


def _runs(words: Sequence[_Word], holds: Callable[[_Word], bool]) -> Iterator[tuple[int, int]]:
    """First and last of each run of words, within a paragraph, for which `holds`."""
    first: int | None = None
    for place, word in enumerate(words):
        if first is not None and (word.paragraph != words[first].paragraph or not holds(word)):
            yield first, place - 1
            first = None
        if first is None and holds(word):
            first = place
    if first is not None:
        yield first, len(words) - 1


def _stretch(words: Sequence[_Word], places: Sequence[int], start_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """The untouched words that begin in a stretch of time; `places` are the untouched words, in order of time."""
    first = bisect_left(places, start_ms, key=lambda place: words[place].timed.start_ms)
    last = bisect_left(places, end_ms, key=lambda place: words[place].timed.start_ms)
    inside = places[first:last]
    start = 0
    for at in range(1, len(inside) + 1):
        if at == len(inside) or words[inside[at]].paragraph != words[inside[start]].paragraph:
            yield inside[start], inside[at - 1]
            start = at


def _untouched(words: Sequence[_Word]) -> list[int]:
    return [place for place, word in enumerate(words) if word.machine is not None]


def _silence(
    words: Sequence[_Word], segments: Sequence[MachineSegment], silences: Sequence[tuple[int, int]]
) -> Iterator[_Found]:
    places = _untouched(words)
    for segment in segments:
        if segment.words and segment.no_speech_probability > NO_SPEECH_HIGH:
            why = f"the engine thinks it {round(100 * segment.no_speech_probability)} % likely that nobody speaks here"
            for first, last in _stretch(words, places, segment.words[0].start_ms, segment.words[-1].start_ms + 1):
                yield _Found("silence", first, last, why)
    for start_ms, end_ms in silences:
        for first, last in _stretch(words, places, start_ms, end_ms):
            inside = [place for place in range(first, last + 1) if words[place].timed.end_ms <= end_ms]
            if inside:
                yield _Found("silence", inside[0], inside[-1], "there is text here, and the recording is silent")


def _repetition(words: Sequence[_Word], segments: Sequence[MachineSegment]) -> Iterator[_Found]:
    # Words without a key are equal to nothing.
    keys: list[object] = [word.key or object() for word in words]
    for length in range(1, _LOOP_MAX_WORDS + 1):
        again = bytes(map(eq, keys, keys[length:]))
        needed = _LOOP_TIMES.get(length, _LOOP_TIMES_OF_LONGER)
        for run in re.finditer(b"\1{%d,}" % (length * (needed - 1)), again):
            first, times = run.start(), (run.end() - run.start()) // length + 1
            if words[first].machine is not None:
                phrase = " ".join(word.timed.text for word in words[first : first + length])
                for start, stop in _by_paragraph(words, first, first + times * length - 1):
                    yield _Found("repetition", start, stop, f"“{phrase}” stands here {times} times in a row")
    places = _untouched(words)
    for segment in segments:
        if segment.words and segment.compression_ratio > COMPRESSION_HIGH:
            for first, last in _stretch(words, places, segment.words[0].start_ms, segment.words[-1].start_ms + 1):
                yield _Found("repetition", first, last, "the engine repeated itself here")


def _by_paragraph(words: Sequence[_Word], first: int, last: int) -> Iterator[tuple[int, int]]:
    start = first
    for place in range(first + 1, last + 2):
        if place > last or words[place].paragraph != words[start].paragraph:
            yield start, place - 1
            start = place


def _fast(words: Sequence[_Word]) -> Iterator[_Found]:
    stretches = groupby(_untouched(words), key=lambda place: (words[place].paragraph, words[place].segment))
    for _, stretch in stretches:
        places = list(stretch)
        step = min(_FAST_WINDOW_WORDS, len(places))
        for window in (places[start : start + step] for start in range(len(places) - step + 1)):
            length = sum(len(words[place].timed.text) + 1 for place in window) - 1
            duration_ms = max(1, words[window[-1]].timed.end_ms - words[window[0]].timed.start_ms)
            if length >= _FAST_MIN_CHARACTERS and length * 1000 > CHARACTERS_PER_SECOND_MAX * duration_ms:
                yield _Found("fast", window[0], window[-1], "these words come faster than anybody speaks")


def _language(words: Sequence[_Word]) -> Iterator[_Found]:
    scripts = [_script(word.key) for word in words]
    counted = Counter(script for script in scripts if script)
    if len(counted) < 2:
        return
    main = counted.most_common(1)[0][0]
    needed = 1 if main == "LATIN" else _FOREIGN_IN_OTHER_SCRIPTS_WORDS
    by_word = {id(word): script for word, script in zip(words, scripts, strict=True)}
    for first, last in _runs(words, lambda word: word.machine is not None and by_word[id(word)] not in ("", main)):
        if last - first + 1 >= needed:
            yield _Found("language", first, last, "the script changes here, perhaps the language too")


def _script(key: str) -> str:
    return next((script for character in key if (script := _script_of(character))), "")


@lru_cache(maxsize=16_384)
def _script_of(character: str) -> str:
    if not character.isalpha():
        return ""
    name = unicodedata.name(character, "").partition(" ")[0]
    # Japanese and Korean mix these in one sentence.
    return "CJK" if name in ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "KATAKANA-HIRAGANA") else name


def _names(words: Sequence[_Word], terms: Sequence[str]) -> Iterator[_Found]:
    near = near_terms(tuple(terms))
    if not near.longest:
        return
    folded = [fold(word.key) for word in words]
    # Where the name itself stands, nothing joined with it is a mishearing of it.
    joins = [bool(one) and not near.is_term(one) for one in folded]
    found: list[tuple[float, int, int, str]] = []
    for first, last in _runs(words, lambda word: word.machine is not None):
        for start in range(first, last + 1):
            joined = ""
            for stop in range(start, min(start + JOINED_WORDS_MAX, last + 1)):
                if not joins[stop]:
                    break
                joined += folded[stop]
                nearest = near.nearest(joined)
                if nearest and not near.is_term(joined):
                    found.append((-nearest[0], start, stop, nearest[1]))
    taken: set[int] = set()
    for likeness, start, stop, term in sorted(found):
        if taken.isdisjoint(range(start, stop + 1)):
            taken.update(range(start, stop + 1))
            yield _Found("name", start, stop, f"this sounds like “{term}”", likeness, term)


def _low_probability(words: Sequence[_Word]) -> Iterator[_Found]:
    low = [
        (word.machine.probability, place)
        for place, word in enumerate(words)
        if word.machine is not None and word.machine.probability < PROBABILITY_LOW
    ]
    for probability, place in sorted(low)[: max(20, len(words) // _LOW_SHARE)]:
        yield _Found("probability", place, place, _sure(probability), probability)


def _sure(probability: float) -> str:
    return f"the engine was only {round(100 * probability)} % sure of this"


def _numbers(words: Sequence[_Word], language: str) -> Iterator[_Found]:
    for first, last in _runs(words, lambda word: word.machine is not None and is_number(word.key, language)):
        yield _Found("number", first, last, "a number: one misheard digit changes the fact")


def _negations(words: Sequence[_Word], language: str) -> Iterator[_Found]:
    for place, word in enumerate(words):
        if word.machine and word.machine.probability < NEGATION_SURE and is_negation(word.key, language):
            yield _Found("negation", place, place, "a negation: misheard, it turns the sentence round")


def _interpolated(words: Sequence[_Word]) -> Iterator[_Found]:
    for first, last in _runs(words, lambda word: word.timed.provenance == "interpolated"):
        if last - first + 1 >= _INTERPOLATED_MIN_WORDS:
            yield _Found("interpolated", first, last, "the times of these words are reckoned, not measured")


def _joined(found: Sequence[_Found], words: Sequence[_Word]) -> list[_Found]:
    """Neighbours and overlaps of one kind in one paragraph become one; the graver weight stays."""
    joined: list[_Found] = []
    for one in sorted(found, key=lambda each: (_RANK[each.kind], each.first, each.last)):
        before = joined[-1] if joined else None
        if (
            before
            and before.kind == one.kind != "name"
            and one.first <= before.last + 1
            and words[one.first].paragraph == words[before.last].paragraph
        ):
            graver = min(before, one, key=lambda each: each.weight)
            joined[-1] = replace(graver, first=before.first, last=max(before.last, one.last))
        else:
            joined.append(one)
    return joined


def _without_covered(found: Sequence[_Found], words: Sequence[_Word]) -> list[_Found]:
    covered = bytearray(len(words))
    for one in found:
        if one.kind in _WHOLE_STRETCH:
            covered[one.first : one.last + 1] = b"\1" * (one.last - one.first + 1)
    return [
        one
        for one in found
        if one.kind in _WHOLE_STRETCH or one.kind == "interpolated" or not all(covered[one.first : one.last + 1])
    ]


def _doubt(one: _Found, words: Sequence[_Word], paragraphs: Sequence[TimedParagraph]) -> Doubt:
    first, last = words[one.first], words[one.last]
    start_char, end_char = first.timed.start_char, last.timed.end_char
    keys = " ".join(word.key for word in words[one.first : one.last + 1])
    digest = files.digest_json([keys, first.timed.start_ms])
    return Doubt(
        id=f"{one.kind}-{digest.removeprefix('sha256:')[:12]}",
        kind=one.kind,
        why=one.why,
        paragraph=first.paragraph,
        start_char=start_char,
        end_char=end_char,
        start_ms=first.timed.start_ms,
        text=paragraphs[first.paragraph].text[start_char:end_char],
        suggestion=one.suggestion,
    )
