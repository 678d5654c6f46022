"""The golden pairs: NAME.rss is a feed, NAME.json what is read of it.

`python -m tests.publish.moving.golden_pairs` writes the second afresh; look at what changed before you commit it.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from lxml import etree

from pipeline import files
from pipeline.publish.moving.kept import KeptItem
from pipeline.publish.moving.reading import read

GOLDEN = Path(__file__).parent / "golden"
URL = "https://old.example/feed.xml"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.rss"))


def read_pair(name: str) -> Any:
    """What the reader makes of NAME.rss, as JSON; what is as everywhere is left out."""
    feed = read((GOLDEN / f"{name}.rss").read_bytes(), URL)
    return {
        "show": _told(asdict(feed.show), feed.show.kept),
        "items": [_told(asdict(item), item.kept) for item in feed.items],
        "repairs": [str(one) for one in feed.repairs],
    }


def _told(fields: dict[str, Any], kept: KeptItem) -> dict[str, Any]:
    tags = [str(etree.tostring(tag, encoding="unicode")) for tag in kept.tags]
    fields |= {"kept": tags, "notes": [kept.description, kept.content]}
    return {name: _plain(value) for name, value in fields.items() if value not in (None, [], (), False, [None, None])}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items() if one not in (None, "")}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int) or value is None else str(value)


if __name__ == "__main__":
    for pair in NAMES:
        files.write_text(GOLDEN / f"{pair}.json", files.readable_json(read_pair(pair)))
