"""A run all of which is done in one thread of one process, so that a tracer sees every call of it.

Episodes are prepared by threads and the costly work is done by child processes; a tracer of one process would see
neither. Here threads and runner do what they are given at once, where they are called, and an engine says what
`tests.episodes` lets a machine have heard. What is written, and in which order, is what it always is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest.mock import patch

from pipeline.errors import OnRecordError
from pipeline.runner import Done, Event, Failed, Part, Task
from pipeline.transcribe.engine import Described, Heard
from pipeline.transcribe.weights import Weights
from pipeline.transcript import parse_machine
from tests.episodes import machine_words

Given = TypeVar("Given")
Made = TypeVar("Made")

HERE = Path(__file__)
WEIGHTS = Weights("base", HERE, "sha256:" + "0" * 64)
ENGINE = Described("faster-whisper", "1.2.1", WEIGHTS)


class InlineRunner:
    """Does each task where it is started; see `pipeline.runner.Runner`."""

    width = 1
    is_here = True

    def __init__(self, width: int | None = None) -> None:
        """`width` is what others would have; here it is 1."""

    def __enter__(self) -> InlineRunner:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start(self, name: str, task: Task, tell: Callable[[Event], None]) -> Callable[[], None]:
        """Do it. What is no error of ours is raised here: there is no process that could end by it."""
        module, _, function = task.do.partition(":")
        try:
            do = getattr(import_module(module), function)
            value = do(task.payload, {**task.inputs, **task.outputs}, lambda part: tell(Part(part)))
        except OnRecordError as error:
            tell(Failed(error))
        else:
            tell(Done(value))
        return lambda: None


class InlineThreads:
    """Does each call where it is mapped; as much of ThreadPoolExecutor as a run needs."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __enter__(self) -> InlineThreads:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, function: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
        """The results, one after the other."""
        return map(function, given)

    def shutdown(self, **_: object) -> None:
        """There is nothing to be ended."""


@contextmanager
def inline() -> Iterator[None]:
    """While this holds, a run does everything in the thread that calls it, and needs no weights."""
    engine = SimpleNamespace(name=ENGINE.name, version=ENGINE.version, weights=WEIGHTS, languages=frozenset({"en"}))
    heard = parse_machine(machine_words(HERE), str(HERE))

    def hear_piece(*_: Any, report: Callable[[float], None], **__: Any) -> Heard:
        report(1.0)
        return Heard("en", 1.0, (), heard.segments)

    with ExitStack() as patches:
        for name, other in {
            "pipeline.stages.running.ThreadPoolExecutor": InlineThreads,
            "pipeline.stages.running.LocalRunner": InlineRunner,
            "pipeline.transcribe.transcribe.describe": lambda settings: ENGINE,
            "pipeline.transcribe.pieces.gpu_here": lambda: False,
            "pipeline.transcribe.worker._engine": lambda settings: engine,
            "pipeline.transcribe.pieces.hear_piece": hear_piece,
        }.items():
            patches.enter_context(patch(name, other))
        yield
