from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.review.merge import merge
from pipeline.transcript import Paragraph


def said(text: str, start_ms: int | None = None) -> Paragraph:
    return Paragraph("Ada Host", text, start_ms)


def texts(paragraphs: Sequence[Paragraph]) -> list[str]:
    return [one.text for one in paragraphs]


BASE = [said(f"p{number}", number * 1000) for number in range(5)]


def with_text(number: int, text: str) -> list[Paragraph]:
    return [said(text, number * 1000) if place == number else one for place, one in enumerate(BASE)]


def test_changes_of_different_paragraphs_are_both_there() -> None:
    merged = merge(BASE, with_text(1, "mine"), with_text(2, "theirs"))
    assert texts(merged.paragraphs) == ["p0", "mine", "theirs", "p3", "p4"]
    assert not merged.clashes


def test_both_changing_neighbours_clash_only_where_both_did() -> None:
    mine = [*BASE[:1], said("mine1", 1000), said("mine2", 2000), *BASE[3:]]
    merged = merge(BASE, mine, with_text(2, "theirs"))
    assert texts(merged.paragraphs) == ["p0", "mine1", "mine2", "p3", "p4"]
    (clash,) = merged.clashes
    assert (clash.first, clash.count, texts(clash.theirs)) == (2, 1, ["theirs"])


def test_the_same_change_twice_is_one_change() -> None:
    merged = merge(BASE, with_text(1, "same"), with_text(1, "same"))
    assert texts(merged.paragraphs) == ["p0", "same", "p2", "p3", "p4"]
    assert not merged.clashes


def test_a_split_and_a_correction_elsewhere() -> None:
    split = [*BASE[:3], said("p", 3000), said("3", 3500), BASE[4]]
    merged = merge(BASE, split, with_text(0, "theirs"))
    assert texts(merged.paragraphs) == ["theirs", "p1", "p2", "p", "3", "p4"]
    assert not merged.clashes


def test_a_split_beside_a_correction() -> None:
    split = [*BASE[:3], said("p", 3000), said("3", 3500), BASE[4]]
    for neighbour in (2, 4):
        merged = merge(BASE, split, with_text(neighbour, "theirs"))
        assert "theirs" in texts(merged.paragraphs)
        assert "3" in texts(merged.paragraphs)
        assert not merged.clashes


def test_deleting_what_the_other_corrects_is_a_clash() -> None:
    merged = merge(BASE, [*BASE[:2], *BASE[3:]], with_text(2, "theirs"))
    (clash,) = merged.clashes
    assert clash.count == 0
    assert texts(clash.theirs) == ["theirs"]


def test_two_different_insertions_at_one_place_are_a_clash() -> None:
    mine = [*BASE[:2], said("my own", 1500), *BASE[2:]]
    theirs = [*BASE[:2], said("their own", 1600), *BASE[2:]]
    (clash,) = merge(BASE, mine, theirs).clashes
    assert texts(clash.theirs) == ["their own"]


def test_words_moved_over_a_border_clash_with_a_correction_there() -> None:
    mine = [said("p0 and", 0), said("p1 less", 1000), *BASE[2:]]
    assert merge(BASE, mine, with_text(1, "theirs")).clashes


paragraphs = st.lists(
    st.builds(said, st.sampled_from("abcdefgh"), st.sampled_from([None, 0, 1000, 2000, 3000])), max_size=7
)


@settings(max_examples=200)
@given(paragraphs, paragraphs)
def test_one_sided_changes_are_taken_whole(base: list[Paragraph], changed: list[Paragraph]) -> None:
    assert merge(base, changed, base) == merge(base, base, changed)
    assert list(merge(base, changed, base).paragraphs) == changed
    assert list(merge(base, changed, changed).paragraphs) == changed
    assert not merge(base, changed, changed).clashes


@settings(max_examples=200)
@given(st.data())
def test_disjoint_edits_are_all_in_the_merge(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 9))
    base = [said(f"p{number}", number * 1000) for number in range(size)]
    owner = data.draw(st.lists(st.sampled_from(["mine", "theirs", "nobody"]), min_size=size, max_size=size))
    deeds = data.draw(st.lists(st.sampled_from(["edit", "split", "delete"]), min_size=size, max_size=size))

    def side(name: str) -> list[Paragraph]:
        text: list[Paragraph] = []
        for number, one in enumerate(base):
            if owner[number] != name:
                text.append(one)
            elif deeds[number] == "edit":
                text.append(said(f"{name}{number}", one.start_ms))
            elif deeds[number] == "split":
                text += [said(f"{name}{number}a", one.start_ms), said(f"{name}{number}b", number * 1000 + 500)]
        return text

    merged = merge(base, side("mine"), side("theirs"))
    wanted = {one.text for one in (*side("mine"), *side("theirs"))} - {f"p{n}" for n in range(size)}
    assert wanted <= set(texts(merged.paragraphs)) | {text for one in merged.clashes for text in texts(one.theirs)}
    if not merged.clashes:
        untouched = {f"p{n}" for n in range(size) if owner[n] == "nobody"}
        assert set(texts(merged.paragraphs)) == wanted | untouched
        starts = [one.start_ms for one in merged.paragraphs]
        assert starts == sorted(start for start in starts if start is not None)


@settings(max_examples=200)
@given(paragraphs, paragraphs, paragraphs)
def test_nothing_either_side_wrote_is_lost(
    base: list[Paragraph], mine: list[Paragraph], theirs: list[Paragraph]
) -> None:
    merged = merge(base, mine, theirs)
    kept = [*merged.paragraphs, *(one for clash in merged.clashes for one in clash.theirs)]
    assert {one for one in (*mine, *theirs) if one not in base} <= set(kept)
    for clash in merged.clashes:
        assert 0 <= clash.first <= clash.first + clash.count <= len(merged.paragraphs)
