"""Whole sites before judges that nobody here wrote: the Nu HTML checker, axe, Lighthouse; and a keyboard."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from lxml import html

from tests import node
from tests.browsers import ARGUMENTS, MISSING, find_chromium
from tests.publish.varied import build_empty, build_varied
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHECKER = "vnu-jar@26.9.27"
LIGHTHOUSE = "lighthouse@12.8.2"
LEAST_SCORE = 95
EPISODE = "episode-1/index.html"
_FOR_APPS = r"/episode-\d+-[0-9a-f]{12}\.html$"
# What the checker says and we do not follow: (address, message and the piece of the page, reason).
EXCEPTIONS = (
    (
        _FOR_APPS,
        r"text content of element “time”",
        "The transcript as apps read it: the podcast namespace writes <time>1:23</time>, and apps that read it find "
        "no time where there is a datetime attribute.",
    ),
    (
        r"/static/style-[0-9a-f]{12}\.css$",
        r"(?s)^CSS: Parse Error\..*ighlight\(spoken\) \{",
        "The checker does not read ::highlight() (CSS Custom Highlight API, which browsers have had since 2022). It "
        "marks the word that is being said without an element around each word.",
    ),
)
# The checker asks no server on this machine unless it is told that it may.
_LOOPBACK_ALLOWED = (
    "-Dnu.validator.servlet.allow-forbidden-hosts=true",
    "-Dnu.validator.servlet.allowed-address-type=all",
)
# Its guess at the language of a page is drawn by lot: of made-up words it says once English, once Somali.
_HOW = ("--format", "json", "--also-check-css", "--no-langdetect")
# No pauses: nothing is measured in seconds here.
_LIGHTHOUSE_CONFIG = {
    "extends": "lighthouse:default",
    "settings": {
        "onlyCategories": ["accessibility", "best-practices", "seo"],
        "pauseAfterFcpMs": 0,
        "pauseAfterLoadMs": 0,
        "networkQuietThresholdMs": 250,
        "cpuQuietThresholdMs": 0,
    },
}


Shown = tuple[Path, str]  # a site's folder, and where `onrecord serve` shows it


def _shown(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], Path]) -> Iterator[Shown]:
    root = factory.mktemp(name)
    site = build(root)
    with served(root) as address:
        yield site, address


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The site with everything on it."""
    yield from _shown(tmp_path_factory, "varied", build_varied)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    yield from _shown(tmp_path_factory, "empty", build_empty)


@pytest.fixture(scope="module")
def from_the_right(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    """The same site of a show in Arabic."""

    def build(root: Path) -> Path:
        return build_varied(root, language="ar", title="على المحضر", description="مقابلات مع من يَعُدّون.")

    yield from _shown(tmp_path_factory, "from-the-right", build)


def _addresses(site: Path, address: str, *suffixes: str) -> list[str]:
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*") if path.suffix in suffixes)
    assert names
    return [address + name for name in names]


def _pages(site: Path, address: str) -> list[str]:
    """Every page for people: transcripts as apps read them have no links and no style, by their format."""
    return [one for one in _addresses(site, address, ".html") if not re.search(_FOR_APPS, one)]


@pytest.mark.node
def test_the_nu_checker_finds_no_fault(
    pytestconfig: pytest.Config, varied: tuple[Path, str], empty: tuple[Path, str], tmp_path: Path
) -> None:
    java = shutil.which("java")
    if java is None:
        pytest.skip("Java is not on this machine; the Nu HTML checker needs it")
    jar = node.packages(pytestconfig, "checker", CHECKER) / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "faulty.html").write_text("<!doctype html><title>x</title><p id=a><p id=a><blink>")
    (tmp_path / "site" / "faulty.css").write_text("p { colour: red; color: #12345 }")
    with served(tmp_path) as faulty_address:
        faulty = _addresses(tmp_path / "site", faulty_address, ".html", ".css")
        asked = [*faulty, *(one for site in (varied, empty) for one in _addresses(*site, ".html", ".css"))]
        done = subprocess.run(
            [java, *_LOOPBACK_ALLOWED, "-jar", str(jar), *_HOW, *asked],
            capture_output=True,
            timeout=120,
            check=False,
        )
    messages = json.loads(done.stderr)["messages"]
    # The judge is awake: it sees what is wrong in HTML and in CSS.
    assert {one["url"] for one in messages if one["type"] == "error"} >= set(faulty)
    found = [
        (one["url"], f"{one['message']} {one.get('extract', '')}", one.get("lastLine"))
        for one in messages
        if one["url"] not in faulty
    ]
    kept = {
        f"{address}:{line}: {said}"
        for address, said, line in found
        if not any(re.search(where, address) and re.search(what, said) for where, what, _ in EXCEPTIONS)
    }
    assert not kept, "\n".join(sorted(kept))


