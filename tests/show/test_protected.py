"""The list of protected names: outside the show's folder, whole, and never silently absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InvalidShow
from pipeline.show import Show, load_show
from pipeline.show.protected import PROTECTED_VARIABLE
from pipeline.withhold import Protected, protected_by
from tests.shows import make_show

LIST = '[[protected]]\nname = "Maria Santos"\nalso = ["Mariquita"]\nallow = ["Marian"]\npseudonym = "Rosa"\n'


def shown(root: Path, where: str) -> Show:
    path = root / "episodes" / "show.toml"
    path.write_text(f'{path.read_text("utf-8")}\n[safeguards]\nprotected_names = "{where}"\n', encoding="utf-8")
    return load_show(root)


def test_names_are_read_from_outside_the_show(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    (tmp_path / "names.toml").write_text(f'{LIST}\n[[protected]]\nname = "Ana"\nepisodes = ["first-talk"]\n', "utf-8")
    show = shown(root, "../names.toml")
    (episode,) = show.episodes
    assert protected_by(show.protected_of(episode)) == (
        Protected("Maria Santos", ("Marian", "Rosa")),
        Protected("Mariquita", ("Marian", "Rosa")),
        Protected("Ana"),
    )


def test_a_name_of_one_episode_does_not_protect_others(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    make_show(tmp_path, (root / "episodes/first-talk/episode.toml").read_text().replace("01", "02"), slug="second")
    (tmp_path / "names.toml").write_text('[[protected]]\nname = "Ana"\nepisodes = ["second"]\n', "utf-8")
    show = shown(root, str(tmp_path / "names.toml"))
    assert [len(show.protected_of(one)) for one in show.episodes] == [0, 1]


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = make_show(tmp_path)
    (tmp_path / "other.toml").write_text('[[protected]]\nname = "Ana"\n', "utf-8")
    monkeypatch.setenv(PROTECTED_VARIABLE, str(tmp_path / "other.toml"))
    assert [one.name for one in shown(root, "~/nowhere.toml").protected] == ["Ana"]


@pytest.mark.parametrize(
    ("where", "text", "said"),
    [
        ("../gone.toml", None, "is not there, so nothing is published"),
        ("names.toml", LIST, "inside the show's folder"),
        ("episodes/names.toml", LIST, "inside the show's folder"),
        ("../names.toml", "", "it holds no names"),
        ("../names.toml", "[[protected]\n", "this is not TOML"),
        ("../names.toml", '[[protected]]\nname = "…"\n', "can be found in no text"),
        ("../names.toml", '[[names]]\nname = "Maria"\n', "is not a setting"),
        ("../names.toml", f'{LIST}episodes = ["frist-talk"]\n', "there is none"),
    ],
)
def test_a_list_that_cannot_be_used_publishes_nothing(tmp_path: Path, where: str, text: str | None, said: str) -> None:
    root = make_show(tmp_path)
    if text is not None:
        (root / where).write_text(text, encoding="utf-8")
    with pytest.raises(InvalidShow, match=said):
        shown(root, where)


def test_a_link_does_not_bring_the_list_into_the_show(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    (root / "names.toml").write_text(LIST, encoding="utf-8")
    (tmp_path / "link.toml").symlink_to(root / "names.toml")
    with pytest.raises(InvalidShow, match="inside the show's folder"):
        shown(root, "../link.toml")
