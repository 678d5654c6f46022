"""Fetches what a foreign feed names: small files whole, recordings into a file that goes on where it was left.

Addresses are judged as those of sources are (`links.addresses`, `links.wire`), at each step of a redirect. An address
that is not on the public net is asked only where the person named it: as the address of the feed itself.

A recording that was cut off stays as NAME.part, with the address and the validator of its server beside it; the next
attempt asks for the rest only (RFC 9110: Range with If-Range), and begins anew where the file is another by now.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpcore

from pipeline import files
from pipeline.errors import NoAnswer, Problem
from pipeline.publish.links.addresses import Target, target
from pipeline.publish.links.fetch import Fetcher
from pipeline.publish.links.manners import Manners
from pipeline.publish.links.wire import Allowed, Resolver, Unanswered, Wire, look_up, unanswered
from pipeline.publish.lint import reading

RECORDING_MAX_BYTES = 4_000_000_000
FILE_MAX_BYTES = 20_000_000
_REDIRECTS = {301, 302, 303, 307, 308}
_REDIRECTS_MAX = 10
_ATTEMPTS = 3
_PAUSE_S = 1.0
_STALLED_S = 30.0
_LONGEST_S = 6 * 3600.0
_HEADERS_MAX_BYTES = 200_000
_PIECE_BYTES = 1 << 20
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file that is whole: its size and digest, and the media type that the server gave."""

    size_bytes: int
    digest: str
    media_type: str


def allowed_for(url: str) -> Allowed:
    """What may be asked beside the public net: the very machine that a person named as the address of a feed."""
    parts = reading.address(url)
    if parts is None:
        return frozenset()
    try:
        ip, port = ipaddress.ip_address(parts.hostname or ""), parts.port
    except ValueError:
        return frozenset()
    return frozenset({(str(ip), port or (443 if parts.scheme == "https" else 80))})


def by_number(url: str) -> str:
    """How a feed that was refused may be asked for if it is on one's own network; goes on after a remedy.

    Empty where it was named by its number, and where the address itself is wrong.
    """
    parts = reading.address(url)
    if parts is None or parts.username is not None or allowed_for(url):
        return ""
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    example = f"{parts.scheme}://127.0.0.1{port}{parts.path}"
    return f"; if it is on your own network, name its machine by its number, as in {example}"


class Downloader:
    """Asks for the feed and for what it names; `feed_url` is what the person named."""

    def __init__(self, feed_url: str, agent: str) -> None:
        self._allow = allowed_for(feed_url)
        self._agent = agent
        # The files of one podcast lie on one server, and its owner is the one who asks.
        manners = Manners(delay_s=0.0 if self._allow else 0.1)
        self._fetcher = Fetcher(agent, manners=manners, deadline_s=300.0, allow=self._allow)
        self._looked_up: dict[str, Sequence[str]] = {}

    def fetch(self, url: str, max_bytes: int = FILE_MAX_BYTES) -> tuple[bytes, str, str]:
        """A small file whole, its media type, and the address that it came from.

        Raises Unanswered where there is no answer or another status than 200, Refused for an address that must not be
        asked.
        """
        answer = self._fetcher.get(url, max_bytes=max_bytes)
        if answer.status != 200:
            raise _status(url, answer.status)
        return answer.body, answer.media_type, answer.url

    def check(self, url: str) -> None:
        """Raise Refused as `download` would before it asks anybody; only the name is looked up, and each once.

        Whether the address leads elsewhere, and whether anything is there, only its server can tell.
        """
        with suppress(Unanswered):
            self._wire(target(url, more_ports=self._more_ports), self._look_up_once).addresses()

    def download(self, url: str, path: Path, report: Report) -> Downloaded:
        """Write the file at `url` to `path`, whole or not at all; go on with what an earlier attempt left.

        Raises Unanswered where it cannot be had (what has come stays for the next attempt), Refused as `fetch`.
        """
        for attempt in range(_ATTEMPTS):
            try:
                return self._attempt(url, path, report)
            except Unanswered as error:
                if attempt == _ATTEMPTS - 1 or error.kind not in ("connection", "timeout", "protocol"):
                    raise
                time.sleep(_PAUSE_S * attempt)
        raise AssertionError  # the loop returns or raises

    def _attempt(self, url: str, path: Path, report: Report) -> Downloaded:
        transfer = _Transfer(url, path, report)
        have_bytes, validator = transfer.left()
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": self._agent, "Connection": "close"}
        if have_bytes:
            headers |= {"Range": f"bytes={have_bytes}-", "If-Range": validator}
        current = url
        for _ in range(_REDIRECTS_MAX):
            found = self._step(transfer, current, headers, have_bytes)
            if isinstance(found, Downloaded):
                transfer.finish()
                return found
            current = found
        raise unanswered(url, f"it redirects more than {_REDIRECTS_MAX} times", "loop")

    def _step(self, transfer: _Transfer, current: str, headers: Mapping[str, str], have_bytes: int) -> str | Downloaded:
        """One request: the address that it sends on to, or the whole file."""
        one = target(current, more_ports=self._more_ports)
        wire = self._wire(one, look_up)
        url = transfer.url
        place = httpcore.URL(
            scheme=one.url.raw_scheme, host=one.url.raw_host, port=one.url.port, target=one.url.raw_path
        )
        timeouts = dict.fromkeys(("connect", "read", "write", "pool"), _STALLED_S)
        context = ssl.create_default_context() if one.scheme == "https" else None
        said: dict[str | bytes, str | bytes] = {"Host": one.url.netloc.decode("ascii")}
        said.update(headers.items())
        try:
            with (
                httpcore.ConnectionPool(ssl_context=context, network_backend=wire, max_connections=1) as pool,
                pool.stream("GET", place, headers=said, extensions={"timeout": timeouts}) as answer,
            ):
                received = {
                    name.decode("latin-1").lower(): value.decode("latin-1") for name, value in reversed(answer.headers)
                }
                if answer.status in _REDIRECTS and received.get("location"):
                    return urljoin(current, received["location"].replace(" ", "%20"))
                start = _start(answer.status, received, have_bytes, headers.get("If-Range", ""))
                if start is None and answer.status in (206, 416):
                    transfer.forget()
                    raise unanswered(url, "what was left of it does not fit any more", "protocol")
                if start is None:
                    raise _status(url, answer.status)
                transfer.take(answer.iter_stream(), start, received)
        except httpcore.TimeoutException as error:
            raise unanswered(url, "its server takes too long", "timeout") from error
        except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
            raise unanswered(url, "its server broke off, or does not speak HTTP properly", "protocol") from error
        except httpcore.NetworkError as error:
            raise unanswered(url, f"its server broke off ({error})", "connection") from error
        kind = received.get("content-type", "").partition(";")[0].strip().lower()
        return Downloaded(transfer.part.stat().st_size, files.digest_file(transfer.part), kind)

    @property
    def _more_ports(self) -> list[int]:
        return [port for _, port in self._allow]

    def _wire(self, one: Target, resolver: Resolver) -> Wire:
        return Wire(
            one,
            resolver=resolver,
            allow=self._allow,
            deadline=time.monotonic() + _LONGEST_S,
            max_bytes=RECORDING_MAX_BYTES + _HEADERS_MAX_BYTES,
            keep=False,
        )

    def _look_up_once(self, host: str, port: int) -> Sequence[str]:
        if host not in self._looked_up:
            try:
                self._looked_up[host] = look_up(host, port)
            except OSError:  # without a net a name takes its time to be unknown, and hundreds of recordings have it
                self._looked_up[host] = ()
        return self._looked_up[host]


