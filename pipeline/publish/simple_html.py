"""Show notes in the few tags that podcast apps keep: p, ol, ul, li, a, strong, em.

Apple and Spotify drop headings, tables and images, so a heading becomes a bold paragraph, a table a list of
its rows, a quotation a paragraph in italics with its source behind it, a definition a paragraph that begins with its
term in bold. Times are plain text: apps turn `12:34` into a seek, whereas a link would lead out of the app. A
citation links straight to its source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from markdown_it.token import Token

from pipeline.publish.blocks import closing

LISTS = {"bullet_list_open": "ul", "ordered_list_open": "ol"}


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph (one item) or a list (its items, as HTML): the places at which notes may be cut."""

    tag: Literal["p", "ul", "ol"]
    items: tuple[str, ...]

    def html(self) -> str:
        """The block as HTML."""
        if self.tag == "p":
            return f"<p>{''.join(self.items)}</p>"
        return f"<{self.tag}>{''.join(f'<li>{item}</li>' for item in self.items)}</{self.tag}>"


def simple_blocks(tokens: Sequence[Token]) -> tuple[Block, ...]:
    """Blocks from tokens whose citations and times were numbered and shifted by `notes.render`.

    Addresses of links are as the notes have them; sanitise and make them absolute before publishing.
    """
    return tuple(_blocks(tokens))


def inline_text(token: Token) -> str:
    """The words of one inline token, without marks and citations."""
    return "".join(
        " " if child.type in ("softbreak", "hardbreak") else child.meta.get("label", child.content)
        for child in token.children or ()
        if child.type != "citation"
    )


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    position = 0
    quoted = 0
    while position < len(tokens):
        token = tokens[position]
        end = closing(tokens, position)
        if token.type in LISTS:
            yield Block(_list_tag(token), tuple(_items(tokens[position + 1 : end])))
        elif token.type == "table_open":
            if rows := tuple(_rows(tokens[position + 1 : end])):
                yield Block("ul", rows)
        elif token.type in ("quotation_open", "definition_open"):
            yield from _figure(tokens[position + 1 : end], defines=token.type == "definition_open")
        elif token.type in ("blockquote_open", "blockquote_close"):
            quoted += token.nesting
            position += 1
            continue
        elif token.type in ("fence", "code_block"):
            if token.content.strip():
                yield Block("p", (escape(" ".join(token.content.split()), quote=False),))
        elif token.type in ("paragraph_open", "heading_open"):
            html = _inline(tokens[position + 1])
            if html and token.type == "heading_open":
                html = f"<strong>{html}</strong>"
            if html:
                yield Block("p", (f"<em>{html}</em>" if quoted else html,))
        position = end + 1


def _figure(tokens: Sequence[Token], *, defines: bool) -> Iterator[Block]:
    """A quotation or a definition: the source ends the last paragraph, so that no cut can part them."""
    captions = [position for position, token in enumerate(tokens) if token.type == "figcaption_open"][-1:]
    caption = _inline(tokens[captions[0] + 1]) if captions else ""
    blocks = list(_blocks(tokens[: captions[0]] if captions else tokens))
    if defines and len(blocks) > 1 and blocks[1].tag == "p":
        blocks[:2] = [Block("p", (f"{blocks[0].items[0]}: {blocks[1].items[0]}",))]
    if caption and blocks and blocks[-1].tag == "p":
        blocks[-1] = Block("p", (f"{blocks[-1].items[0]} {caption}",))
    elif caption:
        blocks.append(Block("p", (caption,)))
    yield from blocks


def _items(tokens: Sequence[Token]) -> Iterator[str]:
    position = 0
    while position < len(tokens):
        end = closing(tokens, position)
        inner = _blocks(tokens[position + 1 : end])
        yield "".join(
            ("" if number == 0 else " ") + block.items[0] if block.tag == "p" else block.html()
            for number, block in enumerate(inner)
        )
        position = end + 1


def _rows(tokens: Sequence[Token]) -> Iterator[str]:
    heads: list[str] = []
    cells: list[str] = []
    for position, token in enumerate(tokens):
        if token.type == "th_open":
            heads.append(_inline(tokens[position + 1]))
        elif token.type == "td_open":
            head = heads[len(cells)] if len(cells) < len(heads) else ""
            cell = _inline(tokens[position + 1])
            cells.append(f"{head}: {cell}" if head and cell else cell)
        elif token.type == "tr_close" and cells:
            yield "; ".join(cell for cell in cells if cell)
            cells = []


def _inline(token: Token) -> str:
    pieces: list[str] = []
    for child in token.children or ():
        match child.type:
            case "softbreak" | "hardbreak":
                pieces.append(" ")
            case "strong_open" | "em_open" | "strong_close" | "em_close":
                pieces.append(f"<{'/' if child.nesting < 0 else ''}{child.tag}>")
            case "dfn_open" | "dfn_close":
                pieces.append("</strong>" if child.nesting < 0 else "<strong>")
            case "caption_dash":
                pieces.append("— ")
            case "link_open":
                pieces.append(f'<a href="{escape(str(child.attrGet("href") or ""))}">')
            case "link_close":
                pieces.append("</a>")
            case "citation":
                pieces.append(child.meta["feed_html"])
            case _:
                pieces.append(escape(child.meta.get("label", child.content), quote=False))
    return "".join(pieces).strip()


def _list_tag(token: Token) -> Literal["ul", "ol"]:
    return "ul" if token.type == "bullet_list_open" else "ol"
