"""A long feed in pages: everything is there once, what is closed stays as it is."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipeline.publish.feed import FeedItem, build_feeds
from pipeline.publish.feed_pages import FIRST_PAGE_MAX_BYTES, FIRST_PAGE_MAX_ITEMS, cut
from pipeline.publish.lint.channel import FEED_MAX_BYTES
from pipeline.publish.lint.check import lint
from tests.publish.made import ARTWORK_URL, approved, episode, item, settings

ATOM = "{http://www.w3.org/2005/Atom}link"
SHOW = settings()


@lru_cache(maxsize=2)
def items(count: int, notes: str = "We talk about counting.") -> tuple[FeedItem, ...]:
    return tuple(item(SHOW, approved(episode(number), notes_markdown=notes)) for number in range(1, count + 1))


def built(some: tuple[FeedItem, ...]) -> dict[str, bytes]:
    return build_feeds(SHOW, some, artwork_url=ARTWORK_URL)


def guids(document: bytes) -> list[str]:
    return [one.text or "" for one in etree.fromstring(document).findall("channel/item/guid")]


def linked(document: bytes) -> dict[str, str]:
    found = etree.fromstring(document).findall(f"channel/{ATOM}")
    return {one.get("rel", ""): one.get("href", "").rpartition("/")[2] for one in found}


def test_a_feed_that_is_not_long_has_one_page_and_says_nothing_of_pages() -> None:
    pages = built(items(FIRST_PAGE_MAX_ITEMS))
    assert list(pages) == ["feed.xml"]
    assert set(linked(pages["feed.xml"])) == {"self"}


def test_a_thousand_episodes_are_all_there_once_newest_first() -> None:
    pages = built(items(1000))
    assert list(pages) == ["feed.xml", *(f"feed-{number}.xml" for number in range(2, 9))]
    walked: list[str] = []
    name: str | None = "feed.xml"
    visited: list[str] = []
    while name:
        visited.append(name)
        walked += guids(pages[name])
        assert linked(pages[name])["self"] == name
        assert linked(pages[name])["first"] == "feed.xml"
        assert linked(pages[name])["last"] == "feed-2.xml"
        name = linked(pages[name]).get("next")
    assert walked == [str(episode(number).guid) for number in range(1000, 0, -1)]
    for before, after in pairwise(visited):
        assert linked(pages[after])["prev"] == before
    assert "prev" not in linked(pages["feed.xml"])
    assert len(guids(pages["feed.xml"])) == FIRST_PAGE_MAX_ITEMS
    for document in pages.values():
        assert [one for one in lint(document) if one.severity != "advice"] == []
        assert len(document) < FEED_MAX_BYTES


def test_a_new_episode_changes_the_first_page_alone_and_once_in_a_while_one_more() -> None:
    def changed(before: int, after: int) -> set[str]:
        old, new = built(items(1001)[:before]), built(items(1001)[:after])
        return {name for name in new if old.get(name) != new[name]}

    assert changed(950, 951) == {"feed.xml"}
    # A new page is made, and the one that was next before is now behind it.
    assert changed(1000, 1001) == {"feed.xml", "feed-9.xml", "feed-8.xml"}


def test_pages_are_cut_by_size_too() -> None:
    pages = built(items(250, "Many words. " * 1800))
    assert len(pages) > 1
    assert all(len(document) < FEED_MAX_BYTES for document in pages.values())
    assert sum(len(guids(document)) for document in pages.values()) == 250


@given(st.lists(st.integers(min_value=1, max_value=3_000_000), max_size=900), st.integers(min_value=0, max_value=50))
def test_pages_hold_everything_in_order_and_closed_ones_never_change(sizes: list[int], more: int) -> None:
    numbered: list[Any] = list(enumerate(sizes))
    pages = cut(numbered, lambda one: int(one[1]))
    assert [one for page in (*pages[1:], pages[0]) for one in page] == numbered
    assert len(pages[0]) <= FIRST_PAGE_MAX_ITEMS
    assert sum(size for _, size in pages[0]) <= FIRST_PAGE_MAX_BYTES or len(pages[0]) == 1
    grown = cut([*numbered, *((len(sizes) + one, 5000) for one in range(more))], lambda one: int(one[1]))
    assert grown[1 : len(pages)] == pages[1:]
