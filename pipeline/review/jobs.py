"""Work that takes longer than an answer may: one at a time, in a thread, asked after by its name."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.errors import OnRecordError

_KEPT = 50
_log = logging.getLogger(__name__)

Work = Callable[[Callable[[float], None]], dict[str, Any]]


@dataclass
class Job:
    """`part` is how much is done (0 to 1); `result` is there when it is done, `message` when it failed."""

    state: Literal["running", "done", "failed"] = "running"
    part: float = 0.0
    result: dict[str, Any] = field(default_factory=dict)
    message: str = ""
    remedy: str = ""


class Jobs:
    """The desk's jobs. A job that waits for another is running with nothing done yet."""

    def __init__(self) -> None:
        """Nothing runs until the first `start`."""
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk-job")
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()

    def start(self, work: Work) -> str:
        """Queue `work`, which is given a function to report its part to, and return the job's name."""
        name, job = secrets.token_hex(8), Job()
        with self._lock:
            self._jobs[name] = job
            finished = [known for known, one in self._jobs.items() if one.state != "running"]
            for old in finished[: max(0, len(self._jobs) - _KEPT)]:
                del self._jobs[old]
        self._executor.submit(self._run, job, work)
        return name

    def get(self, name: str) -> Job | None:
        """The job, or None when there is none of this name (any more)."""
        with self._lock:
            return self._jobs.get(name)

    def stop(self) -> None:
        """Start nothing more; what runs is left to end with the program."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    @staticmethod
    def _run(job: Job, work: Work) -> None:
        def report(part: float) -> None:
            job.part = min(1.0, max(job.part, part))

        try:
            job.result = work(report)
            job.part, job.state = 1.0, "done"
        except OnRecordError as error:
            job.message = ". ".join(one.what for one in error.problems)
            job.remedy = error.problems[0].remedy
            job.state = "failed"
        except Exception:  # whatever an engine throws, the page must hear that its job has ended
            _log.exception("a job of the desk failed")
            job.message, job.remedy = "On Record itself failed here", "Look at the terminal where the desk runs"
            job.state = "failed"
