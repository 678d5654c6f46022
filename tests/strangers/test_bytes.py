"""Bytes that somebody broke, by chance or on purpose: our own errors, or nothing; never another exception.

Each file of a show is broken in turn, as a slip of the hand, a merge or an enemy would: cut off, doubled, pieces
exchanged, words of the format put where they do not belong. `make fuzz` tries many more examples.
"""

from __future__ import annotations

import io
import os
import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.audio import ffmpeg
from pipeline.audio.probe import probe
from pipeline.errors import InvalidEpisode, OnRecordError
from pipeline.publish import artwork
from pipeline.publish.links.check import read_state
from pipeline.publish.links.page_text import html_text
from pipeline.publish.links.snapshots import read_list as read_copies
from pipeline.publish.lint import reading as lint_reading
from pipeline.publish.lint.media import check_picture, check_text
from pipeline.publish.look import read_fonts
from pipeline.publish.moving import kept, pictures, transcripts
from pipeline.publish.moving.transcripts import are_chapters, chapters_in
from pipeline.publish.sourcing.importing import read_list
from pipeline.publish.sourcing.page import page_record
from pipeline.review.checked import read_review
from pipeline.show import IMPORTED_NAME
from pipeline.show.look import Look
from pipeline.stages.deploying import Options, publish
from pipeline.stages.run import run
from pipeline.stages.status import survey
from pipeline.stages.takenover import approve_imported
from pipeline.transcript import parse_transcript, transcript_to_text
from tests.episodes import ADA, NOW, add_episode
from tests.publish.moving.brought import CHAPTERS, ITEM, add_brought, brought
from tests.publish.moving.brought import VTT as VTT_THAT_CAME_ALONG

TOKENS = (
    b"", b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r\n", b"\n", b'"', b"'", b'"""', b"[", b"]", b"[[",
    b"{", b"}", b"[" * 3000, b'{"a":' * 3000, b"=", b",", b":", b"null", b"true", b"NaN", b"1e999", b"-1", b"9" * 400,
    b"99999-99-99", b"../../etc/passwd", b"**", b"**:**", b"[@", b"[99:99:99.999]", b"```", b"<", b"&", b"]]>",
    b'<!DOCTYPE a [<!ENTITY b "c">]>', b"\xf0\x9f\x92\xa9", b"\xd7\xa9", b"@article{", b"TY  - ", b"ER  - ", b"%",
    b"\\",
)  # fmt: skip
Edit = tuple[float, int, bytes]
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 60), st.sampled_from(TOKENS) | st.binary(max_size=8)),
    min_size=1,
    max_size=4,
)
# HYPOTHESIS_PROFILE=hunting (make fuzz) looks for new examples, and for long.
EXAMPLES = 25 if os.environ.get("HYPOTHESIS_PROFILE", "steady") == "steady" else 1000
SOME = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])


def broken(content: bytes, edits: list[Edit]) -> bytes:
    """At each place (0 to 1 of the whole) so many bytes are taken away, and others put there."""
    for part, length, token in edits:
        at = int(part * len(content))
        content = content[:at] + token + content[at + length :]
    return content


