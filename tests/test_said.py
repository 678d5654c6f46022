from __future__ import annotations

from pipeline.align import align
from pipeline.said import Occurrence, occurrences, strayed, unstruck
from pipeline.show.redactions import Redaction
from pipeline.timing import timed
from pipeline.transcribe.draft import first_transcript
from pipeline.transcribe.merged import merge
from pipeline.transcript import Paragraph, Transcript
from pipeline.withhold import Protected, withheld
from tests.review.desks import machine_of
from tests.transcribe.test_merged import NAMES, machine

MACHINE = machine_of("today we met Tobias Renn at the harbour", "and then to bias said no")
TEXT = Transcript(
    (Paragraph("Ada", "today we met Tobias Renn at the harbour", 0), Paragraph("Ada", "and then Leo said no", 5000))
)
TIMED = align(TEXT, MACHINE.words)


def test_a_name_is_found_as_it_is_written_and_as_it_was_heard() -> None:
    first, second = occurrences(TIMED, MACHINE, "Tobias")
    assert first == Occurrence(1200, 1500, "today we met Tobias Renn at the harbour")
    assert (second.start_ms, second.end_ms) == (5800, 6500)
    assert "to bias" in second.around
    assert occurrences(TIMED, MACHINE, "Maria") == []


def test_what_is_written_must_leave_the_words_and_what_was_only_heard_the_sound() -> None:
    tobias = (Protected("Tobias"),)

    def left(*redactions: Redaction) -> list[int]:
        return [place.start_ms for _, place in unstruck(TIMED, MACHINE, redactions, tobias)]

    assert left() == [1200, 5800]
    assert left(Redaction(start_ms=1200, end_ms=1500)) == [5800]
    silent = Redaction(start_ms=5800, end_ms=6500, strike="sound")
    assert left(Redaction(start_ms=1200, end_ms=1500), silent) == []
    assert left(Redaction(start_ms=1200, end_ms=1500, strike="sound"), silent) == [1200]


def test_a_yes_between_first_and_last_name_hides_nothing() -> None:
    heard = merge([("ada", machine((0, "It was Maria Santos who called."))), ("ben", machine((750, "Yes.")))])
    text = timed(first_transcript(heard, "?", NAMES), heard)
    (place,) = occurrences(text, heard, "Maria Santos")
    assert (place.start_ms, place.end_ms) == (600, 1150)


STRUCK = Redaction(start_ms=1200, end_ms=1900)  # Tobias Renn


def test_a_struck_word_that_a_rearranged_text_has_elsewhere_is_told() -> None:
    moved = Transcript(
        (Paragraph("Ada", "today we met somebody at the harbour", 0), Paragraph("Ada", "and then Renn", 5000))
    )
    ((word, place),) = strayed(withheld(align(moved, MACHINE.words), [STRUCK]), MACHINE, [STRUCK])
    assert word == "Renn"
    assert place.around == "and then Renn"


def test_what_was_heard_there_too_may_stand() -> None:
    assert list(strayed(withheld(TIMED, [STRUCK]), MACHINE, [STRUCK])) == []
    twice = machine_of("today we met Tobias Renn at the harbour", "and Tobias Renn said no")
    text = Transcript(
        (
            Paragraph("Ada", "today we met Tobias Renn at the harbour", 0),
            Paragraph("Ada", "and Tobias Renn he said no", 5000),
        )
    )
    assert list(strayed(withheld(align(text, twice.words), [STRUCK]), twice, [STRUCK])) == []
    only_sound = Redaction(start_ms=1200, end_ms=1900, strike="sound")
    assert list(strayed(withheld(TIMED, [only_sound]), MACHINE, [only_sound])) == []


def test_an_everyday_word_that_is_said_anywhere_else_may_stand_anywhere() -> None:
    heard = machine_of("because they lived with Maria", "I sat with them", starts=(0, 200_000))
    text = Transcript((Paragraph("Ada", "because they lived with Maria", 0), Paragraph("Ada", "there with them", 8000)))
    struck = Redaction(start_ms=0, end_ms=2000)
    left = strayed(withheld(align(text, heard.words), [struck]), heard, [struck])
    assert [word for word, _ in left] == []


def test_a_struck_name_in_the_place_of_another_word_is_told_and_a_correction_is_not() -> None:
    heard = machine_of("it was doctor Brennan", "and he was kind", "said Dr Miller")
    struck = Redaction(start_ms=800, end_ms=1600)  # doctor Brennan

    def left(second: str, third: str) -> list[str]:
        texts = ("it was doctor Brennan", second, third)
        starts = (0, 5000, 11_000)
        text = Transcript(tuple(Paragraph("Ada", said, at) for said, at in zip(texts, starts, strict=True)))
        return [word for word, _ in strayed(withheld(align(text, heard.words), [struck]), heard, [struck])]

    assert left("and he was kind", "said Dr Miller") == []
    assert left("and Brennan was kind", "said Dr Miller") == ["Brennan"]
    assert left("and he was kind", "said doctor Miller") == []
