"""A folder of another machine, by rsync over SSH: for servers that let you in with rsync alone.

`path` is the web server's root itself. What is put is gathered here and sent in `commit`, in passes: recordings and
pictures, transcripts, pages, the feed; each with `--checksum --delay-updates`, so the files of a pass appear together
and whole, and the feed names only what is there. Only after that is deleted what goes. rsync has no way to make a file
only where there is none; a note that is read back tells two publishers of one another, a moment late at worst.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline import files
from pipeline.errors import Busy, MissingTool, NoAnswer, OnRecordError, Problem, Refused
from pipeline.publish.deploy.manifest import MANIFEST_NAME
from pipeline.publish.deploy.plan import Rank, rank_of
from pipeline.publish.deploy.targets import Stored, Upload, Writer

LOCK_NAME = ".onrecord/publishing.json"
_SSH = "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=3"
# type and permissions, size, date, time, name; of an unchanging shape with TZ=UTC and no grouping of digits
_LINE = re.compile(r"^-\S{9}\S* +(\d+) (\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) (.+)$")
_ESCAPED = re.compile(r"\\#(\d{3})")
_HELD_BACK = ".~tmp~"  # where rsync keeps what it delays, or what a broken pass left; it goes on from there
_NOT_THERE = 23  # "partial transfer": a source is not there, or may not be read
_SETTLE_S = 1.0


class Rsync:
    """The target `kind = "rsync"`: `host` may be a name of ~/.ssh/config; `path` is there, from `/` or the home."""

    def __init__(self, host: str, path: str, user: str | None = None, port: int | None = None) -> None:
        self._login = f"{user}@{host}" if user else host
        self._path = re.sub(r"^~(/|$)", "", path).rstrip("/") or ("/" if path.startswith("/") else ".")
        self._port = port

    @property
    def place(self) -> str:
        """`user@host:path`, as rsync names it."""
        return f"{self._login}:{self._path}"

    @contextmanager
    def open(self, writer: Writer | None) -> Iterator[RsyncSession]:
        """Reach it, and leave a note of who publishes where something is to be changed."""
        program = shutil.which("rsync")
        if program is None:
            raise MissingTool(
                Problem(
                    "rsync", "it is not on this machine", "Debian: apt-get install -y rsync; macOS: brew install rsync"
                )
            )
        with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
            # One conversation for all that rsync is asked; it ends by itself soon after.
            shell = f"{_SSH} -o ControlMaster=auto -o ControlPersist=10 -o ControlPath={folder}/ssh"
            shell += f" -p {self._port}" if self._port else ""
            there = _There(program, shell, self.place, Path(folder))
            if writer is None:
                yield RsyncSession(there, None)
                return
            note = _Note(there, writer)
            note.leave()
            try:
                yield RsyncSession(there, note)
            finally:
                with suppress(OnRecordError):
                    note.take_away()


class _There:
    """The other machine's folder, through rsync."""

    def __init__(self, program: str, shell: str, place: str, scratch: Path) -> None:
        self._command = [program, "-s", "-8", "--no-motd", "--timeout=120", "-e", shell]
        self.place, self.scratch = place, scratch

    def listing(self) -> dict[str, Stored]:
        """Every file, by name."""
        done = self._run("-r", "--list-only", "--no-human-readable", "--", f"{self.place}/", may_miss=True)
        found: dict[str, Stored] = {}
        for line in done.split(b"\n"):
            if match := _LINE.match(line.decode("utf-8", "surrogateescape")):
                size, moment, name = int(match[1]), match[2], match[3]
                plain = _ESCAPED.sub(lambda escape: chr(int(escape[1], 8)), name)
                if f"/{_HELD_BACK}/" not in f"/{plain}":
                    found[plain] = Stored(size, f"{moment}-{size}")
        return found

    def fetch(self, name: str) -> Path | None:
        """A copy of a file, here until the next is fetched; None where there is none."""
        copy = self.scratch / "read"
        copy.unlink(missing_ok=True)
        self._run("--", f"{self.place}/{name}", str(copy), may_miss=True)
        return copy if copy.is_file() else None

    def send(self, source: Path, names: Iterable[str], *options: str) -> None:
        """Bring files of a folder here into the folder there; those that are not here are deleted there."""
        given = b"".join(name.encode("utf-8", "surrogateescape") + b"\0" for name in names)
        if given:
            what = ("-t", "--chmod=D755,F644", "--checksum", "--delay-updates", "--delete-missing-args", *options)
            self._run(*what, "--from0", "--files-from=-", "--", f"{source}/", f"{self.place}/", given=given)

    def _run(self, *arguments: str, given: bytes = b"", may_miss: bool = False) -> bytes:
        done = subprocess.run(  # noqa: S603  a list of arguments; places stand after `--`
            [*self._command, *arguments],
            input=given,
            capture_output=True,
            check=False,
            env=os.environ | {"TZ": "UTC", "LC_ALL": "C"},
            start_new_session=True,  # without a terminal nobody can be asked for a password
        )
        said = done.stderr.decode("utf-8", "replace")
        if done.returncode == 0 or (may_miss and done.returncode == _NOT_THERE and "No such file" in said):
            return done.stdout
        lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("rsync error")]
        what = "".join(one for one in "; ".join(lines) if one.isprintable())[:300] or "it says nothing"
        problem = Problem(self.place, f"rsync could not do it ({what})", "Mend that, and publish again: it goes on")
        refused = ("Permission denied", "Host key verification failed", "No such file", "command not found")
        raise (Refused if any(one in said for one in refused) else NoAnswer)(problem)


