"""A real OpenSSH server on loopback, with keys and files of its own; nothing of the system's is touched."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving import free_port, wait_for
from tests.webservers import program

HOST = "the-server"  # as the user's ~/.ssh/config would call it
_FILE_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/sftp-server", "/usr/lib/ssh/sftp-server")
# As head -c, without keeping anything back.
_CUT = """\
import os, sys
left = int(sys.argv[1])
while left and (piece := os.read(0, min(left, 65536))):
    os.write(1, piece)
    left -= len(piece)
"""


@dataclass(frozen=True)
class Sshd:
    """The server, and a `PATH` whose `ssh` reads the configuration beside it.

    `cut` holds how many bytes of each conversation come through; without it all do.
    """

    folder: Path
    path: str

    @property
    def cut(self) -> Path:
        return self.folder / "cut"


@contextmanager
def running(folder: Path) -> Iterator[Sshd]:
    """The server as whoever runs the tests. OpenSSH finds ~/.ssh by the account, not by $HOME: hence the wrapper."""
    server, client = program("sshd", "openssh-server"), program("ssh", "openssh-client")
    program("sftp", "openssh-client")
    files = next((one for one in _FILE_SERVERS if Path(one).exists()), None)
    if files is None:
        pytest.skip("OpenSSH's sftp-server is not on this machine (Debian's package openssh-sftp-server)")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where the server of root locks itself up; it insists
    folder.mkdir(mode=0o700)
    port = free_port()
    for key in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/{key}"], check=True)
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    kind, key = (folder / "host.pub").read_text().split()[:2]
    (folder / "known").write_text(f"[127.0.0.1]:{port} {kind} {key}\n")
    (folder / "cut.py").write_text(_CUT)
    (folder / "server").write_text(
        f"#!/bin/sh\n[ -e '{folder}/cut' ] || exec {files}\n"
        f"'{sys.executable}' '{folder}/cut.py' \"$(cat '{folder}/cut')\" | {files}\n"
    )
    (folder / "server").chmod(0o700)
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nPort {port}\nHostKey {folder}/host\nPidFile {folder}/pid\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"PermitRootLogin prohibit-password\nUseDNS no\nSubsystem sftp {folder}/server\nLogLevel VERBOSE\n"
    )
    (folder / "ssh_config").write_text(
        f"Host {HOST}\n  HostName 127.0.0.1\n  Port {port}\n  User {getpass.getuser()}\n  IdentityFile {folder}/user\n"
        f"  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile {folder}/known\n"
        "  GlobalKnownHostsFile none\n"
    )
    (folder / "bin").mkdir()
    (folder / "bin" / "ssh").write_text(f"#!/bin/sh\nexec {client} -F '{folder}/ssh_config' \"$@\"\n")
    (folder / "bin" / "ssh").chmod(0o700)
    command = [server, "-D", "-E", f"{folder}/log", "-f", f"{folder}/sshd_config"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(port, process)
            yield Sshd(folder, f"{folder}/bin:{os.environ['PATH']}")
        finally:
            process.terminate()
            process.wait(30)
