"""Names and links that would lead out of the show's folder: none is followed, none is written through."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import OnRecordError
from pipeline.review.desk import Desk
from pipeline.show import load_show
from pipeline.stages.deploying import Options, publish
from pipeline.stages.desk import desk_services
from pipeline.stages.run import approve, run
from pipeline.stages.status import State, survey
from tests.episodes import ADA, NOW, add_episode

ELSEWHERE = "root:x:0:0 a secret that only this person's machine knows"
NAMES = ("../secret.txt", "/etc/passwd", "a/../../secret.txt", "..\\secret.txt", "\x00", "~/secret.txt")


@pytest.fixture
def show(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text(ELSEWHERE, encoding="utf-8")
    add_episode(tmp_path, "first-talk", number=1)
    return add_episode(tmp_path, "second-talk", number=2, title="Second talk")


def published(root: Path) -> str:
    return "".join(
        path.read_bytes().decode("latin-1")
        for path in (root / "site").rglob("*")
        if path.suffix != ".mp3" and path.is_file()
    )


@pytest.mark.parametrize("name", ["notes.md", "transcript.md", "machine.json", "sources.json", "glossary.toml"])
def test_a_link_out_of_the_show_is_not_read(show: Path, name: str) -> None:
    link = show / "episodes" / "first-talk" / name
    link.unlink(missing_ok=True)
    link.symlink_to(show.parent / "secret.txt")
    statuses = {status.slug: status for status in survey(show, NOW)}
    assert "leads out of the show" in str(statuses["first-talk"].problems)
    assert statuses["second-talk"].problems == ()
    with pytest.raises(OnRecordError, match="leads out of the show"):
        approve(show, "first-talk", ADA, NOW)
    run(show, NOW, lambda *_: None)
    assert "second-talk" in published(show)
    assert "secret" not in published(show)


@pytest.mark.parametrize("name", ["people.toml", "sources.json", "glossary.toml", "artwork.png"])
def test_a_link_out_of_the_show_beside_the_episodes_stops_the_show(show: Path, name: str) -> None:
    (show / "episodes" / name).unlink()
    (show / "episodes" / name).symlink_to(show.parent / "secret.txt")
    with pytest.raises(OnRecordError, match="leads out of the show") as caught:
        load_show(show)
    assert ELSEWHERE not in str(caught.value)


def test_nothing_is_written_through_a_link_where_the_approvals_should_be(show: Path, tmp_path: Path) -> None:
    folder = show / "episodes" / "first-talk" / "approvals"
    for record in folder.iterdir():
        record.unlink()
    folder.rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)
    with pytest.raises(OnRecordError, match="leads out of the show"):
        approve(show, "first-talk", ADA, NOW)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["site", "build", "build/first-talk", "build/releases", "build/releases/web"])
def test_nothing_is_written_through_a_link_where_a_folder_of_ours_should_be(
    show: Path, tmp_path: Path, name: str
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "index.html").write_text("my own page", encoding="utf-8")
    shutil.rmtree(show / "build", ignore_errors=True)
    (show / name).parent.mkdir(parents=True, exist_ok=True)
    (show / name).symlink_to(mine)
    with pytest.raises(OnRecordError, match="leads out of the show"):
        run(show, NOW, lambda *_: None)
    with pytest.raises(OnRecordError, match="leads out of the show"):
        approve(show, "first-talk", ADA, NOW)
    assert [path.name for path in mine.iterdir()] == ["index.html"]
    assert (mine / "index.html").read_text("utf-8") == "my own page"


@pytest.mark.parametrize("name", ["site", "pieces", "desk", "desk/revisions"])
def test_nothing_of_an_episode_is_written_through_a_link(show: Path, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    link = show / "build" / "first-talk" / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(mine)
    statuses = {status.slug: status for status in run(show, NOW, lambda *_: None).statuses}
    assert "leads out of the show" in str(statuses["first-talk"].problems)
    assert statuses["second-talk"].problems == ()
    with pytest.raises(OnRecordError, match="leads out of the show"):
        Desk(show, desk_services(show)).at("first-talk")
    assert list(mine.iterdir()) == []


@pytest.mark.parametrize("name", [".cluster", ".cluster/dask", "releases/web/000001", "first-talk/site"])
@pytest.mark.parametrize("by_a_file", [False, True])
def test_a_folder_that_goes_while_it_is_looked_for_links_is_no_fault(
    show: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, by_a_file: bool
) -> None:
    gone = show / "build" / name
    (gone / "worker" / "space").mkdir(parents=True)
    list_folder = os.scandir

    def taken_away(folder: Path | str) -> object:
        if Path(folder) == gone and gone.is_dir():
            gone.rename(tmp_path / "gone")
            if by_a_file:
                gone.touch()
        return list_folder(folder)

    # Another run or a publication is at work beside this: it takes the folder away after its name was read.
    monkeypatch.setattr("pipeline.files.os.scandir", taken_away)
    assert len(load_show(show).episodes) == 2
    Desk(show, desk_services(show)).at("first-talk")
    assert not gone.is_dir()


def test_what_is_kept_of_publications_is_looked_at_when_it_is_used(
    show: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (show / "episodes" / "show.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[targets.web]\nkind = "folder"\npath = "{tmp_path / "www"}"\n')
    kept = show / "build" / "releases" / "web" / "000001" / "site"
    (kept / "first-talk").mkdir(parents=True)
    (show / "build" / "cache" / "deep").mkdir(parents=True)
    listed: Counter[str] = Counter()
    list_folder = os.scandir

    def counted(folder: Path | str) -> object:
        listed[str(folder)] += 1
        return list_folder(folder)

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.files.os.scandir", counted)
        load_show(show)
    assert listed[str(show / "build" / "cache" / "deep")] == 1
    assert not any(name.startswith(str(kept)) for name in listed)
    (kept / "first-talk" / "index.html").symlink_to(tmp_path / "secret.txt")
    load_show(show)
    for options in (Options(), Options(rollback=True)):
        with pytest.raises(OnRecordError, match="leads out of the show"):
            publish(show, NOW, options)
    # In the folder beside them nothing is left out.
    (kept.parent / "own").symlink_to(tmp_path)
    with pytest.raises(OnRecordError, match="leads out of the show"):
        load_show(show)


def test_folders_of_ours_may_be_links_within_the_show(show: Path) -> None:
    for name in ("site", "build"):
        shutil.rmtree(show / name, ignore_errors=True)
        (show / f"my-{name}").mkdir()
        (show / name).symlink_to(f"my-{name}")
    run(show, NOW, lambda *_: None)
    assert (show / "my-site" / "feed.xml").exists()


def test_an_approval_that_lies_outside_the_show_is_none(show: Path, tmp_path: Path) -> None:
    (record,) = (show / "episodes" / "first-talk" / "approvals").iterdir()
    record.rename(tmp_path / "record.json")
    record.symlink_to(tmp_path / "record.json")
    statuses = {status.slug: status for status in run(show, NOW, lambda *_: None).statuses}
    assert statuses["first-talk"].state is State.WAITING
    assert "leads out of the show" in statuses["first-talk"].because
    assert "first-talk" not in published(show)


def test_a_folder_of_photos_that_is_a_link_is_refused(show: Path, tmp_path: Path) -> None:
    (show / "episodes" / "people").symlink_to(tmp_path)
    with pytest.raises(OnRecordError, match="leads out of the show"):
        load_show(show)


def test_a_whole_episode_that_is_a_link_is_none(show: Path, tmp_path: Path) -> None:
    (show / "episodes" / "first-talk").rename(tmp_path / "moved")
    (show / "episodes" / "first-talk").symlink_to(tmp_path / "moved")
    assert [episode.slug for episode in load_show(show).episodes] == ["second-talk"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("setting", ["file", "artwork"])
def test_a_name_in_an_episode_leads_nowhere_else(show: Path, setting: str, name: str) -> None:
    path = show / "episodes" / "first-talk" / "episode.toml"
    text = path.read_text("utf-8")
    written = name.replace("\\", "\\\\").replace("\x00", "\\u0000")
    changed = text.replace('"interview.wav"', f'"{written}"') if setting == "file" else f'artwork = "{written}"\n{text}'
    path.write_text(changed, encoding="utf-8")
    shown = load_show(show)
    assert "first-talk" in shown.broken
    assert [episode.slug for episode in shown.episodes] == ["second-talk"]


@pytest.mark.parametrize("slug", ["..", "a%2f..", "-x", "con:", "a\\b", "ü", "A"])
def test_a_folder_whose_name_is_no_slug_is_no_page(show: Path, slug: str) -> None:
    if slug != "..":
        (show / "episodes" / "first-talk").rename(show / "episodes" / slug)
    with pytest.raises(OnRecordError):
        approve(show, slug, ADA, NOW)
    run(show, NOW, lambda *_: None)
    pages = {path.parent.relative_to(show / "site").as_posix() for path in (show / "site").rglob("index.html")}
    assert pages <= {".", "first-talk", "second-talk"}
