"""A show's folder as its own world: links that lead out of it are refused, for reading and for writing.

A show may come from somebody else. What it names as its notes could be a file of the person who runs it, and a `site`
that is a link would have pages written over theirs. A link that stays in the show is fine.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pipeline import files
from pipeline.errors import InvalidEpisode, InvalidInput, InvalidShow, Problem

APPROVALS_FOLDER = "approvals"
# Of a kept publication the files lie in build/releases/<target>/<number>/site/.
RELEASES_FOLDER, KEPT_FILES_FOLDER = "releases", "site"
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
    if not found:
        found = [*_told(files.links_out(root / _BUILD, root))]
    if found:
        raise InvalidShow(found)


def require_own_build(root: Path, slugs: Iterable[str]) -> None:
    """The same for all in `build/` but what is looked at when it is used: the folders of the episodes `slugs`, and the
    files of kept publications, which are three times the whole site.
    """
    episodes = frozenset(slugs)
    shared: list[str] = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(root / _BUILD) as entries:
        shared += [
            entry.path for entry in entries if entry.name not in episodes and entry.is_dir(follow_symlinks=False)
        ]
    releases = root / _BUILD / RELEASES_FOLDER

    def is_kept(folder: Path) -> bool:
        return folder.name == KEPT_FILES_FOLDER and folder.parents[2] == releases

    links = [link for folder in sorted(shared) for link in files.links_out_below(Path(folder), root, but=is_kept)]
    if problems := [*_told(links)]:
        raise InvalidShow(problems)


def require_own_releases(root: Path) -> None:
    """The same for the publications that are kept, before their files are read or new ones laid beside them."""
    if problems := [*_told(files.links_out_below(root / _BUILD / RELEASES_FOLDER, root))]:
        raise InvalidShow(problems)


def require_own_episode_build(root: Path, slug: str) -> None:
    """The same for `build/<slug>/`. Raises InvalidEpisode."""
    if problems := [*_told(files.links_out_below(root / _BUILD / slug, root))]:
        raise InvalidEpisode(problems)


def refuse_links_out(folder: Path, root: Path, error: type[InvalidInput]) -> None:
    """Raise `error` where a file directly in `folder`, or a folder that is read or written there, leads out of `root`.

    Links to other folders are let be: those are never entered.
    """
    links = files.links_out(folder, root)
    if problems := [*_told(one for one in links if one.name in (APPROVALS_FOLDER, _PHOTOS) or not one.is_dir())]:
        raise error(problems)


def _told(links: Iterable[Path]) -> Iterator[Problem]:
    for link in links:
        yield Problem(
            str(link), "it is a link that leads out of the show", "Put the file itself there, or delete the link"
        )
