"""Finds ffmpeg and runs it, on files that nobody here wrote.

A recording is foreign input. Left to itself ffmpeg follows a playlist named `.mp3` to other files and other
machines, and reads options out of file names. So every foreign file is opened with a whitelist of protocols
and of containers (formats whitelist, `libavformat/options_table.h`), by a name that begins with `file:`.
"""

from __future__ import annotations

import importlib
import os
import queue
import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import MissingTool, Problem, ToolFailed

ENVIRONMENT_NAME = "ONRECORD_FFMPEG"
FORMATS = "wav,w64,aiff,flac,mp3,aac,ogg,mov,matroska"
PROTOCOLS = "file,pipe"
# No tags, chapters, dates or version numbers taken over or written: the sound alone decides on the bytes.
SAME_BYTES = (
    "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact",
)  # fmt: skip

# ffmpeg names its builds freely (n9.0.2, N-12345-g…), its libraries not: 57.28 is what 5.1 shipped.
_OLDEST_LIBAVUTIL = (57, 28)
_OLDEST_NAME = "5.1"
_ENCODERS = ("libmp3lame", "aac")
_FILTERS = ("ebur128", "alimiter")
_QUESTION_TIMEOUT_S = 60
_STALL_TIMEOUT_S = 180
# A few bytes can promise days of silence, or ask for memory that nobody has.
LONGEST_MS = 24 * 3_600_000
_MOST_BYTES_AT_ONCE = 1_000_000_000
_LOG_LINES = 400
_LOG_LINE_BYTES = 2000

Report = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Ffmpeg:
    """An ffmpeg that has what mastering needs."""

    path: Path
    version: str


@dataclass(frozen=True, slots=True)
class Log:
    """What a run said: the last lines of its log, how many of all its lines were errors, and how far it came."""

    text: str
    error_count: int
    end_ms: int


@lru_cache(maxsize=1)
def find() -> Ffmpeg:
    """The ffmpeg to use; looked for once per process.

    `ONRECORD_FFMPEG` decides where it is set. Else the system's, when it is 5.1 or newer and has libmp3lame,
    aac, ebur128 and alimiter; else the one of the package imageio-ffmpeg. Raises MissingTool.
    """
    override = os.environ.get(ENVIRONMENT_NAME)
    if override:
        found = _examine(override)
        if isinstance(found, str):
            raise MissingTool(
                Problem(
                    f"{ENVIRONMENT_NAME}={override}",
                    found,
                    f"Name an ffmpeg {_OLDEST_NAME} or newer with libmp3lame, or unset {ENVIRONMENT_NAME}",
                )
            )
        return found
    complaints: list[str] = []
    for candidate in (shutil.which("ffmpeg"), _from_wheel()):
        if candidate is not None:
            found = _examine(candidate)
            if isinstance(found, Ffmpeg):
                return found
            complaints.append(f"{candidate}: {found}")
    raise MissingTool(
        Problem(
            "ffmpeg",
            "; ".join(complaints) or "there is none on this machine",
            f"Install ffmpeg {_OLDEST_NAME} or newer (Debian: apt-get install ffmpeg), or the package imageio-ffmpeg",
        )
    )


def foreign(path: Path) -> list[str]:
    """Arguments that open a file nobody here wrote: known containers only, and only from a file."""
    return [
        "-protocol_whitelist", PROTOCOLS,
        "-format_whitelist", FORMATS,
        "-err_detect", "crccheck",
        "-i", f"file:{path}",
    ]  # fmt: skip


def own(path: Path, container: str) -> list[str]:
    """Arguments that open a file this program wrote, whose container is known."""
    return ["-protocol_whitelist", PROTOCOLS, "-f", container, "-i", f"file:{path}"]