class _Note:
    """Who publishes there now."""

    def __init__(self, there: _There, writer: Writer) -> None:
        self._there, self._writer = there, writer
        self._folder = there.scratch / "note"

    def leave(self) -> None:
        """Raises Busy where somebody else's note is, or came at the same time."""
        if self._holder() not in (None, self._writer.token) and not self._writer.take_over:
            raise self._busy()
        note = self._folder / LOCK_NAME
        note.parent.mkdir(parents=True)
        note.write_text(json.dumps({"token": self._writer.token, "who": self._writer.who}), "utf-8")
        self._there.send(self._folder, [LOCK_NAME])
        time.sleep(_SETTLE_S)  # of two who came at once, the later one's note stands, and the other sees it
        self.hold()

    def hold(self) -> None:
        """Raises Busy when the note is somebody else's by now."""
        if self._holder() != self._writer.token:
            raise self._busy()

    def take_away(self) -> None:
        if self._holder() == self._writer.token:
            (self._folder / LOCK_NAME).unlink()
            self._there.send(self._folder, [LOCK_NAME])

    def _read(self) -> Mapping[str, object]:
        with suppress(ValueError):
            copy = self._there.fetch(LOCK_NAME)
            note = json.loads(copy.read_bytes()) if copy is not None else {}
            return note if isinstance(note, dict) else {}
        return {}

    def _holder(self) -> str | None:
        token = self._read().get("token")
        return str(token) if token else None

    def _busy(self) -> Busy:
        who = "".join(one for one in str(self._read().get("who") or "somebody else") if one.isprintable())[:80]
        return Busy(
            Problem(
                self._there.place,
                f"{who} is publishing there now",
                "Wait until they have finished; if they will not come back, publish again with --take-over",
            )
        )


class RsyncSession:
    """An open folder of another machine; what is put and deleted waits here for `commit`."""

    def __init__(self, there: _There, note: _Note | None) -> None:
        self._there, self._note = there, note
        self._staged = there.scratch / "staged"
        self._found = {name: one for name, one in there.listing().items() if name != LOCK_NAME}
        self._put: dict[str, Stored] = {}
        self._deleted: set[str] = set()
        self.warnings: tuple[Problem, ...] = ()

    def stored(self) -> Mapping[str, Stored]:
        """Everything that stands there, with what waits to be sent and without what waits to be deleted."""
        stands = {name: one for name, one in self._found.items() if name not in self._deleted}
        return stands | self._put

    def digest(self, name: str) -> str | None:
        """None: rsync tells no digests."""
        return None

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """A file, piece by piece."""
        if name in self._put:
            return files.pieces(self._staged / name)
        copy = self._there.fetch(name) if name in self._found and name not in self._deleted else None
        return None if copy is None else files.pieces(copy)

    def put(self, upload: Upload, expected: Stored | None) -> Stored:
        """Keep a file for `commit`. The note of what is ours goes at once: a killed publication must be known by it."""
        place = self._staged / upload.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        try:
            os.link(upload.path, place)
        except OSError:  # another file system
            shutil.copy2(upload.path, place)
        with place.open("rb") as content:
            if f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}" != upload.digest:
                place.unlink()
                raise Refused(Problem(str(upload.path), "it changed while it was being published", "Publish again"))
        moment = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(int(place.stat().st_mtime)))
        stored = Stored(upload.size_bytes, f"{moment}-{upload.size_bytes}")
        self._deleted.discard(upload.name)
        if upload.name == MANIFEST_NAME:
            self._there.send(self._staged, [upload.name])
            self._found[upload.name] = stored
        else:
            self._put[upload.name] = stored
        return stored

    def delete(self, name: str, expected: Stored) -> None:
        """Delete a file with `commit`, after everything else."""
        self._put.pop(name, None)
        (self._staged / name).unlink(missing_ok=True)
        if name in self._found:
            self._deleted.add(name)

    def commit(self) -> None:
        """Send everything in passes, the feed last, and delete what goes."""
        sent = False
        for rank in Rank:
            if names := [name for name in self._put if rank_of(name) is rank]:
                if self._note is not None and (rank is Rank.FEED or not sent):
                    self._note.hold()
                self._there.send(self._staged, names)
                self._found |= {name: self._put.pop(name) for name in names}
                sent = True
        if self._deleted:
            empty = self._there.scratch / "empty"
            for name in self._deleted:  # rsync looks for what is not here only where there is a folder
                (empty / name).parent.mkdir(parents=True, exist_ok=True)
            self._there.send(empty, sorted(self._deleted))
            for name in self._deleted:
                self._found.pop(name, None)
            self._deleted.clear()

    def clear_away(self, folders: AbstractSet[str]) -> None:
        """Nothing: no older release stays there."""

    def left_behind(self, folders: AbstractSet[str]) -> Iterable[str]:
        """Nothing, likewise."""
        return ()
