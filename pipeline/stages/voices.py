"""Voices in one recording: told apart before it is transcribed, and suggested to the editor where they spoke before."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.align import align
from pipeline.errors import OnRecordError
from pipeline.review.services import VoiceSuggestion
from pipeline.runner import Runner, Task, run_one
from pipeline.show import WITHDRAWN_NAME, Episode, Show
from pipeline.stages.costly import TELL_APART
from pipeline.stages.status import build_folder, read_episode, remembered_digests
from pipeline.transcribe.voices.assign import assign, voice_name
from pipeline.transcribe.voices.diarizer import Print, ToldApart, Turn, is_version_here
from pipeline.transcribe.voices.prints import ALIKE, VERY_ALIKE, VoicePrints, likeness, read_prints, write_prints
from pipeline.transcript import MACHINE_NAME, TRANSCRIPT_NAME, MachineTranscript, read_machine, read_transcript

PRINTS_FOLDER = "voice-prints"
_TURNS_NAME = "turns.json"
_MOSTLY = 0.8  # of a voice's words stand under one name: then it is that person's
_SUGGESTIONS_MAX = 2
_MEMORY_BYTES = 1_500_000_000  # of which an hour of speech is 0.5 GB


@dataclass(frozen=True)
class Voices:
    """What a diarizer found in a recording; `diarizer` is its name and version."""

    diarizer: str
    low_margin: float
    found: ToldApart


def tell_apart(
    show: Show,
    episode: Episode,
    speech: Path,
    runner: Runner,
    report: Callable[[float], None],
    *,
    audio_digest: str,
    folder: Path,
) -> Voices | None:
    """Listen for who speaks when, where show.toml names a diarizer and several people may be in one recording.

    It comes before transcription, so that what is missing for it is known before the long work. What was found is kept
    in `folder` with the pieces, so that a run that is killed need not listen again. Raises MissingTool, ToolFailed.
    """
    settings, count = show.settings.transcription, _expected(episode)
    prints_path = _prints_path(show.root, episode.slug)
    if settings.diarizer == "none" or episode.has_tracks or episode.recordings[0].speaker or count == 1:
        prints_path.unlink(missing_ok=True)
        return None
    prints = _may_be_remembered(show, episode)
    key = files.digest_json({"audio": audio_digest, "diarizer": settings.diarizer, "voices": count, "prints": prints})
    if kept := _kept(folder / _TURNS_NAME, key, prints_path, audio_digest):
        return kept
    # What an earlier transcription left sounds like voices that may be numbered otherwise now.
    prints_path.unlink(missing_ok=True)
    payload = {"settings": {"diarizer": settings.diarizer}, "voices": count, "prints": prints}
    task = Task(TELL_APART, payload, inputs={"speech": speech}, threads=2, memory_bytes=_MEMORY_BYTES, gpu=True)
    found = run_one(runner, episode.slug, task, report)
    voices = _voices(found, tuple(tuple(one) for one in found["prints"]))
    if voices.found.prints:
        write_prints(prints_path, _named_prints(voices, audio_digest))
    facts = {name: found[name] for name in ("diarizer", "low_margin", "turns")}
    kept_as = {"key": key, "found": facts, "prints": len(voices.found.prints)}  # never what voices sound like
    files.write_text(folder / _TURNS_NAME, files.readable_json(kept_as))
    return voices


def under_voices(show: Show, episode: Episode, machine: MachineTranscript, voices: Voices) -> MachineTranscript:
    """The machine's words under their voices; what these sound like is kept where that is allowed."""
    if not voices.found.turns:
        return machine
    segments = assign(machine.segments, voices.found.turns, low_margin=voices.low_margin)
    if voices.found.prints and _may_be_remembered(show, episode):
        write_prints(_prints_path(show.root, episode.slug), _named_prints(voices, machine.audio_digest))
    return replace(machine, segments=segments, diarizer=voices.diarizer)


def forget_voices(show: Show, today: date) -> int:
    """Delete every voice print that may not be kept on that day, or whose episode is gone; how many there were."""
    episodes = {one.slug: one for one in show.episodes}
    gone = [path for path in _all_prints(show.root) if not _is_kept(show, episodes.get(path.stem), path.stem, today)]
    for path in gone:
        path.unlink(missing_ok=True)
    return len(gone)


