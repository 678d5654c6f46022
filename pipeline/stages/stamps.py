"""What is out of date: a stamp beside each stage's output says from what it was made.

A stage is fresh when its stamp holds the same key (the digests of its inputs, its parameters, its version) and
every output is there with the size it was written with. The stamp is written last, so a stage killed at any
instant is simply not fresh and is done again.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeline import files


def key_of(**inputs: Any) -> str:
    """One digest of everything a stage depends on. Values are JSON; numbers that are not whole go in as text."""
    return files.digest_json({name: _canonical(value) for name, value in inputs.items()})


def is_fresh(stamp: Path, key: str, *, base: Path | None = None) -> bool:
    """Whether the outputs noted in `stamp` were made from `key` and are still there.

    `base` is the folder of the outputs, where it is not the stamp's own.
    """
    return read_fresh(stamp, key, base=base) is not None


def read_fresh(stamp: Path, key: str, *, base: Path | None = None) -> dict[str, Any] | None:
    """The content of a stamp that `is_fresh`; None of any other."""
    recorded = read(stamp)
    folder = base or stamp.parent
    if (
        recorded.get("key") == key
        and isinstance(outputs := recorded.get("outputs"), dict)
        and all(_size(f"{folder}/{name}") == size for name, size in outputs.items())
    ):
        return recorded
    return None


def write(
    stamp: Path,
    key: str,
    outputs: Iterable[str],
    *,
    base: Path | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """Note that `outputs` (names in `base`, or in the stamp's own folder) were made from `key`.

    `facts` are kept with them, for later stages.
    """
    folder = base or stamp.parent
    sizes = {name: _size(f"{folder}/{name}") for name in outputs}
    files.write_text(stamp, files.canonical_json({"key": key, "outputs": sizes, "facts": dict(facts or {})}))


def read(stamp: Path) -> dict[str, Any]:
    """The stamp's content, empty when there is none: a damaged stamp means the stage is done again."""
    try:
        recorded = json.loads(stamp.read_bytes())
    except (OSError, ValueError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def _size(path: str) -> int | None:
    # Asked of every file of a site of thousands: one call, and no Path for each.
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _canonical(value: Any) -> Any:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(name): _canonical(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(one) for one in value]
    return value
