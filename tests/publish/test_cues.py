"""Cues: every word, in order, at a time and for as long as a reader needs."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.align import TimedParagraph, TimedWord, shifted, split_words
from pipeline.publish.cues import CUE_MAX_MS, CUE_MIN_MS, LINE_MAX_CHARACTERS, cues, lines, name_words
from tests.publish.made import paragraph

SPEECH = (
    "The report counts forty-one houses, in nine villages [@river-2026, p. 3]. We asked her how the office found them, "
    "and she told us that most were found after a letter from abroad. That is the first thing. The second is harder: "
    "nobody in the village wanted to say anything, because the people who knew were their own relatives. "
    "What would you do? I do not know."
)

word_texts = st.one_of(
    st.text(
        st.characters(exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="[]"),
        min_size=1,
        max_size=12,
    ),
    st.sampled_from(
        [
            "the", "of", "river.", "Yes,", "—", "-->", "<script>", "&amp;", "[laughs]",
            "[a long noise from the street]", "[@key]", "[@a; @b, p. 3].", "漢字かな", "ไทย", "שלום",
            "e\u0301", "x" * 300, "3:2,", "00:00:01.000",
        ]
    ),
)  # fmt: skip


@st.composite
def timed_paragraphs(draw: st.DrawFn) -> tuple[TimedParagraph, ...]:
    """Any words at any rising times, also none at all between them."""
    made: list[TimedParagraph] = []
    now_ms = draw(st.integers(0, 5000))
    for _ in range(draw(st.integers(0, 5))):
        speaker = draw(st.sampled_from(["Ada Host", "Gus", "דנה", "A <b> & --> " + "n" * 60]))
        text = " ".join(draw(st.lists(word_texts, min_size=1, max_size=40)))
        pace_ms = draw(st.sampled_from([0, 1, 80, 300, 9000]))
        words: list[TimedWord] = []
        start_ms = now_ms
        for span in split_words(text):
            words.append(
                TimedWord(
                    text[span.start_char : span.end_char],
                    span.start_char,
                    span.end_char,
                    now_ms,
                    now_ms + pace_ms,
                    "kept",
                )
            )
            now_ms += pace_ms + draw(st.sampled_from([0, 0, 0, 20, 700]))
        made.append(TimedParagraph(speaker, text, start_ms, now_ms, tuple(words)))
    return tuple(made)


@st.composite
def paragraphs_at_once(draw: st.DrawFn) -> tuple[TimedParagraph, ...]:
    """The same with later paragraphs that begin while earlier ones go on."""
    made = draw(timed_paragraphs())
    moved: list[TimedParagraph] = []
    for one in made:
        earliest_ms = moved[-1].start_ms if moved else 0
        by_ms = -draw(st.integers(0, max(0, one.start_ms - earliest_ms)))
        moved.extend(shifted([one], by_ms))
    return tuple(moved)


def spoken(paragraphs: tuple[TimedParagraph, ...]) -> str:
    """What is said, without spaces and citations: how scripts with and without spaces can be compared."""
    return "".join("".join(re.sub(r"\[@[^\]]*\]", "", one.text).split()) for one in paragraphs)


@given(timed_paragraphs())
@settings(max_examples=150, deadline=None)
def test_cues_hold_every_word_once_and_in_order(paragraphs: tuple[TimedParagraph, ...]) -> None:
    assert "".join("".join(cue.text.split()) for cue in cues(paragraphs)) == spoken(paragraphs)


@given(paragraphs_at_once())
@settings(max_examples=100, deadline=None)
def test_no_word_is_lost_where_people_talk_at_once(paragraphs: tuple[TimedParagraph, ...]) -> None:
    # By characters: where people begin at the same moment, either may come first.
    for speaker in {one.speaker for one in paragraphs}:
        shown = "".join("".join(cue.text.split()) for cue in cues(paragraphs) if cue.speaker == speaker)
        assert sorted(shown) == sorted(spoken(tuple(one for one in paragraphs if one.speaker == speaker)))


def test_a_yes_in_a_sentence_is_read_when_it_is_said() -> None:
    sentence = paragraph("Ada", "We kept every single letter that came in when the office closed for good that year.")
    made = cues([sentence, paragraph("Ben", "Yes.", 1500), paragraph("Ada", "All of them.", 9000)])
    assert [(cue.speaker, cue.text, cue.turn, cue.opens) for cue in made] == [
        ("Ada", "We kept every single letter that", True, True),
        ("Ben", "Yes.", True, True),
        ("Ada", "came in when the office closed for good that year.", True, True),
        ("Ada", "All of them.", False, True),
    ]
    assert 1500 <= made[1].start_ms == made[0].end_ms <= 1800  # the last word before it is heard to its end
    assert made[2].start_ms == made[1].end_ms


def test_who_pauses_inside_anothers_sentence_keeps_nobody_waiting() -> None:
    sentence = paragraph("Ann", "We kept every single letter that came in. " * 10, 0, 90)
    yes, answer = paragraph("Bob", "Yes.", 9500), paragraph("Bob", "So what happened then?", 41_000)
    joined = TimedParagraph(
        "Bob",
        f"{yes.text} {answer.text}",
        yes.start_ms,
        answer.end_ms,
        (*yes.words, *(replace(one, start_char=one.start_char + 5, end_char=one.end_char + 5) for one in answer.words)),
    )
    made = cues([sentence, joined, paragraph("Ann", "Nothing at all.", 44_000)])
    assert [cue.text for cue in made if cue.speaker == "Bob"] == ["Yes.", "So what happened then?"]
    starts: dict[str, list[int]] = {f" {word.text}": [] for one in (sentence, joined) for word in one.words}
    for one in (sentence, joined):
        for word in one.words:
            starts[f" {word.text}"].append(word.start_ms)
    late_ms = [min(abs(cue.start_ms - at) for at in starts.get(cue.words[0], [cue.start_ms])) for cue in made]
    assert max(late_ms) <= 1500


@given(timed_paragraphs() | paragraphs_at_once())
@settings(max_examples=200, deadline=None)
def test_cues_do_not_overlap_and_last_between_their_limits(paragraphs: tuple[TimedParagraph, ...]) -> None:
    made = cues(paragraphs)
    for cue in made:
        assert CUE_MIN_MS <= cue.end_ms - cue.start_ms <= CUE_MAX_MS
        assert cue.text
        assert cue.speaker
    for cue, after in pairwise(made):
        assert cue.end_ms <= after.start_ms


@given(timed_paragraphs() | paragraphs_at_once())
@settings(max_examples=150, deadline=None)
def test_a_cue_fits_every_format_unless_one_word_does_not(paragraphs: tuple[TimedParagraph, ...]) -> None:
    for cue in cues(paragraphs):
        name = name_words(cue.speaker) if cue.turn else ()
        laid_out = lines([*name, *cue.words])
        if len(cue.words) > 1:
            assert len(laid_out) <= 2
            longest = max(len(word.strip()) for word in (*name, *cue.words))
            assert all(len(line) <= max(LINE_MAX_CHARACTERS, longest) for line in laid_out)
            assert len(cue.text) <= 2 * max(LINE_MAX_CHARACTERS, longest) + 1


def test_cues_of_a_conversation_read_well() -> None:
    paragraphs, now_ms = [], 0
    for number in range(60):
        paragraphs.append(
            paragraph(("Ada Host", "Gus Guest")[number % 2], "Yes." if number % 5 == 4 else SPEECH, now_ms)
        )
        now_ms = paragraphs[-1].end_ms + 250
    made = cues(paragraphs)
    starts = {one.start_ms for one in paragraphs}
    late_ms = [min(abs(cue.start_ms - start_ms) for start_ms in starts) for cue in made if cue.turn]
    assert max(late_ms) <= 600  # a caption that comes after the voice by more than 1.5 s disturbs (BBC)
    assert sum(bool(re.search(r"\b(a|and|in|of|the|to)$", cue.text)) for cue in made) <= len(made) * 0.02
    assert sum(bool(re.search(r"[.,:;?!]$", cue.text)) for cue in made) >= len(made) * 0.55
    assert sum(len(cue.words) == 1 and cue.text != "Yes." for cue in made) == 0
    speeds = [len(cue.text) * 1000 / (cue.end_ms - cue.start_ms) for cue in made]
    assert sum(speed > 20 for speed in speeds) <= len(speeds) * 0.05


def test_a_new_speaker_gets_a_new_cue_and_the_same_one_goes_on_without_a_turn() -> None:
    made = cues([paragraph("Ada", "One."), paragraph("Ada", "Two.", 2000), paragraph("Gus", "Three.", 4000)])
    assert [(cue.speaker, cue.text, cue.turn) for cue in made] == [
        ("Ada", "One.", True),
        ("Ada", "Two.", False),
        ("Gus", "Three.", True),
    ]


def test_a_paragraph_of_a_citation_alone_makes_no_cue_and_hides_no_turn() -> None:
    made = cues([paragraph("Ada", "[@river-2026]"), paragraph("Gus", "Yes.", 1000)])
    assert [(cue.speaker, cue.turn) for cue in made] == [("Gus", True)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It took 41 houses [@river-2026, p. 12].", "It took 41 houses."),
        ("It took [@a] 41 [unintelligible] houses.", "It took 41 [unintelligible] houses."),
        ("One [@a] — two.", "One — two."),
        ("谁来数？[@a]没有人。", "谁来数？没有人。"),
    ],
)
def test_citations_go_and_asides_stay(text: str, shown: str) -> None:
    assert " ".join(cue.text for cue in cues([paragraph("Ada", text)])) == shown


def test_a_short_cue_stays_for_as_long_as_it_takes_to_read() -> None:
    (first, second) = cues([paragraph("Ada", "Extraordinary circumstances.", 0, 10), paragraph("Gus", "Yes.", 9000)])
    assert first.end_ms == 1400  # 28 characters at 20 a second
    assert second.start_ms == 9000


def test_no_paragraphs_no_cues() -> None:
    assert cues([]) == ()
