"""How long the feed of a long-lived show takes to make and to check, and how big it is.

Run: .venv/bin/python -m tests.benchmarks.feed [EPISODES]
"""

from __future__ import annotations

import gzip
import resource
import sys
import time

from pipeline.publish.feed import build_feeds
from pipeline.publish.lint.check import lint
from tests.publish.made import ARTWORK_URL, BY_ID, approved, episode, golden_sources, item, settings

NOTES = "\n\n".join(
    f"Paragraph {number} with [a link](https://river.example/{number}) and words." for number in range(10)
)


def main() -> None:
    """Print the figures for the number of episodes named on the command line, 1000 by default."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    show = settings(hosts=["ada-host"])
    chapters = [{"start": f"00:{minute:02d}:00", "title": f"Part {minute}"} for minute in range(0, 30, 5)]
    start = time.perf_counter()
    items = [
        item(show, approved(episode(number, chapters=chapters), notes_markdown=NOTES), golden_sources(), whole=True)
        for number in range(1, count + 1)
    ]
    rendered = time.perf_counter()
    pages = build_feeds(show, items, artwork_url=ARTWORK_URL, people=BY_ID)
    done = time.perf_counter()
    findings = [one for page in pages.values() for one in lint(page)]
    checked = time.perf_counter()
    sizes = {name: (len(page), len(gzip.compress(page))) for name, page in pages.items()}
    lines = [
        f"{count} episodes: notes {rendered - start:.2f} s, feed {done - rendered:.2f} s, check {checked - done:.2f} s",
        *(f"  {name}: {size:,} bytes, {packed:,} compressed" for name, (size, packed) in sizes.items()),
        f"  {len(findings)} findings; peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
