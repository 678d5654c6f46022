"""Settings that only the feed carries: what is wrong is said with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InvalidShow
from pipeline.show import load_show
from pipeline.show.taxonomy import ROLES
from tests.shows import EPISODE, SHOW, make_show

EXAMPLES = Path(__file__).parents[2] / "docs" / "formats.md"


def with_show(root: Path, more: str) -> Path:
    root = make_show(root)
    (root / "episodes" / "show.toml").write_text(SHOW + more, "utf-8")
    return root


def with_episode(root: Path, more: str) -> Path:
    root = make_show(root)
    (root / "episodes" / "first-talk" / "episode.toml").write_text(EPISODE + more, "utf-8")
    return root


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('hosts = ["nobody"]', "show.toml:9: “nobody” is not in people.toml"),
        ('medium = "radio"', "show.toml:9: medium"),
        ("[[seasons]]\nnumber = 0\nname = 'A'", "greater than or equal to 1"),
        ("[[locations]]\nname = 'A'\ngeo = '14.5,120.9'", "String should match pattern"),
        ("[[locations]]\nname = 'A'\ncountry = 'Philippines'", "two letters"),
        ("[[txt]]\npurpose = 'ai-content'\ntext = 'false'", "synthetic_voices"),
        ("[update_frequency]\ntext = 'A'\nrrule = 'weekly'", "String should match pattern"),
        ("[[social]]\nprotocol = 'activitypub'", "needs uri"),
        ("[[social]]\nprotocol = 'disabled'\nuri = 'x'", "stands alone"),
        ("[[funding]]\nurl = 'ftp://a.example'\ntext = 'A'", "whole web address"),
        ("[[podroll]]\nfeed_guid = 'x'", "valid UUID"),
        ("[audio]\nalternate = 'flac'", "alternate"),
    ],
)
def test_what_is_wrong_in_the_show(more: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidShow) as caught:
        load_show(with_show(tmp_path, more))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("[[credits]]\nperson = 'nobody'\nrole = 'producer'", "“nobody” is not in people.toml"),
        ("[[credits]]\nperson = 'ada-host'\nrole = 'boss'", "no role of the podcast taxonomy"),
        ("[[credits]]\nperson = 'ada-host'\nrole = 'producer'\ngroup = 'cast'", "belongs to creative direction"),
    ],
)
def test_what_is_wrong_in_an_episode(more: str, says: str, tmp_path: Path) -> None:
    show = load_show(with_episode(tmp_path, f"\n{more}\n"))
    assert says in str(show.broken["first-talk"])


def test_roles_are_written_small_and_bring_their_group(tmp_path: Path) -> None:
    show = load_show(with_episode(tmp_path, "\n[[credits]]\nperson = 'ada-host'\nrole = 'Fact Checker'\n"))
    [credit] = show.episodes[0].credits
    assert (credit.role, credit.role_group) == ("fact checker", "writing")
    assert ROLES["editor"] == ("writing", "video post-production")


def test_the_tables_in_the_documentation_can_be_used(tmp_path: Path) -> None:
    text = EXAMPLES.read_text("utf-8")
    start = text.index("```toml", text.index("Tables that the feed carries")) + len("```toml")
    show = load_show(with_show(tmp_path, text[start : text.index("```", start)]))
    assert show.settings.update_frequency
    assert show.settings.publisher
    assert show.settings.locations[0].country == "ph"
