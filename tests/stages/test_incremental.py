"""What a run makes anew: what was touched and what shows it, and never another site than a clean build."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

from pipeline import files
from pipeline.review import approvals
from pipeline.show import load_show
from pipeline.stages import remembering, standing
from pipeline.stages.run import RunResult, approve, run
from pipeline.stages.status import State, read_episode, remembered_digests
from tests.episodes import ADA, NOW, add_episode, sound

FIRST, SECOND, THIRD = SLUGS = ("first-talk", "second-talk", "third-talk")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here is changed twice within a tick of the clock, so nobody need wait for two seconds."""
    monkeypatch.setattr(remembering, "RACY_NS", 0)
    monkeypatch.setattr(standing, "RACY_NS", 0)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three published episodes, a week between them."""
    folder = tmp_path_factory.mktemp("built")
    for number, slug in enumerate(SLUGS, start=1):
        root = add_episode(folder, slug, number=number, title=f"Talk number {number}", approved=False)
        edit(root / "episodes" / slug / "episode.toml", "2026-11-20T09", f"2026-11-{7 * number - 6:02d}T09")
        approve(root, slug, ADA, NOW)
    go(root)
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    """A copy of it, looked through once: its files are as new as the copy."""
    shutil.copytree(built, tmp_path / "show")
    go(tmp_path / "show")
    assert go(tmp_path / "show").trace == ()
    return tmp_path / "show"


def go(root: Path, later: timedelta = timedelta()) -> RunResult:
    return run(root, NOW + later, lambda slug, what, part: None)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def approved_anew(root: Path, *slugs: str) -> None:
    """Approve again; the minute makes it another record."""
    show, digests = load_show(root), remembered_digests(root)
    for episode in show.episodes:
        if episode.slug in slugs:
            subject = read_episode(show, episode, digests).subject
            approvals.approve(episode, subject, by=ADA, at=NOW)


def site(root: Path) -> dict[str, bytes]:
    folder = root / "site"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def built_clean(root: Path, folder: Path, later: timedelta = timedelta()) -> dict[str, bytes]:
    """The site of the same show, where nothing is remembered but the masters."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "episodes", folder / "episodes")
    if (root / "templates").is_dir():
        shutil.copytree(root / "templates", folder / "templates")
    masters = re.compile(r"(?:master|derive)\.|proxy\.m4a|peaks\.json")
    for path in (root / "build").glob("*/*"):
        if masters.match(path.name):
            (folder / "build" / path.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, folder / "build" / path.parent.name / path.name)
    go(folder, later)
    return site(folder)


def notes(root: Path) -> None:
    edit(root / "episodes" / SECOND / "notes.md", "about the archive", "about the old archive")
    approved_anew(root, SECOND)


def transcript(root: Path) -> None:
    edit(root / "episodes" / SECOND / "transcript.md", "Hello and welcome.", "Hello, and welcome.")
    approved_anew(root, SECOND)


def title(root: Path) -> None:
    edit(root / "episodes" / THIRD / "episode.toml", "Talk number 3", "Another title")
    approved_anew(root, THIRD)


def added_person(root: Path) -> None:
    with (root / "episodes" / "people.toml").open("a", encoding="utf-8") as people:
        people.write('\n[cy-caller]\nname = "Cy Caller"\n')


def speaker(root: Path) -> None:
    edit(root / "episodes" / "people.toml", 'organisation = "The Archive"', 'organisation = "The Museum"')
    approved_anew(root, *SLUGS)


def added_source(root: Path) -> None:
    path = root / "episodes" / "sources.json"
    works = [*json.loads(path.read_text("utf-8")), {"id": "new", "type": "report", "title": "A new report"}]
    path.write_text(json.dumps(works), "utf-8")


def cited_source(root: Path) -> None:
    edit(root / "episodes" / "sources.json", '"A report"', '"The report"')
    approved_anew(root, *SLUGS)


def unused_term(root: Path) -> None:
    with (root / "episodes" / "glossary.toml").open("a", encoding="utf-8") as terms:
        terms.write('\n[[terms]]\nterm = "Unsaid"\nmeaning = "never said here"\n')


def used_term(root: Path) -> None:
    with (root / "episodes" / "glossary.toml").open("a", encoding="utf-8") as terms:
        terms.write('\n[[terms]]\nterm = "archive"\nmeaning = "where papers are kept"\n')
    approved_anew(root, *SLUGS)


def template(root: Path) -> None:
    (root / "templates").mkdir(exist_ok=True)
    (root / "templates" / "missing.html").write_text("ours", "utf-8")


def show_title(root: Path) -> None:
    edit(root / "episodes" / "show.toml", 'title = "The Show"', 'title = "The Other Show"')


def artwork(root: Path) -> None:
    Image.new("RGB", (1400, 1400), (90, 60, 20)).save(root / "episodes" / "artwork.png")


