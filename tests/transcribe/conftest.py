"""Real human speech for the tests of this room."""

from __future__ import annotations

import pytest

from tests.real_speech import NotHere, Spoken, joined, readings, telephone


@pytest.fixture(scope="session")
def phone() -> Spoken:
    """30 s of two people on the telephone, speaking freely: 75 words, each utterance timed."""
    return telephone()


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Spoken:
    """25 s of a LibriVox volunteer reading Jane Austen."""
    try:
        parts = readings()
    except NotHere as lacking:
        pytest.skip(str(lacking))
    return joined(parts, tmp_path_factory.mktemp("speech") / "read.wav")
