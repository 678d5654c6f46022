"""A branch of a git repository, for hosts that serve one (GitHub Pages, Codeberg Pages and the like).

Each publication is one commit without a parent, which takes the place of the last: a branch that kept its history
would keep every recording, and what was withdrawn or struck out for ever. It is pushed only while the branch is what
it was when it was read (`--force-with-lease`), so two publishers cannot overwrite one another.

Git's plumbing does all of it in a bare repository below `build/`; no working tree of anybody's is touched, no hook is
run, nobody is asked for a password. Keys and credentials are git's own affair.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

from pipeline import files
from pipeline.errors import Busy, MissingTool, NoAnswer, Problem, Refused
from pipeline.publish.deploy.targets import Stored, Upload, Writer

# What GitHub takes of one file; others take less or more.
LIMIT_BYTES = 100 * 1024 * 1024
NO_JEKYLL = ".nojekyll"  # or GitHub leaves out what begins with a dot or an underscore
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "protocol.ext.allow": "never",
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "90",
}
# What git hands to hooks would lead the commands here into another repository.
_FOREIGN = {
    f"GIT_{name}"
    for name in ("DIR", "WORK_TREE", "INDEX_FILE", "OBJECT_DIRECTORY", "ALTERNATE_OBJECT_DIRECTORIES", "COMMON_DIR")
}
_REFUSING = re.compile(
    r"permission denied|authentication failed|could not read (?:username|password)|terminal prompts disabled|"
    r"not found|does not appear to be a git repository|does not exist|protected branch|hook declined|error: 403|"
    r"pre-receive|file size limit|host key verification failed|denied to",
    re.IGNORECASE,
)


class GitBranch:
    """The target `kind = "git"`: `cache` is the folder for what git keeps between publications."""

    def __init__(self, repository: str, branch: str, cache: Path) -> None:
        self._repository, self._ref = repository, f"refs/heads/{branch}"
        self._branch, self._cache = branch, cache

    @property
    def place(self) -> str:
        """The repository, without what an address may hold of a password, and its branch."""
        return f"{_without_password(self._repository)} ({self._branch})"

    @contextmanager
    def open(self, writer: Writer | None) -> Iterator[GitSession]:
        """Fetch what the branch holds. Nothing is locked: whoever pushes second is refused (Busy)."""
        if _without_password(self._repository) != self._repository:
            raise Refused(
                Problem(self.place, "its address in show.toml holds a password", "Take it out; git has a helper for it")
            )
        git = Git(self._cache, self.place)
        git.run("check-ref-format", self._ref)
        yield GitSession(git, self._repository, self._ref, writer)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of a tree: `mode` is git's, `blob` the id of the content."""

    mode: str
    blob: str
    size_bytes: int


class GitSession:
    """An open branch. What is put is kept in git's own store, and seen by nobody before `commit`."""

    def __init__(self, git: Git, repository: str, ref: str, writer: Writer | None) -> None:
        self._git, self._repository, self._ref, self._writer = git, repository, ref, writer
        self.warnings: tuple[Problem, ...] = ()
        self._found = self._fetch()
        self._entries = self._list(self._found) if self._found else {}
        self._changed = False

    def stored(self) -> Mapping[str, Stored]:
        """Every file of the branch, with what was put since; the mark for the host is no file of the site."""
        return {
            name: Stored(one.size_bytes, one.blob)
            for name, one in self._entries.items()
            if one.mode in ("100644", "100755") and name != NO_JEKYLL
        }

    def digest(self, name: str) -> str | None:
        """The digest, from git's store on this machine."""
        pieces = self.pieces(name)
        return None if pieces is None else files.digest_pieces(pieces)

    def pieces(self, name: str) -> Iterator[bytes] | None:
        """A file, in one piece: such hosts take none that is too large for the memory."""
        one = self._entries.get(name)
        return iter([self._git.run("cat-file", "blob", one.blob)]) if one and one.mode.startswith("100") else None

    def put(self, upload: Upload, expected: Stored | None) -> Stored:
        """Take a file into git's store; a file that is too large for such hosts is refused."""
        if upload.size_bytes > LIMIT_BYTES:
            raise Refused(
                Problem(
                    upload.name,
                    f"it is {upload.size_bytes // (1024 * 1024)} MB long, and hosts of git branches take 100 MB",
                    "Publish this show to a folder, a bucket or by SFTP, or lower audio.bitrate_kbps",
                )
            )
        with upload.path.open("rb") as content:
            if f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}" != upload.digest:
                raise Refused(Problem(str(upload.path), "it changed while it was being published", "Publish again"))
            content.seek(0)
            blob = self._git.run("hash-object", "-w", "--stdin", stdin=content).decode().strip()
        self._entries[upload.name] = _Entry("100644", blob, upload.size_bytes)
        self._changed = True
        return Stored(upload.size_bytes, blob)

    def delete(self, name: str, expected: Stored) -> None:
        """Leave a file out of the next commit."""
        self._changed |= self._entries.pop(name, None) is not None

    def commit(self) -> None:
        """Push everything as one commit, if the branch is still what it was."""
        if not self._changed:
            return
        if NO_JEKYLL not in self._entries:
            blob = self._git.run("hash-object", "-w", "--stdin", given=b"").decode().strip()
            self._entries[NO_JEKYLL] = _Entry("100644", blob, 0)
        made = self._git.run("commit-tree", "-m", "The site", self._tree(), identity=True).decode().strip()
        # An empty expectation is "there is no such branch".
        lease = f"--force-with-lease={self._ref}:{self._found or ''}"
        try:
            self._git.run("push", "--quiet", "--no-verify", lease, "--", self._repository, f"{made}:{self._ref}")
        except (NoAnswer, Refused) as error:
            if re.search(r"stale info|fetch first|cannot lock ref|incorrect old value", str(error)):
                raise Busy(
                    Problem(self._git.place, "somebody else published there meanwhile", "Look at it, and publish again")
                ) from error
            raise
        self._found, self._changed = made, False

    def clear_away(self, folders: AbstractSet[str]) -> None:
        """Nothing: no older release stays there."""

    def left_behind(self, folders: AbstractSet[str]) -> Iterable[str]:
        """Nothing, likewise."""
        return ()

    def _fetch(self) -> str | None:
        """The commit that the branch is now, brought here without what came before it."""
        listed = self._git.run("ls-remote", "--", self._repository, self._ref).decode()
        found = next((line.split("\t")[0] for line in listed.splitlines() if line.endswith(f"\t{self._ref}")), None)
        if found:
            kept = f"+{self._ref}:refs/onrecord/seen"
            self._git.run("fetch", "--quiet", "--no-tags", "--depth=1", "--", self._repository, kept)
            found = self._git.run("rev-parse", "refs/onrecord/seen").decode().strip()
        return found

    def _list(self, commit: str) -> dict[str, _Entry]:
        entries: dict[str, _Entry] = {}
        for line in self._git.run("ls-tree", "-r", "-l", "-z", commit).split(b"\0"):
            facts, tab, name = line.partition(b"\t")
            if tab:
                mode, _, blob, size = facts.decode("ascii").split()
                entries[name.decode("utf-8", "surrogateescape")] = _Entry(mode, blob, int(size) if size != "-" else 0)
        return entries

    def _tree(self) -> str:
        index = self._git.folder / "next.index"
        index.unlink(missing_ok=True)
        lines = (f"{one.mode} {one.blob}\t{name}\0" for name, one in self._entries.items())
        given = "".join(lines).encode("utf-8", "surrogateescape")
        self._git.run("update-index", "-z", "--index-info", given=given, index=index)
        return self._git.run("write-tree", index=index).decode().strip()


