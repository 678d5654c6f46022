from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import InvalidEpisode
from pipeline.review.marks import add_source, add_term, marks_revision, save_marks
from pipeline.review.workspace import Stale, Workspace
from pipeline.show import load_show
from tests.shows import EPISODE, make_show

BY_HAND = (
    EPISODE
    + """
# the parts, as Ada heard them
[[chapters]]
start = 00:01:00   # after the jingle
title = "One"
"""
)
ONE = {"start_ms": 60_000, "title": "One"}
TWO = {"start_ms": 300_500, "title": "Two", "url": "https://two.example/"}
BITE = {"start_ms": 1000, "end_ms": 31_000, "title": "A bite"}
TODAY = date(2026, 11, 24)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_show(tmp_path, BY_HAND)


@pytest.fixture
def workspace(root: Path) -> Workspace:
    return Workspace(root / "episodes" / "first-talk", root / "build" / "first-talk" / "desk")


def text_of(workspace: Workspace) -> str:
    return (workspace.folder / "episode.toml").read_text("utf-8")


def test_chapters_and_soundbites_are_read_back_by_the_show(root: Path, workspace: Workspace) -> None:
    revision = save_marks(workspace, [TWO, ONE], [BITE], marks_revision(workspace.folder))
    assert revision == marks_revision(workspace.folder)
    (episode,) = load_show(root).episodes
    assert [(one.start_ms, one.title) for one in episode.chapters] == [(60_000, "One"), (300_500, "Two")]
    assert episode.chapters[1].url == "https://two.example/"
    assert [(one.start_ms, one.end_ms, one.title) for one in episode.soundbites] == [(1000, 31_000, "A bite")]


def test_what_a_person_wrote_stays_as_it_is(workspace: Workspace) -> None:
    before = text_of(workspace)
    revision = save_marks(workspace, [ONE], [], marks_revision(workspace.folder))
    assert text_of(workspace) == before
    save_marks(workspace, [ONE, TWO], [], revision)
    assert text_of(workspace).startswith(EPISODE)
    assert "start = 00:01:00   # after the jingle" in text_of(workspace)
    assert "# the parts, as Ada heard them" in text_of(workspace)


def test_all_can_be_taken_away_again(root: Path, workspace: Workspace) -> None:
    revision = save_marks(workspace, [ONE, TWO], [BITE], marks_revision(workspace.folder))
    save_marks(workspace, [], [], revision)
    (episode,) = load_show(root).episodes
    assert not episode.chapters
    assert not episode.soundbites


def test_a_change_elsewhere_is_not_overwritten(workspace: Workspace) -> None:
    base = marks_revision(workspace.folder)
    (workspace.folder / "episode.toml").write_text(text_of(workspace) + "\n# by hand\n", encoding="utf-8")
    with pytest.raises(Stale):
        save_marks(workspace, [TWO], [], base)
    assert "# by hand" in text_of(workspace)


@pytest.mark.parametrize(
    ("chapters", "soundbites", "what"),
    [
        ([{"start_ms": 1, "title": ""}], [], "is empty"),
        ([{"start_ms": -1, "title": "x"}], [], "greater than or equal"),
        ([{"start_ms": "soon", "title": "x"}], [], "00:12:34.500"),
        ([{"start_ms": 1, "title": "x", "url": "javascript:x"}], [], "web address"),
        ([{"start_ms": 1, "title": "x"}, {"start_ms": 1, "title": "y"}], [], "same time"),
        ([{"start_ms": 1, "title": "x", "colour": "red"}], [], "not permitted"),
        ([], [{"start_ms": 1, "end_ms": 2}], "15 to 120 seconds"),
        ([], [{"start_ms": 0, "end_ms": 120_001}], "15 to 120 seconds"),
    ],
)
def test_what_cannot_stand_is_refused_and_nothing_changes(
    workspace: Workspace, chapters: list[dict[str, object]], soundbites: list[dict[str, object]], what: str
) -> None:
    before = text_of(workspace)
    with pytest.raises(InvalidEpisode, match=what):
        save_marks(workspace, chapters, soundbites, marks_revision(workspace.folder))
    assert text_of(workspace) == before


def test_terms_of_the_episode_add_to_the_shows(root: Path, workspace: Workspace) -> None:
    add_term(workspace, "Rohingya", None)
    add_term(workspace, "Mekelle", "a city")
    add_term(workspace, "Rohingya", "again")
    show = load_show(root)
    assert [term.term for term in show.glossary_of(show.episodes[0])] == ["OSEC", "Rohingya", "Mekelle"]
    assert [term.term for term in show.glossary] == ["OSEC"]
    with pytest.raises(InvalidEpisode):
        add_term(workspace, "two\nlines", None)


def test_sources_of_the_episode_add_to_the_shows(root: Path, workspace: Workspace) -> None:
    show = load_show(root)
    known = show.sources_of(show.episodes[0])
    again = add_source(workspace, "https://archive.example/report", "another title", known, TODAY)
    assert again.id == "report-2020"
    first = add_source(workspace, "https://www.unhcr.org/a", "Réfugiés & <b>1</b>", known, TODAY)
    second = add_source(workspace, "https://www.unhcr.org/b", "Réfugiés & <b>1</b>", {**known, first.id: first}, TODAY)
    assert first.id != second.id
    show = load_show(root)
    assert set(show.sources_of(show.episodes[0])) == {"report-2020", first.id, second.id}
    assert set(show.sources) == {"report-2020"}
    records = json.loads((workspace.folder / "sources.json").read_text("utf-8"))
    assert records[0]["accessed"] == {"date-parts": [[2026, 11, 24]]}
    for address in ("javascript:alert(1)", "file:///etc/passwd", "https://a b.example", "no address"):
        with pytest.raises(InvalidEpisode):
            add_source(workspace, address, "x", known, TODAY)


def test_a_broken_file_of_the_episode_breaks_it_alone(root: Path, workspace: Workspace) -> None:
    (workspace.folder / "sources.json").write_text('[{"id": "x"}]', encoding="utf-8")
    show = load_show(root)
    assert not show.episodes
    assert "sources.json" in str(show.broken["first-talk"])
