"""How well statements are found: `python -m tests.claims.measure` prints the figures of docs/claims.md."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from pipeline.claims import findings

CORPUS = Path(__file__).with_name("corpus.jsonl")
SEED = "on-record-claims:"
UNMARKED = "unmarked"  # checkable, and outside the rule: nothing in the words gives it away

Half = Literal["tuned", "held out"]


class Sentence(NamedTuple):
    """One line of the corpus."""

    text: str
    language: str
    kinds: frozenset[str]
    half: Half


@dataclass
class Count:
    """Right, falsely found, and missed."""

    right: int = 0
    false: int = 0
    missed: int = 0

    def add(self, wanted: bool, got: bool) -> None:
        """Count one sentence."""
        self.right += wanted and got
        self.false += got and not wanted
        self.missed += wanted and not got

    @property
    def precision(self) -> float:
        """The share of what was found that is right."""
        return self.right / (self.right + self.false)

    @property
    def recall(self) -> float:
        """The share of what is there that was found."""
        return self.right / (self.right + self.missed)


@dataclass
class Measured:
    """One half of the corpus. `unmarked` is how many of the sentences outside the rule were found, of how many."""

    sentences: int = 0
    whole: Count = field(default_factory=Count)
    kinds: dict[str, Count] = field(default_factory=lambda: defaultdict(Count))
    unmarked: tuple[int, int] = (0, 0)


def corpus() -> list[Sentence]:
    """Every sentence; which half it is in depends on its words alone."""
    read = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    return [Sentence(one["text"], one["language"], frozenset(one["kinds"]), _half(one["text"])) for one in read]


def measure(half: Half) -> Measured:
    """Find statements in one half and compare with its labels."""
    result = Measured()
    for one in corpus():
        if one.half != half:
            continue
        got = {found.kind for found in findings(one.text, language=one.language)}
        if UNMARKED in one.kinds:
            result.unmarked = (result.unmarked[0] + bool(got), result.unmarked[1] + 1)
            continue
        result.sentences += 1
        result.whole.add(bool(one.kinds), bool(got))
        for kind in one.kinds | got:
            result.kinds[kind].add(kind in one.kinds, kind in got)
    return result


def _half(text: str) -> Half:
    return "held out" if hashlib.sha256((SEED + text).encode()).digest()[0] % 2 else "tuned"


def main() -> None:
    """Print both halves."""
    halves: tuple[Half, ...] = ("tuned", "held out")
    for half in halves:
        measured = measure(half)
        rows = [(half, measured.whole), *sorted(measured.kinds.items())]
        lines = [f"{name:12} precision {one.precision:.3f}  recall {one.recall:.3f}  {one}" for name, one in rows]
        lines.append(f"{measured.sentences} sentences; outside the rule: {measured.unmarked} found")
        sys.stdout.write("\n".join(lines) + "\n\n")


if __name__ == "__main__":
    main()
