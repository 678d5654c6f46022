"""The server for trials, held against what podcast apps and directories ask of a host."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from pipeline.errors import Refused
from pipeline.publish.serve import application, serve

AUDIO = bytes(range(256)) * 400
NAME = "/talk/talk-0123456789ab"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "talk").mkdir(parents=True)
    for name, content in {
        "index.html": b"<h1>index</h1>",
        "404.html": b"<h1>not here</h1>",
        "feed.xml": b"<rss/>",
        "talk/index.html": b"<h1>talk</h1>",
        "talk/talk-0123456789ab.mp3": AUDIO,
        "talk/talk-0123456789ab.vtt": b"WEBVTT\n",
        "talk/talk-0123456789ab.srt": b"1\n",
        "talk/talk-0123456789ab.json": b"{}",
        "style.css": b"a{}",
        "player.js": b"1;",
        ".secret": b"hidden",
        "picture.jpg": b"\xff\xd8",
    }.items():
        (folder / name).write_bytes(content)
    (tmp_path / "unpublished.mp3").write_bytes(b"not yet")
    return folder


@pytest.fixture
def client(site: Path) -> Iterator[TestClient]:
    with TestClient(application(site), follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/talk/", "text/html; charset=utf-8"),
        ("/feed.xml", "application/rss+xml; charset=utf-8"),
        (f"{NAME}.mp3", "audio/mpeg"),
        (f"{NAME}.vtt", "text/vtt; charset=utf-8"),
        (f"{NAME}.srt", "application/x-subrip; charset=utf-8"),
        (f"{NAME}.json", "application/json"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/player.js", "text/javascript; charset=utf-8"),
        ("/picture.jpg", "image/jpeg"),
    ],
)
def test_each_file_has_its_exact_type(client: TestClient, path: str, content_type: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_web_players_may_read_feed_and_transcripts(client: TestClient) -> None:
    for path in ("/feed.xml", f"{NAME}.vtt", f"{NAME}.srt", f"{NAME}.json"):
        answer = client.get(path)
        assert answer.headers["access-control-allow-origin"] == "*"
        again = client.get(path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.headers["access-control-allow-origin"]) == (304, "*")
    assert "access-control-allow-origin" not in client.get("/").headers


def test_head_says_what_get_would(client: TestClient) -> None:
    for path in ("/feed.xml", f"{NAME}.mp3", "/picture.jpg", "/"):
        head, got = client.head(path), client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert dict(head.headers) == dict(got.headers)
        assert int(head.headers["content-length"]) == len(got.content)


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=1000-", 1000, len(AUDIO)),
        ("bytes=-500", len(AUDIO) - 500, len(AUDIO)),
        ("bytes=0-", 0, len(AUDIO)),
        ("bytes=100-999999999", 100, len(AUDIO)),
        (f"bytes=-{len(AUDIO) * 2}", 0, len(AUDIO)),
    ],
)
def test_a_byte_range_is_that_piece(client: TestClient, asked: str, start: int, stop: int) -> None:
    answer = client.get(f"{NAME}.mp3", headers={"range": asked})
    assert (answer.status_code, answer.content) == (206, AUDIO[start:stop])
    assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(AUDIO)}"
    assert answer.headers["accept-ranges"] == "bytes"


def test_a_range_past_the_end_is_416(client: TestClient) -> None:
    answer = client.get(f"{NAME}.mp3", headers={"range": f"bytes={len(AUDIO)}-"})
    assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{len(AUDIO)}")


def test_a_range_of_another_version_gets_the_whole_file(client: TestClient) -> None:
    etag = client.head(f"{NAME}.mp3").headers["etag"]
    for if_range, status in ((etag, 206), ('"another"', 200)):
        answer = client.get(f"{NAME}.mp3", headers={"range": "bytes=0-9", "if-range": if_range})
        assert answer.status_code == status


def test_what_a_client_has_is_not_sent_again(site: Path, client: TestClient) -> None:
    first = client.get("/feed.xml")
    for condition in (
        {"if-none-match": first.headers["etag"]},
        {"if-modified-since": first.headers["last-modified"]},
        {"if-none-match": first.headers["etag"], "if-modified-since": "Mon, 01 Jan 2001 00:00:00 GMT"},
    ):
        answer = client.get("/feed.xml", headers=condition)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == first.headers["etag"]
    (site / "feed.xml").write_bytes(b"<rss version='2.0'/>")
    assert client.get("/feed.xml", headers={"if-none-match": first.headers["etag"]}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/talk/nothing.mp3",
        "/../unpublished.mp3",
        "/%2e%2e/unpublished.mp3",
        "/talk/..%2f..%2funpublished.mp3",
        "/..%5cunpublished.mp3",
        "//etc/passwd",
        "/%00",
        "/.secret",
        "/talk/.git/config",
        "/" + "a" * 5000,
        "/linked.mp3",
        "/linked/unpublished.mp3",
    ],
)
def test_everything_else_is_a_page_that_says_so(site: Path, client: TestClient, path: str) -> None:
    (site / "linked.mp3").symlink_to(site.parent / "unpublished.mp3")
    (site / "linked").symlink_to(site.parent)
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"not yet" not in answer.content
    assert b"hidden" not in answer.content
    assert b"not here" in answer.content
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_raw_request_cannot_leave_the_folder(site: Path) -> None:
    # httpx tidies paths up before it sends them; a client that means harm does not
    with _served(site) as address:
        host, port = address.removeprefix("http://").rstrip("/").split(":")
        for path in ("/../unpublished.mp3", "/talk/../../unpublished.mp3", "/./../unpublished.mp3"):
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                received = b"".join(iter(lambda: connection.recv(65536), b""))
            assert b" 404 " in received.split(b"\r\n", 1)[0]
            assert b"not yet" not in received


def test_a_folder_is_addressed_with_a_slash(client: TestClient) -> None:
    answer = client.get("/talk")
    assert answer.status_code == 307
    assert answer.headers["location"].endswith("/talk/")


def test_nothing_can_be_written(client: TestClient) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert client.request(method, "/feed.xml").status_code == 405


def test_serves_on_a_free_port_and_says_where(site: Path) -> None:
    with _served(site) as address:
        assert httpx.get(address).text == "<h1>index</h1>"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104  refused is the point
def test_shows_the_site_to_this_machine_only(site: Path, host: str) -> None:
    with pytest.raises(Refused):
        serve(site, host=host, port=0)


def test_says_when_the_port_is_taken(site: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Refused) as error:
        serve(site, port=taken.getsockname()[1])
    assert "cannot be listened on" in str(error.value)


def test_says_when_there_is_no_site(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        serve(tmp_path / "site")


@contextmanager
def _served(site: Path) -> Iterator[str]:
    """`serve` in a process of its own, on a free port: its address. Ends it as a person would, with Ctrl-C."""
    program = "import sys, pathlib; from pipeline.publish.serve import serve; serve(pathlib.Path(sys.argv[1]), port=0)"
    with subprocess.Popen(
        [sys.executable, "-u", "-c", program, str(site)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            status, said = process.wait(timeout=30), process.stderr.read()
    assert (status, said) == (0, "")
