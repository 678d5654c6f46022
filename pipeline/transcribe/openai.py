"""openai-whisper: OpenAI's own program on PyTorch. The reference, by the extra `onrecord[openai-whisper]`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pipeline.errors import MissingTool, Problem, ToolFailed
from pipeline.transcribe import weights
from pipeline.transcribe.checkpoint import alignment_heads, checkpoint
from pipeline.transcribe.engine import Heard, Translated, fitting, takes_hotwords, to_ms
from pipeline.transcript import MachineSegment, MachineWord

if TYPE_CHECKING:
    from pipeline.transcribe.sound import Samples

_PACKAGE = "openai-whisper"
_VERSION = "20250625"
_SEED = 1


class OpenAIWhisper:
    """float32 on a processor, float16 on CUDA: `Engine` by openai-whisper."""

    name = "openai-whisper"

    def __init__(self, model: str, beam_size: int) -> None:
        """Find the weights `model` and load them. Raises MissingTool or ToolFailed."""
        self.version = installed_version()
        # PyTorch's threads otherwise spin while they wait for one another, which on a machine with other work
        # doubles the processor time. It is read once, when PyTorch is loaded.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        import torch  # noqa: PLC0415  seconds to import, only for who transcribes with this engine
        import whisper  # noqa: PLC0415
        import whisper.tokenizer  # noqa: PLC0415

        self.weights = weights.find(model, engine="openai-whisper")
        self._beam_size = beam_size
        self._cuda = torch.cuda.is_available()
        folder = self.weights.path if self.weights.path.is_dir() else None
        file = checkpoint(self.weights) if folder else self.weights.path
        try:
            # By path: by name it would fetch OpenAI's file. It unpickles tensors only, no code.
            self._model = whisper.load_model(str(file), device="cuda" if self._cuda else "cpu")
        except (RuntimeError, ValueError, KeyError, TypeError, OSError) as error:
            raise ToolFailed(
                Problem(str(file), f"openai-whisper cannot load these weights ({error})", "Name others in show.toml")
            ) from error
        # Without its own heads a model loaded by path takes half of all heads, and times words worse.
        dimensions = self._model.dims
        heads = (
            alignment_heads(folder, dimensions.n_text_layer, dimensions.n_text_head)
            if folder
            else whisper._ALIGNMENT_HEADS.get(model)
        )
        if heads:
            self._model.set_alignment_heads(heads)
        codes = list(whisper.tokenizer.LANGUAGES)
        self.languages = (
            frozenset(codes[: self._model.num_languages]) if self._model.is_multilingual else frozenset({"en"})
        )

    def hear(
        self, samples: Samples, *, language: str | None, hotwords: Sequence[str], report: Callable[[float], None]
    ) -> Heard:
        """See `Engine.hear`."""
        import torch  # noqa: PLC0415
        import whisper  # noqa: PLC0415

        given = fitting(hotwords, self._count_tokens) if takes_hotwords(self.weights.name) else ()
        report(0.0)
        if not _anybody_speaks(samples):
            return Heard(language or "en", 1.0, given, ())
        torch.manual_seed(_SEED)  # where the decoder falls back to sampling, the same sound gives the same words
        try:
            code, certainty = (language, 1.0) if language else self._detect(samples)
            with _progress(report):
                result = whisper.transcribe(
                    self._model,
                    samples,
                    verbose=False,
                    language=code,
                    beam_size=self._beam_size,
                    word_timestamps=True,
                    fp16=self._cuda,
                    initial_prompt=", ".join(given) or None,
                    carry_initial_prompt=bool(given),
                    condition_on_previous_text=False,  # as in faster.py, and for the same reason
                )
        except (RuntimeError, ValueError) as error:
            raise _stopped(error) from error
        report(1.0)
        return Heard(code, certainty, given, tuple(_segment(segment) for segment in result["segments"]))

    def translate(self, samples: Samples, *, language: str, report: Callable[[float], None]) -> tuple[Translated, ...]:
        """See `Engine.translate`."""
        import torch  # noqa: PLC0415
        import whisper  # noqa: PLC0415

        if not _anybody_speaks(samples):
            return ()
        torch.manual_seed(_SEED)  # as in `hear`
        try:
            with _progress(report):
                result = whisper.transcribe(
                    self._model,
                    samples,
                    verbose=False,
                    task="translate",
                    language=language,
                    beam_size=self._beam_size,
                    fp16=self._cuda,
                    condition_on_previous_text=False,
                )
        except (RuntimeError, ValueError) as error:
            raise _stopped(error) from error
        return tuple(
            Translated(to_ms(one["start"]), to_ms(one["end"]), one["text"].strip()) for one in result["segments"]
        )

    def detect(self, samples: Samples) -> tuple[str, float] | None:
        """See `Engine.detect`."""
        return self._detect(samples) if _anybody_speaks(samples) else None

    def _detect(self, samples: Samples) -> tuple[str, float]:
        import whisper  # noqa: PLC0415

        if not self._model.is_multilingual:
            return "en", 1.0
        spectrogram = whisper.log_mel_spectrogram(whisper.pad_or_trim(samples), self._model.dims.n_mels)
        _, probabilities = self._model.detect_language(spectrogram.to(self._model.device))
        code = max(probabilities, key=lambda one: float(probabilities[one]))
        return str(code), float(probabilities[code])

    def _count_tokens(self, text: str) -> int:
        import whisper.tokenizer  # noqa: PLC0415

        return len(whisper.tokenizer.get_tokenizer(self._model.is_multilingual).encode(text))


def _stopped(error: Exception) -> ToolFailed:
    return ToolFailed(
        Problem(
            OpenAIWhisper.name,
            f"it stopped while transcribing ({error})",
            "Run again; if a graphics card is at fault, set CUDA_VISIBLE_DEVICES to nothing to do without it",
        )
    )


def installed_version() -> str:
    """Of openai-whisper. Raises MissingTool where it is not installed."""
    # The distribution is asked, not the module: another program on the registry is called "whisper" too.
    try:
        return version(_PACKAGE)
    except PackageNotFoundError as error:
        raise MissingTool(
            Problem(
                f"engine {_PACKAGE}",
                "it is not installed here",
                f"Install it: {sys.executable} -m pip install {_PACKAGE}=={_VERSION} "
                "(2 to 5 GB with PyTorch), or set engine to faster-whisper in show.toml",
            )
        ) from error


def _anybody_speaks(samples: Samples) -> bool:
    # openai-whisper has no voice detector and invents a sentence over silence; faster-whisper brings one.
    from faster_whisper.vad import get_speech_timestamps  # noqa: PLC0415  a second's import

    return bool(len(samples)) and bool(get_speech_timestamps(samples))


@contextmanager
def _progress(report: Callable[[float], None]) -> Iterator[None]:
    """Hear whisper.transcribe's own count of frames: it has no callback, only a progress bar of tqdm."""
    module = sys.modules["whisper.transcribe"]
    theirs = module.tqdm

    class Bar:
        def __init__(self, *, total: int, **_: Any) -> None:
            self._total, self._done = max(total, 1), 0

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None:
            return None

        def update(self, frames: int) -> None:
            self._done += frames
            report(min(1.0, self._done / self._total))

    module.tqdm = SimpleNamespace(tqdm=Bar)  # type: ignore[attr-defined]  # as above
    try:
        yield
    finally:
        module.tqdm = theirs  # type: ignore[attr-defined]  # as above


def _segment(segment: dict[str, Any]) -> MachineSegment:
    words = tuple(
        MachineWord(word["word"], to_ms(word["start"]), to_ms(word["end"]), float(word["probability"]))
        for word in segment["words"]
    )
    return MachineSegment(words, segment["avg_logprob"], segment["compression_ratio"], segment["no_speech_prob"])
