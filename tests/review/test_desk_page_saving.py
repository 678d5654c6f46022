"""Nothing typed is lost: two windows, a text editor on the file, a killed server, a closed tab, a full disk."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline import files
from pipeline.transcript import Paragraph, Transcript, read_transcript, transcript_to_text
from tests.review.conftest import ADA_BY
from tests.review.desk_fixture import TALK, DeskPage, DeskServer, make_desk_show
from tests.serving import free_port

if TYPE_CHECKING:
    from playwright.sync_api import APIResponse, Browser, BrowserContext, Dialog, Route

pytestmark = pytest.mark.browser


@pytest.fixture
def other(context: BrowserContext, desk: DeskServer, window: DeskPage) -> DeskPage:
    """A second window on the same episode."""
    return DeskPage(context.new_page(), desk.origin, window.folder).open()


def test_what_is_saved_in_one_window_appears_in_the_other(window: DeskPage, other: DeskPage) -> None:
    window.select(2, "rowhinge")
    window.type("Rohingya")
    other.wait_for(lambda: "Rohingya" in other.text(2), "the other window shows it")
    other.caret_before(5, "When")
    other.type("And ")
    window.wait_for(lambda: window.text(5).startswith("And When"), "the first window shows it")
    # What was done here can still be undone, without taking back what came from there.
    window.page.focus(".words >> nth=0")
    window.press("Control+z")
    window.wait_for(lambda: "rowhinge" in window.on_disk()[2].text, "it is undone on disk")
    assert window.on_disk()[5].text.startswith("And When")


def test_different_paragraphs_changed_at_once_are_merged(window: DeskPage, other: DeskPage) -> None:
    _hold_saves(window)
    window.select(2, "rowhinge")
    window.type("Rohingya")
    other.caret_before(5, "When")
    other.type("And ")
    other.wait_for(lambda: other.on_disk()[5].text.startswith("And"), "the other window saved")
    _let_saves_go(window)
    window.wait_for(lambda: "Rohingya" in window.on_disk()[2].text, "both are on disk")
    assert window.on_disk()[5].text.startswith("And When")
    window.wait_for(lambda: window.text(5).startswith("And When"), "both are in the window")
    other.wait_for(lambda: "Rohingya" in other.text(2), "both are in the other window")


@pytest.mark.parametrize("keep", ["mine", "theirs"])
def test_the_same_paragraph_changed_twice_is_asked_about(window: DeskPage, other: DeskPage, keep: str) -> None:
    _hold_saves(window)
    window.select(2, "rowhinge")
    window.type("Rohingya")
    other.select(2, "rowhinge")
    other.type("Rohinja")
    other.wait_for(lambda: "Rohinja" in other.on_disk()[2].text, "the other window saved")
    _let_saves_go(window)
    window.page.wait_for_selector("dialog.ask[open]")
    said = window.page.text_content("dialog.ask") or ""
    assert "Rohingya" in said
    assert "Rohinja" in said
    assert "Rohinja" in window.on_disk()[2].text, "nothing is written before somebody chose"
    window.page.check(f"input[value={keep}]")
    window.page.click("dialog button.primary")
    window.wait_saved()
    wanted = "Rohingya" if keep == "mine" else "Rohinja"
    window.wait_for(lambda: wanted in window.on_disk()[2].text, "the chosen text is on disk")
    assert wanted in window.text(2)
    other.wait_for(lambda: wanted in other.text(2), "the other window shows it too")


def test_a_text_editor_on_the_file_is_noticed_under_an_open_desk(window: DeskPage) -> None:
    window.caret_before(0, "Welcome")
    _rewrite(window.folder, 7, "We keep the tape as it is.")
    window.wait_for(lambda: window.text(7) == "We keep the tape as it is.", "the window shows it")
    assert window.page.evaluate("document.activeElement === document.querySelectorAll('.words')[0]"), "the caret stays"
    window.type("Good evening. ")
    window.wait_for(lambda: window.on_disk()[0].text.startswith("Good evening"), "typing goes on")
    assert window.on_disk()[7].text == "We keep the tape as it is."


def test_a_text_editor_and_the_desk_changing_other_paragraphs_are_merged(window: DeskPage) -> None:
    _hold_saves(window)
    window.select(2, "rowhinge")
    window.type("Rohingya")
    _rewrite(window.folder, 7, "We keep the tape as it is.")
    _let_saves_go(window)
    window.wait_for(lambda: "Rohingya" in window.on_disk()[2].text, "mine is on disk")
    assert window.on_disk()[7].text == "We keep the tape as it is."


def test_a_full_disk_is_said_the_text_is_kept_and_saved_when_there_is_room(window: DeskPage) -> None:
    def full(route: Route) -> None:
        route.fulfill(
            status=507,
            json={
                "error": "disk-full",
                "message": "the disk is full, so nothing was saved",
                "remedy": "Free some space; this window keeps your text and saves it then",
            },
        )

    window.page.route("**/transcript", full)
    before = window.on_disk()
    window.select(2, "rowhinge")
    window.type("Rohingya")
    window.until("document.getElementById('saving').dataset.state === 'kept'")
    said = window.page.text_content("#saving-aloud") or ""
    assert "the disk is full" in said
    assert "kept in this browser" in said
    assert window.on_disk() == before
    window.page.on("dialog", lambda dialog: dialog.accept())
    window.page.reload()
    window.page.wait_for_selector("body[data-ready]")
    assert "Rohingya" in window.text(2), "even a reload keeps it"
    window.page.unroute("**/transcript")
    window.wait_for(lambda: "Rohingya" in window.on_disk()[2].text, "it is saved")
    window.wait_saved()


def test_closing_is_questioned_only_while_something_is_unsaved(window: DeskPage) -> None:
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    window.page.on("dialog", leave)
    window.select(2, "rowhinge")
    window.type("Rohingya")
    window.wait_saved()
    window.page.reload()
    window.page.wait_for_selector("body[data-ready]")
    assert asked == []
    _hold_saves(window)
    window.select(2, "Rohingya")
    window.type("Rohinja")
    window.page.reload()
    assert asked == ["beforeunload"]
    window.page.wait_for_selector("body[data-ready]")
    assert "Rohinja" in window.text(2)


def test_kill_9_of_the_server_while_somebody_types_loses_nothing(browser: Browser, tmp_path: Path) -> None:
    root = make_desk_show(tmp_path)
    folder = root / "episodes" / "first-talk"
    port = free_port()
    server = DeskServer(root, port)
    with contextlib.closing(_signed_in(browser, server)) as context:
        window = DeskPage(context.new_page(), server.origin, folder).open()
        window.caret_before(3, "How")
        typed = "There was a time when nobody knew. "
        for number, letter in enumerate(typed):
            window.page.keyboard.type(letter, delay=40)
            if number == len(typed) // 2:
                server.kill()
        window.until("document.getElementById('saving').dataset.state === 'kept'")
        read_transcript(folder / "transcript.md")  # whole, whatever moment the kill came at
        wanted = typed + TALK[3][1]
        assert window.text(3) == wanted
        # The tab goes too. A new server on the same port, a new tab in the same browser.
        window.page.close(run_before_unload=False)
        server = DeskServer(root, port)
        try:
            page = context.new_page()
            page.goto(server.address)
            again = DeskPage(page, server.origin, folder).open()
            assert again.text(3) == wanted
            again.wait_for(lambda: again.on_disk()[3].text == wanted, "it is on disk")
            again.wait_saved()
            assert [one.text for place, one in enumerate(again.on_disk()) if place != 3] == [
                text.replace("~", "") for place, (_, text) in enumerate(TALK) if place != 3
            ]
        finally:
            server.stop()


def test_an_answer_that_never_came_is_no_quarrel_with_oneself(window: DeskPage) -> None:
    """The server wrote, and was killed before it answered: what is on disk is this window's own."""
    lost: list[int] = []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.fetch().status)
        route.abort()

    window.page.route("**/transcript", lose)
    window.caret_before(3, "How")
    window.type("So ")
    window.wait_for(lambda: window.on_disk()[3].text.startswith("So How"), "the server wrote it")
    window.type("then ")
    window.until("document.getElementById('saving').dataset.state === 'kept'")
    window.page.unroute("**/transcript")
    window.wait_for(lambda: window.on_disk()[3].text.startswith("So then How"), "all of it is on disk")
    window.wait_saved()
    assert lost == [200]
    assert window.page.locator("dialog[open]").count() == 0


