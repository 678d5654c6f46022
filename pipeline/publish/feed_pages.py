"""Cuts a long feed into pages (RFC 5005): readers that know pages get everything, others the newest.

Old items fill pages from the oldest on, and a full page is closed for good: a new episode changes feed.xml, and once
in a hundred episodes makes one new page. So feed-2.xml holds the oldest items, and the page that feed.xml calls next
is the one with the highest number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from pipeline.publish.feed_tags import Tag, attributes

FIRST_PAGE = "feed.xml"
FIRST_PAGE_MAX_ITEMS = 300
FIRST_PAGE_MAX_BYTES = 4_000_000
CLOSED_PAGE_ITEMS = 100
CLOSED_PAGE_MAX_BYTES = 2_000_000

T = TypeVar("T")


def cut(items: Sequence[T], size_bytes: Callable[[T], int]) -> list[list[T]]:
    """Pages of items, from `items` in the order of age, oldest first: feed.xml first, then feed-2.xml and so on.

    Within a page the order stays. Each item is on one page.
    """
    rest = list(items)
    rest_bytes = sum(size_bytes(item) for item in rest)
    closed: list[list[T]] = []
    while len(rest) > FIRST_PAGE_MAX_ITEMS or (rest_bytes > FIRST_PAGE_MAX_BYTES and len(rest) > 1):
        page: list[T] = []
        page_bytes = 0
        while rest and len(page) < CLOSED_PAGE_ITEMS and (not page or page_bytes < CLOSED_PAGE_MAX_BYTES):
            page_bytes += size_bytes(rest[0])
            page.append(rest.pop(0))
        rest_bytes -= page_bytes
        closed.append(page)
    return [rest, *closed]


def page_names(count: int) -> list[str]:
    """The file names of that many pages: feed.xml, feed-2.xml, ..."""
    return [FIRST_PAGE, *(f"feed-{number}.xml" for number in range(2, count + 1))]


def page_links(names: Sequence[str], index: int, site_url: str) -> list[Tag]:
    """atom:link first, prev, next and last of one page; none where there is one page only."""
    if len(names) == 1:
        return []
    order = [names[0], *reversed(names[1:])]
    place = order.index(names[index])
    found = {
        "first": order[0],
        "prev": order[place - 1] if place else None,
        "next": order[place + 1] if place + 1 < len(order) else None,
        "last": order[-1],
    }
    return [
        Tag("atom:link", attributes=attributes(rel=rel, href=site_url + name)) for rel, name in found.items() if name
    ]
