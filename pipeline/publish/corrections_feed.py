"""The feed of corrections: for those who want to hear of every change, whichever episode it belongs to."""

from __future__ import annotations

from html import escape
from typing import Any
from uuid import uuid5

from feedgen.feed import FeedGenerator

from pipeline.publish.feed import GENERATOR
from pipeline.publish.pages.frame import CORRECTIONS_FEED, CORRECTIONS_PAGE, Site
from pipeline.publish.pages.lists import all_corrections
from pipeline.publish.published import correction_digest
from pipeline.publish.wording import told

# A new reader needs the latest; a correction of years ago stands on its page.
_NEWEST = 100


def corrections_feed(site: Site) -> dict[str, bytes]:
    """The feed by its name; nothing where nothing was corrected yet. The same corrections give the same bytes."""
    found = all_corrections(site.episodes)[:_NEWEST]
    if not found:
        return {}
    settings = site.settings
    feed: Any = FeedGenerator()  # type: ignore[no-untyped-call]
    feed.title(f"Corrections: {settings.title}")
    feed.description(f"What was corrected, clarified, updated or taken back in {settings.title}.")
    feed.link(href=settings.site_url + CORRECTIONS_FEED, rel="self", type="application/rss+xml")
    feed.link(href=settings.site_url + CORRECTIONS_PAGE, rel="alternate")
    feed.language(settings.language)
    feed.generator(GENERATOR)
    feed.lastBuildDate(max(one.at for _, one in found))
    for part, one in found:
        entry = feed.add_entry(order="append")
        entry.title(f"{one.kind.capitalize()}: {part.approved.episode.title}")
        entry.link(href=f"{settings.site_url}{part.files.page}#corrections")
        digest = correction_digest(one.model_dump(mode="json"))
        entry.guid(str(uuid5(part.approved.episode.namespace, digest)), permalink=False)
        entry.pubDate(one.at)
        entry.description("".join(f"<p>{escape(text, quote=False)}</p>" for text in told(one)))
    document: bytes = feed.rss_str(pretty=True)
    return {CORRECTIONS_FEED: document}
