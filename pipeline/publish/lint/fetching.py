"""Asks one server, and no other, what it answers.

A feed names any address it likes; what is fetched here stays on the host that the person named, follows no
redirect, and reaches this machine or a private network only when the person's own address was there. The address
is looked up once and the connection goes to that very address (a name may answer differently the second time).
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult

from pipeline.errors import Problem, Refused
from pipeline.publish.links.addresses import is_public
from pipeline.publish.lint import reading
from pipeline.publish.lint.channel import is_loopback

_TIMEOUT_S = 20
_AGENT = "OnRecord-check/1"
_MAX_HEADERS = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: `headers` by lower-case name; `body` up to the bytes that were asked for."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a server: an address, a method, headers, and how many bytes of the answer are wanted."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = 0


Fetch = Callable[[Question], Answer]


def same_server(url: str, asked: str) -> bool:
    """Whether `asked` is on the server of `url`: same scheme, host and port."""
    first, second = reading.address(url), reading.address(asked)
    return first is not None and second is not None and _server(first) == _server(second)


def fetcher(url: str) -> Fetch:
    """What asks the server of `url` alone. Raises Refused for an address that is none, or not of the web.

    The function it returns raises OSError when the server does not answer, and Refused for another server's address
    and for a public name that leads into this machine or a private network.
    """
    home = reading.address(url)
    if home is None:
        raise Refused(Problem(url, "it is no whole web address", "Begin it with https://"))

    def fetch(question: Question) -> Answer:
        parts = reading.address(question.url)
        if parts is None or _server(parts) != _server(home):
            raise Refused(Problem(question.url, f"it is not on {home.hostname}", "Check that feed by itself"))
        connection = _connect(parts)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            sent = {"Host": parts.netloc.rpartition("@")[2], "User-Agent": _AGENT, **question.headers}
            connection.request(question.method, path, headers=sent)
            answer = connection.getresponse()
            headers: dict[str, str] = {}
            for name, value in answer.getheaders()[:_MAX_HEADERS]:
                known = headers.get(name.lower())
                headers[name.lower()] = f"{known}, {value}" if known else value
            return Answer(answer.status, headers, answer.read(question.max_bytes) if question.max_bytes else b"")
        except http.client.HTTPException as error:
            raise ConnectionError(f"it does not speak HTTP ({type(error).__name__})") from error
        finally:
            connection.close()

    return fetch


def _server(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)


def _connect(parts: SplitResult) -> http.client.HTTPConnection:
    scheme, host, port = _server(parts)
    assert host is not None  # noqa: S101 - `reading.address` has seen to it
    family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    ip = ipaddress.ip_address(str(place[0]).partition("%")[0])
    if not is_public(ip) and not _is_named_so(host, ip):
        raise Refused(
            Problem(host, f"the name leads to {ip}, which is not on the public net", "Name that address itself")
        )
    raw = socket.socket(family, socket.SOCK_STREAM)
    try:
        raw.settimeout(_TIMEOUT_S)
        raw.connect(place)
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
        connection.sock = (
            ssl.create_default_context().wrap_socket(raw, server_hostname=host) if scheme == "https" else raw
        )
    except BaseException:
        raw.close()
        raise
    return connection


def _is_named_so(host: str, ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if is_loopback(host):
        return ip.is_loopback
    try:
        return ipaddress.ip_address(host) == ip
    except ValueError:
        return False
