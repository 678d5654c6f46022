"""One exchange with one server: connected to an address that was checked, ended by a deadline, kept byte for byte.

The name is looked up once; every address it gave must be public; and the connection goes to one of those very
addresses, while TLS and the Host header keep the name. A name that answers otherwise the second time (DNS rebinding)
gains nothing. The deadline is for the whole exchange: servers that send a byte now and then cannot hold it open.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Literal

import httpcore

from pipeline.errors import NoAnswer, Problem, Refused
from pipeline.publish.links.addresses import PORTS, Address, Target, fault

Kind = Literal["no such name", "look-up", "connection", "tls", "timeout", "protocol", "loop", "size", "asked to wait"]
Resolver = Callable[[str, int], Sequence[str]]
Allowed = Collection[tuple[str, int]]
"""Pairs of IP address and port that are let through although they are not public: for tests with a server here."""

_CONNECT_TIMEOUT_S = 10.0
_ADDRESSES_TRIED = 4
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


class Unanswered(NoAnswer):
    """No answer, and of which kind; `kind` decides what may be concluded."""

    def __init__(self, problem: Problem | Sequence[Problem], kind: Kind = "connection") -> None:
        super().__init__(problem)
        self.kind = kind

    def __reduce__(self) -> Any:
        return (type(self), (self.problems, self.kind))


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as this machine resolves names. Raises socket.gaierror."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for _, _, _, _, place in found]


def unanswered(url: str, what: str, kind: Kind) -> Unanswered:
    """The error for an address that gave no answer."""
    remedy = "Look at it in a browser, and try again later"
    if kind in ("no such name", "look-up"):
        remedy = f"{remedy}; or this machine is not on the net"
    return Unanswered(Problem(url, what, remedy), kind)


class Wire(httpcore.NetworkBackend):
    """The way to one server, for one exchange; give each exchange its own.

    `sent` and `received` are the bytes of the exchange in the clear, `ip` the address that answered. Reading more
    than `max_bytes` raises Unanswered of the kind “size”, and running beyond `deadline` (time.monotonic) “timeout”.
    """

    def __init__(
        self, target: Target, *, resolver: Resolver, allow: Allowed, deadline: float, max_bytes: int, keep: bool
    ) -> None:
        self.ip: str | None = None
        self.sent = bytearray()
        self.received = bytearray()
        self.target = target
        self._resolver = resolver
        self._allow = allow
        self._deadline = deadline
        self._left_bytes = max_bytes
        self._keep = keep

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the target, whatever `host` says. Raises Refused where its name leads where none must ask."""
        last: OSError | None = None
        for ip in self.addresses()[:_ADDRESSES_TRIED]:
            try:
                raw = socket.create_connection((str(ip), self.target.port), self._time(_CONNECT_TIMEOUT_S))
            except OSError as error:
                last = error
                continue
            self.ip = str(ip)
            return _Stream(self, raw)
        kind: Kind = "timeout" if isinstance(last, TimeoutError) else "connection"
        raise unanswered(str(self.target.url), f"its server cannot be reached ({_said(last)})", kind) from last

    def addresses(self) -> list[Address]:
        """Where the target's name leads. Raises Refused where none must ask, Unanswered where it is unknown."""
        if self.target.ip is not None:
            found: list[Address] = [self.target.ip]
        else:
            found = self._looked_up()
        for ip in found:
            words = fault(ip)
            if self.target.port not in PORTS.values():
                words = words or "a port that is not asked"
            if words and (str(ip), self.target.port) not in self._allow:
                raise Refused(
                    Problem(str(self.target.url), f"it leads to {ip}, which is {words}", "Give a public address")
                )
        return list(dict.fromkeys(found))

    def _looked_up(self) -> list[Address]:
        url = str(self.target.url)
        try:
            # A server's addresses come with the scope of a network card at times; such an address is never public.
            found = self._resolver(self.target.host, self.target.port)
            addresses = [ipaddress.ip_address(one.partition("%")[0]) for one in found]
        except socket.gaierror as error:
            if error.errno in _NO_SUCH_NAME:
                raise unanswered(url, f"there is no server named {self.target.host}", "no such name") from error
            raise unanswered(url, f"its name cannot be looked up ({_said(error)})", "look-up") from error
        except (OSError, ValueError, UnicodeError) as error:
            raise unanswered(url, f"its name cannot be looked up ({error})", "look-up") from error
        if not addresses:
            raise unanswered(url, f"there is no server named {self.target.host}", "no such name")
        return addresses

    def _time(self, at_most_s: float) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise unanswered(str(self.target.url), "its server takes too long", "timeout")
        return min(left, at_most_s)

    def took(self, content: bytes) -> None:
        """Count what was read, and keep it where it is to be kept."""
        self._left_bytes -= len(content)
        if self._left_bytes < 0:
            raise unanswered(str(self.target.url), "its answer is too long", "size")
        if self._keep:
            self.received += content

    def gave(self, content: bytes) -> None:
        """Keep what was sent."""
        if self._keep:
            self.sent += content

    def within(self, timeout_s: float | None) -> float:
        """How long the next step may take: its own limit, or what is left of the whole."""
        return self._time(timeout_s if timeout_s is not None else float("inf"))


class _Stream(httpcore.NetworkStream):
    """A connection that minds the exchange's limits; in the clear, or under TLS."""

    def __init__(self, wire: Wire, raw: socket.socket) -> None:
        self._wire = wire
        self._socket = raw

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            self._socket.settimeout(self._wire.within(timeout))
            content = self._socket.recv(max_bytes)
        except TimeoutError as error:
            raise unanswered(str(self._wire.target.url), "its server takes too long", "timeout") from error
        except ssl.SSLError as error:
            raise unanswered(str(self._wire.target.url), f"its encryption failed ({_said(error)})", "tls") from error
        except OSError as error:
            raise unanswered(
                str(self._wire.target.url), f"its server broke off ({_said(error)})", "connection"
            ) from error
        self._wire.took(content)
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            self._socket.settimeout(self._wire.within(timeout))
            self._socket.sendall(buffer)
        except OSError as error:
            # httpcore goes on to read: a server may answer before it has heard everything.
            raise httpcore.WriteError(str(error)) from error
        self._wire.gave(buffer)

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        url = str(self._wire.target.url)
        try:
            self._socket.settimeout(self._wire.within(timeout))
            return _Stream(self._wire, ssl_context.wrap_socket(self._socket, server_hostname=self._wire.target.host))
        except TimeoutError as error:
            self.close()
            raise unanswered(url, "its server takes too long", "timeout") from error
        except ssl.SSLCertVerificationError as error:
            self.close()
            raise unanswered(url, f"its certificate cannot be trusted ({error.verify_message})", "tls") from error
        except (OSError, ValueError) as error:
            self.close()
            raise unanswered(url, f"its encryption failed ({_said(error)})", "tls") from error

    def get_extra_info(self, info: str) -> Any:
        return self._socket if info == "socket" else None


def _said(error: Exception | None) -> str:
    if isinstance(error, ssl.SSLError) and error.reason:
        return str(error.reason).lower().replace("_", " ")
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return str(error)
