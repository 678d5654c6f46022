"""The list of pages for crawlers, read back as XML."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.robotparser import RobotFileParser

from lxml import etree

from pipeline.publish.sitemap import MAX_ADDRESSES, ListedPage, to_robots, to_sitemap

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def test_lists_each_page_with_the_time_of_its_content() -> None:
    pages = [
        ListedPage("https://show.example/", datetime(2026, 5, 8, 6, 0, 1, 500, tzinfo=UTC)),
        ListedPage("https://show.example/a&b/index.html"),
    ]
    root = etree.fromstring(to_sitemap(pages))
    assert root.tag == f"{{{NAMES['s']}}}urlset"
    assert root.xpath("s:url/s:loc/text()", namespaces=NAMES) == [
        "https://show.example/",
        "https://show.example/a&b/index.html",
    ]
    assert root.xpath("s:url/s:lastmod/text()", namespaces=NAMES) == ["2026-05-08T06:00:01+00:00"]


def test_never_lists_more_than_one_file_may() -> None:
    pages = (ListedPage(f"https://show.example/{number}") for number in range(MAX_ADDRESSES + 10))
    assert to_sitemap(pages).count(b"<loc>") == MAX_ADDRESSES


def test_crawlers_may_read_everything_and_find_the_list() -> None:
    rules = RobotFileParser()
    rules.parse(to_robots("https://show.example/sitemap.xml").decode().splitlines())
    assert rules.can_fetch("AnyBot", "https://show.example/a/index.html")
    assert rules.site_maps() == ["https://show.example/sitemap.xml"]
