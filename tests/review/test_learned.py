"""What recurs in corrections is a lesson; what is a matter of the sentence is none."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path

from pipeline.align import align
from pipeline.review.learned import (
    LESSONS_MAX,
    Correction,
    Lesson,
    candidates,
    corrections,
    lessons,
    lessons_json,
    proposed_terms,
    read_lessons,
)
from pipeline.review.queue import doubts
from pipeline.show.redactions import Redaction
from pipeline.transcript import Paragraph, Transcript
from pipeline.withhold import Protected
from tests.review.desks import machine_of

HEARD = ("so oh sec cases rose", "an oh sec case is a crime", "we affect the village")
WRITTEN = ("so OSEC cases rose", "an OSEC case is a crime", "we effect the village")


def text_of(*sentences: str) -> Transcript:
    return Transcript(tuple(Paragraph("Ada", one, 5000 * number) for number, one in enumerate(sentences)))


def taught(by_episode: Mapping[str, tuple[Correction, ...]], *texts: Transcript) -> list[tuple[str, str, int, int]]:
    found = lessons(candidates(by_episode), texts)
    return [(one.heard, one.right, one.times, one.episodes) for one in found]


def test_what_was_corrected_is_counted_as_it_was_heard() -> None:
    machine = machine_of(*HEARD, starts=(0, 5000, 10_000))
    assert corrections(text_of(*WRITTEN), machine) == (
        Correction("oh sec", "OSEC", 2),
        Correction("affect", "effect", 1),
    )
    assert corrections(text_of(*HEARD), machine) == ()


def test_what_is_struck_out_or_protected_teaches_nothing() -> None:
    machine = machine_of(*HEARD, starts=(0, 5000, 10_000))
    second = Redaction(start_ms=5000, end_ms=9000)
    assert corrections(text_of(*WRITTEN), machine, redactions=[second]) == (
        Correction("affect", "effect", 1),
        Correction("oh sec", "OSEC", 1),
    )
    assert corrections(text_of(*WRITTEN), machine, protected=[Protected("osec")]) == (
        Correction("affect", "effect", 1),
    )


def test_a_lesson_recurs_within_an_episode_or_over_several() -> None:
    osec, affect = Correction("oh sec", "OSEC", 2), Correction("affect", "effect", 1)
    assert taught({"one": (osec, affect)}) == [("oh sec", "OSEC", 2, 1)]
    assert taught({"one": (osec, affect), "two": (affect,)}) == [("affect", "effect", 2, 2), ("oh sec", "OSEC", 2, 1)]


def test_words_that_were_corrected_in_two_ways_or_often_left_standing_teach_nothing() -> None:
    one, other = Correction("mekele", "Mekelle", 2), Correction("mekele", "Makele", 1)
    assert taught({"one": (one,), "two": (other,)}) == []
    affect = {"one": (Correction("affect", "effect", 2),)}
    assert taught(affect, text_of("they affect us")) == [("affect", "effect", 2, 1)]
    assert taught(affect, text_of("they affect us", "to affect is human")) == []


def test_only_names_that_nobody_knows_yet_are_proposed_as_terms() -> None:
    found = [Lesson("oh sec", "OSEC", 3, 2), Lesson("affect", "effect", 2, 1), Lesson("row hinge ya", "Rohingya", 2, 1)]
    assert [one.right for one in proposed_terms(found, ("Rohingya",))] == ["OSEC"]


def test_a_lesson_is_a_doubt_where_the_machine_hears_the_same_again_and_changes_nothing() -> None:
    machine = machine_of("then oh sec and oh seck again", "an oh sec, he said", starts=(0, 5000))
    written = text_of("then oh sec and oh seck again", "an OSEC, he said")
    timed = align(written, machine.words)
    found = doubts(timed, machine, terms=("OSEC",), language="en", lessons=(Lesson("Oh, sec", "OSEC", 7, 3),))
    assert [(one.kind, one.text, one.suggestion) for one in found] == [
        ("learned", "oh sec", "OSEC"),
        ("name", "oh seck", "OSEC"),
    ]
    assert found[0].why == "editors corrected this to “OSEC” 7 times before"
    assert timed[0].text == "then oh sec and oh seck again"


def test_lessons_survive_their_file_and_a_broken_one_teaches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "learned.json"
    found = (Lesson("oh sec", "OSEC", 3, 2),)
    path.write_text(json.dumps({"lessons": lessons_json(found)}), "utf-8")
    assert read_lessons(path) == found
    whole = '{"lessons": [{"heard": %s, "right": "x", "times": 2, "episodes": 1}]}'
    damaged = ("{", "[]", '{"lessons": [{"heard": "x"}]}', '{"lessons": 3}', whole % "5", whole % '"?"', "[" * 100_000)
    for content in damaged:
        path.write_text(content, "utf-8")
        assert read_lessons(path) == ()
    assert read_lessons(tmp_path / "none.json") == ()


def test_many_episodes_teach_a_bounded_number_of_lessons_in_a_moment() -> None:
    by_episode = {
        f"talk-{number}": tuple(
            Correction(f"machine word {(number + place) % 2000}", f"Word{(number + place) % 2000}", 2)
            for place in range(500)
        )
        for number in range(100)
    }
    texts = [text_of(*("some plain words that people say " * 15 for _ in range(60))) for _ in range(3)]
    began = time.process_time()
    found = lessons(candidates(by_episode), texts)
    assert len(found) == LESSONS_MAX
    assert time.process_time() - began < 10
