"""Words explained: the show's terms that an episode uses, each with its meaning, led to from where it is first used.

Only terms with a `meaning` are explained; the others are there for the machine. A term counts where it stands as a word
of its own with the capitals it is written with: AIDS is not aids.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from markdown_it.token import Token

from pipeline.show import Term


@dataclass(frozen=True, slots=True)
class Explained:
    """One entry of the list: `anchor` is its id on the page."""

    term: str
    meaning: str
    anchor: str


def used_terms(terms: Sequence[Term], *texts: str) -> tuple[Term, ...]:
    """The terms with a meaning that stand in any of the texts, in the order of the alphabet."""
    found = [term for term in terms if term.meaning and any(_pattern(term.term).search(text) for text in texts)]
    return tuple(sorted(found, key=lambda term: (term.term.casefold(), term.term)))


def explained(terms: Sequence[Term]) -> tuple[Explained, ...]:
    """The list that the page shows, of terms that have a meaning."""
    return tuple(
        Explained(term.term, term.meaning, f"term-{number}")
        for number, term in enumerate(terms, start=1)
        if term.meaning
    )


def mark_first_uses(tokens: Sequence[Token], terms: Sequence[Explained]) -> None:
    """Make a link to its meaning of the first use of each term in the notes, but in no heading and within no link.

    Where one term is part of another, the longer one is the one that stands there.
    """
    left = {one.term: one for one in sorted(terms, key=lambda one: -len(one.term))}
    in_heading = False
    for token in tokens:
        in_heading = token.nesting > 0 if token.type.startswith("heading_") else in_heading
        if token.type == "inline" and token.children and left and not in_heading:
            token.children = list(_marked(token.children, left))


def _marked(children: Sequence[Token], left: dict[str, Explained]) -> list[Token]:
    marked: list[Token] = []
    links = 0
    for child in children:
        links += {"link_open": 1, "link_close": -1}.get(child.type, 0)
        if child.type != "text" or links or not left:
            marked.append(child)
            continue
        rest = child.content
        while match := _first(rest, left):
            one = left.pop(match[0])
            marked += _text(child, rest[: match.start()])
            token = Token("term", "", 0, level=child.level, content=one.term)
            attributes = f'class="term" href="#{one.anchor}" title="{escape(one.meaning)}"'
            token.meta = {"page_html": f"<a {attributes}>{escape(one.term)}</a>"}
            marked.append(token)
            rest = rest[match.end() :]
        marked += _text(child, rest)
    return marked


def _first(text: str, left: dict[str, Explained]) -> re.Match[str] | None:
    found = [match for term in left if (match := _pattern(term).search(text))]
    return min(found, key=lambda match: (match.start(), -len(match[0])), default=None)


def _text(like: Token, content: str) -> list[Token]:
    return [Token("text", "", 0, level=like.level, content=content)] if content else []


def _pattern(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(term)}(?![\w-])")
