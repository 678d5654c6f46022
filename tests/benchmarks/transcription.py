"""Transcription against plain faster-whisper, openai-whisper and whisper.cpp: the same weights and speech, in turns.

The speech is the two recordings of the sample show with their scripts (synthetic voices), and what the tests fetch of
people: 25 s of one who reads and 30 s of two who talk on the telephone, each at ten speeds so that ten hearings of it
differ. openai-whisper is measured where `.setup/openai-whisper` has made its environment; whisper.cpp where
`whisper-cli` is on the PATH and WHISPER_CPP_MODEL names its form of `base`.

Run: .venv/bin/python -m tests.benchmarks transcription [--rounds N]
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import psutil  # type: ignore[import-untyped]  # it ships no types

from pipeline.transcribe.sound import speech_ms
from pipeline.transcribe.weights import find
from tests.benchmarks.rows import OURS, Asked, Row
from tests.real_speech import NotHere, Spoken, readings, telephone
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
OUR_HEARING = """
import sys
from pathlib import Path
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.transcribe import transcribe
print(transcribe(Path(sys.argv[1]), audio_digest="", settings=TranscriptionSettings(), language="en", hotwords=(),
    report=lambda part: None, pieces_folder=Path(sys.argv[2])).text)
"""
# Its Python default: greedy, float32, all cores. It is given samples, or it would need an ffmpeg.
REFERENCE = """
import sys, wave, numpy, whisper
model = whisper.load_model(sys.argv[1], device="cpu")
with wave.open(sys.argv[2]) as file:
    samples = numpy.frombuffer(file.readframes(file.getnframes()), "<i2").astype("float32") / 32768
print(whisper.transcribe(model, samples, language="en", fp16=False)["text"])
"""
CHECKPOINT = """
from pipeline.transcribe import checkpoint, weights
print(checkpoint.checkpoint(weights.find("base", engine="faster-whisper")))
"""
_NAMES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_DIGITS = {str(number): name for number, name in enumerate(_NAMES)}


@dataclass(frozen=True)
class Run:
    """One hearing of one recording; `error` is the word error rate."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    error: float


def rows(asked: Asked) -> Iterator[Row]:
    """What each way of hearing costs for an hour of sound and gets wrong, and a picture of it in `asked.folder`."""
    runs: dict[tuple[str, str], list[Run]] = defaultdict(list)
    hours: dict[str, float] = {}
    yield from (Row("all recordings", way, left_out=why) for way, why in _missing().items())
    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        speech, failures = _speech(Path(folder), SPEEDS[: asked.size(len(SPEEDS), 1)], is_whole=not asked.is_quick)
        yield from failures
        for name, (sound, said) in speech.items():
            hours[name] = speech_ms(sound) / 3_600_000
            for number in range(asked.rounds):
                for way, command in _ways(sound, Path(folder) / f"{name}-{number}").items():
                    heard, wall_s, cpu_s, peak = _measured(command)
                    run = Run(wall_s, cpu_s, peak / 1e6, word_error_rate(_plain(said), _plain(heard)))
                    runs[name, way].append(run)
                    sys.stderr.write(f"{name}, {way}: {run}, load {os.getloadavg()[0]:.1f}\n")
            yield from (_row(name, way, found, hours[name]) for (one, way), found in runs.items() if one == name)
    if hours:
        _draw(runs, hours, Path(asked.folder) / "transcription.svg")


def _row(name: str, way: str, found: Sequence[Run], hours: float) -> Row:
    """Medians, for an hour of sound; memory is that of all processes together."""
    return Row(
        f"an hour of {name} ({hours * 60:.1f} min heard)",
        way,
        wall_s=statistics.median(one.wall_s for one in found) / hours,
        cpu_s=statistics.median(one.cpu_s for one in found) / hours,
        peak_mb=max(one.peak_mb for one in found),
        note=f"errors {statistics.median(one.error for one in found):.1%}",
    )


def _missing() -> dict[str, str]:
    """Ways that cannot be measured here, with the reason."""
    missing = {}
    if not _reference().is_file():
        missing["openai-whisper"] = "not installed here; make test-openai-whisper installs it"
    if not shutil.which("whisper-cli") or not os.environ.get("WHISPER_CPP_MODEL"):
        missing["whisper.cpp"] = "no whisper-cli on the PATH, or WHISPER_CPP_MODEL does not name its form of base"
    return missing


