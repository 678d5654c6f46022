"""Looks up in a source's snapshot what the notes quote from it: found, found with differences, not found.

Words decide. Capitals, punctuation, the kind of quotation marks, dashes and spaces do not, because pages and notes
differ in them for many reasons. `…`, `...` and either in brackets stand for words left out; words in brackets are the
editor's own and may stand for a few words of the source (`[The children] were …`), or for a letter (`[T]he`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache

from markdown_it.token import Token

from pipeline.publish.blocks import closing, keys_cited
from pipeline.publish.links.page_text import page_text
from pipeline.publish.links.snapshots import Kept
from pipeline.publish.markdown import parse

_OWN_WORDS_STAND_FOR = 8  # words of the source that a bracket may take the place of
_ENOUGH = 0.7  # the share of a quotation's words that must be there, in their order, to be “found with differences”
_FEWEST_WORDS = 3  # shorter ones are found as they are, or not at all
_QUOTED_INLINE = re.compile(r"[“«„]([^“”«»„]+)[”»“]\s*$")
_FEWEST_INLINE_WORDS = 4  # less in quotation marks is a term more often than a quotation
# Scripts written without spaces: each letter counts as a word.
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_ALONE}]|(?:(?![{_ALONE}])\w)+(?:[.,'](?=\d|\w)(?:(?![{_ALONE}])\w)+)*|[%‰€$£¥°]")
_GAP = re.compile(r"\[\s*(?:…|\.\s?\.\s?\.)\s*\]|\(\s*(?:…|\.\s?\.\s?\.)\s*\)|…|\.\s?\.\s?\.")
_LETTERS = re.compile(r"\[(\w{1,3})\](?=\w)")
_OWN_WORDS = re.compile(r"\[[^\[\]]*\]")
_MARKS = str.maketrans(
    {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "\u00ad": None, "\u200b": None, "\u2060": None}
)


class Outcome(StrEnum):
    """What came of a look-up."""

    FOUND = "found"
    DIFFERENT = "found with differences"
    NOT_FOUND = "not found"
    NO_SNAPSHOT = "no snapshot"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words that the notes quote, the keys of the sources they cite for them, and the line (from 1)."""

    words: str
    keys: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the two part: words of the source, and the words quoted in their place; either may be empty."""

    source: str
    quoted: str

    def __str__(self) -> str:
        if not self.quoted:
            return f"the source also says “{self.source}”"
        if not self.source:
            return f"the source does not say “{self.quoted}”"
        return f"the source says “{self.source}” where “{self.quoted}” is quoted"


@dataclass(frozen=True, slots=True)
class LookedUp:
    """An outcome and, where there are any, the differences in their order; `why` is set where nothing can be told."""

    outcome: Outcome
    differences: tuple[Difference, ...] = ()
    why: str = ""


def quotations(markdown: str) -> tuple[Quotation, ...]:
    """What a notes.md quotes with its source: block quotations that cite, and words in quotation marks that are cited.

    Definitions are looked up only where they quote: others are in the words of the show.
    """
    return tuple(_quotations(parse(markdown)))


def look_up_in(words: str, kept: Kept) -> LookedUp:
    """Look words up in a snapshot."""
    text = page_text(kept)
    if text is None:
        kind = kept.content_type.partition(";")[0].strip() or "of no known type"
        return LookedUp(Outcome.CANNOT_TELL, why=f"its copy is no page of text ({kind}); look it up yourself")
    return look_up(words, text)


def look_up(words: str, text: str) -> LookedUp:
    """Look words up in a text."""
    pieces = _pieces(words)
    page, source = _page_words(text)
    if not any(piece.words for piece in pieces):
        return LookedUp(Outcome.CANNOT_TELL, why="it quotes no words")
    if _stands_so(pieces, source):
        return LookedUp(Outcome.FOUND)
    differences: list[Difference] = []
    for part in _parts(pieces):
        if not _stands_so(part, source):
            found = _nearest([word for piece in part for word in piece.words], page, source)
            if found is None:
                return LookedUp(Outcome.NOT_FOUND)
            differences += found
    if not differences:
        return LookedUp(Outcome.DIFFERENT, why="its parts stand in the source in another order")
    return LookedUp(Outcome.DIFFERENT, tuple(differences))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words that stand together; `gap` is how many words may come before them: None for any number."""

    words: tuple[str, ...]
    gap: int | None


def _pieces(quoted: str) -> list[_Piece]:
    pieces: list[_Piece] = []
    for number, part in enumerate(_GAP.split(quoted)):
        joined = _LETTERS.sub(r"\1", part)
        for place, stretch in enumerate(_OWN_WORDS.split(joined)):
            gap = None if place == 0 else _OWN_WORDS_STAND_FOR
            words = tuple(_words(stretch))
            if words:
                pieces.append(_Piece(words, None if not pieces else gap))
            elif place == 0 and number and pieces:
                # “… [and] then”: what was left out before the bracket is left out all the same.
                pieces.append(_Piece((), None))
    return [piece for place, piece in enumerate(_gaps_joined(pieces)) if piece.words or place == 0]


def _gaps_joined(pieces: Sequence[_Piece]) -> Iterator[_Piece]:
    wide = False
    for piece in pieces:
        if not piece.words:
            wide = True
            continue
        yield _Piece(piece.words, None) if wide else piece
        wide = False


