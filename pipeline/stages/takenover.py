"""Episodes that were published elsewhere before: their recording as it is, and what else they brought along."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline import files, release
from pipeline.errors import InvalidAudio, OnRecordError, Problem, Refusal
from pipeline.show import IMPORTED_NAME, Episode, load_show
from pipeline.stages import stamps
from pipeline.transcript import TRANSCRIPT_NAME

_KEPT_VERSION = 1
_STAMP = "release.stamp.json"
# Smaller files beside the recording (audio.alternate) come last.
_AUDIO = (".mp3", ".aac", ".m4a", ".mp4", ".m4v", ".mov", ".oga", ".flac", ".wav", ".webm", ".opus")


def kept_release_path(folder: Path, episode: Episode) -> Path:
    """Where in `build/<slug>/` the recording of an imported episode lies, ready to be published."""
    return folder / f"release{Path(episode.recordings[0].file).suffix}"


def keep_release(episode: Episode, folder: Path, digest: str, report: Callable[[float], None]) -> release.Release:
    """Copy the recording byte for byte to `folder`, and return what is known of it.

    A copy, because the original is a person's to change, and what is published is what was approved: the recording
    with that `digest`. Raises InvalidAudio where it is another by now, or no recording.
    """
    recording = episode.folder / episode.recordings[0].file
    target, facts = kept_release_path(folder, episode), folder / release.RELEASE_FACTS_NAME
    key = stamps.key_of(version=_KEPT_VERSION, recording=digest)
    if not stamps.is_fresh(folder / _STAMP, key):
        from pipeline.audio.probe import probe

        report(0.0)
        with files.replacing(target) as temporary:
            shutil.copyfile(recording, temporary)
            if files.digest_file(temporary) != digest:
                raise InvalidAudio(Problem(str(recording), "it changed while it was being published", "Run again"))
            found, size_bytes = probe(temporary), temporary.stat().st_size
        made = release.Release(
            digest=digest,
            size_bytes=size_bytes,
            duration_ms=found.duration_ms,
            channels=min(2, found.channels),
            sample_rate_hz=max(1, found.sample_rate_hz),
            bitrate_kbps=max(1, round(size_bytes * 8 / found.duration_ms)),
            loudness_lufs=None,
            true_peak_dbtp=None,
            recording_start_ms=0,
            recording_duration_ms=found.duration_ms,
        )
        release.write_release(facts, made)
        stamps.write(folder / _STAMP, key, [target.name, facts.name])
    return release.read_release(facts)


def published_audio(root: Path, slug: str) -> Path | None:
    """The recording of an episode as it lies in `site/`, or None where it is not published."""
    from pipeline.stages.status import SITE_FOLDER

    there = [one for one in sorted((root / SITE_FOLDER / slug).glob(f"{slug}-*")) if one.suffix in _AUDIO]
    return min(there, key=lambda one: _AUDIO.index(one.suffix), default=None)


def refusals(episode: Episode, *, is_struck: bool) -> Iterator[Refusal]:
    """What cannot be done to an episode that is published as it was. `is_struck`: something is struck out of it."""
    if episode.keeps_audio and is_struck:
        yield Refusal(
            str(episode.folder),
            "something is struck out of it, and its recording is published byte for byte",
            "Write transcribe = true and keep_audio = false under [imported], so that it is mastered here",
            "imported-struck",
        )
    if episode.is_taken_over and (episode.folder / TRANSCRIPT_NAME).exists():
        yield Refusal(
            str(episode.folder / TRANSCRIPT_NAME),
            "there is a transcript, and the episode is published as it was taken over, without one",
            "Write transcribe = true under [imported] in episode.toml, run, and check it",
            "imported-transcript",
        )


def kept_texts(episode: Episode) -> Iterator[tuple[str, str]]:
    """Every text that an imported episode brought along, with the name of its file: names are looked for in them."""
    if episode.imported is None:
        return
    from pipeline.publish.moving.kept import plain, read_kept

    path = episode.folder / IMPORTED_NAME
    item = read_kept(path)
    texts = [item.description or "", item.content or ""]
    texts += [text for tag in item.tags for one in tag.iter() for text in (one.text or "", *one.attrib.values())]
    yield str(path), "\n".join(plain(text) for text in texts if text)


@dataclass(frozen=True)
class Approvals:
    """What `approve_imported` did: the records it wrote, how many hold already, and what stands against the others."""

    records: tuple[Path, ...]
    episodes: tuple[str, ...]
    held: int
    refused: tuple[Problem, ...]


def approve_imported(
    root: Path, by: str, now: datetime, *, key: Path | None = None, dry_run: bool = False
) -> Approvals:
    """Seal every imported episode that `by` has not approved as it is now; `key` is an SSH key to sign with.

    Raises Refused when `by` is no name with an address.
    """
    from pipeline.review import approvals, signatures
    from pipeline.stages.status import read_episode, remembered_digests

    show, digests = load_show(root), remembered_digests(root)
    records: list[Path] = []
    episodes: list[str] = []
    refused: list[Problem] = []
    held = 0
    approvals.require_signatory(by)
    for episode in show.episodes:
        if not episode.is_taken_over:
            continue
        reading = read_episode(show, episode, digests)
        obstacles = [*reading.problems, *reading.refusals_on(now.date())]
        if any(one.by == by for one in reading.verdict.holding):
            held += 1
        elif obstacles:
            refused += obstacles
        else:
            episodes.append(episode.slug)
            if dry_run:
                continue
            try:
                path = approvals.approve(episode, reading.subject, by=by, at=now)
            except OnRecordError as error:
                refused += error.problems
                continue
            if key is not None:
                try:
                    signatures.sign(path, key)
                except OnRecordError:
                    path.unlink()  # whoever asked for a signed approval does not want another
                    raise
            records.append(path)
    digests.save()
    return Approvals(tuple(records), tuple(episodes), held, tuple(refused))
