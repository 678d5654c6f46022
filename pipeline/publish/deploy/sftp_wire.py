"""SFTP, version 3, through the system's own `ssh`: its keys, agent, known hosts and ~/.ssh/config.

`ssh -s HOST sftp` gives two pipes to the file server of the other machine. What is said on them is the protocol of
draft-ietf-secsh-filexfer-02 with OpenSSH's extensions (PROTOCOL in its sources): binary packets, so a name of any
characters is a name and nothing else, an error has a number, and no program's listing is parsed.
"""

from __future__ import annotations

import os
import select
import shutil
import stat
import struct
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from pipeline.errors import MissingTool, NoAnswer, Problem, Refused

# As sftp(1) asks of ssh, and never a question to somebody who is not there.
_OPTIONS = ("BatchMode=yes", "ForwardX11=no", "ForwardAgent=no", "PermitLocalCommand=no", "ClearAllForwardings=yes")
_PATIENCE = ("ConnectTimeout=20", "ServerAliveInterval=15", "ServerAliveCountMax=3")
SILENCE_S = 90
_IN_FLIGHT = 32
PIECE_BYTES = 32_768  # what every server must take in one packet
_MAX_PACKET_BYTES = 1 << 20

_INIT, _VERSION = 1, 2
OPEN, CLOSE, READ, WRITE, LSTAT = range(3, 8)
OPENDIR, READDIR, REMOVE, MKDIR, RMDIR = range(11, 16)
STAT, RENAME, READLINK, SYMLINK, EXTENDED = 17, 18, 19, 20, 200
_STATUS, _HANDLE, _DATA, _NAME, _ATTRS = 101, 102, 103, 104, 105
_OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, UNSUPPORTED = 0, 1, 2, 3, 4, 8
READING, WRITING, CREATING, TRUNCATING, ONLY_NEW = 0x01, 0x02, 0x08, 0x10, 0x20
POSIX_RENAME, HARD_LINK, FSYNC = b"posix-rename@openssh.com", b"hardlink@openssh.com", b"fsync@openssh.com"

Request = tuple[int, bytes]


class Failed(Exception):
    """The server answered a request with an error: its number (see `NO_SUCH_FILE` and others) and its words."""

    def __init__(self, code: int, said: str) -> None:
        super().__init__(said)
        self.code = code
        self.said = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in said)[:200]


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the server tells of a file; 0 for what it does not tell."""

    size_bytes: int = 0
    mode: int = 0
    modified_s: int = 0

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.mode)


@dataclass(frozen=True, slots=True)
class Answer:
    """A packet that came back, read by what was asked for."""

    kind: int
    code: int = _OK
    said: str = ""
    data: bytes = b""
    names: tuple[tuple[bytes, Attributes], ...] = ()
    attributes: Attributes = Attributes()


def text(*parts: bytes) -> bytes:
    """Byte strings as the protocol writes them, one after the other."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def mode(bits: int) -> bytes:
    """Attributes that say the permissions alone."""
    return struct.pack(">II", 0x04, bits)


