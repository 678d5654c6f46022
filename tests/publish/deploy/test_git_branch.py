"""Publishing to a branch of a real git repository, as hosts of pages serve it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import Busy, NoAnswer, Refused
from pipeline.publish.deploy.git_branch import LIMIT_BYTES, GitBranch
from pipeline.publish.deploy.targets import Upload
from tests.publish.deploy.uploads import ADA, BEN, publish, put_all, site

FIRST = {
    "talk/talk-0123456789ab.mp3": bytes(range(256)) * 100,
    'talk/-it\'s "the"\n$(page).html': b"<h1>Talk</h1>",
    "index.html": b"<h1>Show</h1>",
    "feed.xml": b"<rss/>",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A bare repository with a branch that is none of ours, at a path that a shell would take apart."""
    bare = tmp_path / "pages of 'us'.git"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    git(bare, "config", "receive.unpackLimit", "10000")
    return bare


@pytest.fixture
def target(repository: Path, tmp_path: Path) -> GitBranch:
    return GitBranch(str(repository), "gh-pages", tmp_path / "build" / "git")


def git(folder: Path, *command: str) -> str:
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *command], cwd=folder, env=environment, capture_output=True, check=True, timeout=60)
    return done.stdout.decode()


def served(repository: Path) -> dict[str, bytes]:
    """What a host would serve of the branch: a checkout."""
    names = git(repository, "ls-tree", "-r", "-z", "--name-only", "gh-pages").split("\0")[:-1]
    command = ["git", "cat-file", "blob"]
    return {
        name: subprocess.run([*command, f"gh-pages:{name}"], cwd=repository, capture_output=True, check=True).stdout
        for name in names
    }


def objects(repository: Path) -> int:
    return int(git(repository, "count-objects").split()[0])


def test_the_branch_holds_the_site_in_one_commit(target: GitBranch, repository: Path, tmp_path: Path) -> None:
    uploads = site(tmp_path / "site", FIRST)
    with target.open(ADA) as session:
        assert session.stored() == {}
        assert put_all(session, uploads) == list(FIRST)
        assert git(repository, "branch") == ""
        session.commit()
    assert served(repository) == FIRST | {".nojekyll": b""}
    assert git(repository, "rev-list", "--count", "gh-pages").strip() == "1"
    with target.open(None) as session:
        assert session.digest("feed.xml") == uploads[-1].digest
        assert session.digest("nothing") is None


def test_only_what_changed_travels_and_nothing_old_stays_on_the_branch(
    target: GitBranch, repository: Path, tmp_path: Path
) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    before = objects(repository)
    changed = FIRST | {"index.html": b"<h1>The show</h1>"}
    assert publish(target, site(tmp_path / "site", changed)) == ["index.html"]
    assert served(repository)["index.html"] == b"<h1>The show</h1>"
    assert objects(repository) - before == 3  # the page, the root's list, the commit
    assert git(repository, "rev-list", "--count", "gh-pages").strip() == "1"
    # Another machine, which has none of it yet, sends no more than that either.
    other = GitBranch(str(repository), "gh-pages", tmp_path / "elsewhere")
    before = objects(repository)
    assert publish(other, site(tmp_path / "site", FIRST)) == ["index.html"]
    assert objects(repository) - before <= 3


def test_what_others_put_on_the_branch_stays(target: GitBranch, repository: Path, tmp_path: Path) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    work = tmp_path / "work"
    git(tmp_path, "clone", "-q", "-b", "gh-pages", str(repository), str(work))
    (work / "CNAME").write_text("show.example.org\n")
    (work / "link").symlink_to("index.html")
    git(work, "add", "-A")
    git(work, "-c", "user.name=B", "-c", "user.email=b@x", "commit", "-qm", "Our own name")
    git(work, "push", "-q")
    with target.open(ADA) as session:
        put_all(session, site(tmp_path / "site", FIRST | {"feed.xml": b"<rss>2</rss>"}))
        session.commit()
    assert served(repository)["CNAME"] == b"show.example.org\n"
    assert "120000" in git(repository, "ls-tree", "gh-pages", "link")


