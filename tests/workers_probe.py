"""A worker for tests: does what its task says, well or badly."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import InvalidAudio, Problem
from pipeline.workers import serve


def handle(task: dict[str, Any], report: Callable[[float], None]) -> Any:
    """Double `number`, unless the task says what goes wrong."""
    if notes := task.get("starts"):  # how often it was begun, for the test to count
        with Path(notes).open("a", encoding="utf-8") as stream:
            stream.write(f"{task['number']} {os.getpid()}\n")
    match task.get("fate"):
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "killed once" if not Path(task["marker"]).exists():
            Path(task["marker"]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        case "refused":
            raise InvalidAudio(Problem("talk.wav", "it is broken", "Record it again"))
        case "fault":
            raise ZeroDivisionError("a fault of ours")
        case "chatty":
            sys.stdout.write("what a library prints\n")
            os.write(1, b"and a native one\n")
        case "slow":
            time.sleep(task["seconds"])
    report(0.5)
    return 2 * task["number"]


if __name__ == "__main__":
    serve(handle)