def episode_artwork(root: Path) -> None:
    folder = root / "episodes" / SECOND
    Image.new("RGB", (1400, 1400), (20, 90, 60)).save(folder / "cover.png")
    text = (folder / "episode.toml").read_text("utf-8")
    (folder / "episode.toml").write_text(f'artwork = "cover.png"\n{text}', "utf-8")
    approved_anew(root, SECOND)


def photo(root: Path) -> None:
    (root / "episodes" / "people").mkdir()
    Image.new("RGB", (600, 600), (20, 60, 90)).save(root / "episodes" / "people" / "ben.png")
    edit(root / "episodes" / "people.toml", '"The Archive"', '"The Archive"\nphoto = "people/ben.png"')
    approved_anew(root, *SLUGS)


def machine(root: Path) -> None:
    edit(root / "episodes" / SECOND / "machine.json", '"probability": 0.9', '"probability": 0.8')
    approved_anew(root, SECOND)


def recording(root: Path) -> None:
    folder = root / "episodes" / SECOND
    before = files.digest_file(folder / "interview.wav")
    sound(folder / "interview.wav", pitch_hz=333)
    edit(folder / "machine.json", before, files.digest_file(folder / "interview.wav"))
    approved_anew(root, SECOND)


def redaction(root: Path) -> None:
    # A word so short that nobody need listen whether it is gone.
    text = '[[redactions]]\nstart = "0:00.590"\nend = "0:00.860"\n'
    (root / "episodes" / SECOND / "redactions.toml").write_text(text, "utf-8")
    approved_anew(root, SECOND)


def consent(root: Path) -> None:
    text = '[ben-guest]\npublish = "voice"\nname = "real"\ngiven_on = 2026-11-01\n'
    (root / "episodes" / SECOND / "consent.toml").write_text(text, "utf-8")
    approved_anew(root, SECOND)


def helpline(root: Path) -> None:
    (root / "episodes" / "helplines.toml").write_text(
        '[line]\ncountry = "GB"\nname = "The Line"\nphone = "116 123"\nverified_on = 2026-11-01\n', "utf-8"
    )
    edit(root / "episodes" / SECOND / "episode.toml", "[[rec", 'helplines = ["line"]\n\n[[rec')
    approved_anew(root, SECOND)


def framing(root: Path) -> None:
    for name in ("intro", "outro"):
        sound(root / "episodes" / f"{name}.wav", seconds=1)
    with (root / "episodes" / "show.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[audio]\nintro = "intro.wav"\noutro = "outro.wav"\n')
    approved_anew(root, *SLUGS)


def lost_build(root: Path) -> None:
    shutil.rmtree(root / "build" / SECOND)


def lost_page(root: Path) -> None:
    (root / "site" / SECOND / "index.html").unlink()


def withdrawn(root: Path) -> None:
    (root / "episodes" / SECOND / "withdrawn.toml").write_text(
        'by = "Ada Host"\nat = 2026-11-24T12:00:00Z\nreason = "It was wrong."\n', "utf-8"
    )


def new_episode(root: Path) -> None:
    folder = root / "episodes" / "new-talk"
    shutil.copytree(root / "episodes" / FIRST, folder)
    shutil.rmtree(folder / "approvals")
    edit(folder / "episode.toml", "000000000001", "000000000009")
    edit(folder / "episode.toml", "2026-11-01T09", "2026-11-20T09")
    (folder / "published.json").unlink(missing_ok=True)
    shutil.copytree(root / "build" / FIRST, root / "build" / "new-talk", ignore=shutil.ignore_patterns("site*", "rel*"))
    approved_anew(root, "new-talk")


SHARED = ("archive-2026.html", "feed.xml", "search-2026-11-01")
TOUCHED: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "notes": (notes, {f"read {SECOND}", f"made {SECOND}"}),
    "transcript": (transcript, {f"read {SECOND}", f"made {SECOND}"}),
    "title": (title, {f"read {THIRD}", f"made {THIRD}", f"made {SECOND}"}),
    "person nobody names": (added_person, set()),
    "person": (speaker, {f"{deed} {slug}" for deed in ("read", "made") for slug in SLUGS}),
    "source nobody cites": (added_source, set()),
    "source": (cited_source, {f"{deed} {slug}" for deed in ("read", "made") for slug in SLUGS}),
    "term nobody uses": (unused_term, {f"read {slug}" for slug in SLUGS}),
    "term": (used_term, {f"{deed} {slug}" for deed in ("read", "made") for slug in SLUGS}),
    "template": (template, {f"made {slug}" for slug in SLUGS}),
    "show.toml": (show_title, {f"{deed} {slug}" for deed in ("read", "made") for slug in SLUGS}),
    "artwork": (artwork, {f"made {slug}" for slug in SLUGS}),
    "episode's artwork": (episode_artwork, {f"read {SECOND}", f"made {SECOND}"}),
    "photo": (photo, {f"{deed} {slug}" for deed in ("read", "made") for slug in SLUGS}),
    "machine.json": (machine, {f"read {SECOND}", f"made {SECOND}"}),
    "recording": (recording, {f"read {SECOND}", f"made {SECOND}"}),
    "redactions.toml": (redaction, {f"read {SECOND}", f"made {SECOND}"}),
    "consent.toml": (consent, {f"read {SECOND}", f"made {SECOND}"}),
    "helplines.toml": (helpline, {f"made {SECOND}", *(f"read {slug}" for slug in SLUGS)}),
    "intro and outro": (framing, {f"{deed} {slug}" for deed in ("read", "made") for slug in SLUGS}),
    "deleted build": (lost_build, {f"read {SECOND}"}),
    "deleted page": (lost_page, set()),
    "withdrawn": (withdrawn, {f"made {FIRST}", f"made {THIRD}"}),
    "new": (new_episode, {"read new-talk", "made new-talk", f"made {THIRD}"}),
}


