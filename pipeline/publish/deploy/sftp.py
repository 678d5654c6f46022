"""A folder of another machine, by SFTP: releases side by side, and a link to the one that is seen.

    PATH/
      current -> releases/000007      the web server's root
      releases/000006  000007         each a whole site; files that did not change are hard links to the same bytes
      releases/.next                  the one that is being made; a killed publication goes on with it
      releases/.gone                  the one that is being deleted
      parts/                          uploads that have not come to their end, named by the digest they will have
      lock                            who publishes there now

The layout is that of the target `folder`. A server that knows no links (some hosters' do not) gets the files into
`current` itself, which is a folder then: each appears whole, in the order in which they are put.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress

from pipeline.errors import Busy, NoAnswer, Problem, Refused
from pipeline.publish.deploy import sftp_wire
from pipeline.publish.deploy.sftp_files import RemoteFiles
from pipeline.publish.deploy.sftp_wire import Attributes, Failed, connected
from pipeline.publish.deploy.targets import Stored, Upload, Writer

CURRENT, RELEASES = "current", "releases"
_NEXT, _CLONE, _GONE, _LOCK, _PARTS = ".next", ".clone", ".gone", "lock", "parts"
_NUMBER = re.compile(r"^\d{6,}$")
_KEPT_RELEASES = 2
_SETTLE_S = 2.0  # how long somebody may take to write their name into the lock that they made


class Sftp:
    """The target `kind = "sftp"`: `host` may be a name of ~/.ssh/config; `path` is there, from `/` or the home."""

    def __init__(self, host: str, path: str, user: str | None = None, port: int | None = None) -> None:
        self._host, self._user, self._port = host, user, port
        # The home is where a conversation begins; a shell's sign for it means nothing to a file server.
        within = re.sub(r"^~(/|$)", "", path)
        self._path = within.rstrip("/") or ("/" if within else ".")

    @property
    def place(self) -> str:
        """`sftp://user@host:port/path`, with what was set of it."""
        user = f"{self._user}@" if self._user else ""
        port = f":{self._port}" if self._port else ""
        return f"sftp://{user}{self._host}{port}/{self._path.removeprefix('/')}"

    @contextmanager
    def open(self, writer: Writer | None) -> Iterator[SftpSession]:
        """Log in, and hold the lock where something is to be changed."""
        with connected(self._host, self._user, self._port, self.place) as conversation, _telling(self.place):
            files = RemoteFiles(conversation)
            if writer is None:
                yield SftpSession(files, self._path, self.place)
                return
            files.make_folders([self._path])
            lock = _Lock(files, f"{self._path}/{_LOCK}", self.place, writer)
            lock.take()
            try:
                lock.hold()
                session = SftpSession(files, self._path, self.place, lock)
                session.recover()
                yield session
            finally:
                # A connection that broke leaves the lock: the next attempt from here knows it as its own.
                with suppress(NoAnswer, Refused, Failed):
                    lock.let_go()


class _Lock:
    """A file that says who publishes; made only where there is none."""

    def __init__(self, files: RemoteFiles, path: str, place: str, writer: Writer) -> None:
        self._files, self._path, self._place, self._writer = files, path, place, writer

    def take(self) -> None:
        """Raises Busy while it is somebody else's."""
        content = json.dumps({"token": self._writer.token, "who": self._writer.who}).encode()
        for _ in range(2):
            if self._files.create(self._path, content) or self._is_ours():
                return
            found = self._files.read(self._path)
            if found is not None:
                if not self._writer.take_over and not self._is_nobodys(found):
                    raise self._busy()
                self._clear(found)
        raise self._busy()

    def hold(self) -> None:
        """Raises Busy when somebody took it over meanwhile."""
        if not self._is_ours():
            raise self._busy()

    def let_go(self) -> None:
        if self._is_ours():
            self._files.remove(self._path)

    def _is_ours(self) -> bool:
        return self._holder().get("token") == self._writer.token

    def _is_nobodys(self, found: bytes) -> bool:
        """Whether its maker was killed before they had written their name into it: it is empty, and stays so."""
        if found != b"":
            return False
        time.sleep(_SETTLE_S)
        return self._files.read(self._path) == b""

    def _clear(self, found: bytes) -> None:
        """Remove the lock that was `found`, not one that somebody made who cleared that away before.

        Of two who give it another name only one can; and who gave it to another lock sees so, and puts that back.
        """
        aside = f"{self._path}.{self._writer.token}"
        try:
            self._files.rename(self._path, aside)
        except Failed as error:
            if error.code == sftp_wire.NO_SUCH_FILE:
                return
            raise
        if self._files.read(aside) != found:
            self._files.rename_to_new(aside, self._path)
        self._files.remove(aside)

    def _holder(self) -> Mapping[str, object]:
        with suppress(ValueError):
            holder = json.loads(self._files.read(self._path) or b"{}")
            return holder if isinstance(holder, dict) else {}
        return {}

    def _busy(self) -> Busy:
        who = str(self._holder().get("who") or "somebody else")
        return Busy(
            Problem(
                self._place,
                f"{''.join(one for one in who if one.isprintable())[:80]} is publishing there now",
                "Wait until they have finished; if they will not come back, publish again with --take-over",
            )
        )