class Wire:
    """A conversation with one server. Requests are sent ahead and answered in order, as OpenSSH does."""

    def __init__(self, process: subprocess.Popen[bytes], complaints: IO[bytes], place: str) -> None:
        assert process.stdin is not None  # noqa: S101  both are pipes, see `connected`
        assert process.stdout is not None  # noqa: S101
        self._process, self._complaints, self._place = process, complaints, place
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        os.set_blocking(self._to, False)
        self._next_id = 0
        self._send(struct.pack(">BI", _INIT, 3))
        packet = self._packet()
        if packet[:1] != bytes([_VERSION]):
            raise NoAnswer(Problem(place, "it does not speak SFTP", "Ask its owner for SFTP, or name another target"))
        reading = _Reading(packet, 5)
        found = set()
        while not reading.at_end:
            found.add(reading.text())
            reading.text()
        self.extensions = frozenset(found)

    def ask(self, kind: int, body: bytes) -> Answer:
        """One request and its answer. Raises Failed where the server says no."""
        (answer,) = self.all([(kind, body)])
        return _needed(answer)

    def all(self, requests: Iterable[Request]) -> list[Answer]:
        """Many requests, sent ahead of their answers; an error is an answer here."""
        return list(self.stream(requests))

    def stream(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """The answers to many requests in their order, at most 32 of them under way."""
        waiting: list[int] = []
        early: dict[int, Answer] = {}
        for kind, body in requests:
            self._next_id = (self._next_id + 1) & 0xFFFFFFFF
            self._send(struct.pack(">BI", kind, self._next_id) + body)
            waiting.append(self._next_id)
            if len(waiting) >= _IN_FLIGHT:
                yield self._answer(waiting.pop(0), early)
        while waiting:
            yield self._answer(waiting.pop(0), early)

    def _answer(self, number: int, early: dict[int, Answer]) -> Answer:
        while number not in early:
            packet = self._packet()
            try:
                reading = _Reading(packet, 1)
                asked = reading.number()
                early[asked] = reading.answer(packet[0])
            except (struct.error, IndexError, UnicodeDecodeError) as error:
                raise self._broken("it sent what is not SFTP") from error
        return early.pop(number)

    def _packet(self) -> bytes:
        (length,) = struct.unpack(">I", self._receive(4))
        if not 1 <= length <= _MAX_PACKET_BYTES:
            # A greeting of the other machine's shell start-up files looks like this.
            raise self._broken("it sent what is not SFTP; something there prints text before the file server starts")
        return self._receive(length)

    def _receive(self, count: int) -> bytes:
        received = bytearray()
        while len(received) < count:
            if not select.select([self._from], [], [], SILENCE_S)[0]:
                raise self._broken(f"it has been silent for {SILENCE_S} seconds")
            piece = os.read(self._from, count - len(received))
            if not piece:
                raise self._closed()
            received += piece
        return bytes(received)

    def _send(self, packet: bytes) -> None:
        left = memoryview(struct.pack(">I", len(packet)) + packet)
        try:
            while left:
                if not select.select([], [self._to], [], SILENCE_S)[1]:
                    raise self._broken(f"it has taken nothing for {SILENCE_S} seconds")
                left = left[os.write(self._to, left) :]
        except BrokenPipeError:
            raise self._closed() from None

    def _broken(self, what: str) -> NoAnswer:
        return NoAnswer(Problem(self._place, what, "Try again: what was sent is kept there, and the site is as it was"))

    def _closed(self) -> NoAnswer | Refused:
        """What ssh says of the end of the connection, and what to do about it."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._complaints.seek(0)
        lines = [line.strip() for line in self._complaints.read().decode("utf-8", "replace").splitlines()]
        said = next((line for line in reversed(lines) if line and not line.startswith(("Warning:", "debug"))), "")
        everything = "\n".join(lines)
        if "Host key verification failed" in everything or "HOST IDENTIFICATION HAS CHANGED" in everything:
            return Refused(
                Problem(
                    self._place,
                    "its host key is not the one that is known",
                    "Ask its owner for the key's fingerprint, connect once by hand with ssh, and compare it",
                )
            )
        if "Permission denied" in said:
            return Refused(
                Problem(
                    self._place,
                    f"it does not let you in ({said})",
                    "Try by hand with ssh: a key must be in your agent or named in ~/.ssh/config; "
                    "nobody is asked for a password here",
                )
            )
        if "subsystem request failed" in everything:
            return Refused(Problem(self._place, "it offers no SFTP", "Ask its owner, or name another target"))
        return self._broken(f"the connection broke off ({said or 'without a word'})")


@contextmanager
def connected(host: str, user: str | None, port: int | None, place: str) -> Iterator[Wire]:
    """Reach a machine. Raises MissingTool where there is no ssh here; NoAnswer, Refused where it fails."""
    program = shutil.which("ssh")
    if program is None:
        raise MissingTool(
            Problem("ssh", "it is not on this machine", "Install it: apt-get install openssh-client (macOS has it)")
        )
    command = [program]
    for option in (*_OPTIONS, *_PATIENCE):
        command += ["-o", option]
    command += ["-p", str(port)] if port else []
    command += ["-l", user] if user else []
    command += ["-s", "--", host, "sftp"]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(  # noqa: S603  a list of arguments, the host after `--`
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, bufsize=0
        )
        try:
            yield Wire(process, complaints, place)
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def needed_all(answers: Sequence[Answer]) -> Sequence[Answer]:
    """The answers, where none of them is an error; raises the first Failed."""
    for answer in answers:
        _needed(answer)
    return answers


def _needed(answer: Answer) -> Answer:
    if answer.code != _OK:
        raise Failed(answer.code, answer.said)
    return answer


class _Reading:
    """Reads a packet from a place on. Raises struct.error or IndexError where it ends too early."""

    def __init__(self, packet: bytes, place: int) -> None:
        self._packet, self._place = packet, place

    @property
    def at_end(self) -> bool:
        return self._place >= len(self._packet)

    def number(self) -> int:
        (value,) = struct.unpack_from(">I", self._packet, self._place)
        self._place += 4
        return int(value)

    def long(self) -> int:
        return self.number() << 32 | self.number()

    def text(self) -> bytes:
        length = self.number()
        if self._place + length > len(self._packet):
            raise IndexError(length)
        self._place += length
        return self._packet[self._place - length : self._place]

    def attributes(self) -> Attributes:
        flags = self.number()
        size = self.long() if flags & 0x01 else 0
        if flags & 0x02:
            self.long()
        bits = self.number() if flags & 0x04 else 0
        modified = (self.number(), self.number())[1] if flags & 0x08 else 0
        for _ in range(self.number() if flags & 0x80000000 else 0):
            self.text()
            self.text()
        return Attributes(size, bits, modified)

    def answer(self, kind: int) -> Answer:
        if kind == _STATUS:
            code = self.number()
            return Answer(kind, code, "" if self.at_end else self.text().decode("utf-8", "replace"))
        if kind in (_HANDLE, _DATA):
            return Answer(kind, data=self.text())
        if kind == _ATTRS:
            return Answer(kind, attributes=self.attributes())
        if kind == _NAME:
            found = []
            for _ in range(self.number()):
                name, _long = self.text(), self.text()
                found.append((name, self.attributes()))
            return Answer(kind, names=tuple(found))
        raise IndexError(kind)
