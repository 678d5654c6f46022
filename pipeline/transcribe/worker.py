"""What a child process does of hearing (`pieces.py`): tasks of `pipeline.runner`.

The weights are loaded once, with the first task; of the recording only the piece that is heard is in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.errors import MissingTool, Problem
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe import pieces
from pipeline.transcribe.cutting import Piece
from pipeline.transcribe.engine import Engine, open_engine, understood

_engine = lru_cache(maxsize=1)(open_engine)


def hear(payload: Mapping[str, Any], files: Mapping[str, Path], report: Callable[[float], None]) -> None:
    """Hear one piece of `speech`, and write it to `heard`."""
    engine, settings = _asked_for(payload)
    heard = pieces.hear_piece(
        engine,
        files["speech"],
        Piece(*payload["piece"]),
        language=understood(engine, settings.model, payload["language"]),
        hotwords=payload["hotwords"],
        report=report,
    )
    pieces.keep(files["heard"], heard)


def detect(payload: Mapping[str, Any], files: Mapping[str, Path], report: Callable[[float], None]) -> tuple[str, float]:
    """Whisper's code for the language of `speech`, and how probable it is."""
    engine, settings = _asked_for(payload)
    every = [Piece(*one) for one in payload["pieces"]]
    return pieces.language_of(engine, files["speech"], every, model=settings.model, tag=payload["language"])


def _asked_for(payload: Mapping[str, Any]) -> tuple[Engine, TranscriptionSettings]:
    settings = TranscriptionSettings.model_validate(payload["settings"])
    engine: Engine = _engine(settings)
    wanted, here = tuple(payload["engine"]), (engine.name, engine.version, engine.weights.digest)
    if wanted != here:  # on another machine there may be others under the same name
        raise MissingTool(
            Problem(
                f"weights “{settings.model}”",
                f"the worker has {' '.join(here)}, and {' '.join(wanted)} is asked for",
                "Install the same versions and weights on every machine",
            )
        )
    return engine, settings
