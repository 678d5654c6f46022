from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline.stages.run import run
from pipeline.stages.status import survey
from tests.episodes import NOW, add_episode


def test_what_a_killed_run_left_goes_with_the_next_and_nothing_of_it_counts(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    folder = root / "episodes" / "first-talk"
    record = next((folder / "approvals").iterdir())
    # An approval that was never finished: whole, and not yet under its name.
    half = folder / "approvals" / f".{record.stem}.0a1b2c3d.tmp.json"
    record.rename(half)
    os.utime(half, (0, 0))
    (root / "build" / "first-talk").mkdir(parents=True, exist_ok=True)
    derived = root / "build" / "first-talk" / ".master.0a1b2c3d.tmp.mp3"
    derived.write_bytes(b"half")
    (root / "build" / "unfinished").touch()
    assert [status.state.value for status in survey(root, NOW)] == ["waiting for the editor"]
    run(root, NOW, lambda *_: None)
    assert not half.exists()
    assert not derived.exists()
    assert not (root / "build" / "unfinished").exists()


def test_a_run_that_fails_is_followed_by_one_that_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = add_episode(tmp_path, "first-talk")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pipeline.stages.run.publish", full)
    with pytest.raises(OSError, match="No space"):
        run(root, NOW, lambda *_: None)
    assert (root / "build" / "unfinished").exists()


def test_pieces_that_a_killed_run_left_behind_their_transcript_are_deleted(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    run(root, NOW, lambda *_: None)
    pieces = root / "build" / "first-talk" / "pieces"
    pieces.mkdir()
    (pieces / "heard.json").write_text("{}", encoding="utf-8")
    run(root, NOW, lambda *_: None)
    assert not pieces.exists()
    assert run(root, NOW, lambda *_: None).done == ()
