"""Addresses of clusters, and who is let in: whoever speaks to a scheduler can run programs on all its machines."""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import dask
from distributed import Client, LocalCluster
from distributed.security import Security

from pipeline.cluster import waiting
from pipeline.cluster.certificate import make_certificate
from pipeline.cluster.store import first_line
from pipeline.errors import MissingTool, NoAnswer, Problem, Refused

CA, CERTIFICATE, KEY = "ONRECORD_CLUSTER_CA", "ONRECORD_CLUSTER_CERT", "ONRECORD_CLUSTER_KEY"
_LOCAL = re.compile(r"^local:([1-9][0-9]{0,2})$")
_CONNECT_TIMEOUT_S = 20


@contextmanager
def connected(address: str, scratch: Path, report: Callable[[str, float], None]) -> Iterator[Client]:
    """A client of the cluster at `address`: `local:N`, `tls://HOST:PORT`, or `tcp://` on this machine.

    `scratch` is a folder for what a cluster of our own needs; `report` hears that there is no worker yet. Raises
    Refused for other addresses, MissingTool without certificates, NoAnswer when nobody is there, or no worker within
    two minutes.
    """
    if match := _LOCAL.match(address):
        with _own(int(match[1]), scratch) as client:
            yield client
        return
    security = _security(address)
    try:
        client = Client(address, security=security, timeout=_CONNECT_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise NoAnswer(
            Problem(
                address,
                f"no scheduler answers there ({first_line(error)})",
                "Start one (docs/cluster.md), and use certificates that it trusts; then run again",
            )
        ) from error
    with client:
        if not client.nthreads():
            report(waiting.NO_WORKER, 0.0)
            try:
                client.wait_for_workers(1, timeout=waiting.WORKERS_TIMEOUT_S)
            except TimeoutError as error:
                raise deserted(address) from error
            report(waiting.A_WORKER, 1.0)
        yield client


def deserted(address: str) -> NoAnswer:
    """What is told when a cluster has been without workers for too long."""
    return NoAnswer(
        Problem(
            address,
            f"the scheduler has had no workers for {waiting.WORKERS_TIMEOUT_S:.0f} seconds",
            "Start some (docs/cluster.md), then run again; what is finished is kept",
        )
    )


@contextmanager
def _own(count: int, scratch: Path) -> Iterator[Client]:
    """A cluster of `count` workers on this machine, reached by nobody else on it."""
    keys = scratch / "keys"
    shutil.rmtree(scratch, ignore_errors=True)
    security = _trusting(*make_certificate(keys))
    quiet = {
        "distributed.scheduler.allowed-failures": 2,
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        # A run of hours has long tasks; that is what it is for, and no reason to warn.
        "distributed.admin.tick.limit": "1h",
    }
    try:
        with (
            dask.config.set(quiet),
            LocalCluster(
                n_workers=count,
                threads_per_worker=1,
                host="127.0.0.1",
                protocol="tls://",
                security=security,
                # Not the usual port, which may be taken; there are no pages behind it.
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                local_directory=str(scratch / "workers"),
                silence_logs=50,
            ) as cluster,
            Client(cluster, security=security, set_as_default=False) as client,
        ):
            yield client
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _security(address: str) -> Security | None:
    parts = urlsplit(address)
    if parts.scheme == "tcp" and _is_this_machine(parts.hostname):
        return None
    if parts.scheme != "tls" or not parts.hostname:
        raise Refused(
            Problem(
                f"CLUSTER={address}",
                "a cluster is reached by tls:// only: whoever can speak to it can run programs on its machines",
                "Use tls://HOST:8786 with certificates (docs/cluster.md), or local:4 for this machine",
            )
        )
    named = [os.environ.get(name) for name in (CA, CERTIFICATE, KEY)]
    if not any(named):  # as Dask itself is set up
        security = Security(require_encryption=True)
        if all(security.get_tls_config_for_role("client").get(key) for key in ("ca_file", "cert")):
            return security
    missing = [
        name for name, path in zip((CA, CERTIFICATE, KEY), named, strict=True) if not path or not Path(path).is_file()
    ]
    if missing:
        raise MissingTool(
            Problem(
                " and ".join(missing),
                "without it there is no encrypted connection to the cluster",
                "Set it to a file: onrecord cluster-certificate DIR makes them (docs/cluster.md)",
            )
        )
    authority, certificate, key = named
    return _trusting(Path(str(certificate)), Path(str(key)), Path(str(authority)))


def _trusting(certificate: Path, key: Path, authority: Path | None = None) -> Security:
    return Security(
        require_encryption=True,
        tls_ca_file=str(authority or certificate),
        **{f"tls_{role}_cert": str(certificate) for role in ("client", "scheduler", "worker")},
        **{f"tls_{role}_key": str(key) for role in ("client", "scheduler", "worker")},
    )


def _is_this_machine(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
