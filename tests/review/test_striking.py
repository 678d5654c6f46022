"""Striking out through real HTTP: what is found, what is written, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.show import load_show
from tests.review.desks import SLUG, let_in, make_desk_show, make_services, running

API = f"/api/episodes/{SLUG}"
ARCHIVE = {"start_ms": 3600, "end_ms": 3900}  # “archive”, the last word of the first paragraph
BY_HAND = """# at her wish
[[redactions]]
start = 00:00:00.000   # the very beginning
end = "00:00:00.700"
words = ["Welcome"]
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_desk_show(tmp_path)


@pytest.fixture
def window(root: Path) -> Iterator[httpx.Client]:
    with running(root) as server, let_in(server) as client:
        yield client


@pytest.fixture
def path(root: Path) -> Path:
    return root / "episodes" / SLUG / "redactions.toml"


def listed(window: httpx.Client) -> dict[str, Any]:
    return dict(window.get(f"{API}/redactions").json())


def send(window: httpx.Client, method: str, where: str, revision: str, body: dict[str, Any]) -> httpx.Response:
    return window.request(method, f"{API}/{where}", json=body, headers={"If-Match": f'"{revision}"'})


def strike(window: httpx.Client, revision: str = "none", **body: Any) -> httpx.Response:
    return send(window, "POST", "redactions", revision, {"stretches": [ARCHIVE], "words": "archive"} | body)


def test_a_name_is_found_struck_out_mended_and_taken_back(root: Path, window: httpx.Client, path: Path) -> None:
    before = listed(window)
    assert (before["revision"], before["redactions"], before["unstruck"]) == ("none", [], [])
    assert (before["guard_ms"], before["published"]) == (200, False)
    (place,) = window.post(f"{API}/said", json={"words": "Archive"}).json()["places"]
    assert place == {**ARCHIVE, "around": "show today we talk about the archive", "struck": False}

    made = strike(window, by="Ada Host <ada@show.example>", sound="tone", reason=" She asked. ")
    assert made.status_code == 200
    (one,) = made.json()["redactions"]
    assert one == {
        **ARCHIVE,
        "words": ["archive"],
        "sound": "tone",
        "strike": "both",
        "text": "[name withheld]",
        "by": "Ada Host",
        "reason": "She asked.",
    }
    show = load_show(root)
    assert show.redactions_of(show.episodes[0])[0].model_dump(mode="json") == one
    assert window.post(f"{API}/said", json={"words": "archive"}).json()["places"][0]["struck"]

    mended = send(window, "PUT", "redactions/0", made.json()["revision"], {"start_ms": 3550, "end_ms": 4000})
    assert [(one["start_ms"], one["end_ms"]) for one in mended.json()["redactions"]] == [(3550, 4000)]
    gone = send(window, "DELETE", "redactions/0", mended.json()["revision"], {})
    assert gone.json() == before
    assert not path.exists(), "an approval from before would hold again"


def test_what_a_person_wrote_stays(window: httpx.Client, path: Path) -> None:
    path.write_text(BY_HAND)
    made = strike(window, listed(window)["revision"]).json()
    assert path.read_text().startswith(BY_HAND)
    assert [one["words"] for one in made["redactions"]] == [["Welcome"], ["archive"]]
    mended = send(window, "PUT", "redactions/0", made["revision"], {"start_ms": 0, "end_ms": 650}).json()
    assert path.read_text().startswith(BY_HAND.replace("700", "650"))
    send(window, "DELETE", "redactions/1", mended["revision"], {})
    assert path.read_text() == BY_HAND.replace("700", "650")


def test_a_name_said_elsewhere_is_told(window: httpx.Client) -> None:
    made = strike(window, words="cases").json()  # “cases” is said in another place than the one that is struck
    (left,) = made["unstruck"]
    assert (left["words"], left["start_ms"]) == ("cases", 8200)
    assert "381 cases last year" in left["around"]
    done = strike(window, made["revision"], words="cases", stretches=[{"start_ms": 8200, "end_ms": 8500}]).json()
    assert done["unstruck"] == []


