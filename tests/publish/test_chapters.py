"""Chapters: at times of the release, in a file and in lines of which apps make chapters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.publish.chapters import listed_chapters, timed_chapters, to_chapters_json
from tests.publish.made import GOLDEN, approved, episode, release


def chapters_of(*starts: str, **facts: Any) -> Any:
    written = [{"start": start, "title": f"From {start}"} for start in starts]
    return timed_chapters(approved(episode(1, chapters=written), release=release(**facts)))


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("chapters-*.episode.json")), ids=lambda path: path.name)
def test_golden_pairs(path: Path) -> None:
    described = json.loads(path.read_text("utf-8"))
    one = approved(episode(1, chapters=described["chapters"]), release=release(**described["release"]))
    made = to_chapters_json(timed_chapters(one), title="Who counts & why", show="On Record")
    assert made.decode() == path.with_name(path.name.replace("episode.json", "chapters.json")).read_text("utf-8")


def test_times_are_of_the_release_and_an_intro_belongs_to_the_first() -> None:
    made = chapters_of("00:00:00", "00:02:10", recording_start_ms=4200, duration_ms=1_800_400)
    assert [(one.start_ms, one.end_ms) for one in made] == [(0, 134_200), (134_200, 1_800_400)]


def test_a_chapter_that_begins_later_than_the_recording_keeps_its_time() -> None:
    assert chapters_of("00:00:10", recording_start_ms=4200)[0].start_ms == 14_200


def test_what_lies_after_the_end_is_no_chapter() -> None:
    assert [one.title for one in chapters_of("00:00:00", "00:59:00", duration_ms=1_800_400)] == []
    assert chapters_of() == ()


def test_lines_only_where_apps_make_chapters_of_them() -> None:
    assert listed_chapters(chapters_of("00:00:00", "00:10:00")) == ()
    assert listed_chapters(chapters_of("00:00:10", "00:10:00", "00:20:00")) == ()
    assert listed_chapters(chapters_of("00:00:00", "00:10:00", "00:20:01.900")) == (
        "00:00:00 From 00:00:00",
        "00:10:00 From 00:10:00",
        "00:20:01 From 00:20:01.900",
    )
