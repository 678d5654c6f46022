"""What does not depend on how well the engine hears: refusals, order in time, starting fast."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidAudio, InvalidShow, MissingTool, ToolFailed
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.engine import HOTWORDS_MAX_TOKENS, fitting, takes_hotwords
from pipeline.transcribe.languages import whisper_language
from pipeline.transcribe.orderly import orderly
from pipeline.transcribe.sound import read_speech
from pipeline.transcribe.transcribe import transcribe
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord, machine_to_bytes, parse_machine
from tests.transcribe.sounds import write_wav

DIGEST = f"sha256:{'0' * 64}"


def hear(speech: Path, settings: TranscriptionSettings | None = None, language: str | None = "en") -> MachineTranscript:
    return transcribe(
        speech,
        audio_digest=DIGEST,
        settings=settings or TranscriptionSettings(),
        language=language,
        hotwords=(),
        report=lambda _: None,
    )


@pytest.mark.speech
@pytest.mark.parametrize("language", ["en", None])
@pytest.mark.parametrize("length_ms", [0, 30, 200, 40_000])
def test_silence_is_no_speech(tmp_path: Path, length_ms: int, language: str | None) -> None:
    silence = write_wav(tmp_path / "speech.wav", np.zeros(16 * length_ms, dtype=np.int16))
    with pytest.raises(InvalidAudio, match="no speech was found"):
        hear(silence, language=language)


@pytest.mark.speech
def test_noise_is_no_speech(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 300, 16_000 * 5).astype(np.int16)
    with pytest.raises(InvalidAudio, match="no speech was found"):
        hear(write_wav(tmp_path / "speech.wav", noise))


@pytest.mark.parametrize(("rate_hz", "channels"), [(44_100, 1), (16_000, 2), (8_000, 1)])
def test_only_our_own_form_of_wav_is_read(tmp_path: Path, rate_hz: int, channels: int) -> None:
    path = write_wav(tmp_path / "a.wav", np.zeros(1600, dtype=np.int16), rate_hz=rate_hz, channels=channels)
    with pytest.raises(InvalidAudio, match=f"it has {rate_hz} Hz, {channels} channels"):
        hear(path)


def test_eight_bits_are_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "a.wav"), "wb") as stream:
        stream.setparams((1, 1, 16_000, 0, "NONE", ""))
        stream.writeframes(b"\x80" * 100)
    with pytest.raises(InvalidAudio, match="8 bits"):
        hear(tmp_path / "a.wav")


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.ones(1600, dtype=np.int16))
    path.write_bytes(path.read_bytes()[:-700])
    with pytest.raises(InvalidAudio, match="ends before its header says"):
        hear(path)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"#EXTM3U\nhttps://example.org/a.mp3\n", b"ID3\x04" + bytes(200)])
def test_what_is_no_wav_is_refused_whatever_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InvalidAudio, match="cannot be read as a WAV file"):
        hear(tmp_path / "a.wav")


def test_samples_keep_their_value(tmp_path: Path) -> None:
    samples = read_speech(write_wav(tmp_path / "a.wav", np.array([0, 16384, -32768, 32767], dtype=np.int16)))
    assert samples.tolist() == [0.0, 0.5, -1.0, 32767 / 32768]


def test_an_engine_that_is_not_installed_is_told_with_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import PackageNotFoundError

    from pipeline.transcribe import openai

    def nothing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(openai, "version", nothing)
    speech = write_wav(tmp_path / "a.wav", np.zeros(1600, dtype=np.int16))
    with pytest.raises(MissingTool, match=r"-m pip install openai-whisper==\d+"):
        hear(speech, TranscriptionSettings(engine="openai-whisper"))


def test_english_weights_refuse_another_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class EnglishOnly:
        languages = frozenset({"en"})

    monkeypatch.setattr("pipeline.transcribe.transcribe.open_engine", lambda settings: EnglishOnly())
    speech = write_wav(tmp_path / "a.wav", np.zeros(1600, dtype=np.int16))
    with pytest.raises(InvalidShow, match=r"tiny\.en knows English only, and the language is de"):
        hear(speech, TranscriptionSettings(model="tiny.en"), language="de")


times = st.integers(min_value=-3_000, max_value=90_000)
machine_words = st.builds(
    MachineWord, st.text(max_size=6), times, times, st.floats(min_value=-0.1, max_value=1.1, allow_nan=False)
)
machine_segments = st.builds(
    MachineSegment,
    st.lists(machine_words, max_size=6).map(tuple),
    st.floats(-5, 0),
    st.floats(0, 9),
    st.floats(-0.001, 1.001),
)


@given(st.lists(machine_segments, max_size=8), st.integers(min_value=0, max_value=60_000))
def test_any_order_of_times_becomes_one_that_can_be_kept(segments: list[MachineSegment], length_ms: int) -> None:
    mended = orderly(segments, length_ms)
    words = [word for segment in mended for word in segment.words]
    assert [word.text for word in words] == [
        word.text for segment in segments for word in segment.words if word.text.strip()
    ], "no word is lost, moved or changed"
    assert all(word.end_ms <= length_ms for word in words)
    machine = MachineTranscript(1, "e", "1", "m", DIGEST, "en", 1.0, DIGEST, length_ms, (), mended)
    assert parse_machine(machine_to_bytes(machine), "machine.json") == machine


def test_times_in_order_are_left_alone() -> None:
    words = (MachineWord(" a", 10, 30, 0.5), MachineWord(" b", 25, 40, 0.25))
    segment = MachineSegment(words, -0.5, 1.5, 0.125)
    assert orderly([segment], 50) == (segment,)


def test_figures_that_are_no_numbers_are_told() -> None:
    with pytest.raises(ToolFailed, match="no numbers"):
        orderly([MachineSegment((MachineWord(" a", 0, 1, float("nan")),), -0.5, 1.0, 0.0)], 50)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en-GB", "en"),
        ("pt-BR", "pt"),
        ("nb", "no"),
        ("nb-NO", "no"),
        ("zh-Hant-TW", "zh"),
        ("cmn", "zh"),
        ("fil", "tl"),
        ("yue", "zh"),
        ("ga", None),
        (None, None),
    ],
)
def test_language_tags_become_whispers_codes(tag: str | None, code: str | None) -> None:
    assert whisper_language(tag, {"en", "pt", "no", "zh", "tl"}) == code


def test_cantonese_is_itself_where_the_model_knows_it() -> None:
    assert whisper_language("yue", {"zh", "yue"}) == "yue"


def test_hotwords_that_do_not_fit_are_left_out_from_the_end() -> None:
    words = tuple(f"word{number}" for number in range(200))
    kept = fitting(words, lambda text: len(text.split()))
    assert kept == words[:HOTWORDS_MAX_TOKENS]
    assert fitting((), len) == ()


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("base", True),
        ("large-v3-turbo", True),
        ("tiny", False),
        ("tiny.en", False),
        ("small.en", False),
        ("/models/tiny.en/", False),
        ("Systran/faster-whisper-tiny", False),
        ("/tiny/base", True),
    ],
)
def test_small_and_english_models_get_no_hotwords(name: str, taken: bool) -> None:
    assert takes_hotwords(name) is taken


def test_the_room_is_imported_without_an_engine() -> None:
    """`onrecord status` must answer in a moment: engines take seconds to import."""
    modules = [
        f"pipeline.transcribe.{path.stem}"
        for path in (Path(__file__).parents[2] / "pipeline" / "transcribe").glob("*.py")
        if path.stem != "__init__"
    ]
    heavy = ("faster_whisper", "ctranslate2", "whisper", "torch", "numpy", "huggingface_hub", "onnxruntime", "av")
    code = f"import sys, {', '.join(modules)}; print([name for name in {heavy} if name in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
