from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.align import align
from pipeline.review.changes import changed_paragraphs, compare, heard_in
from pipeline.review.suggestions import recurring, term_suggestions
from pipeline.timing import timed
from pipeline.transcript import Paragraph, Transcript
from tests.review.desks import machine_of
from tests.test_timing import DRAFT, TALK

HEARD = (
    "we went to row hinge ya camps and then to cox bazaar",
    "the row hinge ya were afraid of going back",
    "so row hinge ya people stayed",
)
MACHINE = machine_of(*HEARD, starts=(0, 10_000, 20_000))


def test_word_by_word() -> None:
    changes = compare("you could preheat the row hinge ya for 4 minutes.", "You could not preheat the Rohingya for 45.")
    assert [(one.operation, one.old, one.new) for one in changes] == [
        ("style", "you", "You"),
        ("equal", "could", "could"),
        ("insert", "", "not"),
        ("equal", "preheat the", "preheat the"),
        ("replace", "row hinge ya", "Rohingya"),
        ("equal", "for", "for"),
        ("replace", "4 minutes.", "45."),
    ]


words = st.lists(st.sampled_from(["alpha", "beta", "Gamma,", "delta.", "é", "漢字"]), max_size=12).map(" ".join)


@settings(max_examples=200)
@given(words, words)
def test_the_operations_lead_from_one_text_to_the_other(old: str, new: str) -> None:
    def squeezed(text: str) -> str:
        return "".join(text.split())

    changes = compare(old, new)
    assert squeezed("".join(one.old for one in changes)) == squeezed(old)
    assert squeezed("".join(one.new for one in changes)) == squeezed(new)
    if old == new:
        assert {one.operation for one in changes} <= {"equal"}


def test_only_paragraphs_with_other_words_are_changed() -> None:
    text = Transcript(
        (
            Paragraph("Ada", "We went to Rohingya camps [@unhcr], and then to Cox’s Bazar.", 0),
            Paragraph("Ben", "The row hinge ya were afraid of going back.", 10_000),
            Paragraph("Ada", "So row hinge ya people left", 20_000),
        )
    )
    paragraphs = align(text, MACHINE.words)
    changed = changed_paragraphs(paragraphs, MACHINE)
    assert [one.paragraph for one in changed] == [0, 2]
    assert changed[0].machine == HEARD[0]
    assert changed[0].changed_words == 5
    assert changed[1].changed_words == 1


def test_every_machine_word_belongs_to_one_paragraph() -> None:
    text = Transcript(
        (Paragraph("Ada", "And then to Cox’s Bazar", 0), Paragraph("Ben", "afraid of going back", 10_000))
    )
    heard = heard_in(align(text, MACHINE.words), MACHINE)
    assert " ".join(heard).split() == MACHINE.text.split()


def test_two_who_talk_at_once_changed_nothing() -> None:
    paragraphs = timed(DRAFT, TALK)
    assert heard_in(paragraphs, TALK) == tuple(one.text for one in DRAFT.paragraphs)
    assert changed_paragraphs(paragraphs, TALK) == ()


def test_a_sound_alike_correction_is_offered_as_a_term() -> None:
    text = Transcript(
        (
            Paragraph("Ada", "we went to Rohingya camps and then to Cox’s Bazar", 0),
            Paragraph("Ben", "the Rohingya were scared of going back", 10_000),
            Paragraph("Ada", "so row hinge ya people stayed", 20_000),
        )
    )
    paragraphs = align(text, MACHINE.words)
    changed = changed_paragraphs(paragraphs, MACHINE)
    offered = term_suggestions(changed, known=("OSEC",))
    assert [(one.term, one.heard, one.times) for one in offered] == [
        ("Rohingya", "row hinge ya", 2),
        ("Cox’s Bazar", "cox bazaar", 1),
    ]
    assert [one.term for one in term_suggestions(changed, known=("Rohingya",))] == ["Cox’s Bazar"]
    (found,) = recurring(changed, paragraphs)
    assert (found.wrong, found.right) == ("row hinge ya", "Rohingya")
    (place,) = found.places
    assert paragraphs[place.paragraph].text[place.start_char : place.end_char] == "row hinge ya"


def test_another_word_is_no_term_and_no_recurring_mistake() -> None:
    machine = machine_of("we went home early", "they went home too", starts=(0, 5000))
    text = Transcript((Paragraph("Ada", "we drove Back early", 0), Paragraph("Ada", "they went home too", 5000)))
    paragraphs = align(text, machine.words)
    changed = changed_paragraphs(paragraphs, machine)
    assert term_suggestions(changed, known=()) == ()
    assert recurring(changed, paragraphs) == ()
