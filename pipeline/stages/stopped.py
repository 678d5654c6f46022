"""What stopped episodes in the last run, told until something changes: “run again” would help nobody before.

It is kept in one file of `build/`, with the moment at which the run began. What people wrote since, or another program,
may go further: then it is told no more. It only informs; a run decides by itself what is to be done.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pipeline import files
from pipeline.digests import program_digest
from pipeline.errors import OnRecordError
from pipeline.runner import packed, unpacked
from pipeline.show import Episode, Show

_NAME = "stopped.json"
_OVERRIDES_FOLDER = "templates"
_QUOTED = re.compile("“.*”", re.DOTALL)


def keep(show: Show, build: Path, failed: Mapping[str, OnRecordError], began_ns: int) -> None:
    """Note in the folder `build` what stopped each episode in a run that began then; forget what is there without any.

    Where names are struck out or protected, nothing is kept of what a message quotes.
    """
    if not failed:
        forget(build)
        return
    known = {episode.slug: episode for episode in show.episodes}
    kept = {
        "began_ns": began_ns,
        "program": program_digest(),
        "episodes": {slug: packed(_without_names(show, known[slug], error)) for slug, error in failed.items()},
    }
    files.write_text(build / _NAME, files.readable_json(kept))


def recall(show: Show, build: Path) -> dict[str, OnRecordError]:
    """By slug what stopped an episode in the last run, where nothing that bears on it has changed since."""
    try:
        kept = json.loads((build / _NAME).read_bytes())
        began_ns, stopped = int(kept["began_ns"]), {slug: unpacked(one) for slug, one in kept["episodes"].items()}
        if kept["program"] != program_digest():
            return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    own = {*(episode.slug for episode in show.episodes), *show.broken, *show.withdrawn}
    shared = [path for path in show.folder.iterdir() if path.name not in own]
    if any(_is_newer(path, began_ns) for path in (*shared, show.root / _OVERRIDES_FOLDER)):
        return {}
    return {
        episode.slug: stopped[episode.slug]
        for episode in show.episodes
        if episode.slug in stopped and not _is_newer(episode.folder, began_ns)
    }


def forget(build: Path) -> None:
    """A run is at work: what stopped the one before may stop nothing now."""
    (build / _NAME).unlink(missing_ok=True)


def _without_names(show: Show, episode: Episode, error: OnRecordError) -> OnRecordError:
    if not (show.redactions_of(episode) or show.protected_of(episode)):
        return error
    kept = [
        replace(one, what=_QUOTED.sub("“…”", one.what), remedy=_QUOTED.sub("“…”", one.remedy)) for one in error.problems
    ]
    return type(error)(kept)


def _is_newer(path: Path, began_ns: int) -> bool:
    """Whether a file, or anything in a folder, came, went or was written after that moment."""
    found = [str(path)]
    for folder, _, names in os.walk(path):
        found += [folder, *(f"{folder}/{name}" for name in names)]
    for one in found:
        with suppress(FileNotFoundError):  # a link that leads nowhere
            # Whatever else is set of a file, its ctime tells when.
            if os.stat(one).st_ctime_ns > began_ns:  # noqa: PTH116
                return True
    return False
