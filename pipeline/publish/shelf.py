"""Files of several episodes, kept under `build/` with what they were made from: made again when that is another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline import files

Files = Mapping[str, bytes | Path]


class Shelf:
    """Groups of files by name. Without a folder nothing is kept, and everything is made."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._used: set[str] = set()
        self.made: list[str] = []

    def keep(self, group: str, key: str, make: Callable[[], tuple[Any, Mapping[str, bytes]]]) -> tuple[Any, Files]:
        """The facts and the files of a group, by their names below `site/`: those made from `key`, or `make()`.

        Facts are JSON. `group` is a name that no other group has, which can be that of a folder.
        """
        if self._folder is None:
            return make()
        folder = self._folder / group
        self._used.add(group)
        stamp = folder / "kept.json"
        kept = _read(stamp)
        if kept.get("key") == key and all(_size(folder / name) == size for name, size in kept["files"].items()):
            return kept["facts"], {name: folder / name for name in kept["files"]}
        self.made.append(group)
        shutil.rmtree(folder, ignore_errors=True)
        facts, contents = make()
        for name, content in contents.items():
            with files.replacing(folder / name, flush=False) as temporary:
                temporary.write_bytes(content)
        sizes = {name: len(content) for name, content in contents.items()}
        files.write_text(stamp, files.canonical_json({"key": key, "facts": facts, "files": sizes}))
        return facts, {name: folder / name for name in contents}

    def forget_others(self) -> None:
        """Delete the groups that nobody has asked for since this shelf was opened."""
        if self._folder is not None and self._folder.is_dir():
            for entry in self._folder.iterdir():
                if entry.name not in self._used:
                    shutil.rmtree(entry, ignore_errors=True)


def _read(stamp: Path) -> dict[str, Any]:
    try:
        kept = json.loads(stamp.read_bytes())
        return kept if isinstance(kept, dict) and isinstance(kept["files"], dict) and "facts" in kept else {}
    except (OSError, ValueError, KeyError):
        return {}


def _size(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None
