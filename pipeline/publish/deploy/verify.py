"""After publishing: is it there? Asked as an app asks, at the public addresses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.errors import OnRecordError, Problem
from pipeline.publish.lint.fetching import Answer, Question, fetcher

_TRIES = 3
_PAUSE_S = 2.0
_PART_BYTES = 100
_REMEDY = "Look at the server; --no-verify publishes without asking where the address is not public yet"


@dataclass(frozen=True, slots=True)
class Expected:
    """A file that a public address must answer with."""

    url: str
    path: Path
    size_bytes: int


def verify(
    feed_url: str,
    feed: bytes | None,
    recordings: Iterable[Expected],
    *,
    report: Callable[[str], None] = lambda url: None,
    pause_s: float = _PAUSE_S,
) -> list[Problem]:
    """What is not as it was published: each recording by HEAD and by ranges, then the feed, byte by byte.

    A server needs a moment sometimes, and a cache longer: what is not right is asked for three times, with pauses.
    """
    checks: list[tuple[str, Callable[[], Iterator[Problem]]]] = [
        (one.url, partial(_recording, one)) for one in recordings
    ]
    if feed is not None:
        checks.append((feed_url, partial(_feed, feed_url, feed)))
    problems: dict[str, list[Problem]] = {}
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(pause_s)
        for url, check in checks:
            report(url)
            problems[url] = _asked(url, check)
        checks = [(url, check) for url, check in checks if problems[url]]
        if not checks:
            break
    return [problem for found in problems.values() for problem in found]


def _asked(url: str, check: Callable[[], Iterator[Problem]]) -> list[Problem]:
    try:
        return list(check())
    except OSError as error:
        return [Problem(url, f"nothing answers there ({error.strerror or error})", _REMEDY)]
    except OnRecordError as error:
        return [Problem(url, one.what, _REMEDY) for one in error.problems]


def _recording(one: Expected) -> Iterator[Problem]:
    fetch = fetcher(one.url)
    head = fetch(Question(one.url, "HEAD"))
    if head.status != 200:
        yield Problem(one.url, f"asked by HEAD, the server answers {head.status}", _REMEDY)
        return
    length = head.headers.get("content-length", "")
    if length != str(one.size_bytes):
        yield Problem(one.url, f"it is {length or 'of unknown length'} there, and {one.size_bytes} bytes here", _REMEDY)
        return
    with one.path.open("rb") as stream:
        first = stream.read(_PART_BYTES)
        start = max(0, one.size_bytes - _PART_BYTES)
        stream.seek(start)
        last = stream.read(_PART_BYTES)
    for asked, begin, content in ((f"0-{len(first) - 1}", 0, first), (f"{start}-{one.size_bytes - 1}", start, last)):
        answer = fetch(Question(one.url, headers={"Range": f"bytes={asked}"}, max_bytes=_PART_BYTES))
        yield from _part(one, answer, asked, begin, content)


def _part(one: Expected, answer: Answer, asked: str, begin: int, content: bytes) -> Iterator[Problem]:
    if answer.status != 206:
        yield Problem(
            one.url, f"asked for bytes {asked}, the server answers {answer.status}; apps cannot seek", _REMEDY
        )
    elif answer.headers.get("content-range") != f"bytes {begin}-{begin + len(content) - 1}/{one.size_bytes}":
        said = answer.headers.get("content-range", "nothing")
        yield Problem(one.url, f"asked for bytes {asked}, the server says it answers with {said}", _REMEDY)
    elif answer.body != content:
        yield Problem(one.url, f"bytes {asked} are others there than here", _REMEDY)


def _feed(url: str, feed: bytes) -> Iterator[Problem]:
    answer = fetcher(url)(Question(url, max_bytes=len(feed) + 1))
    if answer.status != 200:
        yield Problem(url, f"the server answers {answer.status}", _REMEDY)
    elif answer.body != feed:
        yield Problem(
            url,
            "another feed is read there than the one that was published",
            "Wait until the cache has let the old one go, or purge it; then publish again to look again",
        )
