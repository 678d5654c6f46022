"""Reads notes.md: CommonMark with tables, and the signs of our own: citations, times, and blocks with their source.

`[@key]`, `[@key, p. 12]` and `[@one; @two]` cite sources (Pandoc's citation syntax, without prefixes);
`[12:34]` and `[1:02:03]` point into the recording. Both are rules of the parser, so that code and escaped
brackets (`\\[`) stay what they are. Quotations and definitions are in `blocks`. Raw HTML is text. What a link may
lead to is not decided here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from pipeline.publish import blocks
from pipeline.show.sources import KEY_PATTERN

# What can stand in no XML file, and so in no feed: control characters, lone surrogates, two that are none.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_CITE = re.compile(rf"\s*@(?P<key>{KEY_PATTERN})(?:\s*,\s*|\s+|$)(?P<locator>[^;\[\]]*)$")
_CLUSTER = re.compile(r"\[(@[^\[\]]+)\]")
_ALMOST_CITATION = re.compile(r"\[(?:-?@|[^\[\]@]*\s-?@\w)")
_TIME = re.compile(
    r"\[(?:(?P<hours>\d{1,2}):(?=[0-5]\d:))?(?P<minutes>\d{1,3}):(?P<seconds>[0-5]\d)(?:\.(?P<ms>\d{3}))?\]"
)


@dataclass(frozen=True, slots=True)
class Citation:
    """One mention of a source: its key, the place in it (`p. 12`; empty where none is given), and the line."""

    key: str
    locator: str
    line: int


def parse(markdown: str) -> list[Token]:
    """The tokens of a notes.md. Characters that neither page nor feed can carry are left out."""
    return _parser().parse(without_forbidden(markdown))


def citations(markdown: str) -> tuple[Citation, ...]:
    """Every citation in the order of the text; lines count from 1."""
    return tuple(
        Citation(key, locator, line)
        for token, line in inline_tokens(parse(markdown))
        if token.type == "citation"
        for key, locator in token.meta["cites"]
    )


def cited_in_text(text: str) -> tuple[str, ...]:
    """Keys cited in one line of a transcript, where the same brackets are used in plain text."""
    return tuple(key for key, _ in cites_in_text(text))


def cites_in_text(text: str) -> tuple[tuple[str, str], ...]:
    """The same with the place in each source: pairs of key and locator."""
    return tuple(cite for match in _CLUSTER.finditer(text) for cite in _cites(match[1]) or ())


def inline_tokens(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """Every inline token with the line (from 1) it stands on."""
    block_line = 1
    for token in tokens:
        if token.map:
            block_line = token.map[0] + 1
        breaks = 0
        for child in token.children or ():
            breaks += child.type in ("softbreak", "hardbreak")
            yield child, block_line + child.meta.get("line_offset", breaks)


def forbidden_in(text: str) -> Iterator[tuple[int, str]]:
    """Every character that can stand in no XML file and so in no feed, with its place."""
    return ((match.start(), match[0]) for match in _FORBIDDEN.finditer(text))


def without_forbidden(text: str) -> str:
    """The text without control characters, lone surrogates and a byte-order mark at its start."""
    return _FORBIDDEN.sub("", text.removeprefix("\ufeff"))


def options() -> OptionsDict:
    """The options that tokens of `parse` are rendered with."""
    return _parser().options


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).enable("table")
    # The parser would print a javascript: link as text. It is better taken for the link it is: the gate then
    # refuses it by name, and the sanitiser takes its address away.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # the library's documented way
    # After "link", as in Pandoc: [@name](https://example.org/) and [12:34](…) remain ordinary links.
    parser.inline.ruler.after("link", "citation", _citation_rule)
    parser.inline.ruler.after("citation", "time", _time_rule)
    blocks.install(parser)
    return parser


def _citation_rule(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "[" or state.linkLevel:
        return False
    match = _CLUSTER.match(state.src, state.pos, state.posMax)
    cites = _cites(match[1]) if match else None
    if match and cites:
        if not silent:
            # The number hangs on the word it proves: no space, no line end between them.
            state.pending = state.pending.rstrip(" ")
            state.push("citation", "", 0).meta = {"cites": cites, "line_offset": _line_offset(state)}
        state.pos = match.end()
        return True
    if _ALMOST_CITATION.match(state.src, state.pos, state.posMax):
        if not silent:
            token = state.push("malformed_citation", "", 0)
            token.content = "["
            token.meta = {
                "source": state.src[state.pos : state.pos + 40].splitlines()[0],
                "line_offset": _line_offset(state),
            }
        state.pos += 1
        return True
    return False


def _cites(cluster: str) -> tuple[tuple[str, str], ...] | None:
    matches = [_CITE.match(part) for part in " ".join(cluster.split()).split(";")]
    if not all(matches):
        return None
    return tuple((unicodedata.normalize("NFC", match["key"]), match["locator"].strip()) for match in matches if match)


def _time_rule(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "[" or state.linkLevel:
        return False
    match = _TIME.match(state.src, state.pos, state.posMax)
    if not match:
        return False
    if not silent:
        seconds = (int(match["hours"] or 0) * 60 + int(match["minutes"])) * 60 + int(match["seconds"])
        state.push("time", "", 0).meta = {
            "time_ms": seconds * 1000 + int(match["ms"] or 0),
            "line_offset": _line_offset(state),
        }
    state.pos = match.end()
    return True


def _line_offset(state: StateInline) -> int:
    # Counted in the source, because a code span may run over a line end and leaves no token for it.
    return state.src.count("\n", 0, state.pos)
