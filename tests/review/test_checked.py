from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import InvalidEpisode
from pipeline.review import checked
from pipeline.review.checked import Review, merge_ranges, total_ms, unheard
from pipeline.show import ApprovalPolicy
from pipeline.transcript import Paragraph

AT = "2026-11-24T06:00:00Z"
ranges = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


def seconds(pieces: list[tuple[int, int]]) -> set[int]:
    return {second for start, end in pieces for second in range(start, end)}


@settings(max_examples=300)
@given(ranges, ranges)
def test_merged_ranges_are_the_same_time_in_order(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    merged = merge_ranges([*one, *other])
    assert seconds(list(merged)) == seconds(one) | seconds(other)
    assert all(before[1] < after[0] for before, after in pairwise(merged))
    assert total_ms(merged) == len(seconds(one) | seconds(other))
    assert merge_ranges(reversed(merged)) == merged


@settings(max_examples=300)
@given(ranges, st.integers(0, 50))
def test_heard_and_unheard_fill_the_recording(pieces: list[tuple[int, int]], length: int) -> None:
    heard = merge_ranges((start * 1000, end * 1000) for start, end in pieces)
    left = unheard(heard, length * 1000)
    assert seconds([(start // 1000, end // 1000) for start, end in left]) == set(range(length)) - seconds(pieces)
    percent = checked.heard_percent(heard, length * 1000)
    assert 0 <= percent <= 100
    assert (percent == 100) == (not left)


def test_slits_of_the_player_are_not_unheard() -> None:
    assert unheard([(0, 5000), (5200, 10_000)], 10_000) == ()
    assert unheard([(0, 5000), (5300, 10_000)], 10_000) == ((5000, 5300),)


def test_deeds_are_merged_and_repeating_them_changes_nothing() -> None:
    review = checked.with_deeds(Review(), by="Ada <a@b.c>", at=AT, duration_ms=10_000, heard=[(0, 4000)], tick=["t"])
    again = checked.with_deeds(review, by="Ada", at="later", duration_ms=10_000, heard=[(0, 4000)], tick=["t"])
    assert again == review
    more = checked.with_deeds(review, by="Ben", at=AT, duration_ms=10_000, heard=[(3000, 99_000)], resolve=["d"])
    assert more.heard_by() == ((0, 10_000),)
    assert more.heard_by("Ben") == ((3000, 10_000),)
    assert more.ticks["t"].by == "Ada"
    gone = checked.with_deeds(more, by="Ben", at=AT, duration_ms=10_000, untick=["t"], unresolve=["d"])
    assert not gone.ticks
    assert not gone.resolved


def test_another_recording_was_not_heard() -> None:
    review = checked.for_recording(Review(), "one")
    review = checked.with_deeds(review, by="Ada", at=AT, duration_ms=10, heard=[(0, 10)], tick=["t"], resolve=["d"])
    assert checked.for_recording(review, "one") == review
    other = checked.for_recording(review, "two")
    assert other.heard_by() == ()
    assert not other.ticks


class TestEdits:
    before = (Paragraph("A", "one", 0), Paragraph("B", "two", 1000), Paragraph("A", "three", 2000))

    def test_typing_in_one_paragraph_is_one_edit(self) -> None:
        review, text = Review(), self.before
        for typed in ("twox", "twoxy", "twoxyz"):
            now = (text[0], Paragraph("B", typed, 1000), text[2])
            review, text = checked.with_edits(review, "Ben", text, now), now
        assert review.edits_by("Ben") == 1
        assert review.edits_by("Ada") == 0
        back = checked.with_edits(review, "Ben", text, self.before)
        assert back.edits_by("Ben") == 0

    def test_a_split_a_join_and_a_rename_are_edits(self) -> None:
        split = (self.before[0], Paragraph("B", "t", 1000), Paragraph("B", "wo", 1500), self.before[2])
        assert checked.with_edits(Review(), "Ben", self.before, split).edits_by("Ben") >= 1
        joined = (Paragraph("A", "one two", 0), self.before[2])
        assert checked.with_edits(Review(), "Ben", self.before, joined).edits_by("Ben") >= 1
        renamed = tuple(Paragraph("C", one.text, one.start_ms) for one in self.before)
        assert checked.with_edits(Review(), "Ben", self.before, renamed).edits_by("Ben") == 3


class TestNeeds:
    review = checked.with_deeds(Review(), by="Ada", at=AT, duration_ms=10_000, heard=[(0, 9000)])

    def needs(self, policy: ApprovalPolicy, by: str | None, approved_by: tuple[str, ...] = ()) -> tuple[str, ...]:
        edited = checked.with_edits(self.review, "Ada", (), (Paragraph("A", "x", 0),))
        return checked.needs(policy, edited, by=by, duration_ms=10_000, approved_by=approved_by)

    def test_nothing_by_default(self) -> None:
        assert self.needs(ApprovalPolicy(), "Ada <a@b.c>") == ()

    def test_everybody_must_have_heard_enough_themselves(self) -> None:
        policy = ApprovalPolicy(minimum_heard_percent=90)
        assert self.needs(policy, "Ada <a@b.c>") == ()
        assert self.needs(policy, "Ben <b@b.c>") == ("90 % of the recording must be heard; Ben has played 0 %",)

    def test_the_second_may_not_have_changed_anything(self) -> None:
        policy = ApprovalPolicy(people=2)
        assert self.needs(policy, "Ada") == ()
        assert self.needs(policy, "Ben", ("Ada",)) == ()
        assert "changed nothing" in self.needs(policy, "Ada", ("Ben",))[0]
        assert "two people" in self.needs(policy, None, ("Ada",))[0]
        assert self.needs(policy, None, ("Ada", "Ben")) == ()


def test_evidence_is_of_the_person_who_approves() -> None:
    review = checked.with_deeds(Review(), by="Ada", at=AT, duration_ms=10_000, heard=[(0, 9000)])
    assert checked.evidence(review, by="Ada <a@b.c>", duration_ms=10_000, open_doubts=3) == {
        "duration_ms": 10_000,
        "heard_ms": 9000,
        "heard_percent": 90,
        "unheard": [[9000, 10_000]],
        "open_doubts": 3,
        "edits_by_me": 0,
    }
    assert checked.evidence(review, by="Ben <b@b.c>", duration_ms=10_000, open_doubts=0)["heard_ms"] == 0


def test_the_file_round_trips_and_is_not_written_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "review.json"
    assert checked.read_review(path) == Review()
    review = checked.with_deeds(Review(), by="Ada", at=AT, duration_ms=10, heard=[(0, 10)], tick=["t"], resolve=["d"])
    checked.write_review(path, review)
    written = path.stat().st_mtime_ns
    assert checked.read_review(path) == review
    checked.write_review(path, checked.read_review(path))
    assert path.stat().st_mtime_ns == written


@pytest.mark.parametrize("content", ["", "[]", "{", '{"heard": {"Ada": [[-1, 2]]}}', '{"version": 2}'])
def test_a_broken_file_is_named_and_kept(tmp_path: Path, content: str) -> None:
    path = tmp_path / "review.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidEpisode, match="desk cannot be read"):
        checked.read_review(path)
    assert path.read_text("utf-8") == content
