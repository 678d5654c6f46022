"""Reading a show: everything that is wrong is listed at once, with file and line, and the rest goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.errors import InvalidShow
from pipeline.show import load_show
from tests.shows import EPISODE, make_show


def broken(root: Path, slug: str) -> list[str]:
    return [str(problem) for problem in load_show(root).broken[slug].problems]


def show_problems(root: Path) -> list[str]:
    with pytest.raises(InvalidShow) as caught:
        load_show(root)
    return [str(problem) for problem in caught.value.problems]


def test_a_show_as_documented_is_read(tmp_path: Path) -> None:
    show = load_show(make_show(tmp_path))
    (episode,) = show.episodes
    assert not show.broken
    assert show.settings.site_url == "https://show.example/"
    assert episode.slug == "first-talk"
    assert episode.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert [person.name for person in show.episode_people(episode)] == ["Ada Host", "Ben Guest"]
    assert show.sources["report-2020"].title == "A report"
    assert [term.term for term in show.glossary] == ["OSEC"]


def test_where_there_is_no_show_the_message_says_how_to_make_one(tmp_path: Path) -> None:
    (found,) = show_problems(tmp_path)
    assert "onrecord new-show" in found


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('guid = "7b0c6a3e-0000-4000-8000-000000000001"', "", 1, "guid is missing"),
        ('guid = "7b0c6a3e-0000-4000-8000-000000000001"', 'guid = "seven"', 2, "guid: must be a UUID"),
        ("2026-11-20T09:00:00+01:00", "2026-11-20T09:00:00", 4, "carries no time zone"),
        ("2026-11-20T09:00:00+01:00", '"soon"', 4, "must be a date with a time and a zone"),
        ("2026-11-20T09:00:00+01:00", "2026-13-40T09:00:00+01:00", 4, "not TOML"),
        ('"ada-host"', '"nobody"', 5, "“nobody” is not in people.toml"),
        ('"First talk"', '"First\\u0007 talk"', 1, "control character U+0007"),
        ('"First talk"', '""', 1, "is empty"),
        (
            'guests = ["ben-guest"]',
            'guests = ["ben-guest"]\nlanguages.cy = "fr"',
            7,
            "“cy” has a language and is neither",
        ),
        ('guests = ["ben-guest"]', 'guests = ["ben-guest"]\nlanguages.ben-guest = "x"', 7, "language"),
        ("title =", "titel =", 1, "there is no such setting"),
        ("title =", "title ==", 1, "not TOML"),
        ('"interview.wav"', '"gone.wav"', 9, "there is no file gone.wav"),
        ('"interview.wav"', '"../show.toml"', 9, "no .."),
        ('guests = ["ben-guest"]', 'guests = ["ben-guest"]\nseason = 0', 7, "greater than or equal to 1"),
        ('guests = ["ben-guest"]', 'guests = ["ben-guest"]\nslug = "other"', 7, "the folder says it"),
    ],
)
def test_each_mistake_names_file_line_and_remedy(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in EPISODE
    root = make_show(tmp_path, EPISODE.replace(old, new, 1))
    found = [one for one in broken(root, "first-talk") if says in one]
    assert found, broken(root, "first-talk")
    assert f"episode.toml:{line}: " in found[0]
    assert found[0].count(". ") >= 1


def test_all_mistakes_of_an_episode_are_listed_at_once(tmp_path: Path) -> None:
    text = (
        EPISODE.replace('"First talk"', '""')
        .replace('"seven"', "")
        .replace("+01:00", "")
        .replace("interview.wav", "x.wav")
    )
    assert len(broken(make_show(tmp_path, text), "first-talk")) >= 2


def test_a_broken_episode_does_not_hide_the_others(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    bad = root / "episodes" / "second-talk"
    bad.mkdir()
    (bad / "episode.toml").write_text("title = 1")
    show = load_show(root)
    assert [episode.slug for episode in show.episodes] == ["first-talk"]
    assert list(show.broken) == ["second-talk"]


@pytest.mark.parametrize("name", ["Erste Folge", "a..b", "UPPER", "-x", "a--b", "über", "x" * 81])
def test_a_folder_whose_name_cannot_be_an_address_is_refused(tmp_path: Path, name: str) -> None:
    root = make_show(tmp_path, slug=name)
    assert "cannot be part of a web address" in broken(root, name)[0]


def test_of_two_episodes_with_one_guid_the_earlier_keeps_it(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    make_show(tmp_path, EPISODE.replace("2026-11-20", "2026-11-21"), slug="a-copy")
    show = load_show(root)
    assert [episode.slug for episode in show.episodes] == ["first-talk"]
    assert "its guid is the one of first-talk" in broken(root, "a-copy")[0]


def test_names_in_any_script_and_with_markup_are_kept_as_they_are(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    people = root / "episodes" / "people.toml"
    names = ("<script>alert(1)</script> & Söhne", "שרה לוי", "Ame\u0301lie")
    people.write_text(
        f'[ada-host]\nname = "{names[0]}"\n[ben-guest]\nname = "{names[1]}"\n[cee]\nname = "{names[2]}"\n'
    )
    assert [person.name for person in load_show(root).people.values()] == [names[0], names[1], "Amélie"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("show.toml", "title = ", "show.toml:1: this is not TOML"),
        ("show.toml", b"\xff\xfe", "is not UTF-8"),
        ("people.toml", "[Ada Host]\nname = 1", "people.toml"),
        ("people.toml", "[ada-host]\nname = 1\n[ben-guest]\nname = 'Ben'", "people.toml:2: name"),
        ("people.toml", "[ada-host]\nname = 'A'\nurl = 'javascript:alert(1)'\n", "must be a whole web address"),
        ("people.toml", "[ada-host]\nname = 'A'\nphoto = '../../etc/passwd'\n", "no .."),
        ("glossary.toml", "[[terms]]\nmeaning = 'x'", "glossary.toml:1: term: it is missing"),
        ("sources.json", '[{"id": "a"\n', "sources.json:2: this is not JSON"),
        ("sources.json", '{"id": "a"}', "not a list of sources"),
        ("sources.json", '[\n{"id": "a", "type": "book"}]', "sources.json:2: source 1: title: it is missing"),
        ("sources.json", '[{"id":"a","type":"book","title":"x"},{"id":"a","type":"book","title":"y"}]', "stands twice"),
        ("sources.json", '[{"id":"a","type":"book","title":"x","URL":"file:///etc/passwd"}]', "web address"),
        ("sources.json", "[" * 100_000, "this is not JSON"),
    ],
)
def test_a_file_that_all_episodes_share_names_its_mistake(
    tmp_path: Path, name: str, content: str | bytes, says: str
) -> None:
    root = make_show(tmp_path)
    data = content if isinstance(content, bytes) else content.encode()
    (root / "episodes" / name).write_bytes(data)
    assert any(says in problem for problem in show_problems(root)), show_problems(root)


def test_an_intro_that_is_not_there_and_a_category_that_does_not_exist_are_named(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    path = root / "episodes" / "show.toml"
    path.write_text(path.read_text().replace("> Documentary", "> Documentaries") + '\n[audio]\nintro = "jingle.wav"\n')
    assert any("is not a podcast category" in problem for problem in show_problems(root))
    path.write_text(path.read_text().replace("> Documentaries", "> Documentary"))
    (found,) = show_problems(root)
    assert "show.toml:11: there is no file jingle.wav" in found


def test_links_out_of_the_show_are_not_followed(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    secret = tmp_path / "secret.wav"
    secret.write_bytes(b"secret")
    recording = root / "episodes" / "first-talk" / "interview.wav"
    recording.unlink()
    recording.symlink_to(secret)
    assert "leads out of the show" in broken(root, "first-talk")[0]
