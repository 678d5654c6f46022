"""A name that our own pages say of every episode is told when it is struck out, not only when a run refuses it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.publish.templates import templates_folder
from pipeline.stages.run import run
from pipeline.stages.status import State, survey
from tests.episodes import NOW, add_episode


def protecting(tmp_path: Path, name: str) -> Path:
    """A show with an approved episode, in which a name is protected."""
    root = add_episode(tmp_path, "first-talk")
    names = f'[[protected]]\nname = "{name}"\nepisodes = ["first-talk"]\n'
    (tmp_path / "names.toml").write_text(names, encoding="utf-8")
    with (root / "episodes" / "show.toml").open("a", encoding="utf-8") as file:
        file.write('\n[safeguards]\nprotected_names = "../names.toml"\n')
    return root


@pytest.mark.parametrize(("name", "is_told"), [("Whisper", True), ("Drafted", True), ("Zebedee", False)])
def test_what_is_told_is_what_the_run_refuses(tmp_path: Path, name: str, is_told: bool) -> None:
    root = protecting(tmp_path, name)
    (status,) = survey(root, NOW)
    assert any(f"our own pages say “{name}” too" in one.what for one in status.warnings) == is_told
    (ran,) = run(root, NOW, lambda slug, stage, part: None).statuses
    assert (ran.state is State.FAILED) == is_told


def test_who_says_it_otherwise_is_not_warned(tmp_path: Path) -> None:
    root = protecting(tmp_path, "Drafted")
    shutil.copytree(templates_folder(), root / "templates", ignore=shutil.ignore_patterns("desk", "static"))
    page = root / "templates" / "episode.html"
    page.write_text(page.read_text("utf-8").replace("Drafted by", "Machine:"), encoding="utf-8")
    assert survey(root, NOW)[0].warnings == ()


@pytest.mark.parametrize("template", ["{% extends 'nowhere.html' %}", "{% if %}", "\udcff"])
def test_a_template_that_cannot_be_read_stops_no_survey(tmp_path: Path, template: str) -> None:
    root = protecting(tmp_path, "Drafted")
    (root / "templates").mkdir()
    (root / "templates" / "episode.html").write_text(template, encoding="utf-8", errors="surrogateescape")
    (status,) = survey(root, NOW)
    assert (status.state, status.warnings) == (State.APPROVED, ())


def test_who_strikes_out_is_told_at_once_and_by_check(tmp_path: Path) -> None:
    root = str(add_episode(tmp_path, "first-talk", approved=False))
    asked = ["redact", "first-talk", "--root", root, "--words"]
    assert "Warning" not in CliRunner().invoke(app, [*asked, "cases", "--dry-run"]).output
    for more in (["--dry-run"], ["--json"]):
        said = CliRunner().invoke(app, [*asked, "you", *more])
        assert said.exit_code == 0
        assert "our own pages say “you” too" in said.stderr
        assert "--from and --to alone" in said.stderr
    checked = json.loads(CliRunner().invoke(app, ["check", "--json", "--root", root]).stdout)
    assert [one["severity"] for one in checked if "our own pages say “you” too" in one["what"]] == ["warning"]
