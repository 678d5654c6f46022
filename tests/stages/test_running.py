"""Episodes side by side: each with its progress, one that kills its process alone set aside, and Ctrl+C ends all."""

from __future__ import annotations

import signal
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import pytest

from pipeline.stages import costly
from pipeline.stages.run import run
from pipeline.stages.running import Cluster
from pipeline.stages.status import State
from tests import workers_probe
from tests.clusters import ROOT, within
from tests.episodes import NOW, RATE_HZ, add_episode, sound
from tests.processes import children, command, have_ended


def quiet(slug: str, stage: str, part: float) -> None:
    """Report to nobody."""


def test_an_episode_that_kills_its_process_is_set_aside_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, slug in enumerate(("first-talk", "poisonous-talk", "third-talk"), 1):
        root = add_episode(tmp_path, slug, number=number, approved=False)
    sound(root / "episodes" / "poisonous-talk" / "interview.wav", seconds=8)
    monkeypatch.setattr(costly, "MASTER", workers_probe.MASTER)
    heard: dict[str, list[str]] = {}

    def report(slug: str, stage: str, part: float) -> None:
        if stage not in heard.setdefault(slug, []):
            heard[slug].append(stage)

    result = run(root, NOW, report)
    poisonous = next(one for one in result.statuses if one.slug == "poisonous-talk")
    assert poisonous.state is State.FAILED
    (problem,) = poisonous.problems
    assert problem.where == "poisonous-talk: mastering"
    assert problem.what == "its process was killed (SIGKILL), 3 times"
    for slug in ("first-talk", "third-talk"):
        assert (root / "build" / slug / "master.mp3").is_file()
        assert heard[slug] == ["mastering", "preparing for review"]
    assert [line for line in result.done if line.endswith("mastered")] == [
        "first-talk: mastered",
        "third-talk: mastered",
    ]


def test_a_cluster_makes_the_same_files(tmp_path: Path) -> None:
    made = {}
    for name, cluster in (("here", None), ("there", Cluster("local:1"))):
        root = add_episode(tmp_path / name, "first-talk", approved=False)
        run(root, NOW, quiet, cluster=cluster)
        folder = root / "build" / "first-talk"
        made[name] = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "digests.json"}
    assert "master.mp3" in made["here"]
    assert made["there"] == made["here"]
    assert run(root, NOW, quiet, cluster=Cluster("tls://nobody.example:8786", "/nowhere")).done == (), "nobody is asked"


def test_ctrl_c_ends_everything_and_says_so(tmp_path: Path) -> None:
    for number, slug in enumerate(("first-talk", "second-talk"), 1):
        root = add_episode(tmp_path, slug, number=number, approved=False)
        recording = root / "episodes" / slug / "interview.wav"
        with wave.open(str(recording), "rb") as short:
            frames = short.readframes(short.getnframes())
        with wave.open(str(recording), "wb") as long:
            long.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            long.writeframes(frames * 120)  # ten minutes
    program = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "run", "--root", str(root)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )

    def family() -> list[Any]:
        return children(program.pid, recursive=True)

    try:
        assert within(60, lambda: any("ffmpeg" in "".join(command(one)[:1]) for one in family()))
        left = family()
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=60)
        assert program.returncode == 130
        assert said.rstrip().endswith("Stopped. What was finished is kept; run again to go on.")
        assert within(30, lambda: have_ended(left))
    finally:
        program.kill()
        program.wait()
