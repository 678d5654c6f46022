"""Where sentences end, in several scripts, and what no full stop ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.claims import marks_in_text, split_sentences

TRICKY = st.text(alphabet='aZ9. !?…。！？؟“”"«»:;\n\t[@k]12:34 №é्', max_size=120) | st.text(max_size=120)


def split(text: str) -> list[str]:
    return [text[span.start : span.end].strip() for span in split_sentences(text, marks_in_text(text))]


@pytest.mark.parametrize(
    "sentences",
    [
        ["They counted 4.5 million.", "Nobody else did."],
        ["Dr. Haddad met U.N. staff.", "They left."],
        ["J. R. Smith came!", "So did I.", "Then it rained."],
        ["“Who?” she asked.", "Nobody answered…", "The door was open."],
        ["He said “It rained. Nobody came.”", "Then he left."],
        ["“It rained. Nobody came,” he said."],
        ["The forms, e.g. the blue ones, are lost."],
        ["See no. 5 and p. 12 of the report.", "She said no.", "It was late."],
        ["1. What she saw"],
        ["Am 3. Juni kam er.", "Er blieb."],
        ["هل تعلم؟", "نعم.", "لا أعرف."],
        ["他说。", "我们走了！", "真的吗？"],
        ["報告は「雨だった。誰も来なかった。」と言う。", "終わり。"],
        ["यह सच है।", "वह गया।"],
        ["Это правда.", "Он ушёл!"],
        ["« Il pleut. Personne ne vient. »", "Elle part."],
        ["It fell to 3. [@a]", "Then 5 rose [@b]."],
        ["It fell. [@a] [12:34]", "Then it rose."],
        ["From the report [@a]:", "381 victims."],
    ],
)
def test_sentences_end_where_a_reader_ends_them(sentences: list[str]) -> None:
    joined = "" if any(ord(sentences[0][0]) in range(0x3000, 0xA000) for _ in sentences) else " "
    text = joined.join(sentences) if ":" not in sentences[0] else "\n".join(sentences)
    assert split(text) == sentences


def test_an_inch_sign_does_not_swallow_the_text_after_it() -> None:
    text = 'The plank is 5" wide. ' + "It was sold. " * 100 + 'The other is 6" wide.'
    assert len(split(text)) > 50


@given(TRICKY)
@settings(max_examples=400, deadline=None)
def test_no_character_is_lost_or_doubled(text: str) -> None:
    spans = split_sentences(text, marks_in_text(text))
    assert "".join(text[span.start : span.end] for span in spans) == text
    assert all(span.start < span.end for span in spans)
