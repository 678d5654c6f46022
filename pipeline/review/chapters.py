"""Where a chapter may begin: offers for the editor, who chooses and writes the titles.

Two signs. A question after a pause is how an interview turns to its next subject. A dip in lexical cohesion
(M. Hearst's TextTiling: the likeness of the words before a place and after it, here TF-IDF weighted over eight
sentences) is where the words change. Measured on podcasts such dips alone are little better than chance, so they
only fill up what the questions leave, and nothing is ever set by itself.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.align import TimedParagraph, split_words

PAUSE_MIN_MS = 1200
APART_MIN_MS = 180_000
CANDIDATES_MAX = 12
_WINDOW_SENTENCES = 8
_SENTENCE_END = re.compile(r"[.!?。！？؟।]+[\"”’»)]*$")
_QUESTION = re.compile(r"[?？؟]")
_SHOWN_CHARACTERS = 90


@dataclass(frozen=True, slots=True)
class ChapterCandidate:
    """A place (ms of the recording), the reason in words, and how the paragraph there begins."""

    start_ms: int
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class _Sentence:
    paragraph: int
    is_first: bool
    words: tuple[str, ...]


def chapter_candidates(paragraphs: Sequence[TimedParagraph], duration_ms: int) -> tuple[ChapterCandidate, ...]:
    """At most twelve places, three minutes apart and from both ends, in the order of time."""
    dips = _dips(paragraphs)
    scored: list[tuple[float, int, str]] = []
    for number, (before, paragraph) in enumerate(pairwise(paragraphs), start=1):
        pause_ms = paragraph.start_ms - before.end_ms
        is_question = (
            bool(_QUESTION.search(paragraph.text)) and pause_ms >= PAUSE_MIN_MS and paragraph.speaker != before.speaker
        )
        dip = dips.get(number, 0.0)
        if is_question:
            scored.append((1.0 + dip, number, f"a question after a pause of {pause_ms / 1000:.1f} s"))
        elif dip:
            scored.append((dip, number, "the words change here"))
    taken: list[int] = []
    for _, number, _ in sorted(scored, key=lambda one: (-one[0], one[1])):
        start_ms = paragraphs[number].start_ms
        edges = [0, duration_ms, *(paragraphs[other].start_ms for other in taken)]
        if len(taken) < CANDIDATES_MAX and all(abs(start_ms - edge_ms) >= APART_MIN_MS for edge_ms in edges):
            taken.append(number)
    reasons = {number: why for _, number, why in scored}
    return tuple(
        ChapterCandidate(paragraphs[number].start_ms, reasons[number], _beginning(paragraphs[number].text))
        for number in sorted(taken)
    )


def _dips(paragraphs: Sequence[TimedParagraph]) -> dict[int, float]:
    """By paragraph, how far (0 to 1) the cohesion before it falls below its surroundings, where that is unusual."""
    sentences = _sentences(paragraphs)
    if len(sentences) < 2 * _WINDOW_SENTENCES:
        return {}
    seen = Counter(word for sentence in sentences for word in set(sentence.words))
    weights = {word: math.log(len(sentences) / times) for word, times in seen.items()}
    borders = range(1, len(sentences))
    windows = [
        Counter(word for one in sentences[first : first + _WINDOW_SENTENCES] for word in one.words)
        for first in range(len(sentences))
    ]
    norms = [_norm(window, weights) for window in windows]
    likeness = []
    for border in borders:
        if border < _WINDOW_SENTENCES:
            before = Counter(word for one in sentences[:border] for word in one.words)
            before_norm = _norm(before, weights)
        else:
            before, before_norm = windows[border - _WINDOW_SENTENCES], norms[border - _WINDOW_SENTENCES]
        likeness.append(_cosine(before, windows[border], before_norm * norms[border], weights))
    depths = [_depth(likeness, at) for at in range(len(likeness))]
    mean = sum(depths) / len(depths)
    spread = math.sqrt(sum((depth - mean) ** 2 for depth in depths) / len(depths))
    return {
        sentences[border].paragraph: min(depths[border - 1], 0.99)
        for border in borders
        if sentences[border].is_first and depths[border - 1] > mean + spread / 2
    }


def _sentences(paragraphs: Sequence[TimedParagraph]) -> list[_Sentence]:
    sentences: list[_Sentence] = []
    for number, paragraph in enumerate(paragraphs):
        words: list[str] = []
        is_first = True
        for span in split_words(paragraph.text):
            words.append(span.key)
            if _SENTENCE_END.search(paragraph.text[span.start_char : span.end_char]):
                sentences.append(_Sentence(number, is_first, tuple(words)))
                words, is_first = [], False
        if words:
            sentences.append(_Sentence(number, is_first, tuple(words)))
    return sentences


def _norm(words: Counter[str], weights: dict[str, float]) -> float:
    return math.sqrt(sum((times * weights[word]) ** 2 for word, times in words.items()))


def _cosine(before: Counter[str], after: Counter[str], norms: float, weights: dict[str, float]) -> float:
    shared = sum(before[word] * after[word] * weights[word] ** 2 for word in before.keys() & after.keys())
    return shared / norms if norms else 1.0


def _depth(likeness: Sequence[float], at: int) -> float:
    left = right = likeness[at]
    for value in reversed(likeness[:at]):
        if value < left:
            break
        left = value
    for value in likeness[at + 1 :]:
        if value < right:
            break
        right = value
    return (left - likeness[at]) + (right - likeness[at])


def _beginning(text: str) -> str:
    if len(text) <= _SHOWN_CHARACTERS:
        return text
    return text[:_SHOWN_CHARACTERS].rsplit(" ", 1)[0] + " …"
