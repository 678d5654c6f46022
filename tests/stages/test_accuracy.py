"""The commands that measure the machine, on a show and with a real engine."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from tests.episodes import add_episode

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
