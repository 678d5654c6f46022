"""What was heard badly is heard a second time, alone and without hotwords, and the better of the two is kept.

Heard again are segments that repeat themselves or one another, that stand where nobody speaks, that come faster than
anybody speaks; those in which another language is spoken than the recording's, in that language; and stretches in
which somebody speaks and nothing was written.

The second hearing is kept when less is wrong with it than with the first (`suspicion.faults_of_each`; no words where
somebody speaks count as a fault), and with equally much when the engine is surer of its words. A second hearing that
is only a guess by Whisper's own measure is none. Where words are still missing it is heard once more, with what is
said before and after it. What is wrong with the one that is kept is written on it: that is what an editor should
listen to.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from pipeline.transcribe.engine import Engine, Heard
from pipeline.transcribe.holes import SPOKEN_MIN_MS, holes
from pipeline.transcribe.orderly import orderly
from pipeline.transcribe.sound import SAMPLE_RATE_HZ, duration_ms
from pipeline.transcribe.suspicion import (
    GUESS_LOG_PROBABILITY,
    faults_of_each,
    is_not_quite_sure,
    is_unsure,
    overlap_ms,
    script_of,
    sureness,
)
from pipeline.transcribe.voice import speech_in
from pipeline.transcript import MachineSegment, MachineWord

if TYPE_CHECKING:
    from pipeline.transcribe.sound import Samples

_Value = TypeVar("_Value")

_MARGIN_MS = 200
# Where a sentence is cut in its middle Whisper may make nothing of it: then it is heard with its neighbours.
_WIDE_MARGIN_MS = 4000
_LANGUAGE_MIN_MS = 2000  # of less, a language cannot be told
_LANGUAGE_HEARD_MS = 30_000  # one window is enough to tell it
_LANGUAGE_SURE = 0.5


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch to be heard again; in `language` where it is another than the recording's."""

    start_ms: int
    end_ms: int
    language: str | None = None

    def holds(self, word: MachineWord) -> bool:
        """Whether most of a word lies in it: its neighbours are not heard again."""
        return self.start_ms <= (word.start_ms + word.end_ms) // 2 <= self.end_ms


def hear_again(engine: Engine, samples: Samples, heard: Heard, report: Callable[[float], None]) -> Heard:
    """`heard`, with what failed heard again, in order and marked. `report` hears the part done, from 0 to 1."""
    ears = _Ears(engine, samples, heard.language)
    length_ms = duration_ms(samples)
    segments = list(orderly(heard.segments, length_ms))
    failed = ears.failed(segments)
    for number, stretch in enumerate(failed, start=1):
        segments = ears.better(segments, stretch)
        report(0.5 * number / len(failed))
    skipped = holes(_words(segments), ears.speech, length_ms)
    for number, (start_ms, end_ms) in enumerate(skipped, start=1):
        segments = ears.better(segments, ears.skipped(start_ms, end_ms, segments))
        report(0.5 + 0.5 * number / len(skipped))
    marked = tuple(
        replace(one, marks=(*wrong, *one.marks))
        for one, wrong in zip(segments, faults_of_each(segments, ears.speech), strict=True)
    )
    return replace(heard, segments=marked, dropped=holes(_words(marked), ears.speech, length_ms))


