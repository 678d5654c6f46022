"""The costly work on audio as tasks of `pipeline.runner`: they run in child processes, or on other machines.

Each gets JSON and files, writes files, and returns JSON; no show is known here, and nothing of the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

MASTER, DERIVE = "pipeline.stages.costly:master", "pipeline.stages.costly:derive"
TELL_APART = "pipeline.stages.costly:tell_apart"
MIX, LOOK_AT_CHANNELS = "pipeline.stages.costly:mix", "pipeline.stages.costly:look_at_channels"

Files = Mapping[str, Path]
Part = Callable[[float], None]

# Of the time for a recording in which something is struck out, the share of striking.
_STRIKING = 0.2


def master(payload: Mapping[str, Any], files: Files, report: Part) -> dict[str, Any]:
    """Write `master` from `recording`, without what is `struck` in it; `intro` and `outro` where there are some."""
    from pipeline.audio import master as mastering
    from pipeline.audio.strike import Struck, strike
    from pipeline.show.settings import AudioSettings

    recording, target = files["recording"], files["master"]
    without = target.with_name("struck.flac")
    try:
        if payload["struck"]:
            struck = [Struck(*one) for one in payload["struck"]]
            strike(recording, without, struck, report=lambda part: report(part * _STRIKING))
            recording = without
        done = _STRIKING if payload["struck"] else 0.0
        mastered = mastering.master(
            recording,
            target,
            AudioSettings.model_validate(payload["settings"]),
            intro=files.get("intro"),
            outro=files.get("outro"),
            report=lambda part: report(done + part * (1 - done)),
        )
    finally:
        without.unlink(missing_ok=True)
    return asdict(mastered)


def derive(payload: Mapping[str, Any], files: Files, report: Part) -> None:
    """Write `proxy`, `speech` and `peaks` from `recording`."""
    from pipeline.audio.derive import derive as deriving

    deriving(files["recording"], proxy=files["proxy"], speech=files["speech"], peaks=files["peaks"], report=report)


def mix(payload: Mapping[str, Any], files: Files, report: Part) -> list[dict[str, Any]]:
    """Write `mixed` and each speaker's `voice-N` from the `tracks`: of each its file, speaker, channel and offset.

    `is_transcribed` says whether there are words on their time line already.
    """
    from pipeline.audio.tracks.mix import Track
    from pipeline.audio.tracks.mix import mix as mixing

    tracks = [
        Track(files[name], speaker, channel, offset_ms) for name, speaker, channel, offset_ms in payload["tracks"]
    ]
    voices = [files[f"voice-{number + 1}"] for number in range(len(tracks))]
    found = mixing(tracks, files["mixed"], voices, report=report, is_transcribed=payload["is_transcribed"])
    return [asdict(voice) for voice in found]


def tell_apart(payload: Mapping[str, Any], files: Files, report: Part) -> dict[str, Any]:
    """Who speaks when in `speech`, by the diarizer of the `settings`; `voices` is how many there are, or None.

    What they sound like leaves this process only where `prints` asks for it.
    """
    from pipeline.show.settings import TranscriptionSettings
    from pipeline.transcribe.voices.diarizer import open_diarizer

    diarizer = open_diarizer(TranscriptionSettings.model_validate(payload["settings"]))
    found = diarizer.tell_apart(files["speech"], voices=payload["voices"], report=report)
    return {
        "diarizer": f"{diarizer.name} {diarizer.version}",
        "low_margin": diarizer.low_margin,
        "turns": [[turn.start_ms, turn.end_ms, turn.voice, turn.margin] for turn in found.turns],
        "prints": [list(one) for one in found.prints] if payload["prints"] else [],
    }


def look_at_channels(payload: Mapping[str, Any], files: Files, report: Part) -> bool:
    """Whether `recording` looks as if it had one speaker per channel."""
    from pipeline.audio.tracks.stereo import is_one_speaker_per_channel

    return is_one_speaker_per_channel(files["recording"], report=report)
