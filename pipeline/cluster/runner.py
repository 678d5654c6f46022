"""The runner that gives tasks to a Dask scheduler, and takes over what its workers made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from distributed import Client, Future, KilledWorker

from pipeline import __version__, files
from pipeline.cluster.connection import connected, deserted
from pipeline.cluster.perform import TOPIC, perform
from pipeline.cluster.store import Blob, Store, own_folder
from pipeline.cluster.waiting import GPU, Watch, offers_gpu
from pipeline.digests import DigestCache, program_digest
from pipeline.errors import NoAnswer, OnRecordError, Problem, Refused
from pipeline.runner import Done, Event, Failed, Lost, Part, Task, unpacked

_ASK_AGAIN_S = 1.0


class ClusterRunner:
    """`Runner` by the Dask cluster at `address`; files go through the store at the address `store`.

    `scratch` is a folder of the show's; a cluster on this machine has its store there. What a run laid into the
    store it takes away at its end. `report` hears what the run waits for, and the part of the time that it does.
    Raises Refused, MissingTool or NoAnswer when the cluster cannot be had.
    """

    def __init__(
        self,
        address: str,
        store: str | None,
        *,
        scratch: Path,
        report: Callable[[str, float], None] = lambda what, part: None,
    ) -> None:
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
        self._report = report
        shared = f"{store.rstrip('/')}/{own_folder(scratch)}" if store else None
        self._store = Store(shared or str((scratch / "store").absolute()))
        self._ending = ExitStack()
        self._client: Client = self._ending.enter_context(connected(address, scratch / "dask", report))
        self._digests = DigestCache(Path())
        self._lock = Lock()
        self._waits: list[_Wait] = []
        self._laid: set[Blob] = set()
        self._keys: set[str] = set()
        self._is_closed = False
        self._client.subscribe_topic(TOPIC, self._hear)
        self._watch = Watch(self, report)

    @property
    def width(self) -> int:
        """See `Runner.width`."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    @property
    def is_here(self) -> bool:
        """See `Runner.is_here`."""
        return False

    def __enter__(self) -> ClusterRunner:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._is_closed = True
            waits, self._waits = self._waits, []
        for wait in waits:
            wait.tell(Failed(self._stopped()))
        with suppress(Exception):  # whatever a scheduler that is gone says to that
            self._client.cancel([wait.future for wait in waits if wait.future], force=True)
        self._watch.close()
        self._ending.close()
        self._clear()

    def start(self, name: str, task: Task, tell: Callable[[Event], None]) -> Callable[[], None]:
        """See `Runner.start`. Files are laid into the store in the caller's thread."""
        inputs = {role: Blob.of(path, self._digests.digest(path)) for role, path in task.inputs.items()}
        outputs = {role: path.suffix for role, path in task.outputs.items()}
        order = {
            "version": __version__,
            "program": program_digest(),
            "store": self._store.url,
            "do": task.do,
            "payload": task.payload,
            "inputs": {
                role: {"blob": blob.as_json(), "shown": str(task.inputs[role])} for role, blob in inputs.items()
            },
            "outputs": outputs,
            "threads": task.threads,
            "memory_bytes": task.memory_bytes,
            "at_most": task.at_most,
        }
        # By what the result depends on; and by the store, so that the scheduler keeps apart what several runs ask for.
        same = {name: order[name] for name in ("version", "program", "store", "do", "payload", "outputs", "threads")}
        key = files.digest_json({**same, "inputs": {role: blob.digest for role, blob in inputs.items()}})
        wait = _Wait(self, key, {**order, "key": key}, task, tell)
        with self._lock:
            is_closed = self._is_closed
            if not is_closed:
                self._laid.update(inputs.values())
                self._waits.append(wait)
        if is_closed:
            tell(Failed(self._stopped()))
            return lambda: None
        try:
            if (note := self.finished(key)) is not None:
                wait.take_over(note)
                return lambda: None
            for role, path in task.inputs.items():
                self._store.put(path, inputs[role])
        except OnRecordError:
            self.drop(wait)
            raise
        if self._is_closed:  # meanwhile: what it has cleared, it has cleared without these
            self._clear()
        elif self._watch.is_deserted:
            wait.say(Failed(deserted(self._address)))
        elif self._client.status != "running":
            wait.gone()
        else:
            try:
                self._submit(wait, on_gpu=task.gpu and any(map(offers_gpu, self.workers())))
            except Exception:  # whatever is said when the scheduler goes just then
                wait.gone()
        return lambda: self._give_up(wait)

    def finished(self, key: str) -> dict[str, Any] | None:
        """What came of a task, if somebody has done it. Raises ToolFailed."""
        return self._store.finished(key)

    def take_over(self, key: str, note: Mapping[str, Any], task: Task) -> None:
        """Write the outputs of `task` where they belong, as `note` says they lie in the store. Raises ToolFailed."""
        blobs = {role: Blob(**one) for role, one in note["outputs"].items()}
        with self._lock:
            self._keys.add(key)
            self._laid.update(blobs.values())
        for role, path in task.outputs.items():
            self._store.take(blobs[role], path)

    def drop(self, wait: _Wait) -> bool:
        """Whether that still waited; it does no more."""
        with self._lock:
            if wait not in self._waits:
                return False
            self._waits.remove(wait)
        return True

    def not_there(self) -> OnRecordError:
        """What is told when the scheduler has gone."""
        return NoAnswer(
            Problem(
                self._address,
                "the connection to the scheduler is lost",
                "See that it runs, then run again; what is finished is kept",
            )
        )

    def _stopped(self) -> OnRecordError:
        return OnRecordError(Problem(self._address, "the run was stopped", "Run again; it goes on"))

    def _clear(self) -> None:
        """Take what this run laid into the store, and what it has taken over, out of it again."""
        with self._lock:
            keys, laid = set(self._keys), set(self._laid)
        for key in keys:
            self._store.forget(key)
        for blob in laid:
            self._store.remove(blob)

    def _submit(self, wait: _Wait, *, on_gpu: bool) -> None:
        # Another name for another place: under one name the scheduler keeps to what it was first told.
        name = f"onrecord-{wait.key}{'-gpu' if on_gpu else ''}"
        future = self._client.submit(perform, wait.order, key=name, resources={GPU: 1} if on_gpu else None)
        with self._lock:
            before, wait.future, wait.is_on_gpu = wait.future, future, on_gpu
            is_wanted = wait in self._waits
        future.add_done_callback(wait)
        if before is not None:
            self._cancel(before)
        if not is_wanted:  # it was given up meanwhile
            self._cancel(future)

    def _cancel(self, future: Future[Any]) -> None:
        """Take a task back, unless somebody else waits for the same."""
        with self._lock:
            is_wanted = any(one.future is not None and one.future.key == future.key for one in self._waits)
        if not is_wanted:
            with suppress(Exception):  # whatever a scheduler that is gone says to that
                self._client.cancel([future])

    def _give_up(self, wait: _Wait) -> None:
        self.drop(wait)
        if wait.future is not None:
            self._cancel(wait.future)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        _, message = event
        with self._lock:
            waits = [wait for wait in self._waits if wait.key == message["key"]]
        for wait in waits:
            wait.tell(Part(float(message["part"])))

    # What the watch asks and says of those who wait.

    def workers(self) -> list[Mapping[str, Any]]:
        """See `Waiting.workers`."""
        if self._client.scheduler is None:
            raise self.not_there()
        # Not `scheduler_info`: what it returns is now and then overwritten by a shorter answer.
        return list(self._client.sync(self._client.scheduler.identity, n_workers=-1)["workers"].values())

    def somebody_waits(self) -> bool:
        """See `Waiting.somebody_waits`."""
        return bool(self._waits)

    def somebody_waits_for_a_gpu(self) -> bool:
        """See `Waiting.somebody_waits_for_a_gpu`."""
        with self._lock:
            return any(wait.is_on_gpu for wait in self._waits)

    def end_the_wait(self) -> None:
        """See `Waiting.end_the_wait`."""
        with self._lock:
            waits = list(self._waits)
        for wait in waits:
            wait.say(Failed(deserted(self._address)))
            if wait.future is not None:
                self._cancel(wait.future)

    def do_without_a_gpu(self) -> None:
        """See `Waiting.do_without_a_gpu`."""
        with self._lock:
            waits = [wait for wait in self._waits if wait.is_on_gpu]
        self._report("no worker with a graphics card has come, others do its tasks", 1.0)
        for wait in waits:
            wait.tell(Part(0.0))
            self._submit(wait, on_gpu=False)