def test_every_change_says_from_what_it_began(window: httpx.Client, path: Path) -> None:
    assert window.post(f"{API}/redactions", json={"stretches": [ARCHIVE]}).status_code == 428
    made = strike(window).json()
    path.write_text(path.read_text() + "\n# a person was here\n")
    for answer in (
        strike(window, made["revision"], words="show"),
        send(window, "PUT", "redactions/0", made["revision"], {"start_ms": 3500, "end_ms": 4000}),
        send(window, "DELETE", "redactions/0", made["revision"], {}),
    ):
        assert answer.status_code == 409
        assert answer.json()["revision"] == listed(window)["revision"]
    assert path.read_text().count("[[redactions]]") == 1


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"stretches": [{"start_ms": 3900, "end_ms": 3600}]}, 422, "no stretch of the recording"),
        ({"stretches": [{"start_ms": 100, "end_ms": 100}]}, 422, "no stretch of the recording"),
        ({"stretches": [{"start_ms": 19_000, "end_ms": 20_001}]}, 422, "no stretch of the recording"),
        ({"stretches": [ARCHIVE, {"start_ms": 19_000, "end_ms": 20_001}]}, 422, "no stretch of the recording"),
        ({"stretches": [{"start_ms": -1, "end_ms": 100}]}, 400, "greater than or equal to 0"),
        ({"stretches": [{"start_ms": 1.5, "end_ms": 100}]}, 400, "valid integer"),
        ({"stretches": [{"start_ms": "1", "end_ms": 100}]}, 400, "valid integer"),
        ({"stretches": []}, 400, "at least 1"),
        ({"words": "—"}, 422, "no word that could be looked for"),
        ({"words": ""}, 400, "at least 1"),
        ({"words": "x" * 201}, 400, "at most 200"),
        ({"words": "two\nlines"}, 422, "on one line"),
        ({"text": "[the Árchive]"}, 422, "says the very words"),
        ({"text": "x" * 201}, 400, "at most 200"),
        ({"text": "a\u0000b"}, 422, "control character"),
        ({"reason": "x" * 1001}, 400, "at most 1000"),
        ({"sound": "bark"}, 400, "'mute' or 'tone'"),
        ({"strike": "sound"}, 422, "have no place beside"),
    ],
)
def test_what_cannot_be_struck_out_is_refused_and_nothing_is_written(
    window: httpx.Client, path: Path, body: dict[str, Any], status: int, said: str
) -> None:
    answer = strike(window, **body)
    assert answer.status_code == status
    assert said in answer.json()["message"]
    assert answer.json()["remedy"]
    assert not path.exists()


def test_the_sound_alone_is_silenced_and_its_words_stay(window: httpx.Client) -> None:
    (one,) = strike(window, words=None, strike="sound").json()["redactions"]
    assert (one["strike"], one["words"]) == ("sound", [])


def test_twice_is_once(window: httpx.Client, path: Path) -> None:
    made = strike(window).json()
    again = strike(window, made["revision"])
    assert (again.status_code, again.json()["error"]) == (422, "refused")
    assert path.read_text().count("[[redactions]]") == 1


def test_an_entry_that_is_not_there(window: httpx.Client) -> None:
    made = strike(window).json()
    for place in ("1", "99999999999999999999"):
        assert send(window, "DELETE", f"redactions/{place}", made["revision"], {}).status_code == 404
    assert send(window, "PUT", "redactions/-1", made["revision"], ARCHIVE).status_code == 404
    assert send(window, "PUT", "redactions/0", made["revision"], {"start_ms": 0, "end_ms": 20_001}).status_code == 422


def test_a_file_that_a_person_broke_is_named_by_its_line(window: httpx.Client, path: Path) -> None:
    path.write_text('[[redactions]]\nstart = "00:00:01"\n')
    answer = window.get(f"{API}/redactions")
    assert answer.status_code == 422
    assert "redactions.toml:1" in answer.json()["message"]


def test_windows_are_told_of_what_is_written_elsewhere(window: httpx.Client, path: Path) -> None:
    with window.stream("GET", f"{API}/changes") as stream:
        lines = stream.iter_lines()
        assert '"redactions_revision": "none"' in next(lines)
        path.write_text(BY_HAND)
        assert listed(window)["revision"] in next(line for line in lines if "redactions_revision" in line)


def test_a_published_episode_says_so(root: Path) -> None:
    with running(root, make_services(root, was_published=lambda slug: True)) as server, let_in(server) as window:
        assert listed(window)["published"] is True
