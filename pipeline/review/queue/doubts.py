"""What needs a second listen, and why, in words: the queue that the editor walks through.

A word's probability is one signal among several, and not the best one. Here are stretches in which the hearing
failed (`hearing`: speech without words, loops, text where the engine or the waveform found no speech, speech faster
than anybody talks, another language or script), stretches that may be another voice's (`whose`), and single words
(`wording`: what was corrected before, names near a known one, numbers and negations, which turn a sentence round, and
times that nobody measured). A doubt orders attention: what is not in the queue is not therefore right.

Only words that stand as the machine wrote them are doubted: what a person wrote has been looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from pipeline import files
from pipeline.align import TimedParagraph
from pipeline.review.learned import Lesson
from pipeline.review.queue import hearing, wording
from pipeline.review.queue.whose import whose
from pipeline.review.queue.words import Found, Kind, Word, words_of
from pipeline.transcript import MachineTranscript

# Whoever looks at one of these stretches has looked at the single words in it; at who says them, perhaps not.
_WHOLE_STRETCH: frozenset[Kind] = frozenset({"silence", "repetition", "fast", "language", "learned"})
_BESIDE_ANY: frozenset[Kind] = frozenset({"dropped", "voice", "interpolated"})
# Two that touch stay two: each has a suggestion of its own.
_EACH_BY_ITSELF: frozenset[Kind] = frozenset({"dropped", "learned", "name"})
_RANK: Mapping[Kind, int] = {kind: rank for rank, kind in enumerate(get_args(Kind))}


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


def doubts(
    paragraphs: Sequence[TimedParagraph],
    machine: MachineTranscript,
    *,
    terms: Sequence[str],
    language: str,
    silences: Sequence[tuple[int, int]] = (),
    lessons: Sequence[Lesson] = (),
) -> tuple[Doubt, ...]:
    """The queue, the gravest first; those of low probability by their probability, others by time.

    `terms` are the names and words of the glossary, `silences` stretches (ms) where the waveform is flat,
    `lessons` what editors corrected in earlier episodes.
    """
    words = words_of(paragraphs, machine)
    found = [
        *hearing.dropped(words, machine.dropped),
        *hearing.silence(words, machine.segments, silences),
        *hearing.repetition(words, machine.segments),
        *hearing.fast(words, machine.segments),
        *hearing.language(words, machine.segments),
        *whose(words, paragraphs, machine.segments),
        *wording.learned(words, lessons),
        *wording.names(words, terms),
        *wording.low_probability(words),
        *wording.numbers(words, language),
        *wording.negations(words, language),
        *wording.interpolated(words),
    ]
    kept = _without_covered(_joined(found, words), words)
    kept.sort(key=lambda one: (_RANK[one.kind], one.weight, one.first))
    return tuple(_doubt(one, words, paragraphs) for one in kept)


def _joined(found: Sequence[Found], words: Sequence[Word]) -> list[Found]:
    """Neighbours and overlaps of one kind in one paragraph become one; the graver weight stays."""
    joined: list[Found] = []
    for one in sorted(found, key=lambda each: (_RANK[each.kind], each.first, each.last)):
        before = joined[-1] if joined else None
        if (
            before
            and before.kind == one.kind
            and one.kind not in _EACH_BY_ITSELF
            and one.first <= before.last + 1
            and words[one.first].paragraph == words[before.last].paragraph
        ):
            graver = min(before, one, key=lambda each: each.weight)
            joined[-1] = replace(graver, first=before.first, last=max(before.last, one.last))
        else:
            joined.append(one)
    return joined


def _without_covered(found: Sequence[Found], words: Sequence[Word]) -> list[Found]:
    covered = bytearray(len(words))
    for one in found:
        if one.kind in _WHOLE_STRETCH:
            covered[one.first : one.last + 1] = b"\1" * (one.last - one.first + 1)
    return [
        one for one in found if one.kind in _WHOLE_STRETCH | _BESIDE_ANY or not all(covered[one.first : one.last + 1])
    ]


def _doubt(one: Found, words: Sequence[Word], paragraphs: Sequence[TimedParagraph]) -> Doubt:
    first, last = words[one.first], words[one.last]
    start_char, end_char = first.timed.start_char, last.timed.end_char
    keys = " ".join(word.key for word in words[one.first : one.last + 1])
    start_ms = first.timed.start_ms if one.start_ms is None else one.start_ms
    digest = files.digest_json([keys, start_ms])
    return Doubt(
        id=f"{one.kind}-{digest.removeprefix('sha256:')[:12]}",
        kind=one.kind,
        why=one.why,
        paragraph=first.paragraph,
        start_char=start_char,
        end_char=end_char,
        start_ms=start_ms,
        text=paragraphs[first.paragraph].text[start_char:end_char],
        suggestion=one.suggestion,
    )
