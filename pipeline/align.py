"""Edited text against machine words: times with provenance.

The machine heard words at times; a person then corrected the text. Here each word of the text gets a time, and
a label that says how that time is known, so that nobody downstream mistakes a guess for a measurement.

How it works, paragraph by paragraph (a paragraph owns the machine words from its time to the next one's):

1. Words that are equal (any script: NFKC, case folded, without punctuation at the edges) keep the machine's time.
2. Words that a person moved over the border of a paragraph are looked for on the other side of it.
3. Between two kept words, similar words are paired and take over each other's time; what remains is spread over
   the time that remains, longer words longer.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from pipeline.transcript import MachineWord, Transcript

Provenance = Literal["kept", "paired", "interpolated"]

# Scripts that write no spaces between words: each character is a word of its own here.
# Thai, Lao, Myanmar, Khmer, kana, Han.
SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_TOKEN = re.compile(
    rf"(?P<citation>\[@[^\]]*\])|(?P<aside>\[[^\[\]]*\])|[{SPACELESS}][^\w\s\[]*|[^\s\[{SPACELESS}]+|\["
)
_SIMILAR = 0.5
_PAIRING_MAX_CELLS = 40_000


@dataclass(frozen=True, slots=True)
class TimedWord:
    """One word of the editor's text with its time, and how the time is known.

    `kept`: the machine heard this very word. `paired`: another word stands in the place of one it heard.
    `interpolated`: nobody heard it; the time is reckoned from its neighbours. `start_char`, `end_char` are the
    word's place in the paragraph's text.
    """

    text: str
    start_char: int
    end_char: int
    start_ms: int
    end_ms: int
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class TimedParagraph:
    """A paragraph whose every word has a time; `text[word.start_char:word.end_char] == word.text`."""

    speaker: str
    text: str
    start_ms: int
    end_ms: int
    words: tuple[TimedWord, ...]


class _Span(NamedTuple):
    """A word's place in its text, and the key by which words are compared ("" for [asides], never equal)."""

    start_char: int
    end_char: int
    key: str


class _Heard(NamedTuple):
    """A machine word, or one character of it where the script has no spaces."""

    key: str
    start_ms: int
    end_ms: int


class _Time(NamedTuple):
    start_ms: int
    end_ms: int
    provenance: Provenance


def align(transcript: Transcript, machine: Sequence[MachineWord]) -> tuple[TimedParagraph, ...]:
    """Time every word of `transcript` (ms of the recording).

    Words the editor left alone keep exactly the machine's times; starts never decrease. `machine` must be in
    the order of time, as `read_machine` guarantees. Citations such as [@key] are not words and get no time.
    """
    if not transcript.paragraphs:
        return ()
    spans = [split_words(paragraph.text) for paragraph in transcript.paragraphs]
    heard = _all_heard(machine)
    text = [span for paragraph in spans for span in paragraph]
    windows = _windows(transcript, [len(paragraph) for paragraph in spans], heard)
    anchors = _equal_across(windows, [_equal(one.text, one.heard, text, heard) for one in windows], text, heard)
    times = _fill(windows, anchors, text, heard)
    return _paragraphs(transcript, spans, times)


def shifted(paragraphs: Sequence[TimedParagraph], by_ms: int) -> tuple[TimedParagraph, ...]:
    """The same words later by `by_ms`: from times of the recording to times of the release."""
    if not by_ms:
        return tuple(paragraphs)
    return tuple(
        replace(
            paragraph,
            start_ms=paragraph.start_ms + by_ms,
            end_ms=paragraph.end_ms + by_ms,
            words=tuple(
                replace(word, start_ms=word.start_ms + by_ms, end_ms=word.end_ms + by_ms) for word in paragraph.words
            ),
        )
        for paragraph in paragraphs
    )


def split_words(text: str) -> tuple[_Span, ...]:
    """The words of a text by their places: split at spaces, and at every character of scripts without spaces.

    A lone dash or quote belongs to the word before it; an [aside] in brackets is one word; a citation is none.
    """
    spans: list[_Span] = []
    for match in _TOKEN.finditer(text):
        if match["citation"]:
            continue
        key = "" if match["aside"] else _key(match.group())
        if not key and not match["aside"] and spans:
            spans[-1] = _Span(spans[-1].start_char, match.end(), spans[-1].key)
        else:
            spans.append(_Span(match.start(), match.end(), key))
    return tuple(spans)


@lru_cache(maxsize=65_536)
def _key(token: str) -> str:
    folded = unicodedata.normalize("NFKC", token.replace("\u2019", "'")).casefold()
    start, end = 0, len(folded)
    while start < end and unicodedata.category(folded[start])[0] in "PSZC":
        start += 1
    while start < end and unicodedata.category(folded[end - 1])[0] in "PSZC":
        end -= 1
    return folded[start:end]


