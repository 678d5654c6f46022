"""A run, from end to end, and an approval: the two deeds that change something."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import OnRecordError, Problem, Refused
from pipeline.publish.wording import counted
from pipeline.review import approvals, checked, signatures
from pipeline.show import EPISODES_FOLDER, SHOW_NAME, Episode, Show, load_show
from pipeline.stages import stopped
from pipeline.stages.faults import Failed, set_aside
from pipeline.stages.learning import learn
from pipeline.stages.locks import exclusively
from pipeline.stages.prepare import Report
from pipeline.stages.publishing import publish
from pipeline.stages.remembering import Memory
from pipeline.stages.running import Cluster, prepare_all
from pipeline.stages.standing import Standing, Told
from pipeline.stages.status import (
    EpisodeStatus,
    Reading,
    all_warnings,
    build_folder,
    read_episode,
    remembered_digests,
    survey_show,
)
from pipeline.stages.sweeping import swept
from pipeline.stages.voices import forget_voices
from pipeline.transcript import MACHINE_NAME, read_machine


@dataclass(frozen=True)
class RunResult:
    """What a run did, and how every episode stands after it.

    `done` is empty when everything was up to date; `strays` are files in `site/` that no run put there; `warnings`
    stop nothing, and somebody should look at them: those of the episodes, people's photos that cannot be
    used, and what the links of the sources gave rise to where they are asked in a run. `trace` says what was not as it
    was: which episodes were read and made, and which files of several episodes were gathered anew.
    """

    statuses: tuple[EpisodeStatus, ...]
    done: tuple[str, ...]
    strays: tuple[str, ...]
    warnings: tuple[Problem, ...] = ()
    trace: tuple[str, ...] = ()


def run(root: Path, now: datetime, report: Report, *, cluster: Cluster | None = None) -> RunResult:
    """Do everything that is out of date, and publish every episode whose approval holds into `site/`.

    `now` decides what is due; `report` hears slug, stage and the part done, from several threads. What is costly
    is done on `cluster`, by default by child processes. Raises InvalidShow when the show's own files cannot be used,
    Busy when another run is at work, and what `open_runner` raises.
    """
    if not (root / EPISODES_FOLDER / SHOW_NAME).is_file():
        load_show(root)  # says that there is no show, before anything is put into the folder
    with exclusively(root):
        standing = Standing(root)
        if told := standing.recall(now):
            return RunResult(told.statuses, (), told.strays, told.warnings)
        standing.forget()
        stopped.forget(build_folder(root))
        began_ns = time.time_ns()
        show = load_show(root)
        result = _run(show, standing, now, began_ns, report, cluster)
    # Last, and after the lock: what strangers' servers take in time, nobody here waits for.
    return replace(result, warnings=(*result.warnings, *_link_warnings(show, now, report)))


def _run(
    show: Show, standing: Standing, now: datetime, began_ns: int, report: Report, cluster: Cluster | None
) -> RunResult:
    root = show.root
    with swept(show):
        digests = remembered_digests(root)
        memory = Memory(show, digests)
        failed: Failed = {}
        readings: dict[str, Reading] = {}
        for episode in show.episodes:
            if remembered := memory.recall(episode):
                readings[episode.slug] = remembered
        unknown = [episode for episode in show.episodes if episode.slug not in readings]
        # Before the long work, which may be broken off.
        forgotten = forget_voices(show, now.date())
        done = prepare_all(show, unknown, digests, failed, report, cluster)
        if forgotten:
            done.append(f"voice prints of {counted(forgotten, 'episode')} deleted")
        for episode in unknown:
            if episode.slug not in failed:
                with set_aside(root, episode.slug, failed):
                    mark = memory.files_of(episode)
                    readings[episode.slug] = memory.keep(read_episode(show, episode, digests), mark)
        ordered = [readings[episode.slug] for episode in show.episodes if episode.slug in readings]
        learn(show, ordered)
        built = publish(show, ordered, digests, now, failed, report)
        digests.save()
        stopped.keep(show, build_folder(root), failed, began_ns)
        statuses = survey_show(show, readings, now, failed)
    result = RunResult(
        statuses,
        (*done, *built.done),
        built.strays,
        (*all_warnings(statuses), *built.photo_problems),
        (*(f"read {episode.slug}" for episode in unknown), *built.trace),
    )
    if not failed and not built.photo_problems:
        standing.keep(show, ordered, now, Told(result.statuses, result.strays, result.warnings))
    return result


def _link_warnings(show: Show, now: datetime, report: Report) -> tuple[Problem, ...]:
    if not show.settings.links.check_in_run:
        return ()
    from pipeline.stages.linkkeeping import warnings_in_run

    return warnings_in_run(show, now, report)


def approve(
    root: Path,
    slug: str,
    by: str,
    now: datetime,
    *,
    evidence: Mapping[str, Any] | None = None,
    key: Path | None = None,
    dry_run: bool = False,
) -> Path | None:
    """Seal an episode as it stands, and return the record's path; a dry run only finds the reasons against it.

    `evidence` is what is known of the checking; by default what the desk noted. `key` is an SSH key to sign with.

    Raises Refused with every reason why it cannot be approved yet, InvalidEpisode when it cannot be read.
    """
    show = load_show(root)
    episode = find_episode(show, slug)
    reading = read_episode(show, episode, remembered_digests(root))
    if obstacles := [*reading.problems, *reading.refusals_on(now.date())]:
        raise Refused(obstacles)
    if dry_run:
        return None
    if evidence is None:
        evidence = _noted_at_the_desk(episode, by)
    path = approvals.approve(episode, reading.subject, by=by, at=now, evidence=evidence)
    if key is not None:
        try:
            signatures.sign(path, key)
        except OnRecordError:
            path.unlink()  # whoever asked for a signed approval does not want another
            raise
    return path


def _noted_at_the_desk(episode: Episode, by: str) -> dict[str, Any]:
    path = episode.folder / checked.REVIEW_NAME
    if not path.exists():
        return {}
    duration_ms = read_machine(episode.folder / MACHINE_NAME).duration_ms
    noted = checked.evidence(checked.read_review(path), by=by, duration_ms=duration_ms, open_doubts=0)
    del noted["open_doubts"]  # only the desk counts them
    return noted


def find_episode(show: Show, slug: str) -> Episode:
    """The episode of that slug. Raises its InvalidEpisode when it is broken, Refused when there is none."""
    if slug in show.broken:
        raise show.broken[slug]
    episode = next((one for one in show.episodes if one.slug == slug), None)
    if episode is None:
        known = ", ".join(one.slug for one in show.episodes) or "none yet"
        raise Refused(Problem(slug, "there is no such episode", f"The episodes are: {known}"))
    return episode
