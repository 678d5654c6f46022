from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from pipeline.errors import InvalidShow, Refused
from pipeline.review.serve import DeskServer, serve_desk
from tests.review.desks import SLUG, eventually, let_in, make_desk_show, make_services, running
from tests.serving import free_port

API = f"/api/episodes/{SLUG}"

PROGRAM = """
import sys
from pathlib import Path
from pipeline.review.serve import serve_desk
from tests.review.desks import make_services
root = Path(sys.argv[1])
serve_desk(root, make_services(root), port=int(sys.argv[2]), open_browser=False,
           announce=lambda address: print(address, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def started(root: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], httpx.URL]]:
    """The desk as a program of its own, and the address it prints."""
    command = [sys.executable, "-c", PROGRAM, str(root), str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        try:
            assert process.stdout is not None
            yield process, httpx.URL(process.stdout.readline().strip())
        finally:
            process.kill()


@contextmanager
def entered(address: httpx.URL) -> Iterator[httpx.Client]:
    """A window that has followed the printed address."""
    base, headers = f"http://127.0.0.1:{address.port}", {"Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=base, headers=headers, timeout=20, trust_env=False) as client:
        assert client.get(address.raw_path.decode(), headers={"Sec-Fetch-Site": "none"}).status_code == 303
        yield client


def test_it_prints_an_address_and_stops_cleanly_with_a_window_open(tmp_path: Path) -> None:
    with started(make_desk_show(tmp_path)) as (process, address):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{43}", str(address))
        with entered(address) as client, client.stream("GET", f"/api/episodes/{SLUG}/changes") as stream:
            next(stream.iter_lines())
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=20)  # the window alone would hold it up for ever
        assert rest == "stopped\n"
        assert process.returncode == 0


def test_killed_and_started_again_everything_acknowledged_is_there(tmp_path: Path) -> None:
    root, port = make_desk_show(tmp_path), free_port()
    with started(root, port) as (process, address), entered(address) as client:
        found = client.get(API).json()
        text = [{name: one[name] for name in ("start_ms", "speaker", "text")} for one in found["paragraphs"]]
        text[0]["text"] = "the last words before it was killed"
        assert save(client, text, found["revision"]).status_code == 200
        process.kill()
        process.communicate()
    with started(root, port) as (_, again), entered(again) as client:
        now = client.get(API).json()
        assert now["paragraphs"][0]["text"] == text[0]["text"]
        # A window that was open all the time saves from what it had, and is merged.
        text[2]["text"] = "typed while nobody listened"
        answer = save(client, text, found["revision"])
        assert answer.status_code == 200
        assert answer.json()["paragraphs"][2]["text"] == text[2]["text"]


def save(client: httpx.Client, text: list[dict[str, Any]], revision: str) -> httpx.Response:
    body = {"by": "Ada Host", "paragraphs": text}
    return client.put(f"{API}/transcript", json=body, headers={"If-Match": f'"{revision}"'})


def test_it_listens_on_this_machine_only(tmp_path: Path) -> None:
    with running(make_desk_show(tmp_path)) as server:
        every = psutil.Process().net_connections("tcp")
        assert {one.laddr.ip for one in every if one.laddr.port == server.port} == {"127.0.0.1"}


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    root = make_desk_show(tmp_path)
    with running(root) as server, pytest.raises(Refused, match="--port 0"):
        DeskServer(root, make_services(root), server.port)


def test_there_must_be_a_show_and_the_episode(tmp_path: Path) -> None:
    with pytest.raises(InvalidShow):
        serve_desk(tmp_path, make_services(tmp_path), port=0, open_browser=False)
    root = make_desk_show(tmp_path)
    with pytest.raises(Refused, match="no such episode"):
        serve_desk(root, make_services(root), "nobody", port=0, open_browser=False)


def test_an_episode_that_appears_is_found(tmp_path: Path) -> None:
    root = make_desk_show(tmp_path)
    with running(root) as server, let_in(server) as window:
        assert window.get("/api/episodes/second-talk").status_code == 404
        folder = root / "episodes" / "second-talk"
        folder.mkdir()
        first = (root / "episodes" / SLUG / "episode.toml").read_text("utf-8")
        (folder / "interview.wav").touch()
        (folder / "episode.toml").write_text(first.replace("000000000001", "000000000002"), encoding="utf-8")
        assert eventually(lambda: window.get("/api/episodes/second-talk").status_code == 200)
        assert window.get("/api/episodes/second-talk").json()["paragraphs"] == []
