"""Times under editing: what was left alone keeps its time, what was not says so, and nothing runs backwards."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.align import TimedParagraph, TimedWord, align, split_words
from pipeline.transcript import MachineWord, Paragraph, Transcript

SCRIPTS = {
    "latin": ("interview", "Łódź", "naïve", "don't", "42,5", "Straße", "U.N."),
    "cyrillic": ("правда", "источник", "Ёлка", "год", "слово"),
    "arabic": ("مقابلة", "مصدر", "الحقيقة", "سنة", "كلمة"),
    "devanagari": ("साक्षात्कार", "स्रोत", "की", "वर्ष", "शब्द"),
    "hebrew": ("ראיון", "מקור", "אמת", "שנה", "מילה"),
    "korean": ("인터뷰", "출처", "진실", "연도", "단어"),
}


def heard(*texts: str, step_ms: int = 400, length_ms: int = 300) -> list[MachineWord]:
    return [
        MachineWord(f" {text}", number * step_ms, number * step_ms + length_ms, 0.9)
        for number, text in enumerate(texts)
    ]


def one(text: str, start_ms: int | None = 0) -> Transcript:
    return Transcript((Paragraph("Ada", text, start_ms),))


def words(paragraphs: Sequence[TimedParagraph]) -> list[TimedWord]:
    return [word for paragraph in paragraphs for word in paragraph.words]


def test_untouched_text_keeps_every_time() -> None:
    machine = heard("We", "checked", "it", "twice")
    timed = words(align(one("We checked it twice."), machine))
    assert [(word.text, word.start_ms, word.end_ms) for word in timed] == [
        ("We", 0, 300),
        ("checked", 400, 700),
        ("it", 800, 1100),
        ("twice.", 1200, 1500),
    ]
    assert {word.provenance for word in timed} == {"kept"}


def test_a_corrected_name_takes_the_place_of_what_was_heard() -> None:
    timed = words(align(one("with Samson Inocencio today"), heard("with", "Samson", "innocent", "today")))
    assert [(word.text, word.provenance) for word in timed][2] == ("Inocencio", "paired")
    assert (timed[2].start_ms, timed[2].end_ms) == (800, 1100)


def test_a_name_heard_as_three_words_spans_them() -> None:
    timed = words(align(one("the Rohingya camp"), heard("the", "row", "hinge", "ya", "camp")))
    assert timed[1].start_ms >= 400
    assert timed[1].end_ms <= 1500
    assert timed[1].provenance != "kept"
    assert timed[2].start_ms == 1600


def test_an_inserted_word_lies_between_its_neighbours() -> None:
    timed = words(align(one("We never checked it"), heard("We", "checked", "it")))
    assert timed[1].provenance == "interpolated"
    assert timed[0].end_ms <= timed[1].start_ms <= timed[1].end_ms <= timed[2].start_ms


def test_a_word_moved_over_a_paragraph_border_keeps_its_time() -> None:
    machine = heard("one", "two", "three", "four", "five", "six")
    transcript = Transcript((Paragraph("Ada", "one two", 0), Paragraph("Ben", "three four five six", 1600)))
    assert [word.start_ms for word in words(align(transcript, machine))] == [0, 400, 800, 1200, 1600, 2000]
    transcript = Transcript((Paragraph("Ada", "one two three four five", 0), Paragraph("Ben", "six", 1600)))
    assert [word.start_ms for word in words(align(transcript, machine))] == [0, 400, 800, 1200, 1600, 2000]


def test_paragraphs_without_a_time_share_the_stretch_of_the_one_above() -> None:
    machine = heard("one", "two", "three", "four")
    transcript = Transcript((Paragraph("Ada", "one two", 0), Paragraph("Ben", "three"), Paragraph("Ada", "four")))
    timed = align(transcript, machine)
    assert [paragraph.start_ms for paragraph in timed] == [0, 800, 1200]


def test_a_paragraph_nobody_heard_lies_at_its_own_time() -> None:
    machine = [*heard("one", "two"), MachineWord(" end", 60_000, 60_400, 0.9)]
    transcript = Transcript(
        (Paragraph("Ada", "one two", 0), Paragraph("Ben", "quite inaudible", 30_000), Paragraph("Ada", "end", 60_000))
    )
    missing = align(transcript, machine)[1]
    assert 30_000 <= missing.start_ms <= missing.end_ms <= 60_000
    assert {word.provenance for word in missing.words} == {"interpolated"}


def test_citations_have_no_time_and_asides_do() -> None:
    text = "They said 381[@ijm-osec-2020] cases [unintelligible] here"
    timed = words(align(one(text), heard("They", "said", "381", "cases", "here")))
    assert [word.text for word in timed] == ["They", "said", "381", "cases", "[unintelligible]", "here"]
    assert timed[4].provenance == "interpolated"


def test_scripts_without_spaces_are_timed_by_character() -> None:
    machine = [MachineWord("今日", 0, 400, 0.9), MachineWord("は", 400, 600, 0.9), MachineWord("晴れ", 600, 1000, 0.9)]
    timed = words(align(one("今日も晴れ。"), machine))
    assert [word.text for word in timed] == ["今", "日", "も", "晴", "れ。"]
    assert [word.start_ms for word in timed] == [0, 200, 400, 600, 800]
    assert timed[2].provenance == "paired"


def test_spans_are_places_in_the_text() -> None:
    text = "“Well” — said [she smiles] Łódź, 今日は!"
    spans = split_words(text)
    assert [text[span.start_char : span.end_char] for span in spans] == [
        "“Well” —",
        "said",
        "[she smiles]",
        "Łódź,",
        "今",
        "日",
        "は!",
    ]


def test_nothing_heard_and_nothing_written() -> None:
    assert align(Transcript(()), heard("one")) == ()
    (only,) = align(one("words that nobody heard", 5_000), [])
    assert only.start_ms == only.end_ms == 5_000


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[MachineWord], Transcript, dict[str, int]]:
    """Distinct machine words in one script, cut into paragraphs, some of them replaced, deleted or joined by others."""
    stems = SCRIPTS[draw(st.sampled_from(sorted(SCRIPTS)))]
    count = draw(st.integers(1, 60))
    lengths = draw(st.lists(st.integers(0, 900), min_size=count, max_size=count))
    gaps = draw(st.lists(st.integers(0, 900), min_size=count, max_size=count))
    machine: list[MachineWord] = []
    clock_ms = 0
    for number, (length_ms, gap_ms) in enumerate(zip(lengths, gaps, strict=True)):
        machine.append(MachineWord(f" {stems[number % len(stems)]}{number}", clock_ms, clock_ms + length_ms, 0.5))
        clock_ms += length_ms + gap_ms
    paragraphs: list[Paragraph] = []
    untouched: dict[str, int] = {}
    text: list[str] = []
    start_ms: int | None = 0
    for number, word in enumerate(machine):
        if text and draw(st.integers(0, 7)) == 0:
            paragraphs.append(Paragraph(f"Speaker {number}", " ".join(text), start_ms))
            start_ms = word.start_ms if draw(st.booleans()) else None
            text = []
        edit = draw(st.sampled_from(("keep", "keep", "keep", "keep", "recase", "replace", "delete", "insert")))
        if edit in ("keep", "insert", "recase"):
            name = word.text.strip()
            untouched[name] = number
            text.append(
                f"“{name.upper()}”," if edit == "recase" and name.upper().casefold() == name.casefold() else name
            )
        if edit in ("replace", "insert"):
            text.append(draw(st.sampled_from(("qqx", "zzy[unintelligible]", "—", "[@key]", "vvw"))) + f"-{number}")
    if text:
        paragraphs.append(Paragraph("Last", " ".join(text), start_ms))
    return machine, Transcript(tuple(paragraphs)), untouched


@given(edited())
def test_under_random_edits_untouched_words_keep_their_times_and_time_never_decreases(
    case: tuple[list[MachineWord], Transcript, dict[str, int]],
) -> None:
    machine, transcript, untouched = case
    timed = align(transcript, machine)
    assert [paragraph.text for paragraph in timed] == [paragraph.text for paragraph in transcript.paragraphs]
    by_key = {word.text.strip("“”,").casefold(): word for word in words(timed)}
    for name, number in untouched.items():
        word = by_key[name.casefold()]
        assert (word.start_ms, word.end_ms) == (machine[number].start_ms, machine[number].end_ms)
        assert word.provenance == "kept"
    everything = words(timed)
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(everything))
    assert all(word.start_ms <= word.end_ms for word in everything)
    for paragraph in timed:
        assert all(paragraph.text[word.start_char : word.end_char] == word.text for word in paragraph.words)


@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=12), max_size=30),
    st.lists(st.tuples(st.text(max_size=40), st.none() | st.integers(0, 20_000)), max_size=6),
)
def test_any_text_against_any_words_is_timed_in_order(texts: list[str], blocks: list[tuple[str, int | None]]) -> None:
    stamps = iter(sorted(stamp for _, stamp in blocks if stamp is not None))
    transcript = Transcript(
        tuple(Paragraph("Ada", text, None if stamp is None else next(stamps)) for text, stamp in blocks)
    )
    timed = words(align(transcript, heard(*texts)))
    assert all(before.start_ms <= after.start_ms for before, after in pairwise(timed))
    assert all(word.start_ms <= word.end_ms for word in timed)


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_every_script_is_told_apart(script: str) -> None:
    stems = SCRIPTS[script]
    timed = words(align(one(" ".join(stems)), heard(*stems)))
    assert [word.provenance for word in timed] == ["kept"] * len(stems)
