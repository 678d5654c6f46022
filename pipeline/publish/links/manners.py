"""Politeness towards servers: one request at a time to each, a pause between them, and the wait they ask for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pipeline.publish.links.wire import unanswered

LONGEST_WAIT_S = 7 * 24 * 3600


@dataclass
class Manners:
    """Turns at each host, shared by all threads.

    `delay_s` passes between the end of one request and the next to the same host; where a server asked to wait for
    longer than `patience_s`, it is not asked again.
    """

    delay_s: float = 1.0
    patience_s: float = 20.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _turns: dict[str, threading.Lock] = field(default_factory=dict)
    _free_at: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def turn(self, host: str, url: str) -> Iterator[None]:
        """Wait for the host's turn and hold it. Raises Unanswered (“asked to wait”) where that would take too long."""
        with self._guard:
            turn = self._turns.setdefault(host, threading.Lock())
        with turn:
            wait_s = self._free_at.get(host, 0.0) - self.clock()
            if wait_s > max(self.patience_s, self.delay_s):
                raise unanswered(url, f"its server asked to be left alone for {round(wait_s)} s", "asked to wait")
            if wait_s > 0:
                self.sleep(wait_s)
            try:
                yield
            finally:
                self._free_at[host] = max(self._free_at.get(host, 0.0), self.clock() + self.delay_s)

    def wait(self, host: str, seconds: float) -> None:
        """Note that the host asked to be left alone for so long; call it while holding the turn."""
        self._free_at[host] = self.clock() + seconds


def retry_after_s(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """How long a server asks to wait (RFC 9110, 10.2.3), 0 to a week; None where it does not say, or not legibly."""
    said = headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(min(int(said[:9]), LONGEST_WAIT_S))
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - (now or datetime.now(UTC))).total_seconds(), 0.0), float(LONGEST_WAIT_S))
