"""Publishing as a producer does it: a show, a folder that a web server shows, and what listeners find there."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import Busy, Problem, Refused
from pipeline.publish.deploy.folder import FolderSession
from pipeline.publish.deploy.ledger import Allowed, Ledger, read_ledger
from pipeline.publish.deploy.owed import Owed, read_owed
from pipeline.publish.deploy.releases import Releases
from pipeline.publish.serve import application
from pipeline.stages.amending import correct, withdraw
from pipeline.stages.deploying import Options, Outcome, publish
from pipeline.stages.judging import Intent, Judge
from pipeline.stages.locks import exclusively
from pipeline.stages.run import approve, run
from pipeline.stages.status import State
from pipeline.stages.verifying import verify_all
from tests.episodes import ADA, NOW, add_episode

LATER, LATEST = NOW + timedelta(days=1), NOW + timedelta(days=2)
FIRST, SECOND = "first-talk", "second-talk"


@dataclass(frozen=True)
class House:
    """A show, where its target is, and the public address at which a web server shows the target."""

    root: Path
    www: Path
    url: str

    def change(self, name: str, old: str, new: str) -> None:
        path = self.root / "episodes" / name
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def publish(self, options: Options | None = None, now: Any = NOW) -> Outcome:
        return publish(self.root, now, options or Options())

    def read(self, name: str = "feed.xml") -> str:
        return httpx.get(self.url + name).text

    @property
    def ledger(self) -> Ledger:
        return read_ledger(self.root / "episodes" / "ledger.json")


def quiet(slug: str, stage: str, part: float) -> None:
    """Report to nobody."""


@contextmanager
def shown(folder: Path, listening: socket.socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(application(folder), log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=30)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A show of two episodes, run and approved, and a web server for what will be published of it."""
    folder = tmp_path_factory.mktemp("house")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        root = add_episode(folder, FIRST)
        www = folder / "www"
        (www / "releases" / "none").mkdir(parents=True)
        (www / "current").symlink_to("releases/none")
        settings = root / "episodes" / "show.toml"
        text = settings.read_text("utf-8").replace("https://show.example", url)
        settings.write_text(f'{text}\n[targets.web]\nkind = "folder"\npath = "{www}"\n', encoding="utf-8")
        add_episode(folder, SECOND, number=2, title="Second talk")
        run(root, NOW, quiet)
        with shown(www / "current", listening):
            httpx.get(url)  # the server looks once, at first, whether there is something to show
            yield House(root, www, url)


@pytest.fixture
def house(built: House, tmp_path: Path) -> House:
    """The show afresh, nothing published yet."""
    shutil.rmtree(built.www)
    built.www.mkdir()
    root = tmp_path / "show"
    shutil.copytree(built.root, root)
    return House(root, built.www, built.url)


def test_what_is_published_is_what_listeners_get(house: House) -> None:
    asked: list[Intent] = []

    def confirm(intent: Intent) -> bool:
        asked.append(intent)
        return True

    outcome = publish(house.root, NOW, Options(), confirm=confirm)
    assert (outcome.done, outcome.faults, outcome.verified) == (True, (), 2)
    assert [one.slug for one in asked[0].new] == [SECOND, FIRST]
    assert house.read() == (house.root / "site" / "feed.xml").read_text("utf-8")
    assert {entry.slug for entry in house.ledger.entries} == {FIRST, SECOND}
    for slug in (FIRST, SECOND):
        assert (house.root / "episodes" / slug / "published.json").exists()
    before = (house.root / "episodes" / "ledger.json").read_bytes()
    again = publish(house.root, LATER, Options(), confirm=lambda intent: pytest.fail("asked about nothing"))
    assert again.intent.empty
    assert (house.root / "episodes" / "ledger.json").read_bytes() == before


def test_a_no_and_a_dry_run_change_nothing(house: House) -> None:
    assert not publish(house.root, NOW, Options(), confirm=lambda intent: False).done
    assert not house.publish(Options(dry_run=True)).done
    assert not (house.www / "current").exists()
    assert not (house.root / "episodes" / "ledger.json").exists()
    assert not (house.root / "episodes" / FIRST / "published.json").exists()


