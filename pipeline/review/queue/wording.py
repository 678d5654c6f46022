"""Single words that are easily misheard, and matter: names, numbers, negations, and what the engine was unsure of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.likeness import JOINED_WORDS_MAX, fold, near_terms
from pipeline.review.learned import Lesson
from pipeline.review.queue.lexicon import is_negation, is_number
from pipeline.review.queue.words import Found, Word, runs

PROBABILITY_LOW = 0.7
NEGATION_SURE = 0.95
_INTERPOLATED_MIN_WORDS = 4
_LOW_SHARE = 50  # at most one doubt of low probability in so many words, the lowest first


def learned(words: Sequence[Word], lessons: Sequence[Lesson]) -> Iterator[Found]:
    """What the machine was heard to say before, and editors corrected every time."""
    by_keys = {one.keys: one for one in lessons}
    lengths = sorted({len(keys) for keys in by_keys}, reverse=True)
    begins = {keys[0] for keys in by_keys}
    for first, last in runs(words, lambda word: word.machine is not None):
        place = first
        while place <= last:
            length = 1
            for longest in lengths if words[place].key in begins else ():
                stop = min(place + longest, last + 1)
                if lesson := by_keys.get(tuple(word.key for word in words[place:stop])):
                    why = f"editors corrected this to “{lesson.right}” {lesson.times} times before"
                    yield Found("learned", place, stop - 1, why, suggestion=lesson.right)
                    length = stop - place
                    break
            place += length


def names(words: Sequence[Word], terms: Sequence[str]) -> Iterator[Found]:
    """Words that sound like one of `terms` without being it."""
    near = near_terms(tuple(terms))
    if not near.longest:
        return
    folded = [fold(word.key) for word in words]
    # Where the name itself stands, nothing joined with it is a mishearing of it.
    joins = [bool(one) and not near.is_term(one) for one in folded]
    found: list[tuple[float, int, int, str]] = []
    for first, last in runs(words, lambda word: word.machine is not None):
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
            yield Found("name", start, stop, f"this sounds like “{term}”", likeness, term)


def low_probability(words: Sequence[Word]) -> Iterator[Found]:
    """The words the engine was least sure of, within measure."""
    low = [
        (word.machine.probability, place)
        for place, word in enumerate(words)
        if word.machine is not None and word.machine.probability < PROBABILITY_LOW
    ]
    for probability, place in sorted(low)[: max(20, len(words) // _LOW_SHARE)]:
        yield Found("probability", place, place, _sure(probability), probability)


def _sure(probability: float) -> str:
    return f"the engine was only {round(100 * probability)} % sure of this"


def numbers(words: Sequence[Word], language: str) -> Iterator[Found]:
    """Runs of words that state a number."""
    for first, last in runs(words, lambda word: word.machine is not None and is_number(word.key, language)):
        yield Found("number", first, last, "a number: one misheard digit changes the fact")


def negations(words: Sequence[Word], language: str) -> Iterator[Found]:
    """Negations that the engine was not quite sure of."""
    for place, word in enumerate(words):
        if word.machine and word.machine.probability < NEGATION_SURE and is_negation(word.key, language):
            yield Found("negation", place, place, "a negation: misheard, it turns the sentence round")


def interpolated(words: Sequence[Word]) -> Iterator[Found]:
    """Runs of words whose times are reckoned, not measured."""
    for first, last in runs(words, lambda word: word.timed.provenance == "interpolated"):
        if last - first + 1 >= _INTERPOLATED_MIN_WORDS:
            yield Found("interpolated", first, last, "the times of these words are reckoned, not measured")
