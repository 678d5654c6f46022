"""How fast the desk is with three hours of talk: `python -m tests.benchmarks desk` measures it for docs/benchmarks.md.

Opening is measured from the choice in the list to a page that can be typed into, typing from the key to the
next picture. Chromium is headless; the server is the real one.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.rows import Asked, LeftOut, Row
from tests.browsers import ARGUMENTS, MISSING, find_chromium
from tests.review.desk_fixture import SLUG, DeskPage, DeskServer, long_talk, make_desk_show

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WORDS = 30_000
KEYS = 120
CHOOSING_MS = 1000
ADA_BY = "Ada Host <ada@show.example>"

_TIMES = """
(() => {
    const times = { handling: [], painting: [] };
    let began = 0;
    addEventListener("keydown", (event) => { began = event.timeStamp; }, true);
    addEventListener("input", () => {
        const start = began;
        times.handling.push(performance.now() - start);
        requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => times.painting.push(performance.now() - start);
            channel.port2.postMessage(null);
        });
    });
    globalThis.deskTimes = times;
})()
"""


@dataclass(frozen=True)
class Figures:
    """What was measured, in ms. `opening_ms` are visits, the first one to a desk that has just been started."""

    paragraphs: int
    opening_ms: list[float]
    answer_ms: float
    handling_ms: list[float]
    painting_ms: list[float]
    splitting_ms: float
    saving_ms: float
    last_doubt_is_in_view: bool

    def rows(self) -> Iterator[Row]:
        """The figures as rows of a table."""
        first_ms, later_ms = self.opening_ms[0], statistics.median(self.opening_ms[1:])
        yield Row("open, first visit, a second after the list", wall_s=first_ms / 1000)
        yield Row("open, later visits (median)", wall_s=later_ms / 1000)
        yield Row("of which the server's answer", wall_s=self.answer_ms / 1000)
        yield _middle("key to handled (median)", self.handling_ms)
        yield _middle("key to next picture (median)", self.painting_ms)
        yield Row("split a paragraph (Enter to next picture)", wall_s=self.splitting_ms / 1000)
        yield Row("last key to saved on disk, with new times", wall_s=self.saving_ms / 1000)


def measure(browser: Browser, server: DeskServer, folder: Path, keys: int = KEYS, visits: int = 4) -> Figures:
    """Open the episode several times and type into the middle of it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(f"localStorage.setItem('desk.by', JSON.stringify({ADA_BY!r}))")
    page = context.new_page()
    page.goto(server.address)
    # Nobody chooses from the list at once; meanwhile the desk works the texts out.
    page.wait_for_timeout(CHOOSING_MS)
    window = DeskPage(page, server.origin, folder)
    opening, answers = [], []
    for _ in range(visits):
        window.open()
        opening.append(_ready_ms(window))
        answers.append(
            page.evaluate(
                """(end) => performance.getEntriesByType("resource").find(({ name }) => name.endsWith(end)).duration""",
                f"/api/episodes/{SLUG}",
            )
        )
    paragraphs = page.locator(".words").count()
    middle = paragraphs // 2
    window.caret_before(middle, window.text(middle)[:3])
    page.evaluate(_TIMES)
    for number in range(keys):
        page.keyboard.type("abcde "[number % 6])
        page.wait_for_timeout(35)
    page.wait_for_timeout(200)
    times = page.evaluate("deskTimes")
    saving = _saving_ms(window)
    window.caret_before(middle + 1, window.text(middle + 1)[20:24])
    splitting = page.evaluate(
        """() => new Promise((resolve) => {
            const start = performance.now();
            const enter = { inputType: "insertParagraph", bubbles: true, cancelable: true };
            document.activeElement.dispatchEvent(new InputEvent("beforeinput", enter));
            requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)));
        })"""
    )
    window.wait_saved()
    window.caret_before(0, window.text(0)[:3])
    window.press("Alt+Shift+q")
    page.wait_for_timeout(500)
    in_view = page.evaluate(
        """() => {
            const box = getSelection().getRangeAt(0).getBoundingClientRect();
            const deck = document.querySelector(".deck").getBoundingClientRect().bottom;
            return box.height > 0 && box.top >= deck && box.bottom <= innerHeight;
        }"""
    )
    assert window.faults == []
    context.close()
    return Figures(
        paragraphs,
        opening,
        statistics.median(answers),
        times["handling"],
        times["painting"],
        splitting,
        saving,
        in_view,
    )


def _ready_ms(window: DeskPage) -> float:
    # Counted by the page itself: from the start of the navigation to the moment it says it is ready.
    return float(window.page.evaluate("performance.getEntriesByName('desk-ready')[0].startTime"))


def _saving_ms(window: DeskPage) -> float:
    window.wait_saved()
    window.page.evaluate(
        """() => {
            const line = document.getElementById("saving");
            globalThis.savedAfter = null;
            addEventListener("keydown", (event) => {
                const start = event.timeStamp;
                new MutationObserver((_, observer) => {
                    if (line.dataset.state === "saved") {
                        globalThis.savedAfter = performance.now() - start;
                        observer.disconnect();
                    }
                }).observe(line, { attributes: true });
            }, { once: true, capture: true });
        }"""
    )
    window.type("x")
    window.until("globalThis.savedAfter !== null")
    return float(window.page.evaluate("globalThis.savedAfter"))


def _middle(what: str, times_ms: list[float]) -> Row:
    ordered = sorted(times_ms)
    p95_ms = ordered[int(len(ordered) * 0.95)]
    return Row(what, wall_s=statistics.median(ordered) / 1000, note=f"p95 {p95_ms:.1f} ms")


def rows(asked: Asked) -> Iterator[Row]:
    """Open and edit a talk of three hours."""
    program = find_chromium()
    if program is None:
        raise LeftOut(MISSING)
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        root = make_desk_show(Path(folder), long_talk(asked.size(WORDS, 600)), sound_ms=60_000)
        server = DeskServer(root)
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            figures = measure(browser, server, root / "episodes" / SLUG)
        finally:
            browser.close()
            server.stop()
    yield Row("all of it", "", note=f"{asked.size(WORDS, 600):,} words, {figures.paragraphs:,} paragraphs")
    yield from figures.rows()
