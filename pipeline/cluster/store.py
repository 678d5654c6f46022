"""Files between the machines of a cluster, named by their SHA-256: a folder they all see, or an object store.

    blobs/<64 digits><suffix>    a recording, or something made of one
    done/<64 digits>.json        what came of the task with that key, and which blobs it wrote

Each show has a folder of its own in a shared store (`own_folder`): what one run takes away no other needs.
Who can write here can put false results into a show: it belongs to the cluster alone.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem
from obstore.exceptions import BaseError

from pipeline import files
from pipeline.digests import DigestCache
from pipeline.errors import Problem, ToolFailed

# Spoken by obstore, which the default install has; other protocols need what fsspec asks for them.
_BUCKETS = {"s3", "gs", "az", "abfs"}


@dataclass(frozen=True)
class Blob:
    """A file in the store; `suffix` is kept for those who judge a file by it."""

    digest: str
    size_bytes: int
    suffix: str

    @property
    def name(self) -> str:
        """Where it lies in the store."""
        return f"blobs/{self.digest.removeprefix('sha256:')}{self.suffix}"

    @classmethod
    def of(cls, path: Path, digest: str) -> Blob:
        """What `path` will be in the store."""
        return cls(digest, path.stat().st_size, path.suffix.lower())

    def as_json(self) -> dict[str, Any]:
        """For `Blob(**json)`."""
        return asdict(self)


class Store:
    """The store at `url`: a path, or an address such as s3://bucket/folder, whose keys the environment holds."""

    def __init__(self, url: str) -> None:
        self.url = url
        protocol = url.partition("://")[0] if "://" in url else "file"
        if protocol in _BUCKETS:
            from obstore.fsspec import register  # noqa: PLC0415  only for who keeps it in a bucket

            register(protocol)
        with self._told():
            self._files, self._root = fsspec.core.url_to_fs(url)
        self._is_local = isinstance(self._files, LocalFileSystem)
        # What was read once and is as it was then, is not read again: a recording is the input of many tasks.
        self._known = DigestCache(Path())
        self._lock = Lock()

    def put(self, path: Path, blob: Blob) -> None:
        """Lay the file `path` there, unless it lies there already. Raises ToolFailed."""
        target = self._at(blob.name)
        with self._told():
            if self._files.exists(target) and self._files.info(target)["size"] == blob.size_bytes:
                return
            if not self._is_local:
                self._files.put_file(str(path), target)
                return
            with files.replacing(Path(target)) as temporary:
                self._files.get_file(str(path), str(temporary))

    def fetch(self, blob: Blob, cache: Path) -> Path:
        """A path at which the content of `blob` can be read; in `cache`, unless the store is a folder.

        Raises ToolFailed where it is not there or is another content.
        """
        with self._lock, self._told():
            path = Path(self._at(blob.name)) if self._is_local else cache / blob.name
            if not self._is_local and not path.is_file():
                with files.replacing(path) as temporary:
                    self._files.get_file(self._at(blob.name), str(temporary))
            if self._known.digest(path) != blob.digest:
                self._remove(blob.name)  # so that the next run lays it there whole
                if not self._is_local:
                    path.unlink()
                raise ToolFailed(
                    Problem(f"{self.url}/{blob.name}", "it has another content than its name", "Run again")
                )
            return path

    def take(self, blob: Blob, target: Path) -> None:
        """Write the content of `blob` to `target`, whole or not at all. Raises ToolFailed as `fetch` does."""
        with self._told(), files.replacing(target) as temporary:
            self._files.get_file(self._at(blob.name), str(temporary))
            if files.digest_file(temporary) != blob.digest:
                self._remove(blob.name)
                raise ToolFailed(
                    Problem(f"{self.url}/{blob.name}", "it has another content than its name", "Run again")
                )

    def finished(self, key: str) -> dict[str, Any] | None:
        """What came of the task `key`; None where nobody has done it, or what it wrote is not there any more."""
        with self._told():
            try:
                result: dict[str, Any] = json.loads(self._files.cat_file(self._at(_done(key))))
                blobs = [Blob(**one) for one in result["outputs"].values()]
            except FileNotFoundError:
                return None
            except (ValueError, KeyError, TypeError, AttributeError):
                return None  # not whole: it is done again
            return result if all(self._files.exists(self._at(one.name)) for one in blobs) else None

    def note(self, key: str, result: Mapping[str, Any]) -> None:
        """Note what came of the task `key`, when all it wrote is there. Raises ToolFailed."""
        content = files.readable_json(dict(result)).encode()
        target = self._at(_done(key))
        with self._told():
            if self._is_local:
                files.write_bytes(Path(target), content)
            else:
                self._files.pipe_file(target, content)

    def forget(self, key: str) -> None:
        """Remove the note on the task `key`."""
        self._remove(_done(key))

    def remove(self, blob: Blob) -> None:
        """Remove it where it is there."""
        self._remove(blob.name)

    def _spoilt(self, blob: Blob) -> ToolFailed:
        return ToolFailed(Problem(f"{self.url}/{blob.name}", "it has another content than its name", "Run again"))

    def _remove(self, name: str) -> None:
        with suppress(OSError, BaseError):  # not there, or not to be reached: what is left costs room, nothing else
            self._files.rm_file(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (ImportError, ValueError) as error:
            raise ToolFailed(
                Problem(self.url, f"no store can be had there ({error})", "Name a folder, or an address of fsspec")
            ) from error
        except (OSError, BaseError) as error:
            raise ToolFailed(
                Problem(
                    self.url,
                    f"the store does not do what is asked ({first_line(error)})",
                    "Check that every machine of the cluster reaches it, and that there is room; then run again",
                )
            ) from error


def own_folder(scratch: Path) -> str:
    """The name of a show's own folder in a store that it shares with others, noted in its folder `scratch`.

    It is the same for the next run, which goes on with what lies there. A copy of the show gets another name: the two
    may run at once. Call it under the lock of a run.
    """
    path = scratch / "store.json"
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(path.read_bytes())
        # Which file it is does not travel with a copy.
        if kept["inode"] == path.stat().st_ino and re.fullmatch(r"[0-9a-f]{16}", kept["name"]):
            return str(kept["name"])
    name = secrets.token_hex(8)
    with files.replacing(path) as temporary:
        temporary.touch()
        temporary.write_bytes(files.readable_json({"name": name, "inode": temporary.stat().st_ino}).encode())
    return name


def first_line(error: BaseException) -> str:
    """What a library says, in so far as it fits into a message."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _done(key: str) -> str:
    return f"done/{key.removeprefix('sha256:')}.json"
