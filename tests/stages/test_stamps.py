"""Stamps: fresh only when key and outputs are what they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.stages import stamps


@pytest.fixture
def stamp(tmp_path: Path) -> Path:
    (tmp_path / "out.mp3").write_bytes(b"sound")
    path = tmp_path / "master.stamp.json"
    stamps.write(path, "key", ["out.mp3"], facts={"loudness_lufs": -19.1})
    return path


def test_the_same_key_and_outputs_are_fresh(stamp: Path) -> None:
    assert stamps.is_fresh(stamp, "key")
    assert stamps.read(stamp)["facts"] == {"loudness_lufs": -19.1}


def test_another_key_a_missing_or_a_cut_output_is_not_fresh(stamp: Path) -> None:
    assert not stamps.is_fresh(stamp, "other")
    (stamp.parent / "out.mp3").write_bytes(b"soun")
    assert not stamps.is_fresh(stamp, "key")
    (stamp.parent / "out.mp3").unlink()
    assert not stamps.is_fresh(stamp, "key")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"key": "key"}', b'{"key": "key", "outputs": []}'])
def test_a_damaged_stamp_means_doing_it_again(stamp: Path, content: bytes) -> None:
    stamp.write_bytes(content)
    assert not stamps.is_fresh(stamp, "key")


def test_outputs_may_stand_in_another_folder(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "feed.xml").write_bytes(b"<rss/>")
    stamp = tmp_path / "build" / "site.stamp.json"
    stamps.write(stamp, "key", ["feed.xml"], base=tmp_path / "site")
    assert stamps.is_fresh(stamp, "key", base=tmp_path / "site")
    assert not stamps.is_fresh(stamp, "key")


def test_keys_depend_on_every_input_and_not_on_their_order() -> None:
    assert stamps.key_of(a=1, b=[1.5, None]) == stamps.key_of(b=(1.5, None), a=1)
    assert stamps.key_of(a=1.0) != stamps.key_of(a=1)
    assert stamps.key_of(a="1") != stamps.key_of(a=1)
    assert stamps.key_of(a=None) != stamps.key_of(b=None)
