"""The web servers' configurations that docs/hosting.md offers, in the servers they are for."""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest

from pipeline.publish.lint.check import lint_target
from pipeline.publish.withdrawal import gone_rules
from pipeline.stages.run import approve, run
from tests.episodes import ADA, NOW, add_episode
from tests.serving import free_port
from tests.webservers import caddy, nginx

SLUG = "first-talk"
# In every site, beside what the small show has: what a host must know the type of.
EXTRA = {
    "first-talk/first-talk-0123456789ab.chapters.json": b'{"version": "1.2.0", "chapters": []}',
    "first-talk/first-talk-0123456789ab.opus": b"OggS" + b"\0" * 96,
    "first-talk/first-talk-0123456789ab.m4a": b"\0\0\0\x20ftypM4A " + b"\0" * 88,
    "static/font-0123456789ab.woff2": b"wOF2" + b"\0" * 96,
    ".git/config": b"not for anybody",
}


class Server(Protocol):
    """How a server of `tests.webservers` is started."""

    def __call__(self, site: Path, folder: Path, port: int = 0, withdrawn: str = "") -> AbstractContextManager[str]: ...


@dataclass(frozen=True)
class Answer:
    """What came back: `headers` by lower-case name."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


@dataclass(frozen=True)
class Host:
    """A site at a real server."""

    address: str
    site: Path

    def ask(self, name: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=10)
        try:
            sent = {key.replace("_", "-"): value for key, value in headers.items()}
            connection.request(method, f"/{name}", headers=sent)
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def find(self, pattern: str) -> str:
        """The first file of the site that a pattern fits."""
        return min(path.relative_to(self.site).as_posix() for path in self.site.glob(pattern))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The site of a show whose feed names an address of this machine, and the port of that address."""
    port = free_port()
    root = add_episode(tmp_path_factory.mktemp("hosting"), SLUG, approved=False)
    settings = root / "episodes" / "show.toml"
    address = f"http://127.0.0.1:{port}"
    settings.write_text(settings.read_text("utf-8").replace("https://show.example", address), "utf-8")
    approve(root, SLUG, ADA, NOW)
    run(root, NOW, lambda *_: None)
    for name, content in EXTRA.items():
        (root / "site" / name).parent.mkdir(exist_ok=True)
        (root / "site" / name).write_bytes(content)
    return root / "site", port


