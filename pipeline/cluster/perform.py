"""On a worker: one task, done by child processes there, exactly as on the machine of the show.

So a task that kills its process takes no worker with it, and the same code writes the same bytes.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Any

from distributed.worker import get_worker

from pipeline import __version__, files
from pipeline.cluster.store import Blob, Store
from pipeline.digests import program_digest
from pipeline.errors import MissingTool, OnRecordError, Problem
from pipeline.runner import Done, Event, Failed, Lost, Part, Task, packed
from pipeline.workers import LocalRunner

TOPIC = "onrecord"
_REPORTED_EVERY_S = 0.5
# Copies of the store's files that nobody has asked for so long make room for others.
_KEPT_S = 6 * 3600
# The first tasks of a worker come at once, and `cache` alone would let each of them open its own.
_opening = Lock()


def perform(order: Mapping[str, Any]) -> dict[str, Any]:
    """Do the task that `ClusterRunner` describes in `order`, lay its outputs into the store, and note that.

    Returns the note, `{"failed"}` with an error, or `{"lost"}` with the cause; all of it JSON.
    """
    try:
        _agree(order)
        store = _store(order["store"])
        return store.finished(order["key"]) or _do(order, store)
    except OnRecordError as error:
        return {"failed": packed(error)}


def _agree(order: Mapping[str, Any]) -> None:
    """Raises MissingTool when the run is of another program than the one here: it would make other bytes."""
    if order["version"] != __version__:
        what = f"On Record {__version__} is there, and the run is of {order['version']}"
    elif order.get("program") != program_digest():
        what = f"On Record {__version__} is there with other code than that of the run"
    else:
        return
    remedy = "Install the same commit on every machine, start the workers again, then run again"
    raise MissingTool(Problem(get_worker().address, what, remedy))


def _do(order: Mapping[str, Any], store: Store) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        inputs = {name: store.fetch(Blob(**one["blob"]), _cache()) for name, one in order["inputs"].items()}
        outputs = {name: Path(folder) / f"{name}{suffix}" for name, suffix in order["outputs"].items()}
        task = Task(
            order["do"],
            order["payload"],
            inputs,
            outputs,
            threads=order["threads"],
            memory_bytes=order["memory_bytes"],
            at_most=order["at_most"],
        )
        ended = _carried_out(task, order["key"])
        if isinstance(ended, Lost):
            return {"lost": ended.cause}
        if isinstance(ended, Failed):
            shown = {str(inputs[name]): one["shown"] for name, one in order["inputs"].items()}
            return {"failed": packed(_as_seen_from_the_show(ended.error, shown))}
        written: dict[str, Any] = {}
        for name, path in outputs.items():
            blob = Blob.of(path, files.digest_file(path))
            store.put(path, blob)
            written[name] = blob.as_json()
    note = {"value": ended.value, "outputs": written}
    store.note(order["key"], note)
    return note


def _carried_out(task: Task, key: str) -> Done | Failed | Lost:
    events: SimpleQueue[Event] = SimpleQueue()
    _children().start(key, task, events.put)
    tell = _reporter(key)
    while isinstance(event := events.get(), Part):
        tell(event.part)
    return event


def _reporter(key: str) -> Callable[[float], None]:
    worker = get_worker()
    latest_s = 0.0

    def tell(part: float) -> None:
        nonlocal latest_s
        if part in (0.0, 1.0) or time.monotonic() - latest_s >= _REPORTED_EVERY_S:
            latest_s = time.monotonic()
            worker.log_event(TOPIC, {"key": key, "part": part})

    return tell


def _as_seen_from_the_show(error: OnRecordError, shown: Mapping[str, str]) -> OnRecordError:
    problems = []
    for one in error.problems:
        where, what = one.where, one.what
        for here, there in shown.items():
            where, what = where.replace(here, there), what.replace(here, there)
        problems.append(Problem(where, what, one.remedy))
    return type(error)(problems)


def _store(url: str) -> Store:
    with _opening:
        return _opened_store(url)


def _children() -> LocalRunner:
    """The child processes of this worker; they end when it does."""
    with _opening:
        return _opened_children()


@cache
def _opened_store(url: str) -> Store:
    return Store(url)


@cache
def _opened_children() -> LocalRunner:
    return LocalRunner(get_worker().state.nthreads)


def _cache() -> Path:
    folder = Path(get_worker().local_directory) / "onrecord"
    for path in folder.glob("blobs/*"):
        with suppress(FileNotFoundError):  # another task of this worker looks too
            if time.time() - path.stat().st_atime > _KEPT_S:
                path.unlink()
    return folder