class _Ears:
    """An engine with one recording before it."""

    def __init__(self, engine: Engine, samples: Samples, language: str) -> None:
        self.speech = speech_in(samples)
        self._engine = engine
        self._samples = samples
        self._language = language

    def failed(self, segments: Sequence[MachineSegment]) -> list[_Stretch]:
        """Where segments are to be heard again, in the order of time."""
        foreign = list(self._foreign(segments))
        judged = zip(segments, faults_of_each(segments, self.speech), strict=True)
        faulty = [
            _Stretch(run[0][0].words[0].start_ms, run[-1][0].words[-1].end_ms)
            for run in _runs(judged, lambda one: bool(one[1]))
        ]
        apart = [
            one for one in faulty if all(one.end_ms <= two.start_ms or two.end_ms <= one.start_ms for two in foreign)
        ]
        return sorted([*foreign, *apart], key=lambda one: one.start_ms)

    def skipped(self, start_ms: int, end_ms: int, segments: Sequence[MachineSegment]) -> _Stretch:
        """A hole; where the words beside it are in another language, it may be too."""
        after = bisect_left(segments, start_ms, key=lambda one: one.words[0].start_ms)
        beside = segments[max(0, after - 1) : after + 1]
        is_foreign = any(one.language for one in beside)
        return _Stretch(start_ms, end_ms, self._spoken(start_ms, end_ms) if is_foreign else None)

    def better(self, segments: Sequence[MachineSegment], stretch: _Stretch) -> list[MachineSegment]:
        """`segments`, with the words in `stretch` from the first hearing or from the second, whichever is better."""
        first = [one for segment in segments if (one := _part(segment, stretch.holds)).words]
        kept = self._better_of(first, self._part_heard(stretch, _MARGIN_MS), stretch)
        if self._missing(kept, stretch):
            kept = self._better_of(kept, self._part_heard(stretch, _WIDE_MARGIN_MS), stretch)
        if stretch.language is not None and kept is first:
            kept = [replace(one, marks=("language", *one.marks)) for one in first]
        around = [part for segment in segments for part in _around(segment, stretch)]
        return sorted([*around, *kept], key=lambda one: one.words[0].start_ms)

    def _part_heard(self, stretch: _Stretch, margin_ms: int) -> list[MachineSegment]:
        return [one for segment in self._hear(stretch, margin_ms) if (one := _part(segment, stretch.holds)).words]

    def _better_of(
        self, one: list[MachineSegment], other: list[MachineSegment], stretch: _Stretch
    ) -> list[MachineSegment]:
        return other if self._grade(other, stretch) > self._grade(one, stretch) else one

    def _hear(self, stretch: _Stretch, margin_ms: int) -> Iterator[MachineSegment]:
        begin_ms = max(0, stretch.start_ms - margin_ms)
        again = self._engine.hear(
            self._between(begin_ms, stretch.end_ms + margin_ms),
            language=stretch.language or self._language,
            hotwords=(),
            report=lambda part: None,
        )
        for segment in again.segments:
            if segment.average_log_probability < GUESS_LOG_PROBABILITY:
                continue  # over music the engine makes up a sentence: it would stand there for nothing
            yield replace(
                segment,
                words=tuple(
                    replace(word, start_ms=word.start_ms + begin_ms, end_ms=word.end_ms + begin_ms)
                    for word in segment.words
                ),
                marks=("language", "redecoded") if stretch.language else ("redecoded",),
                language=stretch.language,
            )

    def _grade(self, segments: Sequence[MachineSegment], stretch: _Stretch) -> tuple[int, float]:
        wrong = {mark for found in faults_of_each(segments, self.speech) for mark in found}
        return (-len(wrong) - self._missing(segments, stretch), sureness(_words(segments)))

    def _missing(self, segments: Sequence[MachineSegment], stretch: _Stretch) -> int:
        """How often somebody speaks in a stretch where nothing is written."""
        if not segments:
            return int(overlap_ms((stretch.start_ms, stretch.end_ms), self.speech) >= SPOKEN_MIN_MS)
        spoken = [
            (max(start_ms, stretch.start_ms), min(end_ms, stretch.end_ms))
            for start_ms, end_ms in self.speech
            if start_ms < stretch.end_ms and stretch.start_ms < end_ms
        ]
        return len(holes(_words(segments), spoken, stretch.end_ms))

    def _foreign(self, segments: Sequence[MachineSegment]) -> Iterator[_Stretch]:
        """Runs of segments of which the engine is unsure, or in another script, and that are in another language."""
        if len(self._engine.languages) < 2:
            return
        scripts = Counter(script for one in segments if (script := script_of(one.words)))
        usual = scripts.most_common(1)[0][0] if scripts else ""

        def is_other_script(one: MachineSegment) -> bool:
            return script_of(one.words) not in ("", usual)

        for run in _runs(segments, lambda one: is_not_quite_sure(one) or is_other_script(one)):
            start_ms, end_ms = run[0].words[0].start_ms, run[-1].words[-1].end_ms
            if any(is_unsure(one) or is_other_script(one) for one in run):
                language = self._spoken(start_ms, end_ms)
                if language is not None:
                    yield _Stretch(start_ms, end_ms, language)

    def _spoken(self, start_ms: int, end_ms: int) -> str | None:
        """The language of a stretch, where it is surely another than the recording's."""
        if end_ms - start_ms < _LANGUAGE_MIN_MS:
            return None
        found = self._engine.detect(self._between(start_ms, min(end_ms, start_ms + _LANGUAGE_HEARD_MS)))
        return found[0] if found and found[0] != self._language and found[1] >= _LANGUAGE_SURE else None

    def _between(self, start_ms: int, end_ms: int) -> Samples:
        return self._samples[start_ms * SAMPLE_RATE_HZ // 1000 : end_ms * SAMPLE_RATE_HZ // 1000]


def _words(segments: Sequence[MachineSegment]) -> list[MachineWord]:
    return [word for segment in segments for word in segment.words]


def _runs(values: Iterable[_Value], holds: Callable[[_Value], bool]) -> Iterator[tuple[_Value, ...]]:
    for is_held, run in groupby(values, key=holds):
        if is_held:
            yield tuple(run)


def _part(segment: MachineSegment, holds: Callable[[MachineWord], bool]) -> MachineSegment:
    return replace(segment, words=tuple(word for word in segment.words if holds(word)))


def _around(segment: MachineSegment, stretch: _Stretch) -> Iterator[MachineSegment]:
    """What of a segment lies before the stretch and what after it, each as a segment, so that words stay in order."""
    middle = stretch.start_ms
    for part in (
        _part(segment, lambda word: not stretch.holds(word) and (word.start_ms + word.end_ms) // 2 < middle),
        _part(segment, lambda word: not stretch.holds(word) and (word.start_ms + word.end_ms) // 2 >= middle),
    ):
        if part.words:
            yield part
