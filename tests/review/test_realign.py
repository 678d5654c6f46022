from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.review.realign import realign
from pipeline.timing import timed
from pipeline.transcribe.merged import merge
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord, Paragraph, Transcript
from tests.review.desks import machine_of

WORDS = [
    "the",
    "and",
    "of",
    "we",
    "archive",
    "cases",
    "people",
    "village",
    "river",
    "question",
    "answer",
    "children",
    "Rohingya",
    "home",
    "never",
]
SIZE = 24


def spoken(number: int) -> list[str]:
    return [WORDS[(number * 7 + place * place + 3 * place) % len(WORDS)] for place in range(8)]


def said(start_ms: int, words: list[str]) -> MachineSegment:
    heard = (MachineWord(f" {word}", start_ms + n * 400, start_ms + n * 400 + 300, 0.9) for n, word in enumerate(words))
    return MachineSegment(tuple(heard), -0.2, 1.4, 0.02)


def interview(*, at_once: bool) -> tuple[list[Paragraph], MachineTranscript]:
    """Somebody talks all the time; with `at_once` another says something in the middle of every third paragraph."""
    empty = replace(machine_of(), duration_ms=SIZE * 4000)
    ada = replace(empty, segments=tuple(said(number * 4000, spoken(number)) for number in range(SIZE)))
    text = [Paragraph("Ada", " ".join(spoken(number)), number * 4000) for number in range(SIZE)]
    if not at_once:
        return text, ada
    middles = [number * 4000 + 1150 for number in range(0, SIZE, 3)]
    ben = replace(empty, segments=tuple(said(middle, ["yes", "of", "course"]) for middle in middles))
    text += [Paragraph("Ben", "yes of course", middle) for middle in middles]
    return sorted(text, key=lambda one: one.start_ms or 0), merge([("ada", ada), ("ben", ben)])


TEXT, MACHINE = interview(at_once=False)
TEXT_AT_ONCE, AT_ONCE = interview(at_once=True)


def deed(text: list[Paragraph], kind: str, place: int, word: str) -> list[Paragraph]:
    one = text[place]
    words = one.text.split()
    if kind == "replace":
        words[len(words) // 2] = word
    elif kind == "insert":
        words.insert(len(words) // 2, word)
    elif kind == "rewrite":
        words = [word] * 5
    elif kind == "untime":
        return [*text[:place], Paragraph(one.speaker, one.text), *text[place + 1 :]]
    elif kind == "delete":
        return [*text[:place], *text[place + 1 :]]
    elif kind == "join" and place + 1 < len(text):
        joined = Paragraph(one.speaker, f"{one.text} {text[place + 1].text}", one.start_ms)
        return [*text[:place], joined, *text[place + 2 :]]
    elif kind == "split" and len(words) > 3:
        halves = Paragraph(one.speaker, " ".join(words[:3]), one.start_ms), Paragraph("Ben", " ".join(words[3:]))
        return [*text[:place], *halves, *text[place + 1 :]]
    elif kind == "move" and place + 1 < len(text):
        after = text[place + 1]
        return [
            *text[:place],
            Paragraph(one.speaker, " ".join(words[:-1]) or "x", one.start_ms),
            Paragraph(after.speaker, f"{words[-1]} {after.text}", after.start_ms),
            *text[place + 2 :],
        ]
    return [*text[:place], Paragraph(one.speaker, " ".join(words), one.start_ms), *text[place + 1 :]]


kinds = st.sampled_from(["replace", "insert", "rewrite", "untime", "delete", "join", "split", "move", "nothing"])


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(kinds, st.integers(0, SIZE - 1), st.sampled_from([*WORDS, "Bazaar"])), min_size=1, max_size=6)
)
def test_one_edit_after_another_gives_what_aligning_everything_gives(deeds: list[tuple[str, int, str]]) -> None:
    for machine, before in ((MACHINE, TEXT), (AT_ONCE, TEXT_AT_ONCE)):
        text = before
        times = timed(Transcript(tuple(text)), machine)
        for kind, place, word in deeds:
            changed = deed(text, kind, min(place, len(text) - 1), word)
            times = realign(text, times, changed, machine)
            assert times == timed(Transcript(tuple(changed)), machine)
            text = changed
