"""Ceph's object gateway (Debian's packages) on loopback: one monitor, one store in memory, one gateway.

A real server: it checks signatures, keeps to conditions, has users and versions. Release 16.2 also has a fault worth
meeting: it takes an If-Match with its quotes for another tag.
"""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.serving import free_port, wait_for
from tests.stores import Server

_PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
# No keys within: who speaks to the cluster itself is one of ours, on loopback. The gateway's users have keys.
# The old protocol (v1), for the gateway of 16.2 insists on keys in the new one. No sockets of administration: their
# paths may be no longer than 107 characters. A disk that is nearly full is no reason for a monitor to end.
_SETTINGS = """\
[global]
fsid = {fsid}
mon host = [v1:127.0.0.1:{port}]
public network = 127.0.0.0/8
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
keyring = {folder}/keyring
admin socket =
run dir = {folder}
log file = {folder}/$name.log
mon data = {folder}/mon
mon data avail warn = 0
mon data avail crit = 0
mon allow pool size one = true
paxos propose interval = 0.05
osd data = {folder}/osd
osd objectstore = memstore
osd class update on start = false
osd crush update on start = false
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
memstore device bytes = 536870912
"""


@contextmanager
def ceph(folder: Path) -> Iterator[Server]:
    """Everything lives in `folder` and in memory, and ends with the block, or with the process that runs the tests."""
    for program in _PROGRAMS:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine (Debian's packages ceph-mon, ceph-osd, radosgw)")
    cluster, volume, port = str(uuid.uuid4()), str(uuid.uuid4()), free_port()
    settings = folder / "ceph.conf"
    settings.write_text(_SETTINGS.format(fsid=cluster, port=port, folder=folder))
    (folder / "keyring").touch()
    for name in ("mon", "osd"):
        (folder / name).mkdir()
    map_of_monitors = str(folder / "monmap")
    _run("monmaptool", "--create", "--fsid", cluster, "--addv", "a", f"[v1:127.0.0.1:{port}]", map_of_monitors)
    with ExitStack() as stack:

        def start(*command: str) -> subprocess.Popen[bytes]:
            # By a process that is killed with us (see prctl(2), PR_SET_PDEATHSIG); nothing here outlives its use.
            log = stack.enter_context((folder / f"{command[0]}.out").open("wb"))
            process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdout=log, stderr=log)
            stack.callback(process.wait, timeout=30)
            stack.callback(process.kill)
            return process

        of = ("-c", str(settings))
        _run("ceph-mon", *of, "--mkfs", "-i", "a", "--monmap", map_of_monitors)
        start("ceph-mon", *of, "-f", "-i", "a")
        _run("ceph", *of, "osd", "new", volume)
        # Its place is told here, for a store that tells it itself at times does so too early, and ends ("wrong fsid").
        _run("ceph", *of, "osd", "crush", "create-or-move", "0", "1", "root=default", "host=here")
        _run("ceph-osd", *of, "-i", "0", "--mkfs", "--osd-uuid", volume)
        start("ceph-osd", *of, "-f", "-i", "0")
        front = free_port()
        front_end = f"beast endpoint=127.0.0.1:{front}"
        wait_for(front, start("radosgw", *of, "-f", "-n", "client.admin", "--rgw-frontends", front_end))
        yield make_user(Server("ceph", front, folder))


def make_user(user: Server) -> Server:
    """The user whose keys these are becomes known to the gateway."""
    who = ("--uid", user.key, "--display-name", user.key, "--access-key", user.key, "--secret-key", user.secret)
    _run("radosgw-admin", "-c", str(user.folder / "ceph.conf"), "user", "create", *who)
    return user


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, (command[0], done.stderr)
