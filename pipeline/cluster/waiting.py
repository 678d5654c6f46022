"""How long a run waits for workers, and for one with a graphics card, before it does without them.

A scheduler keeps a task that no worker can do, without a word, until one comes. So somebody has to look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, Protocol

# A machine that starts again is back by then; a queue that gives none in that time may give none today.
WORKERS_TIMEOUT_S = 120.0
# A worker process that died is started anew by its nanny in seconds.
GPU_TIMEOUT_S = 30.0
LOOK_EVERY_S = 2.0
_STOP_PATIENCE_S = 5.0
# The resource that a worker names which has one.
GPU = "GPU"

NO_WORKER, A_WORKER = "no worker is there, waiting for one", "a worker is there"
_NO_GPU, _A_GPU = "no worker with a graphics card is there, waiting for one", "a worker with a graphics card is there"


class Waiting(Protocol):
    """Those who wait for a cluster to do their tasks."""

    def workers(self) -> list[Mapping[str, Any]]:
        """What the scheduler says of its workers. Raises whatever a scheduler that is gone says."""

    def somebody_waits(self) -> bool:
        """Whether anybody waits."""

    def somebody_waits_for_a_gpu(self) -> bool:
        """Whether anybody waits for what only a worker with a graphics card is to do."""

    def end_the_wait(self) -> None:
        """There have been no workers for too long."""

    def do_without_a_gpu(self) -> None:
        """There has been no worker with a graphics card for too long, and there are others."""


@dataclass
class Absence:
    """How long something has been missing without a break, and for how long that is borne."""

    patience_s: float
    _since_s: float | None = None

    @property
    def is_felt(self) -> bool:
        """Whether it was missing when it was last looked for."""
        return self._since_s is not None

    def part(self, now_s: float, *, is_missing: bool) -> float | None:
        """The part of the patience that is used up, from 0; at 1 it is at its end. None while nothing is missing."""
        if not is_missing:
            self._since_s = None
            return None
        if self._since_s is None:
            self._since_s = now_s
        return min(1.0, (now_s - self._since_s) / self.patience_s)


class Watch:
    """A thread that looks whether there are workers for those who are `waiting`; `report` hears what is missing."""

    def __init__(self, waiting: Waiting, report: Callable[[str, float], None]) -> None:
        self._waiting = waiting
        self._report = report
        self._is_over = Event()
        self.is_deserted = False
        self._thread = Thread(target=self._watch, name="cluster", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no longer."""
        self._is_over.set()
        self._thread.join(_STOP_PATIENCE_S)

    def _watch(self) -> None:
        worker, gpu = Absence(WORKERS_TIMEOUT_S), Absence(GPU_TIMEOUT_S)
        while not self._is_over.wait(LOOK_EVERY_S):
            # A scheduler that is gone is told to whoever waits by what they wait for.
            with suppress(Exception):
                self._look(worker, gpu, self._waiting.workers())

    def _look(self, worker: Absence, gpu: Absence, workers: list[Mapping[str, Any]]) -> None:
        if workers:
            self.is_deserted = False
        has_gpu = any(offers_gpu(one) for one in workers)
        if self._miss(worker, (NO_WORKER, A_WORKER), bool(workers), self._waiting.somebody_waits()):
            self.is_deserted = True
            self._waiting.end_the_wait()
        if self._miss(gpu, (_NO_GPU, _A_GPU), has_gpu, bool(workers) and self._waiting.somebody_waits_for_a_gpu()):
            self._waiting.do_without_a_gpu()

    def _miss(self, absence: Absence, words: tuple[str, str], is_there: bool, is_wanted: bool) -> bool:
        """Whether something that is wanted has been missing for too long."""
        missing, found = words
        was_missing = absence.is_felt
        part = absence.part(time.monotonic(), is_missing=is_wanted and not is_there)
        if part is not None:
            self._report(missing, part)
        elif was_missing and is_there:
            self._report(found, 1.0)
        return part is not None and part >= 1


def offers_gpu(worker: Mapping[str, Any]) -> bool:
    """Whether a worker says that it has a graphics card (`--resources GPU=1`)."""
    return bool(worker.get("resources", {}).get(GPU, 0) >= 1)
