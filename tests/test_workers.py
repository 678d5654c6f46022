"""Child processes: one that dies costs one task, is tried again, and nobody is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from pipeline.errors import InvalidAudio, ToolFailed
from pipeline.workers import ATTEMPTS, Workers

PROBE = "tests.workers_probe"


def run(tasks: dict[str, Any], count: int = 2) -> dict[str, int]:
    results: dict[str, int] = {}
    with Workers(PROBE, count=count) as workers:
        workers.run(tasks, done=results.__setitem__)
    return results


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def test_every_task_is_done_once_and_a_child_serves_several(tmp_path: Path) -> None:
    notes = tmp_path / "starts"
    tasks = {f"task {number}": {"number": number, "starts": str(notes)} for number in range(10)}
    parts: list[tuple[str, float]] = []
    results: dict[str, int] = {}
    with Workers(PROBE, count=2) as workers:
        workers.run(tasks, done=results.__setitem__, report=lambda task, part: parts.append((task, part)))
    assert results == {f"task {number}": 2 * number for number in range(10)}
    started = [line.split() for line in notes.read_text("utf-8").splitlines()]
    assert sorted(int(number) for number, _ in started) == list(range(10))
    assert len({process for _, process in started}) <= 2
    assert sorted(parts) == sorted((task, 0.5) for task in tasks)


def test_killed_at_a_random_moment_all_twenty_tasks_come_through() -> None:
    random = Random(7)  # noqa: S311  a choice that is the same each time, no secret
    results: dict[str, int] = {}
    killed: list[int] = []

    def kill_one(task: str, value: int) -> None:
        results[task] = value
        if len(results) in {3, 9}:
            victim = random.choice(psutil.Process().children())
            victim.send_signal(signal.SIGKILL)
            killed.append(victim.pid)

    with Workers(PROBE, count=2) as workers:
        workers.run(
            {f"{number}": {"number": number, "fate": "slow", "seconds": 0.05} for number in range(20)}, done=kill_one
        )
    assert len(killed) == 2
    assert results == {f"{number}": 2 * number for number in range(20)}


def test_a_task_whose_child_is_killed_is_tried_again(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    tasks = {"a": {"number": 1, "fate": "killed once", "marker": str(marker)}, "b": {"number": 2}}
    assert run(tasks) == {"a": 2, "b": 4}


def test_a_task_that_always_kills_is_given_up_and_the_others_are_done(tmp_path: Path) -> None:
    notes = tmp_path / "starts"
    results: dict[str, int] = {}
    tasks: dict[str, Any] = {str(number): {"number": number} for number in range(6)}
    tasks["2"] |= {"fate": "killed", "starts": str(notes)}
    with Workers(PROBE, count=2) as workers, pytest.raises(ToolFailed) as caught:
        workers.run(tasks, done=results.__setitem__)
    assert results == {str(number): 2 * number for number in range(6) if number != 2}
    assert len(notes.read_text("utf-8").splitlines()) == ATTEMPTS
    (problem,) = caught.value.problems
    assert problem.where == "2"
    assert problem.what == "its process was killed (SIGKILL), 3 times"


def test_what_is_wrong_with_the_input_is_told_at_once_as_it_was_raised() -> None:
    with pytest.raises(InvalidAudio, match=r"talk\.wav: it is broken\. Record it again\."):
        run({"a": {"number": 1, "fate": "refused"}, "b": {"number": 2, "fate": "slow", "seconds": 60}})


def test_a_fault_is_told_with_its_last_line() -> None:
    with pytest.raises(ToolFailed, match="ZeroDivisionError: a fault of ours"):
        run({"a": {"number": 1, "fate": "fault"}})


def test_what_is_printed_by_others_does_not_disturb() -> None:
    assert run({"a": {"number": 1, "fate": "chatty"}}) == {"a": 2}


def test_no_child_is_left_when_all_is_done_or_something_failed() -> None:
    before = set(psutil.Process().children())
    run({"a": {"number": 1}})
    with pytest.raises(InvalidAudio):
        run({"a": {"number": 1, "fate": "refused"}, "b": {"number": 2, "fate": "slow", "seconds": 60}})
    assert set(psutil.Process().children()) == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_child_outlives_its_parent(how: signal.Signals) -> None:
    program = (
        "from pipeline.workers import Workers\n"
        f"with Workers({PROBE!r}, count=2) as workers:\n"
        "    workers.run({n: {'number': 1, 'fate': 'slow', 'seconds': 300} for n in 'ab'})\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=Path(__file__).parent.parent, stderr=subprocess.DEVNULL
    )
    try:
        watched = psutil.Process(parent.pid)
        assert within(30, lambda: len(watched.children()) == 2)
        children = watched.children()
        time.sleep(1)  # they have their tasks and are in the middle of them
        parent.send_signal(how)
        parent.wait(30)
        assert within(15, lambda: not any(child.is_running() for child in children))
    finally:
        parent.kill()
        parent.wait()


def test_a_module_in_the_current_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('from the show')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert run({"a": {"number": 3}}) == {"a": 6}