def _parts(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """The stretches between words left out, each of which must stand near itself."""
    part: list[_Piece] = []
    for piece in pieces:
        if piece.gap is None and part:
            yield part
            part = []
        part.append(piece)
    if part:
        yield part


def _stands_so(pieces: Sequence[_Piece], source: Sequence[str]) -> bool:
    """Whether all pieces stand in the source as they are, in their order."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(source):
        places.setdefault(word, []).append(place)
    at = 0
    for part in _parts(pieces):
        plain = [[_plain(word) for word in piece.words] for piece in part]
        # The earliest place that fits leaves the most room for what follows.
        ends = (_end_of(plain, source, start) for start in places.get(plain[0][0], ()) if start >= at)
        end = next((end for end in ends if end is not None), None)
        if end is None:
            return False
        at = end
    return True


def _end_of(pieces: Sequence[Sequence[str]], source: Sequence[str], start: int) -> int | None:
    """Where the pieces end if the first begins at `start`, with a few words at most between; None if it does not."""
    if list(source[start : start + len(pieces[0])]) != list(pieces[0]):
        return None
    end = start + len(pieces[0])
    for piece in pieces[1:]:
        for begin in range(end, end + _OWN_WORDS_STAND_FOR + 1):
            if list(source[begin : begin + len(piece)]) == list(piece):
                end = begin + len(piece)
                break
        else:
            return None
    return end


def _nearest(quoted: Sequence[str], page: Sequence[str], source: Sequence[str]) -> list[Difference] | None:
    """The differences to the stretch of the source that is most like the words; None where nothing is like them."""
    if len(quoted) < _FEWEST_WORDS:
        return None
    plain = [_plain(word) for word in quoted]
    center = _densest(plain, source)
    begin, end = max(0, center - len(plain)), min(len(source), center + 2 * len(plain))
    steps = SequenceMatcher(None, source[begin:end], plain, autojunk=False).get_opcodes()
    same = sum(to - start for kind, _, _, start, to in steps if kind == "equal")
    if same < _FEWEST_WORDS or same < _ENOUGH * len(plain):
        return None
    while steps and steps[0][0] == "delete":  # what stands before and after in the source is not quoted
        steps = steps[1:]
    while steps and steps[-1][0] == "delete":
        steps = steps[:-1]
    differences: list[Difference] = []
    for place, (kind, one, other, start, to) in enumerate(steps):
        if kind == "equal":
            continue
        # At the ends the window holds more of the source than was quoted.
        if place == 0:
            one = max(one, other - (to - start))  # noqa: PLW2901
        if place == len(steps) - 1:
            other = min(other, one + (to - start))  # noqa: PLW2901
        differences.append(Difference(" ".join(page[begin + one : begin + other]), " ".join(quoted[start:to])))
    return differences


def _densest(quoted: Sequence[str], source: Sequence[str]) -> int:
    """Where the window as long as the quotation begins that shares most words with it, each as often as quoted."""
    wanted: dict[str, int] = {}
    for word in quoted:
        wanted[word] = wanted.get(word, 0) + 1
    have = dict.fromkeys(wanted, 0)
    shared = best = place = 0
    for position, word in enumerate(source):
        if word in wanted:
            have[word] += 1
            shared += have[word] <= wanted[word]
        leaving = source[position - len(quoted)] if position >= len(quoted) else None
        if leaving in wanted:
            shared -= have[leaving] <= wanted[leaving]
            have[leaving] -= 1
        if shared > best:
            best, place = shared, max(0, position - len(quoted) + 1)
    return place


@lru_cache(maxsize=4)
def _page_words(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of a page, as they stand and made plain: notes quote one source many times over."""
    page = tuple(_words(text))
    return page, tuple(_plain(word) for word in page)


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text.translate(_MARKS)))


def _plain(word: str) -> str:
    return unicodedata.normalize("NFC", word.casefold())


def _quotations(tokens: Sequence[Token]) -> Iterator[Quotation]:
    depth = 0
    for position, token in enumerate(tokens):
        if token.type == "blockquote_open":
            if depth == 0:
                yield from _block(token, tokens[position : closing(tokens, position)])
            depth += 1
        elif token.type == "blockquote_close":
            depth -= 1
        elif token.type == "inline" and depth == 0:
            yield from _in_line(token)


def _block(opening: Token, inside: Sequence[Token]) -> Iterator[Quotation]:
    keys = list(opening.meta.get("quoted_from", ()))
    words: list[str] = []
    for token in inside:
        if token.type == "inline":
            keys += keys_cited([token])
            words.append(_said(token.children or ()))
    if keys:
        said = " ".join(words).strip().rstrip("—–-").strip()
        yield Quotation(said, tuple(dict.fromkeys(keys)), opening.map[0] + 1 if opening.map else 1)


def _in_line(token: Token) -> Iterator[Quotation]:
    children = token.children or []
    for position, child in enumerate(children):
        if child.type != "citation":
            continue
        before = _said(children[:position])
        # The citation may stand after the full stop, and the full stop after the quotation mark.
        match = _QUOTED_INLINE.search(before.rstrip(" .,;:!?"))
        if match and len(_words(match[1])) >= _FEWEST_INLINE_WORDS:
            line = (token.map[0] if token.map else 0) + 1 + child.meta.get("line_offset", 0)
            yield Quotation(match[1].strip(), tuple(key for key, _ in child.meta["cites"]), line)


def _said(children: Sequence[Token]) -> str:
    return "".join(
        " "
        if child.type in ("softbreak", "hardbreak")
        else child.content
        if child.type != "malformed_citation"
        else "["
        for child in children
    )
