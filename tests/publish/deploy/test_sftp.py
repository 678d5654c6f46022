"""Publishing by SFTP, to a real OpenSSH server: whole or not at all, resumed, and by one at a time."""

from __future__ import annotations

import os
import random
import signal
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Busy, NoAnswer, Refused
from pipeline.publish.deploy import sftp_wire
from pipeline.publish.deploy.sftp import Sftp
from pipeline.publish.deploy.sftp_files import RemoteFiles
from pipeline.publish.deploy.targets import read
from tests import sshd
from tests.publish.deploy.uploads import ADA, BEN, publish, put_all, seen, site

FIRST = {
    "talk/talk-0123456789ab.mp3": b"sound" * 40_000,
    "talk/index.html": b"<h1>Talk</h1>",
    "index.html": b"<h1>Show</h1>",
    "feed.xml": b"<rss/>",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sshd.Sshd]:
    with sshd.running(tmp_path_factory.mktemp("sshd") / "own") as running, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", running.path)
        yield running


@pytest.fixture
def place(server: sshd.Sshd, tmp_path: Path) -> Iterator[Path]:
    """A folder of the other machine (which is this one), under a name that a shell would take apart."""
    yield tmp_path / '-it\'s "the" $(show); *'
    server.cut.unlink(missing_ok=True)


@pytest.fixture
def target(place: Path) -> Sftp:
    return Sftp(sshd.HOST, str(place))


def test_nothing_is_seen_before_everything_is_there(target: Sftp, place: Path, tmp_path: Path) -> None:
    uploads = site(tmp_path / "site", FIRST)
    with target.open(ADA) as session:
        assert session.warnings == ()
        assert session.stored() == {}
        assert put_all(session, uploads) == list(FIRST)
        assert not (place / "current").exists()
        session.commit()
    assert seen(place / "current") == FIRST
    assert (place / "current").is_symlink()
    assert sorted(entry.name for entry in place.iterdir()) == ["current", "releases"]
    assert all(path.stat().st_mode & 0o004 for path in (place / "current").rglob("*"))  # the web server may read


def test_only_what_changed_travels(target: Sftp, place: Path, tmp_path: Path) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    before = (place / "current").resolve()
    changed = FIRST | {"index.html": b"<h1>The show</h1>", "über uns/-x '\"; $y.html": b"new"}
    del changed["talk/index.html"], changed["talk/talk-0123456789ab.mp3"]
    changed["other/talk-0123456789ab.mp3"] = FIRST["talk/talk-0123456789ab.mp3"]
    assert publish(target, site(tmp_path / "again", changed)) == [
        "index.html",
        "über uns/-x '\"; $y.html",
        "other/talk-0123456789ab.mp3",
    ]
    assert seen(place / "current") == changed
    assert not (place / "current" / "talk").exists()
    # Who is in the middle of a download goes on with the old site, and what is the same takes no room twice.
    assert seen(before) == FIRST
    assert (before / "feed.xml").samefile(place / "current" / "feed.xml")


def test_a_publication_without_changes_makes_no_release(target: Sftp, place: Path, tmp_path: Path) -> None:
    uploads = site(tmp_path / "site", FIRST)
    publish(target, uploads)
    before = (place / "current").readlink()
    assert publish(target, uploads) == []
    assert (place / "current").readlink() == before


def test_old_releases_are_cleared_away(target: Sftp, place: Path, tmp_path: Path) -> None:
    for number in range(4):
        publish(target, site(tmp_path / "site", FIRST | {"feed.xml": b"<rss/>" * number}))
    assert sorted(entry.name for entry in (place / "releases").iterdir()) == ["000003", "000004"]


