from __future__ import annotations

from itertools import pairwise

from pipeline.align import TimedParagraph, align
from pipeline.review.chapters import APART_MIN_MS, CANDIDATES_MAX, chapter_candidates
from pipeline.transcript import MachineWord, Paragraph, Transcript

COURT = "The judge heard the prosecutor and the lawyers argued about evidence in court before the trial began again."
FARM = "The farmers planted rice and the harvest failed because rain flooded every field near the river that season."


def interview(*turns: tuple[str, str, int]) -> tuple[tuple[TimedParagraph, ...], int]:
    """Turns of (speaker, text, pause before it in ms), spoken at three words a second."""
    words: list[MachineWord] = []
    paragraphs: list[Paragraph] = []
    now_ms = 0
    for speaker, text, pause_ms in turns:
        now_ms += pause_ms
        paragraphs.append(Paragraph(speaker, text, now_ms))
        for word in text.split():
            words.append(MachineWord(f" {word}", now_ms, now_ms + 330, 0.99))
            now_ms += 333
    return align(Transcript(tuple(paragraphs)), words), now_ms


def test_a_question_after_a_pause_begins_a_chapter() -> None:
    answer = " ".join([COURT] * 40)
    paragraphs, duration_ms = interview(
        ("Ada", "Welcome.", 0), ("Ben", answer, 300), ("Ada", "And what happened then?", 1500), ("Ben", answer, 300)
    )
    (one,) = chapter_candidates(paragraphs, duration_ms)
    assert one.start_ms == paragraphs[2].start_ms
    assert one.text == "And what happened then?"
    assert "a question after a pause of 1.5 s" in one.why


def test_a_question_without_a_pause_and_one_to_oneself_begin_none() -> None:
    answer = " ".join([COURT] * 40)
    for speaker, pause_ms in (("Ada", 300), ("Ben", 1500)):
        paragraphs, duration_ms = interview(
            ("Ben", answer, 300), (speaker, "And what happened then?", pause_ms), ("Ben", answer, 0)
        )
        assert not [one for one in chapter_candidates(paragraphs, duration_ms) if "question" in one.why]


def test_where_the_words_change() -> None:
    turns = [("Ben", COURT, 200)] * 40 + [("Ben", FARM, 200)] * 40
    paragraphs, duration_ms = interview(*turns)
    (one,) = chapter_candidates(paragraphs, duration_ms)
    assert one.start_ms == paragraphs[40].start_ms
    assert one.why == "the words change here"


def test_they_are_few_apart_and_in_order() -> None:
    turns = [("Ada" if number % 2 else "Ben", "What then? " + (COURT, FARM)[number % 2], 1500) for number in range(900)]
    paragraphs, duration_ms = interview(*turns)
    starts = [one.start_ms for one in chapter_candidates(paragraphs, duration_ms)]
    assert len(starts) == CANDIDATES_MAX
    assert starts == sorted(starts)
    edges = [0, *starts, duration_ms]
    assert all(after - before >= APART_MIN_MS for before, after in pairwise(edges))


def test_short_and_empty_texts_have_none() -> None:
    assert chapter_candidates((), 0) == ()
    paragraphs, duration_ms = interview(("Ada", "What then?", 0), ("Ben", "Nothing.", 2000))
    assert chapter_candidates(paragraphs, duration_ms) == ()
