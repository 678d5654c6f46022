"""What a correction teaches: a term for the glossary, and the same mistake in other places.

Offers only. A term is offered when what the editor wrote sounds like what the machine heard and looks like a name
(learning every correction fills a glossary with rubbish); a recurring mistake, when the very words that were
corrected still stand elsewhere.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.align import TimedParagraph, split_words
from pipeline.likeness import fold, likeness
from pipeline.review.changes import ChangedParagraph

SOUNDS_ALIKE = 0.5
_WORDS_MAX = 4
_PLACES_MAX = 200


@dataclass(frozen=True, slots=True)
class TermSuggestion:
    """`term` may belong in the glossary: the machine heard `heard` in its place, `times` times in all."""

    term: str
    heard: str
    times: int


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of one paragraph's text."""

    paragraph: int
    start_char: int
    end_char: int


@dataclass(frozen=True, slots=True)
class Recurring:
    """`wrong` was corrected to `right` somewhere, and still stands in `places`."""

    wrong: str
    right: str
    places: tuple[Place, ...]


def term_suggestions(changed: Iterable[ChangedParagraph], known: Iterable[str]) -> tuple[TermSuggestion, ...]:
    """Terms to offer, the most often corrected first. `known` are the glossary and the people's names."""
    known = tuple(known)
    heard: dict[str, Counter[str]] = defaultdict(Counter)
    for old, new in corrected_words(changed):
        term = trimmed(new)
        if looks_like_a_name(term) and not is_known(term, known) and sound_alike(old, term):
            heard[term][trimmed(old)] += 1
    found = [TermSuggestion(term, olds.most_common(1)[0][0], olds.total()) for term, olds in heard.items()]
    return tuple(sorted(found, key=lambda one: (-one.times, one.term)))


def recurring(changed: Iterable[ChangedParagraph], paragraphs: Sequence[TimedParagraph]) -> tuple[Recurring, ...]:
    """Mistakes that were corrected in one place and stand in another; the most frequent first.

    Single words that were corrected in different ways are left out: which one is right depends on the sentence.
    """
    corrected: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    shown: dict[tuple[str, ...], str] = {}
    for old, new in corrected_words(changed):
        keys = tuple(span.key for span in split_words(old))
        # One short common word corrected once says nothing about the next one.
        if len("".join(keys)) >= 4 and sound_alike(old, new):
            corrected[keys][fold(new)] = trimmed(new)
            shown.setdefault(keys, trimmed(old))
    wanted = {keys: next(iter(news.values())) for keys, news in corrected.items() if len(news) == 1}
    places = _places(wanted.keys(), paragraphs)
    found = [Recurring(shown[keys], right, tuple(places[keys])) for keys, right in wanted.items() if places[keys]]
    return tuple(sorted(found, key=lambda one: (-len(one.places), one.wrong)))


def is_known(text: str, known: Sequence[str]) -> bool:
    """Whether `text` is one of the `known` names and terms, or a word of one."""
    return fold(text) in _known_forms(tuple(known))


@lru_cache(maxsize=4)
def _known_forms(known: tuple[str, ...]) -> frozenset[str]:
    return frozenset(fold(form) for term in known for form in (term, *term.split()))


def corrected_words(changed: Iterable[ChangedParagraph]) -> Iterator[tuple[str, str]]:
    """What was heard and what was written for it, for every correction of a few words."""
    for paragraph in changed:
        for change in paragraph.changes:
            if change.operation == "replace" and max(len(change.old.split()), len(change.new.split())) <= _WORDS_MAX:
                yield change.old, change.new


def _places(
    wanted: Iterable[tuple[str, ...]], paragraphs: Sequence[TimedParagraph]
) -> dict[tuple[str, ...], list[Place]]:
    by_first: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for keys in wanted:
        by_first[keys[0]].append(keys)
    places: dict[tuple[str, ...], list[Place]] = defaultdict(list)
    for number, paragraph in enumerate(paragraphs):
        spans = split_words(paragraph.text)
        for at, span in enumerate(spans):
            for keys in by_first.get(span.key, ()):
                if tuple(one.key for one in spans[at : at + len(keys)]) == keys and len(places[keys]) < _PLACES_MAX:
                    places[keys].append(Place(number, span.start_char, spans[at + len(keys) - 1].end_char))
    return places


def looks_like_a_name(text: str) -> bool:
    """Whether `text` is one to three words with a capital among them."""
    words = text.split()
    letters = [character for character in text if character.isalpha()]
    if len(letters) < 3 or len(words) > 3:
        return False
    # A script without capitals cannot show it; there every sound-alike correction is offered.
    has_case = any(character.lower() != character.upper() for character in letters)
    return not has_case or any(character.isupper() for word in words for character in word)


def sound_alike(old: str, new: str) -> bool:
    """Whether one may be a mishearing of the other."""
    left, right = fold(old), fold(new)
    return left != right and bool(left) and likeness(left, right) >= SOUNDS_ALIKE


def trimmed(text: str) -> str:
    """`text` without the punctuation around it."""
    return text.strip(' \t.,;:!?…"“”„«»()[]—–。，、？！؟،')
