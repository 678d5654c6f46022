"""Striking out at the desk, in a real browser: found, listened to, confirmed, shown, mended and taken back."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal

import pytest

from pipeline.publish.published import record_of, write_record
from pipeline.show import load_show
from pipeline.show.redactions import Redaction, read_redactions
from pipeline.stages.status import page_sections, read_episode, remembered_digests
from tests.review.conftest import ADA_BY
from tests.review.desk_fixture import DeskPage, DeskServer

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

DIALOGUE = "dialog.strike"


def struck(window: DeskPage) -> tuple[Redaction, ...]:
    return read_redactions(window.folder / "redactions.toml")


def strike(window: DeskPage, index: int, words: str) -> None:
    window.select(index, words)
    window.press("Alt+Shift+x")
    window.page.wait_for_selector(f"{DIALOGUE} .everywhere [role=status]:not(:empty)")


def confirm(window: DeskPage) -> None:
    window.page.click(f"{DIALOGUE} [type=submit]")
    window.page.wait_for_selector(DIALOGUE, state="detached")


TEXTS = "[...CSS.highlights.get('{}')].map((one) => one.startContainer.data.slice(one.startOffset, one.endOffset))"


def marked(window: DeskPage, name: str) -> list[str]:
    return list(window.page.evaluate(TEXTS.format(name)))


def test_a_name_is_struck_out_by_keyboard_alone(window: DeskPage) -> None:
    page = window.page
    before = window.on_disk()
    window.caret_before(1, "Kigali")
    window.press("Alt+Shift+x")
    page.wait_for_selector(f"{DIALOGUE} .everywhere [role=status]:not(:empty)")
    assert page.evaluate("document.activeElement.id") == "strike-start"
    assert "“Kigali”" in (page.text_content(f"{DIALOGUE} .quoted") or "")
    start_ms = 500 + 300 * 18 + 900 + 300 * 7  # after the first paragraph and seven words
    assert page.input_value("#strike-start") == "0:08.900"
    window.press("Tab", "Enter", "Enter", "Enter")  # 150 ms earlier
    assert page.input_value("#strike-start") == "0:08.750"
    assert "“the Kigali”" in (page.text_content(f"{DIALOGUE} .stretch p") or ""), "it touches the word before"
    window.press("Tab", "Space", "Space", "Space")  # and later again
    assert "the Kigali" not in (page.text_content(f"{DIALOGUE} .stretch p") or "")
    page.focus("#strike-reason")
    window.type("She asked.")
    window.press("Enter")
    page.wait_for_selector(DIALOGUE, state="detached")
    (one,) = struck(window)
    assert one == Redaction(
        start_ms=start_ms,
        end_ms=start_ms + 260,
        words=("Kigali",),
        by="Ada Host",
        reason="She asked.",
    )
    assert page.evaluate("document.activeElement === document.querySelectorAll('.words')[1]"), "back in the text"
    window.until("CSS.highlights.get('struck').size === 1")
    assert marked(window, "struck") == ["Kigali"]
    assert page.locator(".para").nth(1).get_attribute("class") == "para here has-struck"
    assert page.locator(".words").nth(1).get_attribute("aria-description") == "Struck out: “Kigali”"
    assert window.on_disk() == before, "transcript.md keeps its words"

    # Mended and taken back without the pointer, too.
    window.press("Alt+Shift+r", "Tab")
    _tab_to(window, "Mend the ends of “Kigali” at 0:08")
    window.press("Enter")
    page.wait_for_selector(DIALOGUE)
    page.fill("#strike-end", "0:09.300")
    window.press("Enter")
    page.wait_for_selector(DIALOGUE, state="detached")
    assert [one.end_ms for one in struck(window)] == [9300]
    window.wait_for(lambda: marked(window, "struck") == ["Kigali office"], "the mark is wider")
    window.press("Alt+Shift+r")
    _tab_to(window, "Take back what is struck out: “Kigali” at 0:08")
    window.press("Enter")
    page.wait_for_selector("dialog.ask[open]")
    window.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Take it back"
    window.press("Enter")
    window.wait_for(lambda: not (window.folder / "redactions.toml").exists(), "the file is gone")
    window.until("CSS.highlights.get('struck').size === 0")
    assert page.locator(".has-struck").count() == 0


def _tab_to(window: DeskPage, name: str) -> None:
    for _ in range(60):
        if window.page.evaluate("document.activeElement.ariaLabel") == name:
            return
        window.press("Tab")
    raise AssertionError(f"Tab never came to “{name}”")


def test_every_place_is_offered_and_what_is_left_is_told_until_it_is_struck(window: DeskPage) -> None:
    page = window.page
    strike(window, 3, "recordings")
    assert "3 other places, 3 not struck out" in (page.text_content(f"{DIALOGUE} .everywhere") or "")
    assert page.text_content(f"{DIALOGUE} [type=submit]") == "Strike out in 4 places"
    page.uncheck(".places input >> nth=0")
    assert page.text_content(f"{DIALOGUE} [type=submit]") == "Strike out in 3 places"
    page.fill("#strike-text", "[things]")
    confirm(window)
    made = struck(window)
    assert [one.text for one in made] == ["[things]"] * 3
    assert [one.words for one in made] == [("recordings",)] * 3
    window.until("CSS.highlights.get('struck').size === 3")
    assert sorted(marked(window, "struck")) == ["recording", "recordings", "recordings"]

    # The one that was left is told with the doubts and before the approval, and struck from there.
    window.press("Alt+Shift+d")
    assert "still said in 1 place: “recordings”" in (page.text_content("#doubt-unstruck") or "")
    window.press("Alt+Shift+a")
    page.wait_for_selector("#summary section.open")
    told = page.text_content("#summary section.open") or ""
    assert "transcript.md at 00:00:14" in told
    assert str(window.folder) not in told
    assert "struck out elsewhere and is said here: We keep recordings" in told
    assert "onrecord redact" not in told, "at the desk there is a button for it"
    assert "redactions.toml" in (page.text_content("#approve-voids") or "")
    page.click("#summary section.open button")
    page.click("#unstruck-list button:text('Strike out')")
    page.wait_for_selector(".places input:disabled >> nth=2")
    assert page.text_content(f"{DIALOGUE} [type=submit]") == "Strike out here"
    confirm(window)
    assert len(struck(window)) == 4
    window.until("document.getElementById('unstruck').hidden")
    assert page.locator("#doubt-unstruck").is_hidden()


def test_words_that_were_changed_are_looked_for_before_anything_is_written(window: DeskPage) -> None:
    strike(window, 3, "recordings")
    window.page.fill("#strike-words", "archive")
    window.page.click(f"{DIALOGUE} [type=submit]")
    window.until("document.querySelector('dialog.strike [role=alert]:last-of-type') !== null")
    window.page.wait_for_selector("dialog.strike .fault:text('confirm again')")
    assert struck(window) == ()
    confirm(window)
    assert [one.words for one in struck(window)] == [("archive",)] * 2, "here, and where “archive” is said"


def test_a_stretch_is_heard_as_it_is_and_as_it_will_be_published(window: DeskPage) -> None:
    page = window.page
    strike(window, 1, "Kigali")
    page.evaluate(
        """() => {
            globalThis.tones = [];
            const {start, stop} = OscillatorNode.prototype;
            OscillatorNode.prototype.start = function () { tones.push('on'); return start.call(this); };
            OscillatorNode.prototype.stop = function () { tones.push('off'); return stop.call(this); };
            globalThis.heard = [];
            const audio = document.getElementById('audition');
            audio.defaultPlaybackRate = 0.25;  // so that a picture that is late on a busy machine is no long stretch
            const look = () => {
                if (!audio.paused) heard.push([Math.round(audio.currentTime * 1000), audio.muted]);
                requestAnimationFrame(look);
            };
            look();
        }"""
    )

    def listen(label: str) -> list[tuple[int, bool]]:
        page.evaluate("heard.length = 0")
        page.click(f"{DIALOGUE} button:text-is('{label}')")
        window.until("heard.length > 3")
        window.until("document.getElementById('audition').paused")
        assert page.locator(f"{DIALOGUE} button:text-is('{label}')").count() == 1, "it can be pressed again"
        return [(time_ms, muted) for time_ms, muted in page.evaluate("heard")]

    exact = listen("Listen to it")
    assert not any(muted for _, muted in exact)
    assert 8800 <= exact[0][0] <= exact[-1][0] <= 9260
    page.check("[name=strike-sound][value=tone]")
    published = listen("Listen as published")
    assert published[0][0] < 7700
    assert published[-1][0] > 10_400
    assert all(muted for time_ms, muted in published if 8750 <= time_ms <= 9300)
    assert not any(muted for time_ms, muted in published if time_ms < 8650 or time_ms > 9450)
    assert page.evaluate("tones") == ["on", "off"]
    assert page.evaluate("document.getElementById('audio').paused")
    assert not window.review().get("heard"), "what was tried out does not count as heard"


def test_only_the_sound_goes_and_the_words_are_marked_otherwise(window: DeskPage) -> None:
    page = window.page
    strike(window, 4, "the consent")
    page.check("[name=strike-what][value=sound]")
    assert page.locator("#strike-text").is_hidden()
    assert "still to be read: “the consent”" in (page.text_content(f"{DIALOGUE} .stretch p") or "")
    confirm(window)
    (one,) = struck(window)
    assert (one.strike, one.words) == ("sound", ())
    window.until("CSS.highlights.get('silenced').size === 1")
    assert marked(window, "struck") == []
    assert page.locator(".words").nth(4).get_attribute("aria-description") == "Silenced: “the consent”"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("0:09.500", "0:09.200", "must end after it begins"),
        ("nonsense", "0:09.200", "Write a time"),
        ("0:08.900", "9:59.000", "The recording ends at 1:"),
    ],
)
def test_what_is_no_stretch_is_said_and_not_written(window: DeskPage, start: str, end: str, said: str) -> None:
    page = window.page
    strike(window, 1, "Kigali")
    page.fill("#strike-start", start)
    page.fill("#strike-end", end)
    page.click(f"{DIALOGUE} [type=submit]")
    assert said in (page.text_content(f"{DIALOGUE} .stretch [role=alert]") or "")
    assert page.evaluate("document.activeElement.ariaInvalid") == "true"
    assert struck(window) == ()
    window.press("Escape")
    page.wait_for_selector(DIALOGUE, state="detached")


def test_a_file_changed_elsewhere_is_taken_over_and_never_overwritten(window: DeskPage) -> None:
    page, path = window.page, window.folder / "redactions.toml"
    by_hand = '# by hand\n[[redactions]]\nstart = "00:00:01.000"\nend = "00:00:01.500"\n'
    path.write_text(by_hand)
    window.until("document.getElementById('struck-count').textContent === '1'")
    assert page.locator(".has-struck").count() == 1
    # Now the window does not hear of it.
    page.route("**/changes", lambda route: route.abort())
    window.open()
    strike(window, 1, "Kigali")
    path.write_text(by_hand + "# and more\n")
    page.click(f"{DIALOGUE} [type=submit]")
    page.wait_for_selector(f"{DIALOGUE} .fault:text('changed elsewhere, and nothing was written')")
    assert path.read_text() == by_hand + "# and more\n"
    confirm(window)
    assert path.read_text().startswith(by_hand + "# and more\n")
    assert path.read_text().count("[[redactions]]") == 2


def test_struck_words_stay_struck_while_the_text_around_them_changes(window: DeskPage) -> None:
    strike(window, 1, "Kigali")
    confirm(window)
    window.caret_before(1, "Thank")
    window.type("Well, ")
    assert marked(window, "struck") == ["Kigali"], "at once"
    window.wait_saved()
    assert marked(window, "struck") == ["Kigali"], "and when the server gave the times anew"


def test_a_published_episode_says_that_changes_must_be_told(window: DeskPage, desk: DeskServer) -> None:
    page = window.page
    assert page.locator("#published").is_hidden()
    show = load_show(desk.root)
    episode = next(one for one in show.episodes if one.slug == window.folder.name)
    reading = read_episode(show, episode, remembered_digests(desk.root))
    assert reading.transcript is not None
    assert reading.notes_markdown is not None
    sections = page_sections(show, episode, reading.transcript, reading.notes_markdown, reading.subject)
    write_record(episode.folder, record_of(episode, sections))
    window.open()
    page.wait_for_selector("#published")
    assert f"onrecord correct {episode.slug}" in (page.text_content("#published") or "")
    window.select(8, "sauce")
    window.type("source")
    window.wait_saved()
    window.press("Alt+Shift+a")
    page.wait_for_selector("#summary section.open")
    told = page.text_content("#summary section.open") or ""
    assert "transcript.md: in the published transcript “sauce” became “source”, and no correction tells it." in told
    assert f"Tell it: onrecord correct {episode.slug}" in told


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_that_axe_can_find(
    browser: Browser, signed_in: Any, desk: DeskServer, episode: Path, scheme: Literal["light", "dark"]
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    with contextlib.closing(
        browser.new_context(storage_state=signed_in, color_scheme=scheme, viewport={"width": 1280, "height": 900})
    ) as context:
        context.add_init_script(f"localStorage.setItem('desk.by', '\"{ADA_BY}\"')")
        window = DeskPage(context.new_page(), desk.origin, episode).open()

        def must_be_free(where: str) -> None:
            found = Axe().run(window.page)
            assert found.violations_count == 0, f"{where}: {found.generate_report()}"

        strike(window, 3, "recordings")
        window.page.uncheck(".places input >> nth=0")
        must_be_free("the dialogue")
        window.page.fill("#strike-end", "0:01")
        window.page.focus("#strike-start")
        must_be_free("a wrong stretch")
        window.page.fill("#strike-end", "0:20.860")
        confirm(window)
        window.press("Alt+Shift+r")
        window.page.wait_for_selector("#struck-list li")
        must_be_free("the panel")
        window.page.click("#struck-list button:text('Mend')")
        must_be_free("mending")


@pytest.mark.parametrize(("width", "height"), [(320, 640), (640, 400)], ids=["phone", "200 % on a laptop"])
def test_small_windows_cut_nothing_off(window: DeskPage, width: int, height: int) -> None:
    page = window.page
    page.set_viewport_size({"width": width, "height": height})
    window.open()
    strike(window, 3, "recordings")
    assert page.evaluate(
        "document.querySelector('dialog.strike').scrollWidth <= document.querySelector('dialog.strike').clientWidth"
    )
    for _ in range(20):
        window.press("Tab")
        hidden = page.evaluate(
            """() => {
                const box = document.activeElement.getBoundingClientRect();
                const foot = document.querySelector('dialog.strike .row.end').getBoundingClientRect();
                return !document.activeElement.closest('.row.end') && box.top >= foot.top;
            }"""
        )
        assert not hidden, "what has the focus is in view"
    confirm(window)
    page.click("#tab-struck")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    panel = "document.getElementById('panel-struck')"
    assert page.evaluate(f"{panel}.scrollWidth <= {panel}.clientWidth")
