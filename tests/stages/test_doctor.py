"""What the doctor says of a machine: of this one as it is, and of this one with something taken away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock

from pipeline.audio import ffmpeg
from pipeline.limits import Limits
from pipeline.stages import doctor
from pipeline.stages.doctor import Finding, State, examine, ready
from tests.episodes import NOW, add_episode
from tests.shows import make_show

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return add_episode(tmp_path, "first-talk", approved=False)


def found(root: Path, what: str) -> Finding:
    (one,) = [one for one in examine(root, NOW + timedelta(days=3650)) if one.what == what]
    return one


def onrecord(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_machine_that_has_everything(root: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    done = onrecord("doctor", "--root", str(root), "--json")
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert told["ready"] is True
    by_name = {one["what"]: one for one in told["findings"]}
    assert "The Show: 1 episode" in by_name["show"]["said"]
    assert by_name["weights “base”"]["state"] == "fine"
    assert by_name["ffmpeg’s whitelists"]["state"] == "fine"
    # It only looks.
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_what_is_missing_is_named_with_its_remedy_and_the_code(root: Path, tmp_path: Path) -> None:
    done = onrecord("doctor", "--root", str(root), ONRECORD_FFMPEG=str(tmp_path / "none"))
    assert done.returncode == 1
    assert "Debian: apt-get install -y ffmpeg; macOS: brew install ffmpeg" in done.stdout
    assert done.stdout.rstrip().endswith("Missing: ffmpeg.")


def test_what_a_container_may_use_is_told_beside_what_the_machine_has(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = Limits(cores=16, machine_cores=16, memory_bytes=64 * 10**9, machine_memory_bytes=64 * 10**9)
    monkeypatch.setattr(doctor, "limits", lambda: wide)
    assert found(root, "processor").said.startswith("16 cores, 64.0 GB of memory, ")
    monkeypatch.setattr(doctor, "limits", lambda: replace(wide, cores=4, memory_bytes=8 * 10**9))
    said = "4 of 16 cores, 8.0 GB of 64.0 GB of memory (a container or a job has no more), "
    assert found(root, "processor").said.startswith(said)
    monkeypatch.setattr(doctor, "limits", lambda: replace(wide, memory_bytes=8 * 10**9, machine_memory_bytes=None))
    assert found(root, "processor").said.startswith("16 cores, 8.0 GB of memory (a container or a job has no more), ")


def test_a_folder_without_a_show_and_one_that_is_broken(tmp_path: Path) -> None:
    empty = found(tmp_path, "show")
    assert empty.state is State.MISSING
    assert empty.remedy
    root = make_show(tmp_path)
    (root / "episodes" / "show.toml").write_text("title = \n")
    assert found(root, "show").state is State.MISSING


def test_an_ffmpeg_that_follows_playlists_is_told(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = ffmpeg.find().path
    # One that was built so that it knows no whitelists: it leaves out what it is told of them.
    program = tmp_path / "ffmpeg"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "wanted = ' '.join(sys.argv)\n"
        "if 'playlist.mp3' in wanted: sys.exit(0)\n"
        f"os.execv({str(real)!r}, [{str(real)!r}, *sys.argv[1:]])\n"
    )
    program.chmod(0o700)
    monkeypatch.setenv(ffmpeg.ENVIRONMENT_NAME, str(program))
    ffmpeg.find.cache_clear()
    try:
        assert found(root, "ffmpeg’s whitelists").state is State.MISSING
    finally:
        ffmpeg.find.cache_clear()


def test_weights_that_are_nowhere_on_this_machine(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = root / "episodes" / "show.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[transcription]\nmodel = "large-v3-turbo"\n', "utf-8")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    # Everything was heard already, so nobody has to wait for them.
    assert found(root, "weights “large-v3-turbo”").state is State.LOOK
    (root / "episodes" / "first-talk" / "machine.json").unlink()
    missing = found(root, "weights “large-v3-turbo”")
    assert missing.state is State.MISSING
    assert "ONRECORD_WEIGHTS" in missing.remedy
    fetched = tmp_path / "hub" / "models--some-body--faster-whisper-large-v3-turbo" / "snapshots" / "1"
    fetched.mkdir(parents=True)
    (fetched / "model.bin").write_bytes(b"weights")
    there = found(root, "weights “large-v3-turbo”")
    assert there.state is State.FINE
    assert str(fetched) in there.said


def test_programs_that_a_target_needs(root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert found(root, "git").state is State.OPTIONAL
    settings = root / "episodes" / "show.toml"
    settings.write_text(
        settings.read_text("utf-8")
        + '\n[targets.web]\nkind = "sftp"\nhost = "h"\npath = "www"\n[targets.pages]\nkind = "git"\nrepository = "r"\n',
        "utf-8",
    )
    for program, user in (("ssh", "web"), ("git", "pages")):
        one = found(root, program)
        assert one.state is State.MISSING
        assert user in one.said
        assert "Debian: apt-get install -y" in one.remedy
    assert found(root, "rsync").state is State.OPTIONAL


def test_a_program_that_a_cache_is_told_by_is_looked_for(root: Path) -> None:
    settings = root / "episodes" / "show.toml"
    text = settings.read_text("utf-8")
    for name, program in (("web", "/usr/local/bin/no-such-purge"), ("other", sys.executable)):
        text += f'\n[targets.{name}]\nkind = "folder"\npath = "{name}"\npurge = ["{program}", "--show"]\n'
    settings.write_text(text, "utf-8")
    lacking = found(root, "purge of web")
    assert lacking.state is State.MISSING
    assert "/usr/local/bin/no-such-purge is no program here" in lacking.said
    assert found(root, "purge of other").state is State.FINE


def test_keys_that_a_bucket_needs_are_looked_for_and_never_shown(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = root / "episodes" / "show.toml"
    settings.write_text(
        settings.read_text("utf-8")
        + '\n[targets.ours]\nkind = "s3"\nbucket = "b"\n[targets.blob]\nkind = "azure"\nbucket = "b"\n',
        "utf-8",
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in [one for one in os.environ if one.startswith(("AWS_", "AZURE_"))]:
        monkeypatch.delenv(name)
    assert found(root, "keys for ours").state is State.LOOK
    missing = found(root, "keys for blob")
    assert (missing.state, missing.said) == (State.MISSING, "AZURE_STORAGE_ACCOUNT_NAME is not set")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA-ours")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "ours")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    for name in ("keys for ours", "keys for blob"):
        there = found(root, name)
        assert there.state is State.FINE
        assert not {"AKIA-ours", "c2VjcmV0"} & set(there.said.split())


def test_somebody_at_work_is_seen_and_a_dead_one_is_not(root: Path) -> None:
    (root / "build").mkdir()
    lock = FileLock(root / "build" / "run.lock")
    with lock:
        at_work = found(root, "locks")
        assert at_work.state is State.LOOK
        assert "run.lock" in at_work.said
    assert found(root, "locks").state is State.FINE


def test_a_clock_that_is_behind_the_files(root: Path) -> None:
    findings = {one.what: one for one in examine(root, NOW - timedelta(days=3650))}
    assert findings["clock"].state is State.LOOK
    assert "timedatectl" in findings["clock"].remedy
    assert ready(tuple(findings.values()))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(root: Path) -> None:
    (root / "episodes").chmod(0o555)
    try:
        assert found(root, "folder").state is State.MISSING
    finally:
        (root / "episodes").chmod(0o755)


def test_a_disk_that_is_too_full_for_the_biggest_recording(root: Path) -> None:
    with (root / "episodes" / "first-talk" / "interview.wav").open("r+b") as recording:
        recording.truncate(1 << 43)  # eight terabytes of nothing
    full = found(root, "disk")
    assert full.state is State.MISSING
    assert "first-talk/interview.wav, the biggest recording (8796.1 GB)" in full.said


def test_every_extra_is_looked_for(root: Path) -> None:
    declared = set(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])
    told = {one.what.removeprefix("extra ") for one in examine(root, NOW) if one.what.startswith("extra ")}
    assert declared - {"build", "dev"} <= told
