"""Rules for the old host, tried in real servers."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.publish.moving.redirects import FILES, HOSTS, S3_RULES_MAX, Move, as_asked, old_hosts, rules_for
from tests.serving import free_port, wait_for

OLD = "old.example"
MOVES = [
    Move(f"http://{OLD}/feed.xml", "https://new.example/feed.xml"),
    Move(f"https://{OLD}/audio/a%20b.mp3", "https://new.example/1/1-0.mp3"),
    Move(f"https://{OLD}/?p=1", "https://new.example/1/"),
    Move(f"https://{OLD}/?p=2&x=y", "https://new.example/2/"),
    Move(f"https://{OLD}/caf%C3%A9.mp3", "https://new.example/3/3-0.mp3"),
    Move(f"https://{OLD}/say-%22hi%22.mp3", "https://new.example/4/4-0.mp3"),
    Move(f"https://{OLD}/$uri/x.mp3", "https://new.example/5/5-0.mp3"),
    Move(f"https://{OLD}/play/6/https%3A%2F%2Fcdn.example%2Fx.mp3", "https://new.example/6/6-0.mp3"),
]


def test_every_host_gets_its_own_rules() -> None:
    moves = [*MOVES, Move("https://cdn.example/x.mp3", "https://new.example/x.mp3")]
    assert old_hosts(moves) == (OLD, "cdn.example")
    for kind in HOSTS:
        text = rules_for(kind, "cdn.example", moves).text
        assert "x.mp3" in text
        assert "feed.xml" not in text


def test_s3_says_what_it_cannot_do() -> None:
    many = [Move(f"https://{OLD}/{n}.mp3", f"https://new.example/{n}.mp3") for n in range(S3_RULES_MAX + 3)]
    rules = rules_for("s3", OLD, [*many, *MOVES[2:3]])
    assert len(json.loads(rules.text)) == S3_RULES_MAX
    assert len(rules.left) == 4
    rule = json.loads(rules_for("s3", OLD, MOVES[1:2]).text)[0]
    assert rule["Condition"] == {"KeyPrefixEquals": "audio/a b.mp3"}
    assert rule["Redirect"]["HttpRedirectCode"] == "301"


def test_of_too_many_for_s3_the_feed_is_never_left_out() -> None:
    long = [Move(f"https://{OLD}/episodes/{n}.mp3", f"https://new.example/{n}.mp3") for n in range(S3_RULES_MAX + 3)]
    feed = Move(f"https://{OLD}/feed.xml", "https://new.example/feed.xml", is_feed=True)
    rules = rules_for("s3", OLD, [feed, *long])
    prefixes = [rule["Condition"]["KeyPrefixEquals"] for rule in json.loads(rules.text)]
    assert len(prefixes) == S3_RULES_MAX
    assert prefixes[-1] == "feed.xml"  # behind what begins like it
    assert all(move in long for move, _ in rules.left)


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("https://old.example/1/?utm_source=rss&utm_medium=rss&utm_campaign=1", "https://old.example/1/"),
        ("https://old.example/?p=1&utm_source=rss", "https://old.example/?p=1"),
        ("https://old.example/1.mp3?_=1&dest-id=77", "https://old.example/1.mp3"),
        ("https://old.example/get.php?file=1.mp3", "https://old.example/get.php?file=1.mp3"),
        ("https://dts.podtrac.com/redirect.mp3/old.example/1.mp3", "https://old.example/1.mp3"),
        ("https://op3.dev/e,pg=1/media.cdn.example/show/1.mp3", "https://media.cdn.example/show/1.mp3"),
        ("https://pdst.fm/e/chrt.fm/track/9/old.example/a.b/1.mp3?x=1", "https://old.example/a.b/1.mp3"),
        ("https://op3.dev/e/https://old.example/1.mp3", "https://old.example/1.mp3"),
        ("https://old.example/to/cdn.example/1.mp3", "https://old.example/to/cdn.example/1.mp3"),
        ("https://cdn.example/v1.2/1.mp3", "https://cdn.example/v1.2/1.mp3"),
        ("https://cdn.example/who.is.it/1.html", "https://cdn.example/who.is.it/1.html"),
    ],
)
def test_rules_are_for_the_addresses_that_are_asked_for(named: str, asked: str) -> None:
    assert as_asked([Move(named, "https://new.example/1")], {OLD}) == (Move(asked, "https://new.example/1"),)


def test_what_stands_behind_a_question_mark_stays_where_it_tells_recordings_apart() -> None:
    moves = tuple(Move(f"https://{OLD}/get.mp3?id={n}", f"https://new.example/{n}.mp3") for n in (1, 2))
    assert as_asked(moves, {OLD}) == moves


def test_netlify_has_a_line_for_each() -> None:
    lines = rules_for("netlify", OLD, MOVES).text.splitlines()
    assert "/feed.xml https://new.example/feed.xml 301!" in lines
    assert "/audio/a%20b.mp3 https://new.example/1/1-0.mp3 301!" in lines
    assert "/ p=2 x=y https://new.example/2/ 301!" in lines


@pytest.mark.parametrize("kind", HOSTS)
def test_an_address_from_a_feed_writes_no_rule_of_its_own(kind: str) -> None:
    evil = [
        Move(f"https://{OLD}/x%0A%7D%0Alocation%20/%20%7Breturn%20200;%7D", "https://new.example/1"),
        Move(f"https://{OLD}/a", 'https://new.example/"; } location / { return 200 "x'),
        Move(f"https://{OLD}/b", "https://new.example/$host"),
    ]
    rules = rules_for(kind, OLD, evil)
    assert "return 200" not in rules.text
    assert len(rules.left) == 3


def answers(port: int, target: str) -> tuple[int, str | None]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", target, headers={"Host": OLD})
        response = connection.getresponse()
        return response.status, response.getheader("Location")
    finally:
        connection.close()


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


ASKED = [
    ("/feed.xml", "https://new.example/feed.xml"),
    ("/audio/a%20b.mp3", "https://new.example/1/1-0.mp3"),
    ("/?p=1", "https://new.example/1/"),
    ("/?p=2&x=y", "https://new.example/2/"),
    ("/caf%C3%A9.mp3", "https://new.example/3/3-0.mp3"),
    ("/say-%22hi%22.mp3", "https://new.example/4/4-0.mp3"),
    ("/$uri/x.mp3", "https://new.example/5/5-0.mp3"),
    ("/play/6/https%3A%2F%2Fcdn.example%2Fx.mp3", "https://new.example/6/6-0.mp3"),
]


@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed (.setup/servers brings it)")
def test_nginx_sends_listeners_on(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / FILES["nginx"]).write_text(rules_for("nginx", OLD, MOVES).text, "utf-8")
    config = tmp_path / "main.conf"
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"daemon off;\npid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{folders}server {{\nlisten 127.0.0.1:{port};\nroot {tmp_path};\n"
        f"include {tmp_path}/{FILES['nginx']};\n}}\n}}\n",
        "utf-8",
    )
    with running(["nginx", "-p", str(tmp_path), "-c", str(config)], port):
        assert [answers(port, target) for target, _ in ASKED] == [(301, there) for _, there in ASKED]
        assert answers(port, "/?p=9")[0] in (403, 404)
        assert answers(port, "/feed.xml.bak")[0] in (403, 404)  # its worker may not read this folder


@pytest.mark.skipif(shutil.which("caddy") is None, reason="Caddy is not installed (.setup/servers brings it)")
def test_caddy_sends_listeners_on(tmp_path: Path) -> None:
    port = free_port()
    rules = rules_for("caddy", OLD, MOVES).text
    config = tmp_path / "Caddyfile"
    config.write_text(f"{{\nadmin off\n}}\nhttp://:{port} {{\n{rules}respond 404\n}}\n", "utf-8")
    with running(["caddy", "run", "--config", str(config), "--adapter", "caddyfile"], port):
        assert [answers(port, target) for target, _ in ASKED] == [(301, there) for _, there in ASKED]
        assert answers(port, "/?p=9")[0] == 404
        assert answers(port, "/feed.xml.bak")[0] == 404
