"""What every runner promises, on one machine or on many: one that dies costs a task, which is begun again."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pipeline.cluster.runner import ClusterRunner
from pipeline.errors import InvalidAudio, ToolFailed
from pipeline.runner import ATTEMPTS, Runner, Task, run_all
from pipeline.workers import LocalRunner
from tests.clusters import TlsCluster, dask_workers, let_in, within
from tests.processes import workers
from tests.workers_probe import DOUBLE


@dataclass
class Place:
    """A runner, and the processes whose death costs a task there."""

    runner: Runner
    workers: Callable[[], list[Any]]


@pytest.fixture(scope="module", params=["children", "local cluster", "cluster over TLS"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    if request.param == "children":
        with LocalRunner(2) as runner:
            yield Place(runner, workers)
        return
    folder = tmp_path_factory.mktemp("cluster")
    if request.param == "local cluster":
        with ClusterRunner("local:2", None, scratch=folder) as own:
            yield Place(own, lambda: dask_workers(os.getpid()))
        return
    with TlsCluster(folder) as cluster, pytest.MonkeyPatch.context() as monkeypatch:
        cluster.start_scheduler()
        for _ in range(2):
            cluster.start_worker()
        let_in(cluster, monkeypatch)
        with ClusterRunner(cluster.address, str(cluster.store), scratch=folder) as runner:
            yield Place(runner, cluster.worker_processes)


def test_of_twenty_tasks_all_are_done_though_a_worker_is_killed_at_a_random_moment(
    place: Place, tmp_path: Path
) -> None:
    random = Random(7)  # noqa: S311  a choice that is the same each time, no secret
    fatal = random.randrange(2, 12)
    results: dict[str, int] = {}
    killed: list[int] = []

    def note(task: str, value: int) -> None:
        results[task] = value
        if len(results) == fatal:
            victim = random.choice(place.workers())
            victim.send_signal(signal.SIGKILL)
            killed.append(victim.pid)

    tasks = {}
    for number in range(20):
        original = tmp_path / f"{number}.txt"
        original.write_text(f"recording {number}", "utf-8")
        payload = {"number": number, "fate": "slow", "seconds": 0.1}
        tasks[str(number)] = Task(DOUBLE, payload, {"original": original}, {"copy": tmp_path / f"{number}.copy"})
    run_all(place.runner, tasks, done=note)
    assert killed
    assert results == {str(number): 2 * number for number in range(20)}
    for number in range(20):
        assert (tmp_path / f"{number}.copy").read_text("utf-8") == f"recording {number}"[::-1]
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")], "nothing half written is left"


def test_a_poisonous_task_is_given_up_and_the_others_are_done(place: Place, tmp_path: Path) -> None:
    notes = tmp_path / "starts"
    results: dict[str, int] = {}
    tasks = {str(number): Task(DOUBLE, {"number": number, "in": str(tmp_path)}) for number in range(6)}
    tasks["2"] = Task(DOUBLE, {"number": 2, "fate": "killed", "starts": str(notes)})
    with pytest.raises(ToolFailed) as caught:
        run_all(place.runner, tasks, done=results.__setitem__)
    assert results == {str(number): 2 * number for number in range(6) if number != 2}
    assert len(notes.read_text("utf-8").splitlines()) == ATTEMPTS
    (problem,) = caught.value.problems
    assert problem.where == "2"
    assert problem.what == "its process was killed (SIGKILL), 3 times"


def test_what_is_wrong_with_a_file_is_told_with_the_file_as_it_is_named_here(place: Place, tmp_path: Path) -> None:
    talk = tmp_path / "talk.wav"
    talk.write_bytes(b"not what it says")
    tasks = {
        "a": Task(DOUBLE, {"number": 1, "fate": "refused"}, {"original": talk}),
        "b": Task(DOUBLE, {"number": 2, "fate": "slow", "seconds": 10}),
    }
    with pytest.raises(InvalidAudio) as caught:
        run_all(place.runner, tasks)
    (problem,) = caught.value.problems
    assert (problem.where, problem.what) == (str(talk), "it is broken")


def test_the_part_done_is_reported(place: Place, tmp_path: Path) -> None:
    parts: list[float] = []
    task = Task(DOUBLE, {"number": 1, "fate": "told", "in": str(tmp_path)})
    run_all(place.runner, {"a": task}, report=lambda _, part: parts.append(part))
    assert 0.25 in parts


@pytest.mark.parametrize("place", ["cluster over TLS"], indirect=True)
def test_what_costs_one_worker_after_another_is_given_up(place: Place, tmp_path: Path) -> None:
    assert within(30, lambda: len(place.workers()) == 2)
    tasks = {
        "a": Task(DOUBLE, {"number": 1, "fate": "kills its worker"}),
        "b": Task(DOUBLE, {"number": 2, "in": str(tmp_path)}),
    }
    results: dict[str, int] = {}
    with pytest.raises(ToolFailed, match="a: every worker that did it was lost"):
        run_all(place.runner, tasks, done=results.__setitem__)
    assert results == {"b": 4}
