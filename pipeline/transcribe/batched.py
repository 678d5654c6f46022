"""Several windows decoded at once by CTranslate2, each encoded at its own length: half the work of one after another.

faster-whisper fills every window up to 30 s, as Whisper was trained; the encoder's work grows faster than the length,
and shorter input followed by two seconds of nothing is understood as well. Windows of like length go together. On a
processor each is decoded word by word first, where no hotwords are given; only where the decoder is not sure of that
does a beam look for better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pipeline.transcribe.engine import to_ms
from pipeline.transcribe.sound import SAMPLE_RATE_HZ
from pipeline.transcript import MachineSegment, MachineWord, Stretch

if TYPE_CHECKING:
    from pipeline.transcribe.sound import Samples

_FRAME_MS = 10
_FRAMES_MAX = 3_000  # more than 30 s Whisper has no positions for
_FRAMES_MIN = 1_000  # of less, words are made up as of noise
_SILENCE_FRAMES = 200  # with less of it, the end of a window is misheard
# Of what is likelier than this, a beam changes nothing that an editor would notice; it takes half of all the work.
_LOG_PROBABILITY_SURE = -0.2
# Whisper's own thresholds for decoding a window again.
_COMPRESSION_HIGH = 2.4
_LOG_PROBABILITY_LOW = -1.0
_SENTENCE_ENDS = (".", "?", "!", "…", "。", "？", "！")
_PREPENDED, _APPENDED = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"  # punctuation that belongs to a word


@dataclass(frozen=True)
class Decoded:
    """What was heard in a window, a segment for each sentence; times count from the beginning of the recording."""

    window: Stretch
    segments: tuple[MachineSegment, ...]
    failed: bool

    @property
    def length_ms(self) -> int:
        return self.window[1] - self.window[0]


class BatchDecoder:
    """A loaded `faster_whisper.WhisperModel`, told how to listen."""

    def __init__(self, model: Any, *, language: str, beam_size: int, hotwords: str | None, at_once: int) -> None:
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415  a second's import, only for who transcribes
        from faster_whisper.transcribe import get_suppressed_tokens  # noqa: PLC0415

        self._model = model
        self._beam_size = beam_size
        # Hotwords lead a decoder without a beam astray, however sure of itself it is.
        self._greedy_first = hotwords is None and beam_size > 1
        self._at_once = at_once
        self._tokenizer = Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )
        self._suppressed = get_suppressed_tokens(self._tokenizer, [-1])  # type: ignore[arg-type]  # it wants a list
        self._prompt = model.get_prompt(self._tokenizer, [], without_timestamps=True, hotwords=hotwords)

    def decode(self, samples: Samples, windows: Sequence[Stretch], done: Callable[[int], None]) -> list[Decoded]:
        """Decode `windows` of `samples`; `done` hears how many ms each batch held. In the order of `windows`."""
        by_length = sorted(windows, key=lambda one: (one[1] - one[0], one))
        found: list[Decoded] = []
        for first in range(0, len(by_length), self._at_once):
            batch = by_length[first : first + self._at_once]
            found += self._batch(samples, batch)
            done(sum(end_ms - start_ms for start_ms, end_ms in batch))
        return sorted(found, key=lambda one: one.window)

    def _batch(self, samples: Samples, windows: Sequence[Stretch]) -> Iterator[Decoded]:
        sound, results = self._generated(self._features(samples, windows))
        timed = [[self._untimed(window, one.sequences_ids[0])] for window, one in zip(windows, results, strict=True)]
        frames = [min((end_ms - start_ms) // _FRAME_MS, _FRAMES_MAX) for start_ms, end_ms in windows]
        self._model.add_word_timestamps(timed, self._tokenizer, sound, frames, _PREPENDED, _APPENDED, 0.0)
        for window, result, (heard,) in zip(windows, results, timed, strict=True):
            yield self._decoded(window, result, heard)

    def _generated(self, features: Any) -> tuple[Any, list[Any]]:
        """The encoded sound of all windows, and what was decoded of each."""
        if self._model.model.device != "cpu":
            sound = self._model.encode(features)
            return sound, self._decode(sound, len(features), self._beam_size)
        import numpy as np  # noqa: PLC0415  the modules of this room import in a moment; numpy does not

        # A processor encodes them one by one in two thirds of the time, bit for bit the same: one fits its cache.
        each = [np.array(self._model.encode(one)) for one in features]
        sound = _together(each)
        if not self._greedy_first:
            return sound, self._decode(sound, len(each), self._beam_size)
        results = self._decode(sound, len(each), 1)
        unsure = [place for place, one in enumerate(results) if _log_probability(one) < _LOG_PROBABILITY_SURE]
        if unsure:
            chosen = _together([each[place] for place in unsure])
            for place, better in zip(unsure, self._decode(chosen, len(unsure), self._beam_size), strict=True):
                results[place] = better
        return sound, results

    def _decode(self, sound: Any, count: int, beam_size: int) -> list[Any]:
        found: list[Any] = self._model.model.generate(
            sound,
            [self._prompt] * count,
            beam_size=beam_size,
            max_length=self._model.max_length,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_tokens=self._suppressed,
        )
        return found

    def _features(self, samples: Samples, windows: Sequence[Stretch]) -> Any:
        import numpy as np  # noqa: PLC0415  as above

        each = SAMPLE_RATE_HZ // 1000
        cut = [
            self._model.feature_extractor(samples[start_ms * each : end_ms * each])[:, :-1]
            for start_ms, end_ms in windows
        ]
        longest = min(max(_FRAMES_MIN, *(one.shape[1] + _SILENCE_FRAMES for one in cut)), _FRAMES_MAX)
        longest += longest % 2  # the encoder halves it
        return np.stack([np.pad(one[:, :longest], ((0, 0), (0, max(0, longest - one.shape[1])))) for one in cut])

    def _untimed(self, window: Stretch, tokens: Sequence[int]) -> dict[str, Any]:
        start_ms, end_ms = window
        return {"seek": start_ms / _FRAME_MS, "start": start_ms / 1000, "end": end_ms / 1000, "tokens": tokens}

    def _decoded(self, window: Stretch, result: Any, heard: dict[str, Any]) -> Decoded:
        from faster_whisper.transcribe import get_compression_ratio  # noqa: PLC0415  as above

        text = self._tokenizer.decode(heard["tokens"]).strip()
        log_probability = _log_probability(result)
        words = [
            MachineWord(one["word"], to_ms(one["start"]), to_ms(one["end"]), float(one["probability"]))
            for one in heard["words"]
        ]
        segments = tuple(
            MachineSegment(
                sentence,
                log_probability,
                get_compression_ratio("".join(word.text for word in sentence)),
                result.no_speech_prob,
            )
            for sentence in sentences(words)
        )
        loops = bool(text) and get_compression_ratio(text) > _COMPRESSION_HIGH
        return Decoded(window, segments, not text or loops or log_probability < _LOG_PROBABILITY_LOW)


def _together(encoded: Sequence[Any]) -> Any:
    import numpy as np  # noqa: PLC0415  as above

    # Any: the package hands on its compiled classes in a way that type checkers cannot follow.
    ctranslate2: Any = import_module("ctranslate2")
    return ctranslate2.StorageView.from_array(np.concatenate(encoded))


def _log_probability(result: Any) -> float:
    """Of a window's words on the average, with the end of the text counted as Whisper counts it."""
    tokens = len(result.sequences_ids[0])
    return float(result.scores[0] * tokens / (tokens + 1))


def sentences(words: Sequence[MachineWord]) -> Iterator[tuple[MachineWord, ...]]:
    """`words`, divided after those that end a sentence."""
    sentence: list[MachineWord] = []
    for word in words:
        sentence.append(word)
        if word.text.rstrip().endswith(_SENTENCE_ENDS):
            yield tuple(sentence)
            sentence = []
    if sentence:
        yield tuple(sentence)
