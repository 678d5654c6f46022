from __future__ import annotations

from pipeline.align import align
from pipeline.said import Occurrence, occurrences, unstruck
from pipeline.show.redactions import Redaction
from pipeline.transcript import Paragraph, Transcript
from pipeline.withhold import Protected
from tests.review.desks import machine_of

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
