"""No silent change: which words count, which changes are told, which quotations are unfounded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.publish.corrections import change_refusals, changes, untold
from pipeline.publish.published import Record, area, record_of, words_of
from pipeline.show.amends import Correction
from pipeline.show.models import Episode, Recording

AT = datetime(2026, 12, 2, 10, tzinfo=UTC)
BEFORE = {
    "title": "First talk",
    "notes": "Ada talks with Ben. There were 318 cases in the archive. He counted them twice.",
    "transcript": "Ada Host: Hello and welcome.\nBen Guest: There were 318 cases.",
    "audio": "sha256:1",
}


def episode(*corrections: Correction) -> Episode:
    return Episode(
        slug="first-talk",
        folder=Path("first-talk"),
        guid="7b0c6a3e-0000-4000-8000-000000000001",
        title="First talk",
        summary="A talk.",
        published_at=AT,
        recordings=(Recording(file="a.wav"),),
        corrections=corrections,
    )


def correction(
    said: str | None = None, says: str | None = None, where: tuple[str, ...] = ("notes",), kind: str = "correction"
) -> Correction:
    return Correction.model_validate(
        {"kind": kind, "at": AT, "by": "Ada Host", "where": where, "said": said, "says": says, "note": "Why."}
    )


RECORD = record_of(episode(), BEFORE)


def codes(now: dict[str, str], *corrections: Correction, record: Record = RECORD) -> list[str]:
    return [one.code for one in change_refusals(episode(*corrections), record, now)]


def notes(text: str) -> dict[str, str]:
    return {**BEFORE, "notes": text}


def test_what_did_not_change_is_not_refused() -> None:
    assert codes(BEFORE) == []


@pytest.mark.parametrize(
    "text",
    [
        "Ada talks with Ben – there were 318 cases in the archive. He counted them twice.",
        "ADA talks with Ben. There were  318 cases in the “archive”.\nHe counted them twice",
    ],
)
def test_typography_may_change_freely(text: str) -> None:
    assert codes(notes(text)) == []


@pytest.mark.parametrize(
    ("before", "now"),
    [
        ("4.5 per cent", "45 per cent"),
        ("it fell by 5 %", "it fell by 5"),
        ("from -5 degrees", "from 5 degrees"),
        ("£300", "€300"),
        ("1,000 people", "1.000 people"),
        ("he did", "he did not"),
    ],
)
def test_a_figure_is_not_typography(before: str, now: str) -> None:
    assert words_of(before).words != words_of(now).words


def test_a_changed_figure_is_refused_until_a_correction_quotes_both_sides() -> None:
    now = notes(BEFORE["notes"].replace("318", "381"))
    assert codes(now) == ["change-untold"]
    told = correction("There were 318 cases", "There were 381 cases")
    assert codes(now, told) == []
    (refusal,) = change_refusals(episode(), RECORD, now)
    assert "“318” became “381”" in refusal.what
    assert refusal.where == "first-talk/notes.md"


def test_a_correction_of_something_else_does_not_cover_a_change() -> None:
    now = notes(BEFORE["notes"].replace("318", "381").replace("twice", "once"))
    told = correction("He counted them twice", "He counted them once")
    (change,) = untold(RECORD, now, [told])
    assert (change.said, change.says) == ("318", "381")


def test_a_correction_of_the_notes_does_not_cover_the_transcript() -> None:
    now = {**BEFORE, "transcript": BEFORE["transcript"].replace("318", "381")}
    told = correction("There were 318 cases", "There were 381 cases")
    assert "change-untold" in codes(now, told)
    both = correction("There were 318 cases", "There were 381 cases", ("notes", "transcript"))
    assert codes(now, both) == []


def test_words_left_out_are_marked_by_an_ellipsis() -> None:
    now = notes(BEFORE["notes"].replace("318", "381"))
    assert codes(now, correction("There were … archive", "There were [...] archive")) == []


def test_quotations_that_are_not_there_are_unfounded() -> None:
    now = notes(BEFORE["notes"].replace("318", "381"))
    assert codes(now, correction("There were 300 cases", "There were 381 cases")) == [
        "correction-unfounded",
        "change-untold",
    ]


def test_a_renamed_speaker_is_told_once_for_all_turns() -> None:
    now = {**BEFORE, "transcript": BEFORE["transcript"].replace("Ben Guest", "Ben Ghent")}
    assert codes(now, correction("Guest", "Ghent", ("transcript",))) == []


def test_another_recording_needs_a_correction_of_the_audio() -> None:
    now = {**BEFORE, "audio": "sha256:2"}
    assert codes(now) == ["change-untold"]
    assert codes(now, correction(where=("audio",))) == []


def test_a_published_correction_stays() -> None:
    told = correction("There were 318 cases", "There were 381 cases")
    now = notes(BEFORE["notes"].replace("318", "381"))
    record = record_of(episode(told), now)
    assert codes(now, told, record=record) == []
    assert codes(now, record=record) == ["correction-lost"]


def test_an_old_correction_does_not_cover_a_new_change_back() -> None:
    told = correction("There were 318 cases", "There were 381 cases")
    record = record_of(episode(told), notes(BEFORE["notes"].replace("318", "381")))
    assert codes(BEFORE, told, record=record) == ["change-untold"]


def test_guid_and_date_stay() -> None:
    moved = RECORD.model_copy(update={"guid": "7b0c6a3e-0000-4000-8000-000000000002", "published_at": "2020-01-01"})
    assert codes(BEFORE, record=moved) == ["published-guid-changed", "published-date-changed"]


def test_sentences_show_the_change_with_what_is_around_it() -> None:
    (change,) = changes(BEFORE, notes(BEFORE["notes"].replace("318", "381")))
    assert change.sentences() == ("There were 318 cases in the archive.", "There were 381 cases in the archive.")


def test_many_changes_are_counted_not_listed() -> None:
    words = [f"word{number}" for number in range(60)]
    record = record_of(episode(), notes(" ".join(words)))
    now = notes(" ".join(word if number % 2 else "other" for number, word in enumerate(words)))
    found = list(change_refusals(episode(), record, now))
    assert len(found) == 11
    assert found[-1].what == "20 more changes are untold"


words = st.text("ab ", max_size=30)


@given(before=words, now=words)
def test_every_change_is_told_by_quoting_both_texts_whole(before: str, now: str) -> None:
    found = changes({"notes": before}, {"notes": now})
    assert bool(found) == (words_of(before).words != words_of(now).words)
    if before.strip() and now.strip():
        assert untold(record_of(episode(), {"notes": before}), {"notes": now}, [correction(before, now)]) == ()


@given(text=st.text(max_size=200))
def test_every_word_has_its_place(text: str) -> None:
    found = words_of(text)
    assert len(found.words) == len(found.places)
    assert all(text[start:end] for start, end in found.places)


def test_areas_are_the_three_that_a_correction_names() -> None:
    assert [area(name) for name in ("audio", "transcript", "title", "notes", "sources")] == [
        "audio", "transcript", "notes", "notes", "notes",
    ]  # fmt: skip
