"""Where a source can be found: its own address, or its DOI's."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from pipeline.publish.references.words import plain
from pipeline.show import Source

# ANSI/NISO Z39.84: a directory of digits and dots after "10.", a slash, and anything.
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(?P<doi>10\.\d{4,9}(?:\.\d+)*/\S+)", re.IGNORECASE)


def doi_of(text: object) -> str:
    """The DOI in a text that is one, with or without `doi:` or `https://doi.org/` before it; else empty."""
    match = _DOI.fullmatch(plain(text))
    return match["doi"] if match else ""


def doi_link(source: Source) -> str:
    """The address at doi.org; empty where the record has no DOI."""
    doi = doi_of(source.more("DOI"))
    return f"https://doi.org/{quote(doi, safe='/:;()._-')}" if doi else ""


def source_link(source: Source) -> str:
    """Where the title leads: the record's address, else its DOI's; empty where it has neither."""
    return source.URL or doi_link(source)


def leads_to_doi(source: Source) -> bool:
    """Whether the record's own address is one of doi.org already."""
    return bool(source.URL) and urlsplit(source.URL or "").hostname in ("doi.org", "dx.doi.org", "www.doi.org")
