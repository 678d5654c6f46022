"""A real object store on loopback (ministack), seen through a proxy that counts, and that fails when it is told to.

The proxy is the net and the other end's bad days: it answers 500, hangs up in the middle of a body, takes its time,
or drops the conditions of a request, as several servers that speak S3 do (they overwrite and answer 200). Everything
else is passed on as it is.
"""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.serving import free_port

MISSING = "there is no ministack; .setup/servers installs it"
_CONDITIONS = ("if-match", "if-none-match")
_PASSED_BACK = ("content-length", "connection", "transfer-encoding", "date", "server")


def find_ministack() -> str | None:
    """The program, beside the environment that the tests run in, or on the path."""
    beside = Path(f"{sys.prefix}-servers") / "bin" / "ministack"
    return str(beside) if beside.is_file() else shutil.which("ministack")


@contextmanager
def ministack(folder: Path) -> Iterator[int]:
    """Run the store, bound to loopback; gives its port."""
    program = find_ministack()
    if program is None:
        pytest.skip(MISSING)
    port = free_port()
    environment = {
        **os.environ,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": "s3",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen([program], env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            _wait(port)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def make_bucket(port: int, name: str) -> None:
    """A new, empty bucket."""
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/{name}", method="PUT")
    with urllib.request.urlopen(asked, timeout=30):  # noqa: S310  likewise
        pass


@dataclass
class Wire:
    """What went over the wire, and what shall go wrong on it.

    `fault` is asked about each request (method, key, how many of that method came before) and answers what happens:
    None passes it on; "500", "torn", "slow" and "kill" are faults; "blind" passes it on without its conditions.
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
            if fault == "500":
                self.send_response(500)
                self.send_header("Content-Length", "0")
                self.end_headers()
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


def _wait(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("ministack did not start within a minute")
