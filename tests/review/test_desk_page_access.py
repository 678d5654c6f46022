"""The desk for everybody: no barrier axe finds, small screens, and a whole episode checked by keyboard alone."""

from __future__ import annotations

import contextlib
import json
import re
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.bench_desk import measure
from tests.review.conftest import ADA_BY
from tests.review.desk_fixture import SLUG, TALK, DeskPage, DeskServer, long_talk, make_desk_show

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

GUIDE = Path(__file__).parents[2] / "docs" / "editing.md"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_that_axe_can_find(
    browser: Browser, signed_in: Any, desk: DeskServer, episode: Path, scheme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with contextlib.closing(
        browser.new_context(storage_state=signed_in, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    ) as context:
        page = context.new_page()
        page.goto(desk.origin)
        page.wait_for_selector("tbody tr")
        window = DeskPage(page, desk.origin, episode)
        _must_be_free_of_barriers(Axe(), window, "the list")
        window.open()
        page.wait_for_selector("dialog.ask[open]")
        _must_be_free_of_barriers(Axe(), window, "who is at the desk")
        window.type(ADA_BY)
        window.press("Enter", "Alt+q")
        page.wait_for_selector("#doubt-why > strong")
        window.press("Alt+k", "Alt+h")
        window.type("the")
        page.wait_for_timeout(300)
        _must_be_free_of_barriers(Axe(), window, "doubts and find")
        for name in ("chapters", "notes", "sources", "struck", "approve"):
            page.click(f"#tab-{name}")
            if name == "chapters":
                page.click("#chapter-here")
            if name == "approve":
                page.wait_for_selector("#summary details")
            page.wait_for_timeout(300)
            _must_be_free_of_barriers(Axe(), window, name)
        page.focus("#play")
        window.press("?")
        page.wait_for_selector("dialog.keys[open]")
        _must_be_free_of_barriers(Axe(), window, "the shortcuts")
        window.press("Escape")
        window.caret_before(4, "There")
        window.press("Alt+s")
        page.wait_for_selector("dialog.ask[open]")
        _must_be_free_of_barriers(Axe(), window, "the speaker")


def _must_be_free_of_barriers(axe: Any, window: DeskPage, where: str) -> None:
    found = axe.run(window.page)
    assert found.violations_count == 0, f"{where}: {found.generate_report()}"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "height"), [(320, 640), (640, 400), (768, 1024)], ids=["phone", "200 % on a laptop", "tablet"]
)
def test_small_windows_cut_nothing_off_and_keep_player_and_text_in_view(
    window: DeskPage, width: int, height: int
) -> None:
    page = window.page
    page.set_viewport_size({"width": width, "height": height})
    window.open()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("doubts", "chapters", "notes", "sources", "struck", "approve"):
        page.click(f"#tab-{name}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator(f"#panel-{name}").is_visible()
    page.click("#panel-close")
    assert page.locator("[role=tabpanel]:visible").count() == 0
    window.caret_before(9, "Then")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(100)
    player = page.locator("#play").bounding_box()
    assert player is not None
    assert player["y"] >= 0
    assert player["y"] + player["height"] < height / 2
    deck = page.locator(".deck").bounding_box()
    assert deck is not None
    assert deck["height"] < height * 0.5, "the text has the larger half"


@pytest.mark.browser
def test_what_is_unsaved_is_told_to_screen_readers_and_good_news_is_not_repeated(window: DeskPage) -> None:
    window.caret_before(3, "How")
    window.type("So ")
    window.wait_saved()
    assert window.page.text_content("#saving-aloud") == ""
    window.page.route("**/transcript", lambda route: route.abort())
    window.type("then ")
    window.until("document.getElementById('saving-aloud').textContent.includes('kept in this browser')")
    window.page.unroute("**/transcript")
    window.until("document.getElementById('saving-aloud').textContent === 'Saved to disk again'")


@pytest.mark.browser
def test_arrow_keys_walk_through_the_text_and_tab_leaves_it(window: DeskPage) -> None:
    page = window.page
    here = "[...document.querySelectorAll('.words')].indexOf(document.activeElement)"
    window.caret_before(3, "How")
    window.press("ArrowUp")
    assert page.evaluate(here) == 2
    window.press("ArrowDown", "Home")
    assert page.evaluate(here) == 3
    window.press("ArrowLeft")
    assert page.evaluate(here) == 2, "from the first character on to the end of the paragraph above"
    assert page.evaluate("document.querySelectorAll('#text [tabindex=\"0\"]').length") == 4, (
        "one paragraph is in the tab order"
    )
    window.press("Tab", "Tab", "Tab")
    assert page.evaluate("document.activeElement.closest('#text')") is None


@pytest.mark.browser
def test_the_guide_lists_every_shortcut_as_the_desk_has_it(window: DeskPage) -> None:
    shortcuts = window.page.evaluate("import('/static/keys.js').then((keys) => keys.SHORTCUTS)")
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(
        (one["keys"].replace("Mod", "Ctrl").replace("Comma", ",").replace("Period", "."), one["label"])
        for one in shortcuts
    )


@pytest.mark.browser
def test_no_shortcut_is_a_letter_or_a_key_that_others_need(window: DeskPage) -> None:
    shortcuts = window.page.evaluate("import('/static/keys.js').then((keys) => keys.SHORTCUTS)")
    keys = [one["keys"] for one in shortcuts]
    assert len(set(keys)) == len(keys)
    for one in keys:
        assert re.match(r"(Alt|Mod)\+", one) or one == "?"
        assert "Space" not in one
        assert not one.startswith("Mod+Alt"), "that is AltGr, with which people write"


@pytest.mark.browser
def test_a_whole_episode_is_checked_approved_and_published_by_keyboard_alone(browser: Browser, tmp_path: Path) -> None:
    root = make_desk_show(tmp_path, TALK[:4])
    settings = root / "episodes" / "show.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8") + "\n[approval]\nminimum_heard_percent = 90\n", encoding="utf-8"
    )
    folder = root / "episodes" / SLUG
    server = DeskServer(root)
    try:
        with contextlib.closing(browser.new_context(viewport={"width": 1280, "height": 900})) as context:
            window = DeskPage(context.new_page(), server.origin, folder)
            page = window.page
            # The pointer is not used from here on.
            page.goto(server.address)
            page.wait_for_selector("tbody tr")
            _tab_to(window, "tbody a")
            window.press("Enter")
            page.wait_for_selector("dialog.ask[open]")
            window.type(ADA_BY)
            window.press("Enter")

            _listen_correct_and_tick(window)

            # Approve by name, and publish.
            window.press("Alt+Shift+a")
            window.until("document.getElementById('summary').textContent.includes('Everything was heard')")
            _tab_to(window, "#approve-form button")
            window.press("Enter")
            window.until("document.getElementById('approve-status').textContent.startsWith('Approved by')")
            assert "transcript.md" in (page.text_content("#approve-status") or ""), "it says what voids it"
            assert window.faults == []
            record = json.loads(next((folder / "approvals").glob("*.json")).read_bytes())
            assert record["by"] == ADA_BY
            assert record["evidence"]["heard_percent"] >= 90
            assert record["evidence"]["open_doubts"] == 0
            assert record["evidence"]["edits_by_me"] == 1
            _tab_to(window, "#publish")
            window.press("Enter")
            window.until("document.getElementById('publish-status').textContent.startsWith('Published')", seconds=60)
            page_of_episode = (root / "site" / SLUG / "index.html").read_text(encoding="utf-8")
            assert "Rohingya" in page_of_episode
            assert "rowhinge" not in page_of_episode
            assert "@show.example" not in page_of_episode
    finally:
        server.stop()


