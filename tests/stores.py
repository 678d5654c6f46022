"""Object stores on loopback, seen through a proxy that counts, and that fails when it is told to.

ministack is an emulator, for every day; it takes any key. `rclone serve s3` checks signatures and ignores conditions.
Ceph, which checks signatures and keeps to conditions, is in tests/ceph.py.

The proxy is the net and the other end's bad days: it answers 500, hangs up in the middle of a body, takes its time,
or drops the conditions of a request, as several servers that speak S3 do (they overwrite and answer 200). Everything
else is passed on as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.serving import free_port, wait_for

SECRET = "hunter2hunter2hunter2"  # noqa: S105  of servers that live as long as a test
_CONDITIONS = ("if-match", "if-none-match")
_PASSED_BACK = ("content-length", "connection", "transfer-encoding", "date", "server")


@dataclass(frozen=True)
class Server:
    """A store that runs, the folder of its files, and the keys of one who may make buckets there."""

    name: str
    port: int
    folder: Path
    key: str = "publisher"
    secret: str = SECRET

    def ask(self, method: str, path: str, query: str = "", body: bytes = b"") -> None:
        """A signed request (AWS Signature Version 4); `query` as it is signed: `name=value`, sorted."""
        now, host = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ"), f"127.0.0.1:{self.port}"
        digest = hashlib.sha256(body).hexdigest()
        names = "host;x-amz-content-sha256;x-amz-date"
        headers = f"host:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{now}\n"
        request = f"{method}\n{path}\n{query}\n{headers}\n{names}\n{digest}"
        scope = f"{now[:8]}/us-east-1/s3/aws4_request"
        key = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        asked = urllib.request.Request(f"http://{host}{path}?{query}", method=method, data=body or None)
        asked.add_header("x-amz-content-sha256", digest)
        asked.add_header("x-amz-date", now)
        asked.add_header(
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={self.key}/{scope}, SignedHeaders={names}, Signature={signature}",
        )
        with urllib.request.urlopen(asked, timeout=60):  # noqa: S310  an address of loopback, made above
            pass

    def make_bucket(self, name: str) -> None:
        """A new, empty bucket."""
        self.ask("PUT", f"/{name}")


def beside(name: str) -> str:
    """A server's program, of the environment beside the one that the tests run in, or on the path; else skip."""
    there = Path(f"{sys.prefix}-servers") / "bin" / name
    found = str(there) if there.is_file() else shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name}; .setup/servers and .setup/stores install it")
    return found


@contextmanager
def ministack(folder: Path) -> Iterator[Server]:
    """The emulator."""
    port = free_port()
    environment = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "s3",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    with _running([beside("ministack")], folder, port, environment):
        yield Server("ministack", port, folder)


@contextmanager
def rclone(folder: Path) -> Iterator[Server]:
    """A gateway to a folder; it answers conditions with 200 and overwrites."""
    server = Server("rclone", free_port(), folder)
    (folder / "buckets").mkdir()
    address, keys = f"127.0.0.1:{server.port}", f"{server.key},{server.secret}"
    command = [beside("rclone"), "serve", "s3", "--addr", address, "--auth-key", keys, str(folder / "buckets")]
    environment = {"RCLONE_CONFIG": str(folder / "rclone.conf")}
    with _running(command, folder, server.port, environment):
        yield server


@contextmanager
def _running(command: list[str], folder: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | environment, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


_SKEWED = b"<Error><Code>RequestTimeTooSkewed</Code><Message>The difference is too large.</Message></Error>"


@dataclass
class Wire:
    """What went over the wire, and what shall go wrong on it.

    `fault` is asked about each request (method, key, how many of that method came before) and answers what happens:
    None passes it on; "500", "skewed" (what S3 says to a clock that is wrong), "torn", "slow" and "kill" are faults;
    "blind" passes it on without its conditions.
    `victim` is the process that "kill" kills, before the request reaches the store.
    """

    bucket: str
    port: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    fault: Callable[[str, str, int], str | None] = lambda method, key, before: None
    victim: int | None = None
    slow_s: float = 3.0

    def put(self) -> list[str]:
        """The names of objects that were put, but those of the publisher's own housekeeping."""
        return [key for method, key in self.requests if method == "PUT" and ".onrecord/" not in key]

    def forget(self) -> None:
        """Begin to count anew."""
        self.requests.clear()


@contextmanager
def wire(store_port: int, bucket: str) -> Iterator[Wire]:
    """A proxy before the store."""
    seen = Wire(bucket=bucket)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

        def answer(self) -> None:
            key = self.path.removeprefix(f"/{bucket}").removeprefix("/")
            before = sum(method == self.command for method, _ in seen.requests)
            fault = seen.fault(self.command, key, before)
            seen.requests.append((self.command, key))
            if fault == "kill" and seen.victim is not None:
                os.kill(seen.victim, signal.SIGKILL)
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if fault in ("500", "skewed"):
                content = _SKEWED if fault == "skewed" else b""
                self.send_response(403 if fault == "skewed" else 500)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
                return
            if fault == "slow":
                time.sleep(seen.slow_s)
            headers = {
                name: value
                for name, value in self.headers.items()
                if not (fault == "blind" and name.lower() in _CONDITIONS)
            }
            with closing(http.client.HTTPConnection("127.0.0.1", store_port, timeout=60)) as there:
                there.request(self.command, self.path, body, headers)
                got = there.getresponse()
                content = got.read()
            length = got.getheader("content-length") if self.command == "HEAD" else str(len(content))
            with suppress(ConnectionError):  # who asked may have been killed, or have lost patience
                self.send_response(got.status)
                for name, value in got.getheaders():
                    if name.lower() not in _PASSED_BACK:
                        self.send_header(name, value)
                self.send_header("Content-Length", length or "0")
                self.end_headers()
                if fault == "torn":
                    content = content[: len(content) // 2]
                    self.close_connection = True
                if self.command != "HEAD":
                    self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815  the names are the library's

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
