"""What keeps the desk to the person in front of it: one middleware, nothing else.

The desk listens on 127.0.0.1, but every page in the same browser, every program on the machine and every name
that a stranger's DNS server points at 127.0.0.1 can reach it too. In this order, a request

1. must name this very server: `Host` is exactly `127.0.0.1:PORT` or `localhost:PORT`, compared with constants
   (421 otherwise). A name rebound to 127.0.0.1 carries its own name and goes no further.
2. must not come from another page: where the browser sends `Sec-Fetch-Site`, only `same-origin`, and `none` for
   what a person typed or opened, are let in. The one exception is a person following a link here: a top-level
   navigation with GET, which shows a page to that person and tells the other page nothing. So another site, or
   another port of this machine (`same-site`: ports do not make sites), can embed neither sound nor text.
3. that could change something (not GET or HEAD) must prove its origin: `Sec-Fetch-Site: same-origin`, or, from
   browsers without that header, an `Origin` equal to this server's; with neither it is refused (403).
4. must carry the session's cookie (401). It is given once, for the token in the address that the program opens
   in the browser: a random 256-bit value, compared in constant time, spent at the first use, and followed by a
   redirect to the address without it, so that it stays in no history, bookmark or screenshot. The cookie is
   another random 256-bit value, `HttpOnly`, `SameSite=Strict`, and named by the port, because cookies are not
   kept apart by port.
5. with a body must say that it is JSON (415), which no HTML form can, and must be short enough (413). The body is
   counted as it arrives: a length that is not declared, or is declared falsely, changes nothing.

Every answer, refusals included, forbids everything that is not this server's own (`Content-Security-Policy:
default-src 'none'` and `'self'`), framing, guessing of types, referrers, embedding elsewhere and keeping copies.
There is no CORS header: no other origin is ever let in.

Sources: Fetch Metadata Request Headers (W3C); F. Valsorda, "Cross-Site Request Forgery" (2025), and
`http.CrossOriginProtection` in Go 1.25 for rule 3, stricter here in refusing requests with neither header;
Jupyter Server's `check_host` and one-time token; RFC 6265bis for SameSite; RFC 9110, 15.5.20 for 421.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE_PREFIX = "onrecord-desk-"
TOKEN_PARAMETER = "token"  # noqa: S105  a parameter's name, not a secret
BODY_MAX_BYTES = 8 * 1024 * 1024

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_DRAINED_MAX_BYTES = 65_536
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; font-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cache-control", "no-store"),
)


class Guard:
    """ASGI middleware around the desk. See the module for what it lets in."""

    def __init__(self, app: ASGIApp, *, port: int, body_max_bytes: int = BODY_MAX_BYTES) -> None:
        """Guard `app`, which is served on `port`; bodies may have `body_max_bytes`."""
        self._app = app
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        self._cookie_name = f"{COOKIE_PREFIX}{port}"
        self._session = secrets.token_urlsafe(32)
        self._tokens: set[str] = set()
        self._tokens_lock = threading.Lock()
        self._body_max_bytes = body_max_bytes

    def mint_token(self) -> str:
        """A token that opens the desk once. It belongs in an address for the browser and nowhere else."""
        token = secrets.token_urlsafe(32)
        with self._tokens_lock:
            self._tokens.add(token)
        return token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer it with a refusal."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no WebSockets here: the server closes what is not accepted
        await self._answer(scope, receive, _hardened(send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        refusal = self._host_refusal(headers) or self._origin_refusal(scope["method"], headers)
        if refusal:
            await _refuse(receive, send, headers, *refusal)
            return
        token, rest = _token_in(scope)
        if token is not None and scope["method"] == "GET":
            await self._exchange(scope, headers, receive, send, token, rest)
            return
        if not self._is_known(headers):
            await _refuse(
                receive,
                send,
                headers,
                HTTPStatus.UNAUTHORIZED,
                "unknown",
                "this browser has not been let in",
                "Open the address that onrecord review printed",
            )
            return
        if scope["method"] in _SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            await _refuse(
                receive,
                send,
                headers,
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "not-json",
                "only JSON is taken here",
                "Send Content-Type: application/json",
            )
            return
        body = await self._body(headers, receive)
        if body is None:
            await _refuse(
                receive,
                send,
                headers,
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                "too-large",
                f"it is longer than {self._body_max_bytes // 1024} KiB",
                "Send less at once",
            )
            return
        await self._app(scope, _replayed(body, receive), send)

    def _host_refusal(self, headers: Headers) -> tuple[HTTPStatus, str, str, str] | None:
        named = headers.getlist("host")
        if len(named) == 1 and named[0].lower() in self._hosts:
            return None
        return (
            HTTPStatus.MISDIRECTED_REQUEST,
            "foreign-host",
            "this is not the server that was asked for",
            "Open the address that onrecord review printed",
        )

    def _origin_refusal(self, method: str, headers: Headers) -> tuple[HTTPStatus, str, str, str] | None:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        is_safe = method in _SAFE_METHODS
        is_own_origin = origin is None or origin == f"http://{headers['host'].lower()}"
        if is_safe and _is_followed_link(method, headers):
            return None
        if site is not None:
            is_own = site == "same-origin" or (is_safe and site == "none")
        else:
            is_own = is_safe or origin is not None
        if is_own and is_own_origin:
            return None
        return (
            HTTPStatus.FORBIDDEN,
            "foreign-origin",
            "another page asked for this",
            "Use the desk’s own page",
        )

    async def _exchange(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send, token: str, rest: str
    ) -> None:
        is_fetched_ahead = "sec-purpose" in headers or "purpose" in headers
        # Who is let in already may follow the old address again: nothing is given for it.
        if not self._is_known(headers) and (is_fetched_ahead or not self._spend(token)):
            await _refuse(
                receive,
                send,
                headers,
                HTTPStatus.UNAUTHORIZED,
                "spent",
                "this address has been used, or was never given",
                "Stop onrecord review and start it again; it opens a new address",
            )
            return
        # One leading slash: two would name another host.
        path = "/" + scope.get("raw_path", b"/").decode("latin-1").partition("?")[0].lstrip("/\\")
        cookie = f"{self._cookie_name}={self._session}; Path=/; HttpOnly; SameSite=Strict"
        await _send(send, HTTPStatus.SEE_OTHER, b"", [("location", path + rest), ("set-cookie", cookie)])

    def _spend(self, token: str) -> bool:
        with self._tokens_lock:
            found = [known for known in self._tokens if secrets.compare_digest(known.encode(), token.encode())]
            self._tokens.difference_update(found)
        return bool(found)

    def _is_known(self, headers: Headers) -> bool:
        return any(
            name.strip() == self._cookie_name and secrets.compare_digest(value.strip().encode(), self._session.encode())
            for header in headers.getlist("cookie")
            for name, _, value in (pair.partition("=") for pair in header.split(";"))
        )

    async def _body(self, headers: Headers, receive: Receive) -> bytes | None:
        declared = headers.get("content-length", "0")
        if not declared.isdecimal() or int(declared) > self._body_max_bytes:
            return None
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return bytes(body)
            body += message.get("body", b"")
            if len(body) > self._body_max_bytes:
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _is_followed_link(method: str, headers: Headers) -> bool:
    return (
        method == "GET"
        and headers.get("sec-fetch-mode") == "navigate"
        and headers.get("sec-fetch-dest") == "document"
        and "origin" not in headers
    )


def _token_in(scope: Scope) -> tuple[str | None, str]:
    """The token in the address, and the query without it (with its question mark, or empty)."""
    pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    tokens = [value for name, value in pairs if name == TOKEN_PARAMETER]
    rest = urlencode([pair for pair in pairs if pair[0] != TOKEN_PARAMETER])
    return (tokens[0] if tokens else None), (f"?{rest}" if rest else "")


def _hardened(send: Send) -> Send:
    async def hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS:
                headers[name] = value
        await send(message)

    return hardened


def _replayed(body: bytes, receive: Receive) -> Receive:
    done = False

    async def replayed() -> Message:
        nonlocal done
        if done:
            return await receive()
        done = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _refuse(
    receive: Receive, send: Send, headers: Headers, status: HTTPStatus, code: str, message: str, remedy: str
) -> None:
    await _drain(headers, receive)
    if "text/html" in headers.get("accept", ""):
        text = f"{message[0].upper()}{message[1:]}. {remedy}.\n"
        await _send(send, status, text.encode(), [("content-type", "text/plain; charset=utf-8")])
        return
    answer = json.dumps({"error": code, "message": message, "remedy": remedy}, ensure_ascii=False)
    await _send(send, status, answer.encode(), [("content-type", "application/json")])


async def _drain(headers: Headers, receive: Receive) -> None:
    # A connection that is closed over unread bytes is reset, and the refusal may be lost with it. So a short body is
    # read first; a long one, and one of unknown length, is not waited for.
    declared = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not declared.isdecimal() or int(declared) > _DRAINED_MAX_BYTES:
        return
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass


async def _send(send: Send, status: HTTPStatus, body: bytes, headers: Iterable[tuple[str, str]]) -> None:
    named = [*headers, ("content-length", str(len(body)))]
    # What was refused may still have a body on its way; the connection is not used for anything else.
    if status >= HTTPStatus.BAD_REQUEST:
        named.append(("connection", "close"))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named]
    await send({"type": "http.response.start", "status": int(status), "headers": raw})
    await send({"type": "http.response.body", "body": body})
