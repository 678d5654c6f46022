"""What stopped an episode in the last run is told by `status`, until something changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.stages.run import run
from pipeline.stages.status import EpisodeStatus, State, survey
from tests.episodes import NOW, add_episode, sound


def go(root: Path) -> tuple[EpisodeStatus, ...]:
    return run(root, NOW, lambda slug, stage, part: None).statuses


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two episodes; the recording of the first is no sound, so a run stops there while it is prepared."""
    root = add_episode(tmp_path, "first-talk", approved=False)
    add_episode(tmp_path, "second-talk", number=2)
    for name in ("machine.json", "transcript.md"):
        (root / "episodes" / "first-talk" / name).unlink()
    (root / "episodes" / "first-talk" / "interview.wav").write_text("no sound\n" * 100, encoding="utf-8")
    return root


def test_status_tells_what_stopped_the_last_run(root: Path) -> None:
    assert survey(root, NOW)[0].state is State.TO_TRANSCRIBE
    first, second = go(root)
    assert (first.state, second.state) == (State.INVALID, State.PUBLISHED)
    assert survey(root, NOW) == (first, second)
    asked = CliRunner().invoke(app, ["status", "--json", "--root", str(root)])
    told = json.loads(asked.stdout)[0]
    assert asked.exit_code == 4
    assert told["state"] == "invalid"
    assert told["next"] == "mend what is wrong, then make pipeline"
    assert told["problems"][0]["where"] == first.problems[0].where
    assert told["problems"][0]["remedy"] == first.problems[0].remedy


@pytest.mark.parametrize("mended", ["first-talk/interview.wav", "first-talk/notes.md", "show.toml"])
def test_who_has_mended_something_is_told_to_run_again(root: Path, mended: str) -> None:
    go(root)
    with (root / "episodes" / mended).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert (survey(root, NOW)[0].state, survey(root, NOW)[0].next_step) == (State.TO_TRANSCRIBE, "make pipeline")


def test_a_file_that_went_counts_and_what_changed_elsewhere_does_not(root: Path) -> None:
    go(root)
    (root / "episodes" / "second-talk" / "notes.md").write_text("Other words.\n", encoding="utf-8")
    add_episode(root.parent, "third-talk", number=3)
    assert survey(root, NOW)[0].state is State.INVALID
    (root / "episodes" / "first-talk" / "notes.md").unlink()
    assert survey(root, NOW)[0].state is State.TO_TRANSCRIBE


def test_after_a_run_that_stopped_nowhere_nothing_is_left_of_it(root: Path) -> None:
    go(root)
    (root / "episodes" / "first-talk").rename(root.parent / "elsewhere")
    assert [one.state for one in go(root)] == [State.PUBLISHED]
    (root.parent / "elsewhere").rename(root / "episodes" / "first-talk")
    assert survey(root, NOW)[0].state is State.TO_TRANSCRIBE


def test_a_run_that_is_broken_off_has_forgotten_what_stopped_the_one_before(root: Path) -> None:
    go(root)

    def broken_off(slug: str, stage: str, part: float) -> None:
        raise KeyboardInterrupt

    sound(root / "episodes" / "second-talk" / "interview.wav", seconds=6)
    with pytest.raises(KeyboardInterrupt):
        run(root, NOW, broken_off)
    assert survey(root, NOW)[0].next_step == "make pipeline"


def test_a_message_about_a_protected_name_is_kept_without_it(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    names = tmp_path / "names.toml"
    names.write_text('[[protected]]\nname = "Whisper"\nepisodes = ["first-talk"]\n', encoding="utf-8")
    with (root / "episodes" / "show.toml").open("a", encoding="utf-8") as file:
        file.write('\n[safeguards]\nprotected_names = "../names.toml"\n')
    (first,) = go(root)
    assert "the protected name “Whisper” stands in it" in {one.what for one in first.problems}
    (told,) = survey(root, NOW)
    assert told.state is State.FAILED
    assert [one.where for one in told.problems] == [one.where for one in first.problems]
    assert {one.what for one in told.problems} == {"the protected name “…” stands in it"}
    assert all(one.remedy for one in told.problems)
    assert "Whisper" not in (root / "build" / "stopped.json").read_text("utf-8")
