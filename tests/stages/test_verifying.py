from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import Refused
from pipeline.files import digest_file
from pipeline.publish.links.snapshots import SNAPSHOTS_NAME
from pipeline.stages.deploying import Options, publish
from pipeline.stages.judging import Judge
from pipeline.stages.run import run
from pipeline.stages.verifying import verify_all
from tests.episodes import NOW, add_episode


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show that is published in a folder beside it."""
    root = add_episode(tmp_path_factory.mktemp("verified"), "first-talk")
    with (root / "episodes" / "show.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[targets.web]\nkind = "folder"\npath = "{root.parent / "www"}"\n')
    run(root, NOW, lambda *_: None)
    publish(root, NOW, Options(verify=False), confirm=lambda _: True, report=lambda *_: None)
    return root


@pytest.fixture
def show(published: Path, tmp_path: Path) -> Path:
    root = tmp_path / "show"
    shutil.copytree(published, root, symlinks=True)
    return root


def rot(path: Path) -> None:
    """Turn one bit in the middle, as a disk does: size and times stay."""
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def found(root: Path, target: str | None = None) -> dict[str, list[str]]:
    checked = verify_all(root, target, lambda *_: None)
    assert all(area.count for area in checked if area.area != "copies of sources"), checked
    return {area.area: [str(problem) for problem in area.problems] for area in checked if area.problems}


def test_what_is_as_it_was_is_said_to_be(published: Path) -> None:
    assert found(published, "web") == {}


def of(pattern: str) -> Callable[[Path], Path]:
    return lambda root: next(path for path in sorted(root.glob(pattern)) if path.is_file())


@pytest.mark.parametrize(
    ("file", "areas"),
    [
        (of("episodes/first-talk/interview.wav"), {"approvals"}),
        (of("episodes/first-talk/transcript.md"), {"approvals"}),
        (of("build/first-talk/release.mp3"), {"finished recordings"}),
        (of("site/first-talk/first-talk-*.mp3"), {"site"}),
        (of("site/first-talk/index.html"), {"site"}),
    ],
)
def test_one_bit_is_found(show: Path, file: Callable[[Path], Path], areas: set[str]) -> None:
    path = file(show)
    if path.stat().st_nlink > 1:  # site/ and build/ share the recording; rot in one copy must not be in both
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    rot(path)
    assert found(show).keys() == areas


def test_a_record_nobody_can_read_is_found(show: Path) -> None:
    record = of("episodes/first-talk/approvals/*.json")(show)
    record.write_bytes(record.read_bytes()[:40])
    assert "cannot be read" in found(show)["approvals"][0] + found(show)["approvals"][-1]


def test_a_published_recording_that_left_the_site_is_found(show: Path) -> None:
    shutil.rmtree(show / "site")
    (show / "build" / "site.stamp.json").unlink()
    (show / "episodes" / "first-talk" / "approvals").rename(show / "approvals-elsewhere")
    run(show, NOW, lambda *_: None)
    problems = verify_all(show, None, lambda *_: None)
    assert any("which listeners were given at web, is not in site/" in str(one.problems) for one in problems)


@pytest.fixture
def www(published: Path, tmp_path: Path) -> Iterator[Path]:
    """Where it is published; put back as it was in the end."""
    www = published.parent / "www"
    shutil.copytree(www, tmp_path / "kept", symlinks=True)
    yield www
    shutil.rmtree(www, ignore_errors=True)
    shutil.copytree(tmp_path / "kept", www, symlinks=True)


def test_rot_and_loss_at_the_target_are_found(published: Path, www: Path) -> None:
    page = of("**/first-talk/index.html")(www)
    rot(page)
    assert found(published, "web").keys() == {"target web"}
    page.unlink()
    assert "is not there" in found(published, "web")["target web"][0]


def test_a_target_that_is_gone_is_not_as_noted(published: Path, www: Path) -> None:
    shutil.rmtree(www)
    told = found(published, "web")["target web"]
    assert [one for one in told if "the note of what was published is gone" in one]
    assert [one for one in told if "feed.xml: it was published and is not there" in one]
    assert [one for one in told if ".mp3: it was published and is not there" in one]


@pytest.mark.parametrize("note", ["whole", "cut", "gone", "exchanged"])
def test_the_ledger_is_believed_before_what_a_target_says_of_itself(published: Path, www: Path, note: str) -> None:
    manifest = of("current/.onrecord/manifest.json")(www)
    recording = of("current/first-talk/first-talk-*.mp3")(www)
    rot(recording)
    if note == "cut":
        manifest.write_bytes(manifest.read_bytes()[:-9])
    elif note == "gone":
        manifest.unlink()
    elif note == "exchanged":
        noted = json.loads(manifest.read_bytes())
        noted["files"][f"first-talk/{recording.name}"]["digest"] = digest_file(recording)
        manifest.write_text(json.dumps(noted))
    told = found(published, "web")["target web"]
    assert [one for one in told if recording.name in one and "it is not what the ledger has of it" in one]
    assert len(told) == (2 if note in ("cut", "gone") else 1)


def test_a_publication_that_was_broken_off_is_gone_on_with_and_nothing_is_deleted(
    published: Path, show: Path, www: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (show / "episodes" / "show.toml").open("r+", encoding="utf-8") as settings:
        changed = settings.read().replace('title = "', 'title = "New ', 1)
        settings.seek(0)
        settings.write(changed)
    run(show, NOW, lambda *_: None)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "remember", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(show, NOW, Options(verify=False))
    told = found(show, "web")["target web"]
    assert len(told) == 1
    assert "feed.xml: a publication was broken off. Run onrecord publish, then verify again" in told[0]
    # What rotted besides is still told as such.
    feed = of("current/feed.xml")(www)
    whole = feed.read_bytes()
    rot(feed)
    assert "it is not what the ledger has of it" in found(show, "web")["target web"][0]
    feed.write_bytes(whole)
    publish(show, NOW, Options(verify=False))
    assert found(show, "web") == {}


def test_a_note_that_was_lost_is_written_anew_by_the_next_publication(published: Path, www: Path) -> None:
    of("current/.onrecord/manifest.json")(www).unlink()
    assert found(published, "web").keys() == {"target web"}
    again = publish(published, NOW, Options(verify=False), confirm=lambda _: True, report=lambda *_: None)
    assert again.intent.empty
    assert found(published, "web") == {}


def test_what_cannot_be_read_costs_the_other_areas_nothing(show: Path) -> None:
    for name in ("build/first-talk/release.json", "episodes/ledger.json"):
        path = show / name
        path.write_bytes(path.read_bytes()[:-20])
    rot(of("site/index.html")(show))
    told = CliRunner().invoke(app, ["verify", "--root", str(show), "--target", "web", "--json"])
    assert told.exit_code == 1, told.exception
    areas = json.loads(told.stdout)
    assert {area for area, one in areas.items() if one["problems"]} == {"finished recordings", "site", "ledger"}
    assert areas["target web"]["count"] > 10


def test_approvals_of_a_published_episode_that_are_gone_are_told(show: Path) -> None:
    (show / "episodes" / "first-talk" / "approvals").rename(show / "approvals-elsewhere")
    assert "it was published, and its approvals are gone" in found(show)["approvals"][0]
    (show / "episodes" / "first-talk").rename(show / "talk-elsewhere")
    assert "it was published at web, and its folder is gone" in str(verify_all(show, None, lambda *_: None)[0].problems)


def test_what_is_kept_for_going_back_is_looked_at_too(show: Path) -> None:
    rot(of("build/releases/web/*/site/index.html")(show))
    assert found(show).keys() == {"kept publications"}


def test_a_target_that_is_not_known_is_refused(published: Path) -> None:
    with pytest.raises(Refused, match="there is no target nowhere"):
        verify_all(published, "nowhere", lambda *_: None)


def test_a_copy_of_a_source_that_is_gone_is_found(show: Path) -> None:
    digest = "ab" * 32
    (show / "episodes" / SNAPSHOTS_NAME).write_text(
        f'{{"version": 1, "snapshots": {{"report-2020": [{{"file": "build/snapshots/a.warc.gz", "sha256": "{digest}", '
        f'"payload_sha256": "{digest}", "at": "2026-11-20T09:00:00Z", "url": "https://archive.example/report", '
        '"media_type": "text/html", "size_bytes": 10}]}}',
        encoding="utf-8",
    )
    assert "it was noted and is not there" in found(show)["copies of sources"][0]


def test_the_command_counts_and_fails_where_something_rotted(show: Path) -> None:
    whole = CliRunner().invoke(app, ["verify", "--root", str(show)])
    assert whole.exit_code == 0
    assert "approvals: 1 of 1 as noted" in whole.stdout
    rot(show / "episodes" / "first-talk" / "notes.md")
    rotten = CliRunner().invoke(app, ["verify", "--root", str(show), "--json"])
    assert rotten.exit_code == 1
    assert '"approvals"' in rotten.stdout
