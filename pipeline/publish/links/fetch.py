"""Asks servers on the public net what they hold, without being led astray and without being a burden.

Each step of a redirect is checked anew (`addresses`, `wire`), every answer has a limit in bytes and in time, and
hosts are asked one request at a time with pauses between (`manners`). No cookies, no proxies from the environment, no
credentials: what is seen is what anybody would see.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from urllib.parse import quote, urljoin, urlsplit

import httpcore

from pipeline import __version__
from pipeline.publish.links.addresses import Target, target
from pipeline.publish.links.body import Unpackable, as_text, media_type, unpacked
from pipeline.publish.links.manners import Manners, retry_after_s
from pipeline.publish.links.wire import Allowed, Kind, Resolver, Unanswered, Wire, look_up, unanswered

__all__ = ["Answer", "Exchange", "Fetcher", "Hop", "Kind", "Unanswered", "user_agent"]

REDIRECTS_MAX = 10
BODY_MAX_BYTES = 8_000_000
_HEADERS_MAX_BYTES = 200_000
_PROBE_BYTES = 1024
_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}
_SURE = {401, 410, 429}  # these need no second question by GET
_STEP_TIMEOUT_S = 15.0
_FOR_ONE_HOST = {"authorization", "if-none-match", "if-modified-since"}  # these go no further than the first host


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect: which address sent on, with which status, whereto."""

    url: str
    status: int
    to: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response as they went over the wire, in the clear; `at` is when it began (UTC)."""

    url: str
    ip: str
    at: datetime
    sent: bytes = field(repr=False)
    received: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the last server answered; `headers` by lower-case name, `body` without its packing.

    `url` is the address that answered, `redirects` how it was come to. `complete` is False where the body was cut at
    the limit, or not asked for. `exchanges` holds every step where they were to be kept.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    complete: bool = False
    redirects: tuple[Hop, ...] = ()
    exchanges: tuple[Exchange, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """The body as text (`body.as_text`)."""
        return as_text(self.body, self.headers.get("content-type", ""))

    @property
    def media_type(self) -> str:
        """The type of the body, in small letters and without parameters; empty where unknown."""
        return media_type(self.headers)

    @property
    def retry_after_s(self) -> float | None:
        """How long the server asks to be left alone; None where it does not say."""
        return retry_after_s(self.headers)

    @property
    def moved_to(self) -> str | None:
        """The address that permanent redirects alone lead to; None where there is none or one is for now only."""
        moved = None
        for hop in self.redirects:
            if hop.status not in _PERMANENT:
                break
            moved = hop.to
        return moved


def user_agent(about: str) -> str:
    """Who asks: the program, its version, and where the show that sent it can be found."""
    return f"OnRecord/{__version__} (link keeping; +{about})"


class Fetcher:
    """Asks servers; one for a whole run, shared by its threads.

    `agent` is the User-Agent (`user_agent`). `deadline_s` is for one question with all its redirects, pauses for
    politeness apart. `resolver`, `allow` and `context` are for tests, which have their servers on this machine.

    Every question raises Refused for an address that must not be asked, on the way too, and Unanswered (a NoAnswer with
    its `kind`) where no answer came. Any status is an answer.
    """

    def __init__(
        self,
        agent: str,
        *,
        manners: Manners | None = None,
        deadline_s: float = 30.0,
        resolver: Resolver = look_up,
        allow: Allowed = frozenset(),
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._agent = agent
        self._manners = manners or Manners()
        self._deadline_s = deadline_s
        self._resolver = resolver
        self._allow = frozenset(allow)
        self._given_context = context

    @cached_property
    def _context(self) -> ssl.SSLContext:
        # Reading all certificates that this machine trusts takes a moment: only who speaks TLS pays for it.
        return self._given_context or ssl.create_default_context()

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = BODY_MAX_BYTES,
        cut: bool = False,
        keep: bool = False,
    ) -> Answer:
        """Ask for the page at `url`: up to `max_bytes` of it, unpacked.

        A longer one raises Unanswered of the kind “size”, or with `cut` ends there. `keep` fills `exchanges`.
        """
        return self._ask("GET", url, headers or {}, max_bytes, cut=cut, keep=keep)

    def head(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """What the server says of the page without sending it."""
        return self._ask("HEAD", url, headers or {}, 0, cut=True, keep=False)

    def post(self, url: str, form: Mapping[str, str], *, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a form. Redirects are not followed."""
        content = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in form.items()).encode()
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        one = self._target(url)
        answer, _ = self._step("POST", one, sent, BODY_MAX_BYTES, self._deadline_s, content=content)
        return answer

    def probe(self, url: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Whether the page is there, with little traffic: HEAD; where that is refused, GET of its beginning.

        With If-None-Match or If-Modified-Since among `headers`, 304 says that nothing changed.
        """
        try:
            answer = self.head(url, headers=headers)
        except Unanswered as error:
            if error.kind not in ("protocol", "connection", "timeout"):
                raise
        else:
            if answer.status < 400 or answer.status in _SURE:
                return answer
        sent = {**(headers or {}), "Range": f"bytes=0-{_PROBE_BYTES - 1}"}
        answer = self._ask("GET", url, sent, _PROBE_BYTES, cut=True, keep=False)
        if answer.status in (400, 416, 501):  # it does not like being asked for a part
            answer = self._ask("GET", url, headers or {}, _PROBE_BYTES, cut=True, keep=False)
        return answer

    def _ask(
        self, method: str, url: str, headers: Mapping[str, str], max_bytes: int, *, cut: bool, keep: bool
    ) -> Answer:
        current, left_s = url, self._deadline_s
        seen: set[str] = set()
        hops: list[Hop] = []
        exchanges: list[Exchange] = []
        while True:
            one = self._target(current)
            if str(one.url) in seen:
                raise unanswered(url, "it redirects in a circle", "loop")
            if len(hops) > REDIRECTS_MAX:
                raise unanswered(url, f"it redirects more than {REDIRECTS_MAX} times", "loop")
            seen.add(str(one.url))
            answer, took_s = self._step(method, one, headers, max_bytes, left_s, cut=cut, keep=keep)
            left_s -= took_s
            exchanges.extend(answer.exchanges)
            location = answer.headers.get("location", "").strip()
            if answer.status not in _REDIRECTS or not location:
                return replace(answer, redirects=tuple(hops), exchanges=tuple(exchanges))
            current = _joined(str(one.url), location)
            hops.append(Hop(str(one.url), answer.status, current))
            if urlsplit(current).netloc != one.url.netloc.decode("ascii"):
                headers = {name: value for name, value in headers.items() if name.lower() not in _FOR_ONE_HOST}

    def _target(self, url: str) -> Target:
        return target(url, more_ports=[port for _, port in self._allow])

    def _step(
        self,
        method: str,
        one: Target,
        headers: Mapping[str, str],
        max_bytes: int,
        left_s: float,
        *,
        cut: bool = False,
        keep: bool = False,
        content: bytes | None = None,
    ) -> tuple[Answer, float]:
        """One request and its answer, and how long they took."""
        with self._manners.turn(one.host, str(one.url)):
            began_s, at = time.monotonic(), datetime.now(UTC)
            wire = Wire(
                one,
                resolver=self._resolver,
                allow=self._allow,
                deadline=began_s + left_s,
                max_bytes=max_bytes + _HEADERS_MAX_BYTES,
                keep=keep,
            )
            status, received, body, complete = self._talk(wire, method, headers, max_bytes, cut, content)
            answer = Answer(str(one.url), status, received, body, complete)
            if status in (429, 503) and (wait_s := answer.retry_after_s):
                self._manners.wait(one.host, wait_s)
            if keep:
                kept = Exchange(str(one.url), wire.ip or "", at, bytes(wire.sent), bytes(wire.received))
                answer = replace(answer, exchanges=(kept,))
            return answer, time.monotonic() - began_s

    def _talk(
        self, wire: Wire, method: str, headers: Mapping[str, str], max_bytes: int, cut: bool, content: bytes | None
    ) -> tuple[int, dict[str, str], bytes, bool]:
        url = wire.target.url
        said: dict[str | bytes, str | bytes] = {
            "Host": url.netloc.decode("ascii"),
            "User-Agent": self._agent,
            "Accept": "text/html, application/xhtml+xml, application/pdf;q=0.9, */*;q=0.8",
            "Accept-Encoding": "gzip, deflate",
            "Connection": "close",
        }
        said.update(headers.items())
        place = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), _STEP_TIMEOUT_S)
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._context if url.scheme == "https" else None,
                    network_backend=wire,
                    max_connections=1,
                ) as pool,
                pool.stream(method, place, headers=said, content=content, extensions={"timeout": timeouts}) as answer,
            ):
                received = _by_name(answer.headers)
                body, complete = b"", method == "HEAD"
                if method != "HEAD" and max_bytes and answer.status not in _REDIRECTS:
                    pieces = unpacked(answer.iter_stream(), received.get("content-encoding", ""))
                    body, complete = _read(pieces, max_bytes)
                if not (complete or cut or answer.status in _REDIRECTS):
                    raise unanswered(str(url), f"it is longer than {max_bytes:,} bytes", "size")
                return answer.status, received, body, complete
        except Unpackable as error:
            raise unanswered(str(url), str(error), "protocol") from error
        except httpcore.TimeoutException as error:
            raise unanswered(str(url), "its server takes too long", "timeout") from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise unanswered(str(url), f"its server does not speak HTTP properly ({error})", "protocol") from error
        except httpcore.NetworkError as error:
            raise unanswered(str(url), f"its server broke off ({error})", "connection") from error


def _read(pieces: Iterable[bytes], max_bytes: int) -> tuple[bytes, bool]:
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > max_bytes:
            return bytes(body[:max_bytes]), False
    return bytes(body), True


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    known: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        # A second Location is no list: the first one counts, as in browsers.
        if name not in known:
            known[name] = value
        elif name != "location":
            known[name] = f"{known[name]}, {value}"
    return known


def _joined(base: str, location: str) -> str:
    """Where a Location leads. Servers send spaces and bare UTF-8 in it, which browsers forgive."""
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    spaced = re.sub(r"[\x00-\x20\x7f]", lambda match: quote(match[0]), location)
    try:
        return urljoin(base, spaced)
    except ValueError:
        return spaced  # no address at all; the next step says so
