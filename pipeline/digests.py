"""Digests of large files, remembered: a second run must not read three hours of audio to learn nothing.

A remembered digest is trusted only while size, inode and both times are the same, and only when the file was
already older than the memory when it was noted: a file changed twice within one tick of the clock looks
unchanged (git calls such an entry racy). `forget` in doubt: the cache only saves reading. The program has a digest too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from pipeline import files

RACY_NS = 2_000_000_000  # coarsest time stamp of a file system in use (FAT: two seconds)


def of_recordings(digests: Sequence[str]) -> str:
    """The digest of everything that was recorded: the one recording's own, or one over several in their order."""
    return digests[0] if len(digests) == 1 else files.digest_json(list(digests))


@lru_cache(maxsize=1)
def program_digest() -> str:
    """The digest of the program's own code: what it makes of the same files may differ with it."""
    code = Path(__file__).parent
    return files.digest_json(
        {path.relative_to(code).as_posix(): files.digest_file(path) for path in sorted(code.rglob("*.py"))}
    )


class DigestCache:
    """Digests by path, kept in one JSON file under `build/`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = False
        self._known: dict[str, list[int | str]] = {}
        try:
            known = json.loads(path.read_bytes())
            self._known = {str(name): list(entry) for name, entry in known.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            self._known = {}

    def digest(self, path: Path) -> str:
        """`sha256:...` of the file's content."""
        status = path.stat()
        mark: list[int | str] = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        entry = self._known.get(str(path))
        if entry is not None and entry[:-1] == mark:
            return str(entry[-1])
        digest = files.digest_file(path)
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > RACY_NS:
            self._known[str(path)] = [*mark, digest]
            self._changed = True
        return digest

    def save(self) -> None:
        """Write what was learnt, when there is something new."""
        if self._changed:
            files.write_text(self._path, files.readable_json(self._known))
            self._changed = False
