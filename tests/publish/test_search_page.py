"""The search as a listener uses it: in a real browser, over a site that the real server serves."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

import pytest
from PIL import Image

from pipeline import files
from pipeline.audio import ffmpeg
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.site import build_site
from pipeline.show import Person, Show
from tests.browsers import PATIENCE_S, until
from tests.publish import made
from tests.publish.varied import TODAY
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

pytestmark = pytest.mark.browser

SOURCES = {"report": made.source("report", title="The harm report", URL="https://archive.example/report")}
HOSTILE = '<img src=x onerror=alert(1)> & "quoted" zebra'


def _approved(root: Path, which: int, *said: tuple[str, str, int], **about: Any) -> ApprovedEpisode:
    recording = root / "release.mp3"
    notes = about.pop("notes", "Welcome.")
    language = about.pop("language", "en")
    published = datetime(2018 + which, 6, 5, tzinfo=UTC)
    return made.approved(
        made.episode(which, published_at=published, **about),
        people=(Person(id="ada-host", name="Ada Host"), Person(id="gus-guest", name="Gus Guest")),
        language=language,
        paragraphs=tuple(made.paragraph(speaker, text, start_ms) for speaker, text, start_ms in said),
        notes_markdown=notes,
        release=made.release(
            digest=files.digest_file(recording), size_bytes=recording.stat().st_size, duration_ms=40_000
        ),
        release_path=recording,
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("show")
    (root / "episodes").mkdir()
    Image.new("RGB", (1400, 1400), (20, 60, 90)).save(root / "episodes" / "artwork.png")
    subprocess.run(
        [
            str(ffmpeg.find().path), "-v", "error", "-f", "lavfi", "-i", "sine=frequency=300:duration=40",
            "-c:a", "libmp3lame", "-b:a", "64k", "-ar", "44100", str(root / "release.mp3"),
        ],
        check=True,
    )  # fmt: skip
    approved = [
        _approved(
            root, 1,
            ("Ada Host", "Welcome. We talk about counting today.", 0),
            ("Gus Guest", "It was said before. The public appeal ended in December, as you know. No answer.", 20_000),
            title="Counting the missing",
            summary="Who counts, and how.",
            notes="Welcome.\n\n## Figures\n\nThere were 381 cases in a naïve café [@report].",
            chapters=[{"start": "00:00:00", "title": "Beginnings"}, {"start": "00:00:12", "title": "Quicksilver"}],
        ),
        _approved(root, 2, ("Ada Host", "Willkommen. In December came a public cry, an appeal.", 3000), title="Straße"),
        _approved(root, 3, ("Gus Guest", "أهلا بك. من يَعُدّ المفقودين؟", 5000), title="مقابلة عن العدّ", language="ar"),
        _approved(root, 4, ("Gus Guest", "欢迎。我们在中国人民大学谈论数字。", 7000), title="数字", language="zh"),
        _approved(root, 5, ("Ada Host", HOSTILE, 9000), title=HOSTILE, summary=HOSTILE, notes="zebra"),
        *(_approved(root, which, ("Ada Host", f"Welcome to talk {which}.", 1000)) for which in range(6, 10)),
    ]  # fmt: skip
    people = {person.id: person for person in made.PEOPLE}
    build_site(root / "site", Show(root, made.settings(), people, (), SOURCES, (), {}), approved, today=TODAY)
    with served(root) as at:
        yield at


@contextlib.contextmanager
def _page(browser: Browser, address: str, **context: Any) -> Iterator[Page]:
    """A page in a fresh context; whatever the browser complains of on the way fails the test."""
    with contextlib.closing(browser.new_context(**context)) as fresh:
        complaints: list[str] = []
        fresh.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        fresh.on("weberror", lambda error: complaints.append(str(error.error)))
        page = fresh.new_page()
        page.goto(address, wait_until="load")
        yield page
        assert complaints == []


@contextlib.contextmanager
def _searched(browser: Browser, address: str, query: str, **context: Any) -> Iterator[Page]:
    with _page(browser, f"{address}search.html?q={quote(query)}", **context) as page:
        until(page, "!['', 'Searching…'].includes(document.getElementById('search-status').textContent)")
        yield page


def _titles(page: Page) -> list[str]:
    return page.locator("#search-results h2").all_text_contents()


def _marks(page: Page) -> list[str]:
    return page.locator("#search-results mark").all_text_contents()


def test_words_are_folded_as_in_python(browser: Browser, address: str) -> None:
    pairs = json.loads((made.GOLDEN / "folding.json").read_text("utf-8"))
    with _page(browser, f"{address}search.html") as page:
        scripts = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
        (module,) = [name for name in scripts if "/folding-" in name]
        fold = f"(text) => import('{module}').then((folding) => folding.words(text).map((one) => one.word))"
        for text, expected in pairs:
            assert page.evaluate(fold, text) == expected


def test_typing_finds_and_a_click_lands_on_the_second(browser: Browser, address: str) -> None:
    with _page(browser, f"{address}search.html") as page:
        page.get_by_label("Words in notes and transcripts").press_sequentially("ended dec")
        page.locator("#search-results li").first.wait_for()
        assert _titles(page) == ["Counting the missing"]
        assert page.get_by_role("status").text_content() == "1 episode."
        assert _marks(page) == ["ended", "December"]
        passage = page.locator(".passage")
        assert "Gus Guest" in passage.inner_text()
        assert "The public appeal ended in December" in passage.inner_text()
        assert page.url.endswith("search.html?q=ended%20dec")
        passage.click()
        page.wait_for_url("**/episode-1/index.html#t=*")
        second = float(page.url.partition("#t=")[2])
        assert 20 < second < 24
        until(page, f"Math.abs(document.querySelector('audio').currentTime - {second}) < 0.01")
        page.go_back()
        page.locator("#search-results li").first.wait_for()
        assert _titles(page) == ["Counting the missing"]


def test_a_search_can_be_passed_on_and_gone_back_to(browser: Browser, address: str) -> None:
    with _searched(browser, address, "381") as page:
        assert page.title().startswith("381")
        field = page.get_by_label("Words in notes and transcripts")
        field.fill("quicksilver")
        field.press("Enter")
        until(page, "document.querySelector('mark')?.textContent === 'Quicksilver'")
        page.go_back()
        until(page, "document.querySelector('mark')?.textContent === '381'")
        assert field.input_value() == "381"


@pytest.mark.parametrize(
    ("query", "titles", "marks"),
    [
        ("quicksil", ["Counting the missing"], ["Quicksilver"]),  # the beginning of a word
        ("icksilver", [], []),
        ('"public appeal"', ["Counting the missing"], ["public appeal"]),
        ("public appeal", ["Straße", "Counting the missing"], None),
        ("NAIVE CAFÉ", ["Counting the missing"], ["naïve", "café"]),
        ("strasse", ["Straße"], ["Straße"]),
        ("STRAẞE", ["Straße"], ["Straße"]),
        ("المفقودين", ["مقابلة عن العدّ"], ["المفقودين"]),
        ("يعد", ["مقابلة عن العدّ"], ["يَعُدّ"]),
        ("中国人民", ["数字"], ["中国人民"]),
        ("人国", [], []),
        ("学", ["数字"], ["学"]),
        ("harm report", ["Counting the missing"], ["harm", "report"]),  # the title of a source
        ("gus", None, None),  # a person's name
    ],
)
def test_finds_what_was_meant(
    browser: Browser, address: str, query: str, titles: list[str] | None, marks: list[str] | None
) -> None:
    with _searched(browser, address, query) as page:
        assert titles is None or _titles(page) == titles
        assert marks is None or _marks(page) == marks
        assert titles == [] or page.locator("#search-results li").count()


def test_results_come_a_few_at_a_time(browser: Browser, address: str) -> None:
    with _searched(browser, address, "welcome") as page:
        assert page.get_by_role("status").text_content() == "8 episodes."
        until(page, "document.querySelectorAll('#search-results h2').length === 3")
        page.get_by_role("button", name="Show more episodes").press("Enter")
        until(page, "document.querySelectorAll('#search-results h2').length === 8")
        assert page.evaluate("document.activeElement.closest('li').querySelector('h2').textContent") == _titles(page)[3]
        assert not page.get_by_role("button", name="Show more episodes").is_visible()


def test_what_people_wrote_stays_text(browser: Browser, address: str) -> None:
    with _searched(browser, address, "zebra") as page:
        assert _titles(page) == [HOSTILE]
        assert page.locator("#search-results img").count() == 0
    with _searched(browser, address, "<img src=x onerror=alert(1)> zebras") as page:
        assert page.locator("#search img").count() == 0


@pytest.mark.parametrize(
    ("query", "advice", "leads_to"),
    [
        ("countng", "No episode has “countng”. Did you mean counting?", "Counting the missing"),
        ("welcome xylophone", "No episode has “xylophone”. Fewer words find more: welcome", None),
        ("strasse welcomes", "No episode has “welcomes”. Did you mean welcome?", None),
        ("quicksilver strasse", "no episode has all of them. Fewer words find more: quicksilver, strasse", None),
        ('"december ended"', "not side by side. Search for them in any order.", "Counting the missing"),
    ],
)
def test_nothing_found_leads_on(browser: Browser, address: str, query: str, advice: str, leads_to: str | None) -> None:
    with _searched(browser, address, query) as page:
        assert page.get_by_role("status").text_content() == "Nothing was found."
        said = " ".join(page.locator("#search-advice").inner_text().split())
        assert advice in said
        if leads_to:
            page.locator("#search-advice a").first.click()
            page.locator("#search-results li").first.wait_for()
            assert leads_to in _titles(page)


def test_signs_alone_are_no_search(browser: Browser, address: str) -> None:
    with _searched(browser, address, "?!") as page:
        assert page.get_by_role("status").text_content() == "There is no letter or figure to search for."


def test_a_lost_connection_is_said_and_can_be_tried_again(browser: Browser, address: str) -> None:
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(f"{address}search.html", wait_until="networkidle")
        context.set_offline(True)
        page.get_by_label("Words in notes and transcripts").fill("december")
        page.get_by_role("button", name="Try again").wait_for()
        assert "could not be loaded" in (page.get_by_role("status").text_content() or "")
        context.set_offline(False)
        page.get_by_role("button", name="Try again").click()
        page.locator("#search-results li").first.wait_for()
        assert page.get_by_role("status").text_content() == "2 episodes."


def test_a_page_older_than_the_index_says_so(browser: Browser, address: str) -> None:
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        page.route("**/search/words-*.json", lambda route: route.fulfill(status=404, body="gone"))
        page.goto(f"{address}search.html?q=december")
        page.get_by_role("button", name="Reload this page").wait_for()
        page.unroute_all()
        page.get_by_role("button", name="Reload this page").click()
        page.locator("#search-results li").first.wait_for()


def test_an_earlier_answer_does_not_replace_a_later_one(browser: Browser, address: str) -> None:
    with contextlib.closing(browser.new_context()) as context:
        page = context.new_page()
        page.goto(f"{address}search.html?q=strasse", wait_until="networkidle")
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/episode-1/*.json", hold)
        field = page.get_by_label("Words in notes and transcripts")
        field.fill("quicksilver")
        end = time.monotonic() + PATIENCE_S
        while not held:
            assert time.monotonic() < end, "nothing was asked for"
            page.wait_for_timeout(50)
        field.fill("strasse")
        until(page, "document.querySelector('mark')?.textContent === 'Straße'")
        held[0].continue_()
        page.wait_for_timeout(500)
        assert _titles(page) == ["Straße"]


def test_from_any_page_by_keyboard_alone(browser: Browser, address: str) -> None:
    with _page(browser, f"{address}episode-2/index.html") as page:
        page.get_by_label("Search notes and transcripts").focus()
        page.keyboard.type("ended december")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=ended+december")
        page.locator("#search-results li").first.wait_for()
        page.get_by_label("Words in notes and transcripts").focus()
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.className") == "passage":
                break
        page.keyboard.press("Enter")
        page.wait_for_url("**/episode-1/index.html#t=2*")


def test_without_scripts_the_page_says_so_and_leads_on(browser: Browser, address: str) -> None:
    with _page(browser, f"{address}episode-2/index.html", java_script_enabled=False) as page:
        page.get_by_label("Search notes and transcripts").fill("december")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=december")
        assert "needs JavaScript" in page.locator("#search-needs").inner_text()
        assert page.locator("#search-needs").is_visible()
        page.locator("#search-needs a").first.click()
        assert page.locator("h1").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", ["welcome", "countng", ""])
def test_no_barrier_that_axe_can_find(
    browser: Browser, address: str, query: str, scheme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with contextlib.closing(browser.new_context(color_scheme=scheme)) as context:
        page = context.new_page()
        page.goto(f"{address}search.html?q={query}", wait_until="networkidle")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("path", ["index.html", "episode-1/index.html", "search.html?q=zebra", "search.html?q=welcome"])
def test_nothing_is_cut_off_at_320_pixels(browser: Browser, address: str, path: str) -> None:
    with _page(browser, address + path, viewport={"width": 320, "height": 640}) as page:
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
