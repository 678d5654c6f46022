"""How well the machine heard: its words against the approved text, in all, by speaker and by term.

Word error rate is the measure of speech recognition: (substitutions + deletions + insertions) per word said. Words
are compared as `align` compares them, without case and without the punctuation at their edges. What the editor left
out of a clean read (fillers, false starts) counts as inserted by the machine: figures are for comparing models and
glossaries on one show, not shows with one another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import Levenshtein

from pipeline.align import split_words
from pipeline.timing import voice_of_each
from pipeline.transcript import MachineTranscript, Paragraph


@dataclass(frozen=True, slots=True)
class Errors:
    """Counts of words: how many were said, and what became of them."""

    said: int = 0
    substituted: int = 0
    deleted: int = 0
    inserted: int = 0

    @property
    def rate(self) -> float:
        """Word error rate, 0.0 for none; more than 1.0 where the machine heard more than was said."""
        return (self.substituted + self.deleted + self.inserted) / self.said if self.said else 0.0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.said + other.said,
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
        )


@dataclass(frozen=True, slots=True)
class TermHeard:
    """A name or term: how often it is in the text, how often it was heard so, and what was heard instead."""

    term: str
    said: int
    heard: int
    instead: tuple[str, ...] = ()


@dataclass(frozen=True)
class Accuracy:
    """One text against one hearing."""

    whole: Errors
    by_speaker: Mapping[str, Errors] = field(default_factory=dict)
    terms: tuple[TermHeard, ...] = ()


def measure_machine(paragraphs: Sequence[Paragraph], machine: MachineTranscript, terms: Sequence[str] = ()) -> Accuracy:
    """Hold a machine's words against the text: each voice that was heard alone against what that voice says.

    People talk at once: the words of all in the order of time are not in the order of any text.
    """
    voices = machine.voices
    owners = voice_of_each(paragraphs, voices)
    found = [measure([one for one, owner in zip(paragraphs, owners, strict=True) if owner is None], "", terms)]
    for number, words in enumerate(voices):
        own = [one for one, owner in zip(paragraphs, owners, strict=True) if owner == number]
        found.append(measure(own, "".join(word.text for word in words), terms))
    by_speaker: dict[str, Errors] = {}
    for one in found:
        for speaker, errors in one.by_speaker.items():
            if not speaker:
                continue  # a voice of which the text has nothing
            by_speaker[speaker] = by_speaker.get(speaker, Errors()) + errors
    whole = sum((one.whole for one in found), Errors())
    return Accuracy(whole, by_speaker, together(term for one in found for term in one.terms))


def together(terms: Iterable[TermHeard]) -> tuple[TermHeard, ...]:
    """Names and terms of several texts, each once, the worst heard first."""
    found: dict[str, TermHeard] = {}
    for term in terms:
        known = found.get(term.term, TermHeard(term.term, 0, 0))
        instead = tuple(dict.fromkeys((*known.instead, *term.instead)))[:3]
        found[term.term] = TermHeard(term.term, known.said + term.said, known.heard + term.heard, instead)
    return tuple(sorted(found.values(), key=lambda one: (one.heard / one.said, one.term.casefold())))


def measure(paragraphs: Sequence[Paragraph], heard: str, terms: Sequence[str] = ()) -> Accuracy:
    """Hold what a machine `heard` against the text; citations and [asides] are not words that were said."""
    said: list[str] = []
    speakers: list[str] = []
    for paragraph in paragraphs:
        keys = _keys(paragraph.text)
        said += keys
        speakers += [paragraph.speaker] * len(keys)
    hypothesis = _keys(heard)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for speaker in speakers:
        counts[speaker]["said"] += 1
    right = [False] * len(said)
    instead: dict[int, str] = {}
    for step in Levenshtein.opcodes(said, hypothesis):
        kind, start, end, other_start, other_end = (
            step.tag,
            step.src_start,
            step.src_end,
            step.dest_start,
            step.dest_end,
        )
        if kind == "equal":
            right[start:end] = [True] * (end - start)
        elif kind == "insert":
            counts[_speaker_at(speakers, start)]["inserted"] += other_end - other_start
        else:
            for place in range(start, end):
                counts[speakers[place]]["substituted" if kind == "replace" else "deleted"] += 1
            if kind == "replace":
                instead |= {start + offset: hypothesis[other_start + offset] for offset in range(end - start)}
    by_speaker = {
        speaker: Errors(one["said"], one["substituted"], one["deleted"], one["inserted"])
        for speaker, one in counts.items()
    }
    return Accuracy(sum(by_speaker.values(), Errors()), by_speaker, _terms(terms, said, right, instead))


def _keys(text: str) -> list[str]:
    return [span.key for span in split_words(text) if span.key]


def _speaker_at(speakers: Sequence[str], place: int) -> str:
    # What was heard and not said belongs to whoever spoke last; before the first word to the first speaker.
    return speakers[max(0, place - 1)] if speakers else ""


def _terms(
    terms: Sequence[str], said: Sequence[str], right: Sequence[bool], instead: Mapping[int, str]
) -> tuple[TermHeard, ...]:
    starts: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(said):
        starts[word].append(place)
    found: list[TermHeard] = []
    for term in dict.fromkeys(terms):
        keys = _keys(term)
        places = [
            place
            for place in (starts.get(keys[0], ()) if keys else ())
            if list(said[place : place + len(keys)]) == keys
        ]
        if not places:
            continue
        wrong = [place for place in places if not all(right[place : place + len(keys)])]
        misheard = Counter(
            " ".join(instead.get(at, said[at] if right[at] else "–") for at in range(place, place + len(keys)))
            for place in wrong
        )
        found.append(
            TermHeard(term, len(places), len(places) - len(wrong), tuple(text for text, _ in misheard.most_common(3)))
        )
    return tuple(sorted(found, key=lambda one: (one.heard / one.said, one.term.casefold())))
