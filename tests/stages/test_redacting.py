"""A spoken name is struck out of real speech, and the run proves that it is gone; a sabotaged one stops."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import mutagen
import pytest
from typer.testing import CliRunner

from pipeline.audio.derive import stretch
from pipeline.cli import app
from pipeline.errors import OnRecordError, Refused
from pipeline.publish.leaks import leaks
from pipeline.show.settings import TranscriptionSettings
from pipeline.stages.redacting import redact
from pipeline.stages.run import RunResult, approve, run
from pipeline.stages.status import State, survey
from pipeline.transcribe.draft import first_transcript
from pipeline.transcribe.merged import merge
from pipeline.transcribe.transcribe import transcribe
from pipeline.transcript import machine_to_bytes, read_machine, transcript_to_text
from pipeline.withhold import Protected, is_said
from tests.episodes import ADA, NOW, SPEECH, add_episode
from tests.shows import make_show
from tests.transcribe.test_merged import machine

pytestmark = pytest.mark.speech


def go(root: Path) -> RunResult:
    return run(root, NOW, lambda slug, stage, part: None)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show whose conversation a real engine has heard, with a name for its speaker."""
    root = make_show(tmp_path_factory.mktemp("heard"), slug="talk")
    folder = root / "episodes" / "talk"
    shutil.copyfile(SPEECH, folder / "interview.mp3")
    settings = (folder / "episode.toml").read_text("utf-8").replace("interview.wav", "interview.mp3")
    (folder / "episode.toml").write_text(settings, encoding="utf-8")
    go(root)
    text = (folder / "transcript.md").read_text("utf-8").replace("Speaker ?", "Ada Host").replace("to bias", "Tobias")
    (folder / "transcript.md").write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def root(heard: Path, tmp_path: Path) -> Path:
    shutil.copytree(heard, tmp_path / "show")
    return tmp_path / "show"


def published_texts(site: Path) -> dict[str, bytes | Path]:
    return {str(path.relative_to(site)): path for path in site.rglob("*") if path.is_file()}


def test_a_spoken_name_is_gone_from_everything(root: Path) -> None:
    found = redact(root, "talk", words="Tobias Renn", by="Ada Host", sound="tone")
    found += redact(root, "talk", words="Tobias", by="Ada Host")
    # The engine wrote “to bias” at the second place: it is found all the same.
    assert len(found) == 3
    approve(root, "talk", ADA, NOW)
    result = go(root)
    assert result.statuses[0].state is State.PUBLISHED, result.statuses
    site = root / "site"
    gone = [Protected("Tobias Renn"), Protected("Tobias")]
    assert list(leaks(published_texts(site), gone)) == []
    assert "[name withheld]" in next((site / "talk").glob("*.vtt")).read_text("utf-8")
    (audio,) = (site / "talk").glob("*.mp3")
    original_ms = mutagen.File(SPEECH).info.length * 1000
    assert mutagen.File(audio).info.length * 1000 == pytest.approx(original_ms, abs=60)
    for place in found:
        speech = root / "build" / "window.wav"
        stretch(audio, speech, max(0, place.start_ms - 3000), place.end_ms + 3000)
        words = transcribe(
            speech,
            audio_digest="sha256:0",
            settings=TranscriptionSettings(),
            language="en",
            hotwords=("Tobias",),
            report=lambda part: None,
        ).words
        assert not is_said("".join(word.text for word in words), gone)
    # Proved once: a second run listens to nothing.
    assert go(root).done == ()


# Every process that is started reads this first: striking out is done in one, and leaves everything as it was.
SABOTAGE = """
import shutil
import pipeline.audio.strike
pipeline.audio.strike.strike = lambda recording, target, struck, *, report: shutil.copyfile(recording, target)
"""


def test_a_sabotaged_redaction_stops_the_build(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    redact(root, "talk", words="Tobias Renn")
    redact(root, "talk", words="Tobias")
    approve(root, "talk", ADA, NOW)

    (tmp_path / "sabotage").mkdir()
    (tmp_path / "sabotage" / "sitecustomize.py").write_text(SABOTAGE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "sabotage"))
    result = go(root)
    (status,) = result.statuses
    assert status.state is State.FAILED
    assert any("not silent in the finished audio" in problem.what for problem in status.problems)
    assert any("can still be heard" in problem.what for problem in status.problems)
    assert not (root / "site" / "talk").exists()


def test_a_stretch_beside_the_name_stops_the_build(root: Path) -> None:
    redact(root, "talk", words="Samson", start="01:00.0", end="01:00.4")
    with pytest.raises(Refused, match="struck out elsewhere and is said here"):
        approve(root, "talk", ADA, NOW)


