"""The index: which words stand in which episodes, cut into small files of which a search needs a few.

Pure: documents in, files out; the same documents give the same bytes. Episodes are kept in periods of whole months,
so that a touched episode changes the files of its own period only, and every browser keeps the others. A period's
words are sorted and cut into files of about WORDS_FILE_BYTES; the period's own file says with which word each begins
and which episodes the period has. The manifest names the periods' files.

A word's episodes are a list of numbers, one for each episode: ten times the episode's distance in the period's
list from the one before (the first: from the list's beginning), plus a weight of 1 to 9. `{"appeal": [34, 11]}` says
that episode 3 has "appeal" with weight 4, and episode 4 with weight 1. The weight is BM25's (Robertson and Walker,
1994): it grows with how often the word stands there, ever more slowly, and less in a long episode. It depends on the
episode alone. How rare a word is, the search page reckons from the length of the lists.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Protocol, TypeVar

from pipeline import files

SearchableT = TypeVar("SearchableT", bound="Searchable")
FOLDER = "search"
WORDS_FILE_BYTES = 12_000
PERIOD_EPISODES = 200  # a period is closed at the end of the month in which it reaches this many


@dataclass(frozen=True)
class Index:
    """All files by their paths below `site/`; `manifest` is the one that the search page begins with."""

    manifest: str
    files: Mapping[str, bytes]


class Searchable(Protocol):
    """What the index needs of an episode: when it was published, its card, and how much each of its words weighs."""

    @property
    def slug(self) -> str:
        """Its place on the site."""

    @property
    def published(self) -> date:
        """The day of its publication."""

    @property
    def card(self) -> str:
        """The path of its card below `site/`."""

    @property
    def weights(self) -> Mapping[str, int]:
        """By each word its weight, 1 to 9."""


def build_index(documents: Sequence[Searchable]) -> Index:
    """The index of `documents`, whatever their order."""
    contents: dict[str, bytes] = {}
    made: list[tuple[Sequence[Searchable], str]] = []
    for period in periods(documents):
        name, period_files = index_period(period)
        contents |= period_files
        made.append((period, name))
    manifest, content = index_manifest(made)
    return Index(manifest, contents | {manifest: content})


def index_period(period: Sequence[Searchable]) -> tuple[str, dict[str, bytes]]:
    """The path of a period's own file below `site/`, and its files by their paths: its own and those of its words."""
    starts: list[list[str]] = []
    contents: dict[str, bytes] = {}
    for first, content in _words_files(period):
        name = _named("words", content)
        contents[name] = content
        starts.append([first, _hash_of(name)])
    own = _json({"episodes": [[one.slug, _hash_of(one.card)] for one in period], "words": starts})
    return _named("period", own), contents | {_named("period", own): own}


def index_manifest(made: Sequence[tuple[Sequence[Searchable], str]]) -> tuple[str, bytes]:
    """The file that every search begins with, by its path: of each period the years and its own file."""
    told = [
        {"years": [period[0].published.year, period[-1].published.year], "file": _hash_of(name)}
        for period, name in made
    ]
    manifest = _json({"version": 2, "periods": told})
    return _named("index", manifest), manifest


def periods(documents: Iterable[SearchableT]) -> Iterator[list[SearchableT]]:
    """Documents in the order of publication, in periods of whole months; begins with the oldest."""
    period: list[SearchableT] = []
    ordered = sorted(documents, key=lambda one: (one.published, one.slug))
    for _, month in groupby(ordered, key=lambda one: (one.published.year, one.published.month)):
        period.extend(month)
        if len(period) >= PERIOD_EPISODES:
            yield period
            period = []
    if period:
        yield period


def _words_files(period: Sequence[Searchable]) -> Iterator[tuple[str, bytes]]:
    """The first word and the content of each file of a period's words."""
    index = _weights_of_words(period)
    part: dict[str, list[int]] = {}
    size_bytes = 0
    for word in sorted(index, key=_as_browsers_sort):
        if size_bytes >= WORDS_FILE_BYTES:
            yield next(iter(part)), _json(part)
            part, size_bytes = {}, 0
        part[word] = _gaps(index[word])
        size_bytes += len(word.encode()) + 4 + 4 * len(index[word])
    if part:
        yield next(iter(part)), _json(part)


def _weights_of_words(period: Sequence[Searchable]) -> Mapping[str, list[int]]:
    """Of each word, for each document that has it, ten times the document's number plus the weight."""
    index: dict[str, list[int]] = defaultdict(list)
    for number, document in enumerate(period):
        place = 10 * number
        # The innermost loop of a site's search: some thousand words of each of two hundred episodes.
        for word, weight in document.weights.items():
            index[word].append(place + weight)
    return index


def _gaps(places: list[int]) -> list[int]:
    """From each document's number to the next, instead of the numbers: shorter, and as easily read."""
    return [place - before + before % 10 for before, place in pairwise([0, *places])]


def _as_browsers_sort(word: str) -> bytes:
    # JavaScript compares UTF-16 units; code points beyond U+FFFF would stand elsewhere.
    return word.encode("utf-16-be")


def _json(content: object) -> bytes:
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8")


def _named(stem: str, content: bytes) -> str:
    return f"{FOLDER}/{stem}-{files.digest_bytes(content).removeprefix('sha256:')[:12]}.json"


def _hash_of(name: str) -> str:
    return name.rpartition("-")[2].partition(".")[0]
