"""Files are written whole or not at all, and names never lead out of their folder."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import files


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "transcript.md"
    files.write_text(path, "old")
    with (
        pytest.raises(UnicodeEncodeError),
        files.replacing(path) as temporary,
        temporary.open("w", encoding="ascii") as half,
    ):
        half.write("half … ")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    keep = [tmp_path / name for name in (".hidden", "notes.tmp", ".a.tmp", "interview.wav")]
    for path in keep:
        path.write_text("x")
    left = tmp_path / ".release.0a1b2c3d.tmp.mp3"
    left.write_text("half")
    files.remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(keep)


def test_what_somebody_may_be_writing_just_now_is_left_alone(tmp_path: Path) -> None:
    fresh, old = tmp_path / ".a.0a1b2c3d.tmp.md", tmp_path / ".b.0a1b2c3d.tmp.md"
    for path in (fresh, old):
        path.write_text("half")
    os.utime(old, (0, 0))
    files.remove_leftovers(tmp_path, untouched_s=files.STILL_AT_WORK_S)
    assert list(tmp_path.iterdir()) == [fresh]


def test_a_full_disk_is_told_as_one_and_a_fault_of_ours_is_not(tmp_path: Path) -> None:
    failed = files.disk_failed(OSError(errno.ENOSPC, "No space left on device"), "the show")
    assert str(failed) == "the show: the disk is full. Free some space and run again."
    named = files.disk_failed(PermissionError(errno.EACCES, "Permission denied", "notes.md"), "the show")
    assert str(named).startswith("notes.md: you may not read or write here.")
    (tmp_path / "show").write_text("no folder")
    with pytest.raises(NotADirectoryError) as beneath:
        (tmp_path / "show" / "build").mkdir()
    assert "there is a file where a folder must be" in str(files.disk_failed(beneath.value, "the show"))
    wrapped = ValueError("the tags cannot be written")
    wrapped.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert "the disk is full" in str(files.disk_failed(wrapped, "the show"))
    assert files.disk_failed(FileNotFoundError(errno.ENOENT, "No such file", "x"), "the show") is None


def test_the_temporary_name_is_one_that_is_cleared_away(tmp_path: Path) -> None:
    with files.replacing(tmp_path / "release.mp3") as temporary:
        temporary.write_text("x")
        assert temporary.suffix == ".mp3"
        copy = tmp_path / temporary.name.replace("release", "other")
        copy.write_text("x")
    files.remove_leftovers(tmp_path)
    assert not copy.exists()


def test_only_changed_bytes_are_written(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    assert files.write_if_changed(path, b"one")
    before = path.stat().st_mtime_ns
    assert not files.write_if_changed(path, b"one")
    assert path.stat().st_mtime_ns == before
    assert files.write_if_changed(path, b"two")


def test_digests_agree_however_they_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b'{"a":1}')
    assert files.digest_file(path) == files.digest_bytes(b'{"a":1}') == files.digest_json({"a": 1})
    assert files.digest_bytes(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("name", ["..", "../x", "/etc/passwd", "a/../../x", "", ".", "a\\b", "a\x00b", "link/passwd"])
def test_names_that_lead_out_are_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to("/etc")
    assert files.inside(tmp_path / "in", name) is None


@given(st.lists(st.sampled_from(["..", ".", "a", "b", "c.mp3", ""]), max_size=6).map("/".join))
def test_any_name_is_inside_or_none(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    found = files.inside(folder, name)
    assert found is None or found.is_relative_to(folder.resolve())


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("interview.wav", True),
        ("parts/interview.wav", True),
        ("link-within.wav", True),
        ("parts", False),
        ("link-out.wav", False),
        ("link-to-nothing.wav", False),
        ("parts/../../outside.wav", False),
        ("../outside.wav", False),
        ("missing.wav", False),
        ("back\\slash.wav", False),
        ("..", False),
        (".", False),
        ("", False),
        ("with\x00zero", False),
    ],
)
def test_a_folder_holds_files_that_are_in_it_and_stay_in_it(tmp_path: Path, name: str, held: bool) -> None:
    folder = tmp_path / "episode"
    (folder / "parts").mkdir(parents=True)
    for path in (folder / "interview.wav", folder / "parts" / "interview.wav", tmp_path / "outside.wav"):
        path.write_bytes(b"sound")
    (folder / "back\\slash.wav").write_bytes(b"on one system a name, on another a way")
    (folder / "link-within.wav").symlink_to(folder / "interview.wav")
    (folder / "link-out.wav").symlink_to(tmp_path / "outside.wav")
    (folder / "link-to-nothing.wav").symlink_to(folder / "nothing.wav")
    assert files.holds(folder, name) is held
