"""An approval is bound to content: one changed byte voids it, and says what changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.digests import DigestCache
from pipeline.errors import Refused
from pipeline.review import approvals
from pipeline.show import load_show
from pipeline.show.settings import ApprovalPolicy
from pipeline.transcript import Paragraph, Transcript
from tests.shows import EPISODE, make_show

NOW = datetime(2026, 11, 24, 10, 15, tzinfo=UTC)
ADA = "Ada Host <ada@show.example>"
TEXT = Transcript((Paragraph("Ada Host", "Hello.", 0), Paragraph("Cee Caller", "Hello.", 900)))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = make_show(tmp_path, EPISODE.replace("hosts =", 'artwork = "art.png"\nhosts ='), recording=b"sound")
    folder = root / "episodes" / "first-talk"
    (folder / "machine.json").write_text("{}")
    (folder / "transcript.md").write_text("[00:00:00.000] **Ada Host**\nHello.\n")
    (folder / "art.png").write_bytes((root / "episodes" / "artwork.png").read_bytes())
    for name in ("intro.wav", "outro.wav"):
        (root / "episodes" / name).write_bytes(b"music")
    show = root / "episodes" / "show.toml"
    show.write_text(show.read_text() + '\n[audio]\nintro = "intro.wav"\noutro = "outro.wav"\n')
    people = root / "episodes" / "people.toml"
    people.write_text(people.read_text() + '\n[cee]\nname = "Cee Caller"\n\n[dee]\nname = "Dee Elsewhere"\n')
    return root


def subject(root: Path) -> approvals.Subject:
    show = load_show(root)
    (episode,) = show.episodes
    return approvals.seal(show, episode, TEXT, ["report-2020"], DigestCache(root / "build" / "digests.json"))


def judge(root: Path) -> approvals.Verdict:
    return approvals.judge(root / "episodes" / "first-talk", "first-talk", subject(root))


def approve(root: Path, by: str = ADA, at: datetime = NOW) -> Path:
    (episode,) = load_show(root).episodes
    return approvals.approve(episode, subject(root), by=by, at=at)


def replace(old: bytes, new: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, 1))

    return change


def append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


SEALED: list[tuple[str, str, Callable[[Path], None]]] = [
    ("interview.wav", "first-talk/interview.wav", replace(b"sound", b"sounD")),
    ("machine.json", "first-talk/machine.json", append),
    ("transcript.md", "first-talk/transcript.md", append),
    ("notes.md", "first-talk/notes.md", append),
    ("episode.toml", "first-talk/episode.toml", replace(b"First talk", b"First Talk")),
    ("art.png", "first-talk/art.png", append),
    ("show.toml#audio.intro", "intro.wav", append),
    ("show.toml#audio.outro", "outro.wav", append),
    ("people.toml#ada-host", "people.toml", replace(b"Ada Host", b"Ada HosT")),
    ("people.toml#ben-guest", "people.toml", replace(b"The Archive", b"The archive")),
    (
        "people.toml#cee",
        "people.toml",
        replace(b'[cee]\nname = "Cee Caller"', b'[cee]\nname = "Cee Caller"\nrole = "x"'),
    ),
    ("sources.json#report-2020", "sources.json", replace(b"[[2020, 5]]", b"[[2020, 6]]")),
]


@pytest.mark.parametrize(("name", "file", "change"), SEALED, ids=[name for name, _, _ in SEALED])
def test_one_changed_byte_voids_it_and_is_named(
    root: Path, name: str, file: str, change: Callable[[Path], None]
) -> None:
    approve(root)
    assert judge(root).holds
    change(root / "episodes" / file)
    verdict = judge(root)
    assert not verdict.holds
    assert verdict.changed == (name,)
    (refusal,) = verdict.refusals("first-talk")
    assert refusal.code == "approval-void"
    assert name in refusal.what


def test_everything_sealed_is_tried_above(root: Path) -> None:
    assert set(subject(root)) == {name for name, _, _ in SEALED}


def test_what_the_episode_does_not_use_does_not_matter(root: Path) -> None:
    approve(root)
    replace(b"Dee Elsewhere", b"Dee Anywhere")(root / "episodes" / "people.toml")
    sources = root / "episodes" / "sources.json"
    records = json.loads(sources.read_text())
    sources.write_text(json.dumps([*records, {"id": "other", "type": "book", "title": "Other"}]))
    assert judge(root).holds


def test_putting_back_what_was_changed_makes_it_hold_again(root: Path) -> None:
    approve(root)
    notes = root / "episodes" / "first-talk" / "notes.md"
    before = notes.read_bytes()
    notes.write_bytes(before + b"More.")
    assert not judge(root).holds
    notes.write_bytes(before)
    assert judge(root).holds


def test_the_newest_record_explains_what_changed(root: Path) -> None:
    approve(root)
    append(root / "episodes" / "first-talk" / "notes.md")
    approve(root, at=NOW + timedelta(hours=1))
    append(root / "episodes" / "first-talk" / "transcript.md")
    assert judge(root).changed == ("transcript.md",)


def test_the_record_is_json_with_sorted_keys_and_is_never_overwritten(root: Path) -> None:
    first, second = approve(root), approve(root)
    assert first.name == "20261124T101500Z-ada-host.json"
    assert second != first
    record = json.loads(first.read_text())
    assert list(record) == sorted(record)
    assert record["by"] == ADA
    assert record["at"] == "2026-11-24T10:15:00Z"
    assert judge(root).holding[0].name == "Ada Host"


@pytest.mark.parametrize(
    "by", ["Ada", "ada@show.example", "<ada@show.example>", "Ada <ada>", "Ada <a@b>\n", "A <a@b> B"]
)
def test_an_approval_is_by_a_person_with_an_address(root: Path, by: str) -> None:
    with pytest.raises(Refused, match="not a name with an address"):
        approve(root, by)


def test_nothing_is_approved_before_it_is_there(root: Path) -> None:
    (root / "episodes" / "first-talk" / "transcript.md").unlink()
    with pytest.raises(Refused, match=r"transcript\.md is missing"):
        approve(root)


def test_without_a_record_nothing_is_approved(root: Path) -> None:
    (refusal,) = judge(root).refusals("first-talk")
    assert refusal.code == "approval-missing"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b"[" * 50_000])
def test_a_damaged_record_approves_nothing(root: Path, content: bytes) -> None:
    approve(root).write_bytes(content)
    verdict = judge(root)
    assert not verdict.holds
    assert verdict.refusals("first-talk")[0].code == "approval-unreadable"


def test_a_record_of_another_episode_approves_nothing(root: Path) -> None:
    path = approve(root)
    path.write_text(path.read_text().replace('"first-talk"', '"second-talk"'))
    assert not judge(root).holds


def test_a_record_whose_subject_leaves_something_out_does_not_hold(root: Path) -> None:
    path = approve(root)
    record = json.loads(path.read_text())
    del record["subject"]["notes.md"]
    path.write_text(json.dumps(record))
    assert judge(root).changed == ("notes.md",)


BEN = "Ben Guest <ben@archive.example>"
FULL = {"heard_percent": 100, "edits_by_me": 0}


def codes(root: Path, **policy: Any) -> list[str]:
    verdict = approvals.judge(
        root / "episodes" / "first-talk", "first-talk", subject(root), ApprovalPolicy.model_validate(policy)
    )
    found = [refusal.code for refusal in verdict.refusals("first-talk")]
    assert verdict.holds is not bool(found)
    return found


def approve_having(root: Path, by: str, minutes: int = 0, **evidence: int) -> Path:
    (episode,) = load_show(root).episodes
    at = NOW + timedelta(minutes=minutes)
    return approvals.approve(episode, subject(root), by=by, at=at, evidence={**FULL, **evidence})


def test_where_two_must_approve_one_is_not_enough_not_even_twice(root: Path) -> None:
    approve_having(root, ADA)
    approve_having(root, ADA, minutes=1)
    assert codes(root, people=2) == ["approval-second-missing"]
    approve_having(root, BEN, minutes=2)
    assert codes(root, people=2) == []


def test_the_second_must_not_have_edited_and_the_first_may(root: Path) -> None:
    approve_having(root, ADA, edits_by_me=12)
    approve_having(root, BEN, minutes=1, edits_by_me=1)
    assert codes(root, people=2) == ["approval-own-edits", "approval-second-missing"]
    approve_having(root, "Cee <cee@show.example>", minutes=2)
    assert "approval-second-missing" not in codes(root, people=2)


def test_the_minimum_share_heard_is_asked_for(root: Path) -> None:
    approve_having(root, ADA, heard_percent=79)
    assert codes(root, minimum_heard_percent=80) == ["approval-unheard", "approval-second-missing"]
    assert codes(root, minimum_heard_percent=79) == []


def test_an_approval_without_evidence_has_heard_nothing(root: Path) -> None:
    approve(root)
    assert "approval-unheard" in codes(root, minimum_heard_percent=1)
