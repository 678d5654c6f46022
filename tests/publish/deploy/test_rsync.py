"""Publishing by rsync over a real SSH server, into the web server's root itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import Busy, NoAnswer, Refused
from pipeline.publish.deploy.rsync import LOCK_NAME, Rsync
from pipeline.publish.deploy.targets import Session, Upload, read
from tests import sshd
from tests.publish.deploy.uploads import ADA, BEN, seen, site
from tests.webservers import program

FIRST = {
    "talk/talk-0123456789ab.mp3": b"sound" * 40_000,
    "über uns/-x '\"; $y.html": b"<h1>Us</h1>",
    "index.html": b"<h1>Show</h1>",
    "feed.xml": b"<rss/>",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sshd.Sshd]:
    program("rsync", "rsync")
    with sshd.running(tmp_path_factory.mktemp("sshd") / "own") as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", running.path)
        yield running


@pytest.fixture
def place(server: sshd.Sshd, tmp_path: Path) -> Path:
    """The root of a web server, under a name that a shell would take apart, with a file of somebody else's."""
    root = tmp_path / '-it\'s "the" $(show); *'
    root.mkdir()
    (root / "mine.txt").write_bytes(b"not ours")
    return root


@pytest.fixture
def target(place: Path) -> Rsync:
    return Rsync(sshd.HOST, str(place))


MINE = {"mine.txt": b"not ours"}


def put_changed(session: Session, uploads: list[Upload], place: Path) -> list[str]:
    """Put what is another there, looked up in the folder itself: asking the server takes a connection for each file."""
    stored = session.stored()
    sent = [
        one for one in uploads if one.name not in stored or (place / one.name).read_bytes() != one.path.read_bytes()
    ]
    for one in sent:
        session.put(one, stored.get(one.name))
    return [one.name for one in sent]


def test_only_what_changed_travels_and_what_goes_goes_last(target: Rsync, place: Path, tmp_path: Path) -> None:
    with target.open(ADA) as session:
        assert put_changed(session, site(tmp_path / "site", FIRST), place) == list(FIRST)
        assert seen(place).keys() == {"mine.txt", LOCK_NAME}  # nothing is seen before commit
        session.commit()
    assert seen(place) == FIRST | MINE
    before = {path: path.stat().st_ino for path in place.rglob("*") if path.is_file()}
    changed = FIRST | {"feed.xml": b"<RSS/>"}  # of the same length
    del changed["talk/talk-0123456789ab.mp3"]
    with target.open(ADA) as session:
        assert put_changed(session, site(tmp_path / "site", changed), place) == ["feed.xml"]
        session.delete("talk/talk-0123456789ab.mp3", session.stored()["talk/talk-0123456789ab.mp3"])
        assert "talk/talk-0123456789ab.mp3" in seen(place)
        session.commit()
    assert seen(place) == changed | MINE
    after = {path: path.stat().st_ino for path in place.rglob("*") if path.is_file()}
    assert [path.name for path in after if after[path] != before[path]] == ["feed.xml"]
    assert (place / "feed.xml").stat().st_mode & 0o777 == 0o644


def test_what_stands_there_is_told_as_it_was_put(target: Rsync, tmp_path: Path) -> None:
    uploads = site(tmp_path / "site", FIRST)
    with target.open(ADA) as session:
        put = {one.name: session.put(one, None) for one in uploads}
        session.commit()
    with target.open(None) as session:
        stored = session.stored()
        assert {name: stored[name] for name in put} == put
        assert read(session, "feed.xml") == FIRST["feed.xml"]
        assert read(session, "nothing.xml") is None


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.publish.deploy import rsync
from tests import sshd
from tests.publish.deploy.uploads import ADA, put_all, site
from tests.publish.deploy.test_rsync import FIRST
send = rsync._There.send
def killed(self, source, names, *options):
    if "feed.xml" in names:
        os.kill(os.getpid(), signal.SIGKILL)
    send(self, source, names, *options)
rsync._There.send = killed
with rsync.Rsync(sshd.HOST, sys.argv[1]).open(ADA) as session:
    put_all(session, site(Path(sys.argv[2]), FIRST | {"feed.xml": b"<rss>2</rss>"}))
    session.commit()
