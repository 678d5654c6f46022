"""The real `onrecord serve`, in a process of its own."""

from __future__ import annotations

import atexit
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def served(root: Path, port: int = 0) -> Iterator[str]:
    """Serve `root/site` while the block runs; gives the address."""
    command = [sys.executable, "-u", "-m", "pipeline", "serve", "--root", str(root), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 60)[0], "onrecord serve said nothing for a minute"
            yield process.stdout.readline().split()[-1]
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def free_port() -> int:
    """A port of this machine that nobody listens on, and that nobody else is given while the tests run.

    It stays bound, so the system gives it to no other program; a server may listen on it all the same, as all here set
    SO_REUSEADDR, and until one does, connections are refused.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port: int = held.getsockname()[1]
    if sys.platform.startswith("linux"):
        atexit.register(held.close)  # which also keeps it
    else:  # elsewhere the server could not listen on it
        held.close()
    return port


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until somebody listens there. Fails the test where the server has ended, or says nothing for a minute."""
    end = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=10).close()
        except OSError:
            assert process.poll() is None, f"{process.args!r} did not start"
            assert time.monotonic() < end, f"nobody listened at port {port} within a minute"
            time.sleep(0.05)
        else:
            return
