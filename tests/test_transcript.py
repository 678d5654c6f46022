"""machine.json and transcript.md: what is written is read back, and what is malformed is named by line."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidTranscript
from pipeline.transcript import (
    MachineSegment,
    MachineTranscript,
    MachineWord,
    Paragraph,
    Transcript,
    format_ms,
    machine_to_bytes,
    parse_machine,
    parse_transcript,
    transcript_to_text,
)

GOLDEN = """\
[00:00:00.000] **Ada Host**
Welcome to the show.

[00:00:12.340]
Today: a hard subject.

[01:02:03.004] **Samson <Guest> & Co**
Thank you.
"""


def parse(text: str) -> Transcript:
    return parse_transcript(text.encode(), "transcript.md")


def problems(text: str | bytes) -> list[str]:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(InvalidTranscript) as caught:
        parse_transcript(content, "transcript.md")
    return [str(problem) for problem in caught.value.problems]


def test_the_format_as_documented() -> None:
    transcript = Transcript(
        (
            Paragraph("Ada Host", "Welcome to the show.", 0),
            Paragraph("Ada Host", "Today: a hard subject.", 12_340),
            Paragraph("Samson <Guest> & Co", "Thank you.", 3_723_004),
        )
    )
    assert transcript_to_text(transcript) == GOLDEN
    assert parse(GOLDEN) == transcript
    assert [paragraph.line for paragraph in parse(GOLDEN).paragraphs] == [1, 4, 7]
    assert parse(GOLDEN).speakers == ("Ada Host", "Samson <Guest> & Co")


def test_what_another_editor_does_to_layout_does_not_change_the_words() -> None:
    wrapped = GOLDEN.replace("Welcome to the show.", "Welcome\nto   the\tshow.").replace("\n", "\r\n")
    assert parse("\ufeff" + wrapped + "\r\n\r\n") == parse(GOLDEN)
    assert parse(GOLDEN.replace("**Ada Host**\n", "**Ada Host** ")) == parse(GOLDEN)


def test_a_person_may_split_and_name_without_times() -> None:
    transcript = parse("[00:00:01.000] **Ada**\nOne.\n\nTwo.\n\n**Ben**\nThree.\n")
    assert transcript.paragraphs == (
        Paragraph("Ada", "One.", 1000),
        Paragraph("Ada", "Two.", None),
        Paragraph("Ben", "Three.", None),
    )
    assert parse(transcript_to_text(transcript)) == transcript


def test_a_header_without_words_deletes_the_paragraph() -> None:
    assert parse("[00:00:01.000] **Ada**\n\n[00:00:02.000] **Ben**\nYes.\n").paragraphs == (
        Paragraph("Ben", "Yes.", 2000),
    )


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("[00:00:01,000] **Ada**\nYes.", 1, "is not a time"),
        ("[00:00:01.000] **Ada**\nYes.\n\n[0:1] No.", 4, "is not a time"),
        ("[00:00:01.000 **Ada**\nYes.", 1, "is not a time"),
        ("[00:61:01.000] **Ada**\nYes.", 1, "is not a time"),
        ("[00:00:01.000] **Ada*\nYes.\n", 1, "nobody is named"),
        ("Yes.", 1, "nobody is named"),
        ("[00:00:09.000] **Ada**\nYes.\n\n[00:00:03.000]\nNo.", 4, "is before the one above"),
        ("[00:00:09.000] **Ada**\nYe\x07s.", 2, "control character U+0007"),
    ],
)
def test_a_malformed_line_is_named_with_its_remedy(text: str, line: int, says: str) -> None:
    (found,) = problems(text)
    assert found.startswith(f"transcript.md:{line}: ")
    assert says in found
    assert found.count(". ") >= 1


def test_every_problem_is_listed_at_once() -> None:
    assert len(problems("[0:0] a\n\n[00:00:09.000] **Ada**\nYes.\n\n[00:00:03.000]\nNo.\n\n[1:2] b")) == 3


def test_bytes_that_are_not_text_are_named_by_line() -> None:
    (found,) = problems(b"[00:00:01.000] **Ada**\nYes.\n\xff\xfe")
    assert found.startswith("transcript.md:3: these bytes are not UTF-8")


@given(st.integers(0, 400 * 3_600_000))
def test_times_are_written_to_the_millisecond(time_ms: int) -> None:
    transcript = Transcript((Paragraph("Ada", "Yes.", time_ms),))
    assert parse(transcript_to_text(transcript)) == transcript
    assert format_ms(3_723_004) == "01:02:03.004"


plain = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\ufffe\uffff"),
    max_size=60,
)


def canonical(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


texts = plain.map(canonical).filter(bool) | st.sampled_from(
    (
        "[00:00:01.000] said the clock",
        "[unintelligible]",
        "**loud**",
        "\\ backslash",
        "[12] times",
        "\\[0] x",
        "# no heading",
    )
)
names = plain.map(lambda text: canonical(text.replace("*", ""))).filter(bool)


@given(st.lists(st.tuples(names, texts, st.none() | st.integers(0, 10**7)), max_size=12))
def test_whatever_is_written_is_read_back(rows: list[tuple[str, str, int | None]]) -> None:
    stamps = iter(sorted(stamp for _, _, stamp in rows if stamp is not None))
    transcript = Transcript(
        tuple(Paragraph(name, text, None if stamp is None else next(stamps)) for name, text, stamp in rows)
    )
    assert parse(transcript_to_text(transcript)) == transcript


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_read_or_refused_in_our_own_words(content: bytes) -> None:
    try:
        transcript = parse_transcript(content, "transcript.md")
    except InvalidTranscript:
        return
    assert parse(transcript_to_text(transcript)) == transcript


def machine_of(words: list[MachineWord]) -> MachineTranscript:
    return MachineTranscript(
        version=1,
        engine="faster-whisper",
        engine_version="1.2.1",
        model="base",
        model_digest="sha256:" + "0" * 64,
        language="en",
        language_probability=0.99,
        audio_digest="sha256:" + "1" * 64,
        duration_ms=1000,
        hotwords=("OSEC",),
        segments=(MachineSegment(tuple(words), -0.25, 1.5, 0.01),),
    )


machine_words = st.lists(
    st.tuples(
        st.text(st.characters(codec="utf-8"), max_size=12),
        st.integers(0, 10**7),
        st.integers(0, 5000),
        st.floats(0, 1),
    ),
    max_size=20,
).map(
    lambda rows: [
        MachineWord(text, start, start + length, p) for text, start, length, p in sorted(rows, key=lambda row: row[1])
    ]
)


@given(machine_words)
def test_machine_words_are_read_back_exactly(words: list[MachineWord]) -> None:
    machine = machine_of(words)
    assert parse_machine(machine_to_bytes(machine), "machine.json") == machine


def test_who_speaks_is_written_only_where_it_is_known() -> None:
    machine = machine_of([MachineWord(" One", 0, 300, 0.5)])
    assert b"speaker" not in machine_to_bytes(machine)
    (segment,) = machine.segments
    told = replace(machine, segments=(segment, replace(segment, speaker="ada-host")))
    assert parse_machine(machine_to_bytes(told), "machine.json") == told


def test_machine_words_from_before_speakers_are_still_the_same_bytes() -> None:
    path = Path(__file__).parents[1] / "episodes" / "2020-06-samson-inocencio" / "machine.json"
    assert machine_to_bytes(parse_machine(path.read_bytes(), "machine.json")) == path.read_bytes()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda value: value.pop("engine"), "engine"),
        (lambda value: value.update(version=2), "version"),
        (lambda value: value["segments"][0]["words"][0].update(start_ms=0.5), "start_ms"),
        (lambda value: value["segments"][0]["words"][0].update(end_ms=-1), "end_ms"),
        (lambda value: value["segments"][0]["words"][0].update(start_ms=700, end_ms=600), "runs backwards"),
    ],
)
def test_machine_words_that_do_not_fit_are_refused_by_place(change: object, says: str) -> None:
    value = json.loads(machine_to_bytes(machine_of([MachineWord(" One", 0, 300, 0.5)])))
    assert callable(change)
    change(value)
    with pytest.raises(InvalidTranscript, match=says):
        parse_machine(json.dumps(value).encode(), "machine.json")


@given(st.binary(max_size=200))
def test_any_bytes_as_machine_words_are_refused_in_our_own_words(content: bytes) -> None:
    with pytest.raises(InvalidTranscript):
        parse_machine(content, "machine.json")
