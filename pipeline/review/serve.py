"""The desk on a port of this machine, until the person who started it stops it."""

from __future__ import annotations

import contextlib
import errno
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import uvicorn

from pipeline.errors import Problem, Refused
from pipeline.review.api import make_app
from pipeline.review.desk import Desk
from pipeline.review.security import TOKEN_PARAMETER, Guard
from pipeline.review.services import DeskServices

HOST = "127.0.0.1"
DEFAULT_PORT = 8747  # fixed: what a browser keeps for the desk belongs to this very address
_STOP_WITHIN_SECONDS = 2


class DeskServer:
    """A desk that listens from the moment it is made; `run` answers until `stop`, SIGINT or SIGTERM."""

    def __init__(self, root: Path, services: DeskServices, port: int = DEFAULT_PORT) -> None:
        """`port` 0 takes any free one. Raises Refused when the port is taken."""
        self.desk = Desk(root, services)
        self._listener = _listen(port)
        self.port: int = self._listener.getsockname()[1]
        self._guard = Guard(make_app(self.desk, self._is_closing), port=self.port)
        config = uvicorn.Config(
            self._guard,
            host=HOST,
            port=self.port,
            access_log=False,  # addresses hold the token
            log_config=None,
            log_level="critical",
            ws="none",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_WITHIN_SECONDS,
        )
        self._server = uvicorn.Server(config)

    def address(self, slug: str | None = None) -> str:
        """An address with a token, which opens the list or one episode once."""
        place = f"/episodes/{quote(slug)}/" if slug else "/"
        return f"http://{HOST}:{self.port}{place}?{TOKEN_PARAMETER}={self._guard.mint_token()}"

    def run(self) -> None:
        """Answer until stopped."""
        try:
            with contextlib.suppress(KeyboardInterrupt):
                self._server.run(sockets=[self._listener])
        finally:
            self._listener.close()
            self.desk.jobs.stop()

    def stop(self) -> None:
        """Make `run` return soon; may be called from any thread."""
        self._server.should_exit = True

    def _is_closing(self) -> bool:
        return self._server.should_exit


def serve_desk(
    root: Path,
    services: DeskServices,
    slug: str | None = None,
    port: int = DEFAULT_PORT,
    open_browser: bool = True,
    announce: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve the desk until SIGINT or SIGTERM.

    `announce` is given the address to open, with its one-time token, as soon as the desk listens; `open_browser`
    opens it, too. Raises Refused when the port is taken or there is no such episode, InvalidShow when there is no
    show, InvalidEpisode when the episode is broken.
    """
    desk = Desk(root, services)
    if slug is None:
        desk.show()
    else:
        desk.at(slug)
    server = DeskServer(root, services, port)
    # The browser takes a moment to start, and a person to choose; long texts are worked out meanwhile.
    threading.Thread(target=server.desk.warm_all, args=(slug,), daemon=True).start()
    address = server.address(slug)
    announce(address)
    if open_browser:
        webbrowser.open(address)
    server.run()


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        raise Refused(
            Problem(f"port {port}", "it is taken, perhaps by a desk that is already open", "Use --port 0")
        ) from error
    return listener
