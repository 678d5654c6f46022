"""A seeded choice of the points, for every day; `make test-faults` tries them all and writes their number."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.deeds import DEEDS
from tests.faults.harness import Tracer, tracing, try_points

EVERY = {
    "run from the recording": 60,
    "run to the first site": 60,
    "run to a changed site": 60,
    "publish": 60,
    "go back": 60,
}

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("strace") is None,
    reason="no strace on this machine, which is what strikes",
)


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    with tracing() as one:
        yield one


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_that_is_struck_leaves_a_whole_show_and_is_completed_by_the_next(
    deed: str, tracer: Tracer, tmp_path: Path
) -> None:
    tried = try_points(tracer, deed, tmp_path, slice(0, None, EVERY.get(deed, 5)))
    assert tried.points > 10, "the deed was not traced"
    assert tried.tried >= 3
    assert not tried.broken