class _Transfer:
    """A file on its way: what has come of it, and by what the server tells that it is still the same."""

    def __init__(self, url: str, path: Path, report: Report) -> None:
        self.url = url
        self.part = path.with_name(f"{path.name}.part")
        self._path = path
        self._memory = path.with_name(f"{path.name}.part.json")
        self._report = report

    def left(self) -> tuple[int, str]:
        """How many bytes an earlier attempt left, and the validator to ask with; 0 where the file begins anew."""
        try:
            known = json.loads(self._memory.read_bytes())
            if isinstance(known, dict) and known.get("url") == self.url and (validator := str(known["validator"])):
                return self.part.stat().st_size, validator
        except (OSError, ValueError, KeyError):
            pass
        return 0, ""

    def take(self, pieces: Iterable[bytes], start: int, received: Mapping[str, str]) -> None:
        """Write what comes from byte `start` on. Raises Unanswered where it is too much or too little."""
        total = _total(received, start)
        if total is not None and total > RECORDING_MAX_BYTES:
            raise self._too_long()
        if not start:
            # First the old bytes, then the new validator: never old bytes beside a validator that is not theirs.
            self.part.unlink(missing_ok=True)
        files.write_text(self._memory, files.readable_json({"url": self.url, "validator": _validator(received)}))
        size = start
        with self.part.open("r+b" if start else "wb") as stream:
            stream.seek(start)
            stream.truncate()
            try:
                for piece in pieces:
                    size += len(piece)
                    if size > RECORDING_MAX_BYTES:
                        raise self._too_long()
                    stream.write(piece)
                    self._report(min(1.0, size / total) if total else 0.0)
            finally:
                stream.flush()
                os.fsync(stream.fileno())
        if total is not None and size != total:
            raise unanswered(self.url, f"its server broke off after {size:,} of {total:,} bytes", "connection")

    def forget(self) -> None:
        """Begin anew the next time."""
        self.part.unlink(missing_ok=True)
        self._memory.unlink(missing_ok=True)

    def finish(self) -> None:
        """It is whole: give it its name."""
        self.part.replace(self._path)
        self._memory.unlink(missing_ok=True)

    def _too_long(self) -> Unanswered:
        self.forget()
        return unanswered(self.url, f"it has more than {RECORDING_MAX_BYTES:,} bytes", "size")


def _validator(received: Mapping[str, str]) -> str:
    """By what a file is known again; a weak validator is none for ranges (RFC 9110, 13.1.5)."""
    tag = received.get("etag", "")
    return tag if tag.startswith('"') else received.get("last-modified", "")


def _start(status: int, received: Mapping[str, str], have_bytes: int, validator: str) -> int | None:
    """From which byte on the answer is the file that was begun, known by `validator`; None where it is not."""
    if status == 200:
        return 0
    match = _RANGE.fullmatch(received.get("content-range", "")) if status == 206 else None
    if match is None or int(match[1]) != have_bytes:
        return None
    # There are servers that send the rest of another file, whatever If-Range says.
    said = received.get("etag" if validator.startswith('"') else "last-modified", validator)
    return have_bytes if not have_bytes or said == validator else None


def _total(received: Mapping[str, str], start: int) -> int | None:
    if match := _RANGE.fullmatch(received.get("content-range", "")):
        return int(match[3]) if match[3] != "*" else None
    length = received.get("content-length", "")
    return start + int(length) if length.isdecimal() else None


def _status(url: str, status: int) -> NoAnswer:
    kind = "connection" if status >= 500 or status in (408, 429) else "protocol"
    what = f"its server answers {status}"
    if kind == "connection":
        return unanswered(url, what, "connection")
    return NoAnswer(Problem(url, what, "Check the address in the feed"))
