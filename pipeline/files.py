"""Files at the edge: written whole or not at all, named by what is in them.

Every write goes to a temporary file in the same folder, is flushed to the disk and renamed, so a reader (or
the next run after a power cut) sees the old file or the new one, never half of one.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.errors import DiskFailed, Problem

# What the system says of a disk, and what to do about it; every other error is a fault of ours.
_DISK_FAULTS = {
    errno.ENOSPC: ("the disk is full", "Free some space and run again"),
    errno.EDQUOT: ("your share of the disk is used up", "Free some space and run again"),
    errno.EROFS: ("the disk can only be read", "Name another folder, or mount the disk so that it can be written"),
    errno.EACCES: ("you may not read or write here", "Ask for the right to, or name another folder"),
    errno.EPERM: ("you may not do this here", "Ask for the right to, or name another folder"),
    errno.ENOTDIR: ("there is a file where a folder must be", "Name another folder, or move the file away"),
    errno.EIO: ("the disk reports an error", "Copy what is on it to another disk, and run again there"),
    errno.EMFILE: ("too many files are open", "Close other programs and run again"),
    errno.ENFILE: ("too many files are open", "Close other programs and run again"),
}
# Nobody writes for longer to a text without a pause: what is older was left by a program that was killed.
STILL_AT_WORK_S = 600
_MANY = 50
_TEMPORARY = re.compile(r"^\..+\.[0-9a-f]{8}\.tmp(\.[A-Za-z0-9]+)?$")


@contextmanager
def replacing(path: Path, *, flush: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is fsynced and renamed over `path`.

    Without `flush` it is renamed only: for many files at once, which `settle` brings to the disk together.

    The temporary name keeps the suffix, because ffmpeg chooses a container by it. When the body raises, or
    leaves no file, nothing of `path` changes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.tmp{path.suffix}")
    try:
        yield temporary
        if flush:
            _flush(temporary)
        temporary.replace(path)
        if flush:
            _flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` atomically, making parent folders."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with `\\n` line ends, atomically."""
    write_bytes(path, text.encode("utf-8"))


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write only when the bytes differ, so that modification times mean something; True when written."""
    if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content:
        return False
    write_bytes(path, content)
    return True


def settle(paths: Sequence[Path]) -> None:
    """Bring files that were written without `flush` to the disk, and their names: one by one, or all at once if many.

    Flushing takes milliseconds a file; the whole of ten thousand pages takes the disk less than a second.
    """
    if len(paths) > _MANY and hasattr(os, "sync"):
        os.sync()
        return
    for path in paths:
        _flush(path)
    for folder in dict.fromkeys(path.parent for path in paths):
        _flush(folder)


def remove_leftovers(folder: Path, *, untouched_s: float = 0) -> None:
    """Delete temporary files that a killed program left directly in `folder`.

    Where others may be writing at the same time, `untouched_s` keeps what was written to within so many seconds;
    without it, call this only under the lock of those who write there.
    """
    if folder.is_dir():
        for entry in folder.iterdir():
            if _TEMPORARY.match(entry.name) and entry.is_file() and not entry.is_symlink():
                with suppress(FileNotFoundError):  # its writer was alive, and has finished
                    if time.time() - entry.stat().st_mtime >= untouched_s:
                        entry.unlink()


def digest_bytes(content: bytes) -> str:
    """`sha256:` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def digest_file(path: Path) -> str:
    """The digest of a file, read in pieces: memory does not grow with its length."""
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"


def digest_pieces(pieces: Iterable[bytes]) -> str:
    """The digest of what comes piece by piece."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return f"sha256:{digest.hexdigest()}"


def pieces(path: Path) -> Iterator[bytes]:
    """A file's content, a megabyte at a time. Raises OSError on the way."""
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            yield piece


def digest_json(value: Any) -> str:
    """The digest of a JSON value in canonical form: the same value gives the same digest everywhere."""
    return digest_bytes(canonical_json(value).encode("utf-8"))


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no spaces. Use integers in it: floats are not canonical across languages."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def readable_json(value: Any) -> str:
    """JSON for people and diffs: sorted keys, two spaces, a final line end."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False) + "\n"


def inside(folder: Path, name: str) -> Path | None:
    """`folder / name` if that stays inside `folder` after following links, else None.

    Absolute names, `..`, and links that lead out are None: nothing in a show may reach outside it.
    """
    if not name or "\x00" in name or "\\" in name or Path(name).is_absolute():
        return None
    root = folder.resolve()
    candidate = (folder / name).resolve()
    return candidate if candidate.is_relative_to(root) and candidate != root else None


def holds(folder: Path, name: str) -> bool:
    """Whether `name` is a file that stays `inside` the folder."""
    if name not in ("", ".", "..") and not set(name) & {"/", "\\", "\x00"}:
        # What lies directly in it and is no link needs no way to be followed: asked of every recording of a show.
        direct = folder / name
        if not direct.is_symlink():
            return direct.is_file()
    found = inside(folder, name)
    return found is not None and found.is_file()


def disk_failed(error: BaseException | None, where: str) -> DiskFailed | None:
    """What an error of the disk means, for the person at it; None where it is no error of the disk.

    Libraries raise errors of their own in its place, so what led to `error` is looked at, too. `where` is named when
    the system names no file. Nothing is lost by it: files are written whole or not at all.
    """
    while error is not None:
        if isinstance(error, OSError) and (fault := _DISK_FAULTS.get(error.errno or 0)):
            return DiskFailed(Problem(str(error.filename or where), *fault))
        error = error.__cause__ or error.__context__
    return None


def leads_out(path: Path, root: Path) -> bool:
    """Whether `path` is a link that leads out of `root`, wherever it ends."""
    return path.is_symlink() and not path.resolve().is_relative_to(root.resolve())


def links_out(folder: Path, root: Path) -> list[Path]:
    """The links directly in `folder` that lead out of `root`, wherever they end; following them is nobody's wish.

    A show may come from somebody else: what it names as its notes could be a file of the person who runs it. A folder
    that is gone by now holds none: others are at work beside this.
    """
    return _links_and_folders(folder, root)[0]


def links_out_below(folder: Path, root: Path, *, but: Callable[[Path], bool] = lambda _: False) -> list[Path]:
    """The same for `folder` and all folders in it; those of which `but` says so are not entered.

    Every folder is listed once. One that is made or taken away meanwhile may be seen or not.
    """
    links: list[Path] = []
    waiting = [folder]
    while waiting:
        here, folders = _links_and_folders(waiting.pop(), root)
        links += here
        waiting += [one for one in folders if not but(one)]
    return sorted(links)


def _links_and_folders(folder: Path, root: Path) -> tuple[list[Path], list[Path]]:
    """The links directly in `folder` that lead out of `root`, by name, and the folders in it that are no links."""
    links: list[Path] = []
    folders: list[Path] = []
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                links.append(Path(entry.path))
            elif entry.is_dir(follow_symlinks=False):
                folders.append(Path(entry.path))
    return [link for link in sorted(links) if leads_out(link, root)], folders


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
