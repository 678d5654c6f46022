"""Child processes: they share the cores, tell what ended them, and nobody is left behind (see also test_any_runner)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from threading import Thread, Timer
from typing import Any

import pytest

from pipeline.errors import InvalidAudio, OnRecordError, ToolFailed
from pipeline.runner import Runner, Task, run_all
from pipeline.workers import LocalRunner
from tests.clusters import within
from tests.processes import children, have_ended, workers, workers_and_theirs
from tests.workers_probe import DOUBLE


def run(tasks: dict[str, Any]) -> dict[str, int]:
    results: dict[str, int] = {}
    with LocalRunner(2) as runner:
        run_all(runner, tasks_of(tasks), done=results.__setitem__)
    return results


def tasks_of(payloads: dict[str, Any]) -> dict[str, Task]:
    return {name: Task(DOUBLE, payload) for name, payload in payloads.items()}


def test_every_task_is_done_once_and_a_child_serves_several(tmp_path: Path) -> None:
    notes = tmp_path / "starts"
    tasks = {f"task {number}": {"number": number, "starts": str(notes)} for number in range(10)}
    parts: list[tuple[str, float]] = []
    results: dict[str, int] = {}
    with LocalRunner(2) as runner:
        run_all(
            runner,
            tasks_of(tasks),
            done=results.__setitem__,
            report=lambda task, part: parts.append((task, part)),
        )
    assert results == {f"task {number}": 2 * number for number in range(10)}
    started = [line.split() for line in notes.read_text("utf-8").splitlines()]
    assert sorted(int(number) for number, *_ in started) == list(range(10))
    assert len({process for _, process, _ in started}) <= 2
    assert sorted(parts) == sorted((task, 0.5) for task in tasks)


def test_a_task_whose_child_is_killed_is_tried_again(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    tasks = {"a": {"number": 1, "fate": "killed once", "marker": str(marker)}, "b": {"number": 2}}
    assert run(tasks) == {"a": 2, "b": 4}


def test_a_fault_is_told_with_its_last_line() -> None:
    with pytest.raises(ToolFailed, match="ZeroDivisionError: a fault of ours"):
        run({"a": {"number": 1, "fate": "fault"}})


def test_what_is_printed_by_others_does_not_disturb() -> None:
    assert run({"a": {"number": 1, "fate": "chatty"}}) == {"a": 2}


def test_no_child_is_left_when_all_is_done_or_something_failed() -> None:
    run({"a": {"number": 1}})
    with pytest.raises(InvalidAudio):
        run({"a": {"number": 1, "fate": "refused"}, "b": {"number": 2, "fate": "slow", "seconds": 60}})
    assert not workers()


def test_at_the_end_nobody_is_at_work_though_one_that_was_given_up_takes_its_time_to_die(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killpg, pauses_s = os.killpg, chain([1.0], repeat(0.0))

    def kill_late(group: int, how: int) -> None:
        with suppress(ProcessLookupError):
            killpg(group, how)

    monkeypatch.setattr(os, "killpg", lambda *which: Timer(next(pauses_s), kill_late, which).start())
    with pytest.raises(InvalidAudio):
        run({"a": {"number": 1, "fate": "refused"}, "b": {"number": 2, "fate": "slow", "seconds": 60}})
    assert not workers()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_child_outlives_its_parent(how: signal.Signals) -> None:
    program = (
        "from pipeline.runner import Task, run_all\nfrom pipeline.workers import LocalRunner\n"
        "with LocalRunner(2) as runner:\n"
        f"    run_all(runner, {{n: Task({DOUBLE!r}, {{'number': 1, 'fate': 'nested'}}) for n in 'ab'}})\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program], cwd=Path(__file__).parent.parent, stderr=subprocess.DEVNULL
    )
    try:
        assert within(60, lambda: len(children(parent.pid, recursive=True)) == 4)
        family = children(parent.pid, recursive=True)
        parent.send_signal(how)
        parent.wait(30)
        assert within(30, lambda: have_ended(family))
    finally:
        parent.kill()
        parent.wait()


def test_a_module_in_the_current_folder_is_not_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('from the show')\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert run({"a": {"number": 3}}) == {"a": 6}


def test_what_a_killed_child_had_started_ends_with_it() -> None:
    with LocalRunner(1) as runner:
        runner.start("a", Task(DOUBLE, {"number": 1, "fate": "nested"}), lambda event: None)
        assert within(30, lambda: len(workers_and_theirs()) == 2)
        child, grandchild = sorted(workers_and_theirs(), key=lambda one: one.ppid() != os.getpid())
        child.kill()
        assert within(30, lambda: have_ended([grandchild]))


def test_several_callers_share_the_cores_and_a_failure_of_one_is_not_the_others(tmp_path: Path) -> None:
    notes = tmp_path / "starts"
    slow = {"number": 3, "fate": "slow", "seconds": 0.2, "starts": str(notes)}
    ended: dict[str, object] = {}

    def call(name: str, payloads: dict[str, Any]) -> None:
        try:
            run_all(runner, tasks_of(payloads), done=ended.__setitem__)
        except OnRecordError as error:
            ended[name] = str(error)

    with LocalRunner(2) as runner:
        callers = [
            Thread(target=call, args=("first", {"a": {"number": 1, "fate": "refused"}, "b": {**slow, "seconds": 60}})),
            Thread(target=call, args=("second", {str(number): slow for number in range(6)})),
        ]
        for caller in callers:
            caller.start()
        most = 0
        while any(caller.is_alive() for caller in callers):
            most = max(most, len(workers()))
            time.sleep(0.02)
    assert ended == {"first": "talk.wav: it is broken. Record it again.", **{str(number): 6 for number in range(6)}}
    assert most <= 3, "two at work, and for a moment one that was just ended"


def test_a_task_of_many_threads_has_the_cores_for_itself_and_its_turn() -> None:
    order: list[str] = []
    tasks = {
        "a": Task(DOUBLE, {"number": 1, "fate": "slow", "seconds": 0.5}),
        "wide": Task(DOUBLE, {"number": 2}, threads=2),
        "b": Task(DOUBLE, {"number": 3}),
    }
    with LocalRunner(2) as runner:
        run_all(runner, tasks, done=lambda name, value: order.append(name))
    assert order == ["a", "wide", "b"]


def test_a_task_that_needs_much_memory_is_alone_of_its_kind(tmp_path: Path) -> None:
    notes = tmp_path / "starts"
    payload = {"number": 1, "fate": "slow", "seconds": 0.1, "starts": str(notes)}
    with LocalRunner(4) as runner:
        run_all(runner, {str(number): Task(DOUBLE, payload, memory_bytes=1 << 50) for number in range(3)})
    assert len({line.split()[1] for line in notes.read_text("utf-8").splitlines()}) == 1


def test_who_waits_is_told_when_the_runner_ends() -> None:
    told: list[str] = []

    def wait(runner: Runner) -> None:
        try:
            run_all(runner, tasks_of({"a": {"number": 1, "fate": "nested"}, "b": {"number": 1, "fate": "nested"}}))
        except OnRecordError as error:
            told.append(str(error))

    with LocalRunner(1) as runner:
        waiting = Thread(target=wait, args=(runner,))
        waiting.start()
        assert within(30, lambda: len(workers_and_theirs()) == 2)
        left = workers_and_theirs()
    waiting.join(10)
    assert told == ["a: the run was stopped. Run again; what is finished is kept."]
    assert within(30, lambda: have_ended(left))
