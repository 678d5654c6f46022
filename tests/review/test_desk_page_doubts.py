"""What failed in the hearing, in a real browser: the queue says what it is, and plays it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.transcript import MachineSegment, machine_to_bytes, read_machine
from tests.review.desk_fixture import DeskPage


def mark(folder: Path) -> tuple[int, int]:
    """Let the machine have heard the second paragraph as French, and lose all between the third and the fourth."""
    path = folder / "machine.json"
    machine = read_machine(path)
    segments: list[MachineSegment] = list(machine.segments)
    segments[1] = replace(segments[1], marks=("language", "redecoded"), language="fr")
    hole = (segments[2].words[-1].end_ms, segments[3].words[0].start_ms)
    path.write_bytes(machine_to_bytes(replace(machine, segments=tuple(segments), dropped=(hole,))))
    return hole


def test_what_the_machine_lost_is_asked_about_with_its_reason_and_played(window: DeskPage, episode: Path) -> None:
    hole = mark(episode)
    page = window.page
    page.reload()
    page.wait_for_selector("body[data-ready]")
    reasons = page.locator("#doubt-list .why").all_text_contents()
    assert any(one.startswith("Speech without words: After this, somebody speaks for 1 second,") for one in reasons), (
        reasons
    )
    assert any(
        one == "Change of language: This was heard as another language (fr), and written in it." for one in reasons
    ), reasons
    line = page.locator("#doubt-list li", has_text="Speech without words").first
    line.locator("button.link").click()
    window.until("!document.getElementById('audio').paused")
    page.evaluate("document.getElementById('audio').pause()")
    at_ms = page.evaluate("document.getElementById('audio').currentTime") * 1000
    assert hole[0] - 1100 <= at_ms <= hole[1] + 3000
    assert "Speech without words" in (page.text_content("#doubt-why") or "")
    line.get_by_role("button", name="Right as it is").click()
    window.wait_for(lambda: len(window.review().get("resolved", {})) == 1, "it is settled in review.json")


def test_walking_leads_to_every_doubt_in_the_order_of_the_text(window: DeskPage, episode: Path) -> None:
    """A paragraph has a grave doubt behind a light one, and two that begin with the same word."""
    mark(episode)
    path = episode / "machine.json"
    machine = read_machine(path)
    segments = list(machine.segments)
    last = replace(segments[2].words[-1], probability=0.3)
    segments[2] = replace(segments[2], words=(*segments[2].words[:-1], last))
    path.write_bytes(machine_to_bytes(replace(machine, segments=tuple(segments))))
    page = window.page
    page.reload()
    page.wait_for_selector("body[data-ready]")
    listed = page.locator("#doubt-list button.link").all_text_contents()
    assert sum("leave." in one for one in listed) == 2
    page.evaluate("document.activeElement.blur()")
    walked = []
    for _ in listed:
        window.press("Alt+q")
        walked.append(page.text_content("#doubt-why") or "")
    assert len({one for one in walked if "leave." in one}) == 2
    assert [one.split("“")[1].split("”")[0] for one in walked] == [one.split("“")[1].split("”")[0] for one in listed]
    window.press("Alt+Shift+q")
    assert page.text_content("#doubt-why") == walked[-2]