@pytest.mark.browser
def test_too_little_heard_is_no_approval(context: BrowserContext, window: DeskPage, desk: DeskServer) -> None:
    settings = desk.root / "episodes" / "show.toml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before + "\n[approval]\nminimum_heard_percent = 90\n", encoding="utf-8")
    try:
        window.press("Alt+Shift+a")
        window.page.wait_for_selector("#summary section.open")
        assert "90" in (window.page.text_content("#summary section.open") or "")
        window.page.click("#approve-form button")
        window.until("document.getElementById('approve-status').textContent.includes('90')")
        assert not list((window.folder / "approvals").glob("*.json"))
    finally:
        settings.write_text(before, encoding="utf-8")


@pytest.mark.browser
def test_three_hours_of_talk_open_and_can_be_typed_into(browser: Browser, tmp_path: Path) -> None:
    """Bounds that hold on a machine busy with other tests; tests/bench_desk.py measures."""
    root = make_desk_show(tmp_path, long_talk(30_000), sound_ms=20_000)
    server = DeskServer(root)
    try:
        figures = measure(browser, server, root / "episodes" / SLUG, keys=30, visits=2)
    finally:
        server.stop()
    assert figures.paragraphs > 1400
    assert figures.last_doubt_is_in_view
    assert statistics.median(figures.opening_ms) < 5000
    assert statistics.median(figures.handling_ms) < 50
    assert statistics.median(figures.painting_ms) < 150


def _listen_correct_and_tick(window: DeskPage) -> None:
    page = window.page
    # Listen to everything, at three times the speed.
    window.press(*["Alt+Period"] * 8, "Alt+k")
    window.until("document.getElementById('audio').ended", seconds=40)

    # Correct what is wrong, settle the rest.
    window.press("Alt+Shift+t", "Alt+q")
    page.wait_for_selector("#doubt-why > strong")
    for _ in range(40):
        if "No open" in (page.text_content("#doubt-total") or ""):
            break
        if page.evaluate("getSelection().toString()").startswith("rowhinge"):
            window.type("Rohingya")
            window.wait_saved()
            window.press("Alt+q")
        else:
            window.press("Alt+w")
        page.wait_for_timeout(250)
    assert page.text_content("#doubt-total") == "No open doubts"
    window.press("Alt+k")
    page.wait_for_timeout(100)
    if page.evaluate("!document.getElementById('audio').paused"):
        window.press("Alt+k")

    # Tick every paragraph.
    window.press("Alt+Shift+t", *["ArrowUp"] * 12)
    for index in range(4):
        window.until(f"document.activeElement === document.querySelectorAll('.words')[{index}]")
        window.press("Alt+y")
        window.until(f"document.querySelectorAll('.para')[{index}].classList.contains('ticked')")
        window.press("End", "ArrowRight")  # to the end of a line, and so by lines to the next paragraph
        while page.evaluate(f"document.activeElement === document.querySelectorAll('.words')[{index}]") and index < 3:
            window.press("End", "ArrowRight")


def _tab_to(window: DeskPage, selector: str) -> None:
    for _ in range(120):
        window.press("Tab")
        if window.page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab never came to {selector}")
