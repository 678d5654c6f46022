from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from mutagen import mp3
from PIL import Image

from pipeline import files
from pipeline.audio.languages import three_letters
from pipeline.audio.master import Mastered, master
from pipeline.audio.tags import TagChapter, Tags, finish
from pipeline.show.settings import AudioSettings
from tests.audio.sounds import frames, samples


def _cover(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), "navy").save(stream, kind)
    return stream.getvalue()


def _read(path: Path) -> Any:
    return mp3.MP3(path)  # type: ignore[no-untyped-call]  # mutagen is typed by halves


TAGS = Tags(
    title="«Quote», <tag> & “שלום” — 面试",
    artist="AC/DC; Ólafur",
    album="On Record",
    published_at=datetime(2026, 11, 24, 6, 5, tzinfo=timezone(timedelta(hours=1))),
    language="en-GB",
    guid="5d1b2a1e-0000-4000-8000-000000000001",
    description="First line.\n\nSecond: 10 € 🎙",
    number=7,
    season=2,
    page_url="https://example.org/on-record/seven/",
    feed_url="https://example.org/on-record/feed.xml",
    copyright="2026 On Record",
    license_url="https://creativecommons.org/licenses/by/4.0/",
    cover=_cover("JPEG"),
    cover_alt="A blue square",
)


@pytest.fixture(scope="module")
def mastered(voice: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Mastered]:
    target = tmp_path_factory.mktemp("mastered") / "mastered.mp3"
    return target, master(voice, target, AudioSettings(), intro=None, outro=None, report=lambda _: None)


def test_tags_are_read_back(mastered: tuple[Path, Mastered], tmp_path: Path) -> None:
    finish(mastered[0], tmp_path / "release.mp3", mastered[1], TAGS)
    tags = _read(tmp_path / "release.mp3").tags
    assert tags.version == (2, 3, 0)
    texts = {
        "TIT2": TAGS.title, "TPE1": TAGS.artist, "TALB": "On Record", "TCON": "Podcast", "TLAN": "eng",
        "TRCK": "7", "TPOS": "2", "TCOP": "2026 On Record", "TGID": TAGS.guid, "TLEN": "20000",
        "TDES": TAGS.description, "COMM::eng": TAGS.description, "TDRC": "2026-11-24 06:05:00",
    }  # fmt: skip
    assert {key: str(tags[key]) for key in texts} == texts
    assert tags["WOAF"].url == TAGS.page_url
    assert tags["WFED"].url == TAGS.feed_url
    assert tags["WCOP"].url == TAGS.license_url
    assert "PCST" in tags
    [cover] = tags.getall("APIC")
    assert (cover.mime, cover.type, cover.desc, cover.data) == ("image/jpeg", 3, "A blue square", TAGS.cover)


def test_what_is_not_known_is_left_out(mastered: tuple[Path, Mastered], tmp_path: Path) -> None:
    bare = Tags("T", "A", "S", TAGS.published_at, "tlh", "guid")
    finish(mastered[0], tmp_path / "release.mp3", mastered[1], bare)
    tags = _read(tmp_path / "release.mp3").tags
    assert {key[:4] for key in tags} == {
        "TIT2", "TPE1", "TALB", "TCON", "TDRC", "TLAN", "TLEN", "TGID", "PCST",
    }  # fmt: skip


# The longest title comes first, the shortest in the middle: any order but that of time would show.
CHAPTERS = (
    TagChapter(0, 4000, "Welcome to the show, to its host and to all who have come to hear it"),
    TagChapter(4000, 9500, "“Who counts?” — 谁"),
    TagChapter(9500, 12_000, "Z", "https://example.org/report"),
    TagChapter(12_000, 20_000, "What is left"),
)


def test_chapters_stand_in_the_order_of_time(mastered: tuple[Path, Mastered], tmp_path: Path) -> None:
    path = tmp_path / "release.mp3"
    finish(mastered[0], path, mastered[1], replace(TAGS, chapters=CHAPTERS))
    tags = _read(path).tags
    expected = [(one.start_ms, one.end_ms, one.title) for one in CHAPTERS]
    found = tags.getall("CHAP")
    assert [(one.start_time, one.end_time, str(one.sub_frames["TIT2"])) for one in found] == expected
    assert [one.sub_frames["WXXX:"].url for one in found if "WXXX:" in one.sub_frames] == ["https://example.org/report"]
    [contents] = tags.getall("CTOC")
    assert contents.child_element_ids == [one.element_id for one in found]
    with av.open(str(path)) as container:
        read = container.chapters()
    # ffmpeg shows chapters as they stand in the file.
    assert [
        (*(round(one[end] * Fraction(one["time_base"] or 0) * 1000) for end in ("start", "end")),
         one["metadata"]["title"])
        for one in read
    ] == expected  # fmt: skip
    assert str(tags["TIT2"]) == TAGS.title
    assert samples(path).shape == samples(mastered[0]).shape


def test_the_release_is_what_the_file_is(mastered: tuple[Path, Mastered], tmp_path: Path) -> None:
    release = finish(mastered[0], tmp_path / "release.mp3", mastered[1], TAGS)
    content = (tmp_path / "release.mp3").read_bytes()
    assert release.size_bytes == len(content)
    assert release.digest == files.digest_bytes(content)
    assert (release.channels, release.bitrate_kbps, release.sample_rate_hz) == (1, 96, 44_100)
    assert (release.recording_start_ms, release.recording_duration_ms) == (0, 20_000)
    info = _read(tmp_path / "release.mp3").info
    assert info.bitrate_mode == mp3.BitrateMode.CBR
    assert abs(info.length * 1000 - release.duration_ms) < 60


def test_the_sound_is_not_touched(mastered: tuple[Path, Mastered], tmp_path: Path) -> None:
    finish(mastered[0], tmp_path / "release.mp3", mastered[1], TAGS)
    assert (tmp_path / "release.mp3").read_bytes().endswith(mastered[0].read_bytes())
    assert (samples(tmp_path / "release.mp3") == samples(mastered[0])).all()
    assert frames(tmp_path / "release.mp3") == frames(mastered[0])


def test_same_input_same_bytes(mastered: tuple[Path, Mastered], tmp_path: Path) -> None:
    first = finish(mastered[0], tmp_path / "one.mp3", mastered[1], TAGS)
    assert finish(mastered[0], tmp_path / "two.mp3", mastered[1], TAGS) == first
    other = replace(TAGS, title="Another")
    assert finish(mastered[0], tmp_path / "two.mp3", mastered[1], other).digest != first.digest


def test_a_png_is_a_cover_and_a_gif_is_not(mastered: tuple[Path, Mastered], tmp_path: Path) -> None:
    finish(mastered[0], tmp_path / "release.mp3", mastered[1], replace(TAGS, cover=_cover("PNG")))
    tags = _read(tmp_path / "release.mp3").tags
    assert tags.getall("APIC")[0].mime == "image/png"
    with pytest.raises(ValueError, match="neither JPEG nor PNG"):
        finish(mastered[0], tmp_path / "none.mp3", mastered[1], replace(TAGS, cover=_cover("GIF")))
    assert not (tmp_path / "none.mp3").exists()


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en", "eng"), ("pt-BR", "por"), ("zh-Hant", "zho"), ("fil", "fil"), ("de", "deu"), ("qq", "und")],
)
def test_languages_have_three_letters(tag: str, code: str) -> None:
    assert three_letters(tag) == code
