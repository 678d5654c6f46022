"""The first text: every word, in order, in paragraphs that end with a sentence."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.align import align
from pipeline.transcribe.draft import first_transcript
from pipeline.transcript import (
    MachineSegment,
    MachineTranscript,
    MachineWord,
    parse_transcript,
    transcript_to_text,
)

PAUSE = "|"  # in the texts below: a second of silence


def machine_of(words: list[MachineWord]) -> MachineTranscript:
    segments = (MachineSegment(tuple(words), -0.2, 1.5, 0.0),) if words else ()
    return MachineTranscript(1, "e", "1", "m", "sha256:0", "en", 1.0, "sha256:0", 10**7, (), segments)


def said(text: str, *, word_ms: int = 300, joined: bool = False) -> MachineTranscript:
    """Words spoken without a pause but where `|` stands; `joined`: a script without spaces, word by word."""
    words: list[MachineWord] = []
    now_ms = 0
    for token in text.split():
        if token == PAUSE:
            now_ms += 1000
        else:
            words.append(MachineWord(token if joined else f" {token}", now_ms, now_ms + word_ms, 0.9))
            now_ms += word_ms
    return machine_of(words)


def paragraphs(machine: MachineTranscript) -> list[str]:
    return [paragraph.text for paragraph in first_transcript(machine, "Ada").paragraphs]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One thing. | Another thing.", ["One thing.", "Another thing."]),
        ("One thing. Another thing.", ["One thing. Another thing."]),
        ("One | thing. Another thing.", ["One thing. Another thing."]),
        ("Why? | Because! | So…", ["Why?", "Because!", "So…"]),
        ("“Why?” | He asked.", ["“Why?”", "He asked."]),
        ("“Why?” | he asked.", ["“Why?” he asked."]),
        ("And then… | it stopped.", ["And then… it stopped."]),
        ("Ask Dr. | Smith or Mrs. | Jones.", ["Ask Dr. Smith or Mrs. Jones."]),
        ("By J. | R. | Tolkien.", ["By J. R. Tolkien."]),
        ("At the U.N. | Council.", ["At the U.N. Council."]),
        ("See No. | 5 there.", ["See No. 5 there."]),
        ("No. | Never.", ["No.", "Never."]),
        ("1. | From fairest creatures.", ["1. From fairest creatures."]),
        ("It was 2019. | Then it ended.", ["It was 2019.", "Then it ended."]),
        ("Да. | Нет? | Конечно.", ["Да.", "Нет?", "Конечно."]),
        ("لماذا؟ | لأن.", ["لماذا؟", "لأن."]),
        ("यह है। | वह है।", ["यह है।", "वह है।"]),
        ("¿Por qué? | ¡Porque sí!", ["¿Por qué?", "¡Porque sí!"]),
        ("Cafe\u0301. | \u00c9t\u00e9.", ["Café.", "Été."]),
    ],
)
def test_a_pause_after_a_sentence_begins_a_paragraph(text: str, expected: list[str]) -> None:
    assert paragraphs(said(text)) == expected


def test_scripts_without_spaces_are_joined_without_them() -> None:
    machine = said("今天 天气 很好。 | 我们 走 吧！ 」 | 好。", joined=True)
    assert paragraphs(machine) == ["今天天气很好。", "我们走吧！」", "好。"]


def test_a_decimal_is_no_sentence_end_though_the_engine_parts_it() -> None:
    words = [(" It", 0), (" rose", 300), (" 3", 600), (".", 2000), ("5", 3500), (" percent.", 3800), (" Then", 5500)]
    machine = machine_of([MachineWord(text, start_ms, start_ms + 100, 0.9) for text, start_ms in words])
    assert paragraphs(machine) == ["It rose 3.5 percent.", "Then"]


def test_a_long_paragraph_ends_at_its_next_sentence_end() -> None:
    sentence = "Ten words make one sentence of this text, they do."
    texts = paragraphs(said(" ".join([sentence] * 30)))
    assert [len(text.split()) for text in texts] == [100, 100, 100]


def test_without_any_punctuation_paragraphs_still_end_and_where_the_speaker_paused() -> None:
    text = " ".join(f"word{number}" if number != 120 else f"| word{number}" for number in range(400))
    texts = paragraphs(said(text))
    assert all(len(text.split()) <= 180 for text in texts)
    assert texts[1].startswith("word120 ")


def test_paragraphs_begin_exactly_at_their_first_word() -> None:
    transcript = first_transcript(said("One thing. | Another thing."), "Ada")
    assert [paragraph.start_ms for paragraph in transcript.paragraphs] == [0, 1600]
    assert transcript.speakers == ("Ada",)


def test_nothing_heard_is_an_empty_text() -> None:
    assert first_transcript(machine_of([]), "Ada").paragraphs == ()


# Control characters cannot stand in a transcript, and an engine that wrote one would be refused when it is read.
letters = st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff")
tokens = st.one_of(
    st.sampled_from(["Yes.", "no", "Dr.", "why?", "3", ".5", "U.N.", "。", "今天", "هذا؟", "है।", "“So,”", "…", "-"]),
    st.text(letters, min_size=1, max_size=5).filter(str.strip),
)
machines = st.lists(
    st.tuples(tokens, st.booleans(), st.integers(0, 2000), st.integers(0, 600)), min_size=1, max_size=260
)


@given(machines)
@settings(max_examples=120, deadline=None)
def test_any_words_are_all_there_in_order_and_can_be_aligned_again(
    parts: list[tuple[str, bool, int, int]],
) -> None:
    words: list[MachineWord] = []
    now_ms = 0
    for text, spaced, pause_ms, length_ms in parts:
        now_ms += pause_ms
        words.append(MachineWord(f" {text}" if spaced else text, now_ms, now_ms + length_ms, 0.9))
        now_ms += length_ms
    machine = machine_of(words)
    transcript = first_transcript(machine, "Ada")

    def squeezed(text: str) -> str:
        return "".join(unicodedata.normalize("NFKC", text).split())

    assert squeezed("".join(paragraph.text for paragraph in transcript.paragraphs)) == squeezed(machine.text)
    starts = [paragraph.start_ms for paragraph in transcript.paragraphs]
    word_starts = [word.start_ms for word in words]
    assert starts[0] == word_starts[0]
    assert all(start_ms in word_starts for start_ms in starts)
    assert all(earlier is not None and later is not None and earlier < later for earlier, later in pairwise(starts)), (
        "each paragraph has a time of its own"
    )
    # What is written is what was meant, and its words find their times again.
    written = parse_transcript(transcript_to_text(transcript).encode(), "transcript.md")
    assert [paragraph.start_ms for paragraph in written.paragraphs] == starts
    assert len(align(written, machine.words)) == len(starts)


plain_words = st.lists(st.sampled_from(["Anna", "saw", "the", "river", "in", "2019", "again"]), min_size=2, max_size=40)
sentences = st.tuples(plain_words, st.sampled_from([".", "?", "!", "…", ".”", "؟"]))


@given(st.lists(sentences, min_size=1, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_no_paragraph_ends_inside_a_sentence_wherever_the_speaker_pauses(
    parts: list[tuple[list[str], str]], random: Random
) -> None:
    texts = [" ".join(["Now", *words]) + end for words, end in parts]
    spoken = " ".join(f"{token} |" if random.random() < 0.3 else token for text in texts for token in text.split())
    remaining = list(texts)
    for paragraph in paragraphs(said(spoken)):
        whole = [remaining.pop(0)]
        while len(" ".join(whole)) < len(paragraph):
            whole.append(remaining.pop(0))
        assert paragraph == " ".join(whole)
    assert remaining == []
