"""A draft in English: made from French speech with real weights, labelled, linked at the desk, and never published."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import Refused
from pipeline.show.settings import TranscriptionSettings
from pipeline.stages.run import run
from pipeline.stages.translating import translate_episode
from pipeline.transcribe.cutting import Piece
from pipeline.transcribe.engine import Translated
from pipeline.transcribe.translate import as_draft, in_languages, languages_of, translate
from pipeline.transcript import MachineSegment, MachineWord, read_machine
from tests.episodes import NOW, add_episode, machine_words
from tests.french import french_speech
from tests.review.desks import let_in, running
from tests.transcribe.sounds import write_wav


def test_a_draft_has_the_turns_of_the_transcript() -> None:
    found = [Translated(0, 900, "Hello."), Translated(1000, 1900, "Welcome."), Translated(2500, 4000, "Thank you.")]
    assert as_draft(found, [(200, "Ada Host"), (2000, "Ben Guest")], label="A draft.") == (
        "A draft.\n\n[00:00:00.000] **Ada Host**\nHello. Welcome.\n\n[00:00:02.500] **Ben Guest**\nThank you.\n"
    )


def test_english_is_not_translated(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    with pytest.raises(Refused, match="it is in English already"):
        translate_episode(root, "first-talk", lambda slug, stage, part: None)


def segment(start_ms: int, end_ms: int, language: str | None, text: str = "some words") -> MachineSegment:
    return MachineSegment((MachineWord(f" {text}", start_ms, end_ms, 0.9),), -0.2, 1.0, 0.0, language=language)


def test_each_stretch_is_translated_out_of_the_language_in_which_it_was_heard(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    heard = (
        segment(0, 2_000, None),
        segment(3_000, 6_000, "fr"),
        segment(6_100, 6_400, None, "yes"),  # the host nods to the guest
        segment(6_500, 9_000, "fr"),
        segment(10_000, 12_000, None),
    )
    machine = replace(read_machine(root / "episodes/first-talk/machine.json"), segments=heard)
    assert languages_of(machine) == ("fr",)
    assert in_languages(Piece(0, 13_000), machine) == (
        (Piece(0, 2_500), "en"),
        (Piece(2_500, 9_500), "fr"),
        (Piece(9_500, 13_000), "en"),
    )
    assert in_languages(Piece(20_000, 30_000), machine) == ((Piece(20_000, 30_000), "en"),)
    assert languages_of(replace(machine, language="fr", segments=heard[:1])) == ("fr",)


@pytest.mark.speech
def test_a_guest_in_an_english_episode_is_translated_and_the_host_is_not(tmp_path: Path) -> None:
    french = french_speech()
    length_ms = len(french) // 16
    speech = write_wav(tmp_path / "speech.wav", np.concatenate([np.zeros(16 * 4000, np.int16), french]))
    root = add_episode(tmp_path, "first-talk", approved=False)
    machine = replace(
        read_machine(root / "episodes/first-talk/machine.json"),
        segments=(segment(1000, 2500, None, "Please go on."), segment(4200, 4000 + length_ms, "fr")),
        duration_ms=4000 + length_ms,
    )
    first, *others = translate(
        speech, machine, subject="talk", settings=TranscriptionSettings(), report=lambda part: None
    )
    assert first == Translated(1000, 2500, "Please go on.")
    assert "congratulations" in " ".join(one.text for one in others).casefold()


@pytest.mark.speech
def test_french_becomes_a_labelled_draft_that_only_the_desk_shows(tmp_path: Path) -> None:
    french = french_speech()
    root = add_episode(tmp_path, "entretien", approved=False)
    folder = root / "episodes" / "entretien"
    write_wav(folder / "interview.wav", french)
    machine = json.loads(machine_words(folder / "interview.wav")) | {"duration_ms": len(french) // 16, "language": "fr"}
    (folder / "machine.json").write_text(json.dumps(machine), "utf-8")
    settings = (folder / "episode.toml").read_text("utf-8")
    (folder / "episode.toml").write_text(settings.replace("hosts =", 'language = "fr-CA"\nhosts ='), "utf-8")
    written = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}

    result = CliRunner().invoke(app, ["translate", "entretien", "--root", str(root), "--json"])
    assert result.exit_code == 0, result.output
    draft = Path(json.loads(result.stdout)["draft"])
    text = draft.read_text("utf-8")
    assert text.startswith("Machine translation from fr into English by faster-whisper (base): a draft that nobody")
    assert "congratulations" in text.casefold()
    assert "[00:00:0" in text
    assert "**Ben Guest**" in text
    with running(root) as server, let_in(server) as window:
        assert 'href="/episodes/entretien/translation"' in window.get("/episodes/entretien/").text
        shown = window.get("/episodes/entretien/translation")
    assert shown.text == text
    assert shown.headers["content-type"].startswith("text/plain")
    run(root, NOW, lambda slug, stage, part: None)
    site = [path for path in (root / "site").rglob("*") if path.is_file()]
    assert not any(b"ongratulations" in path.read_bytes() for path in site)
    assert {path: path.read_bytes() for path in written} == written