class SftpSession:
    """An open folder of another machine. Nothing is made before the first change."""

    def __init__(self, files: RemoteFiles, path: str, place: str, lock: _Lock | None = None) -> None:
        self._files, self._path, self._place, self._lock = files, path, place, lock
        self._releases, self._current = f"{path}/{RELEASES}", f"{path}/{CURRENT}"
        self._next = f"{self._releases}/{_NEXT}"
        current = files.status(self._current)
        self._in_place = not current.is_link if current else not (files.links_hard and files.renames_over)
        self._begun = lock is not None and not self._in_place and files.status(self._next) is not None
        self._folders: set[str] = set()
        self.warnings: tuple[Problem, ...] = (_file_by_file(place),) if self._in_place else ()

    def recover(self) -> None:
        """Go on with what a killed publication had made and not shown."""
        if not self._in_place and self._files.status(self._current) is None:
            self._in_place = not self._may_link()
        if self._in_place:
            self.warnings = (_file_by_file(self._place),)
            return
        numbers, seen = self._numbers(), self._seen()
        unseen = [number for number in numbers if number > seen]
        if unseen and not self._begun:
            self._files.rename(f"{self._releases}/{max(unseen):06d}", self._next)
            self._begun = True

    def stored(self) -> Mapping[str, Stored]:
        """Every file of the release in the making, or else of the one that is seen."""
        found = self._files.tree(self._standing)
        return {name: _stored(facts) for name, facts in found.items() if facts.is_file}

    def digest(self, name: str) -> str | None:
        """None: a file server tells no digests."""
        return None

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """A file, piece by piece."""
        return self._files.pieces(f"{self._standing}/{name}")

    def put(self, upload: Upload, expected: Stored | None) -> Stored:
        """Bring a file into the next release: under another name, and then under its own."""
        self._begin()
        path = f"{self._standing}/{upload.name}"
        self._expect(path, expected)
        self._make_way(upload.name)
        part = f"{self._path}/{_PARTS}/{upload.digest.removeprefix('sha256:')}"
        if self._files.write(part, upload.path, upload.size_bytes) != upload.digest:
            self._files.remove(part)
            raise Refused(Problem(str(upload.path), "it changed while it was being published", "Publish again"))
        written = self._files.status(part)
        if written is None or written.size_bytes != upload.size_bytes:
            self._files.remove(part)
            raise NoAnswer(Problem(self._place, f"{upload.name} did not arrive whole", "Publish again"))
        self._files.rename(part, path)
        return _stored(written)

    def delete(self, name: str, expected: Stored) -> None:
        """Leave a file out of the next release, and folders that became empty."""
        self._begin()
        self._files.remove(f"{self._standing}/{name}")
        folder = name.rpartition("/")[0]
        while folder and self._files.remove_empty_folder(f"{self._standing}/{folder}"):
            self._folders.discard(folder)
            folder = folder.rpartition("/")[0]

    def commit(self) -> None:
        """Put the link about, and keep the release before this one for readers in the middle of a download."""
        if self._lock is not None:
            self._lock.hold()
        if self._begun:
            release = f"{max([0, *self._numbers()]) + 1:06d}"
            self._files.rename(self._next, f"{self._releases}/{release}")
            self._begun = False
            link = f"{self._path}/.{CURRENT}"
            self._files.remove(link)
            self._files.link(f"{RELEASES}/{release}", link)
            self._files.rename(link, self._current)
            for number in sorted(self._numbers())[:-_KEPT_RELEASES]:
                self._forget(number)
        self._files.remove_tree(f"{self._path}/{_PARTS}")

    def clear_away(self, folders: AbstractSet[str]) -> None:
        """Delete older releases in which one of the folders is not as it is seen. The link is about already."""
        if self._in_place:
            return
        self._files.remove_tree(f"{self._releases}/{_GONE}")
        older = [number for number in sorted(self._numbers()) if number != self._seen()] if folders else []
        seen = self._within(self._current, folders) if older else {}
        for number in older:
            if not self._within(f"{self._releases}/{number:06d}", folders).items() <= seen.items():
                self._forget(number)

    def left_behind(self, folders: AbstractSet[str]) -> Iterator[str]:
        """A file of each older release, and of one that was being deleted, that is not as it is seen."""
        if self._in_place or not folders:
            return
        shown = self._seen()
        older = [f"{number:06d}" for number in sorted(self._numbers()) if number < shown]
        seen = self._within(self._current, folders)
        for name in (*older, _GONE):
            release = f"{self._releases}/{name}"
            if others := self._within(release, folders).items() - seen.items():
                yield f"{self._place}: {release}/{min(others)[0]}"

    @property
    def _standing(self) -> str:
        return self._next if self._begun else self._current

    def _begin(self) -> None:
        """Before the first change: a copy of what is seen, of hard links, in one step under its name."""
        if self._folders:
            return
        self._folders = {""}
        self._files.make_folders([f"{self._path}/{_PARTS}"])
        if self._in_place:
            self._files.make_folders([self._current])
            return
        if self._begun:
            return
        clone = f"{self._releases}/{_CLONE}"
        self._files.make_folders([self._releases])
        self._files.remove_tree(clone)
        found = self._files.tree(self._current) if self._files.status(self._current) else {}
        folders = sorted(name for name, facts in found.items() if facts.is_folder)
        self._files.make_folders([clone, *(f"{clone}/{name}" for name in folders)])
        self._files.link_all(
            (f"{self._current}/{name}", f"{clone}/{name}") for name, facts in found.items() if facts.is_file
        )
        self._files.rename(clone, self._next)
        self._begun = True

    def _make_way(self, name: str) -> None:
        parts = name.split("/")[:-1]
        folders = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
        if missing := [folder for folder in folders if folder not in self._folders]:
            self._files.make_folders(f"{self._standing}/{folder}" for folder in missing)
            self._folders.update(missing)

    def _expect(self, path: str, expected: Stored | None) -> None:
        there = self._files.status(path)
        if there is not None and not there.is_file:
            raise Refused(Problem(f"{self._place}: {path}", "a link or a folder stands in the way", "Move it away"))
        if (None if there is None else _stored(there)) != expected:
            raise Busy(
                Problem(f"{self._place}: {path}", "somebody else changed it meanwhile", "Publish again, after a look")
            )

    def _may_link(self) -> bool:
        """Some file servers offer links and refuse them: better known before anything travels."""
        trial = f"{self._path}/.{CURRENT}"
        self._files.remove(trial)
        try:
            self._files.link(RELEASES, trial)
        except Failed:
            return False
        return self._files.remove(trial)

    def _forget(self, number: int) -> None:
        # Renamed first: a kill in the middle leaves nothing that could be taken for a release with nothing to hide.
        gone = f"{self._releases}/{_GONE}"
        self._files.remove_tree(gone)
        self._files.rename(f"{self._releases}/{number:06d}", gone)
        self._files.remove_tree(gone)

    def _within(self, root: str, folders: AbstractSet[str]) -> dict[str, Stored]:
        found = self._files.tree(root, sorted(folders))
        return {name: _stored(facts) for name, facts in found.items() if not facts.is_folder}

    def _numbers(self) -> list[int]:
        return [int(name) for name in self._files.names(self._releases) if _NUMBER.match(name)]

    def _seen(self) -> int:
        if self._files.status(self._current) is None:
            return 0
        name = self._files.link_target(self._current).rpartition("/")[2]
        return int(name) if _NUMBER.match(name) else 0


def _file_by_file(place: str) -> Problem:
    return Problem(
        place,
        "a publication is not shown at once there, but file by file, the feed last",
        f"Nothing need be done; a server with links shows each as a whole, where {CURRENT} is no folder of your own",
    )


def _stored(facts: Attributes) -> Stored:
    return Stored(facts.size_bytes, f"{facts.modified_s:x}-{facts.size_bytes:x}")


@contextmanager
def _telling(place: str) -> Iterator[None]:
    """What the server refuses, for a person."""
    try:
        yield
    except Failed as error:
        if error.code == sftp_wire.PERMISSION_DENIED:
            raise Refused(
                Problem(place, "you may not write there", "Give the user who logs in the right to, or mend path")
            ) from error
        if error.code == sftp_wire.NO_SUCH_FILE:
            raise Refused(Problem(place, "there is no such folder", "Make it there, or mend path")) from error
        raise NoAnswer(
            Problem(place, f"the server could not do it ({error.said or error.code})", "Is its disk full? Try again")
        ) from error