@pytest.fixture(scope="module", params=[nginx, caddy], ids=["nginx", "caddy"])
def host(
    request: pytest.FixtureRequest, published: tuple[Path, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    start: Server = request.param
    site, port = published
    folder = tmp_path_factory.mktemp("server") / "own"
    # As the folder target leaves it: a link that is put about.
    current = folder.parent / "current"
    current.symlink_to(site)
    rules = gone_rules("https://show.example.org/", ["taken-back"])["nginx.conf" if start is nginx else "Caddyfile"]
    with start(current, folder, port, rules) as address:
        yield Host(address, site)


def test_the_check_of_the_feed_finds_nothing_of_the_server(host: Host) -> None:
    report = lint_target(f"{host.address}feed.xml")
    assert report.items == 1
    assert [str(one) for one in report.findings if one.row[0] == "H" or one.row in ("I2", "C11", "C22")] == []


def test_head_says_what_get_says(host: Host) -> None:
    for name in ("feed.xml", host.find(f"{SLUG}/*.mp3"), host.find("static/artwork-*.jpg")):
        got, asked = host.ask(name), host.ask(name, "HEAD")
        assert (got.status, asked.status, asked.body) == (200, 200, b"")
        for header in ("content-length", "content-type", "etag", "last-modified", "cache-control"):
            assert got.headers[header] == asked.headers[header], (name, header)
        assert got.body == (host.site / name).read_bytes()


def test_ranges_of_a_recording(host: Host) -> None:
    name = host.find(f"{SLUG}/*.mp3")
    whole = (host.site / name).read_bytes()
    size = len(whole)
    for asked, start, end in (("0-99", 0, 100), (f"{size - 10}-", size - 10, size), ("-7", size - 7, size)):
        part = host.ask(name, Range=f"bytes={asked}")
        assert part.status == 206
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.body == whole[start:end]
    past = host.ask(name, Range=f"bytes={size + 1000}-")
    assert past.status == 416
    assert past.headers["content-range"] == f"bytes */{size}"
    # Somebody has the first half of another recording: it is sent whole.
    assert host.ask(name, Range="bytes=100-", If_Range='"another"').body == whole


def test_who_has_the_feed_is_not_sent_it_again(host: Host) -> None:
    for sent in ({"Accept_Encoding": "gzip"}, {}):
        feed = host.ask("feed.xml", **sent)
        by_tag = host.ask("feed.xml", If_None_Match=feed.headers["etag"], **sent)
        assert (by_tag.status, by_tag.body) == (304, b"")
    by_date = host.ask("feed.xml", If_Modified_Since=feed.headers["last-modified"])
    assert by_date.status == 304
    assert host.ask("feed.xml", If_None_Match='"another"').status == 200


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("feed.xml", "application/rss+xml"),
        ("sitemap.xml", "application/xml"),
        ("robots.txt", "text/plain"),
        ("index.html", "text/html"),
        (f"{SLUG}/{SLUG}-*.mp3", "audio/mpeg"),
        (f"{SLUG}/{SLUG}-*.opus", "audio/ogg"),
        (f"{SLUG}/{SLUG}-*.m4a", "audio/mp4"),
        (f"{SLUG}/{SLUG}-*.vtt", "text/vtt"),
        (f"{SLUG}/{SLUG}-*.srt", "application/x-subrip"),
        (f"{SLUG}/{SLUG}-*.chapters.json", "application/json+chapters"),
        ("search/index-*.json", "application/json"),
        ("static/style-*.css", "text/css"),
        ("static/player-*.js", "text/javascript"),
        ("static/artwork-*.jpg", "image/jpeg"),
        ("static/qr-*.svg", "image/svg+xml"),
        ("static/font-*.woff2", "font/woff2"),
    ],
)
def test_types_and_what_every_answer_says(host: Host, pattern: str, kind: str) -> None:
    name = host.find(pattern)
    answer = host.ask(name, Origin="https://player.example")
    assert (answer.status, answer.kind) == (200, kind)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["x-content-type-options"] == "nosniff"
    kept = "public, max-age=31536000, immutable" if "*" in pattern else "public, max-age=300"
    assert answer.headers["cache-control"] == kept
    if kind.startswith("text/") or pattern == "feed.xml":
        assert answer.headers["content-type"].lower().endswith("; charset=utf-8")


def test_text_is_sent_compressed_and_sound_as_it_is(host: Host) -> None:
    for name in ("feed.xml", host.find("static/style-*.css"), host.find(f"{SLUG}/index.html")):
        answer = host.ask(name, Accept_Encoding="gzip")
        assert answer.headers["content-encoding"] == "gzip", name
        assert len(answer.body) < (host.site / name).stat().st_size
        assert "accept-encoding" in answer.headers["vary"].lower()
    assert "content-encoding" not in host.ask(host.find(f"{SLUG}/*.mp3"), Accept_Encoding="gzip").headers


def test_folders_lead_to_their_pages(host: Host) -> None:
    page = host.ask(f"{SLUG}/")
    assert (page.status, page.kind) == (200, "text/html")
    assert page.body == (host.site / SLUG / "index.html").read_bytes()
    bare = host.ask(SLUG)
    assert bare.status in (301, 308)
    assert bare.headers["location"] == f"/{SLUG}/"


def test_a_wrong_address_gets_the_show_s_own_page_and_is_not_kept(host: Host) -> None:
    for name in ("nothing.html", f"{SLUG}/{SLUG}-ffffffffffff.mp3"):
        answer = host.ask(name)
        assert (answer.status, answer.kind) == (404, "text/html")
        assert answer.body == (host.site / "404.html").read_bytes()
        assert "max-age" not in answer.headers.get("cache-control", "")


def test_a_withdrawn_episode_is_gone(host: Host) -> None:
    for name in ("taken-back/", "taken-back/index.html", "taken-back/taken-back-0123456789ab.mp3"):
        for method in ("GET", "HEAD"):
            assert host.ask(name, method).status == 410
    assert host.ask("taken-back-too/").status == 404


def test_what_begins_with_a_dot_is_nobody_s_business(host: Host) -> None:
    assert (host.site / ".git" / "config").is_file()
    for name in (".git/config", "first-talk/../.git/config", ".%67it/config"):
        assert host.ask(name).status in (400, 404)


def test_nothing_can_be_put(host: Host) -> None:
    for method in ("PUT", "POST", "DELETE"):
        assert host.ask("feed.xml", method).status in (403, 405)