def run(arguments: Sequence[str], *, subject: Path, duration_ms: int = 0, report: Report | None = None) -> Log:
    """Run ffmpeg with inputs, filters and outputs in `arguments`; `subject` is the file that errors name.

    `report` gets the fraction done, 0 to 1, reckoned from `duration_ms`. The child never outlives this call,
    whatever ends it. Raises ToolFailed when ffmpeg fails, makes no headway for three minutes, or comes to sound
    that lasts longer than `LONGEST_MS`.
    """
    command = [
        str(find().path),
        "-nostdin", "-hide_banner", "-nostats", "-y",
        "-max_alloc", str(_MOST_BYTES_AT_ONCE),
        "-loglevel", "repeat+level+info",
        "-progress", "pipe:1",
        *arguments,
    ]  # fmt: skip
    process = subprocess.Popen(  # noqa: S603 - a list, no shell; foreign names only behind "file:"
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with process:
        listener = _Listener(process)
        try:
            end_ms = listener.follow(subject, duration_ms, report)
            process.wait()
        finally:
            process.kill()
            # The threads end with the pipes, which end with the child; only then may the pipes be closed.
            text, error_count = listener.finish()
    if process.returncode != 0:
        raise ToolFailed(_explain(subject, text, process.returncode))
    return Log(text, error_count, end_ms)


class _Listener:
    """Reads both ends of a running ffmpeg, each in a thread, so that neither pipe fills up."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._progress: queue.Queue[bytes | None] = queue.Queue()
        self._lines: deque[str] = deque(maxlen=_LOG_LINES)
        self._error_count = 0
        self._threads = [
            threading.Thread(target=self._read_progress, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def follow(self, subject: Path, duration_ms: int, report: Report | None) -> int:
        """Follow the progress to its end; the time reached, in ms."""
        end_ms = 0
        while (line := self._next(subject)) is not None:
            match = re.match(rb"out_time_us=(\d+)", line)
            if match:
                end_ms = int(match[1]) // 1000
                if end_ms > LONGEST_MS:
                    raise ToolFailed(too_long(subject))
                if report is not None and duration_ms > 0:
                    report(min(1.0, end_ms / duration_ms))
        return end_ms

    def finish(self) -> tuple[str, int]:
        """The log, once the process has ended."""
        for thread in self._threads:
            thread.join()
        return "\n".join(self._lines), self._error_count

    def _next(self, subject: Path) -> bytes | None:
        # Only lines that differ from the last of their kind are queued, so an empty queue means no headway.
        try:
            return self._progress.get(timeout=_STALL_TIMEOUT_S)
        except queue.Empty:
            raise ToolFailed(
                Problem(
                    str(subject),
                    f"ffmpeg made no headway for {_STALL_TIMEOUT_S} seconds and was stopped",
                    "Check that the disk answers, and run again",
                )
            ) from None

    def _read_progress(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - opened as a pipe above
        last = b""
        for line in self._process.stdout:
            if line.startswith(b"out_time_us=") and line != last:
                last = line
                self._progress.put(line)
        self._progress.put(None)

    def _read_log(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - opened as a pipe above
        while line := self._process.stderr.readline(_LOG_LINE_BYTES):
            if b"[error]" in line or b"[fatal]" in line:
                self._error_count += 1
            self._lines.append(line.decode("utf-8", "replace").rstrip())


def too_long(subject: Path) -> Problem:
    """What is said of sound that lasts longer than `LONGEST_MS`."""
    return Problem(
        str(subject), f"it lasts longer than {LONGEST_MS // 3_600_000} hours", "Cut it into several recordings"
    )


def _explain(subject: Path, log: str, code: int) -> Problem:
    lines = [line for line in log.splitlines() if "[error]" in line or "[fatal]" in line]
    if any("No space left on device" in line for line in lines):
        return Problem(str(subject), "the disk is full", "Free some space and run again")
    if code < 0:
        return Problem(str(subject), f"ffmpeg was stopped from outside (signal {-code})", "Run again; nothing is lost")
    said = re.sub(r"\[[^]]*\]\s*", "", lines[0]) if lines else f"exit code {code}"
    said = "".join(character for character in said if character.isprintable()).strip().rstrip(".")[:200]
    return Problem(
        str(subject),
        f"ffmpeg could not work on it ({said})",
        "Check that it plays to its end, export it again as WAV or FLAC, and run again",
    )


def _from_wheel() -> str | None:
    try:
        # A system with its own ffmpeg does without the package, so it is not imported at the top.
        wheel: Any = importlib.import_module("imageio_ffmpeg")
        return str(wheel.get_ffmpeg_exe())
    except (ImportError, RuntimeError):
        return None


def _examine(program: str) -> Ffmpeg | str:
    """The ffmpeg at `program`, or a sentence saying what is wrong with it."""
    path = shutil.which(program)
    if path is None:
        return "there is no program of this name"
    try:
        versions = _ask(path, "-version")
        encoders = _ask(path, "-hide_banner", "-encoders")
        filters = _ask(path, "-hide_banner", "-filters")
    except (OSError, subprocess.SubprocessError) as error:
        return f"it does not run ({error})"
    name = re.match(r"ffmpeg version (\S+)", versions)
    library = re.search(r"^libavutil\s+(\d+)\.\s*(\d+)\.", versions, re.MULTILINE)
    if name is None or library is None:
        return "it is not ffmpeg"
    if (int(library[1]), int(library[2])) < _OLDEST_LIBAVUTIL:
        return f"it is version {name[1]}, older than {_OLDEST_NAME}"
    missing = [one for one in _ENCODERS if not re.search(rf"^ A\S+ {one} ", encoders, re.MULTILINE)]
    missing += [one for one in _FILTERS if not re.search(rf"^ \S+ {one} ", filters, re.MULTILINE)]
    if missing:
        return f"it was built without {', '.join(missing)}"
    return Ffmpeg(Path(path), name[1])


def _ask(path: str, *arguments: str) -> str:
    answer = subprocess.run(  # noqa: S603 - a list, no shell, our own arguments
        [path, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=_QUESTION_TIMEOUT_S,
    )
    return answer.stdout.decode("utf-8", "replace")
