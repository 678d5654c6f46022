"""The commands: parse, call, print, exit code. The work is done elsewhere.

Each module holds the commands of one room and adds them to `app`; the order of the imports below is their order
in `onrecord --help`.
"""

from __future__ import annotations

import gc
import signal
import sys

from pipeline import files
from pipeline.cli.app import app
from pipeline.cli.console import complain, err
from pipeline.errors import Busy, OnRecordError

# ruff: noqa: F401, I001  each import adds its commands, in the order of --help
from pipeline.cli import producing, editing, redacting, amending, publishing, measuring, sourcing, linkkeeping
from pipeline.cli import doctoring
from pipeline.cli import moving, verifying, beginning, clustering

__all__ = ["app", "main"]

_INTERRUPTED = 130


def main() -> None:
    """Run the program; its own errors end with a message and a code, never with a stack trace."""
    # A polite kill ends like Ctrl+C: children are stopped, locks let go.
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    # What a run reads of a great show it holds to its end: looking through it for rubbish at Python's usual pace took a
    # fifth of a run that had one episode to make among ten thousand.
    gc.set_threshold(50_000, 20, 50)
    try:
        app()
    except Busy as error:
        complain(error.problems)
        sys.exit(5)
    except OnRecordError as error:
        complain(error.problems)
        sys.exit(1)
    except Exception as error:
        failed = files.disk_failed(error, "this disk")
        if failed is None:
            raise
        complain(failed.problems)
        sys.exit(1)
    except SystemExit as ending:
        if ending.code == _INTERRUPTED:  # which is how typer tells of Ctrl+C
            err.print("Stopped. What was finished is kept; run again to go on.")
        raise
