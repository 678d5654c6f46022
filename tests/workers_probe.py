"""A task for tests of runners: does what its payload says, well or badly."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.errors import InvalidAudio, Problem
from pipeline.stages import costly

DOUBLE = "tests.workers_probe:double"
MASTER = "tests.workers_probe:master"
POISONOUS_BYTES = 200_000


def double(task: dict[str, Any], files: Mapping[str, Path], report: Callable[[float], None]) -> Any:
    """Return twice `number`, and write `copy` from `original`, unless the task says what goes wrong."""
    if notes := task.get("starts"):  # how often it was begun, for the test to count
        with Path(notes).open("a", encoding="utf-8") as stream:
            stream.write(f"{task['number']} {os.getpid()} {os.getppid()}\n")
    match task.get("fate"):
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "killed once" if not Path(task["marker"]).exists():
            Path(task["marker"]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        case "refused":
            raise InvalidAudio(Problem(str(files.get("original", "talk.wav")), "it is broken", "Record it again"))
        case "fault":
            raise ZeroDivisionError("a fault of ours")
        case "chatty":
            sys.stdout.write("what a library prints\n")
            os.write(1, b"and a native one\n")
        case "kills its worker":
            os.kill(os.getppid(), signal.SIGKILL)
            time.sleep(300)
        case "told":
            report(0.25)
            time.sleep(1)
        case "nested":  # as ffmpeg is, and for long
            subprocess.run([sys.executable, "-c", "import time; time.sleep(300)"], check=True)
        case "slow":
            time.sleep(task["seconds"])
    report(0.5)
    if "copy" in files:
        files["copy"].write_bytes(files["original"].read_bytes()[::-1])
    return 2 * task["number"]


def master(payload: dict[str, Any], files: Mapping[str, Path], report: Callable[[float], None]) -> Any:
    """Mastering as it is, but where the recording is longer than it should be: there it takes its process along."""
    if files["recording"].stat().st_size > POISONOUS_BYTES:
        os.kill(os.getpid(), signal.SIGKILL)
    return costly.master(payload, files, report)
