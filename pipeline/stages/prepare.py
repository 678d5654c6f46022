"""From a recording to a text that can be checked: mastered, made audible for the desk, transcribed, drafted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline import files, release
from pipeline.digests import DigestCache
from pipeline.errors import ToolFailed
from pipeline.runner import Runner, Task, run_one
from pipeline.show import Episode, Show, require_own_episode_build
from pipeline.stages import costly, stamps
from pipeline.stages.belonging import recordings_digest
from pipeline.stages.mixing import Source, described, is_mixed, is_one_speaker_per_channel, remove_voices, source_of
from pipeline.stages.noticed import APART, DERIVE_STAMP
from pipeline.stages.status import MASTER_STAMP, build_folder
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
_PIECES_NAME = "pieces"  # what was heard so far, and whose voices, of a recording that is being transcribed

# Raise one of these when its stage would write other bytes from the same inputs.
MASTER_VERSION = 1
_DERIVE_VERSION = 1


def prepare(
    show: Show, episode: Episode, digests: DigestCache, done: list[str], report: Report, runner: Runner
) -> None:
    """Master the recording, make what the desk needs, transcribe once, draft the text once; the costly by `runner`."""
    if episode.is_taken_over:
        return
    require_own_episode_build(show.root, episode.slug)
    folder = build_folder(show.root) / episode.slug
    machine = episode.folder / MACHINE_NAME
    mixing = _step(report, episode, "mixing the speakers")
    source = source_of(show.root, episode, digests, done, mixing, runner, voices_are_needed=not machine.exists())
    if not episode.keeps_audio:
        _master(show, episode, source, folder, digests, done, report, runner)
    speech = folder / release.SPEECH_NAME
    speech_is_needed = not machine.exists() and not source.voices
    _derive(episode, source, speech, done, report, runner, speech_is_needed=speech_is_needed)
    if not machine.exists():
        _transcribe(show, episode, recordings_digest(episode, digests), source, speech, report, runner)
        done.append(f"{episode.slug}: transcribed")
    speech.unlink(missing_ok=True)
    shutil.rmtree(folder / _PIECES_NAME, ignore_errors=True)
    remove_voices(source)
    if not (episode.folder / TRANSCRIPT_NAME).exists():
        files.write_text(episode.folder / TRANSCRIPT_NAME, transcript_to_text(_draft(show, episode, machine)))
        done.append(f"{episode.slug}: {TRANSCRIPT_NAME} written")


def is_prepared(show: Show, episode: Episode, digests: DigestCache) -> bool:
    """Whether `prepare` would find nothing to do. Raises what it raises for files that are not there."""
    if episode.is_taken_over:
        return True
    folder = build_folder(show.root) / episode.slug
    source = described(show.root, episode, digests)
    return (
        (episode.folder / MACHINE_NAME).exists()
        and (episode.folder / TRANSCRIPT_NAME).exists()
        # What only spares work until machine.json is there may be left of a run that was killed then.
        and not any((folder / name).exists() for name in (release.SPEECH_NAME, _PIECES_NAME))
        and not any(voice.exists() for _, voice in source.voices)
        and is_mixed(show.root, episode, source)
        and (episode.keeps_audio or stamps.is_fresh(folder / MASTER_STAMP, _master_key(show, episode, source, digests)))
        and stamps.is_fresh(folder / DERIVE_STAMP, _derive_key(source))
    )


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
    runner: Runner,
) -> None:
    intro, outro = _framing(show)
    key = _master_key(show, episode, source, digests)
    stamp = folder / MASTER_STAMP
    if stamps.is_fresh(stamp, key):
        return
    target = folder / MASTER_NAME
    struck = _struck(show, episode)
    step = "striking out and mastering" if struck else "mastering"
    task = Task(
        costly.MASTER,
        {"settings": _mastering_settings(show), "struck": struck},
        inputs={
            "recording": source.path,
            **({"intro": intro} if intro else {}),
            **({"outro": outro} if outro else {}),
        },
        outputs={"master": target},
    )
    folder.mkdir(parents=True, exist_ok=True)
    mastered = run_one(runner, f"{episode.slug}: {step}", task, _step(report, episode, step))
    stamps.write(stamp, key, [target.name], facts=mastered)
    done.append(f"{episode.slug}: mastered")


def _derive(
    episode: Episode,
    source: Source,
    speech: Path,
    done: list[str],
    report: Report,
    runner: Runner,
    *,
    speech_is_needed: bool,
) -> None:
    """The review proxy, the waveform and the speech for the engine, from one decoding; and a look at the channels."""
    folder = speech.parent
    key = _derive_key(source)
    stamp = folder / DERIVE_STAMP
    if stamps.is_fresh(stamp, key) and (speech.exists() or not speech_is_needed):
        return
    proxy, peaks = folder / release.PROXY_NAME, folder / release.PEAKS_NAME
    step = "preparing for review"
    task = Task(
        costly.DERIVE,
        None,
        inputs={"recording": source.path},
        outputs={"proxy": proxy, "speech": speech, "peaks": peaks},
    )
    run_one(runner, f"{episode.slug}: {step}", task, _step(report, episode, step))
    apart = False
    # It is for a hint only: where it fails nothing was seen, and what is needed has been made.
    with suppress(ToolFailed):
        apart = is_one_speaker_per_channel(episode, _step(report, episode, "looking at the channels"), runner)
    stamps.write(stamp, key, [proxy.name, peaks.name], facts={APART: apart})
    done.append(f"{episode.slug}: review copy and waveform made")


def _master_key(show: Show, episode: Episode, source: Source, digests: DigestCache) -> str:
    intro, outro = _framing(show)
    struck = _struck(show, episode)
    return stamps.key_of(
        version=MASTER_VERSION,
        recording=source.key,
        settings=_mastering_settings(show),
        intro=digests.digest(intro) if intro else None,
        outro=digests.digest(outro) if outro else None,
        **({"struck": struck} if struck else {}),
    )


def _derive_key(source: Source) -> str:
    return stamps.key_of(version=_DERIVE_VERSION, recording=source.key)


def _framing(show: Show) -> tuple[Path | None, Path | None]:
    settings = show.settings.audio
    intro, outro = ((show.folder / name if name else None) for name in (settings.intro, settings.outro))
    return intro, outro


def _mastering_settings(show: Show) -> dict[str, Any]:
    return show.settings.audio.model_dump(mode="json", exclude={"alternate"})


def _struck(show: Show, episode: Episode) -> list[list[Any]]:
    return [[one.start_ms, one.end_ms, one.sound] for one in show.redactions_of(episode)]


def _transcribe(
    show: Show, episode: Episode, audio_digest: str, source: Source, speech: Path, report: Report, runner: Runner
) -> None:
    from pipeline.stages.voices import tell_apart, under_voices
    from pipeline.transcribe.glossary import hotwords
    from pipeline.transcribe.merged import SpokenTrack, transcribe_tracks
    from pipeline.transcribe.transcribe import transcribe

    settings = show.settings.transcription
    language = episode.language or show.settings.language
    names = hotwords(show.glossary_of(episode), show.episode_people(episode))
    making = _step(report, episode, "transcribing")
    pieces = speech.parent / _PIECES_NAME
    telling = _step(report, episode, "telling voices apart")
    voices = None
    if not source.voices:
        voices = tell_apart(show, episode, speech, runner, telling, audio_digest=audio_digest, folder=pieces)
    if source.voices:
        machine = transcribe_tracks(
            [SpokenTrack(speaker, path, episode.languages.get(speaker)) for speaker, path in source.voices],
            audio_digest=audio_digest,
            settings=settings,
            language=language,
            hotwords=names,
            report=making,
            pieces_folder=pieces,
            runner=runner,
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
            runner=runner,
        )
    if voices is not None:
        machine = under_voices(show, episode, machine, voices)
    files.write_bytes(episode.folder / MACHINE_NAME, machine_to_bytes(machine))


def _only_speaker(show: Show, episode: Episode) -> str:
    speaker = episode.recordings[0].speaker or (episode.people[0] if len(episode.people) == 1 else None)
    return show.people[speaker].name if speaker else UNKNOWN_SPEAKER


def _step(report: Report, episode: Episode, what: str) -> Callable[[float], None]:
    return lambda part: report(episode.slug, what, part)
