"""Approved episodes teach: the command tells it, the desk offers it, and nothing is changed by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.stages.learning import learned_in
from pipeline.stages.run import approve, run
from pipeline.transcript import machine_to_bytes, read_machine
from tests.episodes import ADA, NOW, add_episode
from tests.review.desks import let_in, running


def misheard(tmp_path: Path, slug: str, number: int, *, approved: bool) -> Path:
    """An episode in which the machine heard “rowhinge ya” where somebody says “Rohingya”."""
    root = add_episode(tmp_path, slug, number=number, approved=False)
    folder = root / "episodes" / slug
    content = machine_to_bytes(read_machine(folder / "machine.json")).decode()
    content = content.replace('" There"', '" rowhinge"').replace('" were"', '" ya"')
    (folder / "machine.json").write_text(content, "utf-8")
    text = (folder / "transcript.md").read_text("utf-8")
    text = text.replace("There were", "Rohingya" if approved else "rowhinge ya")
    (folder / "transcript.md").write_text(text, "utf-8")
    if approved:
        approve(root, slug, ADA, NOW)
    return root


def test_the_same_correction_in_two_episodes_is_offered_in_the_third(tmp_path: Path) -> None:
    misheard(tmp_path, "talk-one", 1, approved=True)
    misheard(tmp_path, "talk-two", 2, approved=True)
    root = misheard(tmp_path, "talk-three", 3, approved=False)
    third = root / "episodes" / "talk-three"
    written = {path: path.read_bytes() for path in third.iterdir() if path.is_file()}
    run(root, NOW, lambda slug, stage, part: None)
    learned = root / "build" / "learned.json"
    first = (learned.read_bytes(), learned.stat().st_mtime_ns)

    result = CliRunner().invoke(app, ["learned", "--root", str(root), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["lessons"] == [{"heard": "rowhinge ya", "right": "Rohingya", "times": 2, "episodes": 2}]
    assert found["proposed_terms"] == [{"term": "Rohingya", "heard_as": "rowhinge ya"}]
    told = CliRunner().invoke(app, ["learned", "--root", str(root)]).stdout
    assert "Rohingya, heard as “rowhinge ya”" in told
    assert (learned.read_bytes(), learned.stat().st_mtime_ns) == first, "nothing was looked through again"

    with running(root) as server, let_in(server) as window:
        (offered,) = [
            one for one in window.get("/api/episodes/talk-three").json()["doubts"] if one["kind"] == "learned"
        ]
    assert (offered["text"], offered["suggestion"]) == ("rowhinge ya", "Rohingya")
    assert {path: path.read_bytes() for path in written} == written


def test_a_text_that_nobody_approved_teaches_nothing(tmp_path: Path) -> None:
    root = misheard(tmp_path, "talk-one", 1, approved=True)
    two = misheard(tmp_path, "talk-two", 2, approved=True) / "episodes" / "talk-two"
    text = (two / "transcript.md").read_text("utf-8")
    (two / "transcript.md").write_text(text.replace("Hello", "Hallo"), "utf-8")
    result = CliRunner().invoke(app, ["learned", "--root", str(root), "--json"])
    assert json.loads(result.stdout) == {"lessons": [], "proposed_terms": []}
    assert "Nothing yet" in CliRunner().invoke(app, ["learned", "--root", str(root)]).stdout


@pytest.mark.parametrize(
    "damage", ['"lessons": 3', '"lessons": [{"heard": "a", "right": 5, "times": 2, "episodes": 1}]', '"lessons": []x']
)
def test_what_was_kept_and_is_damaged_is_learned_again(tmp_path: Path, damage: str) -> None:
    misheard(tmp_path, "talk-one", 1, approved=True)
    root = misheard(tmp_path, "talk-two", 2, approved=True)
    found = learned_in(root).lessons
    assert [one.right for one in found] == ["Rohingya"]
    for kept in (root / "build" / "learned.json", root / "build" / "talk-one" / "learned.json"):
        key = json.loads(kept.read_bytes())["key"]
        kept.write_text(
            f'{{"key": "{key}", {damage.replace("lessons", "corrections" if "talk" in str(kept) else "lessons")}}}'
        )
    (root / "build" / "talk-two" / "learned.json").write_text("[" * 100_000)
    assert learned_in(root).lessons == found


def test_what_one_episode_protects_is_offered_to_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    misheard(tmp_path / "show", "talk-one", 1, approved=True)
    root = misheard(tmp_path / "show", "talk-two", 2, approved=True)
    assert learned_in(root).lessons
    names = tmp_path / "names.toml"
    names.write_text('[[protected]]\nname = "Rohingya"\nepisodes = ["talk-one"]\n')
    monkeypatch.setenv("ONRECORD_PROTECTED_NAMES", str(names))
    assert learned_in(root).lessons == ()
    kept = "".join((root / "build" / name / "learned.json").read_text() for name in ("", "talk-one"))
    assert "Rohingya" not in kept
    assert "rowhinge" not in kept
