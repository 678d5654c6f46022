"""Costly work as tasks that any process can do, here or on another machine, and what is asked of who runs them.

A task is a function that only depends on its files and its payload, so doing it twice is harmless, and whoever does
it gets the same bytes. `workers.LocalRunner` does tasks in child processes, `cluster.ClusterRunner` on other machines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol, Self, TypeAlias

from pipeline import errors
from pipeline.errors import OnRecordError, Problem, ToolFailed

# How often a task is begun whose process is killed.
ATTEMPTS = 3


@dataclass(frozen=True)
class Task:
    """A function to be called, `do` ("package.module:function"), with what it works on.

    It gets the payload (JSON), the paths of the `inputs` and `outputs` by the names they have here, and what hears the
    part done, from 0 to 1; it writes every output whole or not at all, and returns JSON. `threads` is how many cores
    it keeps busy, `memory_bytes` what its process needs, `at_most` how many of its kind may be at work at once in one
    place, and `gpu` whether a graphics card helps.
    """

    do: str
    payload: Any
    inputs: Mapping[str, Path] = field(default_factory=dict)
    outputs: Mapping[str, Path] = field(default_factory=dict)
    threads: int = 1
    memory_bytes: int = 0
    at_most: int | None = None
    gpu: bool = False


@dataclass(frozen=True)
class Part:
    """So much of a task is done, from 0 to 1; it falls back to 0 when the task is begun again."""

    part: float


@dataclass(frozen=True)
class Done:
    """A task has been done, and returned `value`."""

    value: Any


@dataclass(frozen=True)
class Failed:
    """A task cannot be done."""

    error: OnRecordError


@dataclass(frozen=True)
class Lost:
    """Whoever did a task was ended each time; `cause` tells it as a sentence without its full stop."""

    cause: str


Event: TypeAlias = Part | Done | Failed | Lost


class Runner(Protocol):
    """Does tasks side by side; a context manager, at whose end nobody is at work any more."""

    @property
    def width(self) -> int:
        """How many tasks of one thread it does at once."""

    @property
    def is_here(self) -> bool:
        """Whether tasks are done on this machine, with what it has; elsewhere there may be more or less."""

    def start(self, name: str, task: Task, tell: Callable[[Event], None]) -> Callable[[], None]:
        """See to it that `task` is done, and return what gives it up. May be called from several threads.

        `tell` hears how it goes, from any thread, and as the last event one that is no Part: a task whose process is
        killed is begun ATTEMPTS times before it is Lost. A task given up may still end with an event.
        """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def run_all(
    runner: Runner,
    tasks: Mapping[str, Task],
    *,
    report: Callable[[str, float], None] = lambda name, part: None,
    done: Callable[[str, Any], None] = lambda name, value: None,
) -> None:
    """Do `tasks` by their names, and return when all are done.

    `report` hears a task and the part done of it, `done` its value; both are called in the caller's thread. What a
    task raises is raised at once, and the others are given up; a lost one is told as ToolFailed when all others are
    done.
    """
    events: SimpleQueue[tuple[str, Event]] = SimpleQueue()
    under_way: dict[str, Callable[[], None]] = {}
    lost: list[Problem] = []
    try:
        for name, task in tasks.items():
            under_way[name] = runner.start(name, task, _passing_on(events, name))
        while under_way:
            name, event = events.get()
            if isinstance(event, Part):
                report(name, event.part)
                continue
            del under_way[name]
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Lost):
                lost.append(_never_done(name, event.cause))
            else:
                done(name, event.value)
    finally:
        for give_up in under_way.values():
            give_up()
    if lost:
        raise ToolFailed(lost)


def _passing_on(events: SimpleQueue[tuple[str, Event]], name: str) -> Callable[[Event], None]:
    return lambda event: events.put((name, event))


def run_one(runner: Runner, name: str, task: Task, report: Callable[[float], None]) -> Any:
    """Do one task, and return its value. Raises what it raises, and ToolFailed when it was lost."""
    values: list[Any] = []
    run_all(runner, {name: task}, report=lambda _, part: report(part), done=lambda _, value: values.append(value))
    return values[0]


def packed(error: OnRecordError) -> list[Any]:
    """An error as JSON."""
    return [type(error).__name__, [[one.where, one.what, one.remedy] for one in error.problems]]


def unpacked(value: Any) -> OnRecordError:
    """The error that `packed` made JSON of."""
    name, problems = value
    known = getattr(errors, str(name), None)
    kind = known if isinstance(known, type) and issubclass(known, OnRecordError) else OnRecordError
    return kind([Problem(where, what, remedy) for where, what, remedy in problems])


def _never_done(name: str, cause: str) -> Problem:
    return Problem(
        name,
        cause,
        "Often memory ran out: close other programs or use fewer workers, then run again; what is finished is kept",
    )
