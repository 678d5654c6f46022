"""Warnings: told once, wherever a producer looks, and stopping nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.show import load_show
from pipeline.stages.status import all_warnings, survey
from pipeline.stages.warnings import unlisted_sound, warnings
from tests.episodes import ADA, NOW, add_episode
from tests.stages.test_guarding import go

ROOT = Path(__file__).parents[2]

TODAY = date(2026, 11, 24)


def with_helpline(tmp_path: Path, verified: str, *slugs: str) -> Path:
    root = tmp_path / "show"
    for number, slug in enumerate(slugs, 1):
        root = add_episode(tmp_path, slug, number=number, approved=False)
        path = root / "episodes" / slug / "episode.toml"
        path.write_text(path.read_text("utf-8").replace("[[rec", 'helplines = ["line"]\n\n[[rec'), encoding="utf-8")
    (root / "episodes" / "helplines.toml").write_text(
        f'[line]\ncountry = "GB"\nname = "The Line"\nphone = "116 123"\n{verified}', encoding="utf-8"
    )
    return root


@pytest.mark.parametrize(
    ("verified", "said"),
    [
        ("", "nobody has verified the helpline The Line"),
        ("verified_on = 2026-05-27\n", "last verified on 2026-05-27, 181 days ago"),
        ("verified_on = 2026-05-28\n", None),
    ],
)
def test_a_helpline_is_verified_every_180_days(tmp_path: Path, verified: str, said: str | None) -> None:
    show = load_show(with_helpline(tmp_path, verified, "first-talk"))
    found = warnings(show, show.episodes[0], TODAY)
    assert len(found) == (said is not None)
    assert said is None or said in found[0].what


def test_a_warning_stops_nothing_and_is_told_once(tmp_path: Path) -> None:
    from pipeline.stages.run import approve

    root = with_helpline(tmp_path, "", "first-talk", "second-talk")
    for slug in ("first-talk", "second-talk"):
        approve(root, slug, ADA, NOW)
    result = go(root)
    assert [one.state.value for one in result.statuses] == ["published", "published"]
    assert len(result.warnings) == 1
    assert all_warnings(survey(root, NOW)) == result.warnings
    told = CliRunner().invoke(app, ["status", "--root", str(root)])
    assert told.exit_code == 0
    assert told.stderr.count("Warning: ") == 1
    ran = json.loads(CliRunner().invoke(app, ["run", "--root", str(root), "--json"]).stdout)
    assert [one["severity"] for one in ran["warnings"]] == ["warning"]
    checked = CliRunner().invoke(app, ["check", "--root", str(root), "--json"])
    assert [one["severity"] for one in json.loads(checked.stdout)] == ["warning"]
    assert checked.exit_code == 0


@pytest.mark.parametrize(("ends", "count"), [("2026-12-24", 1), ("2026-12-25", 0), ("2026-11-23", 0)])
def test_a_consent_that_ends_soon_is_told(tmp_path: Path, ends: str, count: int) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    (root / "episodes" / "first-talk" / "consent.toml").write_text(
        f'[ben-guest]\npublish = "voice"\nname = "real"\ngiven_on = 2026-01-01\nexpires_on = {ends}\n', "utf-8"
    )
    show = load_show(root)
    assert len(warnings(show, show.episodes[0], TODAY)) == count


def test_a_sound_file_that_is_no_recording_of_an_episode_is_told_until_it_is_published(tmp_path: Path) -> None:
    from pipeline.stages.run import approve

    root = add_episode(tmp_path, "first-talk", approved=False)
    folder = root / "episodes" / "first-talk"
    for name in ("Guest.WAV", ".interview.0a1b2c3d.tmp.wav", "._interview.wav", "photo.jpg"):
        (folder / name).write_bytes(b"x")
    (told,) = all_warnings(survey(root, NOW))
    assert told.where == str(folder / "Guest.WAV")
    assert "in no [[recordings]] of episode.toml" in told.what
    approve(root, "first-talk", ADA, NOW)
    assert go(root).warnings == ()


def test_the_sample_has_no_sound_that_is_not_listed(tmp_path: Path) -> None:
    show = load_show(ROOT)
    assert show.episodes
    assert [unlisted_sound(show, episode) for episode in show.episodes] == [()] * len(show.episodes)


def test_a_description_and_artwork_that_nobody_made_are_told(tmp_path: Path) -> None:
    from pipeline.publish.artwork import placeholder
    from pipeline.show.scaffold import new_episode, new_show

    new_show(tmp_path, "Our Show", "https://show.example.org/", placeholder("Our Show"))
    (tmp_path / "talk.wav").write_bytes(b"sound")
    for slug in ("first-talk", "second-talk"):
        new_episode(tmp_path, slug, "A talk", NOW, tmp_path / "talk.wav")
    told, pictured = all_warnings(survey(tmp_path, NOW))
    assert "the artwork is still the placeholder" in pictured.what
    picture = tmp_path / "episodes" / "artwork.png"
    assert pictured.where == str(picture)
    Image.new("RGB", (1400, 1400)).save(picture)
    assert "the description is still “What this show is about" in told.what
    path = tmp_path / "episodes" / "show.toml"
    assert told.where == str(path)
    path.write_text(path.read_text("utf-8").replace("What this show is about, in", "Our show:"), "utf-8")
    assert all_warnings(survey(tmp_path, NOW)) == ()
