"""Tasks in child processes: one that dies costs one task, which is begun again, and the others go on.

The process pools of the standard library give up every waiting task when one process is killed; a run of hours
cannot afford that. Here each child is a Python process that does one task after another of one kind, so that it
keeps what is costly to load (the weights of a model). It ends when its parent does, however that ends: the pipe that
brings the tasks closes then. What it started itself, ffmpeg for one, ends with it.

Parent and child speak in lines of JSON. To the child: `{"task", "do", "payload", "files"}`; from it:
`{"task", "part"}`, `{"task", "done"}` or `{"task", "failed"}` with the kind of error and its problems.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from threading import RLock, Thread
from typing import IO, Any

from pipeline.errors import OnRecordError, Problem
from pipeline.limits import limits
from pipeline.runner import ATTEMPTS, Done, Event, Failed, Lost, Part, Task, packed, unpacked

_STOP_PATIENCE_S = 10.0
# Whoever started this process may have set one of them (Dask does): the same sum needs the same of all.
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_PACKAGE_HOME = Path(__file__).resolve().parent.parent


def usable_cores() -> int:
    """The processor cores this process may use; OMP_NUM_THREADS, where somebody set it, is their word on that."""
    wished = os.environ.get("OMP_NUM_THREADS", "")
    if wished.isdecimal() and int(wished) > 0:
        return int(wished)
    return limits().cores


class LocalRunner:
    """`Runner` by child processes of this one, of which `width` have a thread each, and others more.

    Children are started when there is something to do, and stay for the next task of their kind.
    """

    def __init__(self, width: int | None = None) -> None:
        self.width = width or usable_cores()
        self._memory_bytes = limits().memory_bytes
        self._lock = RLock()
        self._waiting: list[_Job] = []
        self._children: list[_Child] = []
        self._leaving: list[_Child] = []  # killed, and perhaps not gone yet
        self._numbers = count(1)
        self._is_closed = False

    def __enter__(self) -> LocalRunner:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_closed = True
            jobs = [*(child.job for child in self._children if child.job), *self._waiting]
            self._waiting.clear()
            for child in list(self._children):
                self._dismiss(child)
            leaving = list(self._leaving)
        for child in leaving:
            child.listener.join(_STOP_PATIENCE_S)
        for job in jobs:
            job.tell(Failed(_stopped(job.name)))

    @property
    def is_here(self) -> bool:
        """See `Runner.is_here`."""
        return True

    def start(self, name: str, task: Task, tell: Callable[[Event], None]) -> Callable[[], None]:
        """See `Runner.start`."""
        job = _Job(next(self._numbers), name, task, tell)
        with self._lock:
            if self._is_closed:
                tell(Failed(_stopped(name)))
            else:
                self._waiting.append(job)
                self._assign()
        return lambda: self._give_up(job)

    def _assign(self) -> None:
        """Give waiting jobs, the first one first, to children as far as there are cores and memory for them."""
        for job in list(self._waiting):
            busy = [child.job for child in self._children if child.job]
            if job.most(self._memory_bytes) <= sum(one.kind == job.kind for one in busy):
                continue
            if busy and sum(one.task.threads for one in busy) + job.task.threads > self.width:
                return  # nor one behind it: a task of many threads would never get its turn
            self._waiting.remove(job)
            self._child_for(job.kind).give(job)

    def _child_for(self, kind: _Kind) -> _Child:
        idle = [child for child in self._children if child.job is None]
        for child in idle:
            if child.kind == kind:
                return child
        if idle and len(self._children) >= self.width:
            self._dismiss(idle[0])
        child = _Child(kind, self._hear, self._bury)
        self._children.append(child)
        return child

    def _give_up(self, job: _Job) -> None:
        with self._lock:
            if job in self._waiting:
                self._waiting.remove(job)
            for child in [one for one in self._children if one.job is job]:
                self._dismiss(child)
            if not self._is_closed:
                self._assign()

    def _dismiss(self, child: _Child) -> None:
        self._children.remove(child)
        self._leaving.append(child)
        child.kill()

    def _hear(self, child: _Child, message: dict[str, Any]) -> None:
        with self._lock:
            job = child.job
            if job is None or child not in self._children:
                return
            if "part" in message:
                job.tell(Part(float(message["part"])))
                return
            child.job = None
            job.tell(Failed(unpacked(message["failed"])) if "failed" in message else Done(message["done"]))
            self._assign()

    def _bury(self, child: _Child) -> None:
        cause = child.cause_of_death()
        with self._lock:
            if child in self._leaving:
                self._leaving.remove(child)
                return
            self._children.remove(child)
            if job := child.job:
                job.attempts += 1
                if job.attempts < ATTEMPTS:
                    job.tell(Part(0.0))
                    self._waiting.append(job)
                else:
                    job.tell(Lost(f"{cause}, {ATTEMPTS} times"))
            self._assign()


@dataclass(frozen=True)
class _Kind:
    """What a child is for: one module's tasks, with so many threads. More would share out one sum differently."""

    module: str
    threads: int