def test_what_is_typed_while_a_refusal_is_under_way_stays(window: DeskPage) -> None:
    waiting: list[tuple[Route, APIResponse]] = []

    def delay(route: Route) -> None:
        if waiting:
            route.continue_()
        else:
            waiting.append((route, route.fetch()))

    _hold_saves(window)
    window.caret_before(3, "How")
    window.type("So ")
    _rewrite(window.folder, 3, "How many are there?")
    window.page.route("**/transcript", delay)  # at once: none may slip through between
    window.wait_for(lambda: bool(waiting), "the server refused")
    window.type("then ")
    route, answer = waiting[0]
    assert answer.status == 409
    route.fulfill(response=answer)
    window.page.wait_for_selector("dialog.ask[open]")
    window.page.click("dialog button.primary")
    window.wait_for(lambda: window.on_disk()[3].text.startswith("So then How many of"), "all of it is on disk")


def test_an_open_window_goes_on_when_the_server_is_back(browser: Browser, tmp_path: Path) -> None:
    root = make_desk_show(tmp_path)
    folder = root / "episodes" / "first-talk"
    server = DeskServer(root, free_port())
    with contextlib.closing(_signed_in(browser, server)) as context:
        window = DeskPage(context.new_page(), server.origin, folder).open()
        server.kill()
        window.select(2, "rowhinge")
        window.type("Rohingya")
        window.until("document.getElementById('saving').dataset.state === 'kept'")
        assert "does not answer" in (window.page.text_content("#saving") or "")
        server = DeskServer(root, server.port)
        try:
            context.new_page().goto(server.address)
            window.wait_for(lambda: "Rohingya" in window.on_disk()[2].text, "it is on disk")
            window.wait_saved()
        finally:
            server.stop()


