"""The last look over what is about to be published: by names of files and by their bytes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from mutagen import id3
from PIL import Image

from pipeline.publish.leaks import leaks, leaks_into
from pipeline.publish.search.documents import Card, document
from pipeline.publish.search.index import build_index
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


def test_a_name_with_markup_in_it_is_found() -> None:
    assert leaking({"a/index.html": b"<p>Maria <em>Santos</em></p>"}) == ["a/index.html"]


def test_what_an_episode_puts_into_files_of_all_is_searched_before_it_is_cut_into_words() -> None:
    # search/words-*.json holds single words: of several that are one name no file could tell.
    index = build_index([document("a", Card("A", "a/", "a.json", "2026-11-01", "en", "", (), ()), "Maria Santos came")])
    words = next(name for name in index.files if "words" in name)
    assert leaking({words: index.files[words]}) == []
    (problem,) = leaks_into("a in site/search/", ["She is", "Maria <b>Santos</b> came"], MARIA)
    assert problem.where == "a in site/search/"


def test_the_pixels_of_a_picture_hold_no_names(tmp_path: Path) -> None:
    # In a megabyte of them a short name stands by chance. What is said of the picture is searched.
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), (20, 60, 90)).save(picture, "JPEG", comment=b"With Ann")
    head, mark, end = picture.getvalue().rpartition(b"\xff\xd9")
    content = head + b"\x00\x01 Lee!\x02" + mark + end
    assert [name for name, _ in leaks({"a.jpg": content}, [Protected("Lee")])] == []
    assert [name for name, _ in leaks({"a.jpg": content}, [Protected("Ann")])] == ["a.jpg"]
    # Inside a recording's tags the picture is the same.
    (tmp_path / "a.mp3").write_bytes(b"")
    frames: Any = id3  # mutagen has no types
    tags = frames.ID3()
    tags.add(frames.APIC(data=content))
    tags.add(frames.TIT2(text="With Joe"))
    tags.save(tmp_path / "a.mp3")
    plan: dict[str, bytes | Path] = {"a.mp3": tmp_path / "a.mp3"}
    assert list(leaks(plan, [Protected("Lee")])) == []
    assert [name for name, _ in leaks(plan, [Protected("Joe")])] == ["a.mp3"]
