"""The feed, read back by parsers of web players: podcast-partytime and feedsmith, from npm."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests import node
from tests.publish.made import GOLDEN

pytestmark = pytest.mark.node

PACKAGES = ("podcast-partytime@5.0.0", "feedsmith@3.0.1")
SCRIPT = """
import { readFileSync } from "node:fs";
import * as partytime from "podcast-partytime";
import { parseRssFeed } from "feedsmith";
const text = readFileSync(process.argv[2], "utf8");
const parse = partytime.parseFeed ?? partytime.default.parseFeed;
console.log(JSON.stringify({ partytime: parse(text), feedsmith: parseRssFeed(text) }));
"""


@pytest.fixture(scope="module")
def read(request: pytest.FixtureRequest) -> dict[str, Any]:
    folder = node.packages(request.config, "feed", *PACKAGES)
    script = folder / "read.mjs"
    script.write_text(SCRIPT, encoding="utf-8")
    feed = GOLDEN / "feed-full.xml"
    done = subprocess.run(["node", str(script), str(feed)], capture_output=True, timeout=60, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_partytime_reads_the_show_and_its_episodes(read: dict[str, Any]) -> None:
    feed = read["partytime"]
    assert feed["title"] == "On Record"
    assert feed["guid"] == "9b024349-ccf0-5f69-a609-6b82873eab3c"
    assert [one["title"] for one in feed["items"]] == ["Who counts", "What is coming"]
    item = feed["items"][0]
    assert item["enclosure"]["length"] == 28_800_417
    assert item["podcastChapters"]["type"] == "application/json+chapters"
    assert [one["type"] for one in item["podcastTranscripts"]] == [
        "text/vtt",
        "application/srt",  # its one name for all types of SubRip
        "application/json",
        "text/html",
    ]
    assert [(one["startTime"], one["duration"]) for one in item["podcastSoundbites"]] == [(758.7, 45.5)]
    assert {one["name"] for one in item["podcastPeople"]} == {"Ada Host", "Gus Guest", "Peta Producer"}
    assert item["podcastSeason"]["name"] == "The river"
    assert item["alternativeEnclosures"][0]["integrity"]["type"] == "sri"


def test_feedsmith_reads_the_show_and_its_episodes(read: dict[str, Any]) -> None:
    feed = read["feedsmith"]
    podcast = feed["podcast"]
    assert podcast["medium"] == "podcast"
    assert [one["display"] for one in podcast["fundings"]] == ["Support this show", "Become a patron"]
    assert podcast["updateFrequency"]["rrule"] == "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"
    assert [one["purpose"] for one in podcast["txts"]] == ["ai-content", "verify", "applepodcastsverify"]
    assert podcast["trailers"][0]["display"] == "What is coming"
    item = feed["items"][0]["podcast"]
    assert item["episode"] == {"number": 1, "display": "Part one"}
    assert len(item["persons"]) == 4
    assert item["alternateEnclosures"][0]["sources"][0]["uri"].endswith(".opus")
