"""The commands that measure the machine, on a show and with a real engine."""

from __future__ import annotations

import json
import shutil
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import MissingTool, Problem
from pipeline.show.settings import TranscriptionSettings
from pipeline.stages.run import approve
from pipeline.transcribe.cutting import cut
from pipeline.transcribe.engine import Heard
from pipeline.transcribe.pieces import hear_in_turn
from pipeline.transcript import MachineSegment, MachineWord
from tests.episodes import ADA, NOW, add_episode

ROOT = Path(__file__).parents[2]
NARRATION = "2020-06-samson-inocencio"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "episodes", tmp_path / "episodes")
    return tmp_path


def test_the_sample_is_measured_and_drawn(sample: Path) -> None:
    asked = ["accuracy", "--root", str(sample), "--plot", str(sample / "plots"), "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    (one,) = found["episodes"]
    assert one["slug"] == NARRATION
    assert 0 < one["word_error_rate"] < 0.06
    assert one["words"] == found["by_model"]["faster-whisper base"]["words"]
    assert "2026-11-how-we-check" in found["not_approved"]
    png, svg = (Path(path) for path in found["plots"])
    with Image.open(png) as picture:
        assert picture.size == (1080, 540)
    assert svg.read_text("utf-8").lstrip().startswith("<?xml")
    before = (png.read_bytes(), svg.read_bytes())
    CliRunner().invoke(app, asked)
    assert (png.read_bytes(), svg.read_bytes()) == before


def test_what_nobody_approved_is_not_measured(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    result = CliRunner().invoke(app, ["accuracy", "--root", str(root)])
    assert "No episode is approved yet" in result.stdout


@pytest.mark.speech
def test_models_are_compared_on_a_sample(sample: Path) -> None:
    asked = ["compare", NARRATION, "--models", "base,no-such-model", "--sample", "40", "--root", str(sample), "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 1
    base, other = json.loads(result.stdout)
    assert 80 < base["words"] < 250
    assert base["word_error_rate"] < 0.12
    assert base["cpu_s"] > 0
    assert "no-such-model" in other["failed"]


def test_terms_and_names_are_counted_in_the_forms_in_which_they_are_said(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    glossary, people = root / "episodes" / "glossary.toml", root / "episodes" / "people.toml"
    glossary.write_text('[[terms]]\nterm = "Cases (381 cases)"\nmeaning = "what was counted"\n', "utf-8")
    people.write_text(people.read_text("utf-8").replace('"The Archive"', '"Welcome (a charity)"'), "utf-8")
    approve(root, "first-talk", ADA, NOW)
    result = CliRunner().invoke(app, ["accuracy", "--root", str(root), "--json"])
    found = {one["term"]: (one["heard"], one["said"]) for one in json.loads(result.stdout)["terms"]}
    assert found == {"Cases": (1, 1), "381 cases": (1, 1), "Welcome": (1, 1)}


class FakeEngine:
    """Hears `Hello` and the hotwords it got; loading it and hearing take seconds of a clock that is made, too."""

    name, version, languages = "faster-whisper", "1", frozenset({"en"})
    weights = SimpleNamespace(digest=f"sha256:{'0' * 64}")
    clock_s = 0.0
    loaded = 0

    def __init__(self, settings: TranscriptionSettings) -> None:
        if settings.model == "gone":
            raise MissingTool(Problem("weights “gone”", "they are not here", "Name others"))
        FakeEngine.clock_s += 100
        FakeEngine.loaded += 1

    def hear(
        self, samples: Any, *, language: str | None, hotwords: Sequence[str], report: Callable[[float], None]
    ) -> Heard:
        FakeEngine.clock_s += 2
        words = tuple(MachineWord(f" {word}", 100, 300, 0.9) for word in ("Hello", *hotwords))
        return Heard("en", 1.0, tuple(hotwords), (MachineSegment(words, -0.2, 1.2, 0.01),))

    def detect(self, samples: Any) -> tuple[str, float]:
        return "en", 0.75


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeEngine]:
    monkeypatch.setattr("pipeline.transcribe.engine.open_engine", FakeEngine)
    monkeypatch.setattr("pipeline.transcribe.pieces.hear_again", lambda engine, samples, heard, report: heard)
    monkeypatch.setattr("pipeline.stages.accuracy.time", SimpleNamespace(monotonic=lambda: FakeEngine.clock_s))
    monkeypatch.setattr(FakeEngine, "loaded", 0)
    return FakeEngine


def test_a_glossary_is_compared_with_none_and_weights_are_loaded_once(sample: Path, fake: type[FakeEngine]) -> None:
    asked = ["compare", NARRATION, "--models", "base,gone", "--sample", "60", "--root", str(sample)]
    result = CliRunner().invoke(app, [*asked, "--without-glossary", "--json"])
    with_all, without, gone = json.loads(result.stdout)
    assert (with_all["model"], with_all["with_glossary"]) == ("base", True)
    assert (without["model"], without["with_glossary"], without["hotwords"]) == ("base", False, 0)
    assert with_all["hotwords"] > 3
    # What the fake hears of the glossary is wrong where it was not said: the figures are of two hearings.
    assert with_all["inserted"] + with_all["substituted"] > without["inserted"] + without["substituted"]
    assert with_all["wall_s"] == without["wall_s"] == 4  # two stretches, and no loading
    assert fake.loaded == 1
    assert "gone" in gone["failed"]
    table = CliRunner().invoke(app, [*asked, "--without-glossary"], env={"COLUMNS": "200"}).stdout
    assert "base, without glossary" in table
    assert len(json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)) == 2


def test_a_long_sample_is_heard_piece_by_piece_by_the_open_engine(tmp_path: Path, fake: type[FakeEngine]) -> None:
    speech = tmp_path / "speech.wav"
    with wave.open(str(speech), "wb") as stream:
        stream.setparams((1, 2, 16_000, 0, "NONE", ""))
        stream.writeframes(bytes(2 * 16_000 * 300))
    pieces = cut(speech)
    parts: list[float] = []
    engine: Any = fake(TranscriptionSettings())
    heard = hear_in_turn(engine, speech, pieces, model="base", language=None, hotwords=(), report=parts.append)
    assert [word.start_ms for one in heard.segments for word in one.words] == [100, 100 + pieces[1].start_ms]
    assert heard.language_probability == 0.75
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
