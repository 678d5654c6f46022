"""What every speech engine can do, and choosing one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from pipeline.errors import InvalidShow, Problem
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe import weights
from pipeline.transcribe.languages import whisper_language
from pipeline.transcribe.weights import Weights
from pipeline.transcript import MachineSegment, Stretch

if TYPE_CHECKING:
    from pipeline.transcribe.sound import Samples

# Longer lists are untried, and take the room that Whisper has for the words themselves.
HOTWORDS_MAX_TOKENS = 100
MAX_THREADS = 8  # decoding one recording gains nothing from more


@dataclass(frozen=True)
class Heard:
    """What an engine heard, in its own order and with its own times (ms), not yet checked.

    `language` is Whisper's code; `hotwords` are those that the decoder was really given; `dropped` are stretches in
    which somebody speaks and nothing was heard, also at the second hearing.
    """

    language: str
    language_probability: float
    hotwords: tuple[str, ...]
    segments: tuple[MachineSegment, ...]
    dropped: tuple[Stretch, ...] = ()


@dataclass(frozen=True)
class Translated:
    """A sentence or so in English, and when what it stands for is said (ms)."""

    start_ms: int
    end_ms: int
    text: str


class Engine(Protocol):
    """A speech engine with weights in memory."""

    @property
    def name(self) -> str:
        """As in show.toml."""

    @property
    def version(self) -> str:
        """Of the installed package."""

    @property
    def weights(self) -> Weights:
        """What it hears with."""

    @property
    def languages(self) -> frozenset[str]:
        """Whisper's codes of the languages that these weights know."""

    def hear(
        self, samples: Samples, *, language: str | None, hotwords: Sequence[str], report: Callable[[float], None]
    ) -> Heard:
        """Transcribe 16 kHz mono samples; `report` hears the part done, from 0 to 1. Raises ToolFailed."""

    def translate(self, samples: Samples, *, language: str, report: Callable[[float], None]) -> tuple[Translated, ...]:
        """What is said in 16 kHz mono samples, in English. Raises ToolFailed."""

    def detect(self, samples: Samples) -> tuple[str, float] | None:
        """The language spoken in `samples` and how probable it is; None when nobody speaks."""


@dataclass(frozen=True)
class Described:
    """An engine that is installed, with weights that are here, not loaded."""

    name: str
    version: str
    weights: Weights


def open_engine(settings: TranscriptionSettings) -> Engine:
    """Load the engine and the weights that show.toml names.

    Raises MissingTool when one of them is not here and cannot be had.
    """
    # An engine takes seconds to import, and only one of them is wanted.
    if settings.engine == "openai-whisper":
        from pipeline.transcribe.openai import OpenAIWhisper  # noqa: PLC0415

        return OpenAIWhisper(settings.model, settings.beam_size)
    from pipeline.transcribe.faster import FasterWhisper  # noqa: PLC0415

    return FasterWhisper(settings.model, settings.beam_size)


def describe(settings: TranscriptionSettings) -> Described:
    """What `open_engine` would load, without loading it. Raises MissingTool."""
    if settings.engine == "openai-whisper":
        from pipeline.transcribe import openai as engine  # noqa: PLC0415  as above
    else:
        from pipeline.transcribe import faster as engine  # type: ignore[no-redef]  # noqa: PLC0415
    version = engine.installed_version()
    return Described(settings.engine, version, weights.find(settings.model, engine=settings.engine))


def gpu_here() -> bool:
    """Whether there is a graphics card that the engines use."""
    # Any: the package hands on its compiled functions in a way that type checkers cannot follow.
    ctranslate2: Any = import_module("ctranslate2")
    return bool(ctranslate2.get_cuda_device_count())


def understood(engine: Engine, model: str, tag: str | None) -> str | None:
    """Whisper's code for the language `tag`, None where it must be found by listening.

    Raises InvalidShow when the weights know English only and that is not what is spoken.
    """
    code = whisper_language(tag, engine.languages)
    if tag is not None and code is None and engine.languages == {"en"}:
        raise InvalidShow(
            Problem(
                "show.toml",
                f"the model {model} knows English only, and the language is {tag}",
                "Set model in [transcription] to one whose name does not end in .en",
            )
        )
    return code


def takes_hotwords(name: str) -> bool:
    """Whether hotwords help the weights `name`: they mend `base` and larger, and ruin `tiny` and the English-only."""
    last = name.rstrip("/").rpartition("/")[2]
    return not last.endswith(".en") and "tiny" not in last


def fitting(hotwords: Sequence[str], count_tokens: Callable[[str], int]) -> tuple[str, ...]:
    """As many of `hotwords`, from the first, as fit into HOTWORDS_MAX_TOKENS when joined by commas."""
    kept: tuple[str, ...] = ()
    for word in hotwords:
        longer = (*kept, word)
        if count_tokens(" " + ", ".join(longer)) > HOTWORDS_MAX_TOKENS:
            break
        kept = longer
    return kept


def to_ms(seconds: float) -> int:
    """Whisper's floating-point seconds as integer milliseconds."""
    return round(seconds * 1000)
