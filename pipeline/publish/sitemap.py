"""What crawlers ask a site for: the list of its pages, and what they may read.

The protocol: https://www.sitemaps.org/protocol.html. No clock: a page was last changed when what it shows was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import islice

SITEMAP = "sitemap.xml"
ROBOTS = "robots.txt"
MAX_ADDRESSES = 50_000

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page for crawlers: its public address and, where known, when what it shows was last changed."""

    address: str
    changed_at: datetime | None = None


def to_sitemap(pages: Iterable[ListedPage]) -> bytes:
    """The pages in the order given; the first `MAX_ADDRESSES`, which is what one file may list."""
    listed = "".join(_listed(page) for page in islice(pages, MAX_ADDRESSES))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_NAMESPACE}">\n{listed}</urlset>\n'.encode()


def to_robots(sitemap_address: str) -> bytes:
    """Everything may be read; crawlers look for this file at the top of a host only, and elsewhere it does no harm."""
    return f"User-agent: *\nAllow: /\n\nSitemap: {sitemap_address}\n".encode()


def _listed(page: ListedPage) -> str:
    changed = f"<lastmod>{page.changed_at.isoformat(timespec='seconds')}</lastmod>" if page.changed_at else ""
    return f"<url><loc>{escape(page.address)}</loc>{changed}</url>\n"