REDACTIONS = """\
[[redactions]]
start = "00:00:02.900"
end = "00:00:04.400"
reason = "a promise"
by = "Ada Host"
"""
CONSENT = '[ben-guest]\npublish = "voice"\nname = "real"\ngiven_on = 2026-11-01\n'
FILES_OF_A_SHOW = (
    "show.toml", "people.toml", "glossary.toml", "sources.json", "artwork.png",
    "first-talk/episode.toml", "first-talk/notes.md", "first-talk/transcript.md", "first-talk/machine.json",
    "first-talk/published.json", "ledger.json", "first-talk/review.json", "first-talk/approvals/*",
    "first-talk/redactions.toml", "first-talk/consent.toml", "first-talk/withdrawn.toml", "first-talk/interview.wav",
    "../build/first-talk/*.json", "imported.xml", "old-talk/imported.xml", "old-talk/transcript.vtt",
    "old-talk/chapters.json", "old-talk/episode.toml",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A show with everything in it, two episodes, and what a run makes of it."""
    folder = tmp_path_factory.mktemp("whole")
    add_episode(folder, "first-talk", number=1)
    root = add_episode(folder, "second-talk", number=2, title="Second talk")
    add_brought(root, "old-talk")
    (root / "episodes" / "imported.xml").write_bytes(kept.document("channel", kept.KeptItem("<p>a</p>")))
    approve_imported(root, ADA, NOW)
    run(root, NOW, lambda *_: None)
    publish(root, NOW, Options(verify=False), confirm=lambda _: True)
    return root


@pytest.mark.parametrize("name", FILES_OF_A_SHOW)
def test_a_broken_file_of_a_show_is_told_and_costs_no_other_episode(name: str, whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "show"
    shutil.copytree(whole, root, ignore=shutil.ignore_patterns("site", "*.mp3", "*.m4a"))
    first = root / "episodes" / "first-talk"
    own = {"redactions.toml": REDACTIONS, "consent.toml": CONSENT, "review.json": '{"version": 1}'}
    own["withdrawn.toml"] = 'at = 2026-11-20T09:00:00Z\nby = "Ada"\nreason = "a reason"\n'
    if (file := Path(name).name) in own:
        (first / file).write_text(own[file], encoding="utf-8")
    paths = sorted((root / "episodes").glob(name))
    assert paths, f"no file of the name {name} is there to be broken"
    intact = {path: path.read_bytes() for path in paths}

    @SOME
    @given(which=st.integers(0, 10), edits=EDITS)
    @example(which=0, edits=[(0.0, 10**9, b"")])
    @example(which=0, edits=[(0.0, 10**9, b"[" * 100_000)])
    @example(which=0, edits=[(0.0, 10**9, b"\xff\xfe\x00")])
    @example(which=0, edits=[(0.5, 10**9, b"")])
    def holds(which: int, edits: list[Edit]) -> None:
        path = paths[which % len(paths)]
        path.write_bytes(broken(intact[path], edits))
        try:
            statuses = survey(root, NOW)
        except OnRecordError as error:
            assert "/" not in name.removeprefix("../"), f"{name} of one episode stopped them all: {error}"  # noqa: PT017
        else:
            assert any(status.slug == "second-talk" for status in statuses)
        finally:
            path.write_bytes(intact[path])

    holds()


CSL = b'[{"id": "a", "type": "book", "title": "A", "author": [{"family": "B"}], "issued": {"date-parts": [[2020, 1]]}}]'
BIBTEX = b'@article{a, title = {A {B}}, author = "C and D", year = 2020, url = {https://a.example}}\n@string{x = "y"}\n'
RIS = b"TY  - JOUR\nAU  - A, B\nTI  - C\nPY  - 2020/01/02\nUR  - https://a.example\nER  - \n"
PAGE = (
    b'<html><head><title>A</title><meta name="citation_title" content="B"><meta property="og:title" content="C">'
    b'<script type="application/ld+json">{"@type": "NewsArticle", "headline": "D", "author": [{"name": "E"}]}</script>'
    b"</head><body><p>F</p></body></html>"
)
FEED = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:podcast="https://podcastindex.org/namespace/1.0"><channel><title>A</title><link>https://a.example</link>
<itunes:image href="https://a.example/a.jpg"/><item><title>B</title><guid isPermaLink="false">c</guid>
<pubDate>Fri, 20 Nov 2026 09:00:00 +0100</pubDate><itunes:duration>1:00</itunes:duration>
<enclosure url="https://a.example/a.mp3" length="1" type="audio/mpeg"/>
<podcast:transcript url="https://a.example/a.vtt" type="text/vtt"/></item></channel></rss>"""
SEGMENTS = (
    b'{"version": "1.0.0", "segments": [{"speaker": "Ada", "startTime": 0.5, "endTime": 2, "body": "Hello there"},'
    b' {"speaker": "**B**", "startTime": 3, "body": "x"}]}'
)
VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\n<v A>Hello\n"


def _font(content: bytes, folder: Path) -> object:
    (folder / "a.woff2").write_bytes(content)
    return read_fonts(Look.model_validate({"fonts": [{"family": "A", "file": "a.woff2"}]}), folder)


def _brought(suffix: str) -> Callable[[bytes, Path], object]:
    """A transcript that came along: what is published of it, and the first text that is made of it."""

    def from_bytes(content: bytes, folder: Path) -> object:
        (folder / IMPORTED_NAME).write_bytes(ITEM)
        episode = brought(folder, suffix, content)
        first = transcripts.draft(episode, "Ada Host")
        if first is not None:
            # What is drafted is written, and must be a text that can be read.
            assert parse_transcript(transcript_to_text(first).encode(), "a") == first
        try:
            return transcripts.taken_over(episode)
        except InvalidEpisode:
            return None

    return from_bytes


def _kept(content: bytes, folder: Path) -> object:
    (folder / IMPORTED_NAME).write_bytes(content)
    item = kept.read_kept(folder / IMPORTED_NAME)
    return kept.document("item", item), kept.page_notes(item)


def _foreign_picture(content: bytes, folder: Path) -> object:
    (folder / "a.png").write_bytes(content)
    return pictures.suffix_of(content), pictures.refused(folder / "a.png"), pictures.mended(content)


def _picture(kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((90, 60)).save(buffer, kind)
    return buffer.getvalue()


def _file(read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    def from_bytes(content: bytes, folder: Path) -> object:
        (folder / "file.json").write_bytes(content)
        return read(folder / "file.json")

    return from_bytes


READERS: dict[str, tuple[bytes, Callable[[bytes, Path], object]]] = {
    "CSL-JSON": (CSL, lambda content, _: read_list(content, "a.json")),
    "BibTeX": (BIBTEX, lambda content, _: read_list(content, "a.bib")),
    "RIS": (RIS, lambda content, _: read_list(content, "a.ris")),
    "a page's data": (PAGE, lambda content, _: page_record(content, "https://a.example/")),
    "a page's text": (PAGE, lambda content, _: html_text(content.decode("latin-1"))),
    "a feed": (FEED, lambda content, _: lint_reading.read(content, "https://a.example/feed.xml")),
    "WebVTT": (VTT, lambda content, _: list(check_text("a", "text/vtt", "text/vtt", content))),
    "chapters": (
        b'{"version": "1.2.0", "chapters": []}',
        lambda content, _: list(check_text("a", "I15", "j", content)),
    ),
    "a picture of a feed": (b"", lambda content, _: list(check_picture("C9", "a", "a.png", content))),
    "the state of links": (b'{"version": 1, "links": {}}', _file(read_state)),
    "the list of copies": (b'{"version": 1}', _file(read_copies)),
    "review.json": (b'{"version": 1, "heard": []}', _file(read_review)),
    "a font": (b"wOF2" + bytes(60), _font),
    "a picture": (b"", _file(artwork.check)),
    "imported.xml": (ITEM, _kept),
    "WebVTT that came along": (VTT_THAT_CAME_ALONG, _brought("vtt")),
    "SubRip that came along": (VTT_THAT_CAME_ALONG.removeprefix(b"WEBVTT\n\n"), _brought("srt")),
    "JSON that came along": (SEGMENTS, _brought("json")),
    "HTML that came along": (b"<!doctype html><cite>Ada:</cite> <time>0:01</time> <p>Hello</p>", _brought("html")),
    "chapters that came along": (CHAPTERS, lambda content, _: (chapters_in(content), are_chapters(content))),
    **{f"a {kind} of a foreign feed": (_picture(kind), _foreign_picture) for kind in ("JPEG", "PNG", "WEBP", "GIF")},
}


@pytest.mark.parametrize("name", READERS)
def test_a_reader_of_foreign_bytes_breaks_in_our_own_way(name: str, whole: Path, tmp_path: Path) -> None:
    seed, read = READERS[name]
    seed = seed or (whole / "episodes" / "artwork.png").read_bytes()

    @SOME
    @given(edits=EDITS)
    @example(edits=[(0.0, 10**9, b"")])
    @example(edits=[(0.0, 10**9, b"[" * 100_000)])
    @example(edits=[(0.0, 10**9, b"<a>" * 100_000)])
    @example(edits=[(0.0, 10**9, b"\xff\xfe\x00")])
    def holds(edits: list[Edit]) -> None:
        try:
            read(broken(seed, edits), tmp_path)
        except OnRecordError as error:
            assert str(error).strip()  # noqa: PT017 - whatever is raised must say something

    holds()


@pytest.mark.parametrize("suffix", ["wav", "mp3", "flac", "m4a", "ogg", "webm"])
def test_a_broken_recording_is_refused_or_read_and_nothing_else(suffix: str, tmp_path: Path) -> None:
    sound, coded, victim = tmp_path / "a.wav", tmp_path / f"b.{suffix}", tmp_path / f"c.{suffix}"
    with wave.open(str(sound), "wb") as writer:
        writer.setparams((1, 2, 16_000, 0, "NONE", ""))
        writer.writeframes(bytes(range(256)) * 200)
    # As browsers record it, without a length: it is counted, packet by packet.
    live = ["-c:a", "libopus", "-live", "1"] if suffix == "webm" else []
    ffmpeg.run([*ffmpeg.own(sound, "wav"), *live, str(coded)], subject=sound)
    seed = coded.read_bytes()

    @settings(SOME, max_examples=EXAMPLES // 2)
    @given(edits=EDITS)
    def holds(edits: list[Edit]) -> None:
        victim.write_bytes(broken(seed, edits))
        try:
            probe(victim)
            ffmpeg.run([*ffmpeg.foreign(victim), "-f", "null", "-"], subject=victim)
        except OnRecordError as error:
            assert victim.name in str(error)  # noqa: PT017

    holds()
