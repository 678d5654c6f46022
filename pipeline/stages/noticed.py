"""What was noticed of an episode's recordings while they were prepared, and that only a person can settle.

It is kept in the stamps of mixing and deriving, and told until somebody writes down in episode.toml how it is, or the
episode is published. For two people whom one stereo microphone heard left and right no setting is true: neither is each
channel one speaker, nor does one speak alone. Then it is told until the publication.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import Problem
from pipeline.show import EPISODE_NAME, Episode
from pipeline.stages import stamps
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME

MIX_STAMP = "mix.stamp.json"
DERIVE_STAMP = "derive.stamp.json"
MIXED_NAME = "mixed.flac"
# A fact of the derive stamp: whether each channel of the recording looks as if it were one speaker.
APART = "one_speaker_per_channel"
# Recorders that are started and stopped by one program agree that well, and clocks that differ do so in an hour.
_SAME_LENGTH_MS = 1_000


def noticed(episode: Episode, folder: Path) -> tuple[Problem, ...]:
    """What to tell of an episode for which `folder` is its place in `build/`. Each kind is one line here."""
    return (
        *_starts_without_evidence(episode, folder),
        *_speakers_by_channel(episode, folder),
    )


def without_evidence(episode: Episode, folder: Path) -> frozenset[str]:
    """The files of which nothing but a person can tell when they begin; all of them before the first mix.

    For them an offset of 0 is what is done without one.
    """
    tracks = {one["speaker"]: one for one in _tracks(folder)}
    return frozenset(
        one.file
        for one in episode.recordings
        if not any(tracks[speaker].get("is_heard") for speaker in one.speakers if speaker in tracks)
    )


def _starts_without_evidence(episode: Episode, folder: Path) -> Iterator[Problem]:
    tracks = {one["speaker"]: one for one in _tracks(folder)}
    first = episode.recordings[0]
    first_ms = next((tracks[speaker].get("length_ms", 0) for speaker in first.speakers if speaker in tracks), 0)
    for one in episode.recordings[1:]:
        track = next((tracks[speaker] for speaker in one.speakers if speaker in tracks), {})
        shorter_s = (first_ms - track.get("length_ms", first_ms)) / 1000
        if track.get("how") != "assumed" or one.offset_ms is not None or abs(shorter_s) * 1000 <= _SAME_LENGTH_MS:
            continue
        yield Problem(
            f"{episode.folder / EPISODE_NAME} [[recordings]] {one.file}",
            f"it is taken to begin together with {first.file}, because neither is heard in the other; but it is "
            f"{abs(shorter_s):.1f} s {'shorter' if shorter_s > 0 else 'longer'}",
            f"Listen to {folder / MIXED_NAME}. Write offset = 0 there if they did begin together, else the seconds by "
            f"which it begins later (offset = {shorter_s:.1f} if they ended together)",
        )


def _speakers_by_channel(episode: Episode, folder: Path) -> Iterator[Problem]:
    one = episode.recordings[0]
    if not may_have_channels(episode) or not stamps.read(folder / DERIVE_STAMP).get("facts", {}).get(APART):
        return
    names = [*episode.people[:2]]
    write = (
        f'write channels = ["{names[0]}", "{names[1]}"] (left, right) there'
        if len(names) == 2
        else (
            'name both under hosts and guests, and write channels = ["...", "..."] there, their ids from left to right'
        )
    )
    afresh = f"; delete {MACHINE_NAME} and {TRANSCRIPT_NAME} to have it transcribed afresh"
    yield Problem(
        f"{episode.folder / EPISODE_NAME} [[recordings]] {one.file}",
        "it seems to have one speaker per channel, and is taken for one recording of everybody",
        f"To keep their names apart, {write}{afresh if (episode.folder / MACHINE_NAME).exists() else ''}",
    )


def may_have_channels(episode: Episode) -> bool:
    """Whether an episode has one recording of which nobody has said who is heard in it, and that may be taken apart."""
    return not (episode.has_tracks or episode.recordings[0].speaker or episode.keeps_audio or episode.is_taken_over)


def _tracks(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stamps.read(folder / MIX_STAMP).get("facts", {}).get("tracks", [])
    return found
