"""How long the search index of a long-lived show takes to make, how big it is, and what a query costs.

Run: .venv/bin/python -m tests.benchmarks.search [EPISODES]
"""

from __future__ import annotations

import bisect
import gzip
import itertools
import json
import random
import resource
import sys
import time
from datetime import date, timedelta

from pipeline.publish.search.documents import Document, Found, Passage, document
from pipeline.publish.search.folding import words
from pipeline.publish.search.index import Index, build_index

VOCABULARY = 40_000
WORDS_EACH = 6000
_SYLLABLES = [consonant + vowel for consonant in "bcdfghklmnprstvw" for vowel in "aeiou"]


class Speaker:
    """Speaks made words as often as people speak theirs (Zipf and Mandelbrot)."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made words, the same on each run
        made: dict[str, None] = {}
        while len(made) < VOCABULARY:
            syllables = self._random.choices(_SYLLABLES, k=1 + len(made).bit_length() // 5)
            made["".join(syllables) + self._random.choice(["", "", "n", "s", "ing"])] = None
        self.vocabulary = list(made)
        self._cumulative = list(itertools.accumulate((rank + 2.7) ** -1.15 for rank in range(VOCABULARY)))

    def says(self, count: int) -> list[str]:
        """`count` words in sentences of about a dozen."""
        said = self._random.choices(self.vocabulary, cum_weights=self._cumulative, k=count)
        for place in range(0, count, 12):
            said[place] = said[place].capitalize()
            said[place - 1] += "."
        return said


def episode(speaker: Speaker, number: int) -> Document:
    """A made episode; 52 of them a year."""
    said = " ".join(speaker.says(WORDS_EACH))
    found = Found(
        slug=f"episode-{number}",
        page=f"episode-{number}/index.html",
        transcript=f"episode-{number}/episode-{number}-0123456789ab.json",
        title=" ".join(speaker.says(6)),
        summary=" ".join(speaker.says(25)),
        people=("Ada Host", " ".join(speaker.says(2)).title()),
        published=date(2005, 1, 3) + timedelta(days=7 * number),
        published_words="3 January 2005",
        language="en",
        passages=tuple(Passage("Show notes", "#notes", " ".join(speaker.says(40))) for _ in range(8)),
    )
    return document(found, said)


def fetched(index: Index, query: str) -> tuple[int, int, int]:
    """How many files of words a query asks for, their bytes, and their bytes compressed; the last word as prefix."""
    names: set[str] = set()
    asked = words(query)
    for period in json.loads(index.files[index.manifest])["periods"]:
        starts = [first for first, _ in period["words"]]
        for word in asked:
            first = max(0, bisect.bisect_right(starts, word) - 1)
            last = bisect.bisect_right(starts, word + "\uffff") - 1 if word == asked[-1] else first
            names |= {f"search/words-{piece}.json" for _, piece in period["words"][first : last + 1]}
    return (
        len(names),
        sum(len(index.files[name]) for name in names),
        sum(len(gzip.compress(index.files[name])) for name in names),
    )


def main() -> None:
    """Print the figures for the number of episodes named on the command line, 1000 by default."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    speaker = Speaker()
    documents = [episode(speaker, number) for number in range(count)]
    before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    start = time.process_time()
    index = build_index(documents)
    spent = time.process_time() - start
    after_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    manifest = index.files[index.manifest]
    sizes = [len(content) for name, content in index.files.items() if name != index.manifest]
    unique = len(set(words(documents[0].said)))
    lines = [
        f"{count} episodes of {WORDS_EACH} words ({unique} different ones in the first): {spent:.2f} CPU seconds",
        f"  peak memory {after_mb} MB, of which {before_mb} MB before the index was begun",
        f"  {len(sizes)} files of words, {sum(sizes):,} bytes, {max(sizes):,} the largest",
        f"  manifest {len(manifest):,} bytes, {len(gzip.compress(manifest)):,} compressed",
    ]
    for query in (speaker.vocabulary[3000:3001], speaker.vocabulary[300:302], speaker.vocabulary[100:103]):
        files, size, packed = fetched(index, " ".join(query))
        lines.append(f"  {len(query)} words: {files} files of words, {size:,} bytes, {packed:,} compressed")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
