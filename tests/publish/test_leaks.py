"""The last look over what is about to be published: by names of files and by their bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mutagen import id3

from pipeline.publish.leaks import leaks
from pipeline.withhold import Protected

MARIA = [Protected("Maria Santos")]


def leaking(plan: dict[str, bytes | Path]) -> list[str]:
    return [name for name, _ in leaks(plan, MARIA)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a/index.html", "<p>Mar&iacute;a Santos</p>"),
        ("a/index.html", '<a href="?q=maria%20santos">x</a>'),
        ("a/index.html", '<img alt="MARIA-SANTOS">'),
        ("feed.xml", "<title>Maria&#32;Santos</title>"),
        ("a/a-1.vtt", "WEBVTT\n\n00:00.000 --> 00:01.000\n<v Ada>Maria\nSantos</v>"),
        ("a/a-1.json", json.dumps({"body": "María Santos"})),
        ("a/maria-santos-0123.mp3", ""),
        ("search/ma-1.json", '{"mariasantos":[1]}'),
    ],
)
def test_a_name_is_found_however_it_is_written(name: str, content: str) -> None:
    assert leaking({name: content.encode("utf-8")}) == [name]


@pytest.mark.parametrize("encoding", [0, 1, 2, 3])
def test_a_name_in_the_tags_of_a_recording_is_found(tmp_path: Path, encoding: int) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"\xff\xfb\x90\x00" * 2000)
    frames: Any = id3  # mutagen has no types
    tags = frames.ID3()
    tags.add(frames.TIT2(encoding=encoding, text="A talk"))
    tags.add(frames.COMM(encoding=encoding, lang="eng", desc="", text="with Maria Santos"))
    tags.save(path)
    assert leaking({"a/a-1.mp3": path}) == ["a/a-1.mp3"]


def test_what_says_nothing_of_it_is_let_through(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    path.write_bytes(b"\xff\xfb\x90\x00" * 2000)
    assert leaking({"a/a-1.mp3": path, "a/index.html": b"<p>Maria, and Mr Santos</p>", "a/a.jpg": b"\xff\xd8"}) == []


def test_the_problem_names_file_and_name() -> None:
    ((_, problem),) = leaks({"a/index.html": b"Maria Santos"}, MARIA)
    assert problem.where == "site/a/index.html"
    assert "Maria Santos" in problem.what
