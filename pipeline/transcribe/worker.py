"""The process that hears pieces: `python -m pipeline.transcribe.worker`, started and fed by `pieces.py`.

The weights are loaded once, with the first task; of the recording only the piece that is heard is in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe import pieces
from pipeline.transcribe.cutting import Piece
from pipeline.transcribe.engine import Engine, open_engine, understood
from pipeline.workers import serve

_engine = lru_cache(maxsize=1)(open_engine)


def handle(task: dict[str, Any], report: Callable[[float], None]) -> Any:
    """One task of `pieces.py`: `detect` finds the language of the recording, `hear` writes one piece to its file."""
    settings = TranscriptionSettings.model_validate(task["settings"])
    engine: Engine = _engine(settings)
    speech = Path(task["speech"])
    if task["do"] == "detect":
        every = [Piece(*one) for one in task["pieces"]]
        language, probability = pieces.language_of(engine, speech, every, model=settings.model, tag=task["language"])
        return {"language": language, "probability": probability}
    heard = pieces.hear_piece(
        engine,
        speech,
        Piece(*task["piece"]),
        language=understood(engine, settings.model, task["language"]),
        hotwords=task["hotwords"],
        report=report,
    )
    pieces.keep(Path(task["to"]), heard)
    return None


if __name__ == "__main__":
    serve(handle)
