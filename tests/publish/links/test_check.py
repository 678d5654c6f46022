"""Many links at once, and the memory between two checks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.publish.links.check import ask, read_state, write_state
from pipeline.publish.links.manners import Manners
from pipeline.publish.links.verdicts import Verdict
from tests.publish.links.sites import Site, answer, fetcher, raw, running

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        yield site


def test_each_link_gets_its_verdict_in_a_fixed_order(site: Site) -> None:
    site.pages["/alive"] = answer(200)
    site.pages["/gone"] = answer(410)
    site.pages["/forbidden"] = answer(403)
    site.pages["/moved"] = answer(301, Location="/alive")
    site.pages["/inside"] = answer(302, Location="http://169.254.169.254/latest/")
    site.pages["/circle"] = answer(302, Location="/circle")
    site.pages["/broken"] = raw(b"\x00\x01")
    paths = ["/moved", "/alive", "/gone", "/forbidden", "/missing", "/inside", "/circle", "/broken"]
    urls = [site.url(path) for path in paths]
    first = ask(urls, fetcher(site), {}, NOW)
    assert list(first.known) == sorted(urls)
    assert first.online
    verdicts = {path: first.known[site.url(path)].verdict for path in paths}
    assert verdicts == {
        "/alive": Verdict.ALIVE, "/gone": Verdict.GONE, "/forbidden": Verdict.CANNOT_TELL, "/moved": Verdict.MOVED,
        "/missing": Verdict.CANNOT_TELL, "/inside": Verdict.REFUSED, "/circle": Verdict.CANNOT_TELL,
        "/broken": Verdict.CANNOT_TELL,
    }  # fmt: skip
    second = ask(reversed(urls), fetcher(site), first.known, NOW + timedelta(days=1))
    assert list(second.known) == list(first.known)
    assert second.known[site.url("/missing")].verdict is Verdict.GONE


def test_a_server_is_told_what_is_known_and_says_that_nothing_changed(site: Site) -> None:
    def page(handler: object) -> None:
        known = handler.headers.get("If-None-Match") == '"one"'  # type: ignore[attr-defined]
        (answer(304) if known else answer(200, ETag='"one"'))(handler)  # type: ignore[arg-type]

    site.pages["/page"] = page
    url = site.url("/page")
    first = ask([url], fetcher(site), {}, NOW)
    second = ask([url], fetcher(site), first.known, NOW + timedelta(days=40))
    assert second.known[url].verdict is Verdict.ALIVE
    assert site.asked[-1][2]["If-None-Match"] == '"one"'
    third = ask([url], fetcher(site), second.known, NOW + timedelta(days=80))
    assert third.known[url].verdict is Verdict.ALIVE


def test_hosts_are_asked_side_by_side_and_each_one_thing_at_a_time(site: Site) -> None:
    at_work: dict[str, int] = {}
    most: dict[str, int] = {}
    guard = threading.Lock()
    both = threading.Barrier(4, timeout=60)

    def page(handler: object) -> None:
        host = handler.headers["Host"]  # type: ignore[attr-defined]
        with guard:
            at_work[host] = at_work.get(host, 0) + 1
            most[host] = max(most.get(host, 0), at_work[host])
        both.wait()  # passes only while four hosts are asked at once
        with guard:
            at_work[host] -= 1
        answer(200)(handler)  # type: ignore[arg-type]

    site.pages |= dict.fromkeys(("/1", "/2", "/3"), page)
    urls = [site.url(f"/{page}", f"host{host}.example") for host in range(4) for page in range(1, 4)]
    parts: list[float] = []
    found = ask(urls, fetcher(site, deadline_s=120.0), {}, NOW, report=parts.append)
    assert {one.verdict for one in found.known.values()} == {Verdict.ALIVE}
    assert set(most.values()) == {1}
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_when_the_time_is_up_nothing_more_is_asked(site: Site) -> None:
    site.pages |= {f"/{number}": answer(200) for number in range(50)}
    urls = [site.url(f"/{number}") for number in range(50)]
    began = time.monotonic()
    found = ask(urls, fetcher(site, manners=Manners(delay_s=0.4)), {}, NOW, budget_s=1.4)
    assert time.monotonic() - began < 10  # all of them would take 20 seconds
    assert 0 < len(found.known) < 10


def test_without_a_network_nothing_is_concluded() -> None:
    import socket

    def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no")

    urls = ["http://one.example/", "http://two.example/"]
    before = ask(urls, fetcher(resolver=resolver), {}, NOW)
    assert not before.online
    after = ask(urls, fetcher(resolver=resolver), before.known, NOW + timedelta(days=1))
    assert {one.verdict for one in after.known.values()} == {Verdict.CANNOT_TELL}


def test_a_dead_name_beside_a_living_server_is_gone_on_the_second_day(site: Site) -> None:
    import socket

    def resolver(host: str, port: int) -> list[str]:
        if host == "dead.example":
            raise socket.gaierror(socket.EAI_NONAME, "no")
        return ["127.0.0.1"]

    dead = "http://dead.example/page"
    urls = [site.url("/"), dead]
    first = ask(urls, fetcher(site, resolver=resolver), {}, NOW)
    assert first.known[dead].verdict is Verdict.CANNOT_TELL
    second = ask(urls, fetcher(site, resolver=resolver), first.known, NOW + timedelta(days=1))
    assert second.known[dead].verdict is Verdict.GONE


def test_the_memory_is_kept(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "build" / "links.json"
    site.pages["/a"] = answer(200, ETag='"x"')
    found = ask([site.url("/a"), site.url("/b")], fetcher(site), {}, NOW)
    write_state(path, found.known)
    assert read_state(path) == dict(found.known)
    before = path.read_bytes()
    write_state(path, read_state(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"version": 2, "links": {}}', '{"version": 1}',
     '{"version": 1, "links": {"u": {"verdict": "odd", "at": "2026-01-01"}}}'],
)  # fmt: skip
def test_a_memory_that_cannot_be_read_is_none(content: str, tmp_path: Path) -> None:
    path = tmp_path / "links.json"
    path.write_text(content)
    assert read_state(path) == {}
    assert read_state(tmp_path / "missing.json") == {}