class Git:
    """Git's commands in a bare repository of our own. `place` is for messages."""

    def __init__(self, folder: Path, place: str) -> None:
        program = shutil.which("git")
        if program is None:
            raise MissingTool(
                Problem("git", "it is not on this machine", "Install it: apt-get install git; xcode-select --install")
            )
        self._program, self.folder, self.place = program, folder, place
        if not (folder / "HEAD").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            self.run("init", "--bare", "--quiet", "--template=", "--initial-branch=none", str(folder))

    def run(
        self,
        *command: str,
        given: bytes | None = None,
        stdin: IO[bytes] | None = None,
        index: Path | None = None,
        identity: bool = False,
    ) -> bytes:
        """A command's output. Raises Refused or NoAnswer with what git says, by what it says."""
        environment = {key: value for key, value in os.environ.items() if key not in _FOREIGN}
        environment |= {"GIT_DIR": str(self.folder), "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
        if index:
            environment["GIT_INDEX_FILE"] = str(index)
        if identity:
            # The commit says what it is of, not who: the branch is public.
            for role in ("AUTHOR", "COMMITTER"):
                environment |= {f"GIT_{role}_NAME": "On Record", f"GIT_{role}_EMAIL": "onrecord@localhost"}
        settings = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        done = subprocess.run(  # noqa: S603  a list of arguments; addresses stand after `--`
            [self._program, *settings, *command],
            env=environment,
            input=given,
            stdin=None if given is not None else stdin or subprocess.DEVNULL,
            capture_output=True,
            check=False,
            start_new_session=True,  # without a terminal nobody can be asked for a password
        )
        if done.returncode == 0:
            return done.stdout
        raise self._failure(done.stderr.decode("utf-8", "replace"))

    def _failure(self, complaint: str) -> NoAnswer | Refused:
        lines = [re.sub(r"//[^/@\s]*@", "//", line.strip()) for line in complaint.splitlines() if line.strip()]
        telling = [line for line in lines if line.startswith(("fatal:", "error:", "remote:", "!", "ssh:"))] or lines
        what = "; ".join("".join(one for one in line if one.isprintable()) for line in telling)[:400]
        problem = Problem(self.place, f"git could not do it ({what or 'it says nothing'})", "Mend that, and try again")
        return Refused(problem) if _REFUSING.search(complaint) else NoAnswer(problem)


def _without_password(repository: str) -> str:
    parts = urlsplit(repository)
    user, at, host = parts.netloc.rpartition("@")
    # Of a web address the user's name may be a token; ssh needs the name (git@), and takes no password from there.
    name, colon, _ = user.partition(":")
    if not at or not (parts.scheme in ("http", "https") or colon):
        return repository
    return urlunsplit(parts._replace(netloc=host if parts.scheme in ("http", "https") else f"{name}@{host}"))
