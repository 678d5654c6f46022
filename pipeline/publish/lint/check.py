"""Checks a feed by every row that can be told from what there is: its bytes, a folder, or a server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.publish.lint import http, media, reading
from pipeline.publish.lint.channel import check_channel
from pipeline.publish.lint.fetching import Fetch, Question, fetcher
from pipeline.publish.lint.items import check_items
from pipeline.publish.lint.podcasting import check_podcasting
from pipeline.publish.lint.reading import Feed, links
from pipeline.publish.lint.rows import Finding, Severity, finding

FEED_NAME = "feed.xml"
_PAGES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `target` is what was looked at, `items` how many items the feed has in all its pages."""

    target: str
    items: int
    findings: tuple[Finding, ...]

    def count(self, severity: Severity) -> int:
        """How many findings are of one severity."""
        return sum(one.severity == severity for one in self.findings)

    @property
    def ok(self) -> bool:
        """Whether nothing is an error: directories take the feed, and nothing in it is lost."""
        return self.count("error") == 0

    def as_json(self) -> dict[str, Any]:
        """The report as one JSON value."""
        return {
            "target": self.target,
            "items": self.items,
            "errors": self.count("error"),
            "warnings": self.count("warning"),
            "advice": self.count("advice"),
            "findings": [
                {
                    "row": one.row,
                    "severity": one.severity,
                    "where": one.where,
                    "line": one.line,
                    "what": one.what,
                    "demanded_by": one.demanded_by,
                    "remedy": one.remedy,
                }
                for one in self.findings
            ],
        }


def lint(
    feed_bytes: bytes,
    *,
    url: str | None = None,
    fetch: Fetch | None = None,
    find: media.Find | None = None,
    measure: media.Measure | None = None,
    now: datetime | None = None,
) -> tuple[Finding, ...]:
    """Everything that is wrong with a feed, in the order of its lines.

    `url` is where it was read from. With `fetch` (see `fetching.fetcher`) its server is asked too, with `find` its
    files are looked at, and with `measure` listened to. `now` tells dates in the future. Nothing is raised for what
    stands in the feed, whatever it is.
    """
    return _lint(feed_bytes, url, fetch, find, measure, now)[1]


def lint_target(target: str | Path, *, measure: media.Measure | None = None, now: datetime | None = None) -> Report:
    """Check a feed by its address, its file, or the folder of a site that holds feed.xml.

    An address is asked for by HTTP, and no other server is. In a folder all pages of the feed and all files they
    name are looked at. Raises Refused when there is nothing to read.
    """
    moment = now or datetime.now(UTC)
    if isinstance(target, str) and target.startswith(("http://", "https://")):
        return _address(target, moment)
    path = Path(target)
    if path.is_dir():
        return _folder(path, measure, moment)
    if not path.is_file():
        raise Refused(Problem(str(path), "there is no feed here", "Name a feed, a folder with feed.xml, or an address"))
    feed, findings = _lint(path.read_bytes(), None, None, None, None, moment)
    return Report(str(path), len(feed.items) if feed else 0, findings)


def _lint(
    feed_bytes: bytes,
    url: str | None,
    fetch: Fetch | None,
    find: media.Find | None,
    measure: media.Measure | None,
    now: datetime | None,
) -> tuple[Feed | None, tuple[Finding, ...]]:
    feed, findings = reading.read(feed_bytes, url)
    if feed is None:
        return None, findings
    return feed, (*findings, *sorted(_checked(feed, url, fetch, find, measure, now), key=lambda one: one.line or 0))


def _checked(
    feed: Feed,
    url: str | None,
    fetch: Fetch | None,
    find: media.Find | None,
    measure: media.Measure | None,
    now: datetime | None,
) -> Iterator[Finding]:
    yield from check_channel(feed, url=url, now=now)
    yield from check_items(feed, now=now)
    yield from check_podcasting(feed)
    if find is not None:
        yield from media.check_files(feed, find, measure)
    if fetch is not None and url is not None:
        yield from http.check_server(feed, url, fetch)


def _address(url: str, now: datetime) -> Report:
    fetch = fetcher(url)
    try:
        answer = fetch(Question(url, max_bytes=reading.MAX_BYTES + 1))
    except OSError as error:
        raise Refused(
            Problem(url, f"the server does not answer ({error.strerror or error})", "Check the address, and try again")
        ) from error
    moved = tuple(http.check_redirect(url, answer))
    if moved:
        return Report(url, 0, moved)
    if answer.status != 200:
        raise Refused(Problem(url, f"the server answers {answer.status}", "Check the address"))
    feed, findings = _lint(answer.body, url, fetch, None, None, now)
    return Report(url, len(feed.items) if feed else 0, findings)


def _folder(folder: Path, measure: media.Measure | None, now: datetime) -> Report:
    """Every page of the feed in a site's folder, newest first, each checked with its files."""
    if not (folder / FEED_NAME).is_file():
        raise Refused(Problem(str(folder), f"it holds no {FEED_NAME}", "Name the folder of a site, or a feed"))
    findings: list[Finding] = []
    items = 0
    name: str | None = FEED_NAME
    seen: set[str] = set()
    while name and name not in seen and len(seen) < _PAGES_MAX:
        seen.add(name)
        content = (folder / name).read_bytes()
        feed, _ = reading.read(content, None)
        base = feed.address.removesuffix(name) if feed and feed.address else None
        find = _finder(folder, base)
        feed, found = _lint(content, None, None, find, measure, now)
        findings += [one if name == FEED_NAME else _on_page(one, name) for one in found]
        items += len(feed.items) if feed else 0
        following = next((link.get("href") for link in links(feed.channel, "next")), None) if feed else None
        path = find(following) if following else None
        if path is not None and not path.is_file():
            findings.append(finding("C23", "channel", f"the next page {following} is not there", severity="error"))
            break
        name = path.relative_to(folder.resolve()).as_posix() if path else None
    return Report(str(folder), items, tuple(findings))


def _finder(folder: Path, base: str | None) -> media.Find:
    def find(url: str) -> Path | None:
        if not base or not url.startswith(base):
            return None
        return files.inside(folder, unquote(url.removeprefix(base).partition("?")[0].partition("#")[0]))

    return find


def _on_page(one: Finding, page: str) -> Finding:
    return Finding(one.row, one.severity, f"{page}, {one.where}", one.line, one.what, one.demanded_by, one.remedy)