@pytest.mark.node
@pytest.mark.browser
def test_lighthouse_gives_good_marks(
    pytestconfig: pytest.Config, varied: tuple[Path, str], tmp_path: Path, record_property: Any
) -> None:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip(MISSING)
    program = node.packages(pytestconfig, "lighthouse", LIGHTHOUSE) / "node_modules/lighthouse/cli/index.js"
    (tmp_path / "config.json").write_text(json.dumps(_LIGHTHOUSE_CONFIG))
    running = {
        page: subprocess.Popen(
            [
                "node", str(program), varied[1] + page, "--quiet", "--output=json", "--no-enable-error-reporting",
                f"--config-path={tmp_path / 'config.json'}",
                f"--chrome-flags={' '.join(['--headless=new', *ARGUMENTS])}",
            ],
            env=os.environ | {"CHROME_PATH": chromium},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for page in ("", EPISODE)
    }  # fmt: skip
    try:
        for page, process in running.items():
            written, said = process.communicate(timeout=120)
            assert process.returncode == 0, said.decode()
            report = json.loads(written)
            marks = {name: round(100 * category["score"]) for name, category in report["categories"].items()}
            print(f"Lighthouse, /{page}: {marks}")  # noqa: T201  the figures are shown with pytest -s
            record_property(f"lighthouse /{page}", marks)
            faults = [one["title"] for one in report["audits"].values() if one["score"] not in (None, 1)]
            assert len(marks) == 3
            assert min(marks.values()) >= LEAST_SCORE, (page, marks, faults)
    finally:
        for process in running.values():
            process.kill()
            process.wait()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_barrier_that_axe_can_find(
    browser: Browser, varied: tuple[Path, str], empty: tuple[Path, str], scheme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    # In the dark only colours are others.
    options = {} if scheme == "light" else {"runOnly": ["color-contrast"]}
    with contextlib.closing(browser.new_context(color_scheme=scheme, viewport={"width": 1280, "height": 900})) as fresh:
        page = fresh.new_page()
        for address in (*_pages(*varied), *_pages(*empty)):
            page.goto(address, wait_until="load")
            found = Axe().run(page, options=options)
            assert found.violations_count == 0, f"{address}\n{found.generate_report()}"


def test_every_page_has_one_title_and_no_gap_in_its_headings(varied: tuple[Path, str], empty: tuple[Path, str]) -> None:
    for site, _ in (varied, empty):
        for path in site.rglob("*.html"):
            if re.search(_FOR_APPS, str(path)):
                continue
            page: Any = html.document_fromstring(path.read_bytes())  # type: ignore[no-untyped-call]  # lxml ships no types
            levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3|//h4|//h5|//h6")]
            assert levels[:1] == [1], path
            assert levels.count(1) == 1, path
            assert all(after - before <= 1 for before, after in pairwise(levels)), (path, levels)


@pytest.mark.browser
@pytest.mark.parametrize("width_px", [1280, 320])
@pytest.mark.parametrize("path", ["", EPISODE, "episode-3/index.html", "404.html"])
def test_the_keyboard_reaches_everything_in_order_and_in_sight(
    browser: Browser, varied: tuple[Path, str], path: str, width_px: int
) -> None:
    """WCAG 2.2: 2.1.1, 2.1.2 (no trap), 2.4.3 (order), 2.4.7 and 2.4.11 (focus seen, not under what stays)."""
    with contextlib.closing(
        browser.new_context(reduced_motion="reduce", viewport={"width": width_px, "height": 700})
    ) as fresh:
        page = fresh.new_page()
        page.goto(varied[1] + path, wait_until="load")
        reachable = page.evaluate(_COUNT_REACHABLE)
        places: list[int] = []
        for _ in range(reachable * 3):  # native media controls are several stops in one element
            page.keyboard.press("Tab")
            stop = page.evaluate(_DESCRIBE_FOCUS)
            if stop is None:
                break
            if places and stop["place"] == places[-1]:
                continue
            places.append(stop["place"])
            assert stop["outlined"], stop
            assert stop["seen"], stop
        assert places == list(range(reachable))


@pytest.mark.browser
def test_what_runs_from_the_right_keeps_its_number_and_its_place(browser: Browser, varied: tuple[Path, str]) -> None:
    with contextlib.closing(browser.new_page(viewport={"width": 320, "height": 700})) as page:
        page.goto(f"{varied[1]}episode-3/index.html", wait_until="load")
        source = page.locator(".sources li").first
        assert "الفيلم" in source.inner_text()
        # The number stands where the item begins: on the right, inside the window.
        assert source.evaluate("item => getComputedStyle(item).direction") == "rtl"
        assert page.locator("html").get_attribute("dir") == "rtl"
        name, part = page.locator(".people .name").last, page.locator(".people dt").last
        assert name.inner_text() == "شهد الأحمد"
        assert name.evaluate(_RIGHT) == pytest.approx(part.evaluate(_RIGHT), abs=1)
        assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.browser
def test_no_page_is_wider_than_a_small_window(
    browser: Browser, varied: tuple[Path, str], from_the_right: tuple[Path, str]
) -> None:
    with contextlib.closing(browser.new_page(viewport={"width": 320, "height": 700})) as page:
        for address in (*_pages(*varied), *_pages(*from_the_right)):
            page.goto(address, wait_until="load")
            assert page.evaluate("document.documentElement.scrollWidth") == 320, address


@pytest.mark.browser
@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("people.html", ["Ada Host", "Reporter, The Desk", "Peta Producer", "A plain talk producer"]),
        ("sources.html", ["The report, The Archive.", "A long talk"]),
        ("archive.html", ["2026 7 episodes", "What is coming"]),
        ("archive-2026.html", ["Episodes of 2026", "Who counts the missing, and how."]),
        ("corrections.html", ["Correction, 1 December 2026: A plain talk", "It said: 318 cases"]),
        ("feed.html", ["What the feed holds now", "A plain talk"]),
    ],
)
def test_pages_need_no_script(browser: Browser, varied: tuple[Path, str], path: str, told: list[str]) -> None:
    with contextlib.closing(browser.new_context(java_script_enabled=False)) as context:
        page = context.new_page()
        page.goto(varied[1] + path, wait_until="load")
        shown = " ".join(page.locator("main").inner_text().split())
        for words in told:
            assert words in shown
        # A button that does nothing without a script is not there without one.
        assert page.locator("main button:visible").count() == 0


