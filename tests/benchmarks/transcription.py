"""A long recording heard in pieces by workers, against plain faster-whisper on the same weights and speech.

The speech is the two recordings of the sample show with their scripts, and the 30 s of telephone talk that the tests
fetch, at ten speeds so that ten hearings of it differ. Runs take turns, so that both meet the same machine.

Run: .venv/bin/python -m tests.benchmarks.transcription [ROUNDS]
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import psutil  # type: ignore[import-untyped]  # it ships no types

from pipeline.transcribe.weights import cache_folder, find
from tests.transcribe.sounds import write_wav
from tests.wer import word_error_rate, words

ROOT = Path(__file__).parent.parent.parent
SPEEDS = (1.0, 0.92, 1.08, 0.96, 1.04, 0.9, 1.12, 0.98, 1.02, 1.06)
PAUSE = np.zeros(9_600, dtype=np.int16)
# As people run it: the defaults of the package, int8, sequential, all cores.
PLAIN = """
import sys
from faster_whisper import WhisperModel
model = WhisperModel(sys.argv[1], device="cpu", compute_type="int8", cpu_threads=int(sys.argv[3]))
segments, _ = model.transcribe(sys.argv[2], language="en", word_timestamps=sys.argv[4] == "words")
print("".join(one.text for one in segments))
"""
OURS = """
import sys
from pathlib import Path
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.transcribe import transcribe
print(transcribe(Path(sys.argv[1]), audio_digest="", settings=TranscriptionSettings(), language="en", hotwords=(),
    report=lambda part: None, pieces_folder=Path(sys.argv[2])).text)
"""
_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_DIGITS = {str(number): name for number, name in enumerate(_NAMES)}


def main() -> None:
    """Print what each way of hearing costs and gets wrong, in as many rounds as the command line says."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2
    weights = str(find("base", engine="faster-whisper").path)
    cores = str(len(os.sched_getaffinity(0)))
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        for name, (speech, said) in _speech(Path(folder)).items():
            for number in range(rounds):
                ways: dict[str, list[str]] = {
                    "plain": [PLAIN, weights, str(speech), cores, "none"],
                    "plain, word times": [PLAIN, weights, str(speech), cores, "words"],
                    "ours": [OURS, str(speech), f"{folder}/{name}-{number}"],
                }
                for way, command in ways.items():
                    heard, wall_s, cpu_s, peak = _measured([sys.executable, "-c", *command])
                    error = word_error_rate(_plain(said), _plain(heard))
                    sys.stdout.write(
                        f"{name:10} {way:18} wall {wall_s:6.1f} s  cpu {cpu_s:6.1f} s  peak {peak / 1e6:5.0f} MB  "
                        f"errors {error:6.2%}  load {os.getloadavg()[0]:.1f}\n"
                    )
                    sys.stdout.flush()


def _speech(folder: Path) -> dict[str, tuple[Path, str]]:
    scripts = _scripts()
    read, said = [], []
    for episode in sorted((ROOT / "episodes").iterdir()):
        script = next((one for one in scripts.SCRIPTS if episode.is_dir() and episode.name in one.output), None)
        if script is not None:
            (recording,) = [one for one in episode.iterdir() if one.suffix in {".mp3", ".flac", ".wav"}]
            read += [_decoded(recording), PAUSE]
            said += [re.sub(scripts.MARKED_WORD, r"\1", line.words) for line in script.lines]
    phone = cache_folder() / "test-speech"
    stm = (phone / "sample.stm").read_text("utf-8").splitlines()
    once = " ".join(line.split(None, 5)[5] for line in stm)
    talk = [
        part
        for speed in SPEEDS
        for part in (_decoded(phone / "sample.wav", f"asetrate={int(16_000 * speed)},aresample=16000"), PAUSE)
    ]
    return {
        "narration": (write_wav(folder / "read.wav", np.concatenate(read)), " ".join(said)),
        "telephone": (write_wav(folder / "talk.wav", np.concatenate(talk)), " ".join([once] * len(SPEEDS))),
    }


def _scripts() -> Any:
    spec = importlib.util.spec_from_file_location("sample_audio", ROOT / "docs" / "sample_audio.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _decoded(path: Path, filters: str = "anull") -> Any:
    # Any: the package annotates nothing.
    tools: Any = imageio_ffmpeg
    command = [tools.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-af", filters]
    raw = subprocess.run([*command, "-f", "s16le", "-ac", "1", "-ar", "16000", "-"], check=True, capture_output=True)
    return np.frombuffer(raw.stdout, "<i2")


def _measured(command: list[str]) -> tuple[str, float, float, int]:
    """What it printed, wall and processor seconds of it and its children, and their largest common memory (RSS)."""
    before, began = os.times(), time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    peak, over = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.1):
            try:
                own = psutil.Process(process.pid)
                peak = max(peak, sum(one.memory_info().rss for one in [own, *own.children(recursive=True)]))
            except psutil.Error:  # one of them has just ended
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    heard, _ = process.communicate()
    wall_s = time.monotonic() - began
    over.set()
    watcher.join()
    after = os.times()
    used_s = after.children_user + after.children_system - before.children_user - before.children_system
    return heard, wall_s, used_s, peak


def _plain(text: str) -> str:
    return " ".join(_DIGITS.get(word, word) for word in words(text))


if __name__ == "__main__":
    main()
