"""A run on small shows: what is approved is published, what is broken is set aside, nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import wave
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from PIL import Image

from pipeline.audio.derive import stretch
from pipeline.errors import Busy, Refused
from pipeline.show.load import load_show
from pipeline.stages.run import RunResult, approve, run
from pipeline.stages.status import EpisodeStatus, State, exit_code, survey
from tests.episodes import ADA, NOW, SPEECH, add_episode, sound
from tests.shows import make_show


def quiet(slug: str, stage: str, part: float) -> None:
    """Report to nobody."""


def go(root: Path, later: timedelta = timedelta()) -> RunResult:
    return run(root, NOW + later, quiet)


def by_slug(result: RunResult) -> Mapping[str, EpisodeStatus]:
    return {status.slug: status for status in result.statuses}


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# What a run remembers depends on the clock: of a file that was written just now nothing is believed.
MEMORIES = ("digests.json", "reading.json", "standing.json")


def written_at(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in root.rglob("*") if path.is_file() and path.name not in MEMORIES}


def outputs(build: Path) -> set[str]:
    """Names of what stages made: memories depend on the clock, and locks hold nothing."""
    return {name for name in tree(build) if Path(name).name not in (*MEMORIES, "run.lock")}


def feed(root: Path) -> str:
    return (root / "site" / "feed.xml").read_text("utf-8")


def test_what_is_approved_is_published_and_a_second_run_does_nothing(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    result = go(root)
    assert by_slug(result)["first-talk"].state is State.PUBLISHED
    assert exit_code(result.statuses) == 0
    assert "First talk" in feed(root)
    before = written_at(root)
    again = go(root)
    assert again.done == ()
    assert written_at(root) == before


def test_a_changed_template_font_or_colour_builds_the_site_again(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    go(root)
    own = root / "templates" / "missing.html"
    own.parent.mkdir()
    own.write_text("ours", "utf-8")
    assert go(root).done
    assert (root / "site" / "404.html").read_text("utf-8") == "ours"
    settings, font = root / "episodes" / "show.toml", root / "episodes" / "font.woff2"
    font.write_bytes(b"wOF2 one")
    added = '\n[look]\naccent = "#8a1538"\n[[look.fonts]]\nfamily = "F"\nfile = "font.woff2"\n'
    settings.write_text(settings.read_text("utf-8") + added, "utf-8")
    assert go(root).done
    font.write_bytes(b"wOF2 two")
    assert go(root).done
    (published,) = (root / "site" / "static").glob("font-*.woff2")
    assert published.read_bytes() == b"wOF2 two"
    assert go(root).done == ()


def test_a_photo_that_cannot_be_used_is_told_by_every_run_until_it_is_mended(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    people = root / "episodes" / "people.toml"
    people.write_text(
        people.read_text("utf-8").replace('name = "Ada Host"', 'name = "Ada Host"\nphoto = "ada.jpg"'), "utf-8"
    )
    photo = root / "episodes" / "ada.jpg"
    photo.write_bytes(b"GIF89a")
    approve(root, "first-talk", ADA, NOW)
    for _ in range(2):
        result = go(root)
        assert by_slug(result)["first-talk"].state is State.PUBLISHED
        assert [problem.where for problem in result.warnings] == [str(photo)]
    Image.new("RGB", (300, 300)).save(photo)
    approve(root, "first-talk", ADA, NOW + timedelta(minutes=1))
    assert go(root, timedelta(minutes=1)).warnings == ()
    assert 'class="photo"' in (root / "site" / "people.html").read_text("utf-8")


def test_nothing_unapproved_is_published(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    result = go(root)
    assert by_slug(result)["first-talk"].state is State.WAITING
    assert exit_code(result.statuses) == 3
    assert "First talk" not in feed(root)
    assert not (root / "site" / "first-talk").exists()


@pytest.mark.parametrize(
    ("name", "sealed"),
    [
        ("first-talk/interview.wav", "interview.wav"),
        ("first-talk/machine.json", "machine.json"),
        ("first-talk/transcript.md", "transcript.md"),
        ("first-talk/notes.md", "notes.md"),
        ("first-talk/episode.toml", "episode.toml"),
        ("people.toml", "people.toml#ada-host"),
        ("sources.json", "sources.json#report-2020"),
    ],
)
def test_one_changed_byte_takes_it_off_the_site_and_names_it(tmp_path: Path, name: str, sealed: str) -> None:
    root = add_episode(tmp_path, "first-talk")
    go(root)
    path = root / "episodes" / name
    content = path.read_bytes()
    one_byte = {
        "people.toml": (b'"Ada Host"', b'"Ada Hosts"'),
        "sources.json": (b'"A report"', b'"A Report"'),
        "first-talk/interview.wav": (content[-2:], bytes([content[-2] ^ 1, content[-1]])),
    }.get(name, (content, content + b"\n"))
    path.write_bytes(content[::-1].replace(one_byte[0][::-1], one_byte[1][::-1], 1)[::-1])
    result = go(root)
    status = by_slug(result)["first-talk"]
    assert status.state in (State.VOID, State.INVALID)
    assert sealed in f"{status.because} {status.problems}"
    assert "First talk" not in feed(root)
    assert not (root / "site" / "first-talk").exists()
    path.write_bytes(content)
    assert by_slug(go(root))["first-talk"].state is State.PUBLISHED


def test_a_future_time_schedules_and_its_coming_publishes(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    toml = root / "episodes" / "first-talk" / "episode.toml"
    toml.write_text(toml.read_text().replace("2026-11-20T09:00:00+01:00", "2026-11-25T09:00:00+01:00"))
    approve(root, "first-talk", ADA, NOW)
    result = go(root)
    assert by_slug(result)["first-talk"].state is State.SCHEDULED
    assert exit_code(result.statuses) == 0
    assert "First talk" not in feed(root)
    assert by_slug(go(root, timedelta(days=2)))["first-talk"].state is State.PUBLISHED
    assert "First talk" in feed(root)


def test_an_episode_with_a_recording_only_is_to_be_transcribed(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    sound(root / "episodes" / "first-talk" / "interview.wav")
    (status,) = survey(root, NOW)
    assert status.state is State.TO_TRANSCRIBE
    assert "make pipeline" in status.next_step


def test_approval_is_refused_with_every_reason(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    folder = root / "episodes" / "first-talk"
    (folder / "transcript.md").write_text("[00:00:00.200] **Speaker ?**\nHello.\n")
    (folder / "notes.md").write_text("A figure [@nobody-1999].\n")
    with pytest.raises(Refused) as caught:
        approve(root, "first-talk", ADA, NOW)
    assert "Speaker ?" in str(caught.value)
    assert "nobody-1999" in str(caught.value)
    assert not (folder / "approvals").exists()
    with pytest.raises(Refused, match="no such episode"):
        approve(root, "gone", ADA, NOW)


def test_a_dry_run_of_an_approval_changes_nothing(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    assert approve(root, "first-talk", ADA, NOW, dry_run=True) is None
    assert not (root / "episodes" / "first-talk" / "approvals").exists()


def test_machine_words_of_another_recording_are_not_taken_for_this_one(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    sound(root / "episodes" / "first-talk" / "interview.wav", pitch_hz=300)
    status = by_slug(go(root))["first-talk"]
    assert status.state is State.INVALID
    assert "the words of another recording" in status.because


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 200)


def _text(path: Path) -> None:
    path.write_text("This is not sound.\n" * 50)


def _truncated(path: Path) -> None:
    sound(path, seconds=8)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 3])


def _silence(path: Path) -> None:
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, 16_000, 0, "NONE", ""))
        writer.writeframes(bytes(16_000 * 2 * 4))


def _playlist(path: Path) -> None:
    path.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{path.parent.parent}/good/interview.wav\n#EXT-X-ENDLIST\n"
    )


BAD_RECORDINGS: dict[str, Callable[[Path], None]] = {
    "empty": _empty,
    "text": _text,
    "noise-bytes": _noise,
    "truncated": _truncated,
    "silence": _silence,
    "short": lambda path: sound(path, seconds=0.2),
    "playlist": _playlist,
}


def test_every_broken_recording_has_its_reason_and_the_good_one_is_published(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "good")
    for number, (slug, spoil) in enumerate(BAD_RECORDINGS.items(), start=2):
        add_episode(tmp_path, slug, number=number, approved=False)
        recording = root / "episodes" / slug / "interview.mp3"
        (root / "episodes" / slug / "interview.wav").unlink()
        toml = root / "episodes" / slug / "episode.toml"
        toml.write_text(toml.read_text().replace("interview.wav", "interview.mp3"))
        (root / "episodes" / slug / "machine.json").unlink()
        (root / "episodes" / slug / "transcript.md").unlink()
        spoil(recording)
    statuses = by_slug(go(root))
    assert statuses["good"].state is State.PUBLISHED
    for slug in BAD_RECORDINGS:
        assert statuses[slug].state is State.INVALID, (slug, statuses[slug])
        (problem, *_) = statuses[slug].problems
        assert "interview.mp3" in problem.where
        assert problem.remedy
        assert not (root / "build" / slug / "fault.txt").exists()
    assert exit_code(tuple(statuses.values())) == 4
    assert feed(root).count("<item>") == 1


def test_names_that_look_like_markup_are_published_as_text(tmp_path: Path) -> None:
    title = "<script>alert(1)</script> & שלום e\u0301"
    root = add_episode(tmp_path, "first-talk", title=title)
    people = root / "episodes" / "people.toml"
    people.write_text(people.read_text().replace("Ada Host", "Ada <b>&amp; Co"))
    text = root / "episodes" / "first-talk" / "transcript.md"
    text.write_text(text.read_text().replace("Ada Host", "Ada <b>&amp; Co"))
    approve(root, "first-talk", ADA, NOW + timedelta(minutes=1))
    assert by_slug(go(root))["first-talk"].state is State.PUBLISHED
    for page in (root / "site").rglob("*.html"):
        assert "<script>alert" not in page.read_text()
        assert "<b>&amp; Co" not in page.read_text()


def test_a_fault_of_ours_in_one_episode_is_logged_and_the_others_are_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = add_episode(tmp_path, "first-talk")
    add_episode(tmp_path, "second-talk", number=2)
    from pipeline.stages import prepare as prepare_module
    from pipeline.stages import running

    real = prepare_module.prepare

    def faulty(show: object, episode: object, *rest: object) -> None:
        if getattr(episode, "slug", "") == "first-talk":
            raise ZeroDivisionError
        real(show, episode, *rest)  # type: ignore[arg-type]  # the arguments are handed through as they came

    monkeypatch.setattr(running, "prepare", faulty)
    statuses = by_slug(go(root))
    assert statuses["first-talk"].state is State.FAILED
    assert statuses["second-talk"].state is State.PUBLISHED
    assert "ZeroDivisionError" in (root / "build" / "first-talk" / "fault.txt").read_text()


def test_two_runs_at_once_are_not_let(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    (root / "build").mkdir()
    with FileLock(root / "build" / "run.lock"), pytest.raises(Busy, match="another run is at work"):
        go(root)


def test_an_episode_taken_away_leaves_nothing_behind(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    add_episode(tmp_path, "second-talk", number=2)
    go(root)
    assert (root / "site" / "second-talk").is_dir()
    (root / "episodes" / "second-talk").rename(tmp_path / "elsewhere")
    go(root)
    assert not (root / "site" / "second-talk").exists()
    assert feed(root).count("<item>") == 1


KILLER = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from pipeline.stages.run import run

root, stage, now = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])

def report(slug, what, part):
    if what == stage:
        os.kill(os.getpid(), signal.SIGKILL)

run(root, now, report)
"""


