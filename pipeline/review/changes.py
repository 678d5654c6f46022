"""What the editor changed: the text against the machine's words, and one text against another.

Words are compared without case and without the punctuation at their edges (`align.split_words`); where only those
differ the operation is `style`, so that a reader's eye is led to changed words first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from pipeline.align import TimedParagraph, split_words
from pipeline.timing import voice_of_each
from pipeline.transcript import MachineTranscript

Operation = Literal["equal", "style", "replace", "insert", "delete"]


@dataclass(frozen=True, slots=True)
class Change:
    """A run of words: `old` became `new`; one of them is empty where words were inserted or deleted."""

    operation: Operation
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ChangedParagraph:
    """A paragraph, what the machine heard in its place, and the way from one to the other."""

    paragraph: int
    start_ms: int
    speaker: str
    machine: str
    text: str
    changes: tuple[Change, ...]

    @property
    def changed_words(self) -> int:
        """How many words differ: of each change the longer side counts."""
        return sum(
            max(len(one.old.split()), len(one.new.split()))
            for one in self.changes
            if one.operation not in ("equal", "style")
        )


def changed_paragraphs(
    paragraphs: Sequence[TimedParagraph], machine: MachineTranscript
) -> tuple[ChangedParagraph, ...]:
    """Every paragraph whose words are not those of the machine."""
    heard = heard_in(paragraphs, machine)
    found = (
        ChangedParagraph(
            number, paragraph.start_ms, paragraph.speaker, old, paragraph.text, compare(old, paragraph.text)
        )
        for number, (paragraph, old) in enumerate(zip(paragraphs, heard, strict=True))
    )
    return tuple(one for one in found if one.changed_words)


def heard_in(paragraphs: Sequence[TimedParagraph], machine: MachineTranscript) -> tuple[str, ...]:
    """What the machine heard from each paragraph's first word to the next one's of its voice; the first begins at 0."""
    heard = [""] * len(paragraphs)
    owners = voice_of_each(paragraphs, machine.voices)
    for owner, words in enumerate(machine.voices):
        places = [place for place, one in enumerate(owners) if one == owner]
        starts = [word.start_ms for word in words]
        edges = [0, *(bisect_left(starts, paragraphs[place].start_ms) for place in places[1:]), len(words)]
        for place, (first, stop) in zip(places, pairwise(edges), strict=False):
            heard[place] = "".join(word.text for word in words[first:stop]).strip()
    return tuple(heard)


@lru_cache(maxsize=16_384)
def compare(old: str, new: str) -> tuple[Change, ...]:
    """Word by word, the way from `old` to `new`. Citations ([@key]) are not words and are left out."""
    before, after = split_words(old), split_words(new)
    matcher = SequenceMatcher(
        None, [span.key or old[span.start_char : span.end_char] for span in before],
        [span.key or new[span.start_char : span.end_char] for span in after], autojunk=False,
    )  # fmt: skip
    changes: list[Change] = []
    for operation, first, last, start, stop in matcher.get_opcodes():
        if operation == "equal":
            changes += _equal(
                [old[span.start_char : span.end_char] for span in before[first:last]],
                [new[span.start_char : span.end_char] for span in after[start:stop]],
            )
            continue
        left = old[before[first].start_char : before[last - 1].end_char] if last > first else ""
        right = new[after[start].start_char : after[stop - 1].end_char] if stop > start else ""
        kind: Operation = "replace" if left and right else "insert" if right else "delete"
        changes.append(Change(kind, left, right))
    return tuple(changes)


def _equal(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    runs: list[tuple[bool, list[str], list[str]]] = []
    for left, right in zip(old, new, strict=True):
        same = left == right
        if not runs or runs[-1][0] != same:
            runs.append((same, [], []))
        runs[-1][1].append(left)
        runs[-1][2].append(right)
    return [Change("equal" if same else "style", " ".join(left), " ".join(right)) for same, left, right in runs]