def test_what_may_not_be_public_any_more_stays_in_no_older_release(target: Sftp, place: Path, tmp_path: Path) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    struck = FIRST | {"talk/index.html": b"<h1>***</h1>"}
    publish(target, site(tmp_path / "next", struck))
    with target.open(ADA) as session:
        session.clear_away(frozenset({"other"}))
        assert len(list((place / "releases").iterdir())) == 2
        assert list(session.left_behind(frozenset({"other"}))) == []
        (left,) = session.left_behind(frozenset({"talk", "search"}))
        assert left.endswith("/releases/000001/talk/index.html")
        session.clear_away(frozenset({"talk", "search"}))
    assert [page.read_bytes() for page in (place / "releases").rglob("talk/index.html")] == [b"<h1>***</h1>"]
    assert seen(place / "current") == struck
    # Another episode's change has nothing to hide, so that this release stays for who is reading it.
    publish(target, site(tmp_path / "last", struck | {"feed.xml": b"<rss>new</rss>"}))
    (place / "releases" / ".gone" / "talk").mkdir(parents=True)  # a deletion that was killed
    with target.open(ADA) as session:
        assert list(session.left_behind(frozenset({"talk"}))) == []
        (place / "releases" / ".gone" / "talk" / "index.html").write_bytes(b"<h1>Old</h1>")
        (left,) = session.left_behind(frozenset({"talk"}))
        assert left.endswith("/.gone/talk/index.html")
        session.clear_away(frozenset({"talk"}))
        assert list(session.left_behind(frozenset({"talk"}))) == []
    assert sorted(entry.name for entry in (place / "releases").iterdir()) == ["000002", "000003"]


def test_who_only_looks_changes_nothing(target: Sftp, place: Path, tmp_path: Path) -> None:
    with target.open(None) as session:
        assert session.stored() == {}
    assert not place.exists()
    publish(target, site(tmp_path / "site", FIRST))
    with target.open(None) as session:
        assert session.stored()["index.html"].size_bytes == len(FIRST["index.html"])
        assert read(session, "index.html") == FIRST["index.html"]
        assert read(session, "nothing.html") is None


def test_who_only_looks_sees_what_visitors_see(target: Sftp, tmp_path: Path) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    with target.open(ADA) as session:
        (feed,) = [one for one in site(tmp_path / "next", FIRST | {"feed.xml": b"<new/>"}) if one.name == "feed.xml"]
        session.put(feed, session.stored()["feed.xml"])
    with target.open(None) as session:
        assert read(session, "feed.xml") == FIRST["feed.xml"]
    with target.open(ADA) as session:
        assert read(session, "feed.xml") == b"<new/>"


def test_a_long_file_comes_back_piece_by_piece(target: Sftp, tmp_path: Path) -> None:
    recording = random.Random(8).randbytes(5_000_001)  # noqa: S311  any bytes will do
    publish(target, site(tmp_path / "site", {"talk/talk-ba9876543210.mp3": recording}))
    with target.open(None) as session:
        pieces = list(session.pieces("talk/talk-ba9876543210.mp3") or [])
    assert b"".join(pieces) == recording
    assert max(map(len, pieces)) <= 1 << 20


