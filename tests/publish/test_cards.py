"""What is said of a page when its address is passed on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.publish.cards import Card, metas, shortened

FACTS: dict[str, Any] = {
    "type": "article",
    "title": "A conversation",
    "description": "Who counts\nthe missing.",
    "url": "https://show.example/one/index.html",
    "site_name": "On Record",
    "language": "en-GB",
    "image": "https://show.example/one/one-0.jpg",
    "image_alt": "A waveform",
}


def _metas(**changes: Any) -> dict[str, str]:
    return {meta.name: meta.content for meta in metas(Card(**(FACTS | changes)))}


def test_says_what_a_card_shows() -> None:
    found = _metas(audio="https://show.example/one/one-0.mp3", published_at=datetime(2026, 5, 8, 6, tzinfo=UTC))
    assert found["og:title"] == "A conversation"
    assert found["og:description"] == "Who counts the missing."
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["og:image:alt"] == found["twitter:image:alt"] == "A waveform"
    assert found["og:audio:type"] == "audio/mpeg"
    assert found["article:published_time"] == "2026-05-08T06:00:00+00:00"
    assert found["twitter:card"] == "summary_large_image"


@pytest.mark.parametrize(
    ("language", "locale"), [("en-GB", "en_GB"), ("zh-Hant-TW", "zh_TW"), ("de", None), ("es-419", None)]
)
def test_a_locale_is_only_said_where_the_country_is_known(language: str, locale: str | None) -> None:
    assert _metas(language=language).get("og:locale") == locale


def test_a_page_without_sound_names_none() -> None:
    assert not {name for name in _metas() if name.startswith(("og:audio", "article:"))}


def test_a_long_text_is_cut_after_a_word() -> None:
    cut = shortened("word " * 100)
    assert cut.endswith("word…")
    assert len(cut) <= 301
    assert len(shortened("字" * 500)) == 301
