"""What was mended in a foreign feed so that it could be read: told, never silent.

A repair is a `Problem` whose remedy says what was done. One kind of fault is told once, with its first line and how
often it was there: a feed has it a thousand times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.errors import Problem


@dataclass
class Repairs:
    """The repairs of one feed, in the order in which they were made."""

    _found: dict[tuple[str, str], tuple[str, str, str, int]] = field(default_factory=dict)

    def add(self, where: str | Callable[[], str], what: str, done: str, *, kind: str | None = None) -> None:
        """Note one; those that say the same, or are of one `kind`, are counted and told once.

        `where` may be a function, for places that take time to work out.
        """
        key = (kind, "") if kind else (what, done)
        first = self._found.get(key)
        if first is None:
            first = (where if isinstance(where, str) else where(), what, done, 0)
        self._found[key] = (*first[:3], first[3] + 1)

    def told(self) -> tuple[Problem, ...]:
        """All of them as problems."""
        problems = []
        for where, what, done, count in self._found.values():
            times = f" ({count} times in this feed)" if count > 1 else ""
            problems.append(Problem(where, f"{what}{times}", done))
        return tuple(problems)