def _all_heard(machine: Sequence[MachineWord]) -> list[_Heard]:
    heard: list[_Heard] = []
    for word in machine:
        keys = _keys(word.text)
        length_ms = word.end_ms - word.start_ms
        for number, key in enumerate(keys):
            start_ms = word.start_ms + length_ms * number // len(keys)
            heard.append(_Heard(key, start_ms, word.start_ms + length_ms * (number + 1) // len(keys)))
    return heard


@lru_cache(maxsize=65_536)  # in three hours of talk most words have been said before
def _keys(text: str) -> tuple[str, ...]:
    return tuple(span.key for span in split_words(text) if span.key)


@dataclass(frozen=True, slots=True)
class _Window:
    """Paragraphs that share one time stamp: their words in the text, and the machine words of their stretch."""

    start_ms: int
    end_ms: int | None
    text: range
    heard: range


def _windows(transcript: Transcript, lengths: Sequence[int], heard: Sequence[_Heard]) -> list[_Window]:
    starts: list[tuple[int, int]] = []  # (time of the window, first word in the text)
    word = 0
    for paragraph, length in zip(transcript.paragraphs, lengths, strict=True):
        if paragraph.start_ms is not None or not starts:
            starts.append((paragraph.start_ms or 0, word))
        word += length
    heard_starts = [unit.start_ms for unit in heard]
    ends: list[tuple[int | None, int]] = [*starts[1:], (None, word)]
    return [
        _Window(
            start_ms,
            end_ms,
            range(first, stop),
            range(
                bisect_left(heard_starts, start_ms),
                len(heard) if end_ms is None else bisect_left(heard_starts, end_ms),
            ),
        )
        for (start_ms, first), (end_ms, stop) in zip(starts, ends, strict=True)
    ]


_Anchors = list[tuple[int, int]]  # (word in the text, unit heard), both strictly rising


def _equal(text: range, heard: range, words: Sequence[_Span], units: Sequence[_Heard]) -> _Anchors:
    spoken = [index for index in text if words[index].key]
    written, said = [words[index].key for index in spoken], [units[index].key for index in heard]
    if written == said:  # most paragraphs, most of the time
        return list(zip(spoken, heard, strict=True))
    matcher = SequenceMatcher(None, written, said, autojunk=False)
    return [
        (spoken[block.a + step], heard[block.b + step])
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    ]


def _equal_across(
    windows: Sequence[_Window], found: list[_Anchors], words: Sequence[_Span], units: Sequence[_Heard]
) -> _Anchors:
    """Join the windows' anchors, adding those of words that were moved over a border without its time."""
    anchors = list(found[0]) if found else []
    for (before, after), theirs in zip(pairwise(windows), found[1:], strict=True):
        last_word, last_unit = anchors[-1] if anchors else (-1, -1)
        first_word, first_unit = theirs[0] if theirs else (after.text.stop, after.heard.stop)
        for text, heard in (
            (
                range(after.text.start, first_word),
                range(max(before.heard.start, last_unit + 1), before.heard.stop),
            ),
            (
                range(max(before.text.start, last_word + 1), before.text.stop),
                range(after.heard.start, first_unit),
            ),
        ):
            if moved := _equal(text, heard, words, units):
                anchors += moved
                break  # text moved either forwards or backwards; both at once would cross
        anchors += theirs
    return anchors


def _fill(
    windows: Sequence[_Window], anchors: _Anchors, words: Sequence[_Span], units: Sequence[_Heard]
) -> list[_Time]:
    """Times for all words: the anchors' own, and in each gap between two anchors pairs and interpolation."""
    times: list[_Time | None] = [None] * len(words)
    for word, unit in anchors:
        times[word] = _Time(units[unit].start_ms, units[unit].end_ms, "kept")
    heard_end_ms = max((unit.end_ms for unit in units), default=0)
    borders = [(-1, -1), *anchors, (len(words), len(units))]
    window_of = [number for number, window in enumerate(windows) for _ in window.text]
    for (word_before, unit_before), (word_after, unit_after) in pairwise(borders):
        if word_after - word_before <= 1:
            continue
        high_ms = units[unit_after].start_ms if unit_after < len(units) else None
        low_ms = units[unit_before].end_ms if unit_before >= 0 else 0
        low_ms = low_ms if high_ms is None else min(low_ms, high_ms)
        gap = range(word_before + 1, word_after)
        for number in sorted({window_of[word] for word in gap}):
            window = windows[number]
            end_ms = max(heard_end_ms, low_ms, window.start_ms) if window.end_ms is None else window.end_ms
            stop_ms = end_ms if high_ms is None else min(high_ms, end_ms)
            start_ms = min(max(low_ms, window.start_ms), max(low_ms, stop_ms))
            run = _common(gap, window.text)
            heard = _common(range(unit_before + 1, unit_after), window.heard)
            _fill_run(run, heard, start_ms, max(start_ms, stop_ms), words, units, times)
            low_ms = max(start_ms, stop_ms) if high_ms is None else min(high_ms, max(start_ms, stop_ms))
    return [time for time in times if time is not None]


def _fill_run(
    run: range,
    heard: range,
    low_ms: int,
    high_ms: int,
    words: Sequence[_Span],
    units: Sequence[_Heard],
    times: list[_Time | None],
) -> None:
    pairs = _pairs(run, heard, words, units)
    borders = [(run.start - 1, heard.start - 1), *pairs, (run.stop, heard.stop)]
    for word, unit in pairs:
        start_ms = min(max(units[unit].start_ms, low_ms), high_ms)
        times[word] = _Time(start_ms, min(max(units[unit].end_ms, start_ms), max(high_ms, start_ms)), "paired")
    for (word_before, unit_before), (word_after, unit_after) in pairwise(borders):
        before, after = (
            times[word_before] if word_before >= run.start else None,
            times[word_after] if word_after < run.stop else None,
        )
        start_ms = before.end_ms if before else low_ms
        stop_ms = after.start_ms if after else high_ms
        unheard = range(unit_before + 1, unit_after)
        if unheard and not before:
            start_ms = min(max(start_ms, units[unheard[0]].start_ms), stop_ms)
        if unheard and not after:
            stop_ms = max(min(stop_ms, units[unheard[-1]].end_ms), start_ms)
        _spread(range(word_before + 1, word_after), min(start_ms, stop_ms), stop_ms, words, times)


def _spread(run: range, start_ms: int, stop_ms: int, words: Sequence[_Span], times: list[_Time | None]) -> None:
    weights = [words[word].end_char - words[word].start_char for word in run]
    total, done = sum(weights), 0
    for word, weight in zip(run, weights, strict=True):
        first_ms = start_ms + (stop_ms - start_ms) * done // total
        done += weight
        times[word] = _Time(first_ms, start_ms + (stop_ms - start_ms) * done // total, "interpolated")


def _pairs(run: range, heard: range, words: Sequence[_Span], units: Sequence[_Heard]) -> _Anchors:
    """Words that stand for one another: the most alike in order, and a lone word in a lone word's place."""
    spoken = [word for word in run if words[word].key]
    if len(spoken) == 1 and len(heard) == 1:
        return [(spoken[0], heard[0])]
    if not spoken or not heard or len(spoken) * len(heard) > _PAIRING_MAX_CELLS:
        return []
    width = len(heard) + 1
    best = [[0.0] * width for _ in range(len(spoken) + 1)]
    for row, word in enumerate(spoken, start=1):
        for column, unit in enumerate(heard, start=1):
            likeness = SequenceMatcher(None, words[word].key, units[unit].key, autojunk=False).ratio()
            paired = best[row - 1][column - 1] + likeness if likeness >= _SIMILAR else 0.0
            best[row][column] = max(best[row - 1][column], best[row][column - 1], paired)
    pairs: _Anchors = []
    row, column = len(spoken), len(heard)
    while row and column:
        if best[row][column] == best[row - 1][column]:
            row -= 1
        elif best[row][column] == best[row][column - 1]:
            column -= 1
        else:
            row, column = row - 1, column - 1
            pairs.append((spoken[row], heard[column]))
    return pairs[::-1]


def _common(left: range, right: range) -> range:
    start = max(left.start, right.start)
    return range(start, max(start, min(left.stop, right.stop)))


def _paragraphs(
    transcript: Transcript, spans: Sequence[tuple[_Span, ...]], times: Sequence[_Time]
) -> tuple[TimedParagraph, ...]:
    timed: list[TimedParagraph] = []
    position = 0
    for paragraph, places in zip(transcript.paragraphs, spans, strict=True):
        words = tuple(
            TimedWord(
                paragraph.text[place.start_char : place.end_char],
                place.start_char,
                place.end_char,
                time.start_ms,
                time.end_ms,
                time.provenance,
            )
            for place, time in zip(places, times[position : position + len(places)], strict=True)
        )
        position += len(places)
        last_ms = timed[-1].end_ms if timed else 0
        start_ms = words[0].start_ms if words else max(last_ms, paragraph.start_ms or 0)
        end_ms = max((word.end_ms for word in words), default=start_ms)
        timed.append(TimedParagraph(paragraph.speaker, paragraph.text, start_ms, end_ms, words))
    return tuple(timed)
