"""What was published, read as it is struck out now: so that striking out tells nobody again what shall be gone.

A record (published.json) may hold words that were struck out since, or, where an earlier version of this program
made it, words that listeners never had. Here they become what stands in their place, and only then is it compared.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise

from pipeline.publish.published import TRANSCRIPT, Record, words_of
from pipeline.withhold import Piece

Span = tuple[int, int]
Turn = tuple[str, Sequence[Piece]]  # who speaks, and what
_Opcode = tuple[str, int, int, int, int]


def read_text(turn: Turn) -> str:
    """What one speaker says, as it is read."""
    return "".join(piece.read for piece in turn[1])


def record_struck(record: Record, turns: Sequence[Turn]) -> Record:
    """The record with what is struck out of `turns` struck out of its transcript too, wherever it still has it.

    Where a struck word itself is another than the published one, its published neighbours that changed with it are
    taken for struck: better to say too little than a name.
    """
    published = record.sections.get(TRANSCRIPT)
    if published is None:
        return record
    pieces = list(_flat(turns))
    struck = _struck(published, pieces)
    return record.model_copy(update={"sections": {**record.sections, TRANSCRIPT: struck}})


def _flat(turns: Sequence[Turn]) -> Iterator[Piece]:
    for number, (speaker, pieces) in enumerate(turns):
        yield Piece(("\n" if number else "") + f"{speaker}: ")
        yield from pieces


def _struck(published: str, pieces: Sequence[Piece]) -> str:
    before, read = words_of(published), words_of("".join(piece.read for piece in pieces))
    if before.words == read.words:
        return published
    # A stretch that the record has struck already is compared as it is read, any other as it is said.
    blocks = [one for one in _opcodes(before.words, read.words) if one[0] == "equal"]
    matched = {number for _, start, end, _, _ in blocks for number in range(start, end)}
    mixed: list[Piece] = []
    wider: set[int] = set()
    for piece, span in zip(pieces, _spans([piece.read for piece in pieces]), strict=True):
        start, end = _touched(read.places, span)
        block = next((one for one in blocks if one[3] <= start < end <= one[4]), None)
        if piece.instead is None or block is None:
            mixed.append(piece)
            continue
        mixed.append(Piece(piece.instead))
        shift = block[1] - block[3]
        own = frozenset(words_of(piece.text).words)
        wider |= _beside((start + shift, end + shift), own, before.words, matched)
    for number in sorted(wider, reverse=True):
        first, last = before.places[number]
        published = published[:first].rstrip(" ") + published[last:]
    return _replaced(published, mixed)


def _beside(known: Span, own: frozenset[str], words: Sequence[str], matched: set[int]) -> set[int]:
    """Published words on both sides of a stretch struck `known` that were struck since, when it was made wider."""
    found: set[int] = set()
    for number, step in ((known[0] - 1, -1), (known[1], 1)):
        place = number
        while 0 <= place < len(words) and place not in matched and words[place] in own:
            found.add(place)
            place += step
    return found


def _replaced(published: str, pieces: Sequence[Piece]) -> str:
    before, said = words_of(published), words_of("".join(piece.text for piece in pieces))
    opcodes = _opcodes(before.words, said.words)
    found: list[tuple[Span, str]] = []  # words of the record, and what stands in their place
    spans = _spans([piece.text for piece in pieces])
    for hidden in _groups(said.places, spans, pieces):
        first, last = said.places[hidden[0]][0], said.places[hidden[1] - 1][1]
        instead = "".join(_read(piece, span, first, last) for piece, span in zip(pieces, spans, strict=True))
        there = [_before(opcode, hidden) for opcode in opcodes if opcode[3] < hidden[1] and hidden[0] < opcode[4]]
        start, end = min(one[0] for one in there), max(one[1] for one in there)
        if found and start < found[-1][0][1]:
            (start, known), text = found.pop()
            end, instead = max(known, end), f"{text} {instead}"
        if start < end:
            found.append(((start, end), instead))
    text = published
    for (start, end), instead in reversed(found):
        text = text[: before.places[start][0]] + instead + text[before.places[end - 1][1] :]
    return text


def _groups(places: Sequence[Span], spans: Sequence[Span], pieces: Sequence[Piece]) -> Iterator[Span]:
    """The words that struck pieces touch, each run of them once."""
    known: Span | None = None
    for piece, span in zip(pieces, spans, strict=True):
        start, end = _touched(places, span)
        if piece.instead is None or start == end:
            continue
        if known and start < known[1]:  # without spaces between words several are struck in what counts as one
            known = known[0], end
            continue
        if known:
            yield known
        known = start, end
    if known:
        yield known


def _read(piece: Piece, span: Span, first: int, last: int) -> str:
    """What is read of a piece between two places of the text; of a struck one what stands there."""
    start, end = max(span[0], first), min(span[1], last)
    if start >= end:
        return ""
    if piece.instead is None:
        return piece.text[start - span[0] : end - span[0]]
    return piece.instead.removesuffix(piece.text[end - span[0] :])  # the record has what closes the stretch itself


def _before(opcode: _Opcode, hidden: Span) -> Span:
    kind, old_start, old_end, start, end = opcode
    if kind != "equal":
        return old_start, old_end
    return old_start + max(0, hidden[0] - start), old_end - max(0, end - hidden[1])


def _spans(texts: Sequence[str]) -> list[Span]:
    ends = [0]
    for text in texts:
        ends.append(ends[-1] + len(text))
    return list(pairwise(ends))


def _touched(places: Sequence[Span], span: Span) -> Span:
    """The numbers of the words that lie in a stretch of the text, from the first to before the one after the last."""
    start = bisect_right(places, span[0], key=lambda place: place[1])
    return start, max(start, bisect_left(places, span[1], key=lambda place: place[0]))


def _opcodes(old: Sequence[str], new: Sequence[str]) -> list[_Opcode]:
    return list(SequenceMatcher(None, old, new, autojunk=False).get_opcodes())
