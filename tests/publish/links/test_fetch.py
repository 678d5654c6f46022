"""The fetcher against real servers on this machine: every status, redirects, limits."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.errors import Refused
from pipeline.publish.links.fetch import Fetcher, Unanswered, user_agent
from pipeline.publish.links.manners import Manners
from tests.publish.links.sites import Site, answer, certificate, fetcher, raw, running
from tests.serving import free_port


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as site:
        yield site


@pytest.mark.parametrize("status", [200, 204, 206, 299, 300, 304, 400, 401, 403, 404, 405, 410, 418, 429, 451, 500, 503,
                                    599])  # fmt: skip
def test_every_status_is_an_answer(site: Site, status: int) -> None:
    site.pages["/page"] = answer(status, b"" if status in (204, 304) else b"words")
    got = fetcher(site).get(site.url("/page"))
    assert got.status == status
    assert got.complete
    assert got.body == (b"" if status in (204, 304) else b"words")


def test_it_says_who_asks_and_carries_nothing_else(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9/")
    site.pages["/one"] = answer(302, Location="/two", Set_Cookie="id=1; Path=/")
    site.pages["/two"] = answer(200, b"words", Set_Cookie="id=2")
    asker = Fetcher(user_agent("https://show.example/"), resolver=lambda host, port: ["127.0.0.1"],
                    allow={("127.0.0.1", site.port)}, manners=Manners(delay_s=0))  # fmt: skip
    asker.get(site.url("/one"))
    asker.get(site.url("/two"))
    for _, _, headers in site.asked:
        assert headers["User-Agent"].startswith("OnRecord/")
        assert "+https://show.example/" in headers["User-Agent"]
        assert headers["Host"] == f"site.example:{site.port}"
        assert not {"Cookie", "Authorization", "Referer"} & set(headers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_told(site: Site, status: int) -> None:
    site.pages["/a/old"] = answer(status, Location="../new?x=1#part")
    site.pages["/new?x=1"] = answer(200, b"words")
    got = fetcher(site).get(site.url("/a/old"))
    assert (got.url, got.body) == (site.url("/new?x=1"), b"words")
    assert [(hop.status, hop.url) for hop in got.redirects] == [(status, site.url("/a/old"))]
    assert got.moved_to == (site.url("/new?x=1#part") if status in (301, 308) else None)


def test_a_move_ends_where_a_redirect_is_for_now_only(site: Site) -> None:
    site.pages["/1"] = answer(301, Location="/2")
    site.pages["/2"] = answer(302, Location="/3")
    site.pages["/3"] = answer(200)
    assert fetcher(site).get(site.url("/1")).moved_to == site.url("/2")


def test_addresses_that_browsers_forgive_in_redirects(site: Site) -> None:
    def spaced(handler: object) -> None:
        handler.wfile.write(  # type: ignore[attr-defined]  # http.server's handler
            "HTTP/1.1 301 Moved\r\nLocation: /with space/é\r\nContent-Length: 0\r\n\r\n".encode()
        )

    site.pages["/old"] = spaced
    site.pages["/with%20space/%C3%A9"] = answer(200, b"words")
    assert fetcher(site).get(site.url("/old")).body == b"words"


def test_a_redirect_without_a_location_is_what_it_is(site: Site) -> None:
    site.pages["/old"] = answer(302)
    assert fetcher(site).get(site.url("/old")).status == 302


def test_circles_and_endless_chains_of_redirects_end(site: Site) -> None:
    site.pages["/a"] = answer(301, Location="/b")
    site.pages["/b"] = answer(301, Location="/a")
    with pytest.raises(Unanswered, match="circle") as circle:
        fetcher(site).get(site.url("/a"))
    assert circle.value.kind == "loop"
    for number in range(30):
        site.pages[f"/n{number}"] = answer(302, Location=f"/n{number + 1}")
    with pytest.raises(Unanswered, match="more than 10") as chain:
        fetcher(site).get(site.url("/n0"))
    assert chain.value.kind == "loop"


def test_ten_redirects_are_followed(site: Site) -> None:
    for number in range(10):
        site.pages[f"/n{number}"] = answer(302, Location=f"/n{number + 1}")
    site.pages["/n10"] = answer(200, b"there")
    assert fetcher(site).get(site.url("/n0")).body == b"there"


@pytest.mark.parametrize("method", ["get", "probe"])
def test_slow_headers_do_not_outlast_the_deadline(site: Site, method: str) -> None:
    site.pages["/slow"] = raw(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 2000, every_s=0.05)
    began = time.monotonic()
    with pytest.raises(Unanswered, match="too long") as error:
        getattr(fetcher(site, deadline_s=0.5), method)(site.url("/slow"))
    assert error.value.kind == "timeout"
    assert time.monotonic() - began < 20  # all of it would take 100 seconds


def test_a_slow_body_does_not_outlast_the_deadline(site: Site) -> None:
    site.pages["/slow"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + b"x" * 2000, every_s=0.01)
    with pytest.raises(Unanswered, match="too long"):
        fetcher(site, deadline_s=0.5).get(site.url("/slow"))


def test_the_deadline_holds_over_redirects(site: Site) -> None:
    for number in range(10):
        head = f"HTTP/1.1 302 Found\r\nLocation: /n{number + 1}\r\nContent-Length: 0\r\n\r\n".encode()
        site.pages[f"/n{number}"] = raw(head, every_s=0.004)
    with pytest.raises(Unanswered, match="too long"):
        fetcher(site, deadline_s=0.6).get(site.url("/n0"))


def test_a_server_that_says_nothing_is_left(site: Site) -> None:
    site.pages["/mute"] = raw(b"", stays_s=60)
    with pytest.raises(Unanswered) as error:
        fetcher(site, deadline_s=0.3).get(site.url("/mute"))
    assert error.value.kind == "timeout"


def endless(handler: object) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")  # type: ignore[attr-defined]
    while True:
        handler.wfile.write(b"x" * 65_536)  # type: ignore[attr-defined]


def test_an_endless_body_ends_at_the_limit(site: Site) -> None:
    site.pages["/endless"] = endless
    with pytest.raises(Unanswered, match="longer than 100,000") as error:
        fetcher(site).get(site.url("/endless"), max_bytes=100_000)
    assert error.value.kind == "size"
    got = fetcher(site).get(site.url("/endless"), max_bytes=100_000, cut=True)
    assert len(got.body) == 100_000
    assert not got.complete


def test_endless_headers_end_too(site: Site) -> None:
    def page(handler: object) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")  # type: ignore[attr-defined]
        while True:
            handler.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")  # type: ignore[attr-defined]

    site.pages["/headers"] = page
    with pytest.raises(Unanswered) as error:
        fetcher(site).get(site.url("/headers"))
    assert error.value.kind in ("protocol", "size")


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_bomb_of_gzip_stops_at_the_limit(site: Site, rounds: int) -> None:
    bomb = b"\0" * 200_000_000
    for _ in range(rounds):
        bomb = gzip.compress(bomb, 9)
    assert len(bomb) < 250_000
    site.pages["/bomb"] = answer(200, bomb, Content_Encoding=", ".join(["gzip"] * rounds))
    began = time.process_time()
    with pytest.raises(Unanswered, match="longer than") as error:
        fetcher(site).get(site.url("/bomb"), max_bytes=1_000_000)
    assert error.value.kind == "size"
    assert time.process_time() - began < 2


def test_packed_bodies_are_unpacked(site: Site) -> None:
    words = b"words " * 50_000
    bare = zlib.compressobj(wbits=-15)
    site.pages["/gzip"] = answer(200, gzip.compress(words), Content_Encoding="gzip")
    site.pages["/two"] = answer(200, gzip.compress(words) + gzip.compress(b"more"), Content_Encoding="x-gzip")
    site.pages["/zlib"] = answer(200, zlib.compress(words), Content_Encoding="deflate")
    site.pages["/bare"] = answer(200, bare.compress(words) + bare.flush(), Content_Encoding="deflate")
    site.pages["/plain"] = answer(200, words, Content_Encoding="identity")
    for path in ("/gzip", "/zlib", "/bare", "/plain"):
        assert fetcher(site).get(site.url(path)).body == words, path
    assert fetcher(site).get(site.url("/two")).body == words + b"more"


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip, gzip", "gzip"])
def test_what_cannot_be_unpacked_is_no_answer(site: Site, encoding: str) -> None:
    site.pages["/odd"] = answer(200, b"\x00\x01odd", Content_Encoding=encoding)
    with pytest.raises(Unanswered) as error:
        fetcher(site).get(site.url("/odd"))
    assert error.value.kind == "protocol"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("Zürich".encode(), "text/html", "Zürich"),
        ("Zürich".encode(), "text/html; charset=iso-8859-1", "Zürich"),  # a common lie
        ("Zürich".encode("latin-1"), "text/html; charset=utf-8", "Zürich"),
        ("Zürich".encode("latin-1"), "text/html", "Zürich"),
        ("“Zürich”".encode("windows-1252"), "text/html; charset=ISO-8859-1", "“Zürich”"),
        ("Москва".encode("koi8-r"), 'text/html; charset="koi8-r"', "Москва"),
        ("Москва".encode("windows-1251"), "text/html; charset=nonsense", "Ìîñêâà"),
        ('<meta charset="windows-1251">Москва'.encode("windows-1251"), "text/html",
         '<meta charset="windows-1251">Москва'),
        ("東京".encode("utf-16"), "text/html; charset=utf-8", "東京"),
        ("\ufeffZürich".encode(), "text/html", "Zürich"),
        (b"plain", "text/html; charset=punycode", "plain"),
        (b"plain", "text/html; charset=hex", "plain"),
        (b"\x81\x8d", "text/html; charset=utf-8", "\ufffd\ufffd"),
    ],
)  # fmt: skip
def test_wrong_charsets(site: Site, body: bytes, content_type: str, text: str) -> None:
    site.pages["/text"] = answer(200, body, Content_Type=content_type)
    assert fetcher(site).get(site.url("/text")).text == text


@pytest.mark.parametrize("status", [403, 404, 405, 500, 501])
def test_where_head_is_refused_the_beginning_is_asked_for(site: Site, status: int) -> None:
    def page(handler: object) -> None:
        answer(status if handler.command == "HEAD" else 206, b"beginning")(handler)  # type: ignore[attr-defined,arg-type]

    site.pages["/page"] = page
    assert fetcher(site).probe(site.url("/page")).status == 206
    assert site.methods("/page") == ["HEAD", "GET"]
    assert site.asked[-1][2]["Range"] == "bytes=0-1023"


def test_where_head_breaks_the_connection_the_beginning_is_asked_for(site: Site) -> None:
    def page(handler: object) -> None:
        if handler.command == "GET":  # type: ignore[attr-defined]
            answer(200, b"words")(handler)  # type: ignore[arg-type]

    site.pages["/page"] = page
    assert fetcher(site).probe(site.url("/page")).status == 200


def test_where_a_part_is_refused_the_whole_is_asked_for(site: Site) -> None:
    def page(handler: object) -> None:
        whole = handler.command == "GET" and "Range" not in handler.headers  # type: ignore[attr-defined]
        answer(200 if whole else 416, b"words")(handler)  # type: ignore[arg-type]

    site.pages["/page"] = page
    assert fetcher(site).probe(site.url("/page")).status == 200


def test_one_question_is_enough_where_head_is_answered(site: Site) -> None:
    site.pages["/page"] = answer(200, b"words")
    site.pages["/gone"] = answer(410)
    site.pages["/busy"] = answer(429)
    for path in ("/page", "/gone", "/busy"):
        fetcher(site).probe(site.url(path))
        assert site.methods(path) == ["HEAD"]


def test_a_probe_of_an_endless_body_ends(site: Site) -> None:
    def page(handler: object) -> None:
        if handler.command == "HEAD":  # type: ignore[attr-defined]
            answer(405)(handler)  # type: ignore[arg-type]
        else:
            endless(handler)

    site.pages["/endless"] = page
    assert fetcher(site).probe(site.url("/endless")).status == 200


def test_nothing_listens_there() -> None:
    port = free_port()
    with pytest.raises(Unanswered) as error:
        fetcher(Site(port)).get(f"http://site.example:{port}/")
    assert error.value.kind == "connection"


@pytest.mark.parametrize(
    ("number", "kind"),
    [(socket.EAI_NONAME, "no such name"), (socket.EAI_AGAIN, "look-up"), (socket.EAI_FAIL, "look-up")],
)
def test_names_that_lead_nowhere(number: int, kind: str) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror(number, "no")

    with pytest.raises(Unanswered) as error:
        fetcher(resolver=resolver).get("http://site.example/")
    assert error.value.kind == kind
    assert "this machine is not on the net" in error.value.problems[0].remedy


@pytest.mark.parametrize("content", [b"SSH-2.0-OpenSSH_9\r\n", b"\x00\xff\x00", b"HTTP/1.1 abc\r\n\r\n", b"",
                                     b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                                     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"])  # fmt: skip
def test_what_is_no_http_is_no_answer(site: Site, content: bytes) -> None:
    site.pages["/odd"] = raw(content)
    with pytest.raises(Unanswered) as error:
        fetcher(site).get(site.url("/odd"))
    assert error.value.kind in ("protocol", "connection")


def test_the_next_address_is_tried_where_one_does_not_answer(site: Site) -> None:
    got = Fetcher("x", resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"], manners=Manners(0),
                  allow={("127.0.0.1", site.port), ("127.0.0.2", site.port)}).get(site.url("/"))  # fmt: skip
    assert got.status == 404


def test_exchanges_are_kept_byte_for_byte(site: Site) -> None:
    packed = gzip.compress(b"words")
    site.pages["/old"] = answer(301, Location="/new")
    whole = (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
             + f"{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n")  # fmt: skip
    site.pages["/new"] = raw(whole)
    got = fetcher(site).get(site.url("/old"), keep=True)
    assert got.body == b"words"
    assert [one.url for one in got.exchanges] == [site.url("/old"), site.url("/new")]
    assert got.exchanges[1].received == whole
    assert got.exchanges[1].sent.startswith(b"GET /new HTTP/1.1\r\n")
    assert got.exchanges[1].ip == "127.0.0.1"


# Manners.


def test_one_request_at_a_time_to_a_host_and_a_pause_between(site: Site) -> None:
    at_work, most = 0, 0
    times: list[float] = []
    guard = threading.Lock()

    def page(handler: object) -> None:
        nonlocal at_work, most
        with guard:
            at_work, times[len(times) :] = at_work + 1, [time.monotonic()]
            most = max(most, at_work)
        time.sleep(0.02)
        with guard:
            at_work -= 1
        answer(200)(handler)  # type: ignore[arg-type]

    site.pages["/page"] = page
    asker = fetcher(site, manners=Manners(delay_s=0.1))
    threads = [threading.Thread(target=asker.head, args=(site.url("/page"),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert all(later - earlier >= 0.1 for earlier, later in pairwise(times))


def test_hosts_do_not_wait_for_one_another(site: Site) -> None:
    site.pages["/page"] = answer(200)
    waits: list[float] = []
    asker = fetcher(site, manners=Manners(delay_s=5, sleep=waits.append))
    asker.head(site.url("/page"))
    asker.head(site.url("/page", "other.example"))
    assert not waits
    asker.head(site.url("/page"))
    assert len(waits) == 1


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_be_left_alone_is(site: Site, status: int) -> None:
    site.pages["/busy"] = answer(status, Retry_After="3600")
    asker = fetcher(site)
    assert asker.head(site.url("/busy")).retry_after_s == 3600
    with pytest.raises(Unanswered, match="left alone") as error:
        asker.head(site.url("/other"))
    assert error.value.kind == "asked to wait"
    assert len(site.asked) == 1


def test_a_short_wait_is_waited(site: Site) -> None:
    site.pages["/busy"] = answer(503, Retry_After="7")
    waits: list[float] = []
    asker = fetcher(site, manners=Manners(delay_s=0, sleep=waits.append))
    asker.head(site.url("/busy"))
    asker.head(site.url("/busy"))
    assert 6 < waits[0] <= 7


@pytest.mark.parametrize("said", ["soon", "-5", "", "Wed, 99 Foo 2026", "1e9"])
def test_an_illegible_wait_is_none(site: Site, said: str) -> None:
    site.pages["/busy"] = answer(429, Retry_After=said)
    assert fetcher(site).head(site.url("/busy")).retry_after_s is None


# TLS: the name is what the certificate is checked against, whatever address was connected to.


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"), "site.example")


def server_context(made: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made)
    return context


def test_tls_keeps_the_name(made: tuple[Path, Path]) -> None:
    names: list[str | None] = []
    context = server_context(made)
    context.sni_callback = lambda connection, name, old: names.append(name)
    with running(context=context) as site:
        site.pages["/page"] = answer(200, b"words")
        asker = fetcher(site, context=ssl.create_default_context(cafile=str(made[0])))
        assert asker.get(site.url("/page")).body == b"words"
        assert names == ["site.example"]
        assert site.asked[0][2]["Host"] == f"site.example:{site.port}"
        with pytest.raises(Unanswered, match="certificate") as error:
            asker.get(site.url("/page", "other.example"))
        assert error.value.kind == "tls"


def test_a_certificate_that_nobody_trusts_is_no_answer(made: tuple[Path, Path]) -> None:
    with running(context=server_context(made)) as site, pytest.raises(Unanswered, match="certificate"):
        fetcher(site).get(site.url("/page"))


def test_no_tls_where_it_was_promised(site: Site) -> None:
    with pytest.raises(Unanswered) as error:
        fetcher(site, deadline_s=3).get(f"https://site.example:{site.port}/")
    assert error.value.kind == "tls"


def test_refused_is_not_unanswered(site: Site) -> None:
    with pytest.raises(Refused):
        Fetcher("x", manners=Manners(0)).get(f"http://127.0.0.1:{site.port}/")
    assert not site.asked
