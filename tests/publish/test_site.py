"""The site as a whole: complete, the same every time, safe under interruption, and without remains."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html
from PIL import Image

from pipeline import files
from pipeline.errors import InvalidAudio, Refused
from pipeline.publish import placing as placing_module
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.site import SiteResult, build_site
from pipeline.show import Show
from tests.publish import made

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures, and a place where their smaller copies stay for all tests."""
    folder = tmp_path_factory.mktemp("pictures")
    Image.new("RGB", (1400, 1400), (20, 60, 90)).save(folder / "artwork.png")
    Image.new("RGB", (1400, 1400), (90, 60, 20)).save(folder / "own.png")
    return folder


class House:
    """A show in a folder, with as many approved episodes as a test asks for."""

    def __init__(self, root: Path, pictures: Path) -> None:
        self.root, self.site, self._pictures = root, root / "site", pictures
        (root / "episodes").mkdir(parents=True)
        os.link(pictures / "artwork.png", root / "episodes" / "artwork.png")
        people = {person.id: person for person in made.PEOPLE}
        sources = {"report": made.source("report", URL="https://archive.example/report")}
        self.show = Show(root, made.settings(), people, (), sources, (), {})

    def approved(self, which: int = 1, *, own_artwork: bool = False, **changes: Any) -> ApprovedEpisode:
        one = made.episode(which)
        recording = self.root / "build" / one.slug / "release.mp3"
        recording.parent.mkdir(parents=True, exist_ok=True)
        content = f"recording {which} ".encode() * 1000
        if not recording.exists():
            recording.write_bytes(content)
        facts: dict[str, Any] = {
            "release": made.release(digest=files.digest_bytes(content), size_bytes=len(content)),
            "release_path": recording,
            "notes_markdown": "There were 381 cases [@report], see [0:02].",
            "artwork_path": self._pictures / "own.png" if own_artwork else None,
        }
        return made.approved(one, **(facts | changes))

    def build(self, approved: Sequence[ApprovedEpisode], **changes: Any) -> SiteResult:
        return build_site(self.site, self.show, approved, build=self._pictures, **({"today": TODAY} | changes))

    def contents(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.site).as_posix(): path.read_bytes()
            for path in sorted(self.site.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def house(tmp_path: Path, pictures: Path) -> House:
    return House(tmp_path / "show", pictures)


def _named_in_feed(content: bytes) -> set[str]:
    """Every file of the site that a feed names: addresses below the site whose last part has a suffix."""
    return set(re.findall(r"https://show\.example/([^\"<>\s?#]+\.[a-z0-9]+)", content.decode()))


def _document(content: bytes) -> Any:
    return html.fromstring(content)  # type: ignore[no-untyped-call]  # lxml ships no types


def _links(site: Path, page: str) -> set[str]:
    """Every file that a page needs or leads to, as names below the site."""
    found = {str(value) for value in _document((site / page).read_bytes()).xpath("//@href | //@src")}
    own = {value for value in found if "://" not in value and not value.startswith(("#", "mailto:"))}
    return {posixpath.normpath(posixpath.join(posixpath.dirname(page), value.partition("#")[0])) for value in own}


def test_the_site_is_whole(house: House) -> None:
    result = house.build([house.approved(1), house.approved(2, own_artwork=True)])
    contents = house.contents()
    assert set(result.files) == set(contents) == set(result.written)
    assert result.files[-1] == "feed.xml"
    for page in (name for name in contents if name.endswith(".html")):
        # The page for wrong addresses is shown at any of them: its links begin at the root.
        assert {link.removeprefix("/") or "index.html" for link in _links(house.site, page)} <= set(contents), page
    assert _named_in_feed(contents["feed.xml"]) <= set(contents)
    suffixes = sorted(Path(name).suffix for name in contents if name.startswith("episode-2/"))
    assert suffixes == [".html", ".html", ".jpg", ".jpg", ".jpg", ".json", ".json", ".mp3", ".srt", ".vtt"]
    assert result.pages["episode-1"] == "https://show.example/episode-1/index.html"
    assert not result.left_out
    assert not result.strays


def test_a_regular_host_whom_no_episode_names_has_their_photo_in_the_feed(house: House) -> None:
    ada, gus = made.PEOPLE
    ada = ada.model_copy(update={"photo": "people/ada.jpg"})
    house.show = replace(house.show, people={ada.id: ada, gus.id: gus}, settings=made.settings(hosts=[ada.id]))
    (house.root / "episodes" / "people").mkdir()
    Image.new("RGB", (300, 300), (9, 9, 9)).save(house.root / "episodes" / "people" / "ada.jpg")
    result = house.build([house.approved(1, people=())])
    (photo,) = (name for name in result.files if "/photo-" in name)
    channel = house.contents()["feed.xml"].partition(b"<item>")[0]
    assert f'img="https://show.example/{photo}"'.encode() in channel


def test_a_photo_that_cannot_be_used_costs_no_episode(house: House) -> None:
    ada, gus = made.PEOPLE
    people = (
        ada.model_copy(update={"photo": "people/ada.jpg"}),
        gus.model_copy(update={"photo": "people/gus.jpg"}),
    )
    house.show = replace(house.show, people={person.id: person for person in people})
    folder = house.root / "episodes" / "people"
    folder.mkdir()
    Image.new("RGB", (300, 300), (9, 9, 9)).save(folder / "ada.jpg")
    (folder / "gus.jpg").write_bytes(b"GIF89a")
    result = house.build([house.approved(1, people=people)])
    assert not result.left_out
    (problem,) = result.photo_problems
    assert problem.where == str(folder / "gus.jpg")
    assert "Gus Guest without a photo" in problem.what
    assert "people.toml" in problem.remedy
    (photo,) = (name for name in result.files if "/photo-" in name)
    people_page = _document(house.contents()["people.html"])
    assert people_page.xpath("//ul[@class='persons']//img/@src") == [photo]
    assert f'img="https://show.example/{photo}"'.encode() in house.contents()["feed.xml"]
    # A missing one is told as well, and one that was mended is shown.
    (folder / "gus.jpg").unlink()
    assert "cannot be read" in house.build([house.approved(1, people=people)]).photo_problems[0].what
    Image.new("RGB", (300, 300), (200, 9, 9)).save(folder / "gus.jpg")
    assert not house.build([house.approved(1, people=people)]).photo_problems
    assert len(_document(house.contents()["people.html"]).xpath("//ul[@class='persons']//img")) == 2


def test_the_enclosure_is_the_release_byte_for_byte(house: House) -> None:
    approved = house.approved()
    house.build([approved])
    enclosure = etree.fromstring(house.contents()["feed.xml"]).find(".//enclosure")
    assert enclosure is not None
    name = enclosure.get("url").removeprefix("https://show.example/")
    assert int(enclosure.get("length")) == (house.site / name).stat().st_size
    assert files.digest_file(house.site / name) == approved.release.digest


def test_two_builds_are_equal_byte_for_byte(house: House, tmp_path: Path, pictures: Path) -> None:
    house.build([house.approved(1), house.approved(2, own_artwork=True)])
    other = House(tmp_path / "elsewhere" / "show", pictures)
    other.build([other.approved(2, own_artwork=True), other.approved(1)])
    assert house.contents() == other.contents()


def test_a_second_build_writes_nothing(house: House) -> None:
    approved = [house.approved(1), house.approved(2, own_artwork=True)]
    house.build(approved)
    before = {path: path.stat().st_mtime_ns for path in house.site.rglob("*")}
    result = house.build(approved)
    assert not result.changed
    assert {path: path.stat().st_mtime_ns for path in house.site.rglob("*")} == before


def test_only_what_differs_is_written(house: House) -> None:
    house.build([house.approved(1), house.approved(2)])
    result = house.build([house.approved(1, notes_markdown="Other notes."), house.approved(2)])
    written = {re.sub("-[0-9a-f]{12}", "-*", name) for name in result.written}
    assert written == {
        "episode-1/index.html",
        "episode-1/episode-1-*.search.json",
        "search/period-*.json",
        "search/words-*.json",
        "search/index-*.json",
        "search.html",
        "sources.html",
        "feed.xml",
    }


def test_a_published_recording_is_not_read_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    approved = house.approved()
    house.build([approved])
    read: list[Path] = []
    digest_file = files.digest_file

    def watched(path: Path) -> str:
        read.append(path)
        return digest_file(path)

    monkeypatch.setattr(files, "digest_file", watched)
    assert not house.build([approved]).changed
    assert approved.release_path not in read
    (house.site / "episode-1").rename(house.site / "episode-9")
    house.build([approved])
    assert approved.release_path in read


def test_a_corrected_transcript_leaves_no_old_files_and_gets_new_names(house: House) -> None:
    house.build([house.approved()])
    before = set(house.contents())
    corrected = house.approved(paragraphs=(made.paragraph("Ada Host", "Corrected."),))
    result = house.build([corrected])
    after = set(house.contents())
    gone, new = before - after, after - before
    assert (
        {Path(name).suffix for name in gone}
        == {Path(name).suffix for name in new}
        == {".vtt", ".srt", ".json", ".html"}
    )
    assert set(result.removed) == gone
    assert b"Welcome" not in b"".join(house.contents().values())


def test_a_withdrawn_episode_leaves_nothing_behind(house: House) -> None:
    house.build([house.approved(1), house.approved(2, own_artwork=True)])
    result = house.build([house.approved(1)])
    assert not (house.site / "episode-2").exists()
    assert all(name.startswith(("episode-2/", "search/")) for name in result.removed)
    assert len([name for name in result.removed if name.startswith("episode-2/")]) == 10
    assert b"episode-2" not in b"".join(house.contents().values())


def test_the_last_episode_can_be_withdrawn_too(house: House) -> None:
    house.build([house.approved(1)])
    house.build([])
    assert not (house.site / "episode-1").exists()
    assert b"There is no episode yet" in house.contents()["index.html"]
    assert etree.fromstring(house.contents()["feed.xml"]).findall(".//item") == []


def test_remains_are_found_without_any_memory(house: House) -> None:
    # build/ is safe to delete, so nothing there may be needed to take an episode down
    house.build([house.approved(1), house.approved(2)])
    for path in (house.root / "build" / "episode-2").iterdir():
        path.unlink()
    house.build([house.approved(1)])
    assert not (house.site / "episode-2").exists()


def test_files_of_others_stay_and_are_named(house: House) -> None:
    house.build([house.approved(1), house.approved(2)])
    others = ("CNAME", ".nojekyll", "about/index.html", "episode-2/my-own.pdf", "static/logo.svg")
    for name in others:
        files.write_bytes(house.site / name, b"ours")
    result = house.build([house.approved(1)])
    assert set(result.strays) == set(others)
    assert all((house.site / name).read_bytes() == b"ours" for name in others)
    assert sorted(path.name for path in (house.site / "episode-2").iterdir()) == ["my-own.pdf"]


def test_what_a_killed_run_left_half_written_is_removed(house: House) -> None:
    house.build([house.approved()])
    for folder in (house.site, house.site / "episode-1"):
        (folder / ".feed.0123abcd.tmp.xml").write_bytes(b"<rs")
    result = house.build([house.approved()])
    assert not list(house.site.rglob(".*"))
    assert not result.strays


class Killed(BaseException):
    """Stands for kill -9: nothing in the program catches it."""


def test_killed_at_any_write_the_feed_names_only_files_that_are_there(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = [house.approved(1), house.approved(2)]
    after = [
        house.approved(1, paragraphs=(made.paragraph("Ada Host", "Corrected."),)),
        house.approved(3, own_artwork=True),
    ]
    house.build(after)
    expected = house.contents()
    for first_state in ([], before):
        steps = 0
        while True:
            house.build(first_state)
            published = house.contents()["feed.xml"]
            survived = _interrupted(house, after, steps, monkeypatch)
            feed = house.contents().get("feed.xml", b"")
            assert feed in (published, expected["feed.xml"])
            assert _named_in_feed(feed) <= set(house.contents())
            house.build(after)
            assert house.contents() == expected
            if survived:
                break
            steps += 1
        assert steps > 10


def _interrupted(
    house: House, approved: Sequence[ApprovedEpisode], after: int, monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Build, and die at the step `after` (a file renamed into place, or one removed); whether it was done before."""
    left = [after]

    def counted(act: Callable[..., Any]) -> Callable[..., Any]:
        def step(path: Path, *arguments: Any, **options: Any) -> Any:
            if house.site in path.parents:
                if left[0] == 0:
                    raise Killed
                left[0] -= 1
            return act(path, *arguments, **options)

        return step

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", counted(Path.replace))
        patch.setattr(placing_module, "_remove", counted(placing_module._remove))
        try:
            house.build(approved)
        except Killed:
            return False
    return True


def test_an_episode_that_cannot_be_published_does_not_stop_the_others(house: House, tmp_path: Path) -> None:
    small = tmp_path / "small.png"
    Image.new("RGB", (10, 10)).save(small)
    wrong = house.approved(3)
    wrong = replace(wrong, release=replace(wrong.release, digest="sha256:" + "0" * 64))
    unknown_source = house.approved(4, notes_markdown="So it is said [@nobody].")
    gone = house.approved(5)
    gone = replace(gone, release_path=tmp_path / "gone.mp3")
    result = house.build([house.approved(1), house.approved(2, artwork_path=small), wrong, unknown_source, gone])
    assert set(result.left_out) == {"episode-2", "episode-3", "episode-4", "episode-5"}
    assert set(result.pages) == {"episode-1"}
    assert "1400" in str(result.left_out["episode-2"])
    assert "not the recording that was measured" in str(result.left_out["episode-3"])
    assert b"episode-2" not in house.contents()["feed.xml"]


def test_the_show_needs_artwork_that_can_be_used(house: House) -> None:
    path = house.root / "episodes" / "artwork.png"
    path.unlink()
    path.write_bytes(b"not a picture")
    with pytest.raises(InvalidAudio):
        house.build([house.approved()])
    assert not house.site.exists()


@pytest.mark.parametrize("name", ["episode-1", "feed.xml", "static"])
def test_a_link_in_the_way_does_not_lead_the_writing_astray(house: House, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    house.site.mkdir()
    (house.site / name).symlink_to(outside)
    with pytest.raises(Refused) as error:
        house.build([house.approved()])
    assert name in str(error.value)
    assert not list(outside.iterdir())


@pytest.mark.parametrize(("name", "is_folder"), [("feed.xml", True), ("episode-1", False)])
def test_says_what_stands_in_the_way(house: House, name: str, is_folder: bool) -> None:
    house.site.mkdir()
    if is_folder:
        (house.site / name).mkdir()
    else:
        (house.site / name).write_bytes(b"")
    with pytest.raises(Refused) as error:
        house.build([house.approved()])
    assert "stands where the site has" in str(error.value)


def test_artwork_that_changes_gets_another_name(house: House) -> None:
    house.build([house.approved()])
    before = {name for name in house.contents() if "/artwork-" in name}
    path = house.root / "episodes" / "artwork.png"
    path.unlink()
    Image.new("RGB", (1500, 1500), (1, 2, 3)).save(path)
    house.build([house.approved()])
    after = {name for name in house.contents() if "/artwork-" in name}
    assert len(before) == len(after) == 1
    assert before != after


def test_the_day_decides_which_calls_have_ended(house: House) -> None:
    one = house.approved()
    call = {"text": "Give", "url": "https://give.example/", "ends_on": date(2026, 11, 24)}
    one = replace(one, episode=made.episode(1, calls_to_action=[call]))
    house.build([one], today=date(2026, 11, 24))
    assert b"https://give.example/" in house.contents()["episode-1/index.html"]
    result = house.build([one], today=date(2026, 11, 25))
    assert result.written == ("episode-1/index.html",)
    page = house.contents()["episode-1/index.html"].decode()
    assert "https://give.example/" not in page
    assert "24 November 2026" in page


def test_progress_rises_to_one(house: House) -> None:
    parts: list[float] = []
    house.build([house.approved()], report=parts.append)
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


def test_recordings_are_linked_or_copied(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError(18, "another file system")

    monkeypatch.setattr(os, "link", refuse)
    approved = house.approved()
    house.build([approved])
    name = next(name for name in house.contents() if name.endswith(".mp3"))
    assert (house.site / name).read_bytes() == approved.release_path.read_bytes()


def test_times_are_those_of_the_release(house: House) -> None:
    approved = house.approved(release=made.release(recording_start_ms=5000))
    content = approved.release_path.read_bytes()
    facts = replace(approved.release, digest=files.digest_bytes(content), size_bytes=len(content))
    house.build([replace(approved, release=facts, checked_at=datetime(2026, 11, 1, tzinfo=UTC))])
    document = _document(house.contents()["episode-1/index.html"])
    assert document.xpath('//div[contains(@class, "notes")]//a[@class="time"]/@data-seek-ms') == ["7000"]
