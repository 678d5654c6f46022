"""Whose voice is in which recording: what `[[recordings]]` may say, and what it must where there are several."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from pipeline.errors import Problem
from pipeline.show.models import Episode
from pipeline.show.places import line_in_toml


def recording_problems(episode: Episode, path: Path) -> Iterator[Problem]:
    """What is wrong with the recordings of an episode; `path` is its episode.toml."""
    if episode.keeps_audio and episode.has_tracks:
        yield Problem(
            _where(path, 0, "file"),
            "an imported episode has one finished recording, and here are several voices to mix",
            "Write keep_audio = false under [imported], or name the one recording",
        )
    known: set[str] = set()
    files: set[str] = set()
    first_offset_ms = episode.recordings[0].offset_ms
    if first_offset_ms:
        yield Problem(
            _where(path, 0, "offset"),
            "the first recording has an offset, and offsets count from where it begins",
            "Delete it, and give the others theirs",
        )
    for index, one in enumerate(episode.recordings):
        field = "channels" if one.channels else "speaker"
        where = partial(_where, path, index, field)  # looked for only where something is wrong
        if one.file in files:
            yield Problem(
                _where(path, index, "file"),
                f"{one.file} is named twice",
                'Name it once; where each channel is one speaker, write channels = ["...", "..."]',
            )
        files.add(one.file)
        if one.channels and one.speaker:
            yield Problem(where(), "it has both speaker and channels", "Keep channels where each has one of their own")
        if len(one.channels) == 1:
            yield Problem(where(), "channels names one person only", "Write speaker instead, or name everybody")
        if len(episode.recordings) > 1 and not one.speakers:
            yield Problem(
                _where(path, index, "file"),
                "there are several recordings, and it is not said who speaks in this one",
                'Add speaker = "...", the id of a host or guest; where several speak in it, mix them to one file',
            )
        for person in one.speakers:
            if person not in episode.people:
                yield Problem(
                    where(), f"the speaker “{person}” is neither host nor guest", "Add the id to hosts or guests"
                )
            if person in known:
                yield Problem(
                    where(),
                    f"the speaker “{person}” already has a recording",
                    "One recording per speaker: join the parts to one file",
                )
            known.add(person)


def _where(path: Path, index: int, field: str) -> str:
    return f"{path}:{line_in_toml(path.read_text('utf-8'), ('recordings', index, field))}"
