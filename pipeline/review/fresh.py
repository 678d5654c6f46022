"""Whether what was read is still what is on disk: files are known again by time and size, and by their digest."""

from __future__ import annotations

from pathlib import Path

from pipeline import files
from pipeline.show import (
    EPISODE_NAME,
    GLOSSARY_NAME,
    NOTES_NAME,
    PEOPLE_NAME,
    REDACTIONS_NAME,
    SHOW_NAME,
    SOURCES_NAME,
)

Mark = tuple[int, int]

NO_REVISION = "none"


def mark(path: Path) -> Mark:
    """When a file was written, in ns, and how long it is; zeros where there is none. Cheap to ask again."""
    try:
        status = path.stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_size)


def revision_of_file(path: Path) -> str:
    """The digest of a file, by which a save says from what it began; "none" where there is no file."""
    return files.digest_file(path) if path.is_file() else NO_REVISION


def state_of_show(root: Path) -> object:
    """What `load_show` reads, by size and time: when this is the same, so is the show."""
    folder = root / "episodes"
    shared = [folder / name for name in (SHOW_NAME, PEOPLE_NAME, GLOSSARY_NAME, SOURCES_NAME)]
    own = [
        entry / name
        for entry in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if entry.is_dir()
        for name in (EPISODE_NAME, NOTES_NAME, GLOSSARY_NAME, SOURCES_NAME, REDACTIONS_NAME)
    ]
    state: list[tuple[str, int, int, int]] = []
    for path in (*shared, *own):
        try:
            status = path.stat()
        except OSError:
            continue
        state.append((str(path), status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(state)
