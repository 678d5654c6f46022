"""What stands before the player: a content note with a time to skip to, helplines by country; and noindex."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.publish.feed import feed_item
from pipeline.publish.notes import render
from pipeline.show.helplines import Helpline
from pipeline.stages.run import approve
from tests.episodes import ADA, NOW, add_episode
from tests.publish import made
from tests.serving import served
from tests.stages.test_guarding import go

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOTE = 'content_note = "Somebody is <hurt>."\ncontent_note_until = "00:00:03.500"\n'
HELPLINES = """\
[child-line]
country = "PH"
name = "Child <Line>"
phone = "+63 2 163"
hours = "Every day"
note = "Free of charge"
verified_on = 2026-11-01

[everywhere]
country = "international"
name = "Everywhere"
url = "https://help.example/?a=1&b=2"

[second-line]
country = "PH"
name = "Second Line"
phone = "1343"
verified_on = 2026-10-05
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show with an intro whose first episode has all of it, and whose second is for people only."""
    tmp_path = tmp_path_factory.mktemp("before")
    root = add_episode(tmp_path, "first-talk", approved=False)
    add_episode(tmp_path, "second-talk", number=2, approved=False)
    episodes = root / "episodes"
    from tests.episodes import sound

    sound(episodes / "intro.wav", 2.0)
    show = (episodes / "show.toml").read_text("utf-8")
    (episodes / "show.toml").write_text(f'{show}\n[audio]\nintro = "intro.wav"\n', encoding="utf-8")
    (episodes / "helplines.toml").write_text(HELPLINES, encoding="utf-8")
    for slug, more in (
        ("first-talk", f'{NOTE}helplines = ["child-line", "everywhere", "second-line"]\n'),
        ("second-talk", "noindex = true\n"),
    ):
        path = episodes / slug / "episode.toml"
        path.write_text(path.read_text("utf-8").replace("[[rec", f"{more}\n[[rec"), encoding="utf-8")
        approve(root, slug, ADA, NOW)
    result = go(root)
    assert [one.state.value for one in result.statuses] == ["published", "published"], result.statuses
    return root


@pytest.fixture(scope="module")
def page(browser: Browser, root: Path) -> Iterator[Any]:
    with served(root) as address:
        page = browser.new_page()
        page.goto(f"{address}first-talk/index.html")
        yield page
        page.close()


@pytest.mark.browser
def test_a_listener_skips_what_the_note_warns_of(page: Any) -> None:
    link = page.get_by_role("complementary", name="Content note").get_by_role("link")
    # 3.5 s of the recording; the intro of 2 s overlaps it by half a second.
    assert link.inner_text() == "Skip to 0:05"
    link.click()
    page.wait_for_function("document.querySelector('audio').currentTime >= 4.9")


@pytest.mark.browser
def test_helplines_stand_by_country_before_the_player(page: Any) -> None:
    box = page.get_by_role("complementary", name="If you need help")
    assert box.get_by_role("heading", level=3).all_inner_texts() == ["Philippines", "International"]
    assert box.get_by_role("listitem").count() == 3
    assert "Last verified 1 November 2026" in box.inner_text()
    assert "Every day. Free of charge" in box.inner_text()
    assert box.get_by_role("link", name="+63 2 163").get_attribute("href") == "tel:+632163"
    assert box.get_by_role("link", name="Everywhere").get_attribute("href") == "https://help.example/?a=1&b=2"
    assert box.bounding_box()["y"] < page.locator(".player").bounding_box()["y"]


@pytest.mark.browser
def test_the_box_has_no_barriers_and_fits_small_screens(browser: Browser, root: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with served(root) as address:
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": 320, "height": 700}, color_scheme=scheme)
            page.goto(f"{address}first-talk/index.html")
            results = Axe().run(page, ".helplines")
            assert results.violations_count == 0, results.generate_report()
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            page.close()


def test_the_note_works_without_scripts(root: Path) -> None:
    html = (root / "site" / "first-talk" / "index.html").read_text("utf-8")
    assert "Somebody is &lt;hurt&gt;." in html
    assert '.mp3#t=5" data-seek-ms="5000">Skip to 0:05</a>' in html


def test_apps_are_told_in_the_description() -> None:
    one = made.approved(
        made.episode(1, content_note="A child is hurt.", content_note_until="00:12:34"),
        release=made.release(recording_start_ms=1500),
        helplines=(
            Helpline(id="a", country="PH", name="Child <Line>", phone="163", verified_on=date(2026, 11, 1)),
            Helpline(id="b", country="international", name="Everywhere", url="https://help.example/"),
        ),
    )
    item = feed_item(made.settings(), one, made.files(one.slug), render("Notes.", {}))
    for text in (item.description, item.content):
        assert "<p>Content note (to skip it, go to 12:35): A child is hurt.</p>" in text
        assert (
            "<p>If you need help: Child &lt;Line&gt; (Philippines) 163; "
            "Everywhere (International) https://help.example/</p>"
        ) in text


def test_what_is_not_for_search_engines_says_so_and_is_not_in_the_sitemap(root: Path) -> None:
    site = root / "site"
    asked = b'<meta name="robots" content="noindex">'
    assert asked in (site / "second-talk" / "index.html").read_bytes()
    (transcript,) = (site / "second-talk").glob("second-talk-*.html")
    assert asked in transcript.read_bytes()
    assert asked not in (site / "first-talk" / "index.html").read_bytes()
    sitemap = (site / "sitemap.xml").read_text("utf-8")
    assert "first-talk/" in sitemap
    assert "second-talk/" not in sitemap
    # Whoever searches here is on the site already.
    assert list((site / "second-talk").glob("*.search.json"))


def test_a_whole_show_can_ask_it(root: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(root, tmp_path / "show")
    path = tmp_path / "show" / "episodes" / "show.toml"
    path.write_text("noindex = true\n" + path.read_text("utf-8"), encoding="utf-8")
    go(tmp_path / "show")
    site = tmp_path / "show" / "site"
    for page in site.glob("**/*.html"):
        assert page.read_text("utf-8").count('<meta name="robots" content="noindex">') == 1, page
    assert "<loc>" not in (site / "sitemap.xml").read_text("utf-8")
