"""Consent and protected names from end to end: what may not be published is not in site/, and the reason is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import InvalidShow, Refused
from pipeline.stages import remembering
from pipeline.stages.run import RunResult, approve, run
from pipeline.stages.status import State
from tests.episodes import ADA, NOW, add_episode

GIVEN = 'publish = "voice"\nname = "real"\ngiven_on = 2026-06-01\n'
EVERYBODY = f"[ada-host]\n{GIVEN}\n[ben-guest]\n{GIVEN}"
KEPT = "The blue house behind the mill"


def go(root: Path, now: datetime = NOW) -> RunResult:
    return run(root, now, lambda slug, stage, part: None)


def folder(root: Path, slug: str = "first-talk") -> Path:
    return root / "episodes" / slug


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def with_settings(root: Path, text: str) -> None:
    path = root / "episodes" / "show.toml"
    write(path, f"{path.read_text('utf-8')}\n{text}")


def codes(result: RunResult) -> list[str]:
    return [getattr(one, "code", "") for status in result.statuses for one in status.problems]


def site_holds(root: Path, text: str) -> list[str]:
    return [
        str(path)
        for path in (root / "site").rglob("*")
        if path.is_file() and text.casefold() in path.read_bytes().decode("utf-8", "replace").casefold()
    ]


def test_a_show_that_asks_for_consent_publishes_nobody_without_it(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    assert go(root).statuses[0].state is State.PUBLISHED
    with_settings(root, "[safeguards]\nrequire_consent = true\n")
    result = go(root)
    assert codes(result) == ["consent-missing", "consent-missing"]
    assert not (root / "site" / "first-talk").exists()
    write(folder(root) / "consent.toml", f'{EVERYBODY}contact = "{KEPT}"\nnote = "Her sister is Ana."\n')
    approve(root, "first-talk", ADA, NOW)
    assert go(root).statuses[0].state is State.PUBLISHED
    assert site_holds(root, KEPT) == []
    assert site_holds(root, "Her sister is Ana") == []
    assert site_holds(root, "consent") == []


def test_an_expired_consent_takes_a_published_episode_off(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    write(folder(root) / "consent.toml", f"{EVERYBODY}expires_on = 2026-12-31\n")
    approve(root, "first-talk", ADA, NOW)
    last_day, day_after = datetime(2026, 12, 31, 23, tzinfo=UTC), datetime(2027, 1, 1, 1, tzinfo=UTC)
    assert go(root, last_day).statuses[0].state is State.PUBLISHED
    result = go(root, day_after)
    assert result.statuses[0].state is State.WAITING
    assert codes(result) == ["consent-expired"]
    assert not (root / "site" / "first-talk").exists()
    assert "first-talk" not in (root / "site" / "feed.xml").read_text("utf-8")
    with pytest.raises(Refused, match="held until 2026-12-31"):
        approve(root, "first-talk", ADA, day_after)


def test_a_withdrawn_consent_voids_the_approval_and_says_what_to_do(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    write(folder(root) / "consent.toml", EVERYBODY)
    approve(root, "first-talk", ADA, NOW)
    go(root)
    write(folder(root) / "consent.toml", f"{EVERYBODY}withdrawn_on = 2026-11-23\n")
    result = go(root)
    assert result.statuses[0].state is State.VOID
    assert "consent.toml" in result.statuses[0].because
    assert codes(result) == ["consent-withdrawn"]
    assert not (root / "site" / "first-talk").exists()
    checked = CliRunner().invoke(app, ["check", "--root", str(root), "--json"])
    assert [one["code"] for one in json.loads(checked.stdout)] == ["consent-withdrawn"]
    assert checked.exit_code == 3


@pytest.mark.speech
def test_who_is_to_be_read_only_is_silent_and_read(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    text = f"[ada-host]\n{GIVEN}\n[ben-guest]\n{GIVEN.replace('voice', 'text only')}"
    write(folder(root) / "consent.toml", text)
    with pytest.raises(Refused, match="agreed to text only, and can be heard"):
        approve(root, "first-talk", ADA, NOW)
    write(
        folder(root) / "redactions.toml",
        '[[redactions]]\nstart = "00:00:02.000"\nend = "00:00:04.350"\nstrike = "sound"\n',
    )
    approve(root, "first-talk", ADA, NOW)
    result = go(root)
    assert result.statuses[0].state is State.PUBLISHED, result.statuses
    assert "There were 381 cases." in (root / "site" / "first-talk" / "index.html").read_text("utf-8")
    (audio,) = (root / "site" / "first-talk").glob("*.mp3")
    from pipeline.audio.strike import SILENT_DBFS, loudest_dbfs

    assert loudest_dbfs(audio, 2000, 4350, without_tone=False) < SILENT_DBFS
    assert loudest_dbfs(audio, 200, 1200, without_tone=False) > SILENT_DBFS


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """An approved episode of a show whose list protects Maria Santos, who is called Rosa Cruz."""
    root = add_episode(tmp_path, "first-talk")
    write(tmp_path / "names.toml", '[[protected]]\nname = "Maria Santos"\npseudonym = "Rosa Cruz"\n')
    with_settings(root, '[safeguards]\nprotected_names = "../names.toml"\n')
    return root


@pytest.mark.parametrize(
    ("name", "before", "after", "where"),
    [
        ("notes.md", "about the", "with Mária\nSANTOS about the", "notes.md:1"),
        ("episode.toml", "Ada talks with Ben.", "Maria-Santos and Ben.", "episode.toml"),
        ("transcript.md", "Thank you.", "Thank you, Maria Santos’s friend.", "transcript.md at 00:00:02"),
        ("machine.json", '" Thank"', '" MariaSantos"', "transcript.md at 00:00:02"),
    ],
)
def test_a_protected_name_is_refused_wherever_it_stands(
    named: Path, name: str, before: str, after: str, where: str
) -> None:
    path = folder(named) / name
    write(path, path.read_text("utf-8").replace(before, after))
    with pytest.raises(Refused) as caught:
        approve(named, "first-talk", ADA, NOW)
    (problem,) = caught.value.problems
    assert problem.code == "protected-name"  # type: ignore[attr-defined]  # a Refusal
    assert where in problem.where


def test_what_is_remembered_of_an_episode_holds_no_protected_name(named: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembering, "RACY_NS", 0)
    write(folder(named) / "notes.md", "With Maria Santos, about the archive.\n")
    go(named)  # what it prepares is as new as the run
    assert "protected-name" in codes(go(named))
    assert [path for path in (named / "build").rglob("*.json") if "Maria Santos" in path.read_text("utf-8")] == []
    write(folder(named) / "notes.md", "Without her, about the archive.\n")
    assert codes(go(named)) == []
    assert (named / "build" / "first-talk" / "reading.json").exists()


def test_a_name_among_the_people_is_refused(named: Path) -> None:
    path = named / "episodes" / "people.toml"
    write(path, path.read_text("utf-8").replace('"The Archive"', '"Friends of Maria Santos"'))
    with pytest.raises(Refused, match=r"people\.toml"):
        approve(named, "first-talk", ADA, NOW)


def test_a_pseudonym_stands_where_the_sound_of_the_name_is_struck(named: Path) -> None:
    machine = folder(named) / "machine.json"
    write(machine, machine.read_text("utf-8").replace('" Thank"', '" MariaSantos"'))
    text = folder(named) / "transcript.md"
    write(text, text.read_text("utf-8").replace("Thank you.", "Rosa Cruz."))
    with pytest.raises(Refused, match="one of the protected names and is said here"):
        approve(named, "first-talk", ADA, NOW)
    write(folder(named) / "redactions.toml", '[[redactions]]\nstart = "0:02"\nend = "0:02.4"\nstrike = "sound"\n')
    approve(named, "first-talk", ADA, NOW, dry_run=True)


def test_a_list_that_is_gone_leaves_the_site_alone(named: Path, tmp_path: Path) -> None:
    go(named)
    before = sorted(path for path in (named / "site").rglob("*"))
    (tmp_path / "names.toml").unlink()
    with pytest.raises(InvalidShow):
        go(named)
    assert sorted(path for path in (named / "site").rglob("*")) == before


def test_a_longer_list_is_looked_for_in_what_is_already_published(named: Path, tmp_path: Path) -> None:
    assert go(named).statuses[0].state is State.PUBLISHED
    write(tmp_path / "names.toml", '[[protected]]\nname = "Ben Guest"\n')
    result = go(named)
    assert "protected-name" in codes(result)
    assert not (named / "site" / "first-talk").exists()


def test_a_name_in_the_words_of_the_show_leaves_the_site_alone(named: Path) -> None:
    go(named)
    before = {path: path.stat().st_mtime_ns for path in (named / "site").rglob("*")}
    path = named / "episodes" / "show.toml"
    write(path, path.read_text("utf-8").replace("What it is about.", "For Maria Santos."))
    with pytest.raises(Refused, match="protected name “Maria Santos” stands in it") as caught:
        go(named)
    assert {"site/index.html", "site/feed.xml"} <= {one.where for one in caught.value.problems}
    assert {path: path.stat().st_mtime_ns for path in (named / "site").rglob("*")} == before


def test_a_name_that_protects_one_episode_may_stand_in_another(named: Path, tmp_path: Path) -> None:
    write(tmp_path / "names.toml", '[[protected]]\nname = "Ben Guest"\nepisodes = ["second-talk"]\n')
    add_episode(tmp_path, "second-talk", number=2, approved=False)
    result = go(named)
    assert [one.state for one in result.statuses] == [State.PUBLISHED, State.WAITING]
    assert site_holds(named, "Ben Guest") != []