def test_a_change_travels_alone_and_can_be_taken_back(house: House) -> None:
    house.publish()
    house.change(f"{FIRST}/notes.md", "381 cases", "318 cases")
    correct(house.root, FIRST, kind="correction", by="Ada Host", now=LATER)
    approve(house.root, FIRST, ADA, LATER)
    run(house.root, LATER, quiet)
    outcome = house.publish(now=LATER)
    assert [one.slug for one in outcome.intent.changed] == [FIRST]
    assert outcome.intent.plan is not None
    sent = [step.upload.name for step in outcome.intent.plan.steps]
    # The other episode's page names the new search index; its recording and transcripts stay.
    assert [name for name in sent if name.startswith(f"{SECOND}/")] in ([], [f"{SECOND}/index.html"])
    assert not [name for name in sent if name.endswith(".mp3")]
    assert sent[-1] == "feed.xml"
    assert "318 cases" in house.read(f"{FIRST}/")
    words = house.root / "episodes" / FIRST / "published.json"
    assert "318 cases" in words.read_text("utf-8")

    with pytest.raises(Refused, match="going back needs a reason"):
        house.publish(Options(rollback=True), LATEST)
    back = house.publish(Options(rollback=True, allowed=Allowed("The new figure was wrong.")), LATEST)
    assert (back.done, back.faults) == (True, ())
    assert "381 cases" in house.read(f"{FIRST}/")
    assert "318 cases" not in words.read_text("utf-8")
    assert [one.note for one in house.ledger.publications][-1] == "The new figure was wrong."
    with pytest.raises(Refused, match="keeps no earlier publication"):
        house.publish(Options(rollback=True, allowed=Allowed("Further back.")), LATEST)
    assert house.publish(now=LATEST).done
    assert "318 cases" in house.read(f"{FIRST}/")


def test_what_was_withdrawn_is_gone_at_once_and_does_not_come_back(house: House) -> None:
    house.publish()
    (audio,) = (house.www / "current" / FIRST).glob("*.mp3")
    withdraw(house.root, FIRST, by="Ada Host", now=LATER, reason=None)
    house.publish(now=LATER)
    assert not [path for path in house.www.rglob("*") if FIRST in str(path) or path.name == audio.name]
    assert httpx.get(f"{house.url}{FIRST}/{audio.name}").status_code == httpx.codes.NOT_FOUND
    assert FIRST not in house.read()
    with pytest.raises(Refused, match="must not come back: it was withdrawn since"):
        house.publish(Options(rollback=True, allowed=Allowed("We want it.")), LATEST)


def test_what_a_killed_publication_left_in_an_older_release_goes_with_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.publish()
    withdraw(house.root, FIRST, by="Ada Host", now=LATER, reason=None)
    with monkeypatch.context() as patch:
        patch.setattr(FolderSession, "clear_away", killed)
        with pytest.raises(KeyboardInterrupt):
            house.publish(now=LATER)
    assert list((house.www / "releases").rglob(FIRST))
    house.publish(now=LATEST)
    assert not list((house.www / "releases").rglob(FIRST))


def test_verify_finds_what_was_withdrawn_in_an_older_release(house: House, tmp_path: Path) -> None:
    def told() -> list[Problem]:
        found = [problem for area in verify_all(house.root, "web", quiet) for problem in area.problems]
        return [one for one in found if "older release" in one.what]

    house.publish()
    older = house.www / "releases" / "000001"
    shutil.copytree(older, tmp_path / "backup")
    withdraw(house.root, FIRST, by="Ada Host", now=LATER, reason=None)
    house.publish(now=LATER)
    assert told() == []
    shutil.copytree(tmp_path / "backup", older)
    (problem,) = told()
    assert problem.where.startswith(f"{older}/{FIRST}/")
    house.publish(now=LATEST)
    assert told() == []
    shutil.copytree(tmp_path / "backup", house.www / "releases" / ".gone")  # a deletion that was killed
    assert len(told()) == 1


