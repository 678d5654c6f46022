"""Episodes prepared side by side, as far as there are cores for them: here, or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from pipeline.digests import DigestCache
from pipeline.errors import MissingTool, Problem
from pipeline.runner import Runner
from pipeline.show import Episode, Show
from pipeline.stages.faults import Failed, set_aside
from pipeline.stages.prepare import Report, is_prepared, prepare
from pipeline.stages.status import build_folder
from pipeline.workers import LocalRunner, usable_cores


@dataclass(frozen=True)
class Cluster:
    """Where costly work is done: `local:N`, or the `tls://HOST:PORT` of a Dask scheduler.

    `store` is a folder that all its machines see under the same path, or an address that fsspec knows (s3://...).
    """

    address: str
    store: str | None = None


def prepare_all(
    show: Show,
    episodes: Sequence[Episode],
    digests: DigestCache,
    failed: Failed,
    report: Report,
    cluster: Cluster | None,
) -> list[str]:
    """Prepare those of `episodes` in which something is out of date, and say what was done, in their order.

    What stops one is noted in `failed`, and the others go on. Raises what `open_runner` raises.
    """
    waiting: list[Episode] = []
    for episode in episodes:
        with set_aside(show.root, episode.slug, failed):
            if not is_prepared(show, episode, digests):
                waiting.append(episode)
    done: dict[str, list[str]] = {episode.slug: [] for episode in waiting}
    if not waiting:
        return []
    with ExitStack() as ending:
        runner = open_runner(show, cluster, report)
        # A thread for each episode under way: it waits for tasks, which are done elsewhere. However this ends, the
        # runner stops first, and with it the threads.
        width = min(runner.width, len(waiting))
        threads = ending.enter_context(ThreadPoolExecutor(width, thread_name_prefix="episode"))
        ending.enter_context(runner)

        def work(episode: Episode) -> None:
            with set_aside(show.root, episode.slug, failed):
                prepare(show, episode, digests, done[episode.slug], report, runner)

        try:
            for _ in threads.map(work, waiting):
                pass
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return [line for lines in done.values() for line in lines]


def open_runner(show: Show, cluster: Cluster | None, report: Report) -> Runner:
    """Who does the costly work: child processes, one per core or as many as show.toml says, or a cluster.

    `report` hears when a run waits for workers of the cluster. Raises Refused, MissingTool or NoAnswer when the
    cluster cannot be had.
    """
    if cluster is None:
        workers = show.settings.transcription.workers
        return LocalRunner(usable_cores() if workers == "auto" else max(workers, usable_cores()))
    try:
        from pipeline.cluster.runner import ClusterRunner
    except ModuleNotFoundError as error:
        raise MissingTool(
            Problem(
                f"CLUSTER={cluster.address}",
                f"the extra for clusters is not installed ({error})",
                "Run make pipeline CLUSTER=..., or pip install 'onrecord[cluster]'",
            )
        ) from error
    return ClusterRunner(
        cluster.address,
        cluster.store,
        scratch=build_folder(show.root) / ".cluster",
        report=lambda what, part: report("cluster", what, part),
    )
