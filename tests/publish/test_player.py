"""The listener's player, used in a real browser on a real recording: what a listener, a reader and a keyboard do."""

from __future__ import annotations

import contextlib
import gzip
import random
import re
import subprocess
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline import files
from pipeline.align import TimedParagraph, TimedWord
from pipeline.audio import ffmpeg
from pipeline.publish.pages.spoken import word_gaps
from pipeline.publish.site import build_site
from pipeline.show import Person, Show
from tests.browsers import until
from tests.publish import made
from tests.serving import served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

EPISODE = "episode-1/index.html"
LENGTH_MS = 120_000
TODAY = date(2026, 11, 24)
DOCS = Path(__file__).parents[2] / "docs"
SOURCES = {"report": made.source("report", title="The report", URL="https://archive.example/report")}
TALK = (
    "The archive keeps what nobody else wanted, and people come from far away to read it.",
    "There were 381 cases [@report, p. 3] in that year; we counted every one of them twice.",
    "我们数了每一个案件。",
    "Some of them were never told. [name withheld] said so — and nobody answered.",
)
NOTES = "## Figures\n\nThere were 381 cases [@report], said at [0:20].\n\nA search: nothing else."


def _paragraphs() -> tuple[TimedParagraph, ...]:
    """One every five seconds, for as long as the recording lasts."""
    return tuple(
        made.paragraph(("Ada Host", "Gus Guest")[which % 2], TALK[which % len(TALK)], 5_000 * which, 30)
        for which in range(LENGTH_MS // 5_000)
    )


def _recording(folder: Path, length_ms: int) -> Path:
    path = folder / "release.mp3"
    subprocess.run(
        [
            str(ffmpeg.find().path), "-v", "error", "-f", "lavfi", "-i", f"sine=duration={length_ms / 1000}",
            "-c:a", "libmp3lame", "-b:a", "64k", "-ar", "44100", str(path),
        ],
        check=True,
    )  # fmt: skip
    return path


def build(root: Path, paragraphs: Sequence[TimedParagraph], *, length_ms: int = LENGTH_MS, real: bool = True) -> Path:
    """`root/site` with one episode: chapters, notes with a time, a box for letters; `real`: with all its sound."""
    (root / "episodes").mkdir()
    Image.new("RGB", (1400, 1400), (20, 60, 90)).save(root / "episodes" / "artwork.png")
    recording = _recording(root, length_ms if real else 1000)
    approved = made.approved(
        made.episode(
            1,
            title="Who counts the missing",
            content_note="It is about violence.",
            chapters=[
                {"start": "00:00:00", "title": "Opening"},
                {"start": "00:00:30", "title": "The cases that nobody counted, and why it took forty years"},
            ],
        ),
        people=(Person(id="ada-host", name="Ada Host", role="Reporter"), Person(id="gus-guest", name="Gus Guest")),
        paragraphs=tuple(paragraphs),
        notes_markdown=NOTES,
        release=made.release(
            digest=files.digest_file(recording), size_bytes=recording.stat().st_size, duration_ms=length_ms
        ),
        release_path=recording,
    )
    settings = made.settings(contact_email="desk@show.example")
    build_site(root / "site", Show(root, settings, {}, (), SOURCES, (), {}), [approved], today=TODAY)
    return root / "site"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("player")
    build(root, _paragraphs())
    with served(root) as address:
        yield address


class Player:
    """The page as a listener has it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def part(self, name: str) -> Locator:
        return self.page.locator(f"[data-player={name}]")

    @property
    def seconds(self) -> float:
        return float(self.page.evaluate("document.getElementById('player').currentTime"))

    @property
    def playing(self) -> bool:
        return not self.page.evaluate("document.getElementById('player').paused")

    @property
    def status(self) -> str:
        return self.part("status").inner_text()

    def audio(self, member: str) -> Any:
        return self.page.evaluate(f"document.getElementById('player').{member}")

    def ready(self) -> None:
        """Until it can be played, and letters move nothing any more."""
        self.until("document.getElementById('player').readyState >= 1 && document.fonts.status === 'loaded'")

    def until(self, condition: str) -> None:
        until(self.page, condition)

    def until_still(self) -> None:
        """Until the page has not scrolled for twenty pictures."""
        self.page.evaluate(
            """new Promise((done) => {
              let [where, still] = [scrollY, 0];
              const look = () => {
                still = scrollY === where ? still + 1 : 0;
                where = scrollY;
                still < 20 ? requestAnimationFrame(look) : done();
              };
              look();
            })"""
        )

    def until_second(self, second: float) -> None:
        self.until(f"document.getElementById('player').currentTime >= {second}")

    def centre_of(self, paragraph: int, word: str) -> tuple[float, float]:
        """Where a word stands in the window, once its paragraph has been scrolled to the middle."""
        box = (
            self.page.locator(".said")
            .nth(paragraph)
            .evaluate(
                """(said, word) => {
              said.scrollIntoView({ block: "center", behavior: "instant" });
              const walker = document.createTreeWalker(said.querySelector("[data-w]"), NodeFilter.SHOW_TEXT);
              while (walker.nextNode()) {
                const at = walker.currentNode.data.indexOf(word);
                if (at >= 0) {
                  const range = document.createRange();
                  range.setStart(walker.currentNode, at);
                  range.setEnd(walker.currentNode, at + word.length);
                  const { left, right, top, bottom } = range.getBoundingClientRect();
                  return [(left + right) / 2, (top + bottom) / 2];
                }
              }
            }""",
                word,
            )
        )
        return round(box[0]), round(box[1])  # as a mouse counts


@contextlib.contextmanager
def opened(browser: Browser, address: str, *, before: str = "", **context: Any) -> Iterator[Player]:
    """The page in a fresh browser; whatever the browser complains of on the way fails the test.

    `before` is a script that makes the browser another one before the page's own scripts run.
    """
    with contextlib.closing(browser.new_context(**context)) as fresh:
        if before:
            fresh.add_init_script(before)
        complaints: list[str] = []
        fresh.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        fresh.on("weberror", lambda error: complaints.append(str(error.error)))
        page = fresh.new_page()
        page.goto(address, wait_until="load")
        yield Player(page)
        assert complaints == []


def _start_ms(paragraph: int, word: str) -> int:
    return next(one.start_ms for one in _paragraphs()[paragraph].words if one.text.startswith(word))


# The times of words


def test_every_word_that_a_reader_sees_has_its_time() -> None:
    cited = _paragraphs()[1]
    gaps = word_gaps(cited)
    shown = [word for word in cited.text.replace(" [@report, p. 3]", "").split() if word]
    assert len(gaps) == len(shown)
    sums = [sum(gaps[: which + 1]) * 10 + cited.start_ms for which in range(len(gaps))]
    assert all(abs(said - word.start_ms) <= 5 for said, word in zip(sums, cited.words, strict=True))


def test_each_character_is_a_word_where_no_spaces_are_written() -> None:
    assert len(word_gaps(_paragraphs()[2])) == len("我们数了每一个案件。")


def test_a_dash_and_an_aside_are_said_with_their_neighbours() -> None:
    paragraph = _paragraphs()[3]
    gaps = word_gaps(paragraph)
    words = paragraph.text.split()
    assert len(gaps) == len(words)
    assert gaps[words.index("withheld]")] == 0  # [name withheld] is one stretch of the recording
    assert gaps[words.index("—")] == 0


def test_a_paragraph_without_words_has_no_times() -> None:
    assert word_gaps(TimedParagraph("Ada", "", 0, 0, ())) == []


@given(st.lists(st.integers(0, 4000), min_size=1, max_size=200), st.integers(0, 10_000_000))
def test_sums_of_gaps_do_not_drift(lengths_ms: list[int], start_ms: int) -> None:
    words: list[TimedWord] = []
    now_ms, text = start_ms, ""
    for length_ms in lengths_ms:
        begins = len(text)
        text += "word "
        words.append(TimedWord("word", begins, begins + 4, now_ms, now_ms + length_ms, "kept"))
        now_ms += length_ms
    gaps = word_gaps(TimedParagraph("Ada", text, start_ms, now_ms, tuple(words)))
    said_ms = start_ms
    for gap, word in zip(gaps, words, strict=True):
        said_ms += gap * 10
        assert gap >= 0
        assert abs(said_ms - word.start_ms) <= 5


# Playing and seeking


@pytest.mark.browser
def test_it_plays_and_says_so(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        play = player.page.get_by_role("button", name="Play", exact=True)
        assert player.audio("controls") is False
        play.click()
        player.until_second(1.1)
        assert play.count() == 0
        assert player.page.get_by_role("button", name="Pause", exact=True).is_visible()
        player.until(
            "document.querySelector('[data-player=now]').textContent === "
            "`0:0${Math.floor(document.getElementById('player').currentTime)}`"
        )
        assert player.part("length").inner_text() == "2:00"
        assert player.page.evaluate("navigator.mediaSession.playbackState") == "playing"
        player.part("play").click()
        assert not player.playing
        player.until("document.querySelector('[data-player=play]').ariaLabel === 'Play'")


@pytest.mark.browser
def test_the_slider_seeks_by_mouse_and_by_keyboard(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.ready()
        slider = player.part("seek")
        box = slider.bounding_box()
        assert box is not None
        player.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        player.until("Math.abs(document.getElementById('player').currentTime - 60) < 1.5")
        for key, second in (("Home", 0), ("ArrowRight", 5), ("PageUp", 65), ("ArrowDown", 60)):
            slider.press(key)
            player.until(f"document.getElementById('player').currentTime === {second}")
        spoken = slider.get_attribute("aria-valuetext")
        assert spoken == "1 minute of 2 minutes"
        slider.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == "1 minute 5 seconds of 2 minutes"


@pytest.mark.browser
def test_skipping_stays_within_the_recording(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.ready()
        for button, second in (("forward", 30), ("back", 15), ("back", 0), ("back", 0)):
            player.part(button).click()
            player.until(f"document.getElementById('player').currentTime === {second}")
        for _ in range(5):
            player.part("forward").click()
        assert player.seconds > 119
        assert player.audio("ended") is False


@pytest.mark.browser
@pytest.mark.parametrize("width", [1100, 320])
@pytest.mark.parametrize(
    ("paragraph", "word", "seen"),
    [(8, "nobody", "nobody"), (5, "twice", "twice."), (1, "381", "381"), (3, "withheld", "[name withheld]")],
)
def test_a_click_on_a_word_goes_to_it(
    browser: Browser, address: str, paragraph: int, word: str, seen: str, width: int
) -> None:
    with opened(browser, address + EPISODE, viewport={"width": width, "height": 800}) as player:
        player.ready()
        player.page.mouse.click(*player.centre_of(paragraph, word))
        true_start = _start_ms(paragraph, seen) / 1000
        player.until(f"Math.abs(document.getElementById('player').currentTime - {true_start}) < 0.3")
        assert not player.playing  # nobody asked for sound
        assert player.page.evaluate("[...CSS.highlights.get('spoken')].map(String)") == [seen]


@pytest.mark.browser
def test_a_character_is_a_word_where_no_spaces_are_written(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.ready()
        player.page.mouse.click(*player.centre_of(2, "案"))
        begins = _start_ms(2, "案") / 1000
        player.until(f"Math.abs(document.getElementById('player').currentTime - {begins}) < 0.02")
        assert player.page.evaluate("[...CSS.highlights.get('spoken')].map(String)") == ["案"]


@pytest.mark.browser
def test_text_can_be_selected_and_links_lead_where_they_lead(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.ready()
        mouse = player.page.mouse
        mouse.move(*player.centre_of(8, "archive"))
        mouse.down()
        mouse.move(*player.centre_of(8, "wanted"), steps=5)
        mouse.up()
        assert "keeps what nobody" in player.page.evaluate("getSelection().toString()")
        assert player.seconds == 0
        player.page.evaluate("getSelection().empty()")
        player.page.locator(".said").nth(5).locator(".citation").click()
        assert player.page.url.endswith("#source-1")
        assert player.seconds == 0
        # beside the text there is nothing to go to
        player.centre_of(8, "archive")  # the page may still be moving to the source
        box = player.page.locator(".said").nth(8).locator("[data-w]").bounding_box()
        assert box is not None
        mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] - 10)
        assert player.seconds == 0


@pytest.mark.browser
def test_times_in_notes_and_chapters_play(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.page.locator(".notes a.time").click()
        player.until_second(20.2)
        assert player.page.url.endswith("#t=20")
        player.page.locator("#chapters a.time").last.click()
        player.until_second(30.1)
        assert player.part("chapter").inner_text().startswith("The cases that nobody counted")


# The transcript


@pytest.mark.browser
@pytest.mark.parametrize("second", [0, 4.9, 5, 32.5, 119])
def test_the_paragraph_being_said_is_marked(browser: Browser, address: str, second: float) -> None:
    with opened(browser, address + EPISODE) as player:
        player.ready()
        player.page.evaluate(f"document.getElementById('player').currentTime = {second}")
        current = f"p-{int(second // 5) * 5000}"
        player.until(f"document.querySelector('.said[aria-current]')?.id === '{current}'")
        assert player.page.locator("[aria-current=true]").count() == 1
        bar = "el => getComputedStyle(el, '::before').borderInlineStartWidth"
        assert player.page.locator(f"#{current}").evaluate(bar) == "4px"


@pytest.mark.browser
def test_a_yes_in_a_sentence_is_marked_and_then_the_sentence_again(browser: Browser, tmp_path: Path) -> None:
    at_once = (
        made.paragraph("Ada Host", "We kept every single letter that came in when the office closed for good.", 0, 150),
        made.paragraph("Gus Guest", "Yes.", 3_000, 100),
        made.paragraph("Ada Host", "All of them.", 20_000),
    )
    build(tmp_path, at_once, length_ms=30_000)
    with served(tmp_path) as address, opened(browser, address + EPISODE) as player:
        player.ready()
        for second, current in ((2.9, "p-0"), (3.1, "p-3000"), (8, "p-0"), (21, "p-20000")):
            player.page.evaluate(f"document.getElementById('player').currentTime = {second}")
            player.until(f"document.querySelector('.said[aria-current]')?.id === '{current}'")


@pytest.mark.browser
def test_the_mark_goes_along_while_it_plays(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE + "?t=5") as player:
        player.ready()
        player.part("play").click()
        player.until("!document.getElementById('player').paused")
        seen = player.page.evaluate(
            """new Promise((done) => {
              const seen = [];
              const patience = performance.now() + 20_000;
              const look = () => {
                const [word] = [...CSS.highlights.get("spoken")].map(String);
                if (word !== seen.at(-1)) {
                  seen.push(word);
                }
                if (document.getElementById("player").currentTime < 7 && performance.now() < patience) {
                  requestAnimationFrame(look);
                } else {
                  done(seen);
                }
              };
              look();
            })"""
        )
        assert player.seconds >= 7, "it does not play on"
        said = TALK[1].replace(" [@report, p. 3]", "").split()
        assert len(seen) >= 5
        assert [word for word in said if word in seen] == seen  # each in its turn, though a slow screen may miss some


@pytest.mark.browser
def test_the_page_scrolls_along_only_for_those_who_want_it(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE, reduced_motion="reduce", viewport={"width": 1100, "height": 600}) as player:
        player.ready()
        where = "window.scrollY"
        player.part("play").click()
        player.until_second(0.5)
        assert player.page.evaluate(where) == 0
        player.part("follow").click()
        followed = player.page.evaluate(where)  # at once: this reader wants no motion
        assert followed > 0
        assert _in_view(player)
        player.page.evaluate("document.getElementById('player').currentTime = 80")
        player.until("document.querySelector('.said[aria-current]')?.id === 'p-80000'")
        player.until(f"window.scrollY > {followed} + 300")
        assert _in_view(player)
        followed = player.page.evaluate(where)

        player.page.mouse.move(300, 400)
        player.page.mouse.wheel(0, -900)
        player.until("document.querySelector('[data-player=follow]').ariaPressed === 'false'")
        player.until(f"window.scrollY < {followed}")
        player.until_still()
        left = player.page.evaluate(where)
        player.page.evaluate("document.getElementById('player').currentTime = 40")
        player.until_second(40.5)
        assert player.page.evaluate(where) == left

        back = player.page.get_by_role("button", name="Back to the current line")
        back.click()
        assert player.part("follow").get_attribute("aria-pressed") == "true"
        assert not back.is_visible()
        assert _in_view(player)


@pytest.mark.browser
@pytest.mark.parametrize("how", ["PageUp", "scrollbar"])
def test_any_scrolling_by_hand_ends_following(browser: Browser, address: str, how: str) -> None:
    with opened(browser, address + EPISODE + "?t=60", reduced_motion="reduce") as player:
        player.part("play").click()
        player.part("follow").click()
        player.until_second(60.3)
        player.page.wait_for_timeout(1300)
        assert player.part("follow").get_attribute("aria-pressed") == "true"
        if how == "PageUp":
            player.page.keyboard.press("PageUp")
        # A scroll bar is dragged for longer than the page takes a scrolling for its own.
        drag = "scrollBy(0, -20), " if how == "scrollbar" else ""
        player.until(f"({drag}document.querySelector('[data-player=follow]').ariaPressed === 'false')")
        assert player.part("back-to-line").is_visible()


# The paragraph being said stands below the player and above the end of the window.
IN_VIEW = """(() => {
    const { top, bottom } = document.querySelector(".said[aria-current]").getBoundingClientRect();
    const bar = document.querySelector(".player").getBoundingClientRect();
    return top >= bar.bottom - 1 && bottom <= innerHeight;
})()"""


def _in_view(player: Player) -> bool:
    return bool(player.page.evaluate(IN_VIEW))


# Addresses


@pytest.mark.browser
@pytest.mark.parametrize("width", [1100, 320])
@pytest.mark.parametrize(
    ("end", "second", "said"),
    [("#t=36", 36, 35), ("?t=36.25", 36.25, 35), ("#p-40000", 40, 40), ("#t=9999", 119.9, 115)],
)
def test_an_address_leads_to_a_moment(
    browser: Browser, address: str, end: str, second: float, said: int, width: int
) -> None:
    viewport = {"width": width, "height": 700}
    with opened(browser, address + EPISODE + end, reduced_motion="reduce", viewport=viewport) as player:
        player.until(f"Math.abs(document.getElementById('player').currentTime - {second}) < 0.1")
        player.until(f"document.querySelector('.said[aria-current]')?.id === 'p-{said * 1000}'")
        player.until(IN_VIEW)
        assert not player.playing
        minutes, seconds = divmod(int(second), 60)
        assert player.status == f"This link leads to {minutes}:{seconds:02d}. Press Play to listen from there."


@pytest.mark.browser
def test_an_address_that_changes_leads_on(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE, reduced_motion="reduce") as player:
        player.ready()
        player.page.evaluate("location.hash = '#t=72'")
        player.until("document.getElementById('player').currentTime === 72")
        player.until(IN_VIEW)
        assert player.status.startswith("This link leads to 1:12")


@pytest.mark.browser
def test_a_link_to_this_moment_is_copied(browser: Browser, address: str) -> None:
    granted: dict[str, Any] = {"permissions": ["clipboard-read", "clipboard-write"]}
    with opened(browser, address + EPISODE + "?utm=x#t=72.8", **granted) as player:
        player.until("document.getElementById('player').currentTime === 72.8")
        player.page.get_by_role("button", name="Copy link at this time").click()
        player.until("document.querySelector('[data-player=status]').textContent === 'Copied: a link to 1:12'")
        assert player.page.evaluate("navigator.clipboard.readText()") == f"{address}{EPISODE}#t=72"


@pytest.mark.browser
def test_without_a_clipboard_the_address_bar_has_the_link(browser: Browser, address: str) -> None:
    refused = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    with opened(browser, address + EPISODE, before=refused) as player:
        player.ready()
        player.part("forward").click()
        player.part("share").click()
        player.until("location.hash === '#t=30'")
        assert player.status == "The address bar now has the link to 0:30: copy it there."


@pytest.mark.browser
def test_where_the_system_can_share_it_is_asked(browser: Browser, address: str) -> None:
    # Headless Chromium has no sheet to share by: this stands for it, and keeps what it was given.
    sheet = "navigator.share = async (what) => { globalThis.shared = what; }"
    with opened(browser, address + EPISODE, before=sheet) as player:
        player.ready()
        player.part("forward").click()
        player.page.get_by_role("button", name="Share at this time").click()
        player.until("globalThis.shared !== undefined")
        shared = player.page.evaluate("shared")
        assert shared["url"] == f"{address}{EPISODE}#t=30"
        assert "Who counts the missing" in shared["title"]


@pytest.mark.browser
def test_a_letter_about_an_error_names_the_second(browser: Browser, address: str) -> None:
    with opened(
        browser, address + EPISODE + "#t=72", before="addEventListener('click', (e) => e.preventDefault())"
    ) as player:
        player.until("document.getElementById('player').currentTime === 72")
        link = player.page.locator("[data-report]")
        link.click()
        assert (link.get_attribute("href") or "").endswith("%23t%3D72%20(at%201%3A12)")


# What is remembered


@pytest.mark.browser
def test_the_speed_is_remembered_and_keeps_the_pitch(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        speeds = player.part("speed").locator("option").all_inner_texts()
        assert (speeds[0], speeds[-1]) == ("0.75×", "2.5×")
        player.part("speed").select_option("1.5")
        assert player.audio("playbackRate") == 1.5
        assert player.audio("preservesPitch") is True
        player.page.reload()
        player.ready()
        assert player.part("speed").input_value() == "1.5"
        assert player.audio("playbackRate") == 1.5
        player.part("play").click()
        player.until_second(0.3)
        assert player.audio("playbackRate") == 1.5


@pytest.mark.browser
def test_one_may_go_on_where_one_left_off(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.part("play").click()
        player.until_second(0.1)
        player.part("forward").click()
        player.until_second(30.2)
        player.part("play").click()
        player.page.reload()
        player.ready()
        assert player.seconds == 0  # offered, not forced
        assert re.fullmatch(r"Continue at 0:3\d", player.part("resume").inner_text())
        player.page.goto(address + EPISODE + "?t=72")
        player.until("document.getElementById('player').currentTime === 72")
        assert not player.part("resume").is_visible()  # who follows a link wants that moment
        player.page.goto(address + EPISODE)
        player.part("resume").click()
        player.until_second(30.3)
        assert player.playing
        assert not player.part("resume").is_visible()
        assert player.page.evaluate("document.activeElement.dataset.player") == "play"


@pytest.mark.browser
def test_a_browser_that_remembers_nothing_plays_all_the_same(browser: Browser, address: str) -> None:
    forbidden = (
        "Object.defineProperty(globalThis, 'localStorage', "
        "{ get() { throw new DOMException('no', 'SecurityError'); } })"
    )
    with opened(browser, address + EPISODE, before=forbidden) as player:
        player.part("speed").select_option("2")
        player.part("play").click()
        player.until_second(0.5)
        assert player.audio("playbackRate") == 2


# By keyboard


@pytest.mark.browser
def test_every_function_is_reached_by_tab_in_the_order_of_the_eye(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE + "?t=36") as player:
        player.ready()
        player.part("seek").focus()
        reached = []
        for _ in range(8):
            reached.append(player.page.evaluate("document.activeElement.dataset.player"))
            player.page.keyboard.press("Tab")
        assert reached == ["seek", "back", "play", "forward", "speed", "mute", "follow", "share"]
        assert player.page.evaluate("document.activeElement.dataset.player") == "keys-open"
        ring = (
            "(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + s.outlineWidth; })()"
        )
        assert player.page.evaluate(ring) == "solid3px"
        player.part("play").focus()
        player.page.keyboard.press("Space")
        player.until_second(36.2)
        player.page.keyboard.press("Enter")
        assert not player.playing


@pytest.mark.browser
def test_single_keys_play_skip_mute_and_change_the_speed(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.ready()
        keyboard = player.page.keyboard
        keyboard.press("Space")
        player.page.wait_for_timeout(200)
        assert not player.playing  # for who only reads, Space turns the page
        keyboard.press("k")
        player.until_second(0.2)
        keyboard.press("Space")
        assert not player.playing
        for key, second in (("l", 30), ("j", 15), ("ArrowRight", 45), ("ArrowLeft", 30)):
            keyboard.press(key)
            player.until(f"Math.abs(document.getElementById('player').currentTime - {second}) < 2")
        keyboard.press("m")
        assert player.audio("muted") is True
        assert player.part("mute").get_attribute("aria-pressed") == "true"
        keyboard.press(">")
        assert player.audio("playbackRate") == 1.1
        assert player.status == "Speed 1.1×"
        keyboard.press("<")
        keyboard.press("<")
        assert player.audio("playbackRate") == 0.9


@pytest.mark.browser
def test_keys_do_nothing_while_somebody_types_or_means_the_browser(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.ready()
        keyboard = player.page.keyboard
        player.page.locator("#search-field").focus()
        keyboard.type("kjlm?<> ")
        assert player.page.locator("#search-field").input_value() == "kjlm?<> "
        player.page.locator("#search-field").blur()
        for chord in ("Control+l", "Alt+k", "Meta+m", "Shift+K"):
            keyboard.press(chord)
        assert not player.playing
        assert player.seconds == 0
        assert player.audio("muted") is False
        assert not player.part("keys").is_visible()


@pytest.mark.browser
def test_keys_are_listed_and_can_be_switched_off(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.ready()
        player.page.keyboard.press("?")
        assert player.page.get_by_role("dialog", name="Keyboard shortcuts").is_visible()
        player.page.keyboard.press("k")
        assert not player.playing
        player.part("keys-on").uncheck()
        player.page.keyboard.press("Escape")
        assert not player.part("keys").is_visible()
        player.page.reload()
        player.ready()
        player.page.keyboard.press("k")
        player.page.keyboard.press("?")
        assert not player.playing
        assert not player.part("keys").is_visible()
        player.part("keys-open").click()  # the list stays in reach, and the switch on it
        player.part("keys-on").check()
        player.part("keys-close").click()
        assert player.page.evaluate("document.activeElement.dataset.player") == "keys-open"
        player.page.keyboard.press("m")
        assert player.audio("muted") is True


# When something is missing


@pytest.mark.browser
def test_without_scripts_the_browsers_own_controls_play(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE, java_script_enabled=False) as player:
        assert player.page.locator("audio").is_visible()
        assert not player.part("controls").is_visible()
        assert not player.part("keys").is_visible()
        link = player.page.locator(".said a.time").nth(3).get_attribute("href")
        assert re.fullmatch(r"episode-1-[0-9a-f]{12}\.mp3#t=15", link or "")


@pytest.mark.browser
def test_waiting_for_the_recording_is_said(browser: Browser, address: str) -> None:
    with contextlib.closing(browser.new_context()) as fresh:
        held: list[Any] = []
        slow = True
        page = fresh.new_page()
        page.route("**/*.mp3", lambda route: held.append(route) if slow else route.continue_())
        page.goto(address + EPISODE, wait_until="domcontentloaded")
        player = Player(page)
        player.part("play").click()
        player.until("document.querySelector('[data-player=status]').textContent === 'Loading the recording…'")
        slow = False
        for route in held:
            route.continue_()
        player.until_second(0.2)
        assert player.status == ""


@pytest.mark.browser
def test_a_failure_is_said_in_words_with_a_way_out(browser: Browser, address: str) -> None:
    with contextlib.closing(browser.new_context()) as fresh:
        page = fresh.new_page()
        page.route("**/*.mp3", lambda route: route.abort())
        page.goto(address + EPISODE + "#t=72")
        player = Player(page)
        player.until("!document.querySelector('[data-player=trouble]').hidden")
        trouble = page.get_by_role("alert")
        assert "Check your connection" in trouble.inner_text()
        assert trouble.get_by_role("link", name="Download the recording").is_visible()
        assert player.part("play").get_attribute("aria-label") == "Play"
        page.unroute("**/*.mp3")
        trouble.get_by_role("button", name="Try again").click()
        player.until_second(72.2)
        assert not player.part("trouble").is_visible()
        assert player.playing


# What it looks like, and what it weighs


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["following", "keys", "trouble"])
def test_no_barrier_that_axe_can_find(
    browser: Browser, address: str, scheme: Literal["light", "dark"], state: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with contextlib.closing(browser.new_context(color_scheme=scheme)) as fresh:
        page = fresh.new_page()
        if state == "trouble":
            page.route("**/*.mp3", lambda route: route.abort())
        page.goto(address + EPISODE + "#t=36")
        player = Player(page)
        if state == "trouble":
            player.until("!document.querySelector('[data-player=trouble]').hidden")
        else:
            player.part("play").click()
            player.part("follow").click()
            player.until_second(36.2)
            page.mouse.wheel(0, -200)
            if state == "keys":
                player.part("keys-open").click()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("width", "height", "touch", "least_px"), [(320, 640, False, 24), (375, 700, True, 44), (1100, 800, False, 24)]
)
def test_everything_fits_and_is_large_enough_to_hit(
    browser: Browser, address: str, width: int, height: int, touch: bool, least_px: int
) -> None:
    viewport = {"width": width, "height": height}
    with opened(browser, address + EPISODE + "#t=36", viewport=viewport, has_touch=touch, is_mobile=touch) as player:
        player.ready()
        assert player.page.evaluate("document.documentElement.scrollWidth") <= width
        # All at one moment: the page may still be moving to where its address leads.
        boxes = player.page.evaluate(
            """() => [...document.querySelectorAll("[data-player=controls] :is(button, select, input)")]
                .filter((one) => one.checkVisibility())
                .map((one) => one.getBoundingClientRect().toJSON())"""
        )
        assert len(boxes) >= 7
        for box in boxes:
            assert min(box["width"], box["height"]) >= least_px
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        for which, one in enumerate(boxes):
            for other in boxes[which + 1 :]:
                beside = one["x"] + one["width"] <= other["x"] + 0.5 or other["x"] + other["width"] <= one["x"] + 0.5
                below = one["y"] + one["height"] <= other["y"] + 0.5 or other["y"] + other["height"] <= one["y"] + 0.5
                assert beside or below


@pytest.mark.browser
@pytest.mark.parametrize(("height", "stays"), [(800, True), (400, False)])
def test_the_player_stays_in_view_where_the_window_has_room(
    browser: Browser, address: str, height: int, stays: bool
) -> None:
    with opened(browser, address + EPISODE, viewport={"width": 800, "height": height}) as player:
        player.page.evaluate("scrollTo({ top: document.body.scrollHeight, behavior: 'instant' })")
        box = player.page.locator(".player").bounding_box()
        assert box is not None
        assert (box["y"] >= -1) is stays


@pytest.mark.browser
def test_on_paper_there_is_no_player(browser: Browser, address: str) -> None:
    with opened(browser, address + EPISODE) as player:
        player.page.emulate_media(media="print")
        assert not player.page.locator(".player").is_visible()


def test_a_page_with_two_hours_of_talk_stays_below_200_kb(tmp_path: Path) -> None:
    """HTML, style and scripts together, compressed as hosts do it. The recording loads when somebody listens."""
    spoken = random.Random(7)  # noqa: S311 - no secret, the same talk every time
    # Words of our own documentation in no order: no phrase comes twice, so it compresses worse than talk does.
    vocabulary = re.findall(r"[A-Za-z’']+[,.]?", "".join(path.read_text("utf-8") for path in DOCS.glob("*.md")))
    now_ms = 0
    talk: list[TimedParagraph] = []
    while now_ms < 7_200_000:
        words: list[TimedWord] = []
        text, starts_ms = "", now_ms
        for word in spoken.choices(vocabulary, k=30):
            length_ms = 60 + 10 * int(spoken.gammavariate(2.5, 9))
            words.append(TimedWord(word, len(text), len(text) + len(word), now_ms, now_ms + length_ms, "kept"))
            text += f"{word} "
            now_ms += length_ms + (600 if word.endswith((".", ",")) else spoken.randrange(0, 80, 10))
        talk.append(
            TimedParagraph(("Ada Host", "Gus Guest")[len(talk) % 2], text.strip(), starts_ms, now_ms, tuple(words))
        )
    said = sum(len(one.words) for one in talk)
    assert said >= 18_000
    site = build(tmp_path, talk, length_ms=7_200_000, real=False)
    page = (site / EPISODE).read_text("utf-8")
    assert page.count(" data-w=") == len(talk)
    parts = [
        site / EPISODE,
        *(site / "episode-1" / name for name in re.findall(r'"(\.\./static/[^"]+\.(?:js|css))"', page)),
    ]
    assert len(parts) == 8
    sizes = {part.name: len(gzip.compress(part.read_bytes(), 6)) for part in parts}
    assert sum(sizes.values()) < 200_000, sizes
