"""What a container or a job may use, read from files as Linux writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipeline import workers
from pipeline.limits import Limits, limits, memory_limit_bytes, quota_cores
from pipeline.runner import Task, run_all
from pipeline.workers import LocalRunner, usable_cores
from tests.workers_probe import DOUBLE

GIB = 1 << 30
V2 = "31 23 0:28 {top} /sys/fs/cgroup rw,relatime - cgroup2 cgroup rw\n"
V1 = "32 31 0:29 {top} /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n" + (
    "33 31 0:30 {top} /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
)


def machine(root: Path, group: str, mounts: str, files: dict[str, str]) -> Path:
    """A machine as a process in it sees it."""
    for name, text in {"proc/self/cgroup": group, "proc/self/mountinfo": mounts, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def test_a_pod_has_what_its_container_may_use(tmp_path: Path) -> None:
    root = machine(
        tmp_path,
        "0::/\n",
        V2.format(top="/"),
        {"sys/fs/cgroup/memory.max": f"{8 * GIB}\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"},
    )
    assert memory_limit_bytes(root) == 8 * GIB
    assert quota_cores(root) == 1.5


def test_of_the_groups_above_a_job_the_smallest_limit_counts(tmp_path: Path) -> None:
    slurm = "sys/fs/cgroup/system.slice/slurmstepd.scope/job_7"
    root = machine(
        tmp_path,
        "0::/system.slice/slurmstepd.scope/job_7/step_batch/user/task_0\n",
        V2.format(top="/"),
        {
            f"{slurm}/memory.max": f"{16 * GIB}",
            f"{slurm}/cpu.max": "800000 100000",
            f"{slurm}/step_batch/memory.max": f"{20 * GIB}",
            f"{slurm}/step_batch/user/task_0/memory.max": "max",
            f"{slurm}/step_batch/user/task_0/cpu.max": "max 100000",
            "sys/fs/cgroup/system.slice/memory.max": "max",
        },
    )
    assert memory_limit_bytes(root) == 16 * GIB
    assert quota_cores(root) == 8


@pytest.mark.parametrize("top", ["/", "/docker/c0ffee"])
def test_the_first_version_of_control_groups(tmp_path: Path, top: str) -> None:
    inner = "/docker/c0ffee" if top == "/" else ""
    memory, cpu = f"sys/fs/cgroup/memory{inner}", f"sys/fs/cgroup/cpu,cpuacct{inner}"
    root = machine(
        tmp_path,
        "11:memory:/docker/c0ffee\n4:cpu,cpuacct:/docker/c0ffee\n1:name=systemd:/docker/c0ffee\n",
        "30 23 0:27 / /sys/fs/cgroup ro - tmpfs tmpfs ro\n" + V1.format(top=top),
        {
            f"{memory}/memory.limit_in_bytes": f"{4 * GIB}\n",
            f"{cpu}/cpu.cfs_quota_us": "50000\n",
            f"{cpu}/cpu.cfs_period_us": "100000\n",
        },
    )
    assert memory_limit_bytes(root) == 4 * GIB
    assert quota_cores(root) == 0.5
    assert limits(root).cores == 1
    (root / memory / "memory.limit_in_bytes").write_text("9223372036854771712\n", "ascii")
    (root / cpu / "cpu.cfs_quota_us").write_text("-1\n", "ascii")
    assert (memory_limit_bytes(root), quota_cores(root)) == (None, None)


@pytest.mark.parametrize(
    ("group", "mounts"),
    [
        ("", ""),
        ("0::/\n", ""),
        ("nonsense\n", "nonsense\n"),
        ("0::/../other\n", V2.format(top="/")),
        ("0::/gone\n", V2.format(top="/../..")),
    ],
)
def test_where_nothing_can_be_read_there_is_no_limit(tmp_path: Path, group: str, mounts: str) -> None:
    root = machine(tmp_path, group, mounts, {"sys/fs/cgroup/cgroup.procs": "", "sys/fs/memory.max": "1"})
    assert memory_limit_bytes(root) is None
    assert quota_cores(root) is None
    assert limits(tmp_path / "another system") == limits(root)
    found = limits(root)
    assert found.memory_bytes == found.machine_memory_bytes
    assert found.cores <= (os.cpu_count() or 1)


def test_a_limit_above_what_the_machine_has_counts_for_nothing(tmp_path: Path) -> None:
    files = {"sys/fs/cgroup/memory.max": str(1 << 55), "sys/fs/cgroup/cpu.max": "99999999 100"}
    assert limits(machine(tmp_path, "0::/\n", V2.format(top="/"), files)) == limits(tmp_path / "another system")


def test_a_limit_counts_where_the_machine_does_not_tell_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = machine(tmp_path, "0::/\n", V2.format(top="/"), {"sys/fs/cgroup/memory.max": str(8 * GIB)})
    monkeypatch.delattr("pipeline.limits.os.sysconf")
    found = limits(root)
    assert (found.memory_bytes, found.machine_memory_bytes, found.are_narrow) == (8 * GIB, None, True)
    assert limits(tmp_path / "another system").memory_bytes is None


def test_workers_are_as_many_as_fit_into_the_container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Limits(cores=3, machine_cores=16, memory_bytes=8 * GIB, machine_memory_bytes=64 * GIB)
    monkeypatch.setattr(workers, "limits", lambda: found)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert usable_cores() == 3
    notes = tmp_path / "starts"
    payload = {"number": 1, "fate": "slow", "seconds": 0.2, "starts": str(notes)}
    with LocalRunner() as runner:
        assert runner.width == 3
        run_all(runner, {str(number): Task(DOUBLE, payload, memory_bytes=3 * GIB) for number in range(3)})
    assert len({line.split()[1] for line in notes.read_text("utf-8").splitlines()}) == 1, "half of 8 GiB is for one"
