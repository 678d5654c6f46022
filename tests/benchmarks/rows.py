"""What a benchmark is asked, and what it answers: rows of one table."""

from __future__ import annotations

from dataclasses import dataclass

OURS = "ours"


@dataclass(frozen=True)
class Asked:
    """How much is measured, and the folder for further pictures. With `is_quick` everything is tiny: figures without
    a meaning, in a minute or two, to see that all parts work on this machine."""

    folder: str
    episodes: int = 1000
    feed_episodes: int = 5000
    rounds: int = 1
    is_quick: bool = False

    def size(self, usual: int, quick: int) -> int:
        """`usual`, or `quick` where everything is tiny."""
        return quick if self.is_quick else usual


@dataclass(frozen=True)
class Row:
    """One job done once by us or another program: seconds on the clock, of all processors, and megabytes.

    Rows of the same part with the same `what` are one job done by several, and are put in proportion to ours.
    `left_out` says why there are no figures.
    """

    what: str
    who: str = OURS
    wall_s: float | None = None
    cpu_s: float | None = None
    peak_mb: float | None = None
    note: str = ""
    left_out: str = ""


class LeftOut(Exception):
    """A whole part cannot be measured here; the message says why."""