@pytest.mark.browser
def test_photos_are_round_at_every_width(browser: Browser, varied: tuple[Path, str]) -> None:
    with contextlib.closing(browser.new_page()) as page:
        for path in ("people.html", EPISODE):
            for width_px in (1280, 320):
                page.set_viewport_size({"width": width_px, "height": 700})
                page.goto(varied[1] + path, wait_until="load")
                photo = page.locator("img.photo").first
                box = photo.bounding_box()
                assert box is not None
                assert box["width"] == pytest.approx(box["height"], abs=0.5), (path, width_px)
                assert photo.get_attribute("alt") == "Ada Host at her desk"


@pytest.mark.browser
def test_english_labels_on_a_page_from_the_right_can_be_read(
    browser: Browser, from_the_right: tuple[Path, str]
) -> None:
    with contextlib.closing(browser.new_page(viewport={"width": 1100, "height": 900})) as page:
        page.goto(f"{from_the_right[1]}episode-3/index.html", wait_until="load")
        first, last = page.locator("#soundbites .time").first.evaluate(_ENDS)
        assert first < last, "0:05–0:20 is not 0:20–0:05"
        page.goto(from_the_right[1], wait_until="load")
        day, length = (page.locator(f".episodes .meta > :nth-child({nth})").first.evaluate(_RIGHT) for nth in (1, 2))
        assert day < length, "19 June 2026 · 40 s"
        first, last = page.locator("#subscribe .aside").evaluate(_ENDS)
        assert first < last, "a sentence ends with its full stop"
        meta, title = page.locator(".episodes .meta").first, page.locator(".episodes h3").first
        assert meta.evaluate(_RIGHT) == pytest.approx(title.evaluate(_RIGHT), abs=1)


# Where the first character of an element's text stands, and where the last.
_ENDS = """
    (one) => {
        const walker = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
        const texts = [];
        while (walker.nextNode()) if (walker.currentNode.data.trim()) texts.push(walker.currentNode);
        const left = (text, place) => {
            const range = new Range();
            range.setStart(text, place);
            range.setEnd(text, place + 1);
            return range.getBoundingClientRect().left;
        };
        const last = texts.at(-1);
        return [
            left(texts[0], texts[0].data.search(/\\S/)),
            left(last, last.data.trimEnd().length - 1),
        ];
    }
"""
_RIGHT = (
    "one => { const range = new Range(); range.selectNodeContents(one); return range.getBoundingClientRect().right; }"
)
_REACHABLE = """
    [...document.querySelectorAll(
        'a[href], button:not([disabled]), input:not([disabled]), select, textarea, summary, audio[controls], '
        + '[tabindex="0"]'
    )].filter((one) => one.checkVisibility({visibilityProperty: true}) && one.tabIndex >= 0)
"""
_COUNT_REACHABLE = f"() => {_REACHABLE}.length"
_DESCRIBE_FOCUS = f"""() => {{
    const one = document.activeElement;
    if (one === document.body || one === null) return null;
    const boxes = [...one.getClientRects()];
    const points = boxes.flatMap((box) => [0.1, 0.5, 0.9].map((part) =>
        [box.left + box.width * part, box.top + box.height / 2]));
    const style = getComputedStyle(one);
    return {{
        what: one.outerHTML.slice(0, 200),
        place: {_REACHABLE}.indexOf(one),
        outlined: one.tagName === 'AUDIO' || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2),
        seen: points.some(([x, y]) => {{
            const top = document.elementFromPoint(x, y);
            return top !== null && (one.contains(top) || top.contains(one) && top !== document.body);
        }}),
    }};
}}"""
