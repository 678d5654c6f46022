"""helplines.toml: every helpline can be reached, and every country has a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import InvalidShow
from pipeline.show import load_show
from tests.shows import EPISODE, make_show

LINES = """\
[child-line]
country = "ph"
name = "Child Line"
phone = "+63 (2) 163-00"
verified_on = 2026-11-01

[everywhere]
country = "International"
name = "Everywhere"
url = "https://help.example/"
"""


def show_with(tmp_path: Path, lines: str, named: str = '["child-line"]') -> Path:
    root = make_show(tmp_path, EPISODE.replace("[[recordings]]", f"helplines = {named}\n\n[[recordings]]"))
    (root / "episodes" / "helplines.toml").write_text(lines, encoding="utf-8")
    return root


def test_an_episode_names_its_helplines_in_its_order(tmp_path: Path) -> None:
    show = load_show(show_with(tmp_path, LINES, '["everywhere", "child-line", "everywhere"]'))
    first, second = show.helplines_of(show.episodes[0])
    assert (first.country_name, first.tel) == ("International", None)
    assert (second.country_name, second.tel) == ("Philippines", "tel:+63216300")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"ph"', '"UK"', "two letters of ISO 3166"),
        ('phone = "+63 (2) 163-00"\n', "", "needs phone or url"),
        ('"+63 (2) 163-00"', '"call us"', "phone"),
        ("[child-line]", "[Child Line]", "not TOML"),
        ("[child-line]", "[Child]", "is not a helpline"),
        ("https://help", "javascript://help", "https://"),
    ],
)
def test_a_slip_is_told(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(InvalidShow, match=said):
        load_show(show_with(tmp_path, LINES.replace(before, after)))


def test_a_helpline_that_nobody_knows_breaks_its_episode_alone(tmp_path: Path) -> None:
    show = load_show(show_with(tmp_path, LINES, '["chidl-line"]'))
    assert show.episodes == ()
    assert "episode.toml:8: the helpline “chidl-line” is not in helplines.toml" in str(show.broken["first-talk"])