@dataclass(eq=False)
class _Job:
    """A task that somebody waits for."""

    number: int
    name: str
    task: Task
    tell: Callable[[Event], None]
    attempts: int = 0

    @property
    def kind(self) -> _Kind:
        return _Kind(self.task.do.partition(":")[0], self.task.threads)

    def most(self, memory_bytes: int | None) -> int:
        """How many of its kind may be at work here: as it says itself, and as fit into half of `memory_bytes`."""
        wished = self.task.at_most or sys.maxsize
        if not self.task.memory_bytes or memory_bytes is None:
            return wished
        return min(wished, max(1, memory_bytes // 2 // self.task.memory_bytes))


@dataclass(eq=False)
class _Child:
    """One process, the job it has, and a thread that passes on what it says, and at last that it has ended."""

    kind: _Kind
    hear: Callable[[_Child, dict[str, Any]], None]
    ended: Callable[[_Child], None]
    job: _Job | None = None
    listener: Thread = field(init=False)
    _complaints: IO[bytes] = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed in cause_of_death()
        paths = [str(_PACKAGE_HOME), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and our own module
            # -P: what lies in the current folder, a show's perhaps, is no place to import from.
            [sys.executable, "-P", "-m", "pipeline.workers", self.kind.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env={
                **os.environ,
                **dict.fromkeys(_THREADS, str(self.kind.threads)),
                "PYTHONPATH": os.pathsep.join(paths),
            },
            start_new_session=True,  # Ctrl-C is for the parent, which ends its children in order
        )
        self.listener = Thread(target=self._listen, daemon=True)
        self.listener.start()

    def give(self, job: _Job) -> None:
        self.job = job
        assert self._process.stdin is not None  # noqa: S101  a pipe, as asked for above
        files = {**job.task.inputs, **job.task.outputs}
        request = {
            "task": job.number,
            "do": job.task.do,
            "payload": job.task.payload,
            "files": {name: str(path.absolute()) for name, path in files.items()},
        }
        # It may have died meanwhile, and its pipe be closed: the listener buries it, and the task is begun again.
        with suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End the process and all that it started."""
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses where only zombies are left
            os.killpg(self._process.pid, signal.SIGKILL)

    def cause_of_death(self) -> str:
        try:
            code = self._process.wait(_STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:  # it speaks no more, and yet lives
            self._process.kill()
            code = self._process.wait()
        self.kill()
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            with suppress(OSError):  # what was still to be written to a dead process
                if stream is not None:
                    stream.close()
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return f"its process was killed ({name})"
        return f"its process stopped ({lines[-1] if lines else f'exit code {code}'})"

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  a pipe, as asked for above
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                break  # cut off in the middle of a line
            self.hear(self, message)
        self.ended(self)


def serve() -> None:
    """In the child: do tasks until the parent has no more, or is no more.

    An OnRecordError goes to the parent as it is; any other exception ends this process.
    """
    tasks: SimpleQueue[dict[str, Any]] = SimpleQueue()
    Thread(target=_listen_to_parent, args=(tasks,), daemon=True).start()
    with _answers() as answers:

        def answer(message: dict[str, Any]) -> None:
            answers.write(json.dumps(message) + "\n")
            answers.flush()

        while True:
            request = tasks.get()
            number = request["task"]

            def report(part: float, number: int = number) -> None:
                answer({"task": number, "part": part})

            try:
                module, _, name = request["do"].partition(":")
                function = getattr(import_module(module), name)
                files = {name: Path(path) for name, path in request["files"].items()}
                value = function(request["payload"], files, report)
            except OnRecordError as error:
                answer({"task": number, "failed": packed(error)})
            except Exception:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)  # not by an exception: the thread that reads must not be waited for
            else:
                answer({"task": number, "done": value})


def _listen_to_parent(tasks: SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        tasks.put(json.loads(line))
    # At once, also in the middle of a task, and with all that it started: nobody is left who would want its result.
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


@contextmanager
def _answers() -> Iterator[IO[str]]:
    """The pipe to the parent; whatever else writes to standard output then goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        yield answers


def _stopped(name: str) -> OnRecordError:
    return OnRecordError(Problem(name, "the run was stopped", "Run again; what is finished is kept"))


if __name__ == "__main__":
    serve()
