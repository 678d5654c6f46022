"""The index: which words stand in which episodes, cut into small files of which a search needs a few.

Pure: documents in, files out; the same documents give the same bytes. Episodes are kept in periods of whole years,
so that a touched episode changes the files of its own period only, and every browser keeps the others. A period's
words are sorted and cut into files of about WORDS_FILE_BYTES; the manifest says with which word each file begins.

A word's episodes are a list of numbers, one for each episode: ten times the episode's distance in the period's
list from the one before (the first: from the list's beginning), plus a weight of 1 to 9. `{"appeal": [34, 11]}` says
that episode 3 has "appeal" with weight 4, and episode 4 with weight 1. The weight is BM25's (Robertson and Walker,
1994): it grows with how often the word stands there, ever more slowly, and less in a long episode. It depends on the
episode alone. How rare a word is, the search page reckons from the length of the lists.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline import files
from pipeline.publish.search.documents import Document
from pipeline.publish.search.folding import words

FOLDER = "search"
WORDS_FILE_BYTES = 12_000
PERIOD_EPISODES = 200  # a period is closed at the end of the year in which it reaches this many
_HEADING_COUNTS, _NOTES_COUNTS = 8, 3  # times that a word counts there; once in the transcript
_SATURATION, _LENGTH_MATTERS, _USUAL_WORDS = 1.2, 0.6, 5000  # BM25's k1 and b, and what it measures lengths by
_HIGHEST_WEIGHT = 9


@dataclass(frozen=True)
class Index:
    """All files by their paths below `site/`; `manifest` is the one that the search page begins with."""

    manifest: str
    files: Mapping[str, bytes]


def build_index(documents: Sequence[Document]) -> Index:
    """The index of `documents`, whatever their order."""
    contents: dict[str, bytes] = {}
    periods: list[dict[str, object]] = []
    for period in _periods(documents):
        starts: list[list[str]] = []
        for first, content in _words_files(period):
            name = _named("words", content)
            contents[name] = content
            starts.append([first, _hash_of(name)])
        periods.append(
            {
                "years": [period[0].published.year, period[-1].published.year],
                "episodes": [[one.slug, _hash_of(one.card)] for one in period],
                "words": starts,
            }
        )
    manifest = _json({"version": 1, "periods": periods})
    name = _named("index", manifest)
    return Index(name, contents | {name: manifest})


def _periods(documents: Sequence[Document]) -> Iterator[list[Document]]:
    """Documents in the order of publication, in periods of whole years; begins with the oldest."""
    period: list[Document] = []
    ordered = sorted(documents, key=lambda one: (one.published, one.slug))
    for _, year in groupby(ordered, key=lambda one: one.published.year):
        period.extend(year)
        if len(period) >= PERIOD_EPISODES:
            yield period
            period = []
    if period:
        yield period


def _words_files(period: Sequence[Document]) -> Iterator[tuple[str, bytes]]:
    """The first word and the content of each file of a period's words."""
    index = _lists(period)
    part: dict[str, list[int]] = {}
    size_bytes = 0
    for word in sorted(index, key=_as_browsers_sort):
        if size_bytes >= WORDS_FILE_BYTES:
            yield next(iter(part)), _json(part)
            part, size_bytes = {}, 0
        part[word] = index[word]
        size_bytes += len(word.encode()) + 4 + 4 * len(index[word])
    if part:
        yield next(iter(part)), _json(part)


def _lists(period: Sequence[Document]) -> dict[str, list[int]]:
    index: dict[str, list[int]] = {}
    last: dict[str, int] = {}
    for number, document in enumerate(period):
        counts = _counts(document)
        weights = _weights(counts)
        place = 10 * number
        for word, count in counts.items():
            if word in index:
                index[word].append(place - last[word] + weights[count])
            else:
                index[word] = [place + weights[count]]
            last[word] = place
    return index


def _counts(document: Document) -> Counter[str]:
    counts = Counter(words(document.said))
    for text, times in ((document.heading, _HEADING_COUNTS), (document.notes, _NOTES_COUNTS)):
        for word in words(text):
            counts[word] += times
    return counts


def _weights(counts: Counter[str]) -> dict[int, int]:
    """The weight for each count that occurs."""
    length = counts.total() / _USUAL_WORDS
    half = _SATURATION * (1 - _LENGTH_MATTERS + _LENGTH_MATTERS * length)
    return {count: max(1, round(_HIGHEST_WEIGHT * count / (count + half))) for count in set(counts.values())}


def _as_browsers_sort(word: str) -> bytes:
    # JavaScript compares UTF-16 units; code points beyond U+FFFF would stand elsewhere.
    return word.encode("utf-16-be")


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8")


def _named(stem: str, content: bytes) -> str:
    return f"{FOLDER}/{stem}-{files.digest_bytes(content).removeprefix('sha256:')[:12]}.json"


def _hash_of(name: str) -> str:
    return name.rpartition("-")[2].partition(".")[0]
