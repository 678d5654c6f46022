"""Two people's words in the order of time: none lost, none under another's name."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pipeline.transcribe.draft import first_transcript
from pipeline.transcribe.merged import merge
from pipeline.transcript import (
    MachineSegment,
    MachineTranscript,
    MachineWord,
    machine_to_bytes,
    parse_machine,
    parse_transcript,
    transcript_to_text,
)

NAMES = {"ada": "Ada Host", "ben": "Ben Guest"}


def machine(*segments: tuple[int, str]) -> MachineTranscript:
    """Segments that begin at a time, with a word every 300 ms."""
    return MachineTranscript(
        1, "e", "1", "m", "sha256:0", "en", 1.0, "sha256:0", 60_000, (),
        tuple(
            MachineSegment(
                tuple(
                    MachineWord(f" {word}", start_ms + 300 * number, start_ms + 300 * number + 250, 0.9)
                    for number, word in enumerate(text.split())
                ),
                -0.2, 1.2, 0.01,
            )
            for start_ms, text in segments
        ),
    )  # fmt: skip


def draft(*heard: tuple[str, MachineTranscript]) -> list[tuple[str, int | None, str]]:
    merged = parse_machine(machine_to_bytes(merge(heard)), "machine.json")
    text = transcript_to_text(first_transcript(merged, "Speaker ?", NAMES))
    return [(one.speaker, one.start_ms, one.text) for one in parse_transcript(text.encode(), "t").paragraphs]


def test_turns_carry_the_right_names() -> None:
    assert draft(
        ("ada", machine((0, "Who are you?"), (9_000, "And then? Tell me."))),
        ("ben", machine((2_000, "I am Ben."), (4_000, "I keep the archive."))),
    ) == [
        ("Ada Host", 0, "Who are you?"),
        ("Ben Guest", 2_000, "I am Ben."),
        ("Ben Guest", 4_000, "I keep the archive."),
        ("Ada Host", 9_000, "And then? Tell me."),
    ]


def test_a_yes_in_between_leaves_the_sentence_whole() -> None:
    assert draft(
        ("ada", machine((0, "We kept every single letter that came in."), (2_600, "All of them."))),
        ("ben", machine((1_000, "Yes."))),
    ) == [
        ("Ada Host", 0, "We kept every single letter that came in."),
        ("Ben Guest", 1_000, "Yes."),
        ("Ada Host", 2_600, "All of them."),
    ]


def test_a_sentence_that_waits_for_a_whole_answer_is_two() -> None:
    assert draft(
        ("ada", machine((0, "So you kept"), (9_000, "nothing of it"))), ("ben", machine((2_000, "We kept it all.")))
    ) == [
        ("Ada Host", 0, "So you kept"),
        ("Ben Guest", 2_000, "We kept it all."),
        ("Ada Host", 9_000, "nothing of it"),
    ]


def test_each_keeps_their_own_language_and_what_was_lost_in_either_is_told() -> None:
    ada = replace(machine((0, "Who are you then?")), dropped=((9000, 12_000),))
    ben = replace(machine((2_000, "Je suis Ben.")), language="fr", dropped=((5000, 8000),))
    merged = parse_machine(machine_to_bytes(merge([("ada", ada), ("ben", ben)])), "machine.json")
    assert merged.language == "en"
    assert [(one.speaker, one.language) for one in merged.segments] == [("ada", None), ("ben", "fr")]
    assert merged.dropped == ((5000, 8000), (9000, 12_000))


starts = st.lists(st.integers(0, 50_000), min_size=1, max_size=8).map(sorted)


@given(starts, starts)
def test_no_word_is_lost_and_time_never_runs_backwards(ada: list[int], ben: list[int]) -> None:
    def of(name: str, begins: list[int]) -> MachineTranscript:
        words = [
            MachineSegment((MachineWord(f" {name}{number}.", at, at + 200, 0.5),), 0, 1, 0)
            for number, at in enumerate(begins)
        ]
        return MachineTranscript(1, "e", "1", "m", "d", "en", 1.0, "d", 60_000, (), tuple(words))

    merged = merge([("ada", of("a", ada)), ("ben", of("b", ben))])
    merged = parse_machine(machine_to_bytes(merged), "machine.json")
    for name, begins in (("ada", ada), ("ben", ben)):
        spoken = [word for one in merged.segments if one.speaker == name for word in one.words]
        assert [word.start_ms for word in spoken] == begins
    text = first_transcript(merged, "?", NAMES)
    assert sorted(word for one in text.paragraphs for word in one.text.split()) == sorted(
        word.text.strip() for word in merged.words
    )
    times = [one.start_ms or 0 for one in text.paragraphs]
    assert times == sorted(times)
