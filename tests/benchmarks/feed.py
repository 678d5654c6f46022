"""How long the feed of a long-lived show takes to make and to check, and how big it is.

Run: .venv/bin/python -m tests.benchmarks feed [--feed-episodes N]
"""

from __future__ import annotations

import gzip
import resource
import time
from collections.abc import Iterator

from pipeline.publish.feed import build_feeds
from pipeline.publish.lint.check import lint
from tests.benchmarks.rows import Asked, Row
from tests.publish.made import ARTWORK_URL, BY_ID, approved, episode, golden_sources, item, settings

NOTES = "\n\n".join(
    f"Paragraph {number} with [a link](https://river.example/{number}) and words." for number in range(10)
)


def rows(asked: Asked) -> Iterator[Row]:
    """Notes, feed and check of so many episodes, and what they cost together."""
    count = asked.size(asked.feed_episodes, 50)
    show = settings(hosts=["ada-host"])
    chapters = [{"start": f"00:{minute:02d}:00", "title": f"Part {minute}"} for minute in range(0, 30, 5)]
    times = [(time.perf_counter(), time.process_time())]
    items = [
        item(show, approved(episode(number, chapters=chapters), notes_markdown=NOTES), golden_sources(), whole=True)
        for number in range(1, count + 1)
    ]
    times.append((time.perf_counter(), time.process_time()))
    pages = build_feeds(show, items, artwork_url=ARTWORK_URL, people=BY_ID)
    times.append((time.perf_counter(), time.process_time()))
    findings = [one for page in pages.values() for one in lint(page)]
    times.append((time.perf_counter(), time.process_time()))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    first = next(iter(pages.values()))
    notes = (
        "",
        f"{len(pages)} pages, {len(first):,} bytes the first, {len(gzip.compress(first)):,} compressed",
        f"{len(findings)} findings",
    )
    for what, note, (wall, cpu), (wall_then, cpu_then) in zip(
        ("notes", "feed", "check of all pages"), notes, times, times[1:], strict=False
    ):
        yield Row(f"{what}, {count:,} episodes", wall_s=wall_then - wall, cpu_s=cpu_then - cpu, note=note)
    wall_s, cpu_s = (last - first for first, last in zip(times[0], times[-1], strict=True))
    yield Row(f"all of it, {count:,} episodes", wall_s=wall_s, cpu_s=cpu_s, peak_mb=peak_mb)