def test_a_name_in_the_notes_or_the_title_is_refused(root: Path) -> None:
    redact(root, "talk", words="Samson")
    (root / "episodes" / "talk" / "notes.md").write_text("We met Sámson’s friends.\n", encoding="utf-8")
    (status,) = survey(root, NOW)
    assert [getattr(one, "code", "") for one in status.problems].count("protected-name") == 1
    assert "notes.md:1" in str(status.problems)


def test_the_command_shows_the_places_first(root: Path) -> None:
    asked = ["redact", "talk", "--words", "Samson", "--dry-run", "--root", str(root)]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    assert "00:01:03." in result.stdout
    assert "1 place found. Nothing was changed." in result.stdout
    assert not (root / "episodes" / "talk" / "redactions.toml").exists()


def test_what_is_said_nowhere_is_told(root: Path) -> None:
    with pytest.raises(Refused, match="said nowhere"):
        redact(root, "talk", words="Nebuchadnezzar")
    redact(root, "talk", words="Samson")
    with pytest.raises(Refused, match="struck out already"):
        redact(root, "talk", words="Samson")


def test_a_file_that_cannot_be_read_publishes_nothing(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    (root / "episodes" / "first-talk" / "redactions.toml").write_text(
        '[[redactions]]\nstart = "0:01"\nend = "0:00"\n', encoding="utf-8"
    )
    result = go(root)
    assert result.statuses[0].state is State.INVALID
    assert not (root / "site" / "first-talk").exists()


def test_redactions_are_sealed(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    redact(root, "first-talk", start="00:01.0", end="00:01.5")
    with pytest.raises(OnRecordError):
        redact(root, "first-talk", start="00:02.0", end="nonsense")
    (status,) = survey(root, NOW)
    assert status.state is State.VOID
    assert "redactions.toml" in status.because


def two_at_once(tmp_path: Path) -> Path:
    """An episode in which somebody says “Yes.” while another says a sentence with a name."""
    root = add_episode(tmp_path, "talk", approved=False)
    folder = root / "episodes" / "talk"
    old = read_machine(folder / "machine.json")
    sentence = "We kept every letter that came in when Maria Santos left."
    heard = merge([("ada-host", machine((0, sentence))), ("ben-guest", machine((1_000, "Yes.")))])
    heard = replace(
        heard,
        audio_digest=old.audio_digest,
        duration_ms=old.duration_ms,
        engine=old.engine,
        model=old.model,
        model_digest=old.model_digest,
        engine_version=old.engine_version,
    )
    (folder / "machine.json").write_bytes(machine_to_bytes(heard))
    draft = first_transcript(heard, "?", {"ada-host": "Ada Host", "ben-guest": "Ben Guest"})
    (folder / "transcript.md").write_text(transcript_to_text(draft), encoding="utf-8")
    return root


def test_a_name_in_a_sentence_that_somebody_talks_into_is_gone(tmp_path: Path) -> None:
    root = two_at_once(tmp_path)
    redact(root, "talk", start="0:02.4", end="0:02.95")  # Maria Santos
    approve(root, "talk", ADA, NOW)
    (status,) = go(root).statuses
    assert status.state is State.PUBLISHED, status
    gone = [Protected("Maria"), Protected("Santos")]
    assert list(leaks(published_texts(root / "site"), gone)) == []
    (text,) = (root / "site" / "talk").glob("*.vtt")
    assert "when [name withheld]" in " ".join(text.read_text("utf-8").split())


def test_a_struck_word_that_stands_elsewhere_in_the_text_is_refused(tmp_path: Path) -> None:
    root = two_at_once(tmp_path)
    path = root / "episodes" / "talk" / "transcript.md"
    moved = path.read_text("utf-8").replace(" when Maria Santos left", "").replace("Yes.", "Yes, Santos left.")
    path.write_text(moved, encoding="utf-8")
    redact(root, "talk", start="0:02.4", end="0:02.95")
    with pytest.raises(
        Refused, match="“Santos” is heard where it is struck out, and can still be read here: Yes, Santos"
    ):
        approve(root, "talk", ADA, NOW)


def test_a_name_that_nobody_heard_is_asked_for_by_its_times(tmp_path: Path) -> None:
    root = two_at_once(tmp_path)
    path = root / "episodes" / "talk" / "transcript.md"
    text = path.read_text("utf-8").replace("every letter", "every Karol letter").replace("We kept", "Tobias we kept")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match="“Tobias” stands here, and nobody knows when it is said") as refused:
        redact(root, "talk", words="Tobias")
    assert "00:00:00.000" in str(refused.value)
    assert not (root / "episodes" / "talk" / "redactions.toml").exists()
