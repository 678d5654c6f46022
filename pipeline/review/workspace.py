"""An episode open at the desk: its text and notes on disk, saved without ever losing what somebody else saved.

Every text has a revision, the digest of its file. Who saves says which revision they began from. When the file
is another one by now (a second window, a text editor, `git checkout`), the two are merged by paragraph, or, where
both changed the same one, nothing is written and the caller gets both. Recent revisions are kept under
`build/<slug>/desk/revisions/` for that, and as a way back.

Only the episode's folder and `build/<slug>/desk/` are written.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from pipeline import files
from pipeline.errors import Busy, InvalidTranscript, Problem, Refused
from pipeline.review.fresh import NO_REVISION
from pipeline.review.merge import Merge, merge
from pipeline.show import NOTES_NAME
from pipeline.transcript import TRANSCRIPT_NAME, Paragraph, Transcript, parse_transcript, transcript_to_text

REVIEW_NAME = "review.json"
REVISIONS_KEPT = 60
_LOCK_WAIT_SECONDS = 10
_ATTEMPTS = 5


class Stale(Refused):
    """Somebody else saved since, and the two cannot be brought together without a person.

    `revision` is what is on disk now. For a transcript `theirs` is its text and `merge` both texts with the
    clashes, or None when the revision that the save began from is not known any more; for notes `theirs_text` is
    the text on disk.
    """

    def __init__(
        self,
        where: str,
        revision: str,
        theirs: Transcript | None = None,
        merged: Merge | None = None,
        theirs_text: str = "",
    ) -> None:
        super().__init__(
            Problem(
                where,
                "it was changed elsewhere since this window read it",
                "Look at both versions and keep what is right",
            )
        )
        self.revision = revision
        self.theirs = theirs
        self.merge = merged
        self.theirs_text = theirs_text


@dataclass(frozen=True)
class Saved:
    """What is on disk after a save; `before` is what was there, `is_merged` whether somebody else's change is in it."""

    revision: str
    transcript: Transcript
    before: Transcript
    is_merged: bool


