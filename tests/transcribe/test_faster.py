"""Real speech through faster-whisper and the weights of the default install."""

from __future__ import annotations

from pathlib import Path

import ctranslate2
import pytest

from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.faster import FasterWhisper, Hardware, hardware
from pipeline.transcribe.transcribe import transcribe
from pipeline.transcript import MachineTranscript, machine_to_bytes, parse_machine
from tests.real_speech import Spoken
from tests.transcribe.sounds import looped, times_agree
from tests.wer import word_error_rate

pytestmark = pytest.mark.speech

DIGEST = f"sha256:{'0' * 64}"


def hear(
    speech: Path, *hotwords: str, language: str | None = "en-US", parts: list[float] | None = None
) -> MachineTranscript:
    heard_parts: list[float] = [] if parts is None else parts
    return transcribe(
        speech,
        audio_digest=DIGEST,
        settings=TranscriptionSettings(),
        language=language,
        hotwords=hotwords,
        report=heard_parts.append,
    )


@pytest.fixture(scope="module")
def parts() -> list[float]:
    return []


@pytest.fixture(scope="module")
def phone_heard(phone: Spoken, parts: list[float]) -> MachineTranscript:
    return hear(phone.path, parts=parts)


def test_telephone_talk_is_understood(phone: Spoken, phone_heard: MachineTranscript) -> None:
    """Measured: 19.8 % of the words (two voices, telephone band, talking over one another)."""
    assert word_error_rate(phone.text, phone_heard.text) <= 0.25


def test_read_speech_is_understood(read: Spoken) -> None:
    """Measured: 1.4 % of the words."""
    assert word_error_rate(read.text, hear(read.path).text) <= 0.05


def test_words_are_heard_when_they_are_said(phone: Spoken, phone_heard: MachineTranscript) -> None:
    """Measured: at most 0.6 s before its sentence begins, at a change of speakers."""
    times_agree(phone, phone_heard, within_ms=800)


def test_progress_goes_from_nothing_to_all(phone_heard: MachineTranscript, parts: list[float]) -> None:
    assert parts[0] == 0.0
    assert parts[-1] == 1.0
    assert len(parts) > 3, "somewhere in between as well"
    assert parts == sorted(parts)


def test_what_was_heard_can_be_kept_and_names_its_making(phone_heard: MachineTranscript) -> None:
    assert parse_machine(machine_to_bytes(phone_heard), "machine.json") == phone_heard
    assert phone_heard.engine == "faster-whisper"
    assert phone_heard.engine_version.split(".")[0] == "1"
    assert phone_heard.model == "base"
    assert phone_heard.model_digest == "sha256:d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
    assert (phone_heard.language, phone_heard.language_probability) == ("en", 1.0)
    assert (phone_heard.audio_digest, phone_heard.duration_ms) == (DIGEST, 30_000)


def test_hotwords_reach_the_decoder_and_the_record(phone: Spoken) -> None:
    # Four, for another processor reckons a little otherwise, and may not take one of them.
    spelled = ("Dyanne", "Sheelah", "New Jersie", "Chicaggo")
    heard = hear(phone.path, *spelled)
    assert heard.hotwords == spelled
    assert any(one in heard.text for one in spelled), "a spelling nobody but the glossary could know"


def test_the_same_sound_gives_the_same_bytes_even_where_the_decoder_samples(phone: Spoken, tmp_path: Path) -> None:
    # On a loop greedy decoding repeats itself, and Whisper falls back to drawing words at random.
    loop = looped(phone.path, tmp_path / "loop.wav", from_ms=14_444, to_ms=15_300, times=6)
    assert machine_to_bytes(hear(loop)) == machine_to_bytes(hear(loop))


def test_the_language_is_found_by_listening_when_nobody_tells(phone: Spoken) -> None:
    heard = hear(phone.path, language=None)
    assert heard.language == "en"
    assert 0.5 < heard.language_probability < 1.0


def test_a_model_knows_only_languages_it_has_a_token_for() -> None:
    known = FasterWhisper("base", 1).languages
    assert {"en", "tl", "zh", "no"} <= known
    assert "yue" not in known, "only the third large model tells Cantonese apart"


@pytest.mark.parametrize(
    ("cards", "types", "chosen"),
    [
        (0, {"int8", "float32"}, Hardware("cpu", "int8", 4)),
        (1, {"int8", "float16", "float32"}, Hardware("cuda", "float16", 16)),
        (1, {"int8", "float32"}, Hardware("cuda", "int8", 16)),
    ],
)
def test_a_graphics_card_is_used_in_half_precision(
    monkeypatch: pytest.MonkeyPatch, cards: int, types: set[str], chosen: Hardware
) -> None:
    """A stand-in for the card: what is chosen is tested, not what it hears."""
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: cards)
    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda device: types)
    assert hardware() == chosen
