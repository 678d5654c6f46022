"""Publishing to a real object store, on good days and bad ones."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from pipeline.errors import Busy, NoAnswer, OnRecordError, Refused
from pipeline.publish.deploy.plan import Plan
from pipeline.publish.deploy.store import Store
from pipeline.show.publishing import StoreTarget
from tests.ceph import ceph, make_user
from tests.publish.deploy.sites import ME, OTHER, named, plan_at, publish, site, written
from tests.stores import SECRET, Server, Wire, ministack, rclone, wire

# The emulator is for every day; `make test-store` installs real servers and runs these tests against them too.
_VERSIONS = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
_SERVERS = {"ministack": ministack, "ceph": ceph, "rclone": rclone}


@pytest.fixture(
    scope="module",
    params=[
        "ministack",
        pytest.param("ceph", marks=pytest.mark.store),
        pytest.param("rclone", marks=pytest.mark.store),
    ],
)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    if request.param != "ministack" and "store" not in request.config.getoption("markexpr"):
        pytest.skip("needs make test-store")
    with _SERVERS[request.param](tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def line(server: Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    bucket = f"b{abs(hash(request.node.name)) % 10**12}"
    server.make_bucket(bucket)
    with wire(server.port, bucket) as seen:
        yield seen


def target(line: Wire, *, patience_s: float = 20.0) -> Store:
    settings = StoreTarget(kind="s3", bucket=line.bucket, prefix="pod", endpoint=f"http://127.0.0.1:{line.port}")
    return Store(settings, patience_s=patience_s)


def client(line: Wire) -> S3Store:
    """The bucket as a stranger sees it, past the proxy's counting of nothing."""
    address = f"http://127.0.0.1:{line.port}"
    return S3Store(line.bucket, prefix="pod", endpoint=address, region="us-east-1", client_options={"allow_http": True})


def contents(line: Wire) -> dict[str, str]:
    """Everything in the bucket but our own housekeeping."""
    bucket = client(line)
    names = [one["path"] for batch in obstore.list(bucket) for one in batch]
    return {
        name: bytes(obstore.get(bucket, name).bytes()).decode() for name in names if not name.startswith(".onrecord/")
    }


def names_what_is_there(line: Wire) -> bool:
    """The promise: whatever the feed names is there."""
    there = contents(line)
    feed = there.get("feed.xml", "")
    return all(name in there for name in feed.split()[1:])


def test_only_what_changed_travels_and_in_the_right_order(line: Wire, tmp_path: Path) -> None:
    publish(target(line), written(tmp_path / "site", site(1)), tmp_path)
    assert contents(line) == site(1)
    sent = _sent(line)
    assert sent[-1] == "feed.xml"
    assert len(sent) == len(site(1))
    line.forget()
    assert publish(target(line), written(tmp_path / "site", site(1)), tmp_path).empty
    assert not line.put()
    line.forget()
    publish(target(line), written(tmp_path / "next", site(2)), tmp_path)
    sent = _sent(line)
    # One episode changed: its recording, its words, its page, the front page, the feed. Nothing of the other.
    assert sent == [
        named("two", "audio 2", "mp3"),
        named("two", "WEBVTT 2", "vtt"),
        "two/index.html",
        "index.html",
        "feed.xml",
    ]
    # Who has the old feed still gets the old recording.
    assert contents(line) == site(2) | {name: text for name, text in site(1).items() if name.startswith("two/two-")}
    line.forget()
    # Back again: what has a digest in its name is still there.
    publish(target(line), written(tmp_path / "site", site(1)), tmp_path)
    assert _sent(line) == ["two/index.html", "index.html", "feed.xml"]
    assert site(1).items() <= contents(line).items()


def test_type_cache_and_digest_stand_beside_each_object(line: Wire, tmp_path: Path) -> None:
    publish(target(line), written(tmp_path, site(1)), tmp_path)
    head = obstore.get(client(line), named("one", "audio", "mp3"), options={"head": True}).attributes
    assert head["Content-Type"] == "audio/mpeg"
    assert head["Cache-Control"] == "public, max-age=31536000, immutable"
    feed = obstore.get(client(line), "feed.xml", options={"head": True}).attributes
    assert feed["Content-Type"] == "application/rss+xml; charset=utf-8"
    assert feed["Cache-Control"] == "public, max-age=300"


def test_a_large_recording_goes_in_parts(line: Wire, tmp_path: Path) -> None:
    text = "0123456789" * 1_700_000
    wanted = written(tmp_path, {named("long", text, "mp3"): text, "feed.xml": "feed"})
    publish(target(line), wanted, tmp_path)
    assert contents(line)[wanted[0].name] == text
    assert sum("partNumber=" in key for key in line.put()) > 2
    line.forget()
    assert publish(target(line), wanted, tmp_path).empty


