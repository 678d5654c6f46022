"""The pages: an episode with its player, notes, sources and transcript, and the pages that go over all episodes."""

from pipeline.publish.pages.episode import named_people
from pipeline.publish.pages.frame import (
    FEED,
    INDEX_PAGE,
    MISSING_PAGE,
    SEARCH_PAGE,
    Site,
    SiteAssets,
    age,
    archive_page,
    newest_first,
    page_address,
    worth_showing,
)
from pipeline.publish.pages.lists import all_corrections, by_year, citing, references_of
from pipeline.publish.pages.render import Pages
from pipeline.publish.pages.transcript import transcript_html

__all__ = [
    "FEED",
    "INDEX_PAGE",
    "MISSING_PAGE",
    "SEARCH_PAGE",
    "Pages",
    "Site",
    "SiteAssets",
    "age",
    "all_corrections",
    "archive_page",
    "by_year",
    "citing",
    "named_people",
    "newest_first",
    "page_address",
    "references_of",
    "transcript_html",
    "worth_showing",
]