def voice_suggestions(show: Show, episode: Episode) -> Iterator[VoiceSuggestion]:
    """Who the voices of an episode may be: people whose voices in other episodes, named and approved, sound like them.

    Only a likeness: nothing is named by it.
    """
    own = read_prints(_prints_path(show.root, episode.slug)) if _may_be_remembered(show, episode) else None
    if own is None:
        return
    digests = remembered_digests(show.root)
    names: dict[str, dict[str, str]] = {}
    others = {one.slug: one for one in show.episodes if one.slug != episode.slug and _may_be_remembered(show, one)}
    known = {
        path.stem: prints
        for path in _all_prints(show.root)
        if path.stem in others and (prints := read_prints(path)) is not None and prints.diarizer == own.diarizer
    }
    for voice, sound in own.voices.items():
        near = sorted(
            (
                (likeness(sound, other), slug, other_voice)
                for slug, prints in known.items()
                for other_voice, other in prints.voices.items()
            ),
            reverse=True,
        )
        offered: list[str] = []
        for alike, slug, other_voice in near:
            if alike < ALIKE or len(offered) == _SUGGESTIONS_MAX:
                break
            if slug not in names:
                approved = read_episode(show, others[slug], digests).verdict.holds
                names[slug] = _names_of_voices(others[slug], known[slug].audio_digest) if approved else {}
            name = names[slug].get(other_voice)
            if name and name not in offered:
                offered.append(name)
                yield VoiceSuggestion(voice, name, others[slug].title, round(100 * alike), alike >= VERY_ALIKE)


def _kept(path: Path, key: str, prints_path: Path, audio_digest: str) -> Voices | None:
    """What an earlier run found by the same diarizer; None where that is not whole any more."""
    try:
        content = json.loads(path.read_bytes())
        found, count = content["found"], content["prints"]
        if content["key"] != key or not is_version_here(found["diarizer"]):
            return None
        sounds: tuple[Print, ...] = ()
        if count:
            prints = read_prints(prints_path)
            if prints is None or (prints.audio_digest, prints.diarizer) != (audio_digest, found["diarizer"]):
                return None
            sounds = tuple(prints.voices[voice_name(number)] for number in range(count))
        return _voices(found, sounds)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _voices(found: Mapping[str, Any], prints: tuple[Print, ...]) -> Voices:
    turns = tuple(Turn(*turn) for turn in found["turns"])
    return Voices(found["diarizer"], found["low_margin"], ToldApart(turns, prints))


def _named_prints(voices: Voices, audio_digest: str) -> VoicePrints:
    named = {voice_name(number): one for number, one in enumerate(voices.found.prints)}
    return VoicePrints(voices.diarizer, audio_digest, named)


def _expected(episode: Episode) -> int | None:
    """How many voices there are: as episode.toml says, or as many as have a name; None where nobody is named."""
    return episode.speakers or len(episode.people) or None


def _may_be_remembered(show: Show, episode: Episode) -> bool:
    """Whether voice prints of an episode may be kept: asked for, and nobody in it is to be unrecognised or has left."""
    consents = show.consents_of(episode)
    return (
        show.settings.transcription.remember_voices
        and not show.protected_of(episode)
        and (not show.settings.safeguards.require_consent or consents.keys() >= set(episode.people))
        and all(one.publish == "voice" and one.name == "real" and one.withdrawn_on is None for one in consents.values())
    )


def _is_kept(show: Show, episode: Episode | None, slug: str, today: date) -> bool:
    if episode is not None:
        return _may_be_remembered(show, episode) and not any(
            one.expires_on is not None and one.expires_on < today for one in show.consents_of(episode).values()
        )
    # A slip in episode.toml costs nobody their voices; one in withdrawn.toml does not give the episode back.
    return (
        show.settings.transcription.remember_voices
        and slug in show.broken
        and not (show.folder / slug / WITHDRAWN_NAME).exists()
        and not any(not one.episodes or slug in one.episodes for one in show.protected)
    )


def _names_of_voices(episode: Episode, audio_digest: str) -> dict[str, str]:
    """The name that an approved text gives to each of its voices, where it gives nearly all words of one the same."""
    try:
        machine = read_machine(episode.folder / MACHINE_NAME)
        text = read_transcript(episode.folder / TRANSCRIPT_NAME)
    except (OnRecordError, OSError):
        return {}
    if machine.audio_digest != audio_digest:
        return {}
    by_start = {word.start_ms: segment.speaker for segment in machine.segments for word in segment.words}
    counted: dict[str, Counter[str]] = {}
    for paragraph in align(text, machine.words):
        for word in paragraph.words:
            voice = by_start.get(word.start_ms) if word.provenance == "kept" else None
            if voice:
                counted.setdefault(voice, Counter())[paragraph.speaker] += 1
    found: dict[str, str] = {}
    for voice, names in counted.items():
        name, words = names.most_common(1)[0]
        if words >= _MOSTLY * names.total():
            found[voice] = name
    return found


def _prints_path(root: Path, slug: str) -> Path:
    return build_folder(root) / PRINTS_FOLDER / f"{slug}.json"


def _all_prints(root: Path) -> list[Path]:
    return sorted((build_folder(root) / PRINTS_FOLDER).glob("*.json"))
