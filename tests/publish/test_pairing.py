"""What a reader is told of a change: one whole sentence beside another, whatever became of its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.corrections import changes, untold
from pipeline.publish.pairing import sentence_pairs
from pipeline.publish.published import record_of
from pipeline.show.amends import Correction
from tests.publish.test_corrections import AT, episode

BEFORE = "It is a place that has never met. We saw what people do with it. He counted twice."


def pairs(before: str, now: str) -> list[tuple[str, str]]:
    old, new = {"notes": before}, {"notes": now}
    return [pair.sentences() for pair in sentence_pairs(old, new, changes(old, new))]


@pytest.mark.parametrize(
    ("old", "new", "said", "says"),
    [
        ("that has never", "that never", "It is a place that has never met.", "It is a place that never met."),
        ("He counted", "He never counted", "He counted twice.", "He never counted twice."),
        (
            "people do with it",
            "editors do with it afterwards",
            "We saw what people do with it.",
            "We saw what editors do with it afterwards.",
        ),
        ("with it. He", "with it, and he", "We saw what people do with it. He counted twice.", None),
        (" We saw what people do with it.", "", "We saw what people do with it.", ""),
        ("He counted twice.", "He counted twice. Nobody else did.", "", "Nobody else did."),
    ],
)
def test_a_change_is_one_pair_of_sentences(old: str, new: str, said: str, says: str | None) -> None:
    now = BEFORE.replace(old, new)
    assert now != BEFORE
    (told,) = pairs(BEFORE, now)
    assert told == (said, "We saw what people do with it, and he counted twice." if says is None else says)


def test_changes_in_several_sentences_are_several_pairs() -> None:
    now = BEFORE.replace("has never", "never").replace("twice", "once")
    assert [said for said, _ in pairs(BEFORE, now)] == ["It is a place that has never met.", "He counted twice."]


def test_only_what_is_untold_is_paired() -> None:
    now = BEFORE.replace("has never", "never").replace("twice", "once")
    left = [one for one in changes({"notes": BEFORE}, {"notes": now}) if one.said == "twice"]
    (pair,) = sentence_pairs({"notes": BEFORE}, {"notes": now}, left)
    assert pair.sentences() == ("He counted twice.", "He counted once.")


texts = st.lists(st.sampled_from(["one", "two", "three", "one.", "two.", "three!"]), max_size=14).map(" ".join)


@given(before=texts, now=texts)
def test_whatever_changed_is_told_by_its_pairs(before: str, now: str) -> None:
    found = [
        Correction(kind="correction", at=AT, by="Ada", where=("notes",), said=said or None, says=says or None, note="x")
        for said, says in pairs(before, now)
    ]
    assert untold(record_of(episode(), {"notes": before}), {"notes": now}, found) == ()
