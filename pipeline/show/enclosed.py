"""A show's folder as its own world: links that lead out of it are refused, for reading and for writing.

A show may come from somebody else. What it names as its notes could be a file of the person who runs it, and a `site`
that is a link would have pages written over theirs. A link that stays in the show is fine.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline import files
from pipeline.errors import InvalidEpisode, InvalidInput, InvalidShow, Problem

APPROVALS_FOLDER = "approvals"
_EPISODES, _BUILD, _SITE, _PHOTOS = "episodes", "build", "site", "people"


def require_own_folders(root: Path) -> None:
    """Raise InvalidShow where the folders that are written to, or those directly in `build/`, lead out of the show."""
    found = [
        Problem(
            str(root / name),
            f"{name}/ is a link that leads out of the show, and would be written through",
            "Make it a folder; to have it on another disk, move the whole show, or mount the disk there",
        )
        for name in (_EPISODES, _BUILD, _SITE)
        if files.leads_out(root / name, root)
    ]
    if not found and (root / _BUILD).is_dir():
        found = [*_told(files.links_out(root / _BUILD, root))]
    if found:
        raise InvalidShow(found)


def require_own_build(root: Path, slugs: Iterable[str]) -> None:
    """The same for all in `build/` but the folders of the episodes `slugs`, which are looked at when they are used."""
    episodes = frozenset(slugs)
    if not (root / _BUILD).is_dir():
        return
    with os.scandir(root / _BUILD) as entries:
        shared = [entry.path for entry in entries if entry.name not in episodes and entry.is_dir(follow_symlinks=False)]
    if problems := [one for folder in sorted(shared) for one in _told(_links_below(Path(folder), root))]:
        raise InvalidShow(problems)


def require_own_episode_build(root: Path, slug: str) -> None:
    """The same for `build/<slug>/`. Raises InvalidEpisode."""
    if problems := [*_told(_links_below(root / _BUILD / slug, root))]:
        raise InvalidEpisode(problems)


def refuse_links_out(folder: Path, root: Path, error: type[InvalidInput]) -> None:
    """Raise `error` where a file directly in `folder`, or a folder that is read or written there, leads out of `root`.

    Links to other folders are let be: those are never entered.
    """
    links = files.links_out(folder, root)
    if problems := [*_told(one for one in links if one.name in (APPROVALS_FOLDER, _PHOTOS) or not one.is_dir())]:
        raise error(problems)


def _links_below(folder: Path, root: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from files.links_out(folder, root)
        for inner, folders, _ in os.walk(folder):
            for name in folders:
                if not (below := Path(inner) / name).is_symlink():
                    yield from files.links_out(below, root)


def _told(links: Iterable[Path]) -> Iterator[Problem]:
    for link in links:
        yield Problem(
            str(link), "it is a link that leads out of the show", "Put the file itself there, or delete the link"
        )
