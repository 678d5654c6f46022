"""Stretches where somebody speaks and the engine wrote nothing.

Whisper now and then skips most of a window of 30 s, more often when it is told which terms to expect. Nothing in
its own figures shows it; only the hole does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.transcript import MachineWord, Stretch

HOLE_MIN_MS = 2500
# Words' times are right to some 0.3 s, and the voice detector hears a little on either side: less is no speech.
SPOKEN_MIN_MS = 1500
# Where an engine skipped a sentence it may spread the next word over it. Nobody takes longer than this for a word: a
# second and a half, and more for every letter and figure of it ("2,345,678" is one word).
_WORD_MAX_MS, _LETTER_MAX_MS, _FIGURE_MAX_MS = 1500, 150, 450


def holes(words: Sequence[MachineWord], speech: Sequence[Stretch], end_ms: int) -> tuple[Stretch, ...]:
    """What is said and not written between words that are 2.5 s or more apart, beginning and end included.

    A word that takes longer than anybody does for it counts as not written: it is somewhere in its time.

    `speech` are the stretches, in order, in which a voice is heard, and `end_ms` is how long the recording is. A hole
    reaches from the first to the last speech in its gap, all in ms.
    """
    found: list[Stretch] = []
    for start_ms, stop_ms in _gaps(words, end_ms):
        inside = [
            (max(start, start_ms), min(end, stop_ms)) for start, end in speech if start < stop_ms and end > start_ms
        ]
        if sum(end - start for start, end in inside) >= SPOKEN_MIN_MS:
            found.append((inside[0][0], inside[-1][1]))
    return tuple(found)


def _gaps(words: Sequence[MachineWord], end_ms: int) -> Iterator[Stretch]:
    latest_ms = 0
    written = ((word.start_ms, word.end_ms) for word in words if can_be_said(word))
    for start_ms, stop_ms in (*written, (end_ms, end_ms)):
        if start_ms - latest_ms >= HOLE_MIN_MS:
            yield latest_ms, start_ms
        latest_ms = max(latest_ms, stop_ms)


def can_be_said(word: MachineWord) -> bool:
    """Whether somebody may take so long for a word."""
    figures = sum(one.isdigit() for one in word.text)
    letters = sum(one.isalpha() for one in word.text)
    return word.end_ms - word.start_ms <= _WORD_MAX_MS + _LETTER_MAX_MS * letters + _FIGURE_MAX_MS * figures
