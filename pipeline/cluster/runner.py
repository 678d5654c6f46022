"""The runner that gives tasks to a Dask scheduler, and takes over what its workers made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from distributed import Client, Future, KilledWorker

from pipeline import __version__, files
from pipeline.cluster.connection import connected
from pipeline.cluster.perform import TOPIC, perform
from pipeline.cluster.store import Blob, Store
from pipeline.digests import DigestCache
from pipeline.errors import NoAnswer, OnRecordError, Problem, Refused
from pipeline.runner import Done, Event, Failed, Lost, Part, Task, unpacked

_GPU = "GPU"
_ASK_AGAIN_S = 1.0


class ClusterRunner:
    """`Runner` by the Dask cluster at `address`; files go through the store at the address `store`.

    `scratch` is a folder of the show's; a cluster on this machine has its store there. What a run laid into the
    store it takes away at its end. Raises Refused, MissingTool or NoAnswer when the cluster cannot be had.
    """

    def __init__(self, address: str, store: str | None, *, scratch: Path) -> None:
        if store is None and not address.startswith("local:"):
            raise Refused(
                Problem(
                    f"CLUSTER={address}",
                    "no store is named, through which its machines get the audio",
                    "Set STORE (ONRECORD_CLUSTER_STORE) to a folder that they all see under the same path, or to an "
                    "address such as s3://bucket/folder",
                )
            )
        self._address = address
        self._store = Store(store or str((scratch / "store").absolute()))
        self._ending = ExitStack()
        self._client: Client = self._ending.enter_context(connected(address, scratch / "dask"))
        self._digests = DigestCache(Path())
        self._lock = Lock()
        self._tells: defaultdict[str, list[Callable[[Event], None]]] = defaultdict(list)
        self._laid: set[Blob] = set()
        self._keys: set[str] = set()
        self._futures: set[Future[Any]] = set()
        self._is_closed = False
        self._client.subscribe_topic(TOPIC, self._hear)

    @property
    def width(self) -> int:
        """See `Runner.width`."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def __enter__(self) -> ClusterRunner:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_closed = True
            tells = [tell for several in self._tells.values() for tell in several]
            self._tells.clear()
        for tell in tells:
            tell(Failed(OnRecordError(Problem(self._address, "the run was stopped", "Run again; it goes on"))))
        with suppress(Exception):  # whatever a scheduler that is gone says to that
            self._client.cancel(list(self._futures), force=True)
        self._ending.close()
        for key in self._keys:
            self._store.forget(key)
        for blob in self._laid:
            self._store.remove(blob)

    def start(self, name: str, task: Task, tell: Callable[[Event], None]) -> Callable[[], None]:
        """See `Runner.start`. Files are laid into the store in the caller's thread."""
        inputs = {role: Blob.of(path, self._digests.digest(path)) for role, path in task.inputs.items()}
        outputs = {role: path.suffix for role, path in task.outputs.items()}
        key = files.digest_json(
            {
                "version": __version__,
                "do": task.do,
                "payload": task.payload,
                "inputs": {role: blob.digest for role, blob in inputs.items()},
                "outputs": outputs,
                "threads": task.threads,
            }
        )
        with self._lock:
            self._laid.update(inputs.values())
            if not self._is_closed:
                self._tells[key].append(tell)
        ended = _Ended(self, key, task, tell)
        if (note := self.finished(key)) is not None:
            ended.take_over(note)
            return lambda: None
        for role, path in task.inputs.items():
            self._store.put(path, inputs[role])
        order = {
            "version": __version__,
            "key": key,
            "store": self._store.url,
            "do": task.do,
            "payload": task.payload,
            "inputs": {
                role: {"blob": blob.as_json(), "shown": str(task.inputs[role])} for role, blob in inputs.items()
            },
            "outputs": outputs,
            "threads": task.threads,
            "memory_bytes": task.memory_bytes,
        }
        if self._is_closed or self._client.status != "running":
            ended.gone()
            return lambda: None
        future = self._client.submit(
            perform, order, key=f"onrecord-{key}", resources={_GPU: 1} if task.gpu and self._has_gpu() else None
        )
        self._futures.add(future)
        future.add_done_callback(ended)
        return lambda: self._give_up(future)

    def finished(self, key: str) -> dict[str, Any] | None:
        """What came of a task, if somebody has done it. Raises ToolFailed."""
        return self._store.finished(key)

    def take_over(self, key: str, note: dict[str, Any], task: Task) -> None:
        """Write the outputs of `task` where they belong, as `note` says they lie in the store. Raises ToolFailed."""
        blobs = {role: Blob(**one) for role, one in note["outputs"].items()}
        with self._lock:
            self._keys.add(key)
            self._laid.update(blobs.values())
        for role, path in task.outputs.items():
            self._store.take(blobs[role], path)

    def drop(self, key: str, tell: Callable[[Event], None]) -> bool:
        """Whether `tell` still waited for `key`; it does no more."""
        with self._lock:
            waited = tell in self._tells[key]
            if waited:
                self._tells[key].remove(tell)
        return waited

    def not_there(self) -> OnRecordError:
        """What is told when the scheduler has gone."""
        return NoAnswer(
            Problem(
                self._address,
                "the connection to the scheduler is lost",
                "See that it runs, then run again; what is finished is kept",
            )
        )

    def _give_up(self, future: Future[Any]) -> None:
        with suppress(Exception):  # whatever a scheduler that is gone says to that
            self._client.cancel([future])

    def _has_gpu(self) -> bool:
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        return any(one.get("resources", {}).get(_GPU, 0) >= 1 for one in workers)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        with self._lock:
            tells = list(self._tells.get(message["key"], ()))
        for tell in tells:
            tell(Part(float(message["part"])))


class _Ended:
    """Hears how one task ended, and tells it."""

    def __init__(self, runner: ClusterRunner, key: str, task: Task, tell: Callable[[Event], None]) -> None:
        self._runner, self._key, self._task, self._tell = runner, key, task, tell

    def __call__(self, future: Future[Any]) -> None:
        try:
            self._judge(future)
        except OnRecordError as error:
            self._say(Failed(error))
        except Exception:  # whatever a scheduler that is gone says: nobody must wait for ever
            self.gone()

    def _judge(self, future: Future[Any]) -> None:
        # The store knows better than the scheduler: what a worker tells is lost with it when it dies just then.
        if (note := self._runner.finished(self._key)) is not None:
            self.take_over(note)
        elif future.status == "finished":
            self.take_over(future.result())
        elif future.status in ("lost", "pending"):  # it is done again
            again = Timer(_ASK_AGAIN_S, future.add_done_callback, [self])
            again.daemon = True
            again.start()
        elif future.status == "error":
            error = future.exception()
            if isinstance(error, KilledWorker):
                self._say(Lost("every worker that did it was lost"))
            else:
                self._say(Lost(f"its worker failed ({type(error).__name__}: {error})"))
        else:
            self.gone()

    def take_over(self, note: dict[str, Any]) -> None:
        if "failed" in note:
            self._say(Failed(unpacked(note["failed"])))
        elif "lost" in note:
            self._say(Lost(note["lost"]))
        else:
            try:
                self._runner.take_over(self._key, note, self._task)
            except OnRecordError as error:
                self._say(Failed(error))
            else:
                self._say(Done(note["value"]))

    def gone(self) -> None:
        self._say(Failed(self._runner.not_there()))

    def _say(self, event: Event) -> None:
        if self._runner.drop(self._key, self._tell):
            self._tell(event)
