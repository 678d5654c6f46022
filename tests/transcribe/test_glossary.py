"""Which words the decoder is told to expect."""

from __future__ import annotations

from pipeline.show.models import Person, Term
from pipeline.transcribe.glossary import hotwords


def person(name: str, organisation: str | None = None) -> Person:
    return Person(id="someone", name=name, organisation=organisation)


def test_people_then_organisations_then_terms() -> None:
    people = [person("Samson Inocencio", "IJM"), person("Ada Host")]
    terms = [Term(term="barangay"), Term(term="Pampanga", meaning="a province")]
    assert hotwords(terms, people) == ("Samson Inocencio", "Ada Host", "IJM", "barangay", "Pampanga")


def test_what_is_not_said_of_a_name_is_left_out() -> None:
    assert hotwords([], [person("Ada Host (synthetic voice)"), person("Li （李） Wei")]) == ("Ada Host", "Li Wei")


def test_both_forms_of_a_term_are_expected() -> None:
    term = Term(term="online sexual exploitation of children (OSEC)")
    assert hotwords([term], []) == ("online sexual exploitation of children", "OSEC")


def test_each_word_once_whatever_its_capitals_or_its_accents_bytes() -> None:
    people = [person("José Núñez", "IJM"), person("Jose\u0301 Nu\u0301n\u0303ez", "ijm")]
    assert hotwords([Term(term="IJM")], people) == ("José Núñez", "IJM")


def test_nothing_gives_nothing() -> None:
    assert hotwords([], []) == ()
    assert hotwords([], [person("(synthetic voice)")]) == ()
