"""A long recording heard in pieces: the same words, whoever hears them and however often somebody pulls the plug."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped]  # it ships no types
import pytest

from pipeline.audio.derive import stretch
from pipeline.errors import ToolFailed
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe import cutting
from pipeline.transcribe.cutting import Piece, cut, levels_of, quietest
from pipeline.transcribe.engine import Engine, open_engine
from pipeline.transcribe.pieces import hear_piece
from pipeline.transcribe.transcribe import transcribe
from pipeline.transcript import MachineTranscript, machine_to_bytes, parse_machine
from tests.episodes import SPEECH
from tests.processes import have_ended, kill, workers
from tests.real_speech import Spoken
from tests.transcribe.sounds import write_wav
from tests.wer import word_error_rate, words

pytestmark = pytest.mark.speech

DIGEST = f"sha256:{'0' * 64}"
ROOT = Path(__file__).parent.parent.parent


def samples_of(path: Path) -> Any:
    with wave.open(str(path), "rb") as stream:
        return np.frombuffer(stream.readframes(stream.getnframes()), "<i2")


def hear(
    speech: Path,
    folder: Path | None,
    *,
    workers: int = 2,
    language: str | None = "en-GB",
    report: Callable[[float], None] = lambda part: None,
) -> MachineTranscript:
    return transcribe(
        speech,
        audio_digest=DIGEST,
        settings=TranscriptionSettings(workers=workers),
        language=language,
        hotwords=(),
        report=report,
        pieces_folder=folder,
    )


@pytest.fixture(scope="module")
def long_talk(read: Spoken, phone: Spoken, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight minutes and a little, cut into four pieces: somebody speaks in each, with long silences between."""
    quiet = (np.random.default_rng(2).standard_normal(16_000 * 95) * 4).astype(np.int16)
    parts = [samples_of(phone.path), quiet, samples_of(read.path), quiet] * 2
    return write_wav(tmp_path_factory.mktemp("long") / "speech.wav", np.concatenate(parts))


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where they are kept that two workers heard undisturbed."""
    return tmp_path_factory.mktemp("pieces")


@pytest.fixture(scope="module")
def heard(long_talk: Path, pieces: Path) -> MachineTranscript:
    """What two workers hear undisturbed."""
    assert len(cut(long_talk)) == 4
    return hear(long_talk, pieces)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return open_engine(TranscriptionSettings())


@pytest.mark.parametrize("seed", range(4))
def test_cut_anywhere_the_words_are_the_same(read: Spoken, engine: Engine, seed: int) -> None:
    """The whole has 1.4 % errors; in pieces Whisper hears other windows and gets a word more or less right."""
    length_ms = read.utterances[-1].end_ms
    random = Random(seed)  # noqa: S311  places that are the same each time, no secret
    targets = sorted(random.randrange(5_000, length_ms - 5_000) for _ in range(2))
    levels = levels_of(read.path)
    places = sorted({0, *(quietest(levels, target) for target in targets), length_ms})
    found: list[str] = []
    for start_ms, end_ms in pairwise(places):
        one = hear_piece(
            engine, read.path, Piece(start_ms, end_ms), language="en", hotwords=(), report=lambda part: None
        )
        found += ["".join(word.text for segment in one.segments for word in segment.words)]
    assert word_error_rate(read.text, " ".join(found)) <= 0.05
    for before, after in pairwise(found):
        assert words(before)[-2:] != words(after)[:2], "nothing is said twice at the seam"


@pytest.mark.parametrize("noise", [0, 300])
def test_cut_where_nobody_pauses_no_word_is_lost_and_none_doubled(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, noise: int
) -> None:
    """Talk without its pauses, with a steady noise under it or without; the middle of it lies in a word."""
    monkeypatch.setattr(cutting, "_SEARCHED_MS", 1_500)
    stretch(SPEECH, tmp_path / "talk.wav", 0, 20_000)
    frames = samples_of(tmp_path / "talk.wav").astype(float)[: 16_000 * 20 // 160 * 160].reshape(-1, 160)
    speaks = (frames**2).mean(axis=1) > (frames**2).mean(axis=1).max() * 1e-4
    kept = [speaks[max(0, place - 8) : place + 1].any() for place in range(len(speaks))]  # 80 ms of each pause
    steady = np.random.default_rng(1).normal(0, noise, frames.shape)
    speech = write_wav(tmp_path / "speech.wav", (frames + steady)[kept].ravel().clip(-32_768, 32_767).astype(np.int16))
    length_ms = len(samples_of(speech)) // 16
    place = quietest(levels_of(speech), 7_400)
    whole, before, after = (
        words("".join(word.text for segment in one.segments for word in segment.words))
        for one in (
            hear_piece(engine, speech, piece, language="en", hotwords=(), report=lambda part: None)
            for piece in (Piece(0, length_ms), Piece(0, place), Piece(place, length_ms))
        )
    )
    assert abs(place - 7_400) <= 1_500
    assert " ".join(before[-4:] + after[:4]) in " ".join(whole)
    assert word_error_rate(" ".join(whole), " ".join(before + after)) <= 0.06


def test_the_words_come_in_order_at_their_times(long_talk: Path, heard: MachineTranscript, phone: Spoken) -> None:
    assert parse_machine(machine_to_bytes(heard), "machine.json") == heard
    assert heard.duration_ms == len(samples_of(long_talk)) // 16
    second_call_ms = heard.duration_ms // 2
    for begin_ms in (0, second_call_ms):
        found = [one for one in heard.words if begin_ms <= one.start_ms < begin_ms + 31_000]
        assert word_error_rate(phone.text, "".join(one.text for one in found)) <= 0.25
        assert abs(found[0].start_ms - begin_ms - phone.utterances[0].start_ms) < 800


def test_the_number_of_workers_changes_no_byte(long_talk: Path, heard: MachineTranscript, tmp_path: Path) -> None:
    parts: list[float] = []
    assert machine_to_bytes(hear(long_talk, tmp_path, workers=1, report=parts.append)) == machine_to_bytes(heard)
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (0.0, 1.0)
    assert machine_to_bytes(hear(long_talk, None, workers=3)) == machine_to_bytes(heard)


def test_the_language_is_found_once_for_all_pieces(long_talk: Path, tmp_path: Path) -> None:
    silence = np.zeros(16_000 * 200, np.int16)
    silence_first = write_wav(tmp_path / "speech.wav", np.concatenate([silence, samples_of(long_talk)[: 16_000 * 160]]))
    found = hear(silence_first, tmp_path / "pieces", language=None)
    assert found.language == "en"
    assert 0.5 < found.language_probability < 1.0


def test_killed_in_the_middle_it_goes_on_at_the_last_finished_piece(
    long_talk: Path, heard: MachineTranscript, tmp_path: Path
) -> None:
    folder = tmp_path / "pieces"
    program = (
        "from pathlib import Path; from tests.transcribe.test_pieces import hear;"
        f"hear(Path({str(long_talk)!r}), Path({str(folder)!r}), workers=1)"
    )
    run = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        wait_for(lambda: len(finished(folder)) == 1)
        left = workers(run.pid)
        run.kill()
    finally:
        run.wait()
    wait_for(lambda: have_ended(left))
    kept = {path: path.stat().st_mtime_ns for path in finished(folder)}
    assert 1 <= len(kept) < 4
    parts: list[float] = []
    assert machine_to_bytes(hear(long_talk, folder, report=parts.append)) == machine_to_bytes(heard)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "what was finished was not heard again"
    assert parts[3] >= 0.2, "and counts as done from the beginning"


def test_a_killed_worker_costs_nothing_but_time(long_talk: Path, heard: MachineTranscript, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill_once(part: float) -> None:
        if part > 0.1 and not killed:
            (victim, *_) = workers()
            victim.send_signal(signal.SIGKILL)
            killed.append(victim.pid)

    assert machine_to_bytes(hear(long_talk, tmp_path, report=kill_once)) == machine_to_bytes(heard)
    assert killed


def test_a_recording_that_kills_its_workers_is_given_up_with_its_place(long_talk: Path, tmp_path: Path) -> None:
    with KillingWorkers(), pytest.raises(ToolFailed) as caught:
        hear(long_talk, tmp_path, workers=1)
    assert len(caught.value.problems) == 4
    assert any(one.where.startswith(f"{long_talk} from 0:00:00 to 0:0") for one in caught.value.problems)
    assert {one.what for one in caught.value.problems} == {"its process was killed (SIGKILL), 3 times"}
    assert not workers()


def test_a_piece_file_that_is_not_whole_is_heard_again(
    long_talk: Path, heard: MachineTranscript, pieces: Path, tmp_path: Path
) -> None:
    shutil.copytree(pieces, tmp_path, dirs_exist_ok=True)
    first, second, *_ = finished(tmp_path)
    first.write_bytes(first.read_bytes()[:100])
    second.write_text('{"version": 0}', "utf-8")
    assert hear(long_talk, tmp_path) == heard


def test_an_hour_takes_no_more_memory_than_minutes(read: Spoken, tmp_path: Path) -> None:
    """In one piece, features of the whole are kept: 0.9 MB for each second."""
    quiet = (np.random.default_rng(2).standard_normal(16_000 * 575) * 4).astype(np.int16)
    hour = write_wav(tmp_path / "speech.wav", np.concatenate([samples_of(read.path), quiet] * 6))
    peaks: dict[int, int] = {}
    own = psutil.Process()
    before = own.memory_info().rss

    def watch(_: float) -> None:
        for one in [own, *workers()]:
            peaks[one.pid] = max(peaks.get(one.pid, 0), one.memory_info().rss)

    found = hear(hour, tmp_path / "pieces", report=watch)
    assert found.duration_ms > 3_590_000
    assert peaks.pop(own.pid) - before < 150_000_000
    assert len(peaks) == 2
    assert max(peaks.values()) < 700_000_000


def finished(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))


def wait_for(holds: Callable[[], bool], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "in vain"
        time.sleep(0.02)


class KillingWorkers:
    """Every child of this process is killed as soon as it is seen."""

    def __enter__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._kill)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _kill(self) -> None:
        while not self._over.wait(0.05):
            for one in workers():
                kill(one)
