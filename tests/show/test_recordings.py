"""Whose voice is in which recording: every mistake is found, and its line named."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InvalidEpisode
from pipeline.show import Episode, load_show
from tests.shows import EPISODE, make_show

ONE = '[[recordings]]\nfile = "interview.wav"\n'


def episode(tmp_path: Path, recordings: str) -> Episode:
    root = make_show(tmp_path, EPISODE.replace(ONE, recordings))
    for name in ("ada.wav", "ben.wav"):
        (root / "episodes" / "first-talk" / name).write_bytes(b"")
    show = load_show(root)
    if show.broken:
        raise show.broken["first-talk"]
    return show.episodes[0]


def recording(file: str, rest: str) -> str:
    return f'[[recordings]]\nfile = "{file}"\n{rest}\n'


def test_one_per_speaker_with_an_offset(tmp_path: Path) -> None:
    one = episode(
        tmp_path,
        recording("ada.wav", 'speaker = "ada-host"') + recording("ben.wav", 'speaker = "ben-guest"\noffset = -2.3174'),
    )
    assert one.has_tracks
    assert [(item.speakers, item.offset_ms) for item in one.recordings] == [
        (("ada-host",), None),
        (("ben-guest",), -2317),
    ]


def test_a_channel_per_speaker(tmp_path: Path) -> None:
    one = episode(tmp_path, recording("ada.wav", 'channels = ["ada-host", "ben-guest"]'))
    assert one.has_tracks
    assert one.recordings[0].speakers == ("ada-host", "ben-guest")


def test_one_file_of_everybody_has_no_tracks(tmp_path: Path) -> None:
    assert not episode(tmp_path, ONE).has_tracks
    assert not episode(tmp_path / "b", recording("ada.wav", 'speaker = "ada-host"')).has_tracks


ADA = recording("ada.wav", 'speaker = "ada-host"')


@pytest.mark.parametrize(
    ("recordings", "line", "what"),
    [
        (ADA + recording("ben.wav", ""), 12, "it is not said who speaks in this one"),
        (ADA + recording("ben.wav", 'speaker = "ada-host"'), 13, "“ada-host” already has a recording"),
        (ADA + recording("ben.wav", 'speaker = "cy"'), 13, "“cy” is neither host nor guest"),
        (ADA + recording("ada.wav", 'speaker = "ben-guest"'), 12, "ada.wav is named twice"),
        (recording("ada.wav", 'channels = ["ada-host"]'), 10, "channels names one person only"),
        (recording("ada.wav", 'channels = ["ada-host", "ada-host"]'), 10, "“ada-host” already has a recording"),
        (
            recording("ada.wav", 'channels = ["ada-host", "ben-guest"]\nspeaker = "ada-host"'),
            10,
            "it has both speaker and channels",
        ),
        (
            recording("ada.wav", 'speaker = "ada-host"\noffset = 2') + recording("ben.wav", 'speaker = "ben-guest"'),
            11,
            "the first recording has an offset",
        ),
        (ADA + recording("ben.wav", 'speaker = "ben-guest"\noffset = "2 s"'), 14, "must be a number of seconds"),
        (ADA + recording("ben.wav", 'speaker = "ben-guest"\noffset = nan'), 14, "must be less than a day"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, recordings: str, line: int, what: str) -> None:
    with pytest.raises(InvalidEpisode) as caught:
        episode(tmp_path, recordings)
    assert any(what in one.what and one.where.endswith(f"episode.toml:{line}") for one in caught.value.problems), (
        caught.value
    )
