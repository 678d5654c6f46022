"""faster-whisper: Whisper on CTranslate2. The default: a fraction of the time of PyTorch at the same error."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pipeline.errors import Problem, ToolFailed
from pipeline.transcribe import weights
from pipeline.transcribe.batched import BatchDecoder, Decoded
from pipeline.transcribe.engine import MAX_THREADS, Heard, Translated, fitting, gpu_here, takes_hotwords, to_ms
from pipeline.transcribe.sound import SAMPLE_RATE_HZ, duration_ms
from pipeline.transcribe.voice import speech_in
from pipeline.transcribe.windows import WINDOW_MAX_MS, windows
from pipeline.transcript import MachineSegment, MachineWord, Stretch
from pipeline.workers import usable_cores

if TYPE_CHECKING:
    from faster_whisper.transcribe import Segment

    from pipeline.transcribe.sound import Samples

_SEED = 1
_PAUSE_MS = 200  # where windows may be cut


class FasterWhisper:
    """int8 on a processor, float16 on CUDA: `Engine` by faster-whisper."""

    name = "faster-whisper"

    def __init__(self, model: str, beam_size: int) -> None:
        """Find the weights `model` and load them. Raises MissingTool or ToolFailed."""
        self.version = installed_version()
        self.weights = weights.find(model, engine="faster-whisper")
        self._beam_size = beam_size
        self._hardware = hardware()
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
        # Any: the package hands on its compiled functions in a way that type checkers cannot follow.
        ctranslate2: Any = import_module("ctranslate2")
        # Where the decoder falls back to sampling it draws from generators that the model's threads seed when
        # they are made: with a fixed seed the same sound gives the same words.
        ctranslate2.set_random_seed(_SEED)
        try:
            self._model = _noticing_draws()(
                str(self.weights.path),
                device=self._hardware.device,
                compute_type=self._hardware.compute_type,
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
        report(0.0)
        if self._model.has_drawn:
            self._load()  # what is heard must not depend on how often the generator was used before
        found = windows(
            speech_in(samples, pause_ms=_PAUSE_MS, padding_ms=0, longest_ms=WINDOW_MAX_MS), duration_ms(samples)
        )
        try:
            code, probability = (language, 1.0) if language else self.detect(samples) or ("en", 0.0)
            decoder = BatchDecoder(
                self._model,
                language=code,
                beam_size=self._beam_size,
                hotwords=", ".join(given) or None,
                at_once=self._hardware.at_once,
            )
            segments: list[MachineSegment] = []
            for decoded in decoder.decode(samples, found, _parts(found, report)):
                segments += self._again(samples, decoded, code, given) if decoded.failed else decoded.segments
        except (RuntimeError, ValueError) as error:
            raise _stopped(error) from error
        report(1.0)
        return Heard(code, probability, given, tuple(segments))

    def _again(
        self, samples: Samples, decoded: Decoded, language: str, hotwords: Sequence[str]
    ) -> Iterator[MachineSegment]:
        """A window that looks wrong, by the library's own loop, which falls back to drawing other words."""
        start_ms, end_ms = decoded.window
        found, _ = self._model.transcribe(
            samples[start_ms * SAMPLE_RATE_HZ // 1000 : end_ms * SAMPLE_RATE_HZ // 1000],
            language=language,
            beam_size=self._beam_size,
            word_timestamps=True,
            vad_filter=True,
            hotwords=", ".join(hotwords) or None,
            condition_on_previous_text=False,
        )
        for segment in found:
            yield _segment(segment, start_ms)

    def translate(self, samples: Samples, *, language: str, report: Callable[[float], None]) -> tuple[Translated, ...]:
        """See `Engine.translate`."""
        if self._model.has_drawn:
            self._load()  # as in `hear`
        try:
            found, facts = self._model.transcribe(
                samples,
                task="translate",
                language=language,
                beam_size=self._beam_size,
                vad_filter=True,
                condition_on_previous_text=False,
            )
            translated: list[Translated] = []
            for one in found:
                translated.append(Translated(to_ms(one.start), to_ms(one.end), one.text.strip()))
                report(min(1.0, float(one.end) / facts.duration))
        except (RuntimeError, ValueError) as error:
            raise _stopped(error) from error
        return tuple(translated)

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


@dataclass(frozen=True)
class Hardware:
    """What the weights are loaded on, in what precision, and how many windows are decoded at once."""

    device: str
    compute_type: str
    at_once: int


def hardware() -> Hardware:
    """The graphics card where there is one, in half precision if it can; else the processor in int8."""
    # Any: as above.
    ctranslate2: Any = import_module("ctranslate2")
    if not gpu_here():
        # "default" silently becomes float32: 1.6 times the work for no gain on natural speech. More windows at once
        # take more memory and hardly less time.
        return Hardware("cpu", "int8", 4)
    half = "float16" in ctranslate2.get_supported_compute_types("cuda")
    return Hardware("cuda", "float16" if half else "int8", 16)


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


def _stopped(error: Exception) -> ToolFailed:
    return ToolFailed(
        Problem(
            FasterWhisper.name,
            f"it stopped while transcribing ({error})",
            "Run again; if a graphics card is at fault, set CUDA_VISIBLE_DEVICES to nothing to do without it",
        )
    )


def installed_version() -> str:
    """Of faster-whisper."""
    return version("faster-whisper")


def _parts(windows: Sequence[Stretch], report: Callable[[float], None]) -> Callable[[int], None]:
    whole_ms = sum(end_ms - start_ms for start_ms, end_ms in windows)
    done_ms = 0

    def done(batch_ms: int) -> None:
        nonlocal done_ms
        done_ms += batch_ms
        report(done_ms / whole_ms)

    return done


def _segment(segment: Segment, offset_ms: int) -> MachineSegment:
    words = tuple(
        MachineWord(word.word, offset_ms + to_ms(word.start), offset_ms + to_ms(word.end), word.probability)
        for word in segment.words or ()
    )
    return MachineSegment(words, segment.avg_logprob, segment.compression_ratio, segment.no_speech_prob)


def _threads() -> int:
    if os.environ.get("OMP_NUM_THREADS"):
        return 0  # the library then obeys that variable
    return min(usable_cores(), MAX_THREADS)
