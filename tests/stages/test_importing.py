"""Moving a podcast here: what its listeners' apps see afterwards is what they saw before."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import feedparser
import podcastparser
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import Refused
from pipeline.show import load_show
from pipeline.stages.importing import Imported, Wanted, import_feed
from pipeline.stages.redirecting import write_redirects
from pipeline.stages.run import approve, run
from pipeline.stages.status import State
from pipeline.stages.takenover import approve_imported
from tests.episodes import ADA, NOW, SPEECH, add_episode, machine_words
from tests.publish.moving.hosts import Host, hosted
from tests.shows import artwork

FEED = """\
<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:podcast="https://podcastindex.org/namespace/1.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:odd="urn:odd" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><title>The old show</title><link>{url}/</link><description>About things</description>
<language>en</language><itunes:author>Ada</itunes:author><itunes:image href="{url}/art.png"/>
<itunes:category text="News"/><itunes:explicit>false</itunes:explicit>
<podcast:guid>917393e3-1b1e-5cef-ace4-edaa54e1f810</podcast:guid>
<podcast:person href="https://ada.example/">Ada Host</podcast:person><odd:show>kept</odd:show>{head}
{items}</channel></rss>
"""
SECOND = """\
<item><title>Second: a talk</title><guid isPermaLink="false">Sécond/2 ?</guid><link>{url}/?p=2</link>
<pubDate>Mon, 02 Mar 2020 10:00:00 -0500</pubDate><enclosure url="{url}/b.mp3" length="{size}" type="audio/mpeg"/>
<itunes:duration>196</itunes:duration><itunes:season>2</itunes:season><itunes:episode>7</itunes:episode>
<itunes:episodeType>bonus</itunes:episodeType><itunes:explicit>true</itunes:explicit>
<description><![CDATA[<p>See <a href="https://x.example/">there</a> &amp; here</p>]]></description>
<content:encoded><![CDATA[<h2>Long</h2><p>See <a href="https://x.example/">there</a>, at length</p>]]></content:encoded>
<podcast:transcript url="{url}/t.vtt" type="text/vtt" language="en"/>
<podcast:chapters url="{url}/c.json" type="application/json+chapters"/>
<podcast:person role="guest">Ben Guest</podcast:person><odd:item ref="{url}/b.mp3">as it was</odd:item></item>
"""
FIRST = """\
<item><title>First</title><guid>{url}/?p=1</guid><link>{url}/?p=1</link>
<pubDate>Sat, 01 Feb 2020 10:00:00 +0100</pubDate><enclosure url="{url}/a.mp3" length="{size}" type="audio/mpeg"/>
<itunes:duration>196</itunes:duration><description>Plain &amp; simple</description></item>
"""
CHAPTERS = {"version": "1.2.0", "chapters": [{"startTime": 0, "title": "Begin", "img": "https://x/i.jpg"},
                                              {"startTime": 90.5, "title": "End"}]}  # fmt: skip
VTT = b"WEBVTT\n\n00:00.000 --> 00:05.000\n<v Ada Host>Hello and welcome.\n"


def quiet(slug: str, stage: str, part: float) -> None:
    """Report to nobody."""


def fill(host: Host, *, items: str = SECOND + FIRST, head: str = "") -> None:
    sound = SPEECH.read_bytes()
    told = {"url": host.url, "size": str(len(sound))}
    host.files |= {
        "/a.mp3": sound,
        "/b.mp3": sound + b"\0" * 64,
        "/art.png": artwork(),
        "/t.vtt": VTT,
        "/c.json": json.dumps(CHAPTERS).encode(),
        "/feed.xml": FEED.format(items=items.format(**told), head=head.format(**told), url=host.url)
        .replace(f'b.mp3" length="{len(sound)}"', f'b.mp3" length="{len(sound) + 64}"')
        .encode(),
    }


def take(root: Path, host: Host, **more: Any) -> Imported:
    return import_feed(root, Wanted(f"{host.url}/feed.xml", site_url="https://new.example/", **more), quiet)


def feedparser_sees(feed: bytes) -> list[dict[str, Any]]:
    read: Any = feedparser.parse(feed)  # type: ignore[attr-defined,no-untyped-call]  # it has no types
    assert not read.bozo
    return [
        {
            "id": one.id,
            "title": one.title,
            "date": one.published_parsed,
            "notes": one.get("summary"),
            "content": [part.value for part in one.get("content", [])],
            "length": [(sound.length, sound.type) for sound in one.enclosures],
            "duration": one.itunes_duration,
            "season": one.get("itunes_season"),
            "episode": one.get("itunes_episode"),
            "type": one.get("itunes_episodetype"),
        }
        for one in read.entries
    ]


def podcastparser_sees(feed: Path, url: str) -> list[dict[str, Any]]:
    with feed.open("rb") as stream:
        read: Any = podcastparser.parse(url, stream)  # type: ignore[no-untyped-call]  # it has no types
    return [
        {
            "guid": one["guid"],
            "title": one["title"],
            "published": one["published"],
            "total_time": one["total_time"],
            "notes": one["description"],
            "html": one.get("description_html"),
            "sound": [(sound["file_size"], sound["mime_type"]) for sound in one["enclosures"]],
        }
        for one in read["episodes"]
    ]


# What apps show, and a show's folder has no other place for.
HEAD = """\
<itunes:owner><itunes:name>The Owners</itunes:name><itunes:email>o@old.example</itunes:email></itunes:owner>
<podcast:locked owner="o@old.example">no</podcast:locked>
<podcast:trailer url="{url}/trailer.mp3" pubdate="Sat, 01 Feb 2020 10:00:00 +0100" length="9">Soon</podcast:trailer>
<podcast:image href="{url}/wide.png" purpose="banner"/>
"""
SHOWN = (
    "channel/description", "channel/itunes:owner/itunes:name", "channel/itunes:owner/itunes:email",
    "channel/podcast:trailer", "channel/podcast:image[@purpose='banner']", "channel/podcast:locked",
    "channel/item/title", "channel/item/itunes:title", "channel/item/podcast:image[@purpose='banner']",
    "channel/item/itunes:author", "channel/item/itunes:subtitle", "channel/item/podcast:soundbite",
)  # fmt: skip


def with_all_that_apps_show(host: Host) -> None:
    """Let the feed say all of it."""
    more = """<itunes:title>A talk</itunes:title><itunes:author>Somebody</itunes:author>
    <itunes:subtitle>Sub</itunes:subtitle><podcast:image href="{url}/high.png" purpose="banner"/>
    <podcast:soundbite startTime="1" duration="20.5">Bite</podcast:soundbite></item>"""
    same = "<itunes:title>First</itunes:title></item>"
    fill(host, items=SECOND.replace("</item>", more) + FIRST.replace("</item>", same), head=HEAD)
    about = '<![CDATA[<p>About <a href="https://x.example/">things</a> &amp; more</p>]]>'
    host.files["/feed.xml"] = host.files["/feed.xml"].replace(b"About things", about.encode())


def shown(feed: bytes) -> dict[str, list[tuple[str, dict[str, str]]]]:
    """The text and the attributes of every element in `SHOWN`."""
    prefixes = {
        "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
        "podcast": "https://podcastindex.org/namespace/1.0",
    }
    root = ET.fromstring(feed)  # noqa: S314 - our own
    found = {name: root.findall(name, prefixes) for name in SHOWN}
    return {name: [((one.text or "").strip(), one.attrib) for one in some] for name, some in found.items()}


def test_apps_see_the_same_episodes_before_and_after(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        with_all_that_apps_show(host)
        done = take(root, host)
        assert [one.guid for one in done.taken] == ["Sécond/2 ?", f"{host.url}/?p=1"]
        assert (done.failed, done.repairs) == ([], [])
        result = run(root, NOW, quiet)
        assert {one.state for one in result.statuses} == {State.WAITING}
        assert not list((root / "site").glob("20*"))
        assert len(approve_imported(root, ADA, NOW).records) == 2
        result = run(root, NOW, quiet)
        assert {one.state for one in result.statuses} == {State.PUBLISHED}
        (tmp_path / "old.xml").write_bytes(host.files["/feed.xml"])
        new = root / "site" / "feed.xml"
        kinds = [{**one, "type": one["type"] or "full"} for one in feedparser_sees(host.files["/feed.xml"])]
        assert feedparser_sees(new.read_bytes()) == kinds
        assert podcastparser_sees(new, "https://new.example/feed.xml") == podcastparser_sees(
            tmp_path / "old.xml", f"{host.url}/feed.xml"
        )
        before = shown(host.files["/feed.xml"])
        assert all(before.values())
        # Where both titles were one, there is one.
        before["channel/item/itunes:title"] = [("A talk", {})]
        assert shown(new.read_bytes()) == before
        channel = ET.parse(new).getroot()[0]  # noqa: S314 - this program wrote it
        first, second = channel.findall("item")
        address = first.find("enclosure").get("url", "")  # type: ignore[union-attr]  # every item has one
        published = root / "site" / address.removeprefix("https://new.example/")
        assert published.read_bytes() == host.files["/b.mp3"]
        assert first.find("{urn:odd}item").attrib == {"ref": address}  # type: ignore[union-attr]
        assert channel.findtext("{urn:odd}show") == "kept"
        assert second.find("guid").get("isPermaLink") == "true"  # type: ignore[union-attr]
        podcast = "{https://podcastindex.org/namespace/1.0}"
        text = first.find(f"{podcast}transcript").get("url", "")  # type: ignore[union-attr]
        assert (root / "site" / text.removeprefix("https://new.example/")).read_bytes() == VTT
        chapters = first.find(f"{podcast}chapters").get("url", "")  # type: ignore[union-attr]
        assert json.loads((root / "site" / chapters.removeprefix("https://new.example/")).read_bytes()) == CHAPTERS
        assert channel.findtext(f"{podcast}guid") == "917393e3-1b1e-5cef-ace4-edaa54e1f810"
        page = (published.parent / "index.html").read_text("utf-8")
        assert "has no transcript that was checked here" in page
        assert "at length" in page
        assert "Begin" in page
        written = {path: path.stat().st_mtime_ns for path in (root / "site").rglob("*")}
        assert run(root, NOW, quiet).done == ()
        assert {path: path.stat().st_mtime_ns for path in (root / "site").rglob("*")} == written


def test_what_a_person_writes_takes_the_place_of_what_came_along(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        with_all_that_apps_show(host)
        take(root, host, limit=1)
    for path, old, new in (
        (root / "episodes" / "show.toml", "About things", "About other things"),
        (
            next((root / "episodes").glob("20*")) / "episode.toml",
            'title = "Second: a talk"\nguid',
            'title = "New"\nguid',
        ),
    ):
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
    approve_imported(root, ADA, NOW)
    run(root, NOW, quiet)
    now = shown((root / "site" / "feed.xml").read_bytes())
    assert now["channel/description"] == [("About other things & more", {})]
    assert now["channel/item/title"] == [("New", {})]
    assert now["channel/item/itunes:title"] == []


def test_a_second_import_adds_what_is_new_and_touches_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        fill(host, items=FIRST)
        take(root, host)
        mine = next((root / "episodes").glob("*-first")) / "episode.toml"
        mine.write_text(mine.read_text("utf-8").replace('"First"', '"First, mended"'), "utf-8")
        people = root / "episodes" / "people.toml"
        people.write_text(people.read_text("utf-8") + '\n[mine]\nname = "Mine"\n', "utf-8")
        before = {path: path.read_bytes() for path in (root / "episodes").rglob("*") if path.is_file()}
        fill(host)
        assert take(root, host, dry_run=True).taken
        assert {path: path.read_bytes() for path in (root / "episodes").rglob("*") if path.is_file()} == before
        done = take(root, host)
        assert ([one.slug for one in done.taken], done.known) == (["2020-03-second-a-talk"], 1)
        after = {path: path.read_bytes() for path in before}
        assert after.pop(people) != before.pop(people)
        assert after == before
        assert set(load_show(root).people) == {"ada-host", "mine", "ben-guest"}
        assert take(root, host).taken == []


def test_a_killed_import_goes_on_within_a_recording(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        fill(host)
        host.stalls["/b.mp3"] = 700_000
        command = [sys.executable, "-m", "pipeline", "import", f"{host.url}/feed.xml", str(root), "--json"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            until = time.monotonic() + 60
            while not (arrived(root) > 100_000 or time.monotonic() > until or process.poll() is not None):
                time.sleep(0.05)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=20)
        have_bytes = arrived(root)
        assert have_bytes > 100_000
        assert not list((root / "episodes").glob("20*"))
        host.go_on.set()
        host.stalls.clear()
        result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert result.returncode == 0, result.stderr
        assert len(json.loads(result.stdout)["episodes"]) == 2
        assert host.ranges("/b.mp3") == [f"bytes={have_bytes}-"]
        assert (root / "episodes" / "2020-03-second-a-talk" / "audio.mp3").read_bytes() == host.files["/b.mp3"]
        assert not (root / "build" / "import").exists()


def arrived(root: Path) -> int:
    return max((path.stat().st_size for path in root.rglob("recording.part")), default=0)


@pytest.mark.parametrize("is_careless", [False, True])
def test_a_recording_that_is_another_by_now_begins_anew(tmp_path: Path, is_careless: bool) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        host.is_careless = is_careless
        fill(host, items=FIRST)
        staging = root / "build" / "import"
        take(root, host, limit=1, dry_run=True)
        from pipeline.publish.moving.downloading import Downloader

        target = staging / "x" / "recording"
        target.parent.mkdir(parents=True)
        (target.parent / "recording.part").write_bytes(b"old bytes")
        (target.parent / "recording.part.json").write_text(
            json.dumps({"url": f"{host.url}/a.mp3", "validator": '"another"'}), "utf-8"
        )
        found = Downloader(f"{host.url}/feed.xml", "test").download(f"{host.url}/a.mp3", target, lambda part: None)
        assert target.read_bytes() == host.files["/a.mp3"]
        assert found.size_bytes == len(host.files["/a.mp3"])


def test_nobody_is_told_the_address_of_the_feed(tmp_path: Path) -> None:
    """The path of a private feed is its password."""
    with hosted() as host:
        fill(host)
        host.files["/secret-key/feed.xml"] = host.files["/feed.xml"]
        import_feed(tmp_path / "show", Wanted(f"{host.url}/secret-key/feed.xml", limit=1), quiet)
        (tmp_path / "feed.xml").write_bytes(host.files["/feed.xml"])
        import_feed(tmp_path / "other", Wanted(str(tmp_path / "feed.xml"), limit=1), quiet)
    assert host.agents
    assert not [one for one in host.agents if "secret-key" in one or str(tmp_path) in one]


def test_an_import_that_was_killed_before_the_show_was_whole_adds_nobody_twice(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        fill(host)
        take(root, host, limit=1)
        (root / "episodes" / "show.toml").unlink()
        shutil.rmtree(next((root / "episodes").glob("20*")))
        glossary = root / "episodes" / "glossary.toml"
        glossary.write_text('[[terms]]\nterm = "mine"\n', "utf-8")
        done = take(root, host)
        assert len(done.taken) == 2
    assert set(load_show(root).people) == {"ada-host", "ben-guest"}
    assert "mine" in glossary.read_text("utf-8")


def test_a_photo_that_a_person_put_there_is_left_alone(tmp_path: Path) -> None:
    root = tmp_path / "show"
    mine = root / "episodes" / "people" / "cleo.png"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with hosted() as host:
        fill(host, head='<podcast:person img="{url}/art.png">Cleo</podcast:person>')
        done = take(root, host)
    assert mine.read_bytes() == b"mine"
    assert "photo" not in load_show(root).people["cleo"].model_dump(exclude_none=True)
    assert [one.what for one in done.repairs if "already" in one.what] == [
        f"the photo {host.url}/art.png is another than people/cleo.png, which was there already"
    ]


def test_what_is_no_recording_stops_its_episode_alone(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        fill(host)
        host.files["/b.mp3"] = b"<html>not here</html>"
        done = take(root, host)
        assert [one.title for one in done.taken] == ["First"]
        assert "is no recording" in str(done.failed[0])
        fill(host)
        assert [one.title for one in take(root, host).taken] == ["Second: a talk"]


def test_pages_moves_and_locks(tmp_path: Path) -> None:
    with hosted() as host:
        fill(host, items=SECOND, head='<atom:link rel="next" href="{url}/page2.xml"/>')
        front = host.files["/feed.xml"]
        fill(host, items=FIRST)
        host.files |= {"/page2.xml": host.files["/feed.xml"], "/new.xml": front}
        fill(host, items=FIRST, head="<itunes:new-feed-url>{url}/new.xml</itunes:new-feed-url>")
        host.moved["/old.xml"] = f"{host.url}/feed.xml"
        wanted = Wanted(f"{host.url}/old.xml", dry_run=True)
        done = import_feed(tmp_path / "show", wanted, quiet)
        assert [one.title for one in done.taken] == ["Second: a talk", "First"]
        assert any("moved to" in one.what for one in done.repairs)
        assert not (tmp_path / "show").exists()
        fill(host, head="<podcast:locked>yes</podcast:locked>")
        with pytest.raises(Refused, match="podcast:locked"):
            take(tmp_path / "show", host)
        assert take(tmp_path / "show", host, despite_lock=True, limit=1).left == 1


def test_private_addresses_are_asked_only_where_the_person_named_them(tmp_path: Path) -> None:
    with hosted() as inner, hosted() as host:
        inner.files["/a.mp3"] = SPEECH.read_bytes()
        fill(host, items=FIRST.replace("{url}/a.mp3", f"{inner.url}/a.mp3"))
        done = take(tmp_path / "show", host)
        assert done.taken == []
        assert "port" in str(done.failed[0]) or "machine" in str(done.failed[0])
        host.moved["/a.mp3"] = f"{inner.url}/a.mp3"
        fill(host, items=FIRST)
        assert take(tmp_path / "show", host).taken == []
        assert inner.asked == []


@pytest.mark.parametrize("place", ["http://10.1.2.3", "http://127.0.0.1:9", "http://studio.local", "http://in.example"])
def test_a_dry_run_says_which_addresses_the_import_will_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    looked_up = []

    def look_up(name: str, port: int) -> list[str]:
        looked_up.append(name)
        return ["10.1.2.3"]

    monkeypatch.setattr("pipeline.publish.moving.downloading.look_up", look_up)
    with hosted() as host:
        fill(host, items=SECOND.replace("{url}/b.mp3", f"{place}/b.mp3") + FIRST)
        told = take(tmp_path / "show", host, dry_run=True)
        assert [one.title for one in told.taken] == ["First"]
        assert [path for path, _ in host.asked] == ["/feed.xml"]
        assert not (tmp_path / "show").exists()
        assert told.failed == take(tmp_path / "show", host).failed
        fill(
            host,
            items=(SECOND + FIRST).replace("{url}/a.mp3", f"{place}/a.mp3").replace("{url}/b.mp3", f"{place}/b.mp3"),
        )
        looked_up.clear()
        asked = ["import", f"{host.url}/feed.xml", str(tmp_path / "other"), "--dry-run"]
        said = CliRunner().invoke(app, asked)
        assert (said.exit_code, len(looked_up)) == (4, 1 if "in.example" in place else 0)
        assert "2 would fail" in said.output


def test_a_dry_run_without_a_net_tells_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(name: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "no net")

    monkeypatch.setattr("pipeline.publish.moving.downloading.look_up", offline)
    feed = tmp_path / "feed.xml"
    items = (SECOND + FIRST).format(url="https://old.example", size=9)
    feed.write_text(FEED.format(items=items, head="", url="https://old.example"), "utf-8")
    told = import_feed(tmp_path / "show", Wanted(str(feed), dry_run=True), quiet)
    assert ([one.title for one in told.taken], told.failed) == (["Second: a talk", "First"], [])


def test_our_own_feed_comes_back_as_it_was(tmp_path: Path) -> None:
    """The sample of every test, published, imported, published again."""
    root = add_episode(tmp_path, "first-talk")
    settings = root / "episodes" / "show.toml"
    with hosted() as host:
        text = settings.read_text("utf-8").replace("https://show.example", host.url)
        settings.write_text(text + "locked = false\n", "utf-8")
        approve(root, "first-talk", ADA, NOW)
        assert {one.state for one in run(root, NOW, quiet).statuses} == {State.PUBLISHED}
        site = root / "site"
        host.files |= {f"/{path.relative_to(site)}": path.read_bytes() for path in site.rglob("*") if path.is_file()}
        again = tmp_path / "again"
        done = take(again, host)
        assert (done.failed, done.repairs) == ([], [])
        approve_imported(again, ADA, NOW)
        assert {one.state for one in run(again, NOW, quiet).statuses} == {State.PUBLISHED}
        old, new = site / "feed.xml", again / "site" / "feed.xml"
        assert feedparser_sees(new.read_bytes()) == feedparser_sees(old.read_bytes())
        assert podcastparser_sees(new, host.url) == podcastparser_sees(old, host.url)
        assert transcript_types(new) == transcript_types(old)


def transcript_types(feed: Path) -> list[str | None]:
    found = ET.parse(feed).iter("{https://podcastindex.org/namespace/1.0}transcript")  # noqa: S314 - our own
    return [one.get("type") for one in found]


def test_rules_lead_from_every_old_address_to_what_is_published(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        fill(host)
        take(root, host)
        with pytest.raises(Refused, match="nothing that moved is published"):
            write_redirects(root, None)
        approve_imported(root, ADA, NOW)
        run(root, NOW, quiet)
        done = write_redirects(root, "nginx")
        assert [path.name for path in done.written] == ["nginx.conf"]
        leads = {move.old.removeprefix(host.url): move.new.removeprefix("https://new.example/") for move in done.moves}
        assert set(leads) == {"/feed.xml", "/a.mp3", "/b.mp3", "/?p=1", "/?p=2"}
        assert leads["/feed.xml"] == "feed.xml"
        assert (root / "site" / leads["/b.mp3"]).read_bytes() == host.files["/b.mp3"]
        assert done.left == ()


def test_who_redirects_too_early_is_told_what_listeners_would_lose(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        fill(host)
        host.files["/b.mp3"] = b"<html>not here</html>"
        (first,) = take(root, host).taken
        approve(root, first.slug, ADA, NOW)
        run(root, NOW, quiet)
        said = CliRunner().invoke(app, ["redirects", "--for", "nginx", "--root", str(root)])
        assert "the last import: it left episodes behind" in " ".join(said.output.split())
        fill(host)
        (second,) = take(root, host).taken
    said = CliRunner().invoke(app, ["redirects", "--for", "nginx", "--root", str(root)])
    assert "the last import" not in said.output
    assert f"{second.slug}: it is not in site/" in " ".join(said.output.split())
    assert "Import once more before" in " ".join(said.output.split())


def test_a_changed_byte_voids_what_was_taken_over_and_striking_needs_mastering(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        fill(host, items=FIRST)
        take(root, host)
    approve_imported(root, ADA, NOW)
    (folder,) = (root / "episodes").glob("20*")
    record = json.loads(next((folder / "approvals").iterdir()).read_bytes())
    assert record["statement"] == "I take this episode over as it was published elsewhere."
    run(root, NOW, quiet)
    with (folder / "audio.mp3").open("ab") as stream:
        stream.write(b"\0")
    (status,) = run(root, NOW, quiet).statuses
    assert status.state is State.VOID
    assert "audio.mp3" in status.because
    assert not (root / "site" / folder.name).exists()
    shutil.copy(SPEECH, folder / "audio.mp3")
    os.utime(folder / "audio.mp3")
    (folder / "redactions.toml").write_text(
        '[[redactions]]\nstart = "00:00:01"\nend = "00:00:02"\nsound = "tone"\n', "utf-8"
    )
    (status,) = run(root, NOW, quiet).statuses
    assert "imported-struck" in [getattr(one, "code", "") for one in status.problems]


def test_a_transcript_is_made_on_request_out_of_the_one_that_came_along(tmp_path: Path) -> None:
    root = tmp_path / "show"
    with hosted() as host:
        fill(host, items=SECOND)
        take(root, host)
    approve_imported(root, ADA, NOW)
    run(root, NOW, quiet)
    (folder,) = (root / "episodes").glob("20*")
    settings = folder / "episode.toml"
    settings.write_text(settings.read_text("utf-8").replace("[imported]", "[imported]\ntranscribe = true"), "utf-8")
    (folder / "machine.json").write_bytes(machine_words(folder / "audio.mp3"))  # as if an engine had heard it
    (status,) = run(root, NOW, quiet).statuses
    assert status.state is State.VOID
    assert (folder / "transcript.md").read_text("utf-8") == "[00:00:00.000] **Ada Host**\nHello and welcome.\n"
    approve(root, folder.name, ADA, NOW)
    (status,) = run(root, NOW, quiet).statuses
    assert status.state is State.PUBLISHED, status.problems
    assert transcript_types(root / "site" / "feed.xml") == [
        "text/vtt", "application/x-subrip", "application/json", "text/html",
    ]  # fmt: skip
    (audio,) = (root / "site" / folder.name).glob("*.mp3")
    assert audio.read_bytes() == (folder / "audio.mp3").read_bytes()
    assert "Hello and welcome" in (audio.parent / "index.html").read_text("utf-8")


def test_strangers_notes_run_in_neither_page_nor_feed(tmp_path: Path) -> None:
    root = tmp_path / "show"
    live = '&lt;p onclick="x()"&gt;Notes&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;'
    with hosted() as host:
        fill(host, items=FIRST.replace("Plain &amp; simple", live).replace("First", "&lt;b onclick=x()&gt;First"))
        host.files["/feed.xml"] = host.files["/feed.xml"].replace(
            b"</item>", f'<podcast:transcript url="{host.url}/t.html" type="text/html"/></item>'.encode()
        )
        host.files["/t.html"] = b"<html><script>alert(1)</script><cite onclick=x()>Ada:</cite><p>Hello</p>"
        take(root, host)
    approve_imported(root, ADA, NOW)
    run(root, NOW, quiet)
    texts = {path: path.read_text("utf-8") for path in (root / "site").rglob("20*/*") if path.suffix == ".html"}
    assert len(texts) == 2
    for text in (*texts.values(), (root / "site" / "feed.xml").read_text("utf-8")):
        assert "alert(1)" not in text
        assert "onclick" not in text
    assert any("<cite>Ada:</cite><p>Hello</p>" in text for text in texts.values())


def test_the_commands_say_what_they_did(tmp_path: Path) -> None:
    def onrecord(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pipeline", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    root = tmp_path / "show"
    with hosted() as host:
        fill(host, items=FIRST.replace('length="{size}"', 'length="0"'))
        done = onrecord("import", f"{host.url}/feed.xml", str(root))
    assert done.returncode == 0, done.stderr
    assert "1 episode taken over, none of them approved" in " ".join(done.stdout.split())
    assert "Mended: item “First”" in done.stderr
    assert "were here" not in done.stdout
    assert onrecord("approve", "--root", str(root), "--by", ADA).returncode == 2
    assert onrecord("approve", "--imported", "--root", str(root), "--by", "Ada").returncode == 1
    tried = onrecord("approve", "--imported", "--root", str(root), "--by", ADA, "--dry-run")
    assert "1 imported episodes can be approved" in tried.stdout
    assert onrecord("approve", "--imported", "--root", str(root), "--by", ADA).returncode == 0
    assert onrecord("redirects", "--for", "apache", "--root", str(root)).returncode == 1


@pytest.mark.parametrize(
    ("feed", "way"),
    [
        ("http://localhost:8932/feed.xml", "by its number, as in http://127.0.0.1:8932/feed.xml"),
        ("http://nas.local/feed.xml", "by its number, as in http://127.0.0.1/feed.xml"),
        ("http://ada:secret@nas.local/feed.xml", None),
        ("http://nas.local:99999/feed.xml", None),
        ("http://127.0.0.1:99999/feed.xml", None),
    ],
)
def test_a_feed_on_ones_own_network_is_refused_with_the_way_to_name_it(
    tmp_path: Path, feed: str, way: str | None
) -> None:
    with pytest.raises(Refused) as refused:
        import_feed(tmp_path, Wanted(feed), quiet)
    remedy = refused.value.problems[0].remedy
    assert way in remedy if way else "number" not in remedy


def test_the_address_is_asked_for_only_where_nobody_gave_it(tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    feed.write_text(FEED.format(items="", head="", url="https://old.example"), "utf-8")
    for given, is_told in (([], True), (["--site-url", "https://new.example/"], False)):
        done = CliRunner().invoke(app, ["import", str(feed), str(tmp_path / "show"), "--dry-run", *given])
        assert done.exit_code == 0, done.output
        assert ("mend it in show.toml" in done.output) == is_told


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["in earnest", "dry run"])
def test_a_show_that_was_made_for_the_feed_does_not_take_its_place(tmp_path: Path, dry: list[str]) -> None:
    """With its guid, its placeholder for artwork and without a rule for the old feed it would be another podcast."""
    root = tmp_path / "show"
    made = ["new-show", str(root), "--title", "The old show", "--site-url", "https://new.example/"]
    assert CliRunner().invoke(app, made).exit_code == 0
    feed = tmp_path / "feed.xml"
    feed.write_text(FEED.format(items=FIRST.format(url="https://old.example", size=1), head="", url=""), "utf-8")
    done = CliRunner().invoke(app, ["import", str(feed), str(root), *dry])
    assert isinstance(done.exception, Refused)
    assert "onrecord new-show is not needed" in str(done.exception)
    assert not list(root.glob("episodes/*/episode.toml"))


def test_another_address_for_a_show_that_is_here_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    has = load_show(root).settings.site_url
    feed = tmp_path / "feed.xml"
    feed.write_text(FEED.format(items="", head="", url="https://old.example"), "utf-8")
    for given, is_told in (("https://new.example/", True), (has.rstrip("/"), False)):
        for dry in ([], ["--dry-run"]):
            done = CliRunner().invoke(app, ["import", str(feed), str(root), "--site-url", given, *dry])
            assert (f"site_url is {has}: mend it in show.toml" in done.output) == is_told, done.output
