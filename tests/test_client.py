"""A podcast client that nobody here wrote, from end to end: gPodder subscribes to what `onrecord serve` shows."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.stages.deploying import Options, publish
from pipeline.stages.run import approve, run
from tests.episodes import ADA, NOW, add_episode
from tests.serving import free_port, served

SLUG = "first-talk"


class Client:
    """gPodder with a home of its own."""

    def __init__(self, program: str, home: Path, feed: str) -> None:
        self._program, self.home, self.feed = program, home, feed
        home.mkdir()

    def do(self, *command: str) -> str:
        done = subprocess.run(
            [self._program, *command],
            env=os.environ | {"HOME": str(self.home), "GPODDER_HOME": str(self.home), "no_proxy": "127.0.0.1"},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    def rows(self, columns: str) -> list[tuple[object, ...]]:
        """What it keeps of each episode, oldest first."""
        with sqlite3.connect(self.home / "Database") as database:
            return database.execute(f"SELECT {columns} FROM episode ORDER BY guid").fetchall()  # noqa: S608  ours

    def new(self) -> list[str]:
        """The titles that it offers as new."""
        return [line.strip() for line in self.do("pending").splitlines() if line.startswith("  ")]


@pytest.fixture
def show(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A published show, served at the address that its feed names: enclosures are fetched from there."""
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    root = add_episode(tmp_path, SLUG, approved=False)
    settings = root / "episodes" / "show.toml"
    settings.write_text(settings.read_text("utf-8").replace("https://show.example", address), "utf-8")
    approve(root, SLUG, ADA, NOW)
    _publish(root)
    with served(root, port):
        yield root, address


@pytest.fixture
def client(show: tuple[Path, str], tmp_path: Path) -> Client:
    program = shutil.which("gpo")
    if program is None:
        pytest.skip("gPodder is not on this machine (Debian's package gpodder; .setup/clients installs it)")
    return Client(program, tmp_path / "home", f"{show[1]}feed.xml")


def _publish(root: Path, minutes: int = 0) -> None:
    at = NOW + timedelta(minutes=minutes)
    run(root, at, lambda *_: None)
    publish(root, at, Options(verify=False), confirm=lambda _: True)


def test_an_episode_reaches_a_listener_once_through_every_change(show: tuple[Path, str], client: Client) -> None:
    root, address = show
    client.do("subscribe", client.feed)
    assert client.feed in client.do("list")
    assert client.new() == ["First talk"]
    ((guid, url),) = client.rows("guid, url")
    assert str(url).startswith(address)

    client.do("download")
    (heard,) = [path for path in client.home.rglob("*") if path.suffix == ".mp3"]
    assert heard.read_bytes() == (root / "build" / SLUG / "release.mp3").read_bytes()
    assert client.new() == []

    _correct(root)
    client.do("update")
    assert client.new() == []
    ((same_guid, same_url, description),) = client.rows("guid, url, description_html")
    assert (same_guid, same_url) == (guid, url)
    assert "391 cases" in str(description)

    add_episode(root.parent, "second-talk", number=2, title="Second talk")
    _publish(root, minutes=2)
    client.do("update")
    assert client.new() == ["Second talk"]
    assert [title for (title,) in client.rows("title")] == ["First talk", "Second talk"]


def _correct(root: Path) -> None:
    """Change a figure in text and notes after publication, tell it, approve again, publish again."""
    for name in ("transcript.md", "notes.md"):
        path = root / "episodes" / SLUG / name
        path.write_text(path.read_text("utf-8").replace("381 cases", "391 cases"), "utf-8")
    command = ["correct", SLUG, "--kind", "correction", "--by", ADA, "--root", str(root)]
    subprocess.run([sys.executable, "-m", "pipeline", *command], check=True, capture_output=True, timeout=60)
    approve(root, SLUG, ADA, NOW + timedelta(minutes=1))
    _publish(root, minutes=1)
