"""What came along with an imported episode: clean in feed and page, and a first text where it has times."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidEpisode
from pipeline.publish.moving import kept, transcripts
from pipeline.publish.moving.kept import KeptItem
from tests.publish.moving.brought import brought

LIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<p style='background:url(javascript:alert(1))' onclick=alert(1)>x",
    "<math><mtext></table><mglyph><style><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1) ",
    "<form action=javascript:alert(1)><input type=submit>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
]
RUNS = re.compile(r"<script|<iframe|<svg|<math|<form|<meta|\son\w+\s*=|javascript:|<[a-z]+[^>]*$", re.IGNORECASE)


@pytest.mark.parametrize("live", LIVE)
def test_nothing_runs(live: str) -> None:
    for text in (live, f"before {live} behind", f"<p>{live}</p>"):
        assert not RUNS.search(kept.clean(text))
        assert not RUNS.search(kept.as_page(text))
        assert "<img" not in kept.as_page(text)


@given(st.text(alphabet="<>/!&;\"'= abonclick:script", max_size=80))
def test_no_text_runs_and_cleaning_twice_changes_nothing(text: str) -> None:
    once = kept.clean(text)
    assert not re.search(r"<script|\son\w+=", once)
    assert kept.clean(once) == once


@pytest.mark.parametrize(
    ("picture", "stays"),
    [
        ('<img src="https://count.example/g.gif?b=1&amp;p=2" width="1" height="1" alt="" />', False),
        ("<IMG height=0 width='1px' src=https://count.example/x>", False),
        ('<img width="1" height="1" alt="><script>alert(1)</script>" src="https://count.example/x">', False),
        ('<img src="https://old.example/us.jpg" width="100%" height="1">', True),
        ('<img src="https://old.example/us.jpg" width="10" height="1.5">', True),
        ('<img src="https://old.example/us.jpg" alt="Us">', True),
    ],
)
def test_nobody_else_counts_who_reads_the_notes(picture: str, stays: bool) -> None:
    cleaned = kept.clean(f"<p>Before {picture} behind</p>")
    assert ("<img" in cleaned) == stays
    assert cleaned.startswith("<p>Before")
    assert not RUNS.search(cleaned)


def test_plain_text_stays_letter_for_letter() -> None:
    text = "Tom & Jerry, 5 < 6 &amp; more\n\nhttps://x.example/?a=1&b=2"
    assert kept.clean(text) == text
    assert kept.as_page(text) == ("<p>Tom &amp; Jerry, 5 &lt; 6 &amp; more</p><p>https://x.example/?a=1&amp;b=2</p>")


def test_headings_do_not_break_the_order_of_those_of_the_page() -> None:
    assert kept.as_page("<h1>A</h1><p>b</p>") == "<p><strong>A</strong></p><p>b</p>"
    assert kept.plain("<h1>A</h1><p>b<br>c</p>") == "A\nb\nc"


def test_a_file_of_kept_tags_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "imported.xml"
    item = KeptItem("a ]]> b <p>x</p>", "", ())
    path.write_bytes(kept.document("item", item))
    read = kept.read_kept(path)
    assert (read.description, read.content) == ("a ]]&gt; b <p>x</p>", "")
    for content in (b"", b"<item", b'<!DOCTYPE item [<!ENTITY x SYSTEM "file:///etc/passwd">]><item>&x;</item>'):
        path.write_bytes(content)
        with pytest.raises(InvalidEpisode, match="cannot be read"):
            kept.read_kept(path)


@pytest.mark.parametrize(
    ("content", "said", "suffix"),
    [
        (b"\xef\xbb\xbfWEBVTT\n", "text/plain", "vtt"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nx\n", "text/plain", "srt"),
        (b'{"segments": []}', "text/html", "json"),
        (b"<!DOCTYPE html><p>x", "", "html"),
        (b"only words", "text/html", "html"),
        (b"only words", "", "txt"),
    ],
)
def test_a_transcript_is_known_by_what_is_in_it(content: bytes, said: str, suffix: str) -> None:
    kind = transcripts.sniffed(content, said)
    assert kind is not None
    assert kind[1] == suffix


def test_what_is_no_transcript_is_none() -> None:
    assert [transcripts.sniffed(one, "text/vtt") for one in (b"", b"\xff\xfe\x00", b"{broken", b"a\x00b")] == [None] * 4


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        ("vtt", b"WEBVTT\n"),
        ("vtt", b"WEBVTT\n\nNOTE nothing was said\n"),
        ("vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\n\n"),
        ("json", b'{"version": "1.0.0", "segments": []}'),
        ("html", b"<html><p>Hello</p>"),
    ],
)
def test_a_transcript_in_which_nothing_has_a_time_is_no_first_text(suffix: str, content: bytes, tmp_path: Path) -> None:
    found = transcripts.draft(brought(tmp_path, suffix, content), "Ada Host")
    assert found is None


def test_a_first_text_has_every_cue(tmp_path: Path) -> None:
    vtt = b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ada Host>One.\n\n00:03.000 --> 00:04.000\n<v Ben Guest>Two.\n"
    found = transcripts.draft(brought(tmp_path, "vtt", vtt), "Somebody")
    assert found is not None
    assert [(one.speaker, one.text, one.start_ms) for one in found.paragraphs] == [
        ("Ada Host", "One.", 1000),
        ("Ben Guest", "Two.", 3000),
    ]


def test_chapters_that_cannot_be_shown_are_left_out() -> None:
    listed = (
        b'{"chapters": [{"startTime": 5, "title": "B", "url": "javascript:alert(1)"}, {"startTime": 0, "title": "A"},'
        b'{"startTime": -1, "title": "x"}, {"startTime": true, "title": "x"},'
        b'{"startTime": 9, "title": "x", "toc": false},'
        b'{"startTime": 5, "title": "again"}, {"startTime": 7}, "x", {"startTime": 1e99, "title": "x"}]}'
    )
    found = transcripts.chapters_in(listed)
    assert [(one.start_ms, one.title, one.url) for one in found] == [(0, "A", None), (5000, "B", None)]
