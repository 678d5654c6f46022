"""The pages: an episode with its player, notes, sources and transcript, and the pages that go over all episodes."""

from pipeline.publish.pages.episode import named_people
from pipeline.publish.pages.frame import (
    FEED,
    INDEX_PAGE,
    MISSING_PAGE,
    SEARCH_PAGE,
    Site,
    SiteAssets,
    newest_first,
    page_address,
)
from pipeline.publish.pages.lists import all_corrections
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
    "all_corrections",
    "named_people",
    "newest_first",
    "page_address",
    "transcript_html",
]
