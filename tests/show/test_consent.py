"""consent.toml: read whole or refused, and never taken for more than it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipeline.errors import InvalidEpisode
from pipeline.show import load_show
from pipeline.show.consent import read_consents
from tests.shows import make_show

KNOWN = {"ada-host": None, "ben-guest": None}
GIVEN = 'publish = "voice"\nname = "real"\ngiven_on = 2026-06-01\n'


def read(folder: Path, text: str) -> None:
    (folder / "consent.toml").write_text(text, encoding="utf-8")
    read_consents(folder, KNOWN)


def test_no_file_is_no_consent(tmp_path: Path) -> None:
    assert read_consents(tmp_path, KNOWN) == {}


def test_what_somebody_agreed_to_is_read(tmp_path: Path) -> None:
    root = make_show(tmp_path)
    (root / "episodes" / "first-talk" / "consent.toml").write_text(
        f'[ben-guest]\n{GIVEN}asked_to_see = true\nseen_on = 2026-06-10\ncontact = "by letter only"\n', "utf-8"
    )
    show = load_show(root)
    (episode,) = show.episodes
    consent = show.consents_of(episode)["ben-guest"]
    assert (consent.publish, consent.given_on, consent.seen_on) == ("voice", date(2026, 6, 1), date(2026, 6, 10))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (f"[nobody]\n{GIVEN}", 1, "“nobody” is not in people.toml"),
        ('[ada-host]\npublish = "voice"\nname = "real"\n', 1, "given_on: it is missing"),
        (f'[ada-host]\n{GIVEN}\n[ben-guest]\npublish = "all"\nname = "real"\ngiven_on = 2026-06-01\n', 7, "publish"),
        (f"[ada-host]\n{GIVEN}expires_on = 2026-05-01\n", 1, "expires_on lies before given_on"),
        (f"[ada-host]\n{GIVEN}expires = 2027-05-01\n", 5, "there is no such setting"),
        (f'[ada-host]\n{GIVEN}asked_to_see = "yes"\n', 5, "asked_to_see"),
        ("[ada-host\n", 1, "this is not TOML"),
    ],
)
def test_a_slip_is_told_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    with pytest.raises(InvalidEpisode) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
    assert f"consent.toml:{line}:" in str(caught.value)
