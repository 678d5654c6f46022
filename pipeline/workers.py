"""Tasks in child processes: one that dies costs one task, which is tried again, and the others go on.

The process pools of the standard library give up every waiting task when one process is killed; a run of hours
cannot afford that. Here each child is a Python module that calls `serve`; it keeps what is costly to load (the
weights of a model) from one task to the next, and it ends when its parent does, however that ends: the pipe that
brings the tasks closes then.

Parent and child speak in lines of JSON. To the child: `{"task", "payload"}`; from it: `{"task", "part"}`,
`{"task", "done"}` or `{"task", "failed"}` with the kind of error and its problems.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import IO, Any

from pipeline import errors
from pipeline.errors import OnRecordError, Problem, ToolFailed

ATTEMPTS = 3
_STOP_PATIENCE_S = 10.0
_PACKAGE_HOME = Path(__file__).resolve().parent.parent


def usable_cores() -> int:
    """The processor cores this process may use; OMP_NUM_THREADS, where somebody set it, is their word on that."""
    wished = os.environ.get("OMP_NUM_THREADS", "")
    if wished.isdecimal() and int(wished) > 0:
        return int(wished)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Workers:
    """Up to `count` child processes that run `python -m MODULE ARGUMENTS`; a context manager that ends them all.

    Children are started when there is something to do, and stay for the next `run`. `environment` is added to
    this process's own.
    """

    def __init__(self, module: str, *arguments: str, count: int, environment: Mapping[str, str] | None = None) -> None:
        # -P: what lies in the current folder, a show's perhaps, is no place to import from.
        self._command = (sys.executable, "-P", "-m", module, *arguments)
        paths = [str(_PACKAGE_HOME), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._environment = {**os.environ, **(environment or {}), "PYTHONPATH": os.pathsep.join(paths)}
        self._count = count
        self._children: list[_Child] = []
        self._messages: SimpleQueue[tuple[_Child, dict[str, Any] | None]] = SimpleQueue()

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            child.stop()
        self._children.clear()

    def run(
        self,
        tasks: Mapping[str, Any],
        *,
        report: Callable[[str, float], None] = lambda task, part: None,
        done: Callable[[str, Any], None] = lambda task, value: None,
    ) -> None:
        """Do `tasks` (name to payload, JSON), in their order as far as children are free.

        `report` hears a task and the part done of it, which falls back to 0 when it is tried again; `done` hears
        its result. Both are called in the caller's thread. Raises what a task raises as OnRecordError at once; a
        task whose child dies is tried ATTEMPTS times, and when all others are done ToolFailed tells those that
        never came through.
        """
        waiting = deque(tasks)
        attempts: Counter[str] = Counter()
        lost: list[Problem] = []
        while waiting or any(child.task for child in self._children):
            while waiting and (child := self._free_child()):
                task = waiting.popleft()
                attempts[task] += 1
                child.give(task, tasks[task])
            child, message = self._messages.get()
            if message is not None:
                self._hear(child, message, report, done)
                continue
            self._children.remove(child)
            if child.task is None:
                continue
            cause = child.cause_of_death()
            if attempts[child.task] < ATTEMPTS:
                waiting.append(child.task)
                report(child.task, 0.0)
            else:
                lost.append(_never_done(child.task, cause))
        if lost:
            raise ToolFailed(lost)

    def _free_child(self) -> _Child | None:
        for child in self._children:
            if child.task is None:
                return child
        if len(self._children) >= self._count:
            return None
        child = _Child(self._command, self._environment, self._messages)
        self._children.append(child)
        return child

    @staticmethod
    def _hear(
        child: _Child,
        message: dict[str, Any],
        report: Callable[[str, float], None],
        done: Callable[[str, Any], None],
    ) -> None:
        task = str(message["task"])
        if "part" in message:
            report(task, float(message["part"]))
            return
        child.task = None
        if "failed" in message:
            raise _error(*message["failed"])
        done(task, message["done"])


@dataclass(eq=False)
class _Child:
    """One process, the task it has, and a thread that passes on what it says (None when it has ended)."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    messages: SimpleQueue[tuple[_Child, dict[str, Any] | None]]
    task: str | None = None
    _complaints: IO[bytes] = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)
    _listener: Thread = field(init=False)

    def __post_init__(self) -> None:
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115  closed in stop() or cause_of_death()
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and our own module
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            env=self.environment,
            start_new_session=True,  # Ctrl-C is for the parent, which ends its children in order
        )
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def give(self, task: str, payload: Any) -> None:
        self.task = task
        assert self._process.stdin is not None  # noqa: S101  a pipe, as asked for above
        line = json.dumps({"task": task, "payload": payload}) + "\n"
        with suppress(OSError):  # it has died meanwhile: the listener says so, and the task is tried again
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()

    def stop(self) -> None:
        self._process.kill()
        self._end()

    def cause_of_death(self) -> str:
        try:
            code = self._process.wait(_STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:  # it speaks no more, and yet lives
            self._process.kill()
            code = self._process.wait()
        self._complaints.seek(0)
        lines = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        self._end()
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return f"its process was killed ({name})"
        return f"its process stopped ({lines[-1] if lines else f'exit code {code}'})"

    def _end(self) -> None:
        self._process.wait(_STOP_PATIENCE_S)
        self._listener.join(_STOP_PATIENCE_S)
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            with suppress(OSError):  # what was still to be written to a dead process
                if stream is not None:
                    stream.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  a pipe, as asked for above
        for line in self._process.stdout:
            try:
                message = json.loads(line)
            except ValueError:
                break  # cut off in the middle of a line
            self.messages.put((self, message))
        self.messages.put((self, None))


def serve(handle: Callable[[Any, Callable[[float], None]], Any]) -> None:
    """In the child: answer tasks with `handle(payload, report)` until the parent has no more, or is no more.

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
            name = request["task"]

            def report(part: float, name: str = name) -> None:
                answer({"task": name, "part": part})

            try:
                value = handle(request["payload"], report)
            except OnRecordError as error:
                problems = [[one.where, one.what, one.remedy] for one in error.problems]
                answer({"task": name, "failed": [type(error).__name__, problems]})
            except Exception:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)  # not by an exception: the thread that reads must not be waited for
            else:
                answer({"task": name, "done": value})


def _listen_to_parent(tasks: SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin.buffer:
        tasks.put(json.loads(line))
    os._exit(0)  # at once, also in the middle of a task: nobody is left who would want its result


@contextmanager
def _answers() -> Iterator[IO[str]]:
    """The pipe to the parent; whatever else writes to standard output then goes to standard error."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        yield answers


def _error(kind: str, problems: Sequence[Sequence[str]]) -> OnRecordError:
    known = getattr(errors, kind, None)
    wanted = known if isinstance(known, type) and issubclass(known, OnRecordError) else OnRecordError
    return wanted([Problem(where, what, remedy) for where, what, remedy in problems])


def _never_done(task: str, cause: str) -> Problem:
    return Problem(
        task,
        f"{cause}, {ATTEMPTS} times",
        "Often memory ran out: close other programs or use fewer workers, then run again; what is finished is kept",
    )
