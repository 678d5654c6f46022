"""The heads of real pages, as a browser has them."""

from __future__ import annotations

import hashlib
import io
import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from lxml import etree, html
from PIL import Image

from tests.publish.varied import HOSTILE, build_varied
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SITE = "https://show.example/"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    root = tmp_path_factory.mktemp("heads")
    site = build_varied(root)
    with served(root) as address:
        yield site, address


def _pages(site: Path) -> list[Path]:
    return [site / "index.html", *sorted(site.glob("episode-*/index.html"))]


def _head(page: Path) -> Any:
    return html.fromstring(page.read_text("utf-8")).find("head")  # type: ignore[no-untyped-call]  # no types


def _metas(page: Path) -> dict[str, str]:
    return {one.get("property") or one.get("name"): one.get("content") for one in _head(page).iter("meta")}


def _file(site: Path, address: str) -> Path:
    assert address.startswith(SITE)
    return site / urlsplit(address).path.lstrip("/")


def test_what_a_head_names_is_on_the_site(built: tuple[Path, str]) -> None:
    site, _ = built
    for page in _pages(site):
        metas = _metas(page)
        assert metas["og:url"] == _head(page).xpath('link[@rel="canonical"]/@href')[0]
        if "og:audio" in metas:
            assert _file(site, metas["og:audio"]).suffix == ".mp3"
            assert _file(site, metas["og:audio"]).is_file()
        content = _file(site, metas["og:image"]).read_bytes()
        assert len(content) <= 200_000
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.size == (int(metas["og:image:width"]), int(metas["og:image:height"]))


def test_the_data_names_files_of_the_site(built: tuple[Path, str]) -> None:
    site, _ = built
    for page in _pages(site)[1:]:
        data = json.loads(_head(page).xpath('script[@type="application/ld+json"]')[0].text)
        assert _file(site, data["url"]) == page
        for media in data["associatedMedia"]:
            assert media["contentSize"] == f"{_file(site, media['contentUrl']).stat().st_size} B"
            assert all(_file(site, one["contentUrl"]).is_file() for one in media.get("caption", ()))
        assert all(_file(site, image).is_file() for image in data["image"])


def test_every_page_that_crawlers_may_keep_is_in_the_sitemap_once(built: tuple[Path, str]) -> None:
    site, _ = built
    root = etree.fromstring((site / "sitemap.xml").read_bytes())
    listed = [str(element.text) for element in root.iter("{*}loc")]
    heads = {page: _head(page) for page in site.rglob("*.html")}
    kept = {
        page: head.xpath('link[@rel="canonical"]/@href')[0]
        for page, head in heads.items()
        if not head.xpath('meta[@name="robots"][starts-with(@content, "noindex")]')
    }
    assert len(listed) == len(set(listed))
    assert set(listed) == set(kept.values())
    assert {SITE, *(f"{SITE}episode-{number}/index.html" for number in range(1, 8))} <= set(listed)


def test_the_transcript_for_apps_names_the_page_as_the_one_to_keep(built: tuple[Path, str]) -> None:
    (transcript,) = built[0].glob("episode-1/episode-1-*.html")
    assert _head(transcript).xpath('link[@rel="canonical"]/@href') == [f"{SITE}episode-1/index.html"]


def test_the_policy_allows_the_data_and_nothing_else_inline(built: tuple[Path, str]) -> None:
    for page in _pages(built[0]):
        (policy,) = _head(page).xpath('meta[@http-equiv="Content-Security-Policy"]/@content')
        (script,) = _head(page).xpath("script[not(@src)]")
        digest = b64encode(hashlib.sha256(script.text.encode()).digest()).decode()
        assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "sha256" not in (built[0] / "404.html").read_text("utf-8")


@pytest.mark.browser
def test_a_browser_has_the_data_of_every_page_under_its_policy(browser: Browser, built: tuple[Path, str]) -> None:
    site, address = built
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    names: list[str] = []
    for path in _pages(site):
        page.goto(address + path.relative_to(site).as_posix())
        data = page.evaluate("JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)")
        names.append(data["name"])
        assert data["@type"] in ("PodcastSeries", "PodcastEpisode")
        assert page.evaluate("document.querySelectorAll('head > meta[property]').length") > 8
    page.close()
    assert HOSTILE in names
    assert complaints == []
