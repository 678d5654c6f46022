"""Shows `site/` in a browser and to podcast apps on this machine, as a good host would.

Starlette's StaticFiles does byte ranges, HEAD, ETag and Last-Modified with 304, and keeps within its folder.
Added here is what a podcast host owes its listeners: exact content types whatever this machine's tables say,
CORS where web players read files, and no guessing of types. Files whose names begin with a dot are not shown.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path, PurePath, PurePosixPath

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import NotModifiedResponse, StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.errors import Problem, Refused
from pipeline.publish.headers import content_type

_SHARED_WITH_OTHER_ORIGINS = (".html", ".json", ".srt", ".vtt", ".xml")


def application(site: Path, gone: Collection[str] = ()) -> Starlette:
    """The ASGI application that shows `site`; `404.html` there is what a wrong address gets.

    `gone` are the slugs of episodes that were withdrawn: everything in their folders answers 410.
    """
    routes: list[BaseRoute] = [Mount(f"/{slug}", _answer_gone) for slug in sorted(gone)]
    routes.append(Mount("/", _SiteFiles(directory=site, html=True)))
    return Starlette(routes=routes, middleware=[Middleware(_ListenerHeaders)])


async def _answer_gone(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("This was taken down and is not coming back.\n", 410)(scope, receive, send)


def serve(
    site: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    gone: Collection[str] = (),
    announce: Callable[[str], None] = print,
) -> None:
    """Show `site` on http://`host`:`port`/ until interrupted; port 0 takes any free one.

    `gone` are the slugs of withdrawn episodes. `announce` is given the address once connections are accepted.
    Raises Refused when `site` is not there, when `host` is not this machine alone, and when the port is taken.
    """
    if not site.is_dir():
        raise Refused(Problem(str(site), "there is no site yet", "Run make pipeline first"))
    listening = _listen(host, port)
    shown_host = f"[{host}]" if ":" in host else host
    config = uvicorn.Config(application(site, gone), log_level="warning", access_log=False, lifespan="off")
    with listening, suppress(KeyboardInterrupt):
        announce(f"http://{shown_host}:{listening.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    if not _is_loopback(host):
        raise Refused(
            Problem(host, "this address can be reached from other machines", "Use 127.0.0.1; publish with a real host")
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        raise Refused(
            Problem(f"{host}:{port}", f"it cannot be listened on ({error.strerror})", "Name another with --port")
        ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _SiteFiles(StaticFiles):
    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        if any(part.startswith(".") and part != "." for part in PurePath(path).parts):
            return "", None
        try:
            return super().lookup_path(path)
        except (OSError, ValueError):  # too long a name, a zero byte, a file that may not be read: it is not there
            return "", None

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        response = FileResponse(
            full_path,
            status_code=status_code,
            stat_result=stat_result,
            media_type=content_type(PurePath(full_path).as_posix()),
        )
        if self.is_not_modified(response.headers, Headers(scope=scope)):
            return NotModifiedResponse(response.headers)
        return response


class _ListenerHeaders:
    """Adds to every answer, 304 and 416 too, what StaticFiles does not say."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-content-type-options"] = "nosniff"
                # A trial run changes its files often: browsers ask each time, and mostly hear 304.
                headers.setdefault("cache-control", "no-cache")
                if PurePosixPath(scope["path"]).suffix.lower() in _SHARED_WITH_OTHER_ORIGINS:
                    headers["access-control-allow-origin"] = "*"
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)
