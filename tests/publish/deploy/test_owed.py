"""What is still owed after a publication: kept until it is done, and nothing left over then."""

from __future__ import annotations

from pathlib import Path

from pipeline.publish.deploy.owed import Owed, read_owed, settle, write_owed

MUCH = Owed(
    begun="sha256:1",
    back=3,
    purge=frozenset({"feed.xml", "index.html"}),
    unseen=frozenset({"talk/talk-0123456789ab.mp3"}),
    untold=frozenset({"hub", "podping"}),
)


def test_it_is_kept_until_the_last_of_it_is_done(tmp_path: Path) -> None:
    write_owed(tmp_path, "web", MUCH)
    assert read_owed(tmp_path, "web") == MUCH
    assert not read_owed(tmp_path, "other")
    settle(tmp_path, "web", Owed(purge=MUCH.purge, untold=frozenset({"hub"})), begun="sha256:1")
    left = read_owed(tmp_path, "web")
    assert left == Owed(begun="sha256:1", back=3, unseen=MUCH.unseen, untold=frozenset({"podping"}))
    settle(tmp_path, "web", MUCH, begun="sha256:1")
    assert not read_owed(tmp_path, "web")
    assert not list(tmp_path.iterdir())


def test_what_another_publication_owes_meanwhile_is_not_taken_for_done(tmp_path: Path) -> None:
    both = MUCH.and_also(Owed(begun="sha256:2", purge=frozenset({"feed.xml", "new.html"})))
    write_owed(tmp_path, "web", both)
    settle(tmp_path, "web", MUCH, begun="sha256:1")
    assert read_owed(tmp_path, "web") == both


def test_what_an_earlier_version_left_is_honoured_once(tmp_path: Path) -> None:
    (tmp_path / "untold-web").write_text("")
    owed = read_owed(tmp_path, "web")
    assert owed.untold == {"hub", "podping"}
    settle(tmp_path, "web", owed, begun=None)
    assert not list(tmp_path.iterdir())


def test_a_damaged_file_is_no_crash_and_owes_nothing(tmp_path: Path) -> None:
    for content in (b"", b"[]", b"\xff", b'{"version": 2}', b"[" * 100_000):
        (tmp_path / "owed-web.json").write_bytes(content)
        assert read_owed(tmp_path, "web") == Owed()


def test_it_is_said_in_words() -> None:
    assert MUCH.deeds() == [
        "telling caches of 2 files",
        "asking for 1 recording at the public address",
        "telling who waits for the feed",
    ]
    assert Owed(begun="sha256:1").deeds() == []
