"""A run on recordings of one speaker each: mixed, transcribed by voice, approved, published."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline import files
from pipeline.cli import app
from pipeline.digests import DigestCache
from pipeline.errors import Problem, ToolFailed
from pipeline.show import load_show
from pipeline.stages import stamps
from pipeline.stages.belonging import recordings_digest
from pipeline.stages.run import RunResult, approve, run
from pipeline.stages.status import State, all_warnings, survey
from pipeline.transcript import read_machine, read_transcript
from tests.conversations import SECONDS, conversation, stereo, tone, two_tracks
from tests.episodes import ADA, NOW, TRANSCRIPT, machine_words, sound
from tests.shows import EPISODE, make_show

TWO = """\
[[recordings]]
file = "ada.wav"
speaker = "ada-host"

[[recordings]]
file = "ben.wav"
speaker = "ben-guest"
"""
CHANNELS = '[[recordings]]\nfile = "both.wav"\nchannels = ["ada-host", "ben-guest"]\n'


def make(tmp_path: Path, recordings: str) -> Path:
    """The folder of an episode with these recordings, none of which is there yet."""
    episode = EPISODE.replace('[[recordings]]\nfile = "interview.wav"\n', recordings)
    folder = make_show(tmp_path, episode) / "episodes" / "first-talk"
    (folder / "interview.wav").unlink()
    return folder


def go(folder: Path) -> RunResult:
    return run(folder.parents[1], NOW, lambda slug, stage, part: None)


def made_ready(folder: Path, first: Path) -> None:
    """Machine words and a text, as if the recordings had been transcribed."""
    episode = load_show(folder.parents[1]).episodes[0]
    digest = recordings_digest(episode, DigestCache(folder / "none.json"))
    words = machine_words(first).decode().replace(files.digest_file(first), digest)
    (folder / "machine.json").write_text(words, encoding="utf-8")
    (folder / "transcript.md").write_text(TRANSCRIPT, encoding="utf-8")


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """An episode of two recordings in which nobody's words are heard, ready for approval."""
    folder = make(tmp_path, TWO)
    tone(folder / "ada.wav", 180, 0.2, 2.0)
    tone(folder / "ben.wav", 260, 2.0, 4.5)
    made_ready(folder, folder / "ada.wav")
    return folder


def test_two_recordings_are_mixed_once_and_published(tones: Path) -> None:
    root = tones.parents[1]
    approve(root, "first-talk", ADA, NOW)
    result = go(tones)
    assert [one.state for one in result.statuses] == [State.PUBLISHED]
    assert "2 tracks mixed (ada-host from 0.000 s; ben-guest from 0.000 s, taken to begin with the first)" in str(
        result.done
    )
    assert list((root / "site").rglob("*.mp3"))
    assert not list((root / "build").rglob("*.wav"))
    assert go(tones).done == ()


def test_an_approval_seals_every_recording(tones: Path) -> None:
    approve(tones.parents[1], "first-talk", ADA, NOW)
    tone(tones / "ben.wav", 261, 2.0, 4.5)
    (status,) = go(tones).statuses
    assert status.state is State.INVALID  # the machine's words are not of these recordings any more
    assert "another recording than ada.wav, ben.wav" in status.because


def test_another_start_makes_the_machine_words_foreign(tones: Path) -> None:
    text = (tones / "episode.toml").read_text()
    (tones / "episode.toml").write_text(text + "offset = 1.5\n")
    (status,) = go(tones).statuses
    assert "another recording" in status.because


def test_the_order_of_recordings_counts_and_one_is_its_own_digest(tones: Path) -> None:
    episode = load_show(tones.parents[1]).episodes[0]
    known = DigestCache(tones / "none.json")
    turned = episode.model_copy(update={"recordings": episode.recordings[::-1]})
    single = episode.model_copy(update={"recordings": episode.recordings[:1]})
    assert recordings_digest(turned, known) != recordings_digest(episode, known)
    assert recordings_digest(single, known) == files.digest_file(tones / "ada.wav")


def test_channels_that_are_not_there_are_refused(tmp_path: Path) -> None:
    folder = make(tmp_path, CHANNELS)
    sound(folder / "both.wav")
    (status,) = go(folder).statuses
    assert status.state is State.INVALID
    assert status.because == "channels names 2 people, and both.wav has 1 channel"