def test_notes_changed_elsewhere_are_asked_about(window: DeskPage) -> None:
    window.press("Alt+Shift+n")
    window.page.route("**/notes", lambda route: route.abort())
    window.press("Control+End")
    window.type(" Mine.")
    window.wait_for(lambda: "Not on disk yet" in (window.page.text_content("#notes-status") or ""), "it says so")
    files.write_text(window.folder / "notes.md", "Theirs.\n")
    window.page.unroute("**/notes")
    window.page.wait_for_selector("dialog.ask[open]")
    assert (window.folder / "notes.md").read_text(encoding="utf-8") == "Theirs.\n"
    window.page.click("dialog button.primary")
    window.wait_for(lambda: "Mine." in (window.folder / "notes.md").read_text(encoding="utf-8"), "mine are on disk")


def _hold_saves(window: DeskPage) -> None:
    window.page.route("**/transcript", lambda route: route.abort())


def _let_saves_go(window: DeskPage) -> None:
    window.page.unroute("**/transcript")


def _rewrite(folder: Path, index: int, text: str) -> None:
    """What a person does in a text editor."""
    path = folder / "transcript.md"
    paragraphs = list(read_transcript(path).paragraphs)
    before = paragraphs[index]
    paragraphs[index] = Paragraph(before.speaker, text, before.start_ms)
    files.write_text(path, transcript_to_text(Transcript(tuple(paragraphs))))


def _signed_in(browser: Browser, server: DeskServer) -> Any:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(f"localStorage.setItem('desk.by', JSON.stringify({ADA_BY!r}))")
    page = context.new_page()
    page.goto(server.address)
    page.close()
    return context
