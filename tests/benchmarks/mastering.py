"""Mastering against two-pass ffmpeg-normalize, on the same ten minutes and the same ffmpeg, in turns.

The sound is the sample's conversation, in two channels that differ, three times over, the quiet speaker 8 dB down: loud
and soft as interviews are. ffmpeg-normalize is installed for the occasion, into a folder of its own.

Run: .venv/bin/python -m tests.benchmarks.mastering [ROUNDS]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from pipeline.audio import ffmpeg

CONVERSATION = Path(__file__).parents[2] / "episodes" / "2026-11-how-we-check" / "interview.mp3"
UNEVEN = (
    "aloop=loop=2:size=2e9,volume='if(lt(mod(t,40),20),1,0.4)':eval=frame,"
    "aformat=channel_layouts=stereo,stereotools=balance_in=0.1"
)
OURS = """
import sys
from pathlib import Path
from pipeline.audio.master import master
from pipeline.show.settings import AudioSettings
settings = AudioSettings(channels="stereo", bitrate_kbps=128)
master(Path(sys.argv[1]), Path(sys.argv[2]), settings, intro=None, outro=None, report=lambda part: None)
"""


def main() -> None:
    """Print what both cost for an hour of sound, their largest process, and what came of it."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory(prefix="onrecord-") as scratch:
        folder = Path(scratch)
        venv.create(folder / "venv", with_pip=True)
        install = [str(folder / "venv/bin/python"), "-m", "pip", "install", "-q", "ffmpeg-normalize"]
        subprocess.run(install, check=True)
        source, target = folder / "source.wav", folder / "out.mp3"
        foreign = ffmpeg.foreign(CONVERSATION)
        ffmpeg.run([*foreign, "-af", UNEVEN, "-t", "600", "-ar", "44100", str(source)], subject=CONVERSATION)
        hours = source.stat().st_size / (44_100 * 4) / 3600
        theirs = [
            *(str(folder / "venv/bin/ffmpeg-normalize"), str(source), "-o", str(target), "-f", "-q"),
            *("-t", "-16", "-tp", "-1", "-lrt", "11", "-c:a", "libmp3lame", "-b:a", "128k", "-ar", "44100"),
        ]
        ways = {"ours": [sys.executable, "-c", OURS, str(source), str(target)], "ffmpeg-normalize": theirs}
        for _ in range(rounds):
            for way, command in ways.items():
                cpu_s, wall_s, peak_mb = _run(command)
                loudness_lufs, true_peak_dbtp = _heard(target)
                sys.stdout.write(
                    f"{way:17} cpu {cpu_s / hours:5.0f} s/h  wall {wall_s / hours:5.0f} s/h  peak {peak_mb:4.0f} MB  "
                    f"{loudness_lufs:6.1f} LUFS  {true_peak_dbtp:5.1f} dBTP  load {os.getloadavg()[0]:.1f}\n"
                )
                sys.stdout.flush()


def _run(command: list[str]) -> tuple[float, float, float]:
    """Processor and wall seconds of a program and its children, and the megabytes of the largest of them."""
    environment = os.environ | {"FFMPEG_PATH": str(ffmpeg.find().path)}
    began = time.monotonic()
    _, status, used = os.wait4(os.posix_spawn(command[0], command, environment), 0)
    assert status == 0, f"{command[0]} failed"
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss / 1000


def _heard(path: Path) -> tuple[float, float]:
    """Loudness and true peak of a finished file, by ffmpeg's own meter (EBU R128)."""
    meter = ["-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"]
    log = ffmpeg.run([*ffmpeg.own(path, "mp3"), *meter], subject=path).text
    found = re.search(r"I:\s+(-?[\d.]+) LUFS.*Peak:\s+(-?[\d.]+) dBFS", log, re.DOTALL)
    assert found is not None, log
    return float(found[1]), float(found[2])


if __name__ == "__main__":
    main()