class _Wait:
    """Somebody waits for a task: hears how it ended, and tells it once."""

    def __init__(
        self, runner: ClusterRunner, key: str, order: Mapping[str, Any], task: Task, tell: Callable[[Event], None]
    ) -> None:
        self.key, self.order, self.task, self.tell = key, order, task, tell
        self.future: Future[Any] | None = None
        self.is_on_gpu = False
        self._runner = runner

    def __call__(self, future: Future[Any]) -> None:
        if self.future is not None and self.future.key != future.key:
            return  # it was taken back, and submitted otherwise
        try:
            self._judge(future)
        except OnRecordError as error:
            self.say(Failed(error))
        except Exception:  # whatever a scheduler that is gone says: nobody must wait for ever
            self.gone()

    def _judge(self, future: Future[Any]) -> None:
        # The store knows better than the scheduler: what a worker tells is lost with it when it dies just then.
        if (note := self._runner.finished(self.key)) is not None:
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
                self.say(Lost("every worker that did it was lost"))
            else:
                self.say(Lost(f"its worker failed ({type(error).__name__}: {error})"))
        else:
            self.gone()

    def take_over(self, note: Mapping[str, Any]) -> None:
        """Write what a task made where it belongs, and tell how it ended."""
        if "failed" in note:
            self.say(Failed(unpacked(note["failed"])))
        elif "lost" in note:
            self.say(Lost(note["lost"]))
        else:
            try:
                self._runner.take_over(self.key, note, self.task)
            except OnRecordError as error:
                self.say(Failed(error))
            else:
                self.say(Done(note["value"]))

    def gone(self) -> None:
        """Tell that the scheduler has gone."""
        self.say(Failed(self._runner.not_there()))

    def say(self, event: Event) -> None:
        """Tell how the task ended, unless that was told, or nobody waits for it any more."""
        if self._runner.drop(self):
            self.tell(event)
