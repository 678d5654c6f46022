"""With real weights: music, silence and French between English speech, and what hotwords made the engine skip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.audio.derive import stretch
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.again import hear_again
from pipeline.transcribe.cutting import Piece
from pipeline.transcribe.engine import Engine, Heard, open_engine
from pipeline.transcribe.merged import SpokenTrack, transcribe_tracks
from pipeline.transcribe.pieces import hear_piece
from pipeline.transcribe.sound import read_speech, speech_ms
from pipeline.transcript import MachineSegment
from tests.episodes import SPEECH
from tests.french import french_speech
from tests.real_speech import Spoken
from tests.transcribe.sounds import looped, write_wav
from tests.wer import word_error_rate

pytestmark = pytest.mark.speech

MUSIC_MS, SILENCE_MS = 12_000, 5000


def music() -> Any:
    """A melody over chords, two notes a second."""
    chance = np.random.default_rng(1)
    times_s = np.arange(8000) / 16_000
    scale = (220, 247, 262, 294, 330, 349, 392, 440, 494, 523)
    notes = []
    for _ in range(MUSIC_MS // 500):
        pitch, root = scale[chance.integers(10)], scale[chance.integers(4)] / 2
        melody = sum(np.sin(2 * np.pi * pitch * part * times_s) / part for part in (1, 2, 3, 4)) * np.exp(-3 * times_s)
        chord = sum(np.sin(2 * np.pi * root * part * times_s) for part in (1, 1.25, 1.5)) * 0.3
        notes.append(melody + chord)
    sound = np.concatenate(notes)
    return (sound / np.abs(sound).max() * 9000).astype(np.int16)


@pytest.fixture(scope="module")
def french() -> Any:
    return french_speech()


@pytest.fixture(scope="module")
def engine() -> Engine:
    return open_engine(TranscriptionSettings())


def hear(engine: Engine, speech: Path, names: tuple[str, ...] = ()) -> Heard:
    whole = Piece(0, speech_ms(speech))
    return hear_piece(engine, speech, whole, language="en", hotwords=names, report=lambda part: None)


def text_of(segments: list[MachineSegment]) -> str:
    return " ".join("".join(word.text for word in one.words) for one in segments)


def test_between_english_words_music_is_silent_and_french_is_french(
    read: Spoken, french: Any, engine: Engine, tmp_path: Path
) -> None:
    english = (read_speech(read.path) * 32768).astype(np.int16)
    parts = [english, music(), np.zeros(16 * SILENCE_MS, np.int16), french, np.zeros(16_000, np.int16), english]
    edges_ms = [0, *np.cumsum([len(one) // 16 for one in parts]).tolist()]
    heard = hear(engine, write_wav(tmp_path / "mixed.wav", np.concatenate(parts)))

    def between(first: int, last: int) -> list[MachineSegment]:
        inside = (edges_ms[first] - 700, edges_ms[last] + 700)
        return [
            one for one in heard.segments if inside[0] <= (one.words[0].end_ms + one.words[-1].end_ms) // 2 < inside[1]
        ]

    spoken_french = [one for one in heard.segments if one.language == "fr"]
    said = text_of(spoken_french).casefold()
    assert "félicitations" in said
    assert "fichiers" in said
    assert all({"language", "redecoded"} <= set(one.marks) for one in spoken_french)
    assert edges_ms[3] - 700 <= spoken_french[0].words[0].start_ms
    assert spoken_french[-1].words[-1].end_ms <= edges_ms[4] + 700
    english_heard = [one for one in heard.segments if one.language is None]
    assert all(not set(one.marks) - {"redecoded"} for one in english_heard)
    assert word_error_rate(f"{read.text} {read.text}", text_of(english_heard)) <= 0.06
    assert not [
        word
        for one in heard.segments
        for word in one.words
        if edges_ms[1] + 700 < word.start_ms and word.end_ms < edges_ms[3] - 700
    ], "nothing is made up over music and silence"
    assert heard.dropped == ()


def test_a_sentence_that_comes_three_times_is_heard_again_and_marked(engine: Engine, tmp_path: Path) -> None:
    """As a scratched record plays it: each time a sentence, so a segment, that shows nothing by itself."""
    stretch(SPEECH, tmp_path / "once.wav", 0, 2100)
    scratched = looped(tmp_path / "once.wav", tmp_path / "speech.wav", from_ms=0, to_ms=2100, times=3)
    segments = hear(engine, scratched).segments
    assert ["".join(word.text for word in one.words).casefold() for one in segments] == [" welcome to on record."] * 3
    assert all("loop" in one.marks for one in segments)
    # On another processor what is heard again may be no better for one of them, which then stays as it was.
    assert any("redecoded" in one.marks for one in segments)


def test_what_the_engine_skipped_is_heard_again(read: Spoken, engine: Engine) -> None:
    """Ten seconds of words are taken from a first hearing, as Whisper leaves them out in a long recording."""
    samples = read_speech(read.path)
    whole = engine.hear(samples, language="en", hotwords=(), report=lambda part: None)
    skipped = tuple(
        replace(one, words=tuple(word for word in one.words if not 7000 <= word.start_ms < 17_000))
        for one in whole.segments
    )
    heard = hear_again(engine, samples, replace(whole, segments=skipped), lambda part: None)
    assert heard.dropped == ()
    assert word_error_rate(read.text, text_of(list(skipped))) > 0.3
    assert word_error_rate(read.text, text_of(list(heard.segments))) <= 0.06
    again = [word for one in heard.segments if "redecoded" in one.marks for word in one.words]
    assert len(again) >= 15
    assert all(6500 <= word.start_ms <= 17_500 for word in again)


def test_each_speaker_is_heard_in_their_own_language(read: Spoken, french: Any, tmp_path: Path) -> None:
    english = (read_speech(read.path, 0, 7200) * 32768).astype(np.int16)
    quiet = np.zeros(len(english), np.int16)
    ada = write_wav(tmp_path / "ada.wav", np.concatenate([english, np.zeros(len(french), np.int16)]))
    ben = write_wav(tmp_path / "ben.wav", np.concatenate([quiet, french]))
    machine = transcribe_tracks(
        [SpokenTrack("ada", ada), SpokenTrack("ben", ben, "fr-CA")],
        audio_digest=f"sha256:{'0' * 64}",
        settings=TranscriptionSettings(),
        language="en",
        hotwords=(),
        report=lambda part: None,
    )
    said = {name: text_of([one for one in machine.segments if one.speaker == name]) for name in ("ada", "ben")}
    assert "Dashwood" in said["ada"]
    assert "félicitations" in said["ben"].casefold()
    languages = {one.speaker: one.language or machine.language for one in machine.segments}
    assert languages == {"ada": "en", "ben": "fr"}
    assert not any("language" in one.marks for one in machine.segments)
