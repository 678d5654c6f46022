"""A cluster lets in who has its certificate, goes on after its scheduler died, and leaves nobody behind."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from distributed import Client

from pipeline import __version__
from pipeline.cluster import connection, perform
from pipeline.cluster.certificate import make_certificate
from pipeline.cluster.runner import ClusterRunner
from pipeline.cluster.store import Blob, Store, own_folder
from pipeline.errors import MissingTool, NoAnswer, Refused, ToolFailed
from pipeline.files import digest_file
from pipeline.runner import Done, Event, Part, Task, run_all
from pipeline.workers import LocalRunner
from tests.clusters import ROOT, TlsCluster, let_in, within
from tests.processes import children, command, have_ended
from tests.stores import ministack
from tests.workers_probe import DOUBLE


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsCluster]:
    with TlsCluster(tmp_path_factory.mktemp("cluster")) as one:
        one.start_scheduler()
        one.start_worker()
        one.start_worker("--resources", "GPU=1")
        yield one


def test_without_a_certificate_nobody_is_let_in(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(cluster, monkeypatch)
    with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
        assert runner.width >= 1, "with it one is"
    plain = cluster.address.replace("tls://", "tcp://")
    with pytest.raises(OSError, match=r"expected.*TLS|closed|[Tt]imed out|SSL"):
        Client(plain, timeout=2, set_as_default=False)
    monkeypatch.setattr(connection, "_CONNECT_TIMEOUT_S", 3)
    with pytest.raises(NoAnswer, match="no scheduler answers there"):
        ClusterRunner(plain, str(cluster.store), scratch=tmp_path)
    certificate, key = make_certificate(tmp_path / "stranger")
    for name, path in ((connection.CA, certificate), (connection.CERTIFICATE, certificate), (connection.KEY, key)):
        monkeypatch.setenv(name, str(path))
    with pytest.raises(NoAnswer, match="no scheduler answers there"):
        ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path)


def test_what_hears_goes_where_there_is_a_graphics_card(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(cluster, monkeypatch)
    notes = tmp_path / "starts"
    with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
        assert within(60, lambda: runner.width == 2)
        tasks = {
            str(number): Task(
                DOUBLE, {"number": number, "fate": "slow", "seconds": 0.2, "starts": str(notes)}, gpu=True
            )
            for number in range(4)
        }
        run_all(runner, tasks)
    workers = {line.split()[2] for line in notes.read_text("utf-8").splitlines()}
    assert workers == {str(cluster.worker_processes()[1].pid)}


def test_the_run_after_the_scheduler_was_killed_goes_on(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(cluster, monkeypatch)
    notes = tmp_path / "starts"
    original = tmp_path / "recording.wav"
    original.write_bytes(b"sound")

    def missing() -> dict[str, Task]:
        """As every stage does, only that is asked for whose result is not here."""
        wanted = {str(number): tmp_path / f"{number}.copy" for number in range(8)}
        return {
            name: Task(
                DOUBLE,
                {"number": int(name), "fate": "slow", "seconds": 0.2 if int(name) < 4 else 2, "starts": str(notes)},
                {"original": original},
                {"copy": path},
            )
            for name, path in wanted.items()
            if not path.exists()
        }

    def kill_the_scheduler(task: str, value: int) -> None:
        if len(missing()) <= 5 and cluster.scheduler and cluster.scheduler.poll() is None:
            cluster.scheduler.kill()

    with (
        ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner,
        pytest.raises(NoAnswer, match="the connection to the scheduler is lost"),
    ):
        run_all(runner, missing(), done=kill_the_scheduler)
    left = missing()
    assert 1 <= len(left) <= 5
    cluster.start_scheduler()
    cluster.start_worker()
    with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
        run_all(runner, left)
    assert not missing()
    assert {path.read_bytes() for path in tmp_path.glob("*.copy")} == {b"dnuos"}
    begun = [line.split()[0] for line in notes.read_text("utf-8").splitlines()]
    assert all(begun.count(name) == 1 for name in map(str, range(8)) if name not in left)
    assert not list(cluster.store.glob("*/blobs/*")), "the interviews do not stay in the store"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_nobody_outlives_a_run_with_a_cluster_of_its_own(tmp_path: Path, how: signal.Signals) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from pathlib import Path\n"
        "from pipeline.cluster.runner import ClusterRunner\nfrom pipeline.runner import Task, run_all\n"
        "if __name__ == '__main__':\n"
        f"    with ClusterRunner('local:1', None, scratch=Path({str(tmp_path)!r})) as runner:\n"
        f"        run_all(runner, {{'a': Task({DOUBLE!r}, {{'number': 1, 'fate': 'nested'}})}})\n",
        "utf-8",
    )
    run = subprocess.Popen(
        [sys.executable, str(program)],
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )

    def family() -> list[Any]:
        return children(run.pid, recursive=True)

    try:
        assert within(90, lambda: any("sleep(300)" in " ".join(command(one)) for one in family()))
        left = family()
        run.send_signal(how)
        run.wait(30)
        assert within(30, lambda: have_ended(left))
    finally:
        run.kill()
        run.wait()


@pytest.mark.parametrize("address", ["tcp://10.0.0.7:8786", "10.0.0.7:8786", "tls://", "local:0", "http://localhost:1"])
def test_other_addresses_are_refused(tmp_path: Path, address: str) -> None:
    with pytest.raises(Refused, match="by tls:// only"):
        ClusterRunner(address, str(tmp_path / "store"), scratch=tmp_path)


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="no store is named"):
        ClusterRunner("tls://cluster.example:8786", None, scratch=tmp_path)
    for name in (connection.CA, connection.CERTIFICATE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(connection.KEY, str(tmp_path / "key.pem"))
    with pytest.raises(MissingTool, match=f"{connection.CA} and {connection.CERTIFICATE} and {connection.KEY}"):
        ClusterRunner("tls://cluster.example:8786", str(tmp_path / "store"), scratch=tmp_path)


def test_the_key_is_for_its_owner_only_and_never_written_over(tmp_path: Path) -> None:
    _, key = make_certificate(tmp_path / "keys")
    assert key.stat().st_mode & 0o077 == 0
    with pytest.raises(Refused, match="there is a certificate already"):
        make_certificate(tmp_path / "keys")


def test_a_file_in_the_store_that_is_not_what_its_name_says_is_not_used(tmp_path: Path) -> None:
    recording = tmp_path / "talk.wav"
    recording.write_bytes(b"sound")
    blob = Blob.of(recording, digest_file(recording))
    store = Store(str(tmp_path / "store"))
    store.put(recording, blob)
    assert store.fetch(blob, tmp_path / "cache").read_bytes() == b"sound"
    path = tmp_path / "store" / blob.name
    path.write_bytes(b"noise")
    with pytest.raises(ToolFailed, match="another content than its name"):
        store.take(blob, tmp_path / "taken.wav")
    assert not (tmp_path / "taken.wav").exists()
    assert not path.exists(), "so that it is laid there again"
    store.put(recording, blob)
    assert store.fetch(blob, tmp_path / "cache").read_bytes() == b"sound"


def test_a_note_that_is_not_whole_or_whose_files_are_gone_counts_for_nothing(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    key = f"sha256:{'0' * 64}"
    assert store.finished(key) is None
    made = tmp_path / "a.json"
    made.write_text("{}", "utf-8")
    blob = Blob.of(made, digest_file(made))
    store.put(made, blob)
    store.note(key, {"value": 1, "outputs": {"a": blob.as_json()}})
    assert store.finished(key) == {"value": 1, "outputs": {"a": blob.as_json()}}
    store.remove(blob)
    assert store.finished(key) is None
    (tmp_path / "store" / "done" / f"{'0' * 64}.json").write_text('{"value": 1', "utf-8")
    assert store.finished(key) is None


def test_the_store_may_be_any_that_fsspec_knows(tmp_path: Path) -> None:
    lay_and_take(Store("memory://onrecord"), tmp_path)
    with pytest.raises(ToolFailed, match="no store can be had there"):
        Store("nosuch://onrecord")


def test_the_store_may_be_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ministack(tmp_path) as store:
        store.make_bucket("interviews")
        for name, value in {
            "AWS_ENDPOINT": f"http://127.0.0.1:{store.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }.items():
            monkeypatch.setenv(name, value)
        lay_and_take(Store("s3://interviews/onrecord"), tmp_path)
        with pytest.raises(ToolFailed, match="does not do what is asked"):
            Store("s3://nobody/onrecord").put(tmp_path / "talk.wav", Blob("sha256:00", 1, ".wav"))


def lay_and_take(store: Store, folder: Path) -> None:
    recording = folder / "talk.wav"
    recording.write_bytes(b"sound" * 100_000)
    blob = Blob.of(recording, digest_file(recording))
    key = f"sha256:{'0' * 64}"
    assert store.finished(key) is None
    store.put(recording, blob)
    store.put(recording, blob)
    fetched = store.fetch(blob, folder / "cache")
    assert fetched == folder / "cache" / blob.name
    assert fetched.read_bytes() == recording.read_bytes()
    store.take(blob, folder / "taken.wav")
    assert (folder / "taken.wav").read_bytes() == recording.read_bytes()
    note = {"value": 1, "outputs": {"a": blob.as_json()}}
    store.note(key, note)
    assert store.finished(key) == note
    store.remove(blob)
    assert store.finished(key) is None
    with pytest.raises(ToolFailed, match="does not do what is asked"):
        store.take(blob, folder / "again.wav")
    assert not (folder / "again.wav").exists()


def test_another_version_on_a_worker_is_told(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(cluster, monkeypatch)
    monkeypatch.setattr("pipeline.cluster.runner.__version__", "0.0.1")
    with (
        ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner,
        pytest.raises(MissingTool, match=f"On Record {__version__} is there, and the run is of 0.0.1"),
    ):
        run_all(runner, {"a": Task(DOUBLE, {"number": 1})})


def test_other_code_of_the_same_version_on_a_worker_is_told(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(cluster, monkeypatch)
    tasks = {"a": Task(DOUBLE, {"number": 1, "in": str(tmp_path)})}
    with monkeypatch.context() as killed:
        killed.setattr(ClusterRunner, "_clear", lambda self: None)  # it came to nothing else either
        with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
            run_all(runner, tasks)
    assert list(cluster.store.glob("*/done/*.json"))
    monkeypatch.setattr("pipeline.cluster.runner.program_digest", lambda: f"sha256:{'1' * 64}")
    with (
        ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner,
        pytest.raises(MissingTool, match=f"On Record {__version__} is there with other code.*the same commit"),
    ):
        run_all(runner, tasks)


def test_what_a_killed_run_has_done_is_not_done_again_by_the_same_code(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(cluster, monkeypatch)
    notes = tmp_path / "starts"
    task = Task(DOUBLE, {"number": 1, "starts": str(notes)})
    for _ in range(2):
        with monkeypatch.context() as killed:
            killed.setattr(ClusterRunner, "_clear", lambda self: None)
            with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
                run_all(runner, {"a": task})
    assert len(notes.read_text("utf-8").splitlines()) == 1


def test_of_two_runs_with_one_store_neither_takes_away_what_the_other_needs(
    cluster: TlsCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_in(cluster, monkeypatch)
    shows = [tmp_path / name for name in ("one", "other")]
    for show in shows:
        show.mkdir()
        (show / "talk.wav").write_bytes(b"sound")

    def tasks(show: Path) -> dict[str, Task]:
        """The same for both, but where they lie; most begin when the first run has ended."""
        return {
            str(number): Task(
                DOUBLE,
                {"number": number, "fate": "slow", "seconds": 0.5, "in": str(tmp_path)},
                {"original": show / "talk.wav"},
                {"copy": show / f"{number}.copy"},
            )
            for number in range(6)
        }

    events: SimpleQueue[Event] = SimpleQueue()
    with ClusterRunner(cluster.address, str(cluster.store), scratch=shows[1]) as other:
        with ClusterRunner(cluster.address, str(cluster.store), scratch=shows[0]) as one:
            first = tasks(shows[0])
            for name in ("3", "4", "5"):
                one.start(name, first[name], lambda event: None)
            for name, task in tasks(shows[1]).items():
                other.start(name, task, events.put)
        ended: list[Event] = []
        while len(ended) < 6:
            if not isinstance(event := events.get(timeout=60), Part):
                ended.append(event)
    assert sorted(event.value for event in ended if isinstance(event, Done)) == [0, 2, 4, 6, 8, 10], ended
    assert [path.read_bytes() for path in shows[1].glob("*.copy")] == [b"dnuos"] * 6


def test_a_show_keeps_its_folder_in_the_store_and_a_copy_gets_another(tmp_path: Path) -> None:
    name = own_folder(tmp_path / "show")
    assert own_folder(tmp_path / "show") == name
    (tmp_path / "show").rename(tmp_path / "moved")
    assert own_folder(tmp_path / "moved") == name
    shutil.copytree(tmp_path / "moved", tmp_path / "copy")
    assert own_folder(tmp_path / "copy") not in ("", name)
    assert own_folder(tmp_path / "moved") == name
    for broken in ("", "[]", '{"name": "../up", "inode": 1}'):
        (tmp_path / "moved" / "store.json").write_text(broken, "utf-8")
        assert re.fullmatch("[0-9a-f]{16}", own_folder(tmp_path / "moved"))


def test_the_first_tasks_of_a_worker_share_its_child_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[LocalRunner] = []

    class Slow(LocalRunner):
        def __init__(self, width: int) -> None:
            time.sleep(0.05)
            super().__init__(width)
            opened.append(self)

    monkeypatch.setattr(perform, "LocalRunner", Slow)
    monkeypatch.setattr(perform, "get_worker", lambda: SimpleNamespace(state=SimpleNamespace(nthreads=8)))
    perform._opened_children.cache_clear()
    try:
        with ThreadPoolExecutor(8) as threads:
            got = {id(one.result()) for one in [threads.submit(perform._children) for _ in range(8)]}
    finally:
        perform._opened_children.cache_clear()
    assert len(opened) == len(got) == 1


def test_a_worker_keeps_to_the_number_of_processes_that_the_show_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "starts"
    tasks = {
        str(number): Task(DOUBLE, {"number": number, "fate": "slow", "seconds": 0.3, "starts": str(notes)}, at_most=1)
        for number in range(3)
    }
    with TlsCluster(tmp_path) as cluster:
        let_in(cluster, monkeypatch)
        cluster.start_scheduler()
        cluster.start_worker("--nthreads", "3")
        with ClusterRunner(cluster.address, str(cluster.store), scratch=tmp_path) as runner:
            assert runner.width == 3
            run_all(runner, tasks)
    assert len({line.split()[1] for line in notes.read_text("utf-8").splitlines()}) == 1
