"""When a source is said: the second at which the sentence begins that a citation ends."""

from __future__ import annotations

import pytest
from lxml import html as lxml_html

from pipeline.publish.captions import to_html, to_json, to_srt, to_vtt
from pipeline.publish.cues import cues
from pipeline.publish.pages.transcript import cited_at, mentions, transcript_html
from tests.publish import made


def first_word(text: str) -> str:
    paragraph = made.paragraph("Ada", text, 1000)
    (time_ms,) = mentions([paragraph])["a"]
    return next(word.text for word in paragraph.words if word.start_ms == time_ms)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("It was long ago. There were 381 cases [@a]. Nobody knew.", "There"),
        ("It was long ago. There were 381 cases. [@a] Nobody knew.", "There"),
        ("There were 381 cases [@a].", "There"),
        ("Then Dr. Lind and J. P. Dyk counted 4.5 each [@a].", "Then"),
        ("He asked: “Why?” she says, and counts [@a].", "He"),
        ("“So it was.” Now we know [@a].", "Now"),
        ("Mm [@b]. I saw it [@a, p. 3].", "I"),
        ("不是。是的[@a]。", "是"),
    ],
)
def test_the_sentence_begins_where_a_reader_would_say(text: str, word: str) -> None:
    assert first_word(text) == word


def test_each_mention_has_its_time_and_the_page_its_number() -> None:
    paragraphs = [
        made.paragraph("Ada", "One [@a]. Two [@b; @a, p. 3].", 0),
        made.paragraph("Ben", "[@a] Three [@unknown].", 60_000),
    ]
    times = mentions(paragraphs)
    assert [len(times[key]) for key in ("a", "b", "unknown")] == [3, 1, 1]
    assert times["a"][2] == 60_000
    assert cited_at(paragraphs)["a"] == list(dict.fromkeys(times["a"]))
    page = lxml_html.fromstring(str(transcript_html(paragraphs, audio="a.mp3", numbers={"a": 1, "b": 2})))  # type: ignore[no-untyped-call]
    assert page.xpath("//sup/a/@id") == ["said-1-1", "said-2-1", "said-1-2", "said-1-3"]
    assert page.xpath("//sup/a/text()") == ["[1]", "[2]", "[1, p. 3]", "[1]"]


def test_who_speaks_another_language_is_marked_with_it() -> None:
    paragraphs = [made.paragraph("Ada", "Who are you?", 0), made.paragraph("Ben", "Je suis Ben.", 60_000)]
    page = lxml_html.fromstring(  # type: ignore[no-untyped-call]
        str(transcript_html(paragraphs, audio="a.mp3", numbers={}, languages={"Ben": "fr-CA"}))
    )
    (marked,) = page.xpath("//*[@lang]")
    assert (marked.get("lang"), marked.text_content()) == ("fr-CA", "Je suis Ben.")
    flat = to_html(cues(paragraphs), title="T", language="en", languages={"Ben": "fr-CA"}).decode()
    assert '<p lang="fr-CA">Je suis Ben.</p>' in flat
    assert "<p>Who are you?</p>" in flat


def test_citations_are_in_no_captions() -> None:
    spoken = cues([made.paragraph("Ada", "There were 381 cases [@a, p. 3; @b]. Nobody knew [@a].", 0)])
    for text in (made_of(spoken).decode() for made_of in (to_vtt, to_srt, to_json)):
        assert "@" not in text
        assert "p. 3" not in text
        assert "cases." in text
