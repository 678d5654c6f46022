"""The one recording that everything else is made of: the file itself, or the mix of one per speaker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.digests import DigestCache
from pipeline.errors import InvalidEpisode, Problem
from pipeline.runner import Runner, Task, run_one
from pipeline.show import EPISODE_NAME, Episode
from pipeline.stages import costly, stamps
from pipeline.stages.noticed import MIX_STAMP, MIXED_NAME, may_have_channels
from pipeline.stages.status import build_folder
from pipeline.transcript import MACHINE_NAME

if TYPE_CHECKING:
    from pipeline.audio.tracks.mix import Track

# Raise it when there would be other bytes from the same tracks.
_MIX_VERSION = 1


@dataclass(frozen=True, slots=True)
class Source:
    """What is mastered and listened to. `key` changes with its content.

    `voices` are the files of each speaker alone, by the person's id, where there are tracks; they are there only
    until they have been transcribed.
    """

    path: Path
    key: str
    voices: tuple[tuple[str, Path], ...] = ()


def recording_of(root: Path, episode: Episode) -> Path:
    """The file in which the whole episode is heard. Raises InvalidEpisode where tracks have not been mixed yet."""
    if not episode.has_tracks:
        return episode.folder / episode.recordings[0].file
    mixed = build_folder(root) / episode.slug / MIXED_NAME
    if not mixed.is_file():
        raise InvalidEpisode(
            Problem(str(episode.folder / EPISODE_NAME), "its recordings have not been mixed yet", "Run make pipeline")
        )
    return mixed


def described(root: Path, episode: Episode, known: DigestCache) -> Source:
    """The episode's one recording as it will be, whether or not it has been mixed yet."""
    if not episode.has_tracks:
        recording = episode.folder / episode.recordings[0].file
        return Source(recording, known.digest(recording))
    folder = build_folder(root) / episode.slug
    key = stamps.key_of(
        version=_MIX_VERSION,
        recordings=[
            [known.digest(episode.folder / one.file), list(one.speakers), one.offset_ms] for one in episode.recordings
        ],
    )
    speakers = [speaker for one in episode.recordings for speaker in one.speakers]
    voices = ((speaker, folder / f"voice-{number}.wav") for number, speaker in enumerate(speakers, 1))
    return Source(folder / MIXED_NAME, key, tuple(voices))


def is_mixed(root: Path, episode: Episode, source: Source) -> bool:
    """Whether the file of `source` is there, made from these recordings."""
    return not episode.has_tracks or stamps.is_fresh(build_folder(root) / episode.slug / MIX_STAMP, source.key)


def source_of(
    root: Path,
    episode: Episode,
    known: DigestCache,
    done: list[str],
    report: Callable[[float], None],
    runner: Runner,
    *,
    voices_are_needed: bool,
) -> Source:
    """The episode's one recording, mixed by `runner` where each speaker has one. `report` gets the part done, 0 to 1.

    Raises InvalidEpisode where `channels` does not fit the file, and what mixing raises.
    """
    source = described(root, episode, known)
    if is_mixed(root, episode, source) and (not voices_are_needed or all(path.exists() for _, path in source.voices)):
        return source
    folder = build_folder(root) / episode.slug
    tracks = list(_tracks(episode))
    folder.mkdir(parents=True, exist_ok=True)
    names = {one.path: f"track-{number + 1}" for number, one in enumerate(tracks)}
    task = Task(
        costly.MIX,
        {
            "tracks": [[names[one.path], one.speaker, one.channel, one.offset_ms] for one in tracks],
            "is_transcribed": (episode.folder / MACHINE_NAME).exists(),
        },
        inputs={name: path for path, name in names.items()},
        outputs={"mixed": source.path, **{path.stem: path for _, path in source.voices}},
    )
    found = run_one(runner, f"{episode.slug}: mixing the speakers", task, report)
    stamps.write(folder / MIX_STAMP, source.key, [source.path.name], facts={"tracks": [_facts(one) for one in found]})
    done.append(f"{episode.slug}: {len(tracks)} tracks mixed ({'; '.join(_told(one) for one in found)})")
    return source


def is_one_speaker_per_channel(episode: Episode, report: Callable[[float], None], runner: Runner) -> bool:
    """Whether it looks like that in an episode's one recording, where nobody has said who is heard in it."""
    if not may_have_channels(episode):
        return False
    task = Task(costly.LOOK_AT_CHANNELS, None, inputs={"recording": episode.folder / episode.recordings[0].file})
    return bool(run_one(runner, f"{episode.slug}: looking at the channels", task, report))


def remove_voices(source: Source) -> None:
    """Delete the files of single speakers, which only the engine needs."""
    for _, path in source.voices:
        path.unlink(missing_ok=True)


def _tracks(episode: Episode) -> Iterator[Track]:
    from pipeline.audio.probe import probe
    from pipeline.audio.tracks.mix import Track

    for one in episode.recordings:
        path = episode.folder / one.file
        if not one.channels:
            assert one.speaker is not None  # noqa: S101 - the show is not loaded without
            yield Track(path, one.speaker, offset_ms=one.offset_ms)
            continue
        there = probe(path).channels
        if there != len(one.channels):
            raise InvalidEpisode(
                Problem(
                    str(episode.folder / EPISODE_NAME),
                    f"channels names {len(one.channels)} people, and {one.file} has {there} "
                    f"channel{'' if there == 1 else 's'}",
                    "Name one person per channel, from the first (left) on, or delete channels",
                )
            )
        for channel, person in enumerate(one.channels):
            yield Track(path, person, channel, one.offset_ms)


def _facts(voice: Mapping[str, Any]) -> dict[str, object]:
    placed = voice["placement"]
    return {
        "speaker": voice["speaker"],
        "length_ms": voice["length_ms"],
        "start_samples": placed["start"],
        "drift_ppm": placed["drift_ppm"],
        "how": placed["how"],
        "is_heard": placed["is_heard"],
        "speech_ms": voice["speech_ms"],
        "loudness_lufs": voice["loudness_lufs"],
        "gain_db": voice["gain_db"],
    }


def _told(voice: Mapping[str, Any]) -> str:
    from pipeline.audio.chain import SAMPLE_RATE_HZ

    placed = voice["placement"]
    start = f"{voice['speaker']} from {placed['start'] / SAMPLE_RATE_HZ:.3f} s"
    if drift_ppm := placed["drift_ppm"]:
        start += f", clock {abs(drift_ppm):.1f} ppm {'fast' if drift_ppm > 0 else 'slow'}"
    words = {"first": "", "measured": ", measured", "given": ", as given", "assumed": ", taken to begin with the first"}
    return start + words[placed["how"]] + ("" if voice["speech_ms"] else ", silent throughout")