def test_a_connection_that_breaks_in_the_middle_goes_on_where_it_stopped(
    target: Sftp, place: Path, tmp_path: Path, server: sshd.Sshd
) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    recording = random.Random(7).randbytes(6_000_000)  # noqa: S311  any bytes will do
    uploads = site(tmp_path / "again", FIRST | {"talk/talk-ba9876543210.mp3": recording})
    server.cut.write_text("5000000")
    with pytest.raises(NoAnswer, match=r"broke off.*Try again"), target.open(ADA) as session:
        session.put(uploads[-1], None)
    assert seen(place / "current") == FIRST
    server.cut.write_text("4000000")  # less than the whole recording
    assert publish(target, uploads) == ["talk/talk-ba9876543210.mp3"]
    assert (place / "current" / "talk/talk-ba9876543210.mp3").read_bytes() == recording
    assert not (place / "parts").exists()


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.publish.deploy.sftp import Sftp
from tests import sshd
from tests.publish.deploy.uploads import ADA, site
with Sftp(sshd.HOST, sys.argv[1]).open(ADA) as session:
    for upload in site(Path(sys.argv[2]), {"talk/new-0123456789ab.mp3": b"new" * 9000, "feed.xml": b"<rss>2</rss>"}):
        session.put(upload, session.stored().get(upload.name))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_publication_is_finished_by_the_next(target: Sftp, place: Path, tmp_path: Path) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    killed = subprocess.run([sys.executable, "-c", KILLED, str(place), str(tmp_path / "new")], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert seen(place / "current") == FIRST
    with pytest.raises(Busy, match=r"ada@studio is publishing there now.*--take-over"), target.open(BEN):
        pass
    wanted = FIRST | {"talk/new-0123456789ab.mp3": b"new" * 9000, "feed.xml": b"<rss>2</rss>"}
    assert publish(target, site(tmp_path / "site", wanted)) == []  # everything is there; only the link was missing
    assert seen(place / "current") == wanted


def test_a_link_that_was_not_put_about_is_put_about_next_time(target: Sftp, place: Path, tmp_path: Path) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    changed = FIRST | {"feed.xml": b"<rss>2</rss>"}
    publish(target, site(tmp_path / "site", changed))
    # As a kill between the two renames of a commit leaves it.
    (place / "current").unlink()
    (place / "current").symlink_to("releases/000001")
    assert publish(target, site(tmp_path / "site", changed)) == []
    assert seen(place / "current") == changed


def test_of_two_publishers_one_is_told_of_the_other(target: Sftp, place: Path, tmp_path: Path) -> None:
    uploads = site(tmp_path / "site", FIRST)
    with target.open(ADA) as first:
        put_all(first, uploads[:2])
        with pytest.raises(Busy, match="ada@studio is publishing there now"), target.open(BEN):
            pass
        with target.open(replace(BEN, take_over=True)) as second:
            put_all(second, uploads)
            with pytest.raises(Busy, match="ben@home is publishing there now"):
                first.commit()
    with target.open(BEN) as session:
        session.commit()
    assert seen(place / "current") == FIRST


def test_a_lock_whose_maker_was_killed_before_their_name_was_in_it_is_nobodys(
    target: Sftp, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.publish.deploy.sftp._SETTLE_S", 0.2)
    place.mkdir()
    (place / "lock").touch()
    publish(target, site(tmp_path / "site", FIRST))
    assert seen(place / "current") == FIRST
    assert not (place / "lock").exists()
    # Whoever is only slow to write it is not disturbed.
    (place / "lock").touch()
    read_file = RemoteFiles.read

    def read_before_ben_writes(files: RemoteFiles, path: str) -> bytes | None:
        content = read_file(files, path)
        (place / "lock").write_text('{"token": "another", "who": "ben@home"}')
        return content

    monkeypatch.setattr(RemoteFiles, "read", read_before_ben_writes)
    with pytest.raises(Busy, match="ben@home is publishing there now"), target.open(ADA):
        pass


def test_of_two_who_find_a_lock_that_is_nobodys_one_publishes(
    target: Sftp, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = site(tmp_path / "site", FIRST)
    place.mkdir()
    (place / "lock").touch()
    read_file, looks = RemoteFiles.read, list[bytes | None]()
    with ExitStack() as stack:

        def read_and_be_slow(files: RemoteFiles, path: str) -> bytes | None:
            content = read_file(files, path)
            looks.append(content)
            if len(looks) == 3:  # Ben has found it empty, also after a while
                monkeypatch.setattr(RemoteFiles, "read", read_file)
                looks.append(b"ada")
                put_all(stack.enter_context(target.open(ADA)), uploads[:2])
            return content

        monkeypatch.setattr("pipeline.publish.deploy.sftp._SETTLE_S", 0.05)
        monkeypatch.setattr(RemoteFiles, "read", read_and_be_slow)
        with pytest.raises(Busy, match="ada@studio is publishing there now"), target.open(BEN):
            pass
        assert looks == [b"", b"", b"", b"ada"]
        assert sorted(entry.name for entry in place.iterdir()) == ["lock", "parts", "releases"]
    publish(target, uploads)
    assert seen(place / "current") == FIRST
    assert not list(place.glob("lock*"))


def test_a_lock_that_was_lost_in_the_making_is_not_held(
    target: Sftp, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = RemoteFiles.create

    def create_slowly(files: RemoteFiles, path: str, content: bytes) -> bool:
        made = create(files, path, content)
        (place / "lock").write_text('{"token": "another", "who": "ben@home"}')
        return made

    monkeypatch.setattr(RemoteFiles, "create", create_slowly)
    with pytest.raises(Busy, match="ben@home is publishing there now"), target.open(ADA):
        pass
    assert [entry.name for entry in place.iterdir()] == ["lock"]


def test_what_another_changed_is_not_overwritten(target: Sftp, place: Path, tmp_path: Path) -> None:
    uploads = site(tmp_path / "site", FIRST)
    publish(target, uploads)
    with target.open(ADA) as session:
        planned = session.stored()
        (place / "current" / "index.html").write_bytes(b"written by hand")
        with pytest.raises(Busy, match="somebody else changed it meanwhile"):
            session.put(uploads[2], planned["index.html"])


def test_a_server_without_links_gets_each_file_whole(target: Sftp, place: Path, tmp_path: Path) -> None:
    (place / "current").mkdir(parents=True)
    (place / "current" / "mine.txt").write_text("not ours")
    with target.open(ADA) as session:
        assert "file by file" in session.warnings[0].what
        put_all(session, site(tmp_path / "site", FIRST))
        session.commit()
    assert seen(place / "current") == FIRST | {"mine.txt": b"not ours"}
    assert sorted(entry.name for entry in place.iterdir()) == ["current"]


def test_a_file_that_changes_meanwhile_is_not_published(target: Sftp, place: Path, tmp_path: Path) -> None:
    (upload,) = site(tmp_path / "site", {"feed.xml": b"<rss/>"})
    upload.path.write_bytes(b"<RSS/>")
    with target.open(ADA) as session, pytest.raises(Refused, match="it changed while it was being published"):
        session.put(upload, None)
    assert not list(place.rglob("feed.xml"))


def test_what_stands_in_the_way_is_left_alone(target: Sftp, place: Path, tmp_path: Path) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    (place / "current" / "index.html").unlink()
    (place / "current" / "index.html").symlink_to(tmp_path / "elsewhere")
    with target.open(ADA) as session:
        assert "index.html" not in session.stored()
        (upload,) = site(tmp_path / "other", {"talk": b"a file where a folder is"})
        with pytest.raises(Refused, match="stands in the way"):
            session.put(upload, None)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path, server: sshd.Sshd) -> None:
    target = Sftp(sshd.HOST, str(tmp_path / "no" / "such" / "folder"))
    with pytest.raises(Refused, match=r"there is no such folder.*Make it there"), target.open(ADA):
        pass


def test_a_host_whose_key_is_another_is_not_spoken_to(target: Sftp, server: sshd.Sshd) -> None:
    known = server.folder / "known"
    right = known.read_text()
    other = (server.folder / "user.pub").read_text().split()[1]
    for wrong in (" ".join([*right.split()[:2], other]) + "\n", ""):
        known.write_text(wrong)
        try:
            with pytest.raises(Refused, match=r"host key is not the one that is known.*fingerprint"), target.open(ADA):
                pass
        finally:
            known.write_text(right)


def test_who_has_no_key_is_told_so_and_asked_nothing(target: Sftp, server: sshd.Sshd) -> None:
    allowed = server.folder / "authorized"
    right = allowed.read_text()
    allowed.write_text("")
    try:
        with pytest.raises(Refused, match=r"does not let you in.*Permission denied.*~/\.ssh/config"), target.open(ADA):
            pass
    finally:
        allowed.write_text(right)


def test_a_machine_that_does_not_answer(server: sshd.Sshd, tmp_path: Path) -> None:
    with (
        pytest.raises(NoAnswer, match=r"sftp://the-server:1/.*Connection refused"),
        Sftp(sshd.HOST, str(tmp_path), port=1).open(None),
    ):
        pass


def test_a_path_from_the_home_of_whoever_logs_in() -> None:
    assert Sftp("host", "~/www/", "ada", 2222).place == "sftp://ada@host:2222/www"
    assert Sftp("host", "/").place == "sftp://host/"
    assert Sftp("host", "~").place == "sftp://host/."


def test_a_server_that_prints_text_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ssh").write_text("#!/bin/sh\necho Welcome to this machine\ncat >/dev/null\n")
    (tmp_path / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(NoAnswer, match="something there prints text"), Sftp("host", "/www").open(None):
        pass


@given(st.binary(max_size=60))
def test_no_bytes_of_a_server_are_a_crash(packet: bytes) -> None:
    reading = sftp_wire._Reading(packet, 1)
    try:
        reading.number()
        reading.answer(packet[0])
    except (struct.error, IndexError):
        return


def test_more_folders_than_one_question_holds(server: sshd.Sshd, tmp_path: Path) -> None:
    expected = {f"{number // 9}/{number}/file": str(number).encode() for number in range(150)}
    site(tmp_path, expected)
    with sftp_wire.connected(sshd.HOST, None, None, "there") as conversation:
        files = RemoteFiles(conversation)
        found = files.tree(str(tmp_path))
        assert {name for name, facts in found.items() if facts.is_file} == set(expected)
        files.remove_tree(str(tmp_path))
    assert not tmp_path.exists()