def _reference() -> Path:
    return Path(f"{sys.prefix}-openai-whisper") / "bin" / "python"


def _ways(speech: Path, kept: Path) -> dict[str, list[str]]:
    cores = str(len(os.sched_getaffinity(0)))
    weights = str(find("base", engine="faster-whisper").path)
    plain = [sys.executable, "-c", PLAIN, weights, str(speech), cores]
    ways = {
        OURS: [sys.executable, "-c", OUR_HEARING, str(speech), str(kept)],
        "faster-whisper": [*plain, "none"],
        "faster-whisper, word times": [*plain, "words"],
    }
    reference = _reference()
    if reference.is_file():
        made = subprocess.run([reference, "-c", CHECKPOINT], cwd=ROOT, check=True, capture_output=True, text=True)
        ways["openai-whisper"] = [str(reference), "-c", REFERENCE, made.stdout.strip(), str(speech)]
    program, model = shutil.which("whisper-cli"), os.environ.get("WHISPER_CPP_MODEL")
    if program and model:
        ways["whisper.cpp"] = [program, "-m", model, "-f", str(speech), "-t", cores, "-l", "en", "-nt", "-np"]
    return ways


def _draw(runs: Mapping[tuple[str, str], Sequence[Run]], hours: Mapping[str, float], picture: Path) -> None:
    """Time and errors of each way; left and low is better."""
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(hours), squeeze=False)[0]
    for axis, name in zip(axes, hours, strict=True):
        for way in (way for recording, way in runs if recording == name):
            minutes = statistics.median(one.wall_s for one in runs[name, way]) / hours[name] / 60
            error_percent = statistics.median(one.error for one in runs[name, way]) * 100
            axis.scatter([minutes], [error_percent], label=way, marker="D" if way == OURS else "o")
        axis.set(title=name, xlabel="minutes for an hour of sound", ylabel="words wrong, %")
        axis.set_xlim(0, 1.1 * axis.get_xlim()[1])
        axis.set_ylim(0, 1.1 * axis.get_ylim()[1])
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    with matplotlib.rc_context({"svg.hashsalt": "onrecord"}):
        figure.savefig(picture, metadata={"Date": None})


def _speech(folder: Path, speeds: Sequence[float], *, is_whole: bool) -> tuple[dict[str, tuple[Path, str]], list[Row]]:
    """The recordings with what is said in them; and rows for those that cannot be fetched."""
    found: dict[str, tuple[Path, str]] = {}
    failures: list[Row] = []
    if is_whole:
        found["narration"] = _narration(folder)
    people: dict[str, Callable[[], Sequence[Spoken]]] = {"reader": readings, "telephone": lambda: (telephone(),)}
    for name, fetch in people.items():
        try:
            spoken = fetch()
        except (NotHere, subprocess.CalledProcessError) as error:
            failures.append(Row(f"an hour of {name}", "", left_out=str(error)))
            continue
        sound = write_wav(folder / f"{name}.wav", _at_speeds([one.path for one in spoken], speeds))
        found[name] = (sound, " ".join([one.text for one in spoken] * len(speeds)))
    return found, failures


def _narration(folder: Path) -> tuple[Path, str]:
    scripts = _scripts()
    read, said = [], []
    for episode in sorted((ROOT / "episodes").iterdir()):
        script = next((one for one in scripts.SCRIPTS if episode.is_dir() and episode.name in one.output), None)
        if script is not None:
            (recording,) = [one for one in episode.iterdir() if one.suffix in {".mp3", ".flac", ".wav"}]
            read += [_decoded(recording), PAUSE]
            said += [re.sub(scripts.MARKED_WORD, r"\1", line.words) for line in script.lines]
    return write_wav(folder / "narration.wav", np.concatenate(read)), " ".join(said)


def _at_speeds(recordings: Sequence[Path], speeds: Sequence[float]) -> Any:
    """`recordings` one after another, all of it at each speed; higher and lower too, as if others spoke."""
    parts = []
    for speed in speeds:
        parts += [_decoded(one, f"asetrate={int(16_000 * speed)},aresample=16000") for one in recordings]
        parts.append(PAUSE)
    return np.concatenate(parts)


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