def test_a_stereo_file_that_looks_like_two_speakers_gives_a_hint_and_is_left_alone(tmp_path: Path) -> None:
    folder = make(tmp_path, '[[recordings]]\nfile = "both.wav"\n')
    stereo(folder / "both.wav", seconds=20)
    made_ready(folder, folder / "both.wav")
    before = (folder / "episode.toml").read_bytes()
    result = go(folder)
    (warning,) = result.warnings
    assert 'channels = ["ada-host", "ben-guest"] (left, right)' in warning.remedy
    assert "mixed" not in str(result.done)
    assert (folder / "episode.toml").read_bytes() == before
    # It is told until somebody has said how it is.
    assert go(folder).warnings == (warning,)
    assert all_warnings(survey(folder.parents[1], NOW)) == (warning,)
    text = before.decode()
    (folder / "episode.toml").write_text(text.replace('hosts = ["ada-host"]', "hosts = []"), "utf-8")
    (unnamed,) = all_warnings(survey(folder.parents[1], NOW))
    assert "name both under hosts and guests" in unnamed.remedy
    for said in ('channels = ["ada-host", "ben-guest"]\n', 'speaker = "ben-guest"\n'):
        (folder / "episode.toml").write_text(text + said, "utf-8")
        assert all_warnings(survey(folder.parents[1], NOW)) == ()


def test_a_stereo_file_is_looked_at_before_anybody_is_named_and_before_it_is_transcribed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path, '[[recordings]]\nfile = "both.wav"\n')
    text = (folder / "episode.toml").read_text("utf-8").replace('["ada-host"]', "[]").replace('["ben-guest"]', "[]")
    (folder / "episode.toml").write_text(text, "utf-8")
    stereo(folder / "both.wav", seconds=20)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.stages.prepare._transcribe", killed)
    with pytest.raises(KeyboardInterrupt):
        go(folder)
    (warning,) = all_warnings(survey(folder.parents[1], NOW))
    assert warning.where == f"{folder / 'episode.toml'} [[recordings]] both.wav"
    assert "seems to have one speaker per channel" in warning.what


def test_a_start_that_is_only_assumed_is_told_until_it_is_confirmed_and_that_costs_no_work(tones: Path) -> None:
    root = tones.parents[1]
    tone(tones / "ben.wav", 260, 2.0, 2.9, seconds=3)
    made_ready(tones, tones / "ada.wav")
    (warning,) = go(tones).warnings
    assert warning.where == f"{tones / 'episode.toml'} [[recordings]] ben.wav"
    assert "taken to begin together with ada.wav" in warning.what
    assert warning.what.endswith("it is 2.0 s shorter")
    assert "offset = 0 there" in warning.remedy
    assert "offset = 2.0 if they ended together" in warning.remedy
    assert go(tones).warnings == (warning,)
    for command in ("status", "check"):
        assert "2.0 s shorter" in " ".join(CliRunner().invoke(app, [command, "--root", str(root)]).stderr.split())
    text = (tones / "episode.toml").read_text("utf-8")
    (tones / "episode.toml").write_text(f"{text}offset = 0\n", "utf-8")
    # Before the next mix and after it, from build/ or without it: the words are those of these recordings.
    for _ in range(2):
        (status,) = survey(root, NOW)
        assert (status.warnings, status.state) == ((), State.WAITING)
        result = go(tones)
    assert (result.warnings, result.statuses[0].state) == ((), State.WAITING)
    (root / "build" / "first-talk" / "mix.stamp.json").unlink()
    assert survey(root, NOW)[0].state is State.WAITING


def test_what_was_transcribed_is_mixed_again_without_build_as_it_was(tones: Path) -> None:
    root = tones.parents[1]
    tone(tones / "ada.wav", 180, 0.2, 2.0, seconds=10)
    tone(tones / "ben.wav", 260, 2.0, 2.9, seconds=3)
    made_ready(tones, tones / "ada.wav")
    (warning,) = go(tones).warnings
    assert warning.what.endswith("it is 7.0 s shorter")
    approve(root, "first-talk", ADA, NOW)
    # A new machine: what people wrote is there, and the approval; build/ is not.
    shutil.rmtree(root / "build")
    result = go(tones)
    assert [one.state for one in result.statuses] == [State.PUBLISHED]
    # Nobody has heard these yet: nothing tells where the second begins.
    (tones / "machine.json").unlink()
    shutil.rmtree(root / "build" / "first-talk")
    (status,) = go(tones).statuses
    assert "nothing tells where it begins" in status.because


