"""An old host on this machine: a real HTTP server with ranges and validators, which can be slow, cut off, or forget."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TYPES = {"xml": "application/rss+xml", "mp3": "audio/mpeg", "vtt": "text/vtt", "json": "application/json"}


@dataclass
class Host:
    """`files` by path; `stalls` are paths that stop after so many bytes until `go_on` is set; `asked` is what came.

    `is_careless` is a host that sends the rest of a file without looking at If-Range.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    stalls: dict[str, int] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    go_on: threading.Event = field(default_factory=threading.Event)
    url: str = ""
    is_careless: bool = False

    def ranges(self, path: str) -> list[str]:
        """The Range headers that were sent for a path."""
        return [sent for one, sent in self.asked if one == path and sent]


@contextmanager
def hosted(files: Mapping[str, bytes] | None = None) -> Iterator[Host]:
    """A host while the block runs; fill its files with its `url` inside."""
    host = Host(dict(files or {}))

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            path = self.path
            asked_range = self.headers.get("Range")
            host.asked.append((path, asked_range))
            host.agents.add(self.headers.get("User-Agent", ""))
            if path in host.moved:
                self.send_response(301)
                self.send_header("Location", host.moved[path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = host.files.get(path)
            if content is None:
                self.send_error(404)
                return
            tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            start = 0
            match = re.fullmatch(r"bytes=(\d+)-", asked_range or "")
            if match and (host.is_careless or self.headers.get("If-Range") in (None, tag)):
                start = int(match[1])
            self.send_response(206 if start else 200)
            self.send_header("ETag", tag)
            self.send_header("Content-Type", TYPES.get(path.rpartition(".")[2], "application/octet-stream"))
            self.send_header("Content-Length", str(len(content) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            end = host.stalls.get(path, len(content))
            try:
                self.wfile.write(content[start:end])
                if end < len(content):
                    self.wfile.flush()
                    host.go_on.wait(60)
                    self.wfile.write(content[max(start, end) :])
            except OSError:
                pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield host
    finally:
        host.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()
