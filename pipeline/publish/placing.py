"""Bringing a plan to the disk: files are linked or written in its order, and then what it does not name is removed.

A plan names every file below `site/`, in the order in which they must be there. That order keeps a promise under every
interruption: **the feed names only files that are there, whole.** All else is brought to the disk before the first
page of the feed is put in place; only after the feed vanishes what the site no longer names.

Nothing is remembered between runs. What this program makes has names that nobody else would give (a piece of the
content's digest, after the folder's own name), so what an episode left behind is known by its name even when
`build/` was deleted or a run was killed. Files of other names are reported and never touched.
"""

from __future__ import annotations

import filecmp
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pipeline import files
from pipeline.errors import Problem, Refused
from pipeline.publish.finished import PAGE, Content, lies_at
from pipeline.publish.templates import STATIC_FOLDER, STATIC_SUFFIXES

_PIECE = r"[0-9a-f]{12}"
# Add to these, never take away: an older version's files must still be known as ours.
_OURS_SHARED = re.compile(
    rf"^(?:{STATIC_FOLDER}/[A-Za-z0-9_-]+-{_PIECE}(?:{'|'.join(map(re.escape, STATIC_SUFFIXES))})|feed-\d+\.xml"
    r"|(?:people|sources|archive(?:-\d{1,4})?|corrections|feed|search)\.html|(?:corrections|sitemap)\.xml|robots\.txt"
    rf"|search/(?:index|period|words)-{_PIECE}\.json)$"
)
_OURS_EPISODE = re.compile(
    rf"^(?P<slug>[a-z0-9-]+)/(?P=slug)-{_PIECE}\."
    r"(?:mp3|opus|aac|m4a|m4v|mov|mp4|oga|flac|wav|webm|vtt|srt|txt|json|html|chapters\.json|search\.json|jpg)$"
)
_FEED = re.compile(r"^feed(?:-\d+)?\.xml$")


class Placed(NamedTuple):
    """Names of files that were not there or were different, of those that were removed, and of those of others."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    strays: tuple[str, ...]


def place_files(site: Path, plan: Mapping[str, Content], report: Callable[[float], None]) -> Placed:
    """Make `site` hold what `plan` names, beside whatever others put there. The caller holds the lock.

    What lies somewhere else already is linked where that can be done. Raises Refused when something stands in the way
    in `site`.
    """
    there = _listing(site)
    _refuse_obstacles(site, plan, there)
    written: list[str] = []
    feeds = [name for name in plan if _FEED.match(name)]
    for names in ([name for name in plan if not _FEED.match(name)], feeds):
        begun = len(written)
        for name in names:
            report(len(written) / (len(plan) + 1))
            if _differs(site, name, plan[name], there.files.get(name)):
                _put(site / name, plan[name])
                written.append(name)
        files.settle([site / name for name in written[begun:]])
    ours, strays = _superfluous(there, plan)
    for name in ours:
        _remove(site / name)
    for folder in {(site / name).parent for name in ours} - {site}:
        if not any(folder.iterdir()):
            folder.rmdir()
    report(1.0)
    return Placed(tuple(written), tuple(ours), tuple(strays))


class _File(NamedTuple):
    """What is asked of a file that is there, or of a link: the rest of what the system tells would fill the memory."""

    device: int
    inode: int
    size_bytes: int
    is_link: bool


class _There(NamedTuple):
    """What a folder holds, by names below it: files and links, and its folders."""

    files: dict[str, _File]
    folders: set[str]


def _listing(site: Path) -> _There:
    """Everything below a folder, but for what a killed run left half-written, which is deleted.

    For each of tens of thousands of files: names are put together as text.
    """
    there = _There({}, set())
    below = [""] if site.is_dir() else []
    while below:
        folder = below.pop()
        files.remove_leftovers(site / folder)
        with os.scandir(site / folder) as entries:
            for entry in entries:
                name = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    there.folders.add(name)
                    below.append(f"{name}/")
                else:
                    status = entry.stat(follow_symlinks=False)
                    there.files[name] = _File(status.st_dev, status.st_ino, status.st_size, entry.is_symlink())
    return there


def _differs(site: Path, name: str, content: Content, there: _File | None) -> bool:
    if there is None:
        return True
    if isinstance(content, bytes):
        return there.size_bytes != len(content) or (site / name).read_bytes() != content
    path = lies_at(name, content)
    source = os.stat(path)  # noqa: PTH116  the path is a text: this is asked of every file of the site
    if (source.st_dev, source.st_ino) == (there.device, there.inode):
        return False
    # A name that carries a digest says what is in the file.
    return source.st_size != there.size_bytes or not (
        _OURS_EPISODE.match(name) or filecmp.cmp(path, site / name, False)
    )


def _put(path: Path, content: Content) -> None:
    with files.replacing(path, flush=False) as temporary:
        if isinstance(content, bytes):
            temporary.write_bytes(content)
            return
        source = lies_at(path.name, content)
        try:
            os.link(source, temporary)
        except OSError:  # another file system, or one without hard links
            shutil.copyfile(source, temporary)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _refuse_obstacles(site: Path, names: Iterable[str], there: _There) -> None:
    """A link in the way could lead the writing out of `site`, a folder could stop it half-way."""
    found = {name: what for name, is_folder in _places(names).items() if (what := _obstacle(name, is_folder, there))}
    if found:
        raise Refused(
            [
                Problem(str(site / name), what, "Move it out of site/, which holds what is published")
                for name, what in sorted(found.items())
            ]
        )


def _places(names: Iterable[str]) -> dict[str, bool]:
    """Every file and, marked True, every folder that the names need."""
    places: dict[str, bool] = {}
    for name in names:
        places[name] = False
        folder = name
        while (folder := folder.rpartition("/")[0]) and folder not in places:
            places[folder] = True
    return places


def _obstacle(name: str, is_folder: bool, there: _There) -> str | None:
    if (file := there.files.get(name)) is not None and file.is_link:
        return "a link stands where the site has a file or a folder of its own"
    if is_folder and file is not None:
        return "a file stands where the site has a folder"
    if not is_folder and name in there.folders:
        return "a folder stands where the site has a file"
    return None


def _superfluous(there: _There, planned: Collection[str]) -> tuple[list[str], list[str]]:
    """Files that the plan does not name: ours, in the order in which to remove them, and strays."""
    others = sorted(name for name in there.files if name not in planned)
    made_here = {name for name in others if _OURS_SHARED.match(name) or _OURS_EPISODE.match(name)}
    folders = {PurePosixPath(name).parent for name in made_here if _OURS_EPISODE.match(name)}
    # A page is ours when files of ours lie beside it. It goes first, so that this is still known after a kill.
    pages_made_here = [
        name for name in others if PurePosixPath(name).name == PAGE and PurePosixPath(name).parent in folders
    ]
    ours = [*pages_made_here, *sorted(made_here)]
    return ours, [name for name in others if name not in ours]
