"""From a recording to a text that can be checked: mastered, made audible for the desk, transcribed, drafted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipeline import files, release
from pipeline.digests import DigestCache
from pipeline.show import Episode, Show
from pipeline.stages import stamps
from pipeline.stages.mixing import Source, remove_voices, source_of, stereo_hint
from pipeline.stages.status import MASTER_STAMP, build_folder, recordings_digest
from pipeline.transcript import (
    MACHINE_NAME,
    TRANSCRIPT_NAME,
    Transcript,
    machine_to_bytes,
    read_machine,
    transcript_to_text,
)

Report = Callable[[str, str, float], None]  # slug, what is being done, how much of it from 0 to 1

MASTER_NAME = "master.mp3"
UNKNOWN_SPEAKER = "Speaker ?"
_STRUCK_NAME = "struck.flac"
_PIECES_NAME = "pieces"  # what was heard so far of a recording that is being transcribed

# Raise one of these when its stage would write other bytes from the same inputs.
MASTER_VERSION = 1
_DERIVE_VERSION = 1


def prepare(show: Show, episode: Episode, digests: DigestCache, done: list[str], report: Report) -> None:
    """Master the recording, make what the desk needs, transcribe once, draft the text once."""
    if episode.is_taken_over:
        return
    folder = build_folder(show.root) / episode.slug
    machine = episode.folder / MACHINE_NAME
    mixing = _step(report, episode, "mixing the speakers")
    source = source_of(show.root, episode, digests, done, mixing, voices_are_needed=not machine.exists())
    if not episode.keeps_audio:
        _master(show, episode, source, folder, digests, done, report)
    speech = folder / release.SPEECH_NAME
    _derive(episode, source, speech, done, report, speech_is_needed=not machine.exists() and not source.voices)
    if not machine.exists():
        _transcribe(show, episode, recordings_digest(episode, digests), source, speech, report)
        done.append(f"{episode.slug}: transcribed")
    speech.unlink(missing_ok=True)
    remove_voices(source)
    if not (episode.folder / TRANSCRIPT_NAME).exists():
        files.write_text(episode.folder / TRANSCRIPT_NAME, transcript_to_text(_draft(show, episode, machine)))
        done.append(f"{episode.slug}: {TRANSCRIPT_NAME} written")


def _draft(show: Show, episode: Episode, machine: Path) -> Transcript:
    """The first text: what an imported episode brought along, else what the machine heard."""
    from pipeline.transcribe.draft import first_transcript

    speaker = _only_speaker(show, episode)
    if episode.imported:
        from pipeline.publish.moving.transcripts import draft

        if brought := draft(episode, speaker):
            return brought
    names = {person.id: person.name for person in show.episode_people(episode)}
    return first_transcript(read_machine(machine), speaker, names)


def _master(
    show: Show,
    episode: Episode,
    source: Source,
    folder: Path,
    digests: DigestCache,
    done: list[str],
    report: Report,
) -> None:
    settings = show.settings.audio
    redactions = show.redactions_of(episode)
    intro = show.folder / settings.intro if settings.intro else None
    outro = show.folder / settings.outro if settings.outro else None
    key = stamps.key_of(
        version=MASTER_VERSION,
        recording=source.key,
        settings=settings.model_dump(mode="json", exclude={"alternate"}),
        intro=digests.digest(intro) if intro else None,
        outro=digests.digest(outro) if outro else None,
        **({"struck": [[one.start_ms, one.end_ms, one.sound] for one in redactions]} if redactions else {}),
    )
    stamp = folder / MASTER_STAMP
    if stamps.is_fresh(stamp, key):
        return
    from pipeline.audio import master

    recording = source.path
    target, without = folder / MASTER_NAME, folder / _STRUCK_NAME
    try:
        if redactions:
            from pipeline.audio.strike import Struck, strike

            struck = [Struck(one.start_ms, one.end_ms, one.sound) for one in redactions]
            strike(recording, without, struck, report=_step(report, episode, "striking out"))
            recording = without
        mastered = master.master(
            recording, target, settings, intro=intro, outro=outro, report=_step(report, episode, "mastering")
        )
    finally:
        without.unlink(missing_ok=True)
    stamps.write(stamp, key, [target.name], facts=asdict(mastered))
    done.append(f"{episode.slug}: mastered")


def _derive(
    episode: Episode,
    source: Source,
    speech: Path,
    done: list[str],
    report: Report,
    *,
    speech_is_needed: bool,
) -> None:
    """The review proxy, the waveform and the speech for the engine, from one decoding."""
    folder = speech.parent
    key = stamps.key_of(version=_DERIVE_VERSION, recording=source.key)
    stamp = folder / "derive.stamp.json"
    if stamps.is_fresh(stamp, key) and (speech.exists() or not speech_is_needed):
        return
    from pipeline.audio.derive import derive

    proxy, peaks = folder / release.PROXY_NAME, folder / release.PEAKS_NAME
    making = _step(report, episode, "preparing for review")
    derive(source.path, proxy=proxy, speech=speech, peaks=peaks, report=making)
    stamps.write(stamp, key, [proxy.name, peaks.name])
    done.append(f"{episode.slug}: review copy and waveform made")
    if hint := stereo_hint(episode, _step(report, episode, "looking at the channels")):
        done.append(hint)


def _transcribe(show: Show, episode: Episode, audio_digest: str, source: Source, speech: Path, report: Report) -> None:
    from pipeline.transcribe.glossary import hotwords
    from pipeline.transcribe.merged import SpokenTrack, transcribe_tracks
    from pipeline.transcribe.transcribe import transcribe

    settings = show.settings.transcription
    language = episode.language or show.settings.language
    names = hotwords(show.glossary_of(episode), show.episode_people(episode))
    making = _step(report, episode, "transcribing")
    pieces = speech.parent / _PIECES_NAME
    if source.voices:
        machine = transcribe_tracks(
            [SpokenTrack(speaker, path) for speaker, path in source.voices],
            audio_digest=audio_digest,
            settings=settings,
            language=language,
            hotwords=names,
            report=making,
            pieces_folder=pieces,
        )
    else:
        machine = transcribe(
            speech,
            audio_digest=audio_digest,
            settings=settings,
            language=language,
            hotwords=names,
            report=making,
            pieces_folder=pieces,
        )
    files.write_bytes(episode.folder / MACHINE_NAME, machine_to_bytes(machine))
    shutil.rmtree(pieces, ignore_errors=True)


def _only_speaker(show: Show, episode: Episode) -> str:
    speaker = episode.recordings[0].speaker or (episode.people[0] if len(episode.people) == 1 else None)
    return show.people[speaker].name if speaker else UNKNOWN_SPEAKER


def _step(report: Report, episode: Episode, what: str) -> Callable[[float], None]:
    return lambda part: report(episode.slug, what, part)
