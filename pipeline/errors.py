"""Everything On Record raises on purpose.

    OnRecordError               what happened, where, and what to do about it
    ├── InvalidInput            something a person wrote or recorded cannot be used; lists every problem
    │   ├── InvalidShow         show.toml, people.toml, glossary.toml, sources.json
    │   ├── InvalidEpisode      episode.toml, notes.md
    │   ├── InvalidTranscript   transcript.md, machine.json
    │   └── InvalidAudio        a recording, an intro, an outro, artwork
    ├── MissingTool             ffmpeg, weights or an optional engine is not on this machine
    ├── ToolFailed              ffmpeg or an engine stopped in the middle of its work
    ├── DiskFailed              the disk is full, read-only or broken; what was there before is still there
    ├── NoAnswer                a server on the web could not be asked, or gave no answer that can be used
    ├── Refused                 a deed that would break a promise (approve an invalid episode, overwrite a folder)
    └── Busy                    another run holds the lock

Whoever catches `OnRecordError` can print it: `str()` is complete, one problem per line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong, so that a person can find it and mend it.

    `where` is a file with a line (`episode.toml:3`), a time (`interview.flac at 12:34`) or a name;
    `what` is a full sentence without its full stop; `remedy` tells what to do, likewise.
    """

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. {self.remedy}."


@dataclass(frozen=True, order=True)
class Refusal(Problem):
    """A reason why an episode is not published; `code` is stable and documented (docs/refusals.md)."""

    code: str


class OnRecordError(Exception):
    """The root: one or more problems, each with its place and its remedy."""

    def __init__(self, problems: Problem | Sequence[Problem]) -> None:
        self.problems: tuple[Problem, ...] = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[OnRecordError], tuple[tuple[Problem, ...]]]:
        # Exceptions cross process borders; the default would hand the joined text back as `problems`.
        return (type(self), (self.problems,))


class InvalidInput(OnRecordError):
    """Something a person wrote or recorded cannot be used."""


class InvalidShow(InvalidInput):
    """show.toml, people.toml, glossary.toml or sources.json."""


class InvalidEpisode(InvalidInput):
    """episode.toml or notes.md."""


class InvalidTranscript(InvalidInput):
    """transcript.md or machine.json."""


class InvalidAudio(InvalidInput):
    """A recording, an intro, an outro or artwork."""


class MissingTool(OnRecordError):
    """ffmpeg, weights or an optional engine is not on this machine."""


class ToolFailed(OnRecordError):
    """ffmpeg or an engine stopped in the middle of its work."""


class DiskFailed(OnRecordError):
    """The disk is full, read-only or broken."""


class NoAnswer(OnRecordError):
    """A server on the web could not be asked, or gave no answer that can be used."""


class Refused(OnRecordError):
    """A deed that would break a promise."""


class Busy(OnRecordError):
    """Another run holds the lock."""
