"""Values the tests of the publishing room are about: a small show, its sources, and episodes made to order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from pipeline.align import TimedParagraph, TimedWord, split_words
from pipeline.publish.cues import cues
from pipeline.publish.feed import FeedItem, feed_item
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles, named_by_content, place
from pipeline.publish.notes import render
from pipeline.publish.pages import SiteAssets
from pipeline.publish.parts import EpisodeParts
from pipeline.publish.search.documents import episode_document
from pipeline.release import AlternateAudio, Release
from pipeline.show import Episode, Person, ShowSettings, Source

GOLDEN = Path(__file__).parent / "golden"
FEED_URL = "https://show.example/feed.xml"
ARTWORK_URL = "https://show.example/artwork-0123456789ab.png"

SHOW: dict[str, Any] = {
    "title": "On Record",
    "description": "Interviews with the people who count what others do not want counted.",
    "guid": "9b024349-ccf0-5f69-a609-6b82873eab3c",
    "language": "en-GB",
    "site_url": "https://show.example/",
    "author": "The On Record desk",
    "categories": ["Society & Culture > Documentary", "News"],
    "artwork": "artwork.png",
}


def settings(**changes: Any) -> ShowSettings:
    return ShowSettings.model_validate(SHOW | changes)


def source(key: str, **fields: Any) -> Source:
    return Source.model_validate({"id": key, "type": "report", "title": f"The work {key}"} | fields)


def golden_sources() -> dict[str, Source]:
    records = json.loads((GOLDEN / "sources.json").read_text("utf-8"))
    return {record["id"]: Source.model_validate(record) for record in records}


def paragraph(speaker: str, text: str, start_ms: int = 0, ms_per_character: int = 60) -> TimedParagraph:
    """A paragraph spoken evenly; a sentence's end is followed by a pause."""
    words: list[TimedWord] = []
    now_ms = start_ms
    for span in split_words(text):
        word = text[span.start_char : span.end_char]
        end_ms = now_ms + ms_per_character * len(word)
        words.append(TimedWord(word, span.start_char, span.end_char, now_ms, end_ms, "kept"))
        now_ms = end_ms + (600 if word.endswith((".", "?", "!")) else 20)
    return TimedParagraph(speaker, text, start_ms, words[-1].end_ms if words else start_ms, tuple(words))


def release(**changes: Any) -> Release:
    facts: dict[str, Any] = {
        "digest": "sha256:" + "0f" * 32,
        "size_bytes": 28_800_417,
        "duration_ms": 1_800_400,
        "channels": 1,
        "sample_rate_hz": 44_100,
        "bitrate_kbps": 128,
        "loudness_lufs": -19.0,
        "true_peak_dbtp": -1.2,
        "recording_start_ms": 0,
        "recording_duration_ms": 1_800_400,
    }
    return Release(**(facts | changes))


def episode(which: int = 1, /, **changes: Any) -> Episode:
    facts: dict[str, Any] = {
        "slug": f"episode-{which}",
        "folder": Path("episodes") / f"episode-{which}",
        "guid": str(UUID(int=(4 << 76) | (2 << 62) | which)),
        "title": f"The {which}. conversation",
        "summary": "Who counts the missing, and how.",
        "published_at": datetime(2026, 5, 1, 6, tzinfo=UTC) + timedelta(days=7 * which),
        "recordings": [{"file": "interview.flac"}],
        "hosts": ["ada-host"],
        "guests": ["gus-guest"],
    }
    return Episode.model_validate(facts | changes)


PEOPLE = (
    Person(id="ada-host", name="Ada Host", url="https://show.example/ada"),
    Person(id="gus-guest", name="Gus Guest", url="http://guest.example/"),
)


BY_ID = {person.id: person for person in PEOPLE} | {
    "peta-producer": Person(id="peta-producer", name="Peta Producer", url="https://show.example/peta"),
}


def approved(one: Episode, **changes: Any) -> ApprovedEpisode:
    facts: dict[str, Any] = {
        "episode": one,
        "language": "en-GB",
        "explicit": False,
        "people": PEOPLE,
        "paragraphs": (paragraph("Ada Host", "Welcome."), paragraph("Gus Guest", "Thank you.", 2000)),
        "notes_markdown": "We talk about counting.",
        "release": release(),
        "release_path": Path("release.mp3"),
        "artwork_path": None,
        "checked_by": ("Eda Editor",),
        "checked_at": one.published_at - timedelta(days=1),
        "drafted_by": "base",
    }
    return ApprovedEpisode(**(facts | changes))


_SUFFIXES = ("mp3", "opus", "vtt", "srt", "json", "html", "chapters.json", "png")
ALTERNATE = AlternateAudio("sha256:" + "1e" * 32, 9_000_123, "audio/ogg", "opus", 40, "opus")


def files(slug: str, *, artwork: bool = False, whole: bool = False) -> EpisodeFiles:
    digest = "sha256:" + (slug.encode().hex() + "0" * 64)[-64:]
    named = {suffix: named_by_content(slug, digest[::-1], suffix) for suffix in _SUFFIXES}
    return EpisodeFiles(
        page=place(slug, "index.html"),
        audio=named["mp3"],
        vtt=named["vtt"],
        srt=named["srt"],
        json=named["json"],
        artwork=named["png"] if artwork else None,
        html=named["html"] if whole else None,
        chapters=named["chapters.json"] if whole else None,
        alternate=named["opus"] if whole else None,
    )


def item(show: ShowSettings, one: ApprovedEpisode, sources: dict[str, Source] | None = None, **kw: Any) -> FeedItem:
    return feed_item(show, one, files(one.slug, **kw), render(one.notes_markdown, sources or {}))


def assets() -> SiteAssets:
    """Places of shared files, as a site plans them."""
    names = (
        "artwork.jpg",
        "copy_script.js",
        "cover.jpg",
        "icon.jpg",
        "qr_code.svg",
        "share.jpg",
        "style.css",
    )
    places = {name.partition(".")[0]: f"static/{name.replace('.', '-0.')}" for name in names}
    return SiteAssets(places, search=("static/search-0.js",), player=("static/transcript-0.js", "static/player-0.js"))


def parts(one: ApprovedEpisode, sources: Mapping[str, Source]) -> EpisodeParts:
    """An episode with what is derived of it, but for the files themselves."""
    published = files(one.slug)
    rendered = render(one.notes_markdown, sources, heading_level=3)
    searched = episode_document(one, published, rendered, cues(one.paragraphs))
    return EpisodeParts(one, rendered, published, searched, None, (), {})
