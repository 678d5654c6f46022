"""Mastering against two-pass ffmpeg-normalize, on the same ten minutes and the same ffmpeg, in turns.

The sound is the sample's conversation, in two channels that differ, three times over, the quiet speaker 8 dB down: loud
and soft as interviews are. ffmpeg-normalize is installed for the occasion, into a folder of its own.

Run: .venv/bin/python -m tests.benchmarks mastering [--rounds N]
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import tempfile
import venv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pipeline.audio import ffmpeg
from tests.benchmarks.costs import Cost, cost
from tests.benchmarks.rows import OURS, Asked, Row

THEIRS = "ffmpeg-normalize"
HERE = Path(__file__).resolve().parents[2]
CONVERSATION = HERE / "episodes" / "2026-11-how-we-check" / "interview.mp3"
UNEVEN = (
    "aloop=loop=2:size=2e9,volume='if(lt(mod(t,40),20),1,0.4)':eval=frame,"
    "aformat=channel_layouts=stereo,stereotools=balance_in=0.1"
)
OUR_MASTER = """
import sys
from pathlib import Path
from pipeline.audio.master import master
from pipeline.show.settings import AudioSettings
settings = AudioSettings(channels="stereo", bitrate_kbps=128)
master(Path(sys.argv[1]), Path(sys.argv[2]), settings, intro=None, outro=None, report=lambda part: None)
"""


def rows(asked: Asked) -> Iterator[Row]:
    """What both cost for an hour of sound (medians), their largest process, and what came of it."""
    with tempfile.TemporaryDirectory(prefix="onrecord-") as scratch:
        folder = Path(scratch)
        source, target = folder / "source.wav", folder / "out.mp3"
        foreign, seconds = ffmpeg.foreign(CONVERSATION), str(asked.size(600, 20))
        ffmpeg.run([*foreign, "-af", UNEVEN, "-t", seconds, "-ar", "44100", str(source)], subject=CONVERSATION)
        hours = source.stat().st_size / (44_100 * 4) / 3600
        what = "an hour of stereo"
        ways = {OURS: [sys.executable, "-c", OUR_MASTER, str(source), str(target)]}
        try:
            ways[THEIRS] = _theirs(folder, source, target)
        except subprocess.CalledProcessError:
            yield Row(what, THEIRS, left_out="pip could not install it")
        runs: dict[str, list[tuple[Cost, float, float]]] = defaultdict(list)
        for _ in range(asked.rounds):
            for way, command in ways.items():
                used = cost(command, HERE, more={"FFMPEG_PATH": str(ffmpeg.find().path)})
                runs[way].append((used, *_heard(target)))
        for way, found in runs.items():
            yield Row(
                what,
                way,
                wall_s=statistics.median(used.wall_s for used, _, _ in found) / hours,
                cpu_s=statistics.median(used.cpu_s for used, _, _ in found) / hours,
                peak_mb=max(used.peak_mb for used, _, _ in found),
                note=f"{found[-1][1]:.1f} LUFS (asked: -16), {found[-1][2]:.1f} dBTP (asked: -1)",
            )


def _theirs(folder: Path, source: Path, target: Path) -> list[str]:
    venv.create(folder / "venv", with_pip=True)
    install = [str(folder / "venv/bin/python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", THEIRS]
    subprocess.run(install, check=True)
    return [
        *(str(folder / "venv/bin" / THEIRS), str(source), "-o", str(target), "-f", "-q"),
        *("-t", "-16", "-tp", "-1", "-lrt", "11", "-c:a", "libmp3lame", "-b:a", "128k", "-ar", "44100"),
    ]


def _heard(path: Path) -> tuple[float, float]:
    """Loudness and true peak of a finished file, by ffmpeg's own meter (EBU R128)."""
    meter = ["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    log = ffmpeg.run([*ffmpeg.own(path, "mp3"), *meter], subject=path).text
    found = re.search(r"I:\s+(-?[\d.]+) LUFS.*Peak:\s+(-?[\d.]+) dBFS", log, re.DOTALL)
    assert found is not None, log
    return float(found[1]), float(found[2])
