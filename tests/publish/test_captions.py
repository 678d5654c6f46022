"""Captions: three files, the same words at the same times, readable by readers that nobody here wrote."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import lxml.html
import pytest
import webvtt
from hypothesis import given, settings

from pipeline.align import TimedParagraph
from pipeline.publish.captions import to_html, to_json, to_srt, to_vtt
from pipeline.publish.cues import Cue, cues
from tests.publish.made import GOLDEN, paragraph
from tests.publish.test_cues import timed_paragraphs

WRITERS: dict[str, Callable[[Sequence[Cue]], bytes]] = {
    "vtt": to_vtt,
    "srt": to_srt,
    "json": to_json,
    "html": partial(to_html, title="Who counts", language="en-GB"),
}


def squeezed(text: str) -> str:
    return "".join(text.split())


def milliseconds(stamp: str) -> int:
    hours, minutes, seconds = stamp.replace(",", ".").split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000)


def srt_cues(content: bytes) -> list[tuple[int, int, list[str]]]:
    found = []
    for number, block in enumerate(content.decode().removesuffix("\n\n").split("\n\n"), start=1):
        index, times, *text = block.split("\n")
        assert index == str(number)
        start, end = times.split(" --> ")
        found.append((milliseconds(start), milliseconds(end), text))
    return found


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("captions-*.paragraphs.json")), ids=lambda path: path.name)
def test_golden_pairs(path: Path) -> None:
    made = cues([paragraph(**one) for one in json.loads(path.read_text("utf-8"))])
    for suffix, write in WRITERS.items():
        expected = path.with_name(path.name.replace("paragraphs.json", suffix))
        assert write(made).decode() == expected.read_text("utf-8")


@given(timed_paragraphs())
@settings(max_examples=100, deadline=None)
def test_all_three_say_the_same_words_at_the_same_times(paragraphs: tuple[TimedParagraph, ...]) -> None:
    made = cues(paragraphs)
    if not made:
        assert to_vtt(made) == b"WEBVTT\n"
        assert to_srt(made) == b""
        return
    expected = [(cue.start_ms, cue.end_ms, squeezed(cue.text)) for cue in made]

    segments = json.loads(to_json(made))["segments"]
    assert [
        (round(one["startTime"] * 1000), round(one["endTime"] * 1000), squeezed(one["body"])) for one in segments
    ] == expected

    vtt = to_vtt(made).decode().split("\n\n")[1:]
    times = [block.split("\n")[0].split(" --> ") for block in vtt]
    texts = [re.fullmatch(r"<v ([^<>]+)>([^<>]+)</v>\n?", block.split("\n", 1)[1]) for block in vtt]
    assert all(texts)
    assert [
        (milliseconds(start), milliseconds(end), squeezed(html.unescape(text[2])))
        for (start, end), text in zip(times, texts, strict=True)
        if text
    ] == expected
    assert [html.unescape(text[1]) for text in texts if text] == [" ".join(cue.speaker.split()) for cue in made]

    for cue, (start_ms, end_ms, text) in zip(made, srt_cues(to_srt(made)), strict=True):
        assert (start_ms, end_ms) == (cue.start_ms, cue.end_ms)
        words = squeezed("".join(text)).replace("\u2060", "")
        name = squeezed(f"{cue.speaker}:") if cue.turn else ""
        assert words == name + squeezed(cue.text).replace("\u2060", "")


@given(timed_paragraphs())
@settings(max_examples=60, deadline=None)
def test_webvtt_py_reads_both_files_back(paragraphs: tuple[TimedParagraph, ...]) -> None:
    made = cues(paragraphs)
    if not made:
        return
    for kind, content in (("vtt", to_vtt(made)), ("srt", to_srt(made))):
        read: Any = webvtt.from_buffer(io.StringIO(content.decode()), format=kind)
        assert [(milliseconds(one.start), milliseconds(one.end)) for one in read] == [
            (cue.start_ms, cue.end_ms) for cue in made
        ]
        if kind == "vtt":
            assert [one.voice for one in read] == [
                html.escape(" ".join(cue.speaker.split()), quote=False) for cue in made
            ]


@given(timed_paragraphs())
@settings(max_examples=60, deadline=None)
def test_the_html_is_flat_and_says_the_same_words(paragraphs: tuple[TimedParagraph, ...]) -> None:
    made = cues(paragraphs)
    page = to_html(made, title="T & <t>", language="en-GB")
    body: Any = lxml.html.document_fromstring(page).body  # type: ignore[no-untyped-call]  # it has no types
    found = list(body)
    assert {one.tag for one in found} <= {"cite", "time", "p"}
    assert all(len(one) == 0 and not one.attrib for one in found)
    assert squeezed("".join(one.text or "" for one in found if one.tag == "p")) == squeezed(
        "".join(cue.text for cue in made)
    )
    assert [one.text for one in found if one.tag == "cite"] == [
        f"{' '.join(cue.speaker.split())}:" for cue in made if cue.turn
    ]
    assert sum(one.tag == "time" for one in found) == sum(one.tag == "p" for one in found)


def test_the_html_has_a_paragraph_for_each_of_the_texts() -> None:
    long = "Nobody on this bank counted the barns, and so they were forgotten by all. " * 4
    made = cues([paragraph("Ada", long), paragraph("Ada", "Two.", 90_000), paragraph("Gus", "Three.", 3_700_000)])
    content = to_html(made, title="T", language="en").decode()
    assert content.count("<p>") == 3
    assert "<cite>Ada:</cite>\n<time>0:00</time>\n<p>Nobody" in content
    assert "</p>\n<time>1:30</time>\n<p>Two.</p>\n<cite>Gus:</cite>\n<time>1:01:40</time>" in content


def test_the_html_runs_as_its_language_does() -> None:
    made = cues([paragraph("Ada", "One.")])
    assert b'<html lang="ar" dir="rtl">' in to_html(made, title="T", language="ar")
    assert b'<html lang="en">' in to_html(made, title="T", language="en")


def test_the_arrow_of_times_never_stands_in_a_text() -> None:
    made = cues([paragraph("Ada --> Co", "It goes 00:00:01.000 --> 00:00:02.000 and on.")])
    for content in (to_vtt(made), to_srt(made)):
        assert content.count(b"-->") == len(made)
    assert "-->" in json.loads(to_json(made))["segments"][0]["body"]


def test_srt_names_a_speaker_only_where_the_speaker_changes() -> None:
    made = cues([paragraph("Ada", "One."), paragraph("Ada", "Two.", 2000), paragraph("Gus", "Three.", 4000)])
    assert [text for _, _, text in srt_cues(to_srt(made))] == [["Ada: One."], ["Two."], ["Gus: Three."]]


def test_lines_keep_to_the_formats_lengths() -> None:
    made = cues([paragraph("HRH Princess Eugenie of York", "Nobody on this bank counted the barns, and so " * 20)])
    for _, _, text in srt_cues(to_srt(made)):
        assert len(text) <= 2
        assert max(map(len, text)) <= 32
    for block in to_vtt(made).decode().split("\n\n")[1:]:
        assert len(re.sub(r"<[^>]*>", "", block.split("\n")[1])) <= 65


def test_json_says_everything_in_every_segment_as_antennapod_needs() -> None:
    document = json.loads(to_json(cues([paragraph("Ada", "One."), paragraph("Ada", "Two.", 2000)])))
    assert document["version"] == "1.0.0"
    assert document["segments"] == [
        {"speaker": "Ada", "startTime": 0.0, "endTime": 0.833, "body": "One."},
        {"speaker": "Ada", "startTime": 2.0, "endTime": 2.833, "body": "Two."},
    ]


def test_webvtt_begins_at_once_and_holds_no_note() -> None:
    content = to_vtt([Cue("Ada", ("NOTE", " this"), 3_600_000, 3_601_000, True)])
    assert content == b"WEBVTT\n\n01:00:00.000 --> 01:00:01.000\n<v Ada>NOTE this</v>\n"
