"""Blocks of the notes that carry their source: quotations and definitions.

    > The words of the report.                ::: definition OSEC
    > [@key, p. 12]                           The words, with a quotation in it or not.
                                              [@key, p. 12]
                                              :::

A block quotation whose last line is a citation (or a time: the interview itself) becomes a figure with that source
as its caption; so does a definition, Pandoc's fenced div with our one name. What the parser made of the block is
rebuilt before anything is rendered, so page and feed see the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.container import container_plugin

_DIV_OPEN, _DIV_CLOSE = "container_div_open", "container_div_close"
_DEFINITION = "definition"
_SOURCES = ("citation", "time")
_DASHES = frozenset("—–-")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a block: the code of the refusal, what it is, and the line (from 1) where it begins."""

    code: str
    what: str
    line: int


def install(parser: MarkdownIt) -> None:
    """Teach the parser these blocks; citations and times are known to it already."""
    container_plugin(parser, "div", validate=lambda params, markup: True)
    parser.core.ruler.after("inline", "sourced_blocks", _rebuild_all)


def faults(tokens: Sequence[Token]) -> Iterator[Fault]:
    """What the gate refuses: blocks that cannot be read, and definitions without a source.

    A quotation without one is a statement that rests on nothing (`claimed`).
    """
    for position, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 1
        if token.type == "malformed_block":
            yield Fault("block-malformed", token.content, line)
        elif token.type == "definition_open":
            inside = tokens[position : closing(tokens, position)]
            if not any(child.type in _SOURCES for one in inside for child in one.children or ()):
                yield Fault("definition-unsourced", f"the definition of “{token.meta['term']}” names no source", line)


def _rebuild_all(state: StateCore) -> None:
    if any(token.type in (_DIV_OPEN, "blockquote_open") for token in state.tokens):
        state.tokens = list(_rebuilt(state.tokens, state.src.split("\n")))


def _rebuilt(tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Token]:
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type not in (_DIV_OPEN, "blockquote_open"):
            yield token
            position += 1
            continue
        end = closing(tokens, position)
        inner = list(_rebuilt(tokens[position + 1 : end], lines))
        if token.type == _DIV_OPEN:
            yield from _definition(token, inner, lines)
        else:
            yield from _quotation(token, inner, tokens[end])
        position = end + 1


def _quotation(opening: Token, inner: list[Token], closing: Token) -> Iterator[Token]:
    words, caption = _parted(inner)
    if not caption:
        yield from (opening, *inner, closing)
        return
    opening.meta = opening.meta | {"quoted_from": keys_cited(caption)}
    yield _figure("quotation", 1, opening)
    yield from (opening, *words, closing, *caption)
    yield _figure("quotation", -1, opening)


def _definition(opening: Token, inner: list[Token], lines: Sequence[str]) -> Iterator[Token]:
    name, _, term = opening.info.strip().partition(" ")
    stop = opening.map[1] if opening.map else 0
    what = ""
    if name != _DEFINITION:
        what = f"“::: {name}” is no block that is known"
    elif not term.strip():
        what = "the definition does not say of what"
    elif stop >= len(lines) or ":::" not in lines[stop]:
        what = "the block is never closed"
    if what:
        fault = Token("malformed_block", "", 0, content=what, map=opening.map)
        yield from (fault, *inner)
        return
    words, caption = _parted(inner)
    figure = _figure(_DEFINITION, 1, opening)
    figure.meta["term"] = term.strip()
    yield figure
    yield from _term(term.strip(), opening)
    yield from (*words, *caption) if caption else inner
    yield _figure(_DEFINITION, -1, opening)


def _figure(kind: str, nesting: int, opening: Token) -> Token:
    token = Token(f"{kind}_{'open' if nesting > 0 else 'close'}", "figure", nesting, level=opening.level, block=True)  # type: ignore[arg-type]  # 1 or -1
    if nesting > 0:
        token.map = opening.map
        token.attrSet("class", kind)
    return token


def _term(term: str, opening: Token) -> Iterator[Token]:
    yield Token("paragraph_open", "p", 1, attrs={"class": "term"}, map=opening.map, level=opening.level + 1, block=True)
    children = [
        Token("dfn_open", "dfn", 1),
        Token("text", "", 0, content=term),
        Token("dfn_close", "dfn", -1),
    ]
    yield Token("inline", "", 0, content=term, children=children, map=opening.map, level=opening.level + 2)
    yield Token("paragraph_close", "p", -1, level=opening.level + 1, block=True)


def _parted(inner: list[Token]) -> tuple[list[Token], list[Token]]:
    """The words of a block and its caption; no caption where the last line is more, or all there is."""
    if len(inner) < 3 or inner[-1].type != "paragraph_close" or inner[-3].type != "paragraph_open":
        return inner, []
    inline = inner[-2]
    children = inline.children or []
    breaks = [place for place, child in enumerate(children) if child.type in ("softbreak", "hardbreak")]
    start = breaks[-1] + 1 if breaks else 0
    tail = children[start:]
    cited = [child for child in tail if child.type in _SOURCES]
    rest = "".join(child.content for child in tail if child.type not in _SOURCES)
    if not cited or not set(rest.strip()) <= _DASHES or any(child.type not in ("text", *_SOURCES) for child in tail):
        return inner, []
    if breaks:
        inline.children = children[: breaks[-1]]
        inline.content = inline.content.rpartition("\n")[0]
        words = inner
    else:
        words = inner[:-3]
    if not words:
        return inner, []
    for child in cited:
        child.meta["in_caption"] = True
    caption = Token("inline", "", 0, children=[Token("caption_dash", "", 0), *cited], map=inline.map)
    return words, [
        Token("figcaption_open", "figcaption", 1, block=True),
        caption,
        Token("figcaption_close", "figcaption", -1, block=True),
    ]


def keys_cited(tokens: Sequence[Token]) -> tuple[str, ...]:
    """The keys of the sources that inline tokens cite, in their order."""
    return tuple(
        key
        for token in tokens
        for child in token.children or ()
        if child.type == "citation"
        for key, _ in child.meta["cites"]
    )


def closing(tokens: Sequence[Token], position: int) -> int:
    """Where the block that opens at `position` closes; itself if it holds nothing."""
    depth = 0
    for end in range(position, len(tokens)):
        depth += tokens[end].nesting
        if depth <= 0:
            return end
    return len(tokens) - 1
