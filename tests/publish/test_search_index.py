"""The index, read back as the search page reads it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.publish.search import index as index_module
from pipeline.publish.search.documents import Card, Document, Passage, document
from pipeline.publish.search.folding import words
from pipeline.publish.search.index import Index, build_index


def _document(slug: str, said: str, *, published: str = "2020-06-05", title: str = "", notes: str = "") -> Document:
    card = Card(
        title=title,
        page=f"{slug}/index.html",
        transcript=f"{slug}/{slug}-0123456789ab.json",
        date=published,
        language="en",
        summary="",
        people=(),
        passages=(Passage("Show notes", "#notes", notes),) if notes else (),
    )
    return document(slug, card, said)


def _manifest(index: Index) -> Any:
    return json.loads(index.files[index.manifest])


def _periods(index: Index) -> list[Any]:
    return [json.loads(index.files[f"search/period-{period['file']}.json"]) for period in _manifest(index)["periods"]]


def _lists(index: Index) -> Iterator[tuple[str, str, int]]:
    """Every word, slug and weight in the index, word by word as the files have it."""
    for period in _periods(index):
        slugs = [slug for slug, _ in period["episodes"]]
        for begins, piece in period["words"]:
            content = json.loads(index.files[f"search/words-{piece}.json"])
            assert next(iter(content)) == begins
            for word, steps in content.items():
                place = 0
                for step in steps:
                    place += step // 10
                    yield word, slugs[place], step % 10


def _weights(index: Index, word: str) -> dict[str, int]:
    return {slug: weight for found, slug, weight in _lists(index) if found == word}


_TEXTS = st.lists(st.text(alphabet="abcé ’\n中国ا", max_size=40), max_size=8)


@given(_TEXTS, _TEXTS)
def test_every_word_of_every_episode_is_found_and_nothing_else(said: list[str], notes: list[str]) -> None:
    noted = dict(enumerate(notes))
    documents = [
        _document(f"talk-{number}", text, notes=noted.get(number, ""), published=f"20{number:02d}-01-01")
        for number, text in enumerate(said)
    ]
    expected = {
        (word, f"talk-{number}")
        for number, text in enumerate(said)
        for word in (*words(text), *words(noted.get(number, "")))
    }
    found = [(word, slug) for word, slug, _ in _lists(build_index(documents))]
    assert set(found) == expected
    assert len(found) == len(expected)


@given(st.permutations(range(6)))
@settings(max_examples=20)
def test_the_order_of_episodes_changes_nothing(order: list[int]) -> None:
    documents = [_document(f"talk-{number}", f"word {number}", published="2020-06-05") for number in range(6)]
    assert build_index([documents[number] for number in order]) == build_index(documents)


def _show(count: int, *, each_year: int) -> list[Document]:
    chosen = random.Random(7)  # noqa: S311 - made words, the same on each run
    return [
        _document(
            f"talk-{number}",
            " ".join(f"w{chosen.randrange(900)}" for _ in range(300)),
            published=date(2000 + number // each_year, 1, 1 + number % each_year).isoformat(),
        )
        for number in range(count)
    ]


def _of_period(index: Index, which: int) -> set[str]:
    own = _manifest(index)["periods"][which]["file"]
    words_files = {f"search/words-{piece}.json" for _, piece in _periods(index)[which]["words"]}
    return words_files | {f"search/period-{own}.json"}


def test_a_touched_episode_changes_the_files_of_its_own_years_only(monkeypatch: Any) -> None:
    monkeypatch.setattr(index_module, "PERIOD_EPISODES", 10)
    documents = _show(40, each_year=5)
    before = build_index(documents)
    assert [period["years"] for period in _manifest(before)["periods"]] == [
        [2000, 2001],
        [2002, 2003],
        [2004, 2005],
        [2006, 2007],
    ]
    after = build_index([*documents[:12], replace(documents[12], said=documents[12].said + " added"), *documents[13:]])
    assert _weights(after, "added") == {"talk-12": 6}
    for which in (0, 2, 3):
        assert _of_period(before, which) == _of_period(after, which)
    gone = before.files.keys() - after.files.keys() - {before.manifest}
    assert gone
    assert gone <= _of_period(before, 1)


def test_an_added_episode_leaves_closed_years_as_they_are(monkeypatch: Any) -> None:
    monkeypatch.setattr(index_module, "PERIOD_EPISODES", 10)
    documents = _show(39, each_year=5)
    before, after = build_index(documents[:-1]), build_index(documents)
    for which in (0, 1, 2):
        assert _of_period(before, which) == _of_period(after, which)


def test_files_are_small_and_their_words_in_the_order_of_browsers() -> None:
    documents = [*_show(60, each_year=20), _document("rare", "𠀀𠀁 ﾞ \uf900 z é")]
    index = build_index(documents)
    sizes = [len(content) for name, content in index.files.items() if name != index.manifest]
    assert len(sizes) > 3
    assert max(sizes) < 2 * index_module.WORDS_FILE_BYTES
    for period in _periods(index):
        found = [word for _, piece in period["words"] for word in json.loads(index.files[f"search/words-{piece}.json"])]
        assert found == sorted(found, key=lambda word: word.encode("utf-16-be"))


def _order(documents: Sequence[Document], word: str) -> list[str]:
    weights = _weights(build_index(documents), word)
    return sorted(weights, key=lambda slug: -weights[slug])


def test_titles_weigh_more_than_notes_and_notes_more_than_speech() -> None:
    filler = "said " * 3000
    documents = [
        _document("said", f"{filler} count"),
        _document("noted", filler, notes="count"),
        _document("titled", filler, title="count"),
    ]
    assert _order(documents, "count") == ["titled", "noted", "said"]


def test_saying_it_often_in_a_short_talk_weighs_more() -> None:
    documents = [
        _document("once", "count " + "said " * 3000),
        _document("often", "count " * 30 + "said " * 3000),
        _document("long", "count " + "said " * 30_000),
    ]
    assert _order(documents, "count") == ["often", "once", "long"]


def test_without_episodes_there_is_an_empty_index() -> None:
    index = build_index([])
    assert json.loads(index.files[index.manifest]) == {"version": 2, "periods": []}
    assert list(index.files) == [index.manifest]


def test_a_card_is_named_by_its_content() -> None:
    one, other = _document("talk", "a", title="One"), _document("talk", "a", title="Other")
    assert one.card != other.card
    assert one.card == _document("talk", "b", title="One").card