class Workspace:
    """One episode's files, for as long as the desk is open. Safe between threads and between processes."""

    def __init__(self, folder: Path, desk_folder: Path) -> None:
        """`folder` is the episode's; `desk_folder` is `build/<slug>/desk/`."""
        self.folder = folder
        self.transcript_path = folder / TRANSCRIPT_NAME
        self.notes_path = folder / NOTES_NAME
        self.review_path = folder / REVIEW_NAME
        self.desk_folder = desk_folder
        with suppress(OSError):  # a disk that cannot be written is told when something is to be written
            files.remove_leftovers(folder, untouched_s=files.STILL_AT_WORK_S)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the episode against other windows and other desks. Raises Busy after ten seconds."""
        self.desk_folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.desk_folder / "desk.lock", timeout=_LOCK_WAIT_SECONDS)
        try:
            lock.acquire()
        except Timeout as error:
            raise Busy(
                Problem(self.folder.name, "another program is writing this episode", "Try again in a moment")
            ) from error
        try:
            yield
        finally:
            lock.release()

    def transcript(self) -> tuple[Transcript, str]:
        """The text and its revision. Raises InvalidTranscript when a person broke the file elsewhere."""
        content, revision = read_revision(self.transcript_path)
        transcript = parse_transcript(content, str(self.transcript_path))
        # Reading goes on when the disk is full: without the kept revision a later merge may have to ask.
        with suppress(OSError):
            if revision != NO_REVISION:
                self._keep(revision, content)
        return transcript, revision

    def notes(self) -> tuple[str, str]:
        """The show notes and their revision; empty where there are none yet."""
        content, revision = read_revision(self.notes_path)
        return content.decode("utf-8-sig", errors="replace"), revision

    def save_transcript(self, paragraphs: Sequence[Paragraph], base: str) -> Saved:
        """Save `paragraphs`, which began from the revision `base`.

        The file is written only when its words, names or times change. Raises Stale when it was changed elsewhere
        and cannot be merged, InvalidTranscript when a name cannot stand in the file, OSError when the disk is full
        (what was there stays).
        """
        mine = cleaned(paragraphs)
        with self.locked():
            for _ in range(_ATTEMPTS):
                saved = self._try_to_save(mine, base)
                if saved is not None:
                    return saved
        raise Busy(Problem(str(self.transcript_path), "it changes faster than it can be saved", "Try again"))

    def save_notes(self, text: str, base: str) -> str:
        """Save the show notes and return the new revision. Raises Stale when they were changed elsewhere."""
        content = _without_controls(text).encode("utf-8")
        with self.locked():
            current, revision = read_revision(self.notes_path)
            if content == current and revision != NO_REVISION:
                return revision
            if revision != base:
                raise Stale(str(self.notes_path), revision, theirs_text=current.decode("utf-8-sig", errors="replace"))
            if not replace_revision(self.notes_path, content, revision):
                current, revision = read_revision(self.notes_path)
                raise Stale(str(self.notes_path), revision, theirs_text=current.decode("utf-8-sig", errors="replace"))
            return files.digest_bytes(content)

    def _try_to_save(self, mine: Transcript, base: str) -> Saved | None:
        content, revision = read_revision(self.transcript_path)
        theirs = parse_transcript(content, str(self.transcript_path))
        wanted, is_merged = mine, False
        if revision != base and mine.paragraphs != theirs.paragraphs:
            wanted, is_merged = self._merged(mine, theirs, base, revision), True
        if revision != NO_REVISION:
            self._keep(revision, content)
        if wanted.paragraphs == theirs.paragraphs:
            return Saved(revision, theirs, theirs, is_merged)
        written = transcript_to_text(wanted).encode("utf-8")
        self._keep(files.digest_bytes(written), written)
        if not replace_revision(self.transcript_path, written, revision):
            return None
        return Saved(files.digest_bytes(written), wanted, theirs, is_merged)

    def _merged(self, mine: Transcript, theirs: Transcript, base: str, revision: str) -> Transcript:
        known = self._kept(base)
        if known is None:
            raise Stale(str(self.transcript_path), revision, theirs)
        both = merge(known.paragraphs, mine.paragraphs, theirs.paragraphs)
        if both.clashes:
            raise Stale(str(self.transcript_path), revision, theirs, both)
        return cleaned(both.paragraphs)

    def _keep(self, revision: str, content: bytes) -> None:
        path = self._revision_path(revision)
        if path.exists():
            return
        files.write_bytes(path, content)
        kept = sorted(path.parent.glob("*.md"), key=lambda one: one.stat().st_mtime_ns, reverse=True)
        for old in kept[REVISIONS_KEPT:]:
            old.unlink(missing_ok=True)

    def _kept(self, revision: str) -> Transcript | None:
        if revision == NO_REVISION:
            return Transcript(())
        path = self._revision_path(revision)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        return parse_transcript(content, str(path)) if files.digest_bytes(content) == revision else None

    def _revision_path(self, revision: str) -> Path:
        # A revision comes from outside; hashing it again makes a name of it that can lead nowhere else.
        return self.desk_folder / "revisions" / f"{files.digest_bytes(revision.encode())[7:39]}.md"


def cleaned(paragraphs: Sequence[Paragraph]) -> Transcript:
    """The text as `transcript.md` can hold it and gives it back: NFC, single spaces, no control characters.

    Paragraphs without words vanish. A time that runs backwards is dropped, and alignment finds it again. Raises
    InvalidTranscript naming each paragraph (from 1) whose speaker cannot be written.
    """
    kept: list[Paragraph] = []
    problems: list[Problem] = []
    last_ms = 0
    for number, paragraph in enumerate(paragraphs, start=1):
        text = _one_line(paragraph.text)
        if not text:
            continue
        speaker = _one_line(paragraph.speaker)
        if not speaker or "**" in speaker or speaker.startswith("*") or speaker.endswith("*"):
            problems.append(
                Problem(
                    f"paragraph {number}",
                    f"“{speaker}” cannot be a speaker’s name" if speaker else "nobody is named as its speaker",
                    "Write a name without stars",
                )
            )
            continue
        start_ms = paragraph.start_ms
        if start_ms is not None and start_ms < last_ms:
            start_ms = None
        last_ms = start_ms if start_ms is not None else last_ms
        kept.append(Paragraph(speaker, text, start_ms))
    if problems:
        raise InvalidTranscript(problems)
    return Transcript(tuple(kept))


def _one_line(text: str) -> str:
    return " ".join(_without_controls(text).split())


def _without_controls(text: str) -> str:
    # XML cannot carry these; a text with one of them could be neither read back nor published.
    text = unicodedata.normalize("NFC", text)
    return text if text.isprintable() else "".join(filter(_may_stand, text))


def _may_stand(character: str) -> bool:
    return character in "\t\n\r" or (
        unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff"
    )


def read_revision(path: Path) -> tuple[bytes, str]:
    """A file and its revision; nothing, and `NO_REVISION`, where there is none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return b"", NO_REVISION
    return content, files.digest_bytes(content)


def replace_revision(path: Path, content: bytes, expected: str) -> bool:
    """Write `content` unless the file is no longer the revision `expected`; True when written.

    A text editor does not ask for our lock, so the file is looked at once more when the new one lies ready on
    the disk: between that look and the renaming there is nothing left to wait for.
    """
    try:
        with files.replacing(path) as temporary:
            with temporary.open("wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            if read_revision(path)[1] != expected:
                raise _ChangedMeanwhileError
    except _ChangedMeanwhileError:
        return False
    return True


class _ChangedMeanwhileError(Exception):
    pass
