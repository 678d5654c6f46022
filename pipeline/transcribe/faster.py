"""faster-whisper: Whisper on CTranslate2. The default: a fraction of the time of PyTorch at the same error."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.errors import Problem, ToolFailed
from pipeline.transcribe import weights
from pipeline.transcribe.engine import MAX_THREADS, Heard, fitting, gpu_here, takes_hotwords, to_ms
from pipeline.transcribe.sound import SAMPLE_RATE_HZ
from pipeline.transcript import MachineSegment, MachineWord
from pipeline.workers import usable_cores

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

    from pipeline.transcribe.sound import Samples

_SEED = 1


class FasterWhisper:
    """int8 on a processor, float16 on CUDA: `Engine` by faster-whisper."""

    name = "faster-whisper"

    def __init__(self, model: str, beam_size: int) -> None:
        """Find the weights `model` and load them. Raises MissingTool or ToolFailed."""
        # Any: the package hands on its compiled functions in a way that type checkers cannot follow.
        ctranslate2: Any = import_module("ctranslate2")

        self.version = installed_version()
        self.weights = weights.find(model, engine="faster-whisper")
        self._beam_size = beam_size
        device = "cuda" if gpu_here() else "cpu"
        # On a processor "default" silently becomes float32: 1.6 times the work for no gain on natural speech.
        half = device == "cuda" and "float16" in ctranslate2.get_supported_compute_types("cuda")
        self._device, self._compute_type = device, "float16" if half else "int8"
        self._load()
        tokenizer = self._model.hf_tokenizer
        self.languages = (
            # What the library lists is what the largest model knows; smaller ones have no token for some.
            frozenset(
                code for code in self._model.supported_languages if tokenizer.token_to_id(f"<|{code}|>") is not None
            )
            if self._model.model.is_multilingual
            else frozenset({"en"})
        )

    def _load(self) -> None:
        # Any: as above.
        ctranslate2: Any = import_module("ctranslate2")
        # Where the decoder falls back to sampling it draws from generators that the model's threads seed when
        # they are made: with a fixed seed the same sound gives the same words.
        ctranslate2.set_random_seed(_SEED)
        try:
            self._model = _noticing_draws()(
                str(self.weights.path),
                device=self._device,
                compute_type=self._compute_type,
                cpu_threads=_threads(),
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise ToolFailed(
                Problem(
                    str(self.weights.path),
                    f"faster-whisper cannot load these weights ({error})",
                    "Delete that folder if it is in the cache and run again, or name other weights in show.toml",
                )
            ) from error

    def hear(
        self, samples: Samples, *, language: str | None, hotwords: Sequence[str], report: Callable[[float], None]
    ) -> Heard:
        """See `Engine.hear`."""
        given = fitting(hotwords, self._count_tokens) if takes_hotwords(self.weights.name) else ()
        duration_s = len(samples) / SAMPLE_RATE_HZ
        report(0.0)
        if self._model.has_drawn:
            self._load()  # what is heard must not depend on how often the generator was used before
        try:
            # Sequential, not batched: batches drop whole runs of words (faster-whisper #1179).
            found, facts = self._model.transcribe(
                samples,
                language=language,
                beam_size=self._beam_size,
                word_timestamps=True,
                vad_filter=True,
                hotwords=", ".join(given) or None,
                # Each window stands alone: a repetition or a loss of punctuation ends with its window, and the
                # error is the same with and without the text before (docs/speech.md).
                condition_on_previous_text=False,
            )
            segments: list[MachineSegment] = []
            for segment in found:
                segments.append(_segment(segment))
                report(min(1.0, float(segment.end) / duration_s))
        except (RuntimeError, ValueError) as error:
            raise ToolFailed(
                Problem(
                    self.name,
                    f"it stopped while transcribing ({error})",
                    "Run again; if a graphics card is at fault, set CUDA_VISIBLE_DEVICES to nothing to do without it",
                )
            ) from error
        report(1.0)
        return Heard(facts.language, facts.language_probability, given, tuple(segments))

    def detect(self, samples: Samples) -> tuple[str, float] | None:
        """See `Engine.detect`."""
        from faster_whisper.vad import get_speech_timestamps  # noqa: PLC0415  as above

        if self.languages == {"en"}:
            return "en", 1.0
        if not len(samples) or not get_speech_timestamps(samples):
            return None
        code, probability, _ = self._model.detect_language(samples, vad_filter=True)
        return code, float(probability)

    def _count_tokens(self, text: str) -> int:
        return len(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)


def _noticing_draws() -> type[Any]:
    import faster_whisper  # noqa: PLC0415  a second's import, only for who transcribes

    class Noticing(faster_whisper.WhisperModel):
        """Knows whether a window was ever decoded by drawing words at random."""

        has_drawn = False

        def generate_with_fallback(self, *arguments: Any) -> Any:
            result = super().generate_with_fallback(*arguments)
            *_, temperature, _ = result
            self.has_drawn = self.has_drawn or temperature > 0
            return result

    return Noticing


def installed_version() -> str:
    """Of faster-whisper."""
    return version("faster-whisper")


def _segment(segment: Segment) -> MachineSegment:
    words = tuple(
        MachineWord(word.word, to_ms(word.start), to_ms(word.end), word.probability) for word in segment.words or ()
    )
    return MachineSegment(words, segment.avg_logprob, segment.compression_ratio, segment.no_speech_prob)


def _threads() -> int:
    if os.environ.get("OMP_NUM_THREADS"):
        return 0  # the library then obeys that variable
    return min(usable_cores(), MAX_THREADS)
