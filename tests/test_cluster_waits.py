"""A cluster whose workers go: nobody waits for ever, the user is told, and what others can do they do."""

from __future__ import annotations

import signal
from pathlib import Path
from queue import SimpleQueue

import pytest

from pipeline.cluster import waiting
from pipeline.cluster.runner import ClusterRunner
from pipeline.cluster.waiting import Absence
from pipeline.errors import NoAnswer
from pipeline.runner import Done, Event, Failed, Part, Task, run_all
from pipeline.stages.run import run
from pipeline.stages.running import Cluster
from tests.clusters import TlsCluster, let_in, within
from tests.episodes import NOW, add_episode
from tests.workers_probe import DOUBLE

NO_GPU = "no worker with a graphics card is there, waiting for one"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TlsCluster:
    monkeypatch.setattr(waiting, "LOOK_EVERY_S", 0.1)
    cluster = TlsCluster(tmp_path)
    let_in(cluster, monkeypatch)
    cluster.start_scheduler()
    return cluster


class Told:
    """What a run tells of what it waits for, each once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, what: str, part: float) -> None:
        if what not in self.lines[-1:]:
            self.lines.append(what)


def ended(events: SimpleQueue[Event]) -> Event:
    while isinstance(event := events.get(timeout=60), Part):
        pass
    return event


def width(cluster: TlsCluster, scratch: Path) -> int:
    with ClusterRunner(cluster.address, str(cluster.store), scratch=scratch) as runner:
        return runner.width


def begun(notes: Path, times: int) -> bool:
    return notes.exists() and len(notes.read_text("utf-8").splitlines()) >= times


def test_what_waits_for_a_graphics_card_that_is_gone_is_done_by_others(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "GPU_TIMEOUT_S", 1.0)
    told, events, notes = Told(), SimpleQueue[Event](), tmp_path / "starts"
    with cluster:
        cluster.start_worker()
        with_gpu = cluster.start_worker("--resources", "GPU=1")
        with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path, report=told) as runner:
            assert within(60, lambda: runner.width == 2)
            payload = {"number": 4, "fate": "slow", "seconds": 2, "starts": str(notes)}
            runner.start("a", Task(DOUBLE, payload, gpu=True), events.put)
            assert within(30, lambda: begun(notes, 1))
            cluster.kill(with_gpu)
            assert ended(events) == Done(8)
    assert told.lines[-2:] == [NO_GPU, "no worker with a graphics card has come, others do its tasks"]
    assert begun(notes, 2)


def test_a_graphics_card_that_is_back_in_time_is_waited_for(cluster: TlsCluster, tmp_path: Path) -> None:
    events, notes = SimpleQueue[Event](), tmp_path / "starts"
    with cluster:
        cluster.start_worker()
        with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
            assert within(60, lambda: runner.width == 1)
            other = cluster.worker_processes()[0].pid
            cluster.start_worker("--resources", "GPU=1")
            assert within(60, lambda: runner.width == 2)
            payload = {"number": 4, "fate": "slow", "seconds": 1, "starts": str(notes)}
            runner.start("a", Task(DOUBLE, payload, gpu=True), events.put)
            assert within(30, lambda: begun(notes, 1))
            cluster.worker_processes()[1].send_signal(signal.SIGKILL)  # its nanny starts another
            assert ended(events) == Done(8)
    assert str(other) not in [line.split()[2] for line in notes.read_text("utf-8").splitlines()]


def test_a_run_waits_for_workers_and_goes_on_with_the_next(cluster: TlsCluster, tmp_path: Path) -> None:
    told, events, notes = Told(), SimpleQueue[Event](), tmp_path / "starts"
    with cluster:
        worker = cluster.start_worker()
        with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path, report=told) as runner:
            payload = {"number": 4, "fate": "slow", "seconds": 2, "starts": str(notes)}
            runner.start("a", Task(DOUBLE, payload), events.put)
            assert within(60, lambda: begun(notes, 1))
            cluster.kill(worker)
            assert within(30, lambda: told.lines[-1:] == ["no worker is there, waiting for one"])
            cluster.start_worker()
            assert ended(events) == Done(8)
        assert told.lines[-2:] == ["no worker is there, waiting for one", "a worker is there"]


def test_a_run_whose_workers_are_all_gone_ends_and_a_later_one_goes_on(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "starts"
    payloads = [{"number": number, "fate": "slow", "seconds": 1, "starts": str(notes)} for number in range(2)]
    with cluster:
        worker = cluster.start_worker()
        assert width(cluster, tmp_path) == 1, "it has come"
        monkeypatch.setattr(waiting, "WORKERS_TIMEOUT_S", 2.0)
        with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
            every = [SimpleQueue[Event]() for _ in payloads]
            for payload, events in zip(payloads, every, strict=True):
                runner.start("a", Task(DOUBLE, payload), events.put)
            assert within(60, lambda: begun(notes, 1))
            cluster.kill(worker)
            for events in every:
                end = ended(events)
                assert isinstance(end, Failed)
                assert isinstance(end.error, NoAnswer)
                assert "the scheduler has had no workers for 2 seconds. Start some" in str(end.error)
            with pytest.raises(NoAnswer, match="no workers for 2 seconds"):
                run_all(runner, {"b": Task(DOUBLE, {"number": 9})})
        monkeypatch.setattr(waiting, "WORKERS_TIMEOUT_S", 60.0)
        cluster.start_worker()
        results: dict[str, int] = {}
        with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
            run_all(runner, {str(n): Task(DOUBLE, one) for n, one in enumerate(payloads)}, done=results.__setitem__)
    assert results == {"0": 0, "1": 2}


def test_a_run_without_any_worker_says_that_it_waits(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "WORKERS_TIMEOUT_S", 1.0)
    root = add_episode(tmp_path / "show", "first-talk", approved=False)
    told: list[tuple[str, str]] = []
    with cluster, pytest.raises(NoAnswer, match="the scheduler has had no workers for 1 seconds"):
        run(
            root,
            NOW,
            lambda slug, what, part: told.append((slug, what)),
            cluster=Cluster(cluster.address, str(cluster.store)),
        )
    assert told == [("cluster", "no worker is there, waiting for one")]


def test_only_what_is_missing_without_a_break_is_given_up() -> None:
    absence = Absence(10.0)
    assert absence.part(0.0, is_missing=False) is None
    assert absence.part(1.0, is_missing=True) == 0.0
    assert absence.part(6.0, is_missing=True) == 0.5
    assert absence.part(7.0, is_missing=False) is None
    assert absence.part(8.0, is_missing=True) == 0.0
    assert absence.part(30.0, is_missing=True) == 1.0
