"""Files of another machine, over SFTP: listed, read, and written so that a broken upload goes on where it stopped.

Paths are text with `/` between. Raises `sftp_wire.Failed` where the server refuses, NoAnswer where it broke off.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.publish.deploy import sftp_wire as wire
from pipeline.publish.deploy.sftp_wire import Attributes, Failed, Request, Wire

# The end of what a killed upload left is written again: a power cut may have kept its length and not its bytes.
_DOUBTFUL_BYTES = 1 << 20
_FOLDERS_AT_ONCE = 64
_READ_AT_ONCE = 32
_FILE, _FOLDER = 0o644, 0o755  # whoever runs the web server may read them


class RemoteFiles:
    """The files of one server, as whoever logged in may see them."""

    def __init__(self, connection: Wire) -> None:
        self._wire = connection
        extensions = connection.extensions
        self.renames_over = wire.POSIX_RENAME in extensions
        self.links_hard = wire.HARD_LINK in extensions
        self._flushes = wire.FSYNC in extensions

    def status(self, path: str) -> Attributes | None:
        """What stands at a path, a link as itself; None for nothing."""
        try:
            return self._wire.ask(wire.LSTAT, _text(path)).attributes
        except Failed as error:
            if error.code == wire.NO_SUCH_FILE:
                return None
            raise

    def tree(self, root: str, within: Iterable[str] = ("",)) -> dict[str, Attributes]:
        """Every file, link and folder below a folder (none where it is not there), by its path in it.

        `within` are the folders in it that are looked into; without it all are.
        """
        found: dict[str, Attributes] = {}
        folders = list(within)
        while folders:
            some, folders = folders[:_FOLDERS_AT_ONCE], folders[_FOLDERS_AT_ONCE:]
            for folder, entries in self._list([(one, f"{root}/{one}".rstrip("/")) for one in some]):
                for name, attributes in entries:
                    path = f"{folder}/{name}".lstrip("/")
                    found[path] = attributes
                    if attributes.is_folder:
                        folders.append(path)
        return found

    def names(self, folder: str) -> list[str]:
        """What is directly in a folder; nothing where it is not there."""
        return [name for _, entries in self._list([("", folder)]) for name, _ in entries]

    def _list(self, folders: list[tuple[str, str]]) -> Iterator[tuple[str, list[tuple[str, Attributes]]]]:
        """What is directly in each folder: many are asked for at a time, for each question travels far."""
        opened = self._wire.all([(wire.OPENDIR, _text(path)) for _, path in folders])
        handles: dict[str, bytes] = {}
        entries: dict[str, list[tuple[str, Attributes]]] = {}
        for (folder, _), answer in zip(folders, opened, strict=True):
            if answer.code not in (0, wire.NO_SUCH_FILE):
                raise Failed(answer.code, answer.said)
            if answer.code == 0:
                handles[folder], entries[folder] = answer.data, []
        reading = list(handles)
        while reading:
            answers = self._wire.all([(wire.READDIR, wire.text(handles[one])) for one in reading])
            for folder, answer in zip(tuple(reading), answers, strict=True):
                if answer.code == wire.EOF:
                    reading.remove(folder)
                elif answer.code:
                    raise Failed(answer.code, answer.said)
                named = [(name.decode("utf-8", "surrogateescape"), facts) for name, facts in answer.names]
                entries[folder] += [(name, facts) for name, facts in named if name not in (".", "..")]
        self._wire.all([(wire.CLOSE, wire.text(handle)) for handle in handles.values()])
        yield from entries.items()

    def read(self, path: str) -> bytes | None:
        """A small file whole, links followed; None where there is none."""
        pieces = self.pieces(path)
        return None if pieces is None else b"".join(pieces)

    def pieces(self, path: str) -> Iterator[bytes] | None:
        """A file, about a megabyte at a time, links followed; None where there is none."""
        try:
            size_bytes = self._wire.ask(wire.STAT, _text(path)).attributes.size_bytes
            handle = self._open(path, wire.READING)
        except Failed as error:
            if error.code == wire.NO_SUCH_FILE:
                return None
            raise
        return self._read(handle, size_bytes)

    def _read(self, handle: bytes, size_bytes: int) -> Iterator[bytes]:
        try:
            at = 0
            while at < size_bytes:
                places = range(at, min(size_bytes, at + _READ_AT_ONCE * wire.PIECE_BYTES), wire.PIECE_BYTES)
                asked = [min(wire.PIECE_BYTES, size_bytes - place) for place in places]
                answers = self._wire.all(
                    (wire.READ, wire.text(handle) + struct.pack(">QI", place, size))
                    for place, size in zip(places, asked, strict=True)
                )
                got = b""
                for answer, size in zip(answers, asked, strict=True):
                    if answer.code == wire.EOF:
                        size_bytes = at + len(got)  # it became shorter meanwhile
                        break
                    (needed,) = wire.needed_all([answer])
                    got += needed.data
                    if len(needed.data) < size:  # a server may give less than it was asked for
                        break
                yield got
                at += len(got)
        finally:
            self._wire.all([(wire.CLOSE, wire.text(handle))])

    def create(self, path: str, content: bytes) -> bool:
        """Make a small file that was not there; False where somebody else's is. Of two at once one succeeds."""
        try:
            handle = self._open(path, wire.WRITING | wire.CREATING | wire.ONLY_NEW)
        except Failed:
            if self.status(path) is not None:
                return False
            raise
        try:
            self._wire.ask(wire.WRITE, wire.text(handle) + struct.pack(">Q", 0) + wire.text(content))
        finally:
            self._wire.all([(wire.CLOSE, wire.text(handle))])
        return True

    def write(self, path: str, source: Path, size_bytes: int) -> str:
        """Bring a local file there, going on with what stands there of it; returns the digest of what was read.

        The file there is as long as what was read, and on the disk where the server can see to that.
        """
        begun = self.status(path)
        start = max(0, begun.size_bytes - _DOUBTFUL_BYTES) if begun and begun.size_bytes <= size_bytes else 0
        flags = wire.WRITING | wire.CREATING | (0 if start else wire.TRUNCATING)
        handle = self._open(path, flags)
        digest, failure = hashlib.sha256(), None
        try:

            def requests() -> Iterator[Request]:
                with source.open("rb") as reading:
                    at = 0
                    while piece := reading.read(wire.PIECE_BYTES):
                        digest.update(piece)
                        if at + len(piece) > start and failure is None:
                            yield wire.WRITE, wire.text(handle) + struct.pack(">Q", at) + wire.text(piece)
                        at += len(piece)

            for answer in self._wire.stream(requests()):
                if answer.code and failure is None:
                    failure = Failed(answer.code, answer.said)
            if failure:
                raise failure
            if self._flushes:
                self._wire.ask(wire.EXTENDED, wire.text(wire.FSYNC, handle))
        finally:
            self._wire.all([(wire.CLOSE, wire.text(handle))])
        return f"sha256:{digest.hexdigest()}"

    def rename(self, old: str, new: str) -> None:
        """Give a file or a folder another name; a file of that name is replaced, at once where the server can."""
        if self.renames_over:
            self._wire.ask(wire.EXTENDED, wire.text(wire.POSIX_RENAME, _bytes(old), _bytes(new)))
            return
        self._wire.all([(wire.REMOVE, _text(new))])
        self._wire.ask(wire.RENAME, wire.text(_bytes(old), _bytes(new)))

    def rename_to_new(self, old: str, new: str) -> None:
        """Give a file another name, unless something of that name is there already: then nothing happens."""
        self._wire.all([(wire.RENAME, wire.text(_bytes(old), _bytes(new)))])

    def link(self, target: str, path: str) -> None:
        """Make a symbolic link. (OpenSSH takes the two in this order, and other servers follow it.)"""
        self._wire.ask(wire.SYMLINK, wire.text(_bytes(target), _bytes(path)))

    def link_target(self, path: str) -> str:
        """Where a symbolic link leads."""
        ((name, _),) = self._wire.ask(wire.READLINK, _text(path)).names
        return name.decode("utf-8", "surrogateescape")

    def make_folders(self, paths: Iterable[str]) -> None:
        """Make folders, outer ones first; one that is there already is no error."""
        made = list(paths)
        answers = self._wire.all([(wire.MKDIR, _text(one) + wire.mode(_FOLDER)) for one in made])
        for path, answer in zip(made, answers, strict=True):
            if answer.code:
                there = self.status(path)
                if there is None or not (there.is_folder or there.is_link):
                    raise Failed(answer.code, answer.said)

    def link_all(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Give files a second name each (hard links)."""
        asked = ((wire.EXTENDED, wire.text(wire.HARD_LINK, _bytes(old), _bytes(new))) for old, new in pairs)
        wire.needed_all(self._wire.all(asked))

    def remove(self, path: str) -> bool:
        """Delete a file or a link; False where there is none."""
        try:
            self._wire.ask(wire.REMOVE, _text(path))
        except Failed as error:
            if error.code == wire.NO_SUCH_FILE:
                return False
            raise
        return True

    def remove_empty_folder(self, path: str) -> bool:
        """Delete a folder that is empty; False where it is not."""
        return not self._wire.all([(wire.RMDIR, _text(path))])[0].code

    def remove_tree(self, root: str) -> None:
        """Delete a folder with everything in it; links are deleted, not followed."""
        found = self.tree(root)
        files = [path for path, facts in found.items() if not facts.is_folder]
        folders = sorted((path for path, facts in found.items() if facts.is_folder), key=len, reverse=True)
        wire.needed_all(self._wire.all([(wire.REMOVE, _text(f"{root}/{one}")) for one in files]))
        wire.needed_all(self._wire.all([(wire.RMDIR, _text(f"{root}/{one}")) for one in folders]))
        self._wire.all([(wire.RMDIR, _text(root))])

    def _open(self, path: str, flags: int) -> bytes:
        asked = _text(path) + struct.pack(">I", flags) + (wire.mode(_FILE) if flags & wire.CREATING else _NO_ATTRIBUTES)
        return self._wire.ask(wire.OPEN, asked).data


_NO_ATTRIBUTES = struct.pack(">I", 0)


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _text(path: str) -> bytes:
    return wire.text(_bytes(path))