@pytest.mark.parametrize("what", TOUCHED)
def test_what_is_touched_is_made_anew_and_nothing_else(root: Path, tmp_path: Path, what: str) -> None:
    touch, expected = TOUCHED[what]
    touch(root)
    result = go(root)
    episodes = {line for line in result.trace if line.startswith(("read ", "made "))}
    assert {one.state for one in result.statuses} <= {State.PUBLISHED, State.WITHDRAWN}, result.statuses
    assert episodes == expected
    made = any(line.startswith("made ") for line in episodes)
    over_several = {line.removeprefix("gathered ") for line in result.trace if line.startswith("gathered ")}
    if what in ("notes", "transcript", "title", "withdrawn", "new"):
        assert over_several == set(SHARED)
    assert made or not over_several or what.startswith(("person", "source"))
    assert site(root) == built_clean(root, tmp_path / "clean")
    assert go(root).trace == ()


def test_an_editor_that_is_open_stops_no_episode(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Emacs marks a file that is being edited with a link to nowhere; others write beside it and rename."""
    (root / "episodes" / FIRST / ".#notes.md").symlink_to("ada@studio.1234:1700000000")
    beside = root / "episodes" / SECOND / ".notes.md.swp"

    def listed(folder: Any) -> Any:
        beside.touch()
        with os.scandir(folder) as found:
            entries = list(found)
        beside.unlink()
        return nullcontext(entries)

    monkeypatch.setattr(remembering, "os", SimpleNamespace(scandir=listed))
    (root / "build" / "standing.json").unlink()
    assert [one.state for one in go(root).statuses] == [State.PUBLISHED] * 3


def test_an_approval_that_is_void_is_never_remembered_as_good(root: Path) -> None:
    edit(root / "episodes" / SECOND / "transcript.md", "Hello", "Hullo")
    (status,) = (one for one in go(root).statuses if one.slug == SECOND)
    assert status.state is State.VOID
    assert not (root / "site" / SECOND).exists()
    # And not when its record is taken away, or another's is put in its place.
    edit(root / "episodes" / SECOND / "transcript.md", "Hullo", "Hello")
    (record,) = (root / "episodes" / SECOND / "approvals").glob("*.json")
    content = record.read_text("utf-8")
    assert {one.slug for one in go(root).statuses if one.state is State.PUBLISHED} == set(SLUGS)
    record.unlink()
    assert next(one for one in go(root).statuses if one.slug == SECOND).state is State.WAITING
    record.write_text(content.replace(SECOND, FIRST), "utf-8")
    assert next(one for one in go(root).statuses if one.slug == SECOND).state is State.WAITING


def test_a_memory_that_was_tampered_with_is_not_believed(root: Path) -> None:
    for path in (root / "build").rglob("*.json"):
        if path.name in ("reading.json", "standing.json", "site.stamp.json", "kept.json"):
            path.write_text(path.read_text("utf-8")[:-20], "utf-8")
    before = site(root)
    result = go(root)
    assert {line for line in result.trace if line.startswith("read ")} == {f"read {slug}" for slug in SLUGS}
    assert site(root) == before


def test_a_time_that_comes_is_noticed_without_any_change(root: Path) -> None:
    edit(root / "episodes" / THIRD / "episode.toml", "2026-11-15T09", "2026-11-24T15")
    approved_anew(root, THIRD)
    assert f"made {THIRD}" not in go(root).trace
    assert go(root).trace == ()
    assert f"made {THIRD}" in go(root, timedelta(hours=3)).trace
    assert "Talk number 3" in (root / "site" / "feed.xml").read_text("utf-8")


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_deeds_the_site_is_that_of_a_clean_build(root: Path, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  the same deeds on each run
    deeds = [touch for touch, _ in TOUCHED.values()]
    chance.shuffle(deeds)
    done: list[str] = []
    for touch in deeds[:6]:
        try:
            touch(root)
        except (AssertionError, FileNotFoundError):  # what it touches is gone by an earlier deed
            continue
        done.append(touch.__name__)
        if chance.random() < 0.6:
            go(root)
    go(root)
    assert site(root) == built_clean(root, tmp_path / "clean"), done
    assert go(root).trace == ()