"""


def test_killed_before_the_feed_it_is_finished_by_the_next(target: Rsync, place: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(place), str(tmp_path / "new")]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    assert seen(place).keys() == (FIRST.keys() | MINE.keys() | {LOCK_NAME}) - {"feed.xml"}
    with pytest.raises(Busy, match=r"ada@studio is publishing there now.*--take-over"), target.open(BEN):
        pass
    wanted = FIRST | {"feed.xml": b"<rss>2</rss>"}
    with target.open(ADA) as session:
        assert put_changed(session, site(tmp_path / "site", wanted), place) == ["feed.xml"]
        session.commit()
    assert seen(place) == wanted | MINE


def test_of_two_publishers_the_first_is_told_when_it_was_taken_over(target: Rsync, place: Path, tmp_path: Path) -> None:
    with target.open(ADA) as first:
        put_changed(first, site(tmp_path / "site", FIRST), place)
        with target.open(replace(BEN, take_over=True)), pytest.raises(Busy, match="ben@home is publishing there now"):
            first.commit()
    assert seen(place) == MINE


def test_a_new_folder_is_made_and_one_without_a_parent_is_refused(server: sshd.Sshd, tmp_path: Path) -> None:
    with Rsync(sshd.HOST, str(tmp_path / "new")).open(ADA) as session:
        put_changed(session, site(tmp_path / "site", FIRST), tmp_path / "new")
        session.commit()
    assert seen(tmp_path / "new") == FIRST
    with pytest.raises(Refused, match="No such file"), Rsync(sshd.HOST, str(tmp_path / "no" / "such")).open(ADA):
        pass


def test_a_machine_that_does_not_answer_and_one_that_is_not_known(server: sshd.Sshd, target: Rsync) -> None:
    with pytest.raises(NoAnswer, match="Connection refused"), Rsync(sshd.HOST, "www", port=1).open(None):
        pass
    known = server.folder / "known"
    right = known.read_text()
    known.write_text("")
    try:
        with pytest.raises(Refused, match="Host key verification failed"), target.open(None):
            pass
    finally:
        known.write_text(right)


# ssh, until 200,000 bytes went through it.
DYING = """\
import os, select, subprocess, sys
ssh = subprocess.Popen(["{ssh}", *sys.argv[1:]], stdin=subprocess.PIPE)
left = 200_000
while left > 0 and ssh.poll() is None:
    if select.select([0], [], [], 0.1)[0]:
        piece = os.read(0, 8192)
        if not piece:
            ssh.stdin.close()
            sys.exit(ssh.wait())
        left -= len(piece)
        try:
            os.write(ssh.stdin.fileno(), piece)
        except BrokenPipeError:
            break
if ssh.poll() is None:
    ssh.kill()
sys.exit(ssh.wait() & 255)
"""


def test_a_server_that_dies_in_the_middle(target: Rsync, place: Path, tmp_path: Path, server: sshd.Sshd) -> None:
    """The real rsync there, of which the connection takes only the beginning."""
    site(place, FIRST)
    wrapper = tmp_path / "bin" / "ssh"
    wrapper.parent.mkdir()
    wrapper.write_text(f"#!{sys.executable}\n{DYING.format(ssh=f'{server.folder}/bin/ssh')}")
    wrapper.chmod(0o700)
    recording = os.urandom(3_000_000)
    uploads = site(tmp_path / "site", FIRST | {"talk/talk-ba9876543210.mp3": recording, "feed.xml": b"<rss>2</rss>"})
    with target.open(ADA) as session, pytest.MonkeyPatch.context() as patch:
        put_changed(session, uploads, place)
        patch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
        with pytest.raises(NoAnswer, match="publish again: it goes on"):
            session.commit()
    # What came of the recording waits where nobody looks.
    assert {name: content for name, content in seen(place).items() if "/.~tmp~/" not in name} == FIRST | MINE
    with target.open(ADA) as session:
        put_changed(session, uploads, place)
        session.commit()
    assert seen(place)["talk/talk-ba9876543210.mp3"] == recording
    assert seen(place)["feed.xml"] == b"<rss>2</rss>"
