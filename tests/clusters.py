"""Real Dask clusters on this machine, as separate processes over TLS, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.cluster import connection
from pipeline.cluster.certificate import make_certificate
from tests.processes import children, command, kill
from tests.serving import free_port

ROOT = Path(__file__).parent.parent


class TlsCluster:
    """`dask scheduler` and `dask worker`, started as docs/cluster.md says, with certificates made as it says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "store"
        self.certificate, self.key = make_certificate(folder / "keys")
        self.address = f"tls://127.0.0.1:{free_port()}"
        self._processes: list[subprocess.Popen[bytes]] = []
        self.scheduler: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> TlsCluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill(*self._processes)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a run needs to be let in."""
        return {
            connection.CA: str(self.certificate),
            connection.CERTIFICATE: str(self.certificate),
            connection.KEY: str(self.key),
        }

    def start_scheduler(self) -> None:
        port = self.address.rpartition(":")[2]
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")

    def start_worker(self, *options: str) -> subprocess.Popen[bytes]:
        folder = self.folder / "workers"
        folder.mkdir(exist_ok=True)
        return self._start(
            "worker", self.address, "--host", "127.0.0.1", "--nworkers", "1", "--nthreads", "1", "--no-dashboard",
            "--local-directory", str(folder), *options,
        )  # fmt: skip

    def worker_processes(self) -> list[Any]:
        """Those that do the tasks; each has a nanny, which starts another when it dies."""
        nannies = [one for one in self._processes if one is not self.scheduler and one.poll() is None]
        return [child for nanny in nannies for child in dask_workers(nanny.pid)]

    def kill(self, *processes: subprocess.Popen[bytes]) -> None:
        """End processes with all that they started."""
        for one in processes:
            family = children(one.pid, recursive=True) if one.poll() is None else []
            one.kill()
            one.wait()
            for member in family:
                kill(member)
            self._processes.remove(one)

    def _start(self, program: str, *options: str) -> subprocess.Popen[bytes]:
        tls = ("--tls-ca-file", self.certificate, "--tls-cert", self.certificate, "--tls-key", self.key)
        with (self.folder / f"{program}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", program, *options, *map(str, tls)],
                cwd=self.folder,
                env={
                    **os.environ,
                    "PYTHONPATH": str(ROOT),
                    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
                    "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True",
                },
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)
        return process


def dask_workers(pid: int) -> list[Any]:
    """The worker processes that a nanny, or a process with a cluster of its own, has started."""
    return [one for one in children(pid) if "multiprocessing.spawn" in " ".join(command(one))]


def let_in(cluster: TlsCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give this process the certificates of `cluster`."""
    for name, value in cluster.environment.items():
        monkeypatch.setenv(name, value)


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether that becomes true in so much time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()
