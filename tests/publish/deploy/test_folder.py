"""Publishing to a folder: what visitors see is always one site, whole."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import Busy, Refused
from pipeline.files import digest_bytes
from pipeline.publish.deploy.folder import CURRENT, RELEASES, Folder
from pipeline.publish.deploy.targets import Upload, read
from tests.publish.deploy.sites import ME, OTHER, named, plan_at, publish, site, written


def seen(target: Path) -> dict[str, str]:
    root = target / CURRENT
    return {
        path.relative_to(root).as_posix(): path.read_text("utf-8")
        for path in root.rglob("*")
        if path.is_file() and ".onrecord" not in path.parts
    }


def test_killed_before_any_change_of_a_file_visitors_see_one_site_whole(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.publish.deploy.folder_killed", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 20


def test_files_that_did_not_change_are_the_same_files(tmp_path: Path) -> None:
    target, audio = tmp_path / "www", named("one", "audio", "mp3")
    publish(Folder(target), written(tmp_path / "site", site(1)), tmp_path)
    before = (target / CURRENT / audio).stat()
    plan = publish(Folder(target), written(tmp_path / "next", site(2)), tmp_path)
    assert audio not in [step.upload.name for step in plan.steps]
    after = (target / CURRENT / audio).stat()
    # Same time and inode: browsers and caches that ask hear 304.
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert site(2).items() <= seen(target).items()


def test_one_older_release_stays_for_who_is_reading_it(tmp_path: Path) -> None:
    target = tmp_path / "www"
    for version in range(1, 5):
        publish(Folder(target), written(tmp_path / str(version), site(version)), tmp_path)
    assert sorted(path.name for path in (target / RELEASES).iterdir()) == ["000003", "000004"]
    assert (target / CURRENT).resolve().name == "000004"


def without_the_first(version: int) -> dict[str, str]:
    return {name: text for name, text in site(version).items() if not name.startswith("one/")}


def test_what_may_not_be_public_any_more_stays_in_no_older_release(tmp_path: Path) -> None:
    target = tmp_path / "www"
    publish(Folder(target), written(tmp_path / "site", site(1)), tmp_path)
    publish(Folder(target), written(tmp_path / "next", without_the_first(1)), tmp_path, hasty=frozenset({"one"}))
    assert not [path for path in target.rglob("*") if "one" in path.relative_to(target).parts]
    assert without_the_first(1).items() <= seen(target).items()
    # The next has nothing to hide, so that this one stays for who is reading it.
    publish(Folder(target), written(tmp_path / "last", without_the_first(2)), tmp_path, hasty=frozenset({"one"}))
    assert sorted(path.name for path in (target / RELEASES).iterdir()) == ["000002", "000003"]


def test_an_old_page_in_which_something_was_struck_out_since_stays_in_no_older_release(tmp_path: Path) -> None:
    target, page = tmp_path / "www", "one/index.html"
    publish(Folder(target), written(tmp_path / "site", site(1)), tmp_path)
    struck = site(1) | {page: "page ***"}
    publish(Folder(target), written(tmp_path / "next", struck), tmp_path, hasty=frozenset({"one"}))
    assert [path.read_text("utf-8") for path in (target / RELEASES).rglob(page)] == ["page ***"]


def test_an_older_release_whose_deletion_was_killed_is_deleted_by_the_next_publication(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, hasty = tmp_path / "www", frozenset({"one"})
    wanted = written(tmp_path / "next", without_the_first(1))
    publish(Folder(target), written(tmp_path / "site", site(1)), tmp_path)

    def killed(path: Path) -> None:
        deletes(path / "one")
        raise KeyboardInterrupt

    deletes = shutil.rmtree
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(Folder(target), wanted, tmp_path, hasty=hasty)
    assert without_the_first(1).items() <= seen(target).items()
    assert publish(Folder(target), wanted, tmp_path, hasty=hasty).empty
    assert [path.name for path in (target / RELEASES).iterdir()] == ["000002"]


def test_what_others_put_there_stays(tmp_path: Path) -> None:
    target = tmp_path / "www"
    publish(Folder(target), written(tmp_path / "site", site(1)), tmp_path)
    (target / CURRENT / ".well-known").mkdir()
    (target / CURRENT / ".well-known" / "security.txt").write_text("ours", encoding="utf-8")
    publish(Folder(target), written(tmp_path / "next", site(2)), tmp_path)
    assert seen(target)[".well-known/security.txt"] == "ours"


def test_one_publisher_at_a_time(tmp_path: Path) -> None:
    target = tmp_path / "www"
    with Folder(target).open(ME), pytest.raises(Busy, match="somebody else is publishing there now"):
        publish(Folder(target), written(tmp_path / "site", site(1)), tmp_path, writer=OTHER)


def test_what_stands_in_the_way_is_refused_and_left_alone(tmp_path: Path) -> None:
    for writer in (ME, None):  # whoever only looks what would be done is told, too
        with pytest.raises(Refused, match="there is no folder"), Folder(tmp_path / "no" / "where").open(writer):
            pass
    (tmp_path / "www" / CURRENT).mkdir(parents=True)
    (tmp_path / "www" / CURRENT / "index.html").write_text("theirs", encoding="utf-8")
    with pytest.raises(Refused, match="not the link that a publication makes"):
        publish(Folder(tmp_path / "www"), written(tmp_path / "site", site(1)), tmp_path)
    assert (tmp_path / "www" / CURRENT / "index.html").read_text("utf-8") == "theirs"


def test_a_link_does_not_lead_the_writing_out(tmp_path: Path) -> None:
    target, outside = tmp_path / "www", tmp_path / "outside"
    outside.mkdir()
    publish(Folder(target), written(tmp_path / "site", {"feed.xml": "feed"}), tmp_path)
    (target / CURRENT / "one").symlink_to(outside)
    with pytest.raises(Refused, match="a link or a folder stands in the way"):
        publish(Folder(target), written(tmp_path / "next", site(1)), tmp_path)
    assert not list(outside.iterdir())


def test_a_file_that_changes_while_it_is_sent_is_not_published(tmp_path: Path) -> None:
    wanted = written(tmp_path / "site", site(1))
    with Folder(tmp_path / "www").open(ME) as session:
        plan = plan_at(session, wanted)
        upload: Upload = plan.steps[0].upload
        upload.path.write_text("AUDIO", encoding="utf-8")
        with pytest.raises(Refused, match="it changed while it was being published"):
            session.put(upload, None)
        assert upload.name not in session.stored()


def test_looking_makes_nothing(tmp_path: Path) -> None:
    with Folder(tmp_path / "www").open(None) as session:
        assert not plan_at(session, written(tmp_path / "site", site(1))).empty
    assert not (tmp_path / "www").exists()


def test_who_only_looks_sees_what_visitors_see(tmp_path: Path) -> None:
    target = tmp_path / "www"
    publish(Folder(target), written(tmp_path / "site", site(1)), tmp_path)
    with Folder(target).open(ME) as session:
        for step in plan_at(session, written(tmp_path / "next", site(2))).steps:
            session.put(step.upload, step.expected)
    with Folder(target).open(None) as session:
        assert read(session, "feed.xml") == site(1)["feed.xml"].encode()
        assert session.digest("feed.xml") == digest_bytes(site(1)["feed.xml"].encode())
        assert not site(2).keys() - site(1).keys() & session.stored().keys()
    with Folder(target).open(ME) as session:
        assert read(session, "feed.xml") == site(2)["feed.xml"].encode()


def test_a_web_server_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    wanted = written(tmp_path / "site", site(1))
    before = os.umask(0o077)
    try:
        publish(Folder(tmp_path / "www"), wanted, tmp_path / "scratch")
        publish(Folder(tmp_path / "www"), written(tmp_path / "next", site(2)), tmp_path / "scratch")
    finally:
        os.umask(before)
    visible = (tmp_path / "www" / "current").resolve()
    modes = {stat.S_IMODE(path.stat().st_mode) for path in visible.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (visible, *visible.parents[:2], *visible.rglob("*/"))}
    assert (modes, {one for one in folders if one & 0o005 != 0o005}) == ({0o644}, set())
