from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.align import align
from pipeline.review.realign import realign
from pipeline.transcript import MachineWord, Paragraph, Transcript

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


def interview() -> tuple[list[Paragraph], list[MachineWord]]:
    machine: list[MachineWord] = []
    text: list[Paragraph] = []
    for number in range(SIZE):
        spoken = [WORDS[(number * 7 + place * place + 3 * place) % len(WORDS)] for place in range(8)]
        text.append(Paragraph("Ada", " ".join(spoken), number * 4000))
        machine += [
            MachineWord(f" {word}", number * 4000 + place * 400, number * 4000 + place * 400 + 300, 0.9)
            for place, word in enumerate(spoken)
        ]
    return text, machine


TEXT, MACHINE = interview()


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
    text, timed = TEXT, align(Transcript(tuple(TEXT)), MACHINE)
    for kind, place, word in deeds:
        changed = deed(text, kind, min(place, len(text) - 1), word)
        timed = realign(text, timed, changed, MACHINE)
        assert timed == align(Transcript(tuple(changed)), MACHINE)
        text = changed
