"""Real speech through openai-whisper, with the same real weights, turned from CTranslate2's form into OpenAI's."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import InvalidAudio
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe import weights
from pipeline.transcribe.checkpoint import checkpoint
from pipeline.transcribe.transcribe import transcribe
from pipeline.transcript import MachineTranscript, machine_to_bytes, parse_machine
from tests.real_speech import Spoken
from tests.transcribe.sounds import times_agree, write_wav
from tests.wer import word_error_rate

pytestmark = [
    pytest.mark.openai_whisper,
    pytest.mark.speech,
    pytest.mark.skipif(importlib.util.find_spec("whisper") is None, reason="needs make test-openai-whisper"),
    # openai-whisper sorts a list of tensors with numpy; its release of 2025-06-25 is older than numpy's warning.
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept context:DeprecationWarning"),
    # It also leaves closing its list of tokens to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed file .*tiktoken:ResourceWarning"),
]

SETTINGS = TranscriptionSettings(engine="openai-whisper")
DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def parts() -> list[float]:
    return []


@pytest.fixture(scope="module")
def phone_heard(phone: Spoken, parts: list[float]) -> MachineTranscript:
    return transcribe(
        phone.path,
        audio_digest=DIGEST,
        settings=SETTINGS,
        language="en-US",
        hotwords=("Diane", "Sheila"),
        report=parts.append,
    )


def test_telephone_talk_is_understood(phone: Spoken, phone_heard: MachineTranscript) -> None:
    """Measured: 18.5 % of the words with the two names as hotwords (22.2 % without)."""
    assert word_error_rate(phone.text, phone_heard.text) <= 0.25
    assert phone_heard.hotwords == ("Diane", "Sheila")


def test_read_speech_is_understood(read: Spoken) -> None:
    """Measured: 2.8 % of the words."""
    heard = transcribe(
        read.path, audio_digest=DIGEST, settings=SETTINGS, language=None, hotwords=(), report=lambda _: None
    )
    assert word_error_rate(read.text, heard.text) <= 0.06
    assert heard.language == "en"
    assert 0.5 < heard.language_probability <= 1.0, "found by listening"


def test_words_are_heard_when_they_are_said(phone: Spoken, phone_heard: MachineTranscript) -> None:
    times_agree(phone, phone_heard, within_ms=800)


def test_progress_goes_from_nothing_to_all(phone_heard: MachineTranscript, parts: list[float]) -> None:
    assert (parts[0], parts[-1]) == (0.0, 1.0)
    assert len(parts) > 2, "somewhere in between as well"
    assert parts == sorted(parts)


def test_what_was_heard_can_be_kept_and_names_its_making(phone_heard: MachineTranscript) -> None:
    assert parse_machine(machine_to_bytes(phone_heard), "machine.json") == phone_heard
    assert (phone_heard.engine, phone_heard.engine_version) == ("openai-whisper", "20250625")
    assert phone_heard.model_digest == "sha256:d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"


def test_silence_is_no_speech(tmp_path: Path) -> None:
    silence = write_wav(tmp_path / "speech.wav", np.zeros(16_000 * 3, dtype=np.int16))
    with pytest.raises(InvalidAudio, match="no speech was found"):
        transcribe(silence, audio_digest=DIGEST, settings=SETTINGS, language="en", hotwords=(), report=lambda _: None)


def test_a_damaged_checkpoint_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    base = weights.find("base", engine="openai-whisper")
    file = checkpoint(base)
    file.write_bytes(file.read_bytes()[:1000])
    assert checkpoint(base) == file
    held = torch.load(file, weights_only=True)
    assert held["dims"]["n_vocab"] == 51865
    made_at = file.stat().st_mtime_ns
    assert checkpoint(base).stat().st_mtime_ns == made_at, "a whole one is used again"


def test_the_weights_are_the_same_numbers_as_in_the_package() -> None:
    import torch
    import whisper

    base = weights.find("base", engine="openai-whisper")
    model = whisper.load_model(str(checkpoint(base)), device="cpu")
    query = model.decoder.blocks[2].cross_attn.query.weight
    assert query.dtype == torch.float32
    sinusoids = whisper.model.sinusoids(1500, 512)
    assert torch.allclose(model.encoder.positional_embedding, sinusoids, atol=1e-3), "a table everybody can compute"
