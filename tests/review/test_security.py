"""Probes against a real server: what another page, another program and another name must not be able to do."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.review.security import BODY_MAX_BYTES
from pipeline.review.serve import DeskServer
from tests.review.desks import SLUG, let_in, make_desk_show, running

API = f"/api/episodes/{SLUG}"
JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskServer]:
    with running(make_desk_show(tmp_path_factory.mktemp("desk"))) as server:
        yield server


@pytest.fixture
def window(server: DeskServer) -> Iterator[httpx.Client]:
    with let_in(server) as client:
        yield client


def stranger(server: DeskServer) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20, trust_env=False)


def raw(server: DeskServer, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    return answer


class TestTheName:
    @pytest.mark.parametrize(
        "host",
        ["rebound.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.:{port}", "[::1]:{port}", "0.0.0.0:{port}"],
    )
    def test_a_foreign_host_goes_no_further(self, server: DeskServer, window: httpx.Client, host: str) -> None:
        answer = window.get("/api/episodes", headers={"Host": host.format(port=server.port)})
        assert answer.status_code == 421

    def test_a_foreign_host_cannot_spend_a_token(self, server: DeskServer) -> None:
        address = httpx.URL(server.address()).raw_path.decode()
        with stranger(server) as client:
            assert client.get(address, headers={"Host": f"rebound.example:{server.port}"}).status_code == 421
            assert client.get(address).status_code == 303

    def test_a_request_without_or_with_two_hosts_is_refused(self, server: DeskServer) -> None:
        assert b" 421 " in raw(server, b"GET / HTTP/1.0\r\n\r\n").splitlines()[0]
        hosts = f"Host: 127.0.0.1:{server.port}\r\nHost: rebound.example\r\n".encode()
        first = raw(server, b"GET /api/episodes HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n").splitlines()[0]
        assert b" 421 " in first or b" 400 " in first

    def test_localhost_is_a_name_of_this_server(self, server: DeskServer) -> None:
        address = httpx.URL(server.address()).raw_path.decode()
        with stranger(server) as client:
            assert client.get(address, headers={"Host": f"localhost:{server.port}"}).status_code == 303


class TestTheToken:
    def test_without_a_cookie_nothing_is_shown(self, server: DeskServer) -> None:
        with stranger(server) as client:
            for path in ("/", f"/episodes/{SLUG}/", f"/episodes/{SLUG}/audio", "/api/episodes", API, "/static/desk.js"):
                answer = client.get(path)
                assert answer.status_code == 401, path
                assert "First talk" not in answer.text

    def test_a_token_opens_once_and_leaves_the_address(self, server: DeskServer) -> None:
        address = httpx.URL(server.address(SLUG)).raw_path.decode()
        with stranger(server) as client, stranger(server) as thief:
            first = client.get(address)
            assert first.status_code == 303
            assert first.headers["location"] == f"/episodes/{SLUG}/"
            cookie = first.headers["set-cookie"]
            assert cookie.startswith(f"onrecord-desk-{server.port}=")
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
            assert thief.get(address).status_code == 401
            assert client.get("/api/episodes").status_code == 200

    def test_who_is_in_may_follow_the_old_address(self, server: DeskServer) -> None:
        address = httpx.URL(server.address()).raw_path.decode()
        with stranger(server) as client:
            client.get(address)
            assert client.get(address).headers["location"] == "/"

    @pytest.mark.parametrize("token", ["", "wrong", "é", "A" * 43])
    def test_a_wrong_token_opens_nothing(self, server: DeskServer, token: str) -> None:
        with stranger(server) as client:
            answer = client.get("/", params={"token": token})
            assert answer.status_code == 401
            assert "set-cookie" not in answer.headers

    def test_fetching_ahead_does_not_spend_the_token(self, server: DeskServer) -> None:
        address = httpx.URL(server.address()).raw_path.decode()
        with stranger(server) as client:
            assert client.get(address, headers={"Sec-Purpose": "prefetch"}).status_code == 401
            assert client.get(address).status_code == 303

    def test_the_redirect_leads_nowhere_else(self, server: DeskServer) -> None:
        token = httpx.URL(server.address()).params["token"]
        answer = raw(
            server,
            f"GET //evil.example/?token={token} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            "Connection: close\r\n\r\n".encode(),
        )
        location = next(line for line in answer.splitlines() if line.lower().startswith(b"location:"))
        assert location.split(b":", 1)[1].strip() == b"/evil.example/"

    def test_a_cookie_of_another_port_is_none(self, server: DeskServer, window: httpx.Client) -> None:
        value = window.cookies[f"onrecord-desk-{server.port}"]
        with stranger(server) as client:
            assert client.get("/api/episodes", headers={"Cookie": f"onrecord-desk-1={value}"}).status_code == 401

    def test_tokens_are_never_logged(self, server: DeskServer, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        address = httpx.URL(server.address())
        raw(
            server,
            f"GET {address.raw_path.decode()} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
            "Connection: close\r\n\r\n".encode(),
        )
        assert address.params["token"] not in caplog.text


class TestOtherPages:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:{port}"},
            {"Origin": "https://evil.example"},
            {"Origin": "http://127.0.0.1:1"},
            {"Origin": "http://localhost:{port}"},
            {"Origin": "https://127.0.0.1:{port}"},
            {"Origin": "null"},
            {},
        ],
    )
    def test_cannot_change_anything(self, server: DeskServer, window: httpx.Client, headers: dict[str, str]) -> None:
        cookie = f"onrecord-desk-{server.port}={window.cookies[f'onrecord-desk-{server.port}']}"
        sent = {name: value.format(port=server.port) for name, value in headers.items()} | JSON | {"Cookie": cookie}
        body = {"by": "Eve", "tick": ["sha256:0"]}
        with stranger(server) as client:
            assert client.post(f"{API}/review", json=body, headers=sent).status_code == 403
        assert "sha256:0" not in window.get(API).json()["review"]["ticks"]

    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "same-origin"},
            {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:{port}"},
            {"Origin": "http://127.0.0.1:{port}"},
        ],
    )
    def test_the_desk_itself_can(self, server: DeskServer, window: httpx.Client, headers: dict[str, str]) -> None:
        cookie = f"onrecord-desk-{server.port}={window.cookies[f'onrecord-desk-{server.port}']}"
        sent = {name: value.format(port=server.port) for name, value in headers.items()} | JSON | {"Cookie": cookie}
        with stranger(server) as client:
            assert client.post(f"{API}/review", json={"by": "Ada Host"}, headers=sent).status_code == 200

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    @pytest.mark.parametrize("path", [f"/episodes/{SLUG}/audio", f"/episodes/{SLUG}/peaks", API, "/static/desk.js"])
    def test_cannot_embed_or_read(self, window: httpx.Client, site: str, path: str) -> None:
        for mode, dest in (("no-cors", "audio"), ("cors", "empty"), ("navigate", "iframe"), ("no-cors", "script")):
            headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
            assert window.get(path, headers=headers).status_code == 403

    def test_a_person_may_follow_a_link_here(self, window: httpx.Client) -> None:
        headers = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert window.get("/api/episodes", headers=headers).status_code == 200

    def test_a_form_that_navigates_is_no_followed_link(self, window: httpx.Client) -> None:
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        assert window.post(f"{API}/review", json={}, headers=headers).status_code == 403

    def test_there_is_no_cors(self, window: httpx.Client) -> None:
        headers = {
            "Origin": "https://evil.example",
            "Sec-Fetch-Site": "cross-site",
            "Access-Control-Request-Method": "PUT",
        }
        answer = window.request("OPTIONS", API, headers=headers)
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]

    def test_every_answer_forbids_what_is_not_ours(self, server: DeskServer, window: httpx.Client) -> None:
        with stranger(server) as client:
            answers = [window.get(API), window.get("/static/nothing.js"), client.get("/"), window.get("/nothing")]
        for answer in answers:
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'")
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["cache-control"] == "no-store"


class TestBodies:
    @pytest.mark.parametrize(
        "content_type",
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "application/jsonx"],
    )
    def test_only_json_is_taken(self, window: httpx.Client, content_type: str) -> None:
        headers = {"Content-Type": content_type} if content_type else {}
        assert window.post(f"{API}/review", content=b'{"by":"Eve"}', headers=headers).status_code == 415

    def test_a_charset_does_no_harm(self, window: httpx.Client) -> None:
        headers = {"Content-Type": "Application/JSON; charset=utf-8"}
        assert window.post(f"{API}/review", content=b"{}", headers=headers).status_code == 200

    def test_a_declared_length_that_is_too_long_is_not_read(self, server: DeskServer, window: httpx.Client) -> None:
        cookie = f"onrecord-desk-{server.port}={window.cookies[f'onrecord-desk-{server.port}']}"
        head = (
            f"POST {API}/review HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Cookie: {cookie}\r\nContent-Type: application/json\r\nContent-Length: {BODY_MAX_BYTES + 1}\r\n\r\n"
        )
        assert b" 413 " in raw(server, head.encode()).splitlines()[0]

    def test_a_chunked_body_is_counted(self, server: DeskServer, window: httpx.Client) -> None:
        cookie = f"onrecord-desk-{server.port}={window.cookies[f'onrecord-desk-{server.port}']}"
        head = (
            f"POST {API}/review HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nSec-Fetch-Site: same-origin\r\n"
            f"Cookie: {cookie}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        sent = 0
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
            connection.sendall(head.encode())
            try:
                while sent < 4 * BODY_MAX_BYTES:
                    connection.sendall(chunk)
                    sent += 65_536
                connection.sendall(b"0\r\n\r\n")
            except OSError:
                pass  # the server has hung up, as it should
            try:
                answer = connection.recv(65_536)
            except ConnectionError:
                answer = b""
        assert not answer or b" 413 " in answer.splitlines()[0]
        assert answer or sent < 4 * BODY_MAX_BYTES
        assert window.get("/api/episodes").status_code == 200

    @pytest.mark.parametrize(
        "content", [b"", b"[]", b"{", b'"text"', b'{"heard": [[1]]}', b'{"heard":"x"}', b"\xff\xfe", b"[" * 100_000]
    )
    def test_a_body_that_is_not_what_it_should_be(self, window: httpx.Client, content: bytes) -> None:
        answer = window.post(f"{API}/review", content=content, headers=JSON)
        assert answer.status_code == 400
        assert set(json.loads(answer.text)) == {"error", "message", "remedy"}


class TestPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/static/../desk.html",
            "/static/..%2fdesk.html",
            "/static/%2e%2e/%2e%2e/show.toml",
            "/static//etc/passwd",
            "/static/%2fetc%2fpasswd",
            "/static/desk.js%00.css",
            "/static/..%5c..%5cpyproject.toml",
            "/static/",
            "/episodes/..%2f..%2fetc/",
            "/episodes/../audio",
            "/episodes/%2e%2e/audio",
            "/episodes/.%2e%2fshow.toml/audio",
            "/api/episodes/..",
            "/api/episodes/%2e%2e%2fshow.toml",
            f"/api/episodes/{SLUG}%00",
            "/api/jobs/..%2f..",
        ],
    )
    def test_lead_nowhere_else(self, server: DeskServer, window: httpx.Client, path: str) -> None:
        cookie = f"onrecord-desk-{server.port}={window.cookies[f'onrecord-desk-{server.port}']}"
        request = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
        )
        first, _, rest = raw(server, request.encode()).partition(b"\r\n")
        assert first.split()[1] in (b"404", b"400"), first
        assert b"root:" not in rest
        assert b"[project]" not in rest

    def test_a_revision_is_no_path(self, server: DeskServer, window: httpx.Client, tmp_path: Path) -> None:
        body = {"by": "Eve", "paragraphs": [{"speaker": "Eve", "text": "x", "start_ms": 0}]}
        for revision in ("../../../show.toml", "/etc/passwd", "x" * 5000):
            answer = window.put(f"{API}/transcript", json=body, headers={"If-Match": f'"{revision}"'})
            assert answer.status_code == 409
            assert answer.json()["merged"] is None
