"""A web site on this machine that answers whatever a test wants, and a fetcher that is allowed to ask it."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pipeline.publish.links.fetch import Fetcher
from pipeline.publish.links.manners import Manners

Page = Callable[[BaseHTTPRequestHandler], None]
AGENT = "OnRecord-test"


@dataclass
class Site:
    """A running site: `pages` by path, `asked` the requests it got as (method, path, headers)."""

    port: int
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    scheme: str = "http"

    def url(self, path: str, host: str = "site.example") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    def methods(self, path: str) -> list[str]:
        return [method for method, asked, _ in self.asked if asked == path]


def answer(status: int, body: bytes = b"", **headers: str) -> Page:
    """A page that answers so; underscores in names of headers stand for hyphens."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and status not in (204, 304) and status >= 200:
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    return page


def raw(content: bytes, *, every_s: float = 0.0, stays_s: float = 0.0) -> Page:
    """A page that writes these bytes as they are, one at a time where `every_s` is set."""

    def page(handler: BaseHTTPRequestHandler) -> None:
        if every_s:
            for byte in content:
                handler.wfile.write(bytes([byte]))
                time.sleep(every_s)
        else:
            handler.wfile.write(content)
        time.sleep(stays_s)

    return page


@contextmanager
def running(host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> Iterator[Site]:
    """Serve a site while the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except (OSError, ValueError):  # the client went away, as clients with limits do
                self.close_connection = True

        def _any(self) -> None:
            self.close_connection = True
            site.asked.append((self.command, self.path, dict(self.headers)))
            site.pages.get(self.path, answer(404, b"not here"))(self)

        do_GET = do_HEAD = do_POST = _any  # noqa: N815  - names that http.server wants

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A broken connection is what many tests are about."""

    server = Server((host, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    site = Site(server.server_address[1], scheme="https" if context else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetcher(*sites: Site, **settings: Any) -> Fetcher:
    """A fetcher to which every name is 127.0.0.1, and which may ask there the sites given alone."""
    settings.setdefault("resolver", lambda host, port: ["127.0.0.1"])
    settings.setdefault("manners", Manners(delay_s=0.0))
    settings.setdefault("deadline_s", 10.0)
    return Fetcher(AGENT, allow={("127.0.0.1", site.port) for site in sites}, **settings)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-made certificate for `name`, and its key."""
    key, made = folder / f"{name}.key", folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", str(key), "-out", str(made)],
        check=True, capture_output=True,
    )  # fmt: skip
    return made, key
