"""How many processes are asked to hear side by side: what show.toml says, and one on a graphics card here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pytest

from pipeline.errors import OnRecordError, Problem
from pipeline.runner import Event, Failed, Task
from pipeline.show.settings import TranscriptionSettings
from pipeline.transcribe import pieces
from pipeline.transcribe.cutting import Piece
from tests.transcribe.sounds import write_wav


class Asked:
    """A runner that notes how many of a task it may do at once, and does none."""

    width = 1

    def __init__(self, *, is_here: bool) -> None:
        self.is_here = is_here
        self.at_most: int | None = -1

    def start(self, name: str, task: Task, tell: Callable[[Event], None]) -> Callable[[], None]:
        self.at_most = task.at_most
        tell(Failed(OnRecordError(Problem(name, "nobody hears", "Ask another"))))
        return lambda: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("workers", "is_here", "at_most"), [("auto", True, 1), ("auto", False, None), (3, True, 3), (3, False, 3)]
)
def test_a_graphics_card_here_says_nothing_of_other_machines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: Any, is_here: bool, at_most: int | None
) -> None:
    monkeypatch.setattr(pieces, "gpu_here", lambda: True)
    weights = SimpleNamespace(digest="sha256:00", size_bytes=1)
    described: Any = SimpleNamespace(name="faster-whisper", version="1", weights=weights)
    runner = Asked(is_here=is_here)
    with pytest.raises(OnRecordError, match="nobody hears"):
        pieces.hear_by_workers(
            described,
            write_wav(tmp_path / "speech.wav", np.zeros(16_000, np.int16)),
            [Piece(0, 1000)],
            settings=TranscriptionSettings(workers=workers),
            language="en",
            hotwords=(),
            folder=tmp_path,
            runner=runner,
            report=lambda part: None,
        )
    assert runner.at_most == at_most
