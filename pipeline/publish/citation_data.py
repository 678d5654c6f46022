"""A source as schema.org's CreativeWork, of the type that fits its CSL type.

CSL's types: https://docs.citationstyles.org/en/stable/specification.html#appendix-iii-types. Whatever other software
put into a record, only text and web addresses come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipeline.publish.references import source_link, title_text
from pipeline.show import Source

# A type that is not here is a CreativeWork, which is true of all of them.
_TYPES = {
    "article": "Article",
    "article-journal": "ScholarlyArticle",
    "article-magazine": "Article",
    "article-newspaper": "NewsArticle",
    "bill": "Legislation",
    "book": "Book",
    "broadcast": "Episode",
    "chapter": "Chapter",
    "collection": "Collection",
    "dataset": "Dataset",
    "entry": "Article",
    "entry-dictionary": "Article",
    "entry-encyclopedia": "Article",
    "figure": "ImageObject",
    "graphic": "ImageObject",
    "interview": "Conversation",
    "legislation": "Legislation",
    "manuscript": "Manuscript",
    "map": "Map",
    "motion_picture": "Movie",
    "paper-conference": "ScholarlyArticle",
    "periodical": "Periodical",
    "personal_communication": "Message",
    "post": "SocialMediaPosting",
    "post-weblog": "BlogPosting",
    "regulation": "Legislation",
    "report": "Report",
    "review": "Review",
    "review-book": "Review",
    "software": "SoftwareApplication",
    "song": "MusicRecording",
    "thesis": "Thesis",
    "treaty": "Legislation",
    "video": "VideoObject",
    "webpage": "WebPage",
}
# What the container of such a work is; elsewhere it is a CreativeWork.
_CONTAINERS = {
    "article-journal": "Periodical",
    "article-magazine": "Periodical",
    "article-newspaper": "Newspaper",
    "chapter": "Book",
    "post-weblog": "Blog",
    "webpage": "WebSite",
}


def citation(source: Source) -> dict[str, Any]:
    """One source, as `citation` takes it; None for what its record does not say."""
    return {
        "@type": _TYPES.get(source.type, "CreativeWork"),
        "name": title_text(source),
        "author": list(_authors(source)),
        "publisher": {"@type": "Organization", "name": source.publisher} if source.publisher else None,
        "datePublished": _iso_date(source.issued),
        "isPartOf": {"@type": _CONTAINERS.get(source.type, "CreativeWork"), "name": source.container_title}
        if source.container_title
        else None,
        "url": source_link(source) or None,
    }


def _authors(source: Source) -> Iterator[dict[str, Any]]:
    for author in source.author:
        parts = [author.get(field) for field in ("given", "non-dropping-particle", "family", "suffix")]
        name = " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
        literal = author.get("literal")
        if name:
            yield {"@type": "Person", "name": name}
        elif isinstance(literal, str) and literal.strip():
            # By CSL's convention a name that has no parts is that of an institution.
            yield {"@type": "Organization", "name": literal.strip()}


def _iso_date(issued: dict[str, Any] | None) -> str | None:
    """The first date as ISO 8601, as exactly as it is known: `2020`, `2020-05`, `2020-05-26`."""
    parts = (issued or {}).get("date-parts")
    if not isinstance(parts, list) or not parts or not isinstance(parts[0], list):
        return None
    numbers: list[int] = []
    for part, (least, most) in zip(parts[0], ((1, 9999), (1, 12), (1, 31)), strict=False):
        text = str(part)
        if not (text.isascii() and text.isdigit()) or not least <= int(text) <= most:
            break
        numbers.append(int(text))
    return "-".join(f"{number:0{width}d}" for number, width in zip(numbers, (4, 2, 2), strict=False)) or None
