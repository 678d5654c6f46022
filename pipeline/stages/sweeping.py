"""What a killed run left of files it was writing is deleted by the next one.

A marker stands in `build/` for as long as a run is at work. Who finds it there, under the lock, follows a run that did
not come to its end, and looks everywhere; after a run that did, there is nothing to look for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline import files
from pipeline.show import APPROVALS_FOLDER, Show
from pipeline.stages.status import build_folder

_MARKER = "unfinished"
_PICTURES = "_pictures"


@contextmanager
def swept(show: Show) -> Iterator[None]:
    """Hold the marker while the block runs, and let it stand when that fails. Call it under the lock of a run."""
    marker = build_folder(show.root) / _MARKER
    if marker.exists():
        _sweep(show)
    marker.touch()
    yield
    marker.unlink()


def _sweep(show: Show) -> None:
    build = build_folder(show.root)
    for folder in (show.folder, *(episode.folder for episode in show.episodes)):
        # People and the desk may be writing here just now; under build/ only a run writes.
        files.remove_leftovers(folder, untouched_s=files.STILL_AT_WORK_S)
        files.remove_leftovers(folder / APPROVALS_FOLDER, untouched_s=files.STILL_AT_WORK_S)
    for folder in (build, build / _PICTURES, *(build / episode.slug for episode in show.episodes)):
        files.remove_leftovers(folder)
