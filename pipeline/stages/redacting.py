"""Striking out: where a name is said, and the proof that what was struck out is gone.

The proof listens to the finished MP3, not to what was meant to be done: every stretch is measured, and transcribed
again with what is around it. What is still loud, or still heard, stops the episode.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from pipeline import files, release
from pipeline.align import TimedParagraph
from pipeline.errors import InvalidAudio, InvalidEpisode, Problem, Refusal, Refused
from pipeline.said import Occurrence, occurrences, strayed, unstruck
from pipeline.show import REDACTIONS_NAME, Episode, Show, load_show
from pipeline.show.redactions import Redaction
from pipeline.show.striking import with_added
from pipeline.stages import stamps
from pipeline.stages.prepare import Report
from pipeline.timing import timed
from pipeline.transcript import (
    MACHINE_NAME,
    TRANSCRIPT_NAME,
    MachineTranscript,
    Transcript,
    format_ms,
    read_machine,
    read_transcript,
)
from pipeline.withhold import Protected, is_said, protected_by, protected_in, withheld

PROOF_STAMP = "redactions.stamp.json"
_PROOF_VERSION = 1
# Sound around the stretch, so that the engine hears words as they are said and not the ends of them.
_AROUND_MS = 1500
_SHORTEST_WORD = 4


def uncovered(show: Show, episode: Episode, transcript: Transcript, machine: MachineTranscript) -> Iterator[Refusal]:
    """A refusal for every place where a protected name is said and not struck out (`said.unstruck`, `said.strayed`)."""
    redactions = show.redactions_of(episode)
    struck = protected_in(redactions)
    names = tuple(dict.fromkeys((*struck, *protected_by(show.protected_of(episode)))))
    text = timed(transcript, machine)
    for name, place in unstruck(text, machine, redactions, names):
        where, code = (
            ("struck out elsewhere", "redaction-incomplete")
            if name in struck
            else ("one of the protected names", "protected-name")
        )
        yield Refusal(
            f"{episode.folder / TRANSCRIPT_NAME} at {format_ms(place.start_ms)}",
            f"“{name.name}” is {where} and is said here: {place.around}",
            f"Run onrecord redact {episode.slug} --words “{name.name}”, or with --from and --to",
            code,
        )
    for word, place in strayed(withheld(text, redactions), machine, redactions):
        yield Refusal(
            f"{episode.folder / TRANSCRIPT_NAME} at {format_ms(place.start_ms)}",
            f"“{word}” is heard where it is struck out, and can still be read here: {place.around}",
            f"Take it out of the text, or strike this out too: onrecord redact {episode.slug} --from TIME --to TIME",
            "redaction-incomplete",
        )


def redact(
    root: Path,
    slug: str,
    *,
    words: str | None = None,
    start: str | None = None,
    end: str | None = None,
    sound: str = "mute",
    text: str | None = None,
    by: str | None = None,
    reason: str | None = None,
    dry_run: bool = False,
) -> tuple[Occurrence, ...]:
    """Strike out a stretch (`start` to `end`, as `12:34.5`), or every place where `words` are said.

    Appends to redactions.toml and returns the new stretches. A dry run changes nothing. Raises Refused when nothing is
    found, InvalidEpisode when the result would not be valid.
    """
    from pipeline.stages.run import find_episode

    show = load_show(root)
    episode = find_episode(show, slug)
    if start and end:
        found = [Occurrence(*_stretch(episode, start, end), words or "")]
    elif words:
        found = _said(show, episode, words)
    else:
        raise Refused(Problem(slug, "nothing says what to strike out", "Give --words, or --from and --to"))
    if unheard := [one for one in found if one.end_ms <= one.start_ms]:
        raise Refused(
            [
                Problem(
                    f"{episode.folder / TRANSCRIPT_NAME} at {format_ms(one.start_ms)}",
                    f"“{words}” stands here, and nobody knows when it is said: {one.around}",
                    f"Listen there, then run onrecord redact {slug} --from TIME --to TIME --words “{words}”",
                )
                for one in unheard
            ]
        )
    common = {"words": (words,) if words else (), "sound": sound, "by": by, "reason": reason}
    common |= {"text": text} if text else {}
    made = [Redaction(start_ms=one.start_ms, end_ms=one.end_ms, **common) for one in found]
    path = episode.folder / REDACTIONS_NAME
    before = path.read_bytes().decode("utf-8-sig") if path.exists() else ""
    document = with_added(before, made, format_ms)
    if not dry_run:
        files.write_text(path, document)
    return tuple(found)


def prove(
    show: Show,
    episode: Episode,
    redactions: Sequence[Redaction],
    published: Sequence[TimedParagraph],
    folder: Path,
    finished: release.Release,
    report: Report,
) -> None:
    """Listen to every struck stretch of the release. Raises Refused, naming each that is not gone.

    `published` are the paragraphs as they will be read, in ms of the recording. What was proved once is not proved
    again while release, redactions and engine stay.
    """
    audio = folder / release.RELEASE_AUDIO_NAME
    key = stamps.key_of(
        version=_PROOF_VERSION,
        release=finished.digest,
        redactions=[one.model_dump(mode="json") for one in redactions],
        engine=show.settings.transcription.model_dump(mode="json"),
    )
    stamp = folder / PROOF_STAMP
    if stamps.is_fresh(stamp, key):
        return
    failures: list[Problem] = []
    for number, one in enumerate(redactions):
        report(episode.slug, "proving what was struck out", number / len(redactions))
        toned = any(other.sound == "tone" and _touch(one, other) for other in redactions)
        failures += _still_there(show, episode, one, published, audio, finished, toned=toned)
    if failures:
        raise Refused(failures)
    stamps.write(stamp, key, [], facts={"proved": len(redactions)})


def _still_there(
    show: Show,
    episode: Episode,
    one: Redaction,
    published: Sequence[TimedParagraph],
    audio: Path,
    finished: release.Release,
    *,
    toned: bool,
) -> Iterator[Problem]:
    from pipeline.audio.strike import SILENT_DBFS, loudest_dbfs

    start_ms, end_ms = one.start_ms + finished.recording_start_ms, one.end_ms + finished.recording_start_ms
    where = f"{episode.folder / REDACTIONS_NAME} at {format_ms(one.start_ms)}"
    level_dbfs = loudest_dbfs(audio, start_ms, end_ms, without_tone=toned)
    if level_dbfs > SILENT_DBFS:
        what = f"the stretch is not silent in the finished audio ({level_dbfs:.0f} dBFS)"
        yield Problem(where, what, "Delete build/ and run again; if it stays, do not publish and tell us")
    sought = [Protected(word) for word in (*one.words, *_struck_words(episode, one, published))]
    if sought and (heard := _heard_around(show, episode, audio, start_ms, end_ms)) and is_said(heard, sought):
        what = f"it can still be heard in the finished audio: “{heard.strip()}”"
        yield Problem(where, what, f"Widen the stretch in {REDACTIONS_NAME}, approve and run again")


def _touch(one: Redaction, other: Redaction) -> bool:
    from pipeline.audio.strike import GUARD_MS

    return one.start_ms < other.end_ms + GUARD_MS and other.start_ms - GUARD_MS < one.end_ms


def _struck_words(episode: Episode, one: Redaction, published: Sequence[TimedParagraph]) -> tuple[str, ...]:
    """What the machine heard in the stretch and what is not also said around it."""
    machine = read_machine(episode.folder / MACHINE_NAME)
    # Where only the sound is struck the words are read and must not be heard: they are none of those around it.
    silent = [one] if one.strike == "sound" else []
    around = " ".join(
        word.text
        for paragraph in published
        for word in paragraph.words
        if word.start_ms < one.end_ms + 2 * _AROUND_MS and one.start_ms - 2 * _AROUND_MS < word.end_ms
        if not any(red.start_ms < word.end_ms and word.start_ms < red.end_ms for red in silent)
    )
    struck = (
        word.text.strip()
        for word in machine.words
        if word.start_ms < one.end_ms and one.start_ms < word.end_ms and len(word.text.strip()) >= _SHORTEST_WORD
    )
    return tuple(word for word in struck if not is_said(around, [Protected(word)]))


def _heard_around(show: Show, episode: Episode, audio: Path, start_ms: int, end_ms: int) -> str:
    from pipeline.audio.derive import stretch
    from pipeline.transcribe.transcribe import transcribe

    with tempfile.TemporaryDirectory(prefix="onrecord-") as folder:
        speech = Path(folder) / "stretch.wav"
        stretch(audio, speech, max(0, start_ms - _AROUND_MS), end_ms + _AROUND_MS)
        try:
            heard = transcribe(
                speech,
                audio_digest=files.digest_file(speech),
                settings=show.settings.transcription,
                language=episode.language or show.settings.language,
                hotwords=(),
                report=lambda part: None,
            )
        except InvalidAudio:  # nobody is heard there at all
            return ""
    return "".join(word.text for word in heard.words)


def _said(show: Show, episode: Episode, words: str) -> list[Occurrence]:
    for name in (MACHINE_NAME, TRANSCRIPT_NAME):
        if not (episode.folder / name).exists():
            raise Refused(Problem(str(episode.folder / name), "it is not there yet", "Run onrecord run first"))
    machine = read_machine(episode.folder / MACHINE_NAME)
    paragraphs = timed(read_transcript(episode.folder / TRANSCRIPT_NAME), machine)
    known = show.redactions_of(episode)
    found = [
        one
        for one in occurrences(paragraphs, machine, words)
        if not any(words in red.words and red.start_ms <= one.start_ms and one.end_ms <= red.end_ms for red in known)
    ]
    if not found:
        what = f"“{words}” is said nowhere, or is struck out already" if known else f"“{words}” is said nowhere"
        raise Refused(Problem(episode.slug, what, "Give --from and --to, where it is said in another spelling"))
    return found


def _stretch(episode: Episode, start: str, end: str) -> tuple[int, int]:
    try:
        made = Redaction.model_validate({"start": start, "end": end})
    except ValueError as error:
        raise InvalidEpisode(
            Problem(episode.slug, f"“{start}” to “{end}” is no stretch of time", "Write 12:34.5, or 1:02:03")
        ) from error
    return made.start_ms, made.end_ms
