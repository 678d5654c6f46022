"""A whole run that is killed while it transcribes: the next one goes on at the last finished piece."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.audio.derive import stretch
from pipeline.stages.run import run
from pipeline.stages.status import State
from pipeline.transcribe import cutting
from pipeline.transcript import read_machine
from tests.conversations import two_tracks
from tests.episodes import NOW, SPEECH
from tests.processes import have_ended, workers
from tests.shows import SHOW
from tests.stages.test_mixing import TWO, make

pytestmark = pytest.mark.speech

ROOT = Path(__file__).parents[2]
SECONDS = 14
# Two pieces of seven seconds in the place of minutes.
LENGTHS = {"WHOLE_MS": 8_000, "_SEARCHED_MS": 1_000}
PROGRAM = f"""
import sys
from pathlib import Path
from pipeline.stages.run import run
from pipeline.transcribe import cutting
from tests.episodes import NOW
vars(cutting).update({LENGTHS})
run(Path(sys.argv[1]), NOW, lambda slug, stage, part: None)
"""


@pytest.mark.parametrize("tracks", [1, 2])
def test_a_run_killed_between_pieces_goes_on_at_the_last_finished_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tracks: int
) -> None:
    folder = make(tmp_path, TWO if tracks == 2 else '[[recordings]]\nfile = "both.wav"\n')
    if tracks == 2:
        two_tracks(folder, seconds=SECONDS)
    else:
        stretch(SPEECH, folder / "both.wav", 0, SECONDS * 1000)
    root = folder.parents[1]
    (folder.parent / "show.toml").write_text(f"{SHOW}\n[transcription]\nworkers = 1\n", "utf-8")
    pieces = root / "build" / "first-talk" / "pieces"
    killed_at = 2 * tracks - 1  # of two tracks in the second one

    killed = subprocess.Popen([sys.executable, "-c", PROGRAM, str(root)], cwd=ROOT)
    try:
        end = time.monotonic() + 240
        while len(kept := finished(pieces)) < killed_at:
            assert time.monotonic() < end
            assert killed.poll() is None, "it ended by itself"
            time.sleep(0.01)
        left = workers(killed.pid)
        killed.send_signal(signal.SIGKILL)
    finally:
        killed.wait()
    while not have_ended(left):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert not (folder / "machine.json").exists()
    # What was kept is known by a word that nobody said.
    marked = 0
    for path in kept:
        content = json.loads(path.read_bytes())
        if content["heard"]["segments"]:
            content["heard"]["segments"][0]["words"][0]["text"] = " Kept"
            path.write_text(json.dumps(content), "utf-8")
            marked += 1

    vars_of_cutting = vars(cutting)
    for name, length in LENGTHS.items():
        monkeypatch.setitem(vars_of_cutting, name, length)
    (status,) = run(root, NOW, lambda slug, stage, part: None).statuses
    assert status.state is State.WAITING
    words = read_machine(folder / "machine.json").words
    assert sum(one.text == " Kept" for one in words) == marked >= 1
    assert len(words) > 20
    assert words[-1].end_ms > 1000 * SECONDS - 3000
    assert not pieces.exists()
    assert not list((root / "build").rglob("*.wav"))
    assert run(root, NOW, lambda slug, stage, part: None).done == ()


def finished(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.json") if not path.name.startswith("."))
