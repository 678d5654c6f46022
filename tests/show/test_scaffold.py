"""New shows and episodes: what is made can be read, and nothing that is there is touched."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Refused
from pipeline.publish.artwork import placeholder
from pipeline.show import SLUG, load_show
from pipeline.show.scaffold import new_episode, new_show, podcast_guid, slug_of

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("title", ["Our Show", 'Quotes " and \\ backslashes', "שיחות <b>&</b>", "Tab\there"])
def test_a_new_show_is_read_back(tmp_path: Path, title: str) -> None:
    new_show(tmp_path / "s", title, "https://show.example.org", placeholder(title))
    show = load_show(tmp_path / "s")
    assert show.settings.title == title
    assert show.settings.site_url == "https://show.example.org/"
    assert show.settings.guid == podcast_guid("https://show.example.org/feed.xml")


def test_a_new_episode_is_read_back_once_its_recording_is_there(tmp_path: Path) -> None:
    new_show(tmp_path, "Our Show", "https://show.example.org/", placeholder("Our Show"))
    recording = tmp_path / "Talk.WAV"
    recording.write_bytes(b"sound")
    folder = new_episode(tmp_path, "first-talk", "The “first” talk", NOW, recording)
    (episode,) = load_show(tmp_path).episodes
    assert episode.title == "The “first” talk"
    assert episode.published_at == NOW
    assert UUID(episode.guid).version == 4
    assert (folder / "interview.wav").read_bytes() == b"sound"
    new_episode(tmp_path, "second-talk", "Second", NOW)
    assert "there is no file interview.wav" in str(load_show(tmp_path).broken["second-talk"])


def test_several_recordings_keep_their_names_and_ask_who_speaks(tmp_path: Path) -> None:
    new_show(tmp_path, "Our Show", "https://show.example.org/", placeholder("Our Show"))
    recordings = [tmp_path / "Ada.WAV", tmp_path / "ben.wav"]
    for recording in recordings:
        recording.write_bytes(recording.name.encode())
    folder = new_episode(tmp_path, "first-talk", "First", NOW, *recordings)
    assert {path.name: path.read_bytes() for path in folder.glob("*.[wW]*")} == {
        "Ada.WAV": b"Ada.WAV",
        "ben.wav": b"ben.wav",
    }
    assert "it is not said who speaks in this one" in str(load_show(tmp_path).broken["first-talk"])
    people, settings = tmp_path / "episodes" / "people.toml", folder / "episode.toml"
    people.write_text('[ada]\nname = "Ada"\n[ben]\nname = "Ben"\n', "utf-8")
    text = settings.read_text("utf-8").replace("hosts = []", 'hosts = ["ada", "ben"]')
    for person in ("ada", "ben"):
        text = text.replace('# speaker = ""', f'speaker = "{person}"', 1)
    settings.write_text(text, "utf-8")
    (episode,) = load_show(tmp_path).episodes
    assert [(one.file, one.speaker) for one in episode.recordings] == [("Ada.WAV", "ada"), ("ben.wav", "ben")]


def test_two_recordings_of_one_name_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    recordings = [tmp_path / "a" / "talk.wav", tmp_path / "b" / "Talk.wav"]
    for recording in recordings:
        recording.parent.mkdir()
        recording.write_bytes(b"sound")
    with pytest.raises(Refused, match="two recordings have this name"):
        new_episode(tmp_path, "first-talk", "First", NOW, *recordings)
    with pytest.raises(Refused, match="there is no such file"):
        new_episode(tmp_path, "first-talk", "First", NOW, recordings[0], tmp_path / "none.wav")
    assert not (tmp_path / "episodes").exists()


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    new_show(tmp_path, "Our Show", "https://show.example.org/", placeholder("x"))
    with pytest.raises(Refused, match="something here already"):
        new_show(tmp_path, "Other", "https://other.example.org/", placeholder("x"))
    new_episode(tmp_path, "first-talk", "First", NOW)
    with pytest.raises(Refused, match="something here already"):
        new_episode(tmp_path, "first-talk", "Again", NOW)


@pytest.mark.parametrize("slug", ["..", "../x", "a/b", "A", "", "x" * 81, "a b", "-"])
def test_a_slug_that_is_no_address_is_refused(tmp_path: Path, slug: str) -> None:
    with pytest.raises(Refused, match="cannot be part of a web address"):
        new_episode(tmp_path, slug, "T", NOW)
    assert not (tmp_path / "episodes").exists()


def test_podcast_guids_agree_with_the_published_examples() -> None:
    assert podcast_guid("https://podnews.net/rss") == UUID("9b024349-ccf0-5f69-a609-6b82873eab3c")
    assert podcast_guid("https://mp3s.nashownotes.com/pc20rss.xml") == UUID("917393e3-1b1e-5cef-ace4-edaa54e1f810")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Was heißt Größe?", "was-heisst-grosse"),
        ("Łódź, Øresund & Ærø", "lodz-oresund-aero"),
        ("STRAẞE", "strasse"),
    ],
)
def test_a_slug_loses_no_letter_of_latin_script(title: str, slug: str) -> None:
    assert slug_of(title) == slug


@given(st.text(max_size=120))
def test_a_slug_made_of_a_title_is_one_or_is_empty(title: str) -> None:
    slug = slug_of(title)
    assert not slug or SLUG.fullmatch(slug)