def test_of_who_is_protected_since_nothing_old_stays(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said of her in the old summary stands in the tags of the old recording, too."""
    names = tmp_path / "names.toml"
    names.write_text(f'[[protected]]\nname = "Marta Ruiz"\nepisodes = ["{SECOND}"]\n', "utf-8")
    house.publish()
    old = {slug: next((house.www / "current" / slug).glob("*.mp3")).name for slug in (FIRST, SECOND)}
    for slug in (FIRST, SECOND):
        for name in ("episode.toml", "notes.md"):
            house.change(f"{slug}/{name}", "talks with", "meets")
    monkeypatch.setenv("ONRECORD_PROTECTED_NAMES", str(names))
    for slug in (FIRST, SECOND):
        correct(house.root, slug, kind="correction", by="Ada Host", now=LATER)
        approve(house.root, slug, ADA, LATER)
    run(house.root, LATER, quiet)
    house.publish(now=LATER)
    assert (house.www / "current" / FIRST / old[FIRST]).exists()
    assert not (house.www / "current" / SECOND / old[SECOND]).exists()


def test_nobody_goes_back_to_what_another_machine_has_replaced(house: House, tmp_path: Path) -> None:
    house.publish()
    other = House(tmp_path / "other", house.www, house.url)
    shutil.copytree(house.root, other.root)
    for one, now in ((house, LATER), (other, LATEST)):
        one.change(f"{FIRST}/notes.md", "381 cases", f"{now.day} cases")
        correct(one.root, FIRST, kind="correction", by="Ada Host", now=now)
        approve(one.root, FIRST, ADA, now)
        run(one.root, now, quiet)
        one.publish(now=now)
    shutil.copy(other.root / "episodes" / "ledger.json", house.root / "episodes")
    back = Options(rollback=True, allowed=Allowed("It was wrong."))
    with pytest.raises(Refused, match="was made on another machine"):
        house.publish(back, LATEST)
    assert other.publish(back, LATEST).done
    assert "381 cases" in house.read(f"{FIRST}/")


def test_an_episode_is_not_lost_by_accident(house: House) -> None:
    house.publish()
    house.change(f"{SECOND}/episode.toml", "Second talk", "Another title")
    run(house.root, LATER, quiet)
    with pytest.raises(Refused, match="“Second talk” was published on 2026-11-24 and is not in the feed any more"):
        house.publish(now=LATER)
    assert SECOND in house.read()
    allowed = Allowed("It was a rehearsal.", removals=frozenset({SECOND}))
    assert house.publish(Options(allowed=allowed), LATER).done
    assert SECOND not in house.read()
    (gone,) = [one for one in house.ledger.entries if one.gone]
    assert (gone.slug, gone.notes[-1].reason) == (SECOND, "It was a rehearsal.")


def test_a_clock_that_jumps_back_takes_nothing_from_listeners(house: House) -> None:
    house.publish()
    listeners, years_ago = house.read(), NOW - timedelta(days=3650)
    run(house.root, years_ago, quiet)
    with pytest.raises(Refused) as caught:
        house.publish(now=years_ago)
    assert {getattr(one, "code", None) for one in caught.value.problems} >= {"feed-episode-lost"}
    assert house.read() == listeners
    run(house.root, LATER, quiet)
    assert house.publish(now=LATER).intent.empty
    assert house.read() == listeners


def test_a_lost_ledger_is_no_way_round_it(house: House) -> None:
    house.publish()
    (house.root / "episodes" / "ledger.json").unlink()
    house.change(f"{SECOND}/episode.toml", "Second talk", "Another title")
    run(house.root, LATER, quiet)
    with pytest.raises(Refused, match="is not in the feed any more"):
        house.publish(now=LATER)


def test_what_nobody_was_shown_is_no_promise(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    title = house.root / "episodes" / SECOND / "episode.toml"
    approved = title.read_text("utf-8")
    title.write_text(approved.replace("Second talk", "Another title"), encoding="utf-8")
    run(house.root, NOW, quiet)
    house.publish()
    title.write_text(approved, encoding="utf-8")
    run(house.root, LATER, quiet)
    with monkeypatch.context() as killed:
        killed.setattr(FolderSession, "commit", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            house.publish(now=LATER)
    assert SECOND in (house.www / "releases" / ".next" / "feed.xml").read_text("utf-8")
    assert SECOND not in house.read()
    # The editor thinks better of it: nobody ever saw that episode, so nobody loses it.
    title.write_text(approved.replace("Second talk", "Another title"), encoding="utf-8")
    run(house.root, LATEST, quiet)
    assert not house.publish(Options(dry_run=True), LATEST).intent.gone
    assert house.publish(now=LATEST).faults == ()
    assert SECOND not in house.read()
    assert not (house.www / "current" / SECOND / "index.html").exists()


def test_only_what_a_run_built_from_what_is_approved_is_published(house: House) -> None:
    page = house.root / "site" / "index.html"
    text = page.read_text("utf-8")
    page.write_text(text.replace("The Show", "Thy Show"), encoding="utf-8")
    with pytest.raises(Refused, match=r"index\.html: it was changed by hand"):
        house.publish()
    page.write_text(text, encoding="utf-8")
    house.change(f"{FIRST}/notes.md", "381 cases", "318 cases")
    with pytest.raises(Refused, match="Run make pipeline first"):
        house.publish()
    assert not (house.www / "current").exists()


def test_a_key_of_yours_does_not_leave_the_house(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUR_API_TOKEN", "Ada talks with Ben")
    with pytest.raises(Refused, match="the value of OUR_API_TOKEN in your environment stands in it") as raised:
        house.publish()
    assert "talks with" not in str(raised.value)
    assert not (house.www / "current").exists()


def test_what_is_not_found_at_the_public_address_is_told_and_remembered_all_the_same(
    house: House, tmp_path: Path
) -> None:
    house.change("show.toml", str(house.www), str(tmp_path / "elsewhere"))
    asked = ["publish", "--root", str(house.root), "--yes", "--json"]
    result = CliRunner().invoke(app, asked)
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert told["done"]
    assert any("answers 404" in one["what"] for one in told["problems"])
    assert {entry.slug for entry in house.ledger.entries} == {FIRST, SECOND}


def test_by_hand_it_is_noted_once_it_is_out(house: House) -> None:
    by_hand = Options(target="by-hand")
    with pytest.raises(Refused, match="is not there yet, and nothing was noted"):
        house.publish(by_hand)
    assert not (house.root / "episodes" / "ledger.json").exists()
    (house.www / "releases").mkdir()
    shutil.copytree(house.root / "site", house.www / "releases" / "mine")
    (house.www / "current").symlink_to("releases/mine")
    assert house.publish(by_hand).verified == 2
    assert (house.root / "episodes" / FIRST / "published.json").exists()
    assert house.publish(by_hand, LATER).intent.empty


def test_the_command_shows_what_would_travel_and_asks_before_it_does(house: House) -> None:
    asked = ["publish", "--root", str(house.root)]
    dry = CliRunner().invoke(app, [*asked, "--dry-run"])
    assert dry.exit_code == 0
    for words in (
        "new      Second talk (second-talk)",
        "transcripts and chapters: ",
        "feed.xml",
        "Nothing was changed.",
    ):
        assert words in dry.stdout
    nobody = CliRunner().invoke(app, asked)
    assert nobody.exit_code == 1
    assert "nobody is here to be asked" in str(nobody.exception)
    done = CliRunner().invoke(app, [*asked, "--yes"])
    assert done.exit_code == 0, done.output
    assert "the feed and 2 recordings, as here" in done.stdout
    assert "nothing to do" in CliRunner().invoke(app, asked).stdout


def test_which_target_is_never_guessed(house: House) -> None:
    with pytest.raises(Refused, match="there is no target moon"):
        house.publish(Options(target="moon"))
    path = house.root / "episodes" / "show.toml"
    path.write_text(f'{path.read_text("utf-8")}\n[targets.b]\nkind = "folder"\npath = "b"\n', encoding="utf-8")
    with pytest.raises(Refused, match="there are several targets: web, b"):
        house.publish()


def test_nothing_is_published_beside_a_run(house: House) -> None:
    with exclusively(house.root), pytest.raises(Busy, match="another run is at work"):
        house.publish()


def test_caches_and_hubs_are_told_and_cannot_undo_anything(house: House, tmp_path: Path) -> None:
    heard: list[str] = []

    class Hub(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(503 if "json" in self.headers["content-type"] else 202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    note = tmp_path / "purged.txt"
    script = f"import sys, pathlib; pathlib.Path({str(note)!r}).write_text(sys.stdin.read())"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) as hub:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{hub.server_address[1]}/"
        path = house.root / "episodes" / "show.toml"
        settings = (
            f"purge = {json.dumps([sys.executable, '-c', script])}\n"
            f'purge_url = "{address}hook"\n\n[announce]\nwebsub_hub = "{address}"\npodping = true\n'
        )
        path.write_text(f"{path.read_text('utf-8')}{settings}", encoding="utf-8")
        run(house.root, NOW, quiet)
        outcome = house.publish()
        hub.shutdown()
    assert (outcome.done, outcome.faults) == (True, ())
    assert f"{house.url}feed.xml" in note.read_text("utf-8").splitlines()
    assert house.url in note.read_text("utf-8").splitlines()
    assert f"{house.url}feed.xml" in json.loads(heard[0])["urls"]
    assert "hub.mode=publish" in heard[1]
    said = " ".join(one.what for one in outcome.warnings)
    assert "the cache was not told: it answers 503" in said
    assert "Podping was not told: it needs a token" in said
    feed = house.read()
    assert f'<atom:link rel="hub" href="{address}"' in feed or f'<atom:link href="{address}" rel="hub"' in feed


def test_hubs_hear_of_a_feed_once_it_is_there_for_everybody(house: House, tmp_path: Path) -> None:
    heard: list[str] = []

    class Hub(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub) as hub:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        house.change("show.toml", str(house.www), str(tmp_path / "behind"))
        path = house.root / "episodes" / "show.toml"
        address = f"http://127.0.0.1:{hub.server_address[1]}/"
        path.write_text(f'{path.read_text("utf-8")}\n[announce]\nwebsub_hub = "{address}"\n', encoding="utf-8")
        run(house.root, NOW, quiet)
        assert house.publish().faults
        assert heard == []
        (house.www / "current").symlink_to(tmp_path / "behind" / "current")  # the cache has it now
        again = house.publish()
        assert (again.intent.empty, again.faults, len(heard)) == (True, (), 1)
        house.publish()
        hub.shutdown()
    assert len(heard) == 1


def killed(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def purging(house: House, script: str) -> None:
    """Give the target a program that makes a cache forget."""
    path = house.root / "episodes" / "show.toml"
    path.write_text(f"{path.read_text('utf-8')}purge = {json.dumps(['/bin/sh', '-c', script])}\n", encoding="utf-8")


def correct_a_figure(house: House, now: Any = LATER, *, was: int = 381, becomes: int = 318) -> None:
    house.change(f"{FIRST}/notes.md", f"{was} cases", f"{becomes} cases")
    correct(house.root, FIRST, kind="correction", by="Ada Host", now=now)
    approve(house.root, FIRST, ADA, now)
    # What a run sets aside, a publication only refuses as a site that is not built: here it is told why.
    status = next(one for one in run(house.root, now, quiet).statuses if one.slug == FIRST)
    assert status.state is State.PUBLISHED, status


BACK = Options(rollback=True, allowed=Allowed("The new figure was wrong."))


@pytest.mark.parametrize(("owner", "name"), [(FolderSession, "commit"), (Releases, "keep"), (Judge, "remember")])
def test_what_a_killed_publication_did_not_come_to_the_next_one_does(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    note, heard = tmp_path / "purged.txt", list[str]()
    purging(house, f"cat > {note}")
    path = house.root / "episodes" / "show.toml"
    path.write_text(f'{path.read_text("utf-8")}\n[announce]\nwebsub_hub = "https://hub.example/"\n', encoding="utf-8")

    def tell(hub: str, feed_url: str) -> list[Problem]:
        heard.append(feed_url)
        return []

    monkeypatch.setattr("pipeline.stages.completing.tell_hub", tell)
    run(house.root, NOW, quiet)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(KeyboardInterrupt):
            house.publish()
    assert not note.exists()
    dry = CliRunner().invoke(app, ["publish", "--root", str(house.root), "--dry-run"])
    assert "Left by an earlier publication, and done by the next: telling caches of" in dry.stdout
    again = house.publish(now=LATER)
    assert (again.faults, again.verified, heard) == ((), 2, [f"{house.url}feed.xml"])
    purged = note.read_text("utf-8").splitlines()
    assert {f"{house.url}feed.xml", f"{house.url}{FIRST}/index.html", house.url} <= set(purged)
    note.unlink()
    assert house.publish(now=LATEST).intent.empty
    assert not note.exists()
    assert len(heard) == 1


@pytest.mark.parametrize("moment", ["while a hub is told", "while it is taken out that it was"])
def test_who_was_killed_while_another_told_the_hub_still_owes_it(
    house: House, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = house.root / "episodes" / "show.toml"
    path.write_text(f'{path.read_text("utf-8")}\n[announce]\nwebsub_hub = "https://hub.example/"\n', encoding="utf-8")
    run(house.root, NOW, quiet)
    heard, others = list[str](), list[threading.Thread]()

    def publish_and_be_killed() -> None:
        with pytest.raises(KeyboardInterrupt):
            house.publish(now=LATER)

    def let_another_publish(patience_s: float) -> None:
        correct_a_figure(house)
        monkeypatch.setattr(Releases, "keep", killed)
        others.append(threading.Thread(target=publish_and_be_killed))
        others[0].start()
        others[0].join(patience_s)

    def tell(hub: str, feed_url: str) -> list[Problem]:
        heard.append(house.read())
        if moment == "while a hub is told" and not others:
            let_another_publish(60.0)
        return []

    def read_slowly(folder: Path, target: str) -> Owed:
        owed = read_owed(folder, target)
        if moment == "while it is taken out that it was" and heard and not others:
            let_another_publish(1.5)  # it may have to wait for us
        return owed

    keep = Releases.keep
    monkeypatch.setattr("pipeline.stages.completing.tell_hub", tell)
    monkeypatch.setattr("pipeline.publish.deploy.owed.read_owed", read_slowly)
    assert house.publish().faults == ()
    others[0].join(60.0)
    assert "318 cases" in house.read(f"{FIRST}/")
    monkeypatch.setattr(Releases, "keep", keep)
    house.publish(now=LATEST)
    assert heard[1:] == [house.read()]


def test_a_recording_that_was_not_there_is_asked_for_until_it_is(house: House, tmp_path: Path) -> None:
    behind = tmp_path / "behind"
    house.change("show.toml", str(house.www), str(behind))
    assert len(house.publish().faults) == 3
    shutil.copytree(behind / "current", house.www / "releases" / "mine")
    (house.www / "current").symlink_to("releases/mine")
    recordings = list((house.www / "current").rglob("*.mp3"))
    for one in recordings:
        one.unlink()
    asked = ["publish", "--root", str(house.root)]
    again = CliRunner().invoke(app, asked)
    assert again.exit_code == 1
    assert again.stderr.count("answers 404") == 2
    for one in recordings:
        shutil.copy(behind / "current" / one.parent.name / one.name, one)
    there = CliRunner().invoke(app, asked)
    assert there.exit_code == 0, there.output
    assert "done now: asking for 2 recordings at the public address" in there.stdout
    assert house.publish(now=LATER).verified == 0


def test_without_a_look_the_next_look_is_at_all_of_it(house: House) -> None:
    assert house.publish(Options(verify=False)).verified == 0
    assert house.publish(now=LATER).verified == 2


def test_a_cache_that_could_not_be_told_is_told_again(house: House, tmp_path: Path) -> None:
    note = tmp_path / "purged.txt"
    purging(house, f"test -e {tmp_path}/up && cat > {note}")
    assert "the cache was not told: it ended with 1" in house.publish().warnings[0].what
    (tmp_path / "up").touch()
    assert house.publish(now=LATER).warnings == ()
    assert f"{house.url}feed.xml" in note.read_text("utf-8").splitlines()


def test_going_back_once_more_tells_the_cache_that_was_not_told_and_goes_no_further(
    house: House, tmp_path: Path
) -> None:
    note = tmp_path / "purged.txt"
    purging(house, f"test -e {tmp_path}/up && cat > {note}")
    (tmp_path / "up").touch()
    house.publish()
    correct_a_figure(house)
    house.publish(now=LATER)
    (tmp_path / "up").unlink()
    assert len(house.publish(BACK, LATEST).warnings) == 1
    assert "381 cases" in house.read(f"{FIRST}/")
    note.unlink()
    (tmp_path / "up").touch()
    assert house.publish(BACK, LATEST).warnings == ()
    assert f"{house.url}feed.xml" in note.read_text("utf-8").splitlines()
    assert "381 cases" in house.read(f"{FIRST}/")
    with pytest.raises(Refused, match="keeps no earlier publication"):
        house.publish(BACK, LATEST)


def test_what_a_purge_program_prints_is_nobodys_crash(house: House) -> None:
    purging(house, r"printf '\\377caf\\351'; printf '\\377' >&2")
    assert house.publish().warnings == ()


def test_why_a_purge_program_failed_is_told_without_its_secrets(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_PURGE_TOKEN", "t0ken-of-ours")
    purging(house, r"printf 'asking\nCDN says no to t0ken-of-ours\033, caf\351\n\n' >&2; exit 3")
    assert house.publish().warnings[0].what == "the cache was not told: it ended with 3 (CDN says no to …, caf�)"
    house.change("show.toml", "CDN says no to t0ken-of-ours", "x" * 5000)
    (warning,) = house.publish(now=LATER).warnings
    assert len(warning.what) < 300


def test_who_went_back_is_told_what_the_next_publication_does(house: House) -> None:
    house.publish()
    correct_a_figure(house)
    house.publish(now=LATER)
    back = ["publish", "--root", str(house.root), "--rollback", "--reason", "The figure was right.", "--no-verify"]
    told = "the next onrecord publish puts it out again"
    assert told not in CliRunner().invoke(app, [*back, "--dry-run"]).stdout
    done = CliRunner().invoke(app, [*back, "--yes"])
    assert done.exit_code == 0, done.output
    assert told in " ".join(done.stdout.split())
    forward = CliRunner().invoke(app, ["publish", "--root", str(house.root), "--yes", "--no-verify"])
    assert "Published at" in forward.stdout
    assert told not in " ".join(forward.stdout.split())


def test_a_new_target_is_held_to_what_listeners_were_given_elsewhere(house: House, tmp_path: Path) -> None:
    """A move to another server: the address, and so the listeners, are those of before."""
    house.publish()
    house.change("show.toml", "[targets.web]", "[targets.new-host]")
    house.change("show.toml", str(house.www), str(tmp_path / "new-host"))
    house.change(f"{SECOND}/episode.toml", "Second talk", "Another title")
    run(house.root, LATER, quiet)
    with pytest.raises(Refused, match="“Second talk” was published on 2026-11-24 and is not in the feed any more"):
        house.publish(Options(verify=False), LATER)
    allowed = Allowed("It was a rehearsal.", removals=frozenset({SECOND}))
    outcome = house.publish(Options(verify=False, allowed=allowed), LATER)
    assert ([one.slug for one in outcome.intent.new], [one.slug for one in outcome.intent.gone]) == ([FIRST], [SECOND])
    moved = {one.slug: one for one in house.ledger.at_target("new-host")}
    assert moved[FIRST].first == moved[SECOND].first == house.ledger.at_target("web")[0].first
    assert moved[SECOND].notes[-1].reason == "It was a rehearsal."
    # From now on it has a past of its own.
    assert house.publish(Options(verify=False), LATEST).intent.empty


@pytest.mark.parametrize(("owner", "name"), [(FolderSession, "commit"), (Releases, "keep"), (Judge, "remember")])
def test_before_a_publication_that_was_broken_off_is_the_last_that_was_not(
    house: House, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    house.publish()
    correct_a_figure(house)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(KeyboardInterrupt):
            house.publish(now=LATER)
    assert house.publish(BACK, LATEST).faults == ()
    assert "381 cases" in house.read(f"{FIRST}/")
    assert house.publish(now=LATEST).faults == ()
    assert "318 cases" in house.read(f"{FIRST}/")
    house.publish(BACK, LATEST)
    assert "381 cases" in house.read(f"{FIRST}/")


@pytest.mark.parametrize(
    ("owner", "name"),
    [(FolderSession, "commit"), (Judge, "remember"), (Releases, "drop_after")],
)
def test_going_back_that_was_broken_off_goes_no_further_back(
    house: House, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    house.publish()
    correct_a_figure(house, was=381, becomes=350)
    house.publish(now=LATER)
    correct_a_figure(house, LATEST, was=350, becomes=318)
    house.publish(now=LATEST)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, killed)
        with pytest.raises(KeyboardInterrupt):
            house.publish(BACK, LATEST + timedelta(hours=1))
    assert house.publish(BACK, LATEST + timedelta(hours=1)).faults == ()
    assert "350 cases" in house.read(f"{FIRST}/")
    assert len(list(Releases(house.root / "build" / "releases" / "web").listings())) == 2
    assert house.publish(now=LATEST + timedelta(days=1)).faults == ()
    assert "318 cases" in house.read(f"{FIRST}/")