def test_of_two_publishers_the_second_is_refused(repository: Path, tmp_path: Path) -> None:
    first, second = (GitBranch(str(repository), "gh-pages", tmp_path / name) for name in ("one", "two"))
    for contents in (FIRST, FIRST | {"feed.xml": b"<rss>2</rss>"}):  # a new branch, and one that is there
        with second.open(BEN) as late:
            put_all(late, site(tmp_path / "site-of-ben", FIRST | {"index.html": b"ben"}))
            publish(first, site(tmp_path / "site", contents))
            with pytest.raises(Busy, match="somebody else published there meanwhile"):
                late.commit()
        assert served(repository) == contents | {".nojekyll": b""}


def test_without_changes_nothing_is_pushed(target: GitBranch, repository: Path, tmp_path: Path) -> None:
    publish(target, site(tmp_path / "site", FIRST))
    before = git(repository, "rev-parse", "gh-pages")
    assert publish(target, site(tmp_path / "site", FIRST)) == []
    assert git(repository, "rev-parse", "gh-pages") == before


def test_a_recording_that_such_hosts_do_not_take_is_refused(target: GitBranch, tmp_path: Path) -> None:
    long = tmp_path / "long.mp3"
    with long.open("wb") as writing:
        writing.truncate(LIMIT_BYTES + 1)
    upload = Upload("talk/long.mp3", long, LIMIT_BYTES + 1, "sha256:" + "0" * 64, "audio/mpeg", "")
    with target.open(ADA) as session, pytest.raises(Refused, match=r"talk/long.mp3: it is 100 MB long.*by SFTP"):
        session.put(upload, None)


def test_a_file_that_changes_meanwhile_is_not_published(target: GitBranch, tmp_path: Path) -> None:
    (upload,) = site(tmp_path / "site", {"feed.xml": b"<rss/>"})
    with target.open(ADA) as session, pytest.raises(Refused, match="it changed while it was being published"):
        session.put(replace(upload, digest="sha256:" + "0" * 64), None)


def test_a_host_that_refuses_the_push_is_quoted(target: GitBranch, repository: Path, tmp_path: Path) -> None:
    hook = repository / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'The quota is used up.' >&2\nexit 1\n")
    hook.chmod(0o755)
    with target.open(ADA) as session:
        put_all(session, site(tmp_path / "site", FIRST))
        with pytest.raises(Refused, match=r"The quota is used up.*Mend that, and try again"):
            session.commit()
    hook.unlink()
    assert publish(target, site(tmp_path / "site", FIRST)) == list(FIRST)
    assert served(repository) == FIRST | {".nojekyll": b""}


def test_a_repository_that_is_not_there_and_one_that_does_not_answer(tmp_path: Path) -> None:
    with (
        pytest.raises(Refused, match="does not appear to be a git repository"),
        GitBranch(str(tmp_path / "none"), "gh-pages", tmp_path / "cache").open(None),
    ):
        pass
    with (
        pytest.raises(NoAnswer, match=r"127\.0\.0\.1"),
        GitBranch("http://127.0.0.1:1/pages.git", "gh-pages", tmp_path / "cache").open(None),
    ):
        pass


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://ada:geheim@git.example/pages.git", "https://git.example/pages.git"),
        ("https://geheim@git.example/pages.git", "https://git.example/pages.git"),
        ("ssh://git:geheim@git.example/pages.git", "ssh://git@git.example/pages.git"),
    ],
)
def test_a_password_in_the_address_is_refused_and_never_shown(address: str, shown: str, tmp_path: Path) -> None:
    target = GitBranch(address, "gh-pages", tmp_path / "cache")
    assert target.place == f"{shown} (gh-pages)"
    with pytest.raises(Refused, match="holds a password") as told, target.open(ADA):
        pass
    assert "geheim" not in str(told.value)


def test_hooks_and_repositories_of_the_user_are_left_alone(
    target: GitBranch, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "pre-push").write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    (hooks / "pre-push").chmod(0o755)
    (tmp_path / "gitconfig").write_text(f'[core]\n hooksPath = "{hooks}"\n[commit]\n gpgSign = true\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "somewhere-else"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "somewhere-else" / "index"))
    publish(target, site(tmp_path / "site", FIRST))
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "somewhere-else").exists()
    monkeypatch.undo()
    assert served(repository) == FIRST | {".nojekyll": b""}
