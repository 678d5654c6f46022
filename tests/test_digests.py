"""Remembered digests: trusted only while nothing could have changed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pipeline import files
from pipeline.digests import DigestCache

OLD_NS = time.time_ns() - 3_600_000_000_000


def aged(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, ns=(OLD_NS, OLD_NS))


def test_an_unchanged_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audio = tmp_path / "interview.wav"
    aged(audio, b"one")
    # ctime cannot be set back: the file is only trusted when it is older than the cache entry.
    monkeypatch.setattr(time, "time_ns", lambda: audio.stat().st_ctime_ns + 3_000_000_000)
    cache = DigestCache(tmp_path / "digests.json")
    assert cache.digest(audio) == files.digest_bytes(b"one")
    cache.save()
    monkeypatch.setattr(files, "digest_file", lambda path: pytest.fail("read again"))
    assert DigestCache(tmp_path / "digests.json").digest(audio) == files.digest_bytes(b"one")


def test_a_change_of_the_same_length_with_its_time_set_back_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audio = tmp_path / "interview.wav"
    aged(audio, b"one")
    monkeypatch.setattr(time, "time_ns", lambda: audio.stat().st_ctime_ns + 3_000_000_000)
    cache = DigestCache(tmp_path / "digests.json")
    cache.digest(audio)
    aged(audio, b"two")
    assert cache.digest(audio) == files.digest_bytes(b"two")


def test_a_file_as_young_as_the_cache_is_not_remembered(tmp_path: Path) -> None:
    audio = tmp_path / "interview.wav"
    audio.write_bytes(b"one")
    cache = DigestCache(tmp_path / "digests.json")
    cache.digest(audio)
    cache.save()
    assert not (tmp_path / "digests.json").exists()


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"a": 1}', b'{"a": []}', b"\xff"])
def test_a_damaged_cache_is_no_cache(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "digests.json").write_bytes(content)
    audio = tmp_path / "a"
    audio.write_bytes(b"one")
    assert DigestCache(tmp_path / "digests.json").digest(audio) == files.digest_bytes(b"one")
