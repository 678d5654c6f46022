from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.audio import ffmpeg
from pipeline.errors import MissingTool, ToolFailed
from tests.audio.sounds import render
from tests.processes import ffmpegs

_VERSION = "ffmpeg version {name} Copyright\nlibavutil      {major}. {minor}.100 / {major}. {minor}.100"
_ENCODERS = " A....D aac                  AAC\n A....D libmp3lame           MP3"
_FILTERS = " T. alimiter          A->A       limiter\n .. ebur128           A->N       scanner"


def _pretend(
    folder: Path,
    *,
    name: str = "5.1.9",
    libavutil: tuple[int, int] = (57, 28),
    encoders: str = _ENCODERS,
    filters: str = _FILTERS,
) -> Path:
    version = _VERSION.format(name=name, major=libavutil[0], minor=libavutil[1])
    script = folder / "ffmpeg"
    script.write_text(
        f"#!/bin/sh\ncase $* in\n*-version*) cat <<'E'\n{version}\nE\n;;\n"
        f"*-encoders*) cat <<'E'\n{encoders}\nE\n;;\n*-filters*) cat <<'E'\n{filters}\nE\n;;\nesac\n"
    )
    script.chmod(0o755)
    return script


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH but the shell, on a machine where nobody has chosen an ffmpeg."""
    monkeypatch.delenv(ffmpeg.ENVIRONMENT_NAME, raising=False)
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "cat", "sleep"):
        (folder / tool).symlink_to(f"/bin/{tool}")
    monkeypatch.setenv("PATH", str(folder))
    ffmpeg.find.cache_clear()
    return folder


def test_the_systems_own_is_preferred_when_it_will_do(bare: Path) -> None:
    script = _pretend(bare)
    assert ffmpeg.find() == ffmpeg.Ffmpeg(script, "5.1.9")


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "4.4.2", "libavutil": (56, 70)},
        {"encoders": " A....D aac                  AAC"},
        {"filters": " .. ebur128           A->N       scanner"},
    ],
    ids=["too old", "without LAME", "without a limiter"],
)
def test_a_system_ffmpeg_that_will_not_do_gives_way_to_the_wheels(bare: Path, fault: dict[str, object]) -> None:
    script = _pretend(bare, **fault)  # type: ignore[arg-type]  # one call for faults of several types
    found = ffmpeg.find()
    assert found.path != script
    assert "ffmpeg version" in subprocess.check_output([found.path, "-version"], text=True)


def test_without_any_ffmpeg_the_message_says_what_to_install(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(bare, name="4.4.2", libavutil=(56, 70))
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingTool, match=r"version 4\.4\.2, older than 5\.1.*apt-get install ffmpeg"):
        ffmpeg.find()


def test_the_environment_decides_and_is_held_to_the_same(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = bare / "elsewhere"
    elsewhere.mkdir()
    script = _pretend(elsewhere, name="n8.0")
    _pretend(bare)
    monkeypatch.setenv(ffmpeg.ENVIRONMENT_NAME, str(script))
    assert ffmpeg.find() == ffmpeg.Ffmpeg(script, "n8.0")
    ffmpeg.find.cache_clear()
    _pretend(elsewhere, encoders="")
    with pytest.raises(MissingTool, match=r"ONRECORD_FFMPEG=.*built without libmp3lame, aac"):
        ffmpeg.find()
    monkeypatch.setenv(ffmpeg.ENVIRONMENT_NAME, str(bare / "nothing"))
    with pytest.raises(MissingTool, match=r"no program of this name.*unset ONRECORD_FFMPEG"):
        ffmpeg.find()


def test_an_ffmpeg_that_makes_no_headway_is_stopped(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = _pretend(bare)
    # It says over and over that it is where it was, as ffmpeg does on a disk that does not answer.
    script.write_text(
        script.read_text().replace("esac", "*) while :; do echo out_time_us=N/A; sleep 0.05; done;;\nesac")
    )
    monkeypatch.setattr(ffmpeg, "_STALL_TIMEOUT_S", 1)
    with pytest.raises(ToolFailed, match=r"talk\.wav: ffmpeg made no headway for 1 seconds"):
        ffmpeg.run(["-i", "x"], subject=Path("talk.wav"))
    assert not ffmpegs()


def test_the_child_dies_with_the_interrupt(tmp_path: Path) -> None:
    class _InterruptError(Exception):
        pass

    def interrupt(_: float) -> None:
        raise _InterruptError

    endless = ["-re", "-f", "lavfi", "-i", "sine=d=600", "-f", "null", "-"]
    with pytest.raises(_InterruptError):
        ffmpeg.run(endless, subject=tmp_path, duration_ms=600_000, report=interrupt)
    assert not ffmpegs()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_sound_without_an_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "LONGEST_MS", 3_600_000)
    endless = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono", "-f", "s16le", os.devnull]
    with pytest.raises(ToolFailed, match=r"^x: it lasts longer than 1 hours\. Cut it into several recordings\."):
        ffmpeg.run(endless, subject=Path("x"))


def test_a_full_disk_is_called_one() -> None:
    arguments = ["-f", "lavfi", "-i", "sine=d=30", "-f", "wav", "file:/dev/full"]
    with pytest.raises(ToolFailed, match=r"the disk is full. Free some space"):
        ffmpeg.run(arguments, subject=Path("talk.wav"))


def test_a_failure_is_one_sentence_without_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m\nb.wav"
    with pytest.raises(ToolFailed) as caught:
        ffmpeg.run([*ffmpeg.foreign(path), "-f", "null", "-"], subject=Path("talk.wav"))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_progress_runs_from_the_start_to_the_end(tmp_path: Path) -> None:
    source = render(tmp_path / "s.wav", "-f", "lavfi", "-i", "sine=d=5")
    fractions: list[float] = []
    log = ffmpeg.run(
        [*ffmpeg.foreign(source), "-f", "null", "-"], subject=source, duration_ms=5000, report=fractions.append
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert log.end_ms == 5000


def test_a_playlist_opens_no_other_file(tmp_path: Path) -> None:
    # Where ffmpeg is left to itself, the second of these plays secret.mp3: then the whitelist is what refuses.
    render(tmp_path / "secret.mp3", "-f", "lavfi", "-i", "sine=d=3")
    playlist = tmp_path / "list.mp3"
    playlist.write_text("ffconcat version 1.0\nfile secret.mp3\n")
    program = str(ffmpeg.find().path)
    assert subprocess.run([program, "-v", "quiet", "-i", playlist, "-f", "null", "-"], check=False).returncode == 0
    with pytest.raises(ToolFailed):
        ffmpeg.run([*ffmpeg.foreign(playlist), "-f", "null", "-"], subject=playlist)
