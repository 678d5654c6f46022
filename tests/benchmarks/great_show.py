"""A long-lived show, made up: as many episodes as asked for, transcribed, approved, mastered, ready to be published.

Each has 6,000 words in 150 turns and 200 words of notes, all its own. The recording is one short real MP3, and the
masters, review copies and waveforms are links to those of the first episode: what is measured is publishing.

Run: .venv/bin/python -m tests.benchmarks.great_show FOLDER EPISODES
"""

from __future__ import annotations

import json
import os
import random
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline import files
from pipeline.audio.derive import stretch
from pipeline.review import approvals
from pipeline.show import load_show
from pipeline.stages.run import run
from pipeline.stages.status import read_episode, remembered_digests
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord, machine_to_bytes
from tests.benchmarks.search import Speaker
from tests.episodes import ADA, SPEECH
from tests.shows import SHOW, artwork

TURNS, WORDS_OF_TURN, NOTES_WORDS = 150, 40, 200
NOW = datetime(2025, 1, 1, 12, 0, tzinfo=UTC)
_GUESTS, _SOURCES, _EACH_WEEK = 60, 300, 5
_RECORDING = "interview.mp3"
_PREPARED = ("master.mp3", "master.stamp.json", "derive.stamp.json", "proxy.m4a", "peaks.json")


@dataclass(frozen=True)
class Talk:
    """One made episode: what was said, by turns of two speakers, and what is written about it."""

    number: int
    title: str
    summary: str
    guest: int
    published_at: datetime
    turns: tuple[str, ...]
    notes: str

    @property
    def slug(self) -> str:
        """Its folder."""
        return f"talk-{self.number:05d}"


def talk(number: int, count: int, speaker: Speaker) -> Talk:
    """The talk of that number, the same each time; the last of `count` was published a few days ago."""
    chance = random.Random(number)  # noqa: S311  made words, the same on each run
    speaker.begin(number)
    turns = tuple(" ".join(speaker.says(WORDS_OF_TURN)) for _ in range(TURNS))
    notes = [" ".join(speaker.says(NOTES_WORDS // 4)) for _ in range(4)]
    notes[1] += f" [@work-{chance.randrange(_SOURCES)}]"
    notes[2] += f" [@work-{chance.randrange(_SOURCES)}]"
    return Talk(
        number,
        " ".join(speaker.says(6)).replace(".", ""),
        " ".join(speaker.says(25)),
        chance.randrange(_GUESTS),
        NOW.replace(hour=6) - timedelta(days=7 * (count - number) // _EACH_WEEK + 1, minutes=number % 60),
        turns,
        "\n\n".join(notes) + "\n",
    )


def make(root: Path, count: int) -> None:
    """Make the show in the folder `root`, which must not be there."""
    episodes = root / "episodes"
    episodes.mkdir(parents=True)
    _write_shared(episodes)
    speaker = Speaker()
    _write(root, talk(1, count, speaker))
    run(root, NOW, lambda slug, what, part: None)  # masters the one recording
    for number in range(2, count + 1):
        _write(root, talk(number, count, speaker))
        build = root / "build" / f"talk-{number:05d}"
        build.mkdir()
        for name in _PREPARED:
            os.link(root / "build" / "talk-00001" / name, build / name)
    show, digests = load_show(root), remembered_digests(root)
    for episode in show.episodes:
        subject = read_episode(show, episode, digests).subject
        approvals.approve(episode, subject, by=ADA, at=NOW - timedelta(days=1), evidence={"heard_percent": 100})


def _write_shared(episodes: Path) -> None:
    guests = [
        f'[guest-{number}]\nname = "Guest Number{number}"\norganisation = "Archive {number}"\n'
        for number in range(_GUESTS)
    ]
    works = [
        {
            "id": f"work-{number}",
            "type": "report",
            "title": f"The report of the year, part {number}",
            "publisher": "The Archive",
            "issued": {"date-parts": [[2020, 1 + number % 12]]},
            "URL": f"https://archive.example/{number}",
        }
        for number in range(_SOURCES)
    ]
    files.write_text(episodes / "show.toml", SHOW)
    files.write_text(episodes / "people.toml", '[ada-host]\nname = "Ada Host"\nrole = "Host"\n\n' + "\n".join(guests))
    files.write_text(episodes / "sources.json", files.readable_json(works))
    files.write_bytes(episodes / "artwork.png", artwork())


def _write(root: Path, one: Talk) -> None:
    folder = root / "episodes" / one.slug
    folder.mkdir()
    first = root / "episodes" / "talk-00001" / _RECORDING
    if one.number == 1:
        stretch(SPEECH, folder / _RECORDING, 0, 12_000)
    else:
        os.link(first, folder / _RECORDING)
    names = ("Ada Host", f"Guest Number{one.guest}")
    text = "\n\n".join(f"[{_stamp(turn)}] **{names[turn % 2]}**\n{said}" for turn, said in enumerate(one.turns))
    (folder / "transcript.md").write_text(text + "\n", "utf-8")
    (folder / "notes.md").write_text(one.notes, "utf-8")
    (folder / "machine.json").write_bytes(_machine(one, files.digest_file(first)))
    (folder / "episode.toml").write_text(
        f"title = {json.dumps(one.title)}\n"
        f'guid = "7b0c6a3e-0000-4000-8000-{one.number:012d}"\n'
        f"summary = {json.dumps(one.summary)}\n"
        f"published_at = {one.published_at.isoformat()}\n"
        f'hosts = ["ada-host"]\nguests = ["guest-{one.guest}"]\n\n[[recordings]]\nfile = "{_RECORDING}"\n',
        "utf-8",
    )


def _stamp(turn: int) -> str:
    seconds = 16 * turn
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.000"


def _machine(one: Talk, digest: str) -> bytes:
    """What an engine would have heard: the same words, spoken evenly."""
    segments = [
        MachineSegment(
            tuple(
                MachineWord(f" {word}", 16_000 * turn + 390 * place, 16_000 * turn + 390 * place + 350, 0.9)
                for place, word in enumerate(said.split())
            ),
            -0.2,
            1.2,
            0.01,
        )
        for turn, said in enumerate(one.turns)
    ]
    return machine_to_bytes(
        MachineTranscript(
            1, "faster-whisper", "1.2.1", "base", files.digest_bytes(b"weights"), "en", 1.0, digest,
            16_000 * TURNS, (), tuple(segments),
        )
    )  # fmt: skip


if __name__ == "__main__":
    make(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