_DRIVER = """
import sys
from pathlib import Path
from pipeline.publish.deploy.store import Store
from pipeline.show.publishing import StoreTarget
from tests.ceph import ceph, make_user
from tests.publish.deploy.sites import publish, site, written
bucket, address, folder = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
store = Store(StoreTarget(kind="s3", bucket=bucket, prefix="pod", endpoint=address))
publish(store, written(Path(folder) / "site", site(2)), Path(folder))
"""


def test_killed_before_an_upload_the_feed_names_what_is_there_and_the_next_one_goes_on(
    line: Wire, tmp_path: Path
) -> None:
    new = [name for name in site(2) if site(1).get(name) != site(2)[name]]
    for killed_at in (0, 2, len(new) - 1):
        bucket = client(line)
        obstore.delete(bucket, [one["path"] for batch in obstore.list(bucket) for one in batch])
        publish(target(line), written(tmp_path / "old", site(1)), tmp_path)
        command = [sys.executable, "-c", _DRIVER, line.bucket, f"http://127.0.0.1:{line.port}", str(tmp_path)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            line.forget()
            line.victim = process.pid
            line.fault = lambda method, key, before, at=killed_at: (  # type: ignore[misc]  # a default is its value
                "kill" if method == "PUT" and ".onrecord" not in key and len(_sent(line)) == at else None
            )
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.wait(timeout=120) == -9
        line.fault = lambda method, key, before: None
        assert names_what_is_there(line), killed_at
        arrived = {name for name in new if contents(line).get(name) == site(2)[name]}
        line.forget()
        # The lock that was left behind is known again; what arrived is not sent again.
        publish(target(line), written(tmp_path / "site", site(2)), tmp_path)
        assert set(_sent(line)) == set(new) - arrived, killed_at
        assert len(arrived) == killed_at
        assert site(2).items() <= contents(line).items()


def _sent(line: Wire) -> list[str]:
    return [key.removeprefix("pod/") for key in line.put()]


def test_the_second_of_two_publishers_is_told_who_is_at_work(line: Wire, tmp_path: Path) -> None:
    wanted = written(tmp_path / "site", site(1))
    told = r"ada@studio has been publishing there since 20.*--take-over"
    with target(line).open(ME), pytest.raises(Busy, match=told):
        publish(target(line), wanted, tmp_path, writer=OTHER)
    publish(target(line), wanted, tmp_path, writer=OTHER)
    assert contents(line) == site(1)


def test_two_at_once_one_wins_whole(line: Wire, tmp_path: Path) -> None:
    said: list[Plan | OnRecordError] = []

    def one(number: int) -> None:
        try:
            wanted = written(tmp_path / f"site{number}", site(number))
            said.append(publish(target(line), wanted, tmp_path / str(number), writer=(ME, OTHER)[number - 1]))
        except OnRecordError as error:
            said.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    there = contents(line)
    assert any(site(number).items() <= there.items() for number in (1, 2))
    assert all(isinstance(one, Plan | Busy) for one in said)


def test_who_changed_a_page_behind_the_lock_is_not_overwritten(line: Wire, tmp_path: Path) -> None:
    publish(target(line), written(tmp_path / "site", site(1)), tmp_path)
    wanted = written(tmp_path / "next", site(2))
    with target(line).open(ME) as session:
        plan = plan_at(session, wanted)
        obstore.put(client(line), "index.html", b"somebody else's")
        (front,) = [step for step in plan.steps if step.upload.name == "index.html"]
        with pytest.raises(Busy, match=r"index\.html became another while this was being published"):
            session.put(front.upload, front.expected)
    assert contents(line)["index.html"] == "somebody else's"


def test_a_store_is_known_for_what_it_keeps_to(server: Server, line: Wire) -> None:
    with target(line).open(ME) as session:
        # Ceph 16.2 keeps to conditions too, once it is asked without quotes; rclone never does.
        assert session.conditional == (server.name != "rclone")
        assert len(session.warnings) == (server.name == "rclone")


def test_a_store_that_ignores_conditions_is_found_out_and_told(server: Server, line: Wire, tmp_path: Path) -> None:
    if server.name == "ministack":
        line.fault = lambda method, key, before: "blind"
    if server.name == "ceph":  # with versions it lets the second of two creations through
        server.ask("PUT", f"/{line.bucket}", "versioning=", _VERSIONS)
    wanted = written(tmp_path / "site", site(1))
    with target(line).open(ME) as session:
        assert not session.conditional
        (warning,) = session.warnings
        assert "overwrites what it was asked not to" in warning.what
        with pytest.raises(Busy, match="ada@studio"):
            publish(target(line), wanted, tmp_path, writer=OTHER)
    publish(target(line), wanted, tmp_path)
    assert contents(line) == site(1)
    with target(line).open(ME) as session:
        plan = plan_at(session, written(tmp_path / "next", site(2)))
        obstore.put(client(line), ".onrecord/lock.json", b'{"token": "x", "who": "ben@elsewhere"}')
        with pytest.raises(Busy, match="ben@elsewhere"):
            session.put(plan.steps[0].upload, plan.steps[0].expected)


@pytest.mark.parametrize("fault", ["500", "torn", "slow"])
def test_a_store_that_fails_leaves_the_feed_and_the_next_try_goes_on(line: Wire, tmp_path: Path, fault: str) -> None:
    publish(target(line), written(tmp_path / "site", site(1)), tmp_path)
    line.fault = lambda method, key, before: fault if method == "PUT" and "two/index" in key else None
    wanted = written(tmp_path / "next", site(2))
    began = time.monotonic()
    if fault == "torn":  # the answer to a PUT has no body to tear; a listing has
        line.fault = lambda method, key, before: "torn" if method == "GET" and "list-type" in key else None
    with pytest.raises(NoAnswer) as raised:
        publish(target(line, patience_s=2.0), wanted, tmp_path)
    assert time.monotonic() - began < 60
    assert "Publish again" in str(raised.value)
    line.fault = lambda method, key, before: None
    assert contents(line)["feed.xml"] == site(1)["feed.xml"]
    publish(target(line), wanted, tmp_path)
    assert site(2).items() <= contents(line).items()


def test_what_is_wrong_with_the_place_is_said_without_a_key(line: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = StoreTarget(kind="s3", bucket="nobodys", endpoint=f"http://127.0.0.1:{line.port}")
    with pytest.raises(Refused, match="there is no such bucket") as raised, Store(settings).open(ME):
        pass
    assert SECRET not in str(raised.value)
    nowhere = StoreTarget(kind="s3", bucket="nobodys", endpoint="http://127.0.0.1:9")
    with pytest.raises(NoAnswer, match="the connection failed") as raised_too, Store(nowhere, patience_s=1).open(ME):
        pass
    assert SECRET not in str(raised_too.value)
    assert raised_too.value.__cause__ is None
    line.fault = lambda method, key, before: "skewed"
    with pytest.raises(Refused, match="the clock of this machine is wrong"), target(line).open(ME):
        pass
    line.fault = lambda method, key, before: "500"
    with pytest.raises(NoAnswer, match="500"), target(line, patience_s=1).open(ME):
        pass


_checks_signatures = pytest.mark.parametrize(
    "server", [pytest.param(name, marks=pytest.mark.store) for name in ("ceph", "rclone")], indirect=True
)


@_checks_signatures
@pytest.mark.parametrize("wrong", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_a_wrong_key_is_refused_without_being_repeated(
    line: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    publish(target(line), written(tmp_path, site(1)), tmp_path)
    monkeypatch.setenv(wrong, "correct-horse-battery")
    for writer in (ME, None):
        told = r"does not let you in .*Check the keys"
        with pytest.raises(Refused, match=told) as raised, target(line).open(writer) as session:
            session.stored()
        said = f"{raised.value} {raised.value.__cause__}"
        assert "correct-horse" not in said
        assert SECRET not in said


@pytest.mark.parametrize("server", [pytest.param("ceph", marks=pytest.mark.store)], indirect=True)
def test_who_may_not_write_there_is_told(server: Server, line: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = make_user(replace(server, key="stranger"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", stranger.key)
    with pytest.raises(Refused, match=r"does not let you in \(403 Forbidden, AccessDenied\)"), target(line).open(ME):
        pass


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (None, "the account is not named. Set AZURE_STORAGE_ACCOUNT_NAME"),
        ("it is no key", "the account's key is not one. Mend AZURE_STORAGE_ACCOUNT_KEY"),
    ],
)
def test_what_azure_lacks_is_named(key: str | None, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_NAME", raising=False)
    if key:
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "ours")
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", key)
    store = Store(StoreTarget(kind="azure", bucket="show"), patience_s=1)
    with pytest.raises(Refused, match=said), store.open(None) as session:
        session.stored()


@pytest.mark.parametrize("server", [pytest.param("ceph", marks=pytest.mark.store)], indirect=True)
def test_a_name_that_no_bucket_can_have_is_said(line: Wire) -> None:
    settings = StoreTarget(kind="s3", bucket="Has_Capitals", endpoint=f"http://127.0.0.1:{line.port}")
    with pytest.raises(Refused, match=r"no such bucket.* mend bucket"), Store(settings).open(ME):
        pass


def test_looking_changes_nothing(line: Wire, tmp_path: Path) -> None:
    with target(line).open(None) as session:
        assert not plan_at(session, written(tmp_path, site(1))).empty
    assert {method for method, _ in line.requests} <= {"GET", "HEAD"}


def test_keys_come_from_the_file_of_amazons_tools(
    server: Server, line: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    path = tmp_path / "credentials"
    keys = f"[default]\naws_access_key_id = {server.key}\naws_secret_access_key = {SECRET}\n"
    path.write_text(keys, encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    with target(line).open(None) as session:
        assert session.stored() == {}
    path.write_text(f"{SECRET}\n[[[", encoding="utf-8")
    with pytest.raises(Refused) as raised, target(line).open(None):
        pass
    assert SECRET not in str(raised.value)
