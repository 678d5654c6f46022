"""Words explained: which terms an episode uses, and where their first use leads."""

from __future__ import annotations

import re

import pytest

from pipeline.publish.glossary import explained, used_terms
from pipeline.publish.notes import Notes, render
from pipeline.show import Term

OSEC = Term(term="OSEC", meaning="online sexual exploitation of children")
AIDS = Term(term="AIDS", meaning="a disease")
IJM = Term(term="IJM", meaning='a "mission" <of> justice')
IJM_UK = Term(term="IJM UK", meaning="its British arm")
PLAIN = Term(term="Samson")


def notes(markdown: str, *terms: Term) -> Notes:
    return render(markdown, {}, terms=explained(used_terms(terms, markdown)))


def test_terms_count_where_they_stand_as_words_of_their_own() -> None:
    text = "IJM, on OSEC. It aids Samson; OSEC-like and myIJMs do not count."
    assert used_terms([OSEC, AIDS, IJM, PLAIN], text) == (IJM, OSEC)
    assert used_terms([OSEC], "OSEC-like") == ()
    assert used_terms([OSEC], "in the notes", "said: OSEC.") == (OSEC,)


def test_the_first_use_leads_to_the_meaning_and_no_other() -> None:
    html = notes("It is OSEC. And OSEC again.", OSEC).html
    assert html.count('href="#term-1"') == 1
    assert html.index('href="#term-1"') < html.index("And")
    assert 'title="online sexual exploitation of children"' in html


def test_headings_links_and_code_are_left_alone() -> None:
    html = notes("# OSEC\n\n[OSEC](https://x.example/) and `OSEC`, then OSEC.", OSEC).html
    assert html.count("#term-1") == 1
    assert html.index("#term-1") > html.index("then")


def test_the_longer_term_stands_where_both_could() -> None:
    html = notes("IJM UK told IJM.", IJM, IJM_UK).html
    assert re.search(r'<a [^>]*title="its British arm"[^>]*>IJM UK</a> told <a [^>]*>IJM</a>', html)


def test_meanings_are_escaped() -> None:
    html = notes("It is IJM.", IJM).html
    assert "<of>" not in html
    assert 'title="a &quot;mission&quot; &lt;of&gt; justice"' in html


@pytest.mark.parametrize("markdown", ["It is OSEC.", "- OSEC\n- OSEC", "> OSEC"])
def test_text_and_feed_have_the_plain_words(markdown: str) -> None:
    plain, marked = render(markdown, {}), notes(markdown, OSEC)
    assert marked.text == plain.text
    assert marked.blocks == plain.blocks