@pytest.mark.parametrize("stage", ["mastering", "preparing for review", "tagging", "writing"])
def test_killed_in_the_middle_of_a_stage_the_next_run_ends_the_same(tmp_path: Path, stage: str) -> None:
    ends_the_same(add_episode(tmp_path / "a", "first-talk"), add_episode(tmp_path / "b", "first-talk"), stage)


@pytest.mark.speech
def test_killed_while_transcribing_the_next_run_writes_the_same_words(tmp_path: Path) -> None:
    for name in ("a", "b"):
        folder = add_episode(tmp_path / name, "first-talk", approved=False) / "episodes" / "first-talk"
        stretch(SPEECH, folder / "interview.wav", 0, 12_000)
        (folder / "machine.json").unlink()
        (folder / "transcript.md").unlink()
    ends_the_same(tmp_path / "a" / "show", tmp_path / "b" / "show", "transcribing")
    assert "synthetic voice" in (tmp_path / "a/show/episodes/first-talk/transcript.md").read_text()


def ends_the_same(root: Path, undisturbed: Path, stage: str) -> None:
    go(undisturbed)
    killed = subprocess.run(
        [sys.executable, "-c", KILLER, str(root), stage, NOW.isoformat()],
        check=False,
        env={**os.environ},
        cwd=Path.cwd(),
    )
    assert killed.returncode == -signal.SIGKILL
    go(root)
    assert tree(root / "site") == tree(undisturbed / "site")
    assert tree(root / "episodes") == tree(undisturbed / "episodes")
    assert outputs(root / "build") == outputs(undisturbed / "build")


def test_the_show_without_episodes_has_a_feed_and_a_page(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    for path in (root / "episodes" / "first-talk").iterdir():
        path.unlink()
    (root / "episodes" / "first-talk").rmdir()
    assert go(root).statuses == ()
    assert "<item>" not in feed(root)
    assert load_show(root).episodes == ()
