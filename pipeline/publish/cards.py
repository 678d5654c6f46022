"""What a page says of itself when its address is passed on: OpenGraph, and the size of Twitter's card.

OpenGraph: https://ogp.me. Twitter reads the title, the text and the picture from there too; only the card's kind
and the picture's description have names of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipeline.publish.share_image import HEIGHT_PX, WIDTH_PX

_DESCRIPTION_MAX_CHARACTERS = 300
_LOCALE = re.compile(r"([a-z]{2,3})(?:-[A-Z][a-z]{3})?-([A-Z]{2})")


@dataclass(frozen=True, slots=True)
class Meta:
    """One `<meta>`: `kind` is the attribute that names it (OpenGraph's is RDFa's `property`)."""

    kind: Literal["property", "name"]
    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Card:
    """What a page says; addresses are public ones. `image` is one that share_image made, `image_alt` describes it."""

    type: Literal["website", "article"]
    title: str
    description: str
    url: str
    site_name: str
    language: str
    image: str | None = None
    image_alt: str = ""
    audio: str | None = None
    audio_type: str = "audio/mpeg"
    published_at: datetime | None = None
    modified_at: datetime | None = None


def metas(card: Card) -> tuple[Meta, ...]:
    """The elements, in the order in which OpenGraph wants them: a picture's size after the picture."""
    locale = _LOCALE.fullmatch(card.language)
    properties = (
        ("og:type", card.type),
        ("og:title", card.title),
        ("og:description", shortened(card.description)),
        ("og:url", card.url),
        ("og:site_name", card.site_name),
        # A locale names a country as well; one that was made up would be wrong.
        ("og:locale", f"{locale[1]}_{locale[2]}" if locale else None),
        ("og:image", card.image),
        ("og:image:type", "image/jpeg" if card.image else None),
        ("og:image:width", str(WIDTH_PX) if card.image else None),
        ("og:image:height", str(HEIGHT_PX) if card.image else None),
        ("og:image:alt", card.image_alt),
        ("og:audio", card.audio),
        ("og:audio:type", card.audio_type if card.audio else None),
        ("article:published_time", card.published_at.isoformat() if card.published_at else None),
        ("article:modified_time", card.modified_at.isoformat() if card.modified_at else None),
    )
    return (
        *(Meta("property", name, content) for name, content in properties if content),
        Meta("name", "twitter:card", "summary_large_image" if card.image else "summary"),
        *([Meta("name", "twitter:image:alt", card.image_alt)] if card.image_alt else []),
    )


def shortened(text: str) -> str:
    """The text on one line, cut after a word where it is longer than readers of cards show."""
    line = " ".join(text.split())
    if len(line) <= _DESCRIPTION_MAX_CHARACTERS:
        return line
    cut = line[:_DESCRIPTION_MAX_CHARACTERS]
    return f"{cut.rpartition(' ')[0] or cut}…"
