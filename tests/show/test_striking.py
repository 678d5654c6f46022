"""redactions.toml edited by the program, with everything that a person wrote in it left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidEpisode
from pipeline.show.redactions import Redaction
from pipeline.show.striking import redactions_in, with_added, with_ends, without
from pipeline.transcript import format_ms

BY_HAND = """# struck out at her wish

[[redactions]]
start = 00:12:34.200   # the breath before it
end = "00:12:35.100"
words = [
  "Maria Santos",
  # as the machine wrote it
  "Maria Santoz",
]
reason = "She asked not to be named."

# about the harbour
[[redactions]]
start = "00:20:00.000"
end = "00:20:01.000"   # [[redactions]]
text = "[a place]"
"""
INLINE = '# all of them\nredactions = [\n  { start = "00:00:01.000", end = "00:00:02.000" }, # one\n]\n'
ONE = Redaction(
    start_ms=90_000, end_ms=90_700, words=("Ben “B.” Okoro",), sound="tone", by="Ada", reason='He said "no"'
)
SOUND = Redaction(start_ms=100_000, end_ms=110_000, strike="sound")


def test_what_is_added_stands_at_the_end_and_the_rest_stays() -> None:
    text = with_added(BY_HAND, [ONE, SOUND], format_ms)
    assert text.startswith(BY_HAND)
    assert redactions_in(text) == (*redactions_in(BY_HAND), ONE, SOUND)
    assert text.count('sound = "mute"') == 1
    assert "[name withheld]" not in text


@pytest.mark.parametrize("text", ["", BY_HAND, INLINE, BY_HAND.replace("\n", "\r\n"), BY_HAND.rstrip("\n"), "# none\n"])
def test_what_was_added_and_taken_back_was_never_there(text: str) -> None:
    count = len(redactions_in(text))
    added = with_added(text, [ONE], format_ms)
    assert len(redactions_in(added)) == count + 1
    assert without(added, count).rstrip() == text.rstrip()


def test_one_is_taken_back_and_no_comment_about_another_goes_with_it() -> None:
    text = without(BY_HAND, 0)
    assert (
        text
        == BY_HAND.partition("[[redactions]]")[0] + "# about the harbour" + BY_HAND.partition("# about the harbour")[2]
    )
    text = without(BY_HAND, 1)
    assert "Maria Santoz" in text
    assert "# about the harbour" in text
    assert "a place" not in text
    with pytest.raises(IndexError):
        without(BY_HAND, 2)


def test_a_list_on_one_line_is_edited_too() -> None:
    assert redactions_in(with_added(INLINE, [ONE], format_ms))[1] == ONE
    mended = with_ends(INLINE, 0, 500, 2000, format_ms)
    assert '{ start = "00:00:00.500", end = "00:00:02.000" }, # one' in mended
    assert redactions_in(without(INLINE, 0)) == ()


def test_ends_are_mended_and_only_they() -> None:
    mended = with_ends(BY_HAND, 0, 754_150, 755_100, format_ms)
    assert mended == BY_HAND.replace("start = 00:12:34.200 ", 'start = "00:12:34.150" ')
    with pytest.raises(ValueError, match="end after it begins"):
        with_ends(BY_HAND, 0, 755_100, 755_100, format_ms)


def test_what_cannot_be_edited_line_by_line_is_refused() -> None:
    text = BY_HAND.replace('"She asked not to be named."', '"""\n[[redactions]]\n"""')
    with pytest.raises(InvalidEpisode, match="Edit it by hand"):
        without(text, 1)


LINES = st.text(min_size=1).map(str.strip).filter(lambda one: bool(one) and one.isprintable())


@st.composite
def struck(draw: st.DrawFn) -> Redaction:
    return Redaction(
        start_ms=draw(st.integers(0, 10**7)),
        end_ms=draw(st.integers(10**7 + 1, 2 * 10**7)),
        words=tuple(draw(st.lists(LINES, max_size=2))),
        sound=draw(st.sampled_from(("mute", "tone"))),
        reason=draw(st.none() | LINES),
    )


@given(entries=st.lists(struck(), min_size=1, max_size=4), place=st.integers(0, 3))
def test_every_entry_is_read_back_as_it_was_meant(entries: list[Redaction], place: int) -> None:
    text = with_added("# kept\n", entries, format_ms)
    assert list(redactions_in(text)) == entries
    at = place % len(entries)
    assert list(redactions_in(without(text, at))) == entries[:at] + entries[at + 1 :]
    assert "# kept" in without(text, at)