def test_many_recordings_with_foreign_words_are_told_at_once_and_a_confirmed_start_keeps_the_words(
    tmp_path: Path,
) -> None:
    people = [f"guest-{number}" for number in range(24)]
    one_of_many = '[[recordings]]\nfile = "{0}.wav"\nspeaker = "{0}"\n{1}\n'
    folder = make(tmp_path, "".join(one_of_many.format(one, "") for one in people))
    with (folder.parent / "people.toml").open("a", encoding="utf-8") as text:
        text.writelines(f'\n[{one}]\nname = "{one.title()}"\n' for one in people)
    written = (folder / "episode.toml").read_text("utf-8").replace('["ben-guest"]', json.dumps(people))
    (folder / "episode.toml").write_text(written, "utf-8")
    for one in people:
        (folder / f"{one}.wav").write_bytes(one.encode())
    made_ready(folder, folder / "guest-0.wav")
    for confirmed in (people, people[1:]):
        table = written.partition("[[recordings]]")[0]
        zero = "".join(one_of_many.format(one, "offset = 0" if one in confirmed else "") for one in people)
        (folder / "episode.toml").write_text(table + zero, "utf-8")
        (status,) = survey(folder.parents[1], NOW)
        assert status.state is State.WAITING, status.problems
    (folder / "guest-7.wav").write_bytes(b"another")
    begun = time.process_time()
    (status,) = survey(folder.parents[1], NOW)
    assert "another recording" in status.because
    assert time.process_time() - begun < 10


def test_a_look_at_the_channels_that_fails_costs_the_hint_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make(tmp_path, '[[recordings]]\nfile = "both.wav"\n')
    stereo(folder / "both.wav", seconds=20)
    made_ready(folder, folder / "both.wav")

    def failed(*_: object) -> bool:
        raise ToolFailed(Problem("both.wav", "ffmpeg stopped", "Run again"))

    monkeypatch.setattr("pipeline.stages.prepare.is_one_speaker_per_channel", failed)
    result = go(folder)
    assert (result.warnings, result.statuses[0].state) == ((), State.WAITING)
    assert "review copy and waveform made" in str(result.done)
    assert go(folder).done == ()


@pytest.mark.parametrize("is_heard", [False, True])
def test_a_start_that_was_measured_is_not_the_same_as_one_together(tones: Path, *, is_heard: bool) -> None:
    root = tones.parents[1]
    track = {"speaker": "ben-guest", "length_ms": 5000, "how": "measured", "is_heard": is_heard}
    (root / "build" / "first-talk").mkdir(parents=True)
    stamps.write(root / "build" / "first-talk" / "mix.stamp.json", "key", [], facts={"tracks": [track]})
    with (tones / "episode.toml").open("a", encoding="utf-8") as text:
        text.write("offset = 0\n")
    assert ("another recording" in survey(root, NOW)[0].because) == is_heard


@pytest.mark.speech
@pytest.mark.parametrize("recordings", [TWO, CHANNELS])
def test_every_word_is_under_the_name_of_who_said_it(tmp_path: Path, recordings: str) -> None:
    folder = make(tmp_path, recordings)
    if recordings is TWO:
        two_tracks(folder, bleed_db=-20, offset_s=2.317, drift_ppm=35, quieter_db=9)
    else:
        stereo(folder / "both.wav")
    go(folder)
    ids = ("ada-host", "ben-guest")
    machine = read_machine(folder / "machine.json")
    assert machine.duration_ms == pytest.approx(SECONDS * 1000, abs=10)
    checked = wrong = 0
    for segment in machine.segments:
        for word in segment.words:
            middle_s = (word.start_ms + word.end_ms) / 2000
            for turn in conversation()[1]:
                if turn.start_s <= middle_s <= turn.end_s:
                    checked += 1
                    wrong += segment.speaker != ids[turn.speaker]
    assert checked > 150
    assert wrong == 0
    text = read_transcript(folder / "transcript.md")
    names = [one.speaker for one in text.paragraphs]
    turns = [name for number, name in enumerate(names) if number == 0 or names[number - 1] != name]
    assert turns == ["Ada Host", "Ben Guest"] * 4
    approve(folder.parents[1], "first-talk", ADA, NOW)
    assert [one.state for one in go(folder).statuses] == [State.PUBLISHED]
    page = next((folder.parents[1] / "site").rglob("first-talk/index.html")).read_text("utf-8")
    assert "Ben Guest" in page
    assert "another synthetic voice" in page
