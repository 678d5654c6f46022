"""The figure rule: what the show notes state, and on what each statement rests.

A figure, a date, a quotation, an attribution or a superlative rests on a citation or a time in its own sentence (or
right after its full stop), or on a waiver in episode.toml. A list item is a sentence of its own; a row of a table is
one, whatever cell holds the citation; a quotation in a block is one, whatever line of it does. A line that leads in
with a colon covers nothing below it. In headings and heads of tables, dates only order what follows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from pipeline.claims import Finding, Kind, Mark, Statement, matches_beginning, statements
from pipeline.errors import Refusal
from pipeline.publish.markdown import parse
from pipeline.publish.notes import format_time
from pipeline.show import Waiver

_SHOWN_CHARACTERS = 90
_BLOCK_QUOTATION = "block quotation"


@dataclass(frozen=True)
class NotesClaim:
    """One statement of the notes: its line (from 1), its words, and the waiver that lets it stand, if one does."""

    line: int
    statement: Statement
    waiver: Waiver | None = None

    @property
    def text(self) -> str:
        """The sentence as it stands in the notes, without marks of emphasis."""
        return self.statement.text

    @property
    def is_open(self) -> bool:
        """Whether it rests on nothing."""
        return not self.statement.supports and self.waiver is None


@dataclass
class _Unit:
    """Text in which a sentence may run, with its marks, and the lines at which its pieces begin."""

    text: str = ""
    marks: list[Mark] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)

    def add(self, piece: str, line: int) -> None:
        self.starts.append(len(self.text))
        self.lines.append(line)
        self.text += piece

    def mark(self, mark: str, line: int, *, citation: bool) -> None:
        if self.text and not self.text[-1].isspace():
            self.add(" ", line)
        start = len(self.text)
        self.add(mark, line)
        self.marks.append(Mark(start, start + len(mark), "citation" if citation else "time"))

    def line_at(self, place: int) -> int:
        return self.lines[max(0, bisect_right(self.starts, place) - 1)] if self.lines else 1


def claims_in_notes(
    markdown: str, waivers: Sequence[Waiver] = (), *, language: str = "en", terms: Collection[str] = ()
) -> tuple[NotesClaim, ...]:
    """Every statement in the notes that somebody could check, in their order.

    `language` is the episode's (number words, attributions and superlatives are known in English); `terms` are the
    glossary's, which state nothing by themselves.
    """
    found = [
        NotesClaim(unit.line_at(one.start), one)
        for unit, kinds in _units(parse(markdown))
        for one in _stated(unit, kinds, language, terms)
    ]
    return tuple(
        replace(claim, waiver=next((one for one in waivers if matches_beginning(one.sentence, claim.text)), None))
        if claim.is_open
        else claim
        for claim in found
    )


def waived_claims(
    markdown: str, waivers: Sequence[Waiver], *, language: str = "en", terms: Collection[str] = ()
) -> list[NotesClaim]:
    """The statements that stand by a waiver: the page says so."""
    if not waivers:
        return []
    return [one for one in claims_in_notes(markdown, waivers, language=language, terms=terms) if one.waiver]


def claim_refusals(
    claims: Sequence[NotesClaim], waivers: Sequence[Waiver], notes: str, settings: str
) -> Iterator[Refusal]:
    """Statements that rest on nothing, and waivers that waive nothing or more than one.

    `notes` and `settings` are the paths of notes.md and episode.toml.
    """
    for claim in claims:
        if claim.is_open:
            yield Refusal(
                f"{notes}:{claim.line}",
                f"{reasons(claim.statement)} without a source: “{shortened(claim.text)}”",
                "Cite one in the sentence, [@key], or give the time it is said at, [12:34]; if it may stand alone, "
                "add it to [[waivers]] in episode.toml with reason and name",
                "claim-unsourced",
            )
    for waiver in waivers:
        waived = {claim.text for claim in claims if claim.waiver is waiver}
        if not waived:
            yield Refusal(
                settings,
                f"the waiver of {waiver.by} for “{shortened(waiver.sentence)}” fits no statement of the notes that "
                "lacks a source",
                "Delete it; or, where the sentence was edited, let its author judge the new words and write them here",
                "waiver-unused",
            )
        elif len(waived) > 1:
            yield Refusal(
                settings,
                f"the waiver for “{shortened(waiver.sentence)}” fits {len(waived)} sentences",
                "Write more of the words of the one that is meant",
                "waiver-unclear",
            )


def reasons(statement: Statement) -> str:
    """What it states and the words that show it: `figure (“381”) and date (“2017”)`."""
    by_kind: dict[Kind, list[str]] = {}
    for one in statement.findings:
        by_kind.setdefault(one.kind, []).append(one.words)
    parts = [f"{kind} (“{shortened(found[0], 40)}”)" for kind, found in by_kind.items()]
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def shortened(text: str, length: int = _SHOWN_CHARACTERS) -> str:
    """The text in one line, cut at a word where it is longer than `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[:length].rpartition(' ')[0] or line[:length]} …"


def _stated(unit: _Unit, place: str, language: str, terms: Collection[str]) -> Iterator[Statement]:
    if place == "blockquote":
        yield from _quoted(unit, language, terms)
        return
    for one in statements(unit.text, unit.marks, language=language, terms=terms):
        found = tuple(finding for finding in one.findings if place != "heading" or finding.kind != "date")
        if found:
            supports = frozenset(mark.support for mark in unit.marks) if place == "row" else one.supports
            yield replace(one, findings=found, supports=supports)


def _quoted(unit: _Unit, language: str, terms: Collection[str]) -> Iterator[Statement]:
    """A quotation set as a block is one statement, whatever it says."""
    text = unit.text.strip()
    if text:
        said = statements(unit.text, unit.marks, language=language, terms=terms)
        inside = (finding for one in said for finding in one.findings if finding.kind != "quotation")
        supports = frozenset(mark.support for mark in unit.marks)
        yield Statement(0, text, (Finding("quotation", _BLOCK_QUOTATION), *inside), supports)


def _units(tokens: Sequence[Token]) -> Iterator[tuple[_Unit, str]]:
    """The stretches of text in which a sentence may run, and what each is: text, heading, row or blockquote."""
    line, position = 1, 0
    heading = False
    while position < len(tokens):
        token = tokens[position]
        line = token.map[0] + 1 if token.map else line
        if token.type in ("heading_open", "thead_open", "heading_close", "thead_close"):
            heading = token.nesting > 0
        if token.type in ("blockquote_open", "quotation_open", "definition_open", "tr_open"):
            end = _closing(tokens, position)
            quoted = token.type in ("blockquote_open", "quotation_open")
            place = "blockquote" if quoted else "heading" if heading else "row"
            yield _joined(tokens[position:end], line), place
            position = end
        elif token.type == "inline":
            yield _joined([token], line), "heading" if heading else "text"
        position += 1


def _closing(tokens: Sequence[Token], position: int) -> int:
    """Where the block that opens at `position` closes."""
    depth = 0
    for end in range(position, len(tokens)):
        depth += tokens[end].nesting
        if not depth:
            return end
    return len(tokens)


def _joined(tokens: Sequence[Token], line: int) -> _Unit:
    """All text in these tokens as one stretch, with a blank line between its pieces."""
    unit = _Unit()
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        if token.type == "inline":
            if unit.text:
                unit.add("\n\n", line)
            _fill(unit, token, line)
    return unit


def _fill(unit: _Unit, token: Token, first_line: int) -> None:
    breaks = 0
    for child in token.children or ():
        breaks = max(breaks, child.meta.get("line_offset", 0))
        line = first_line + breaks
        match child.type:
            case "softbreak" | "hardbreak":
                unit.add("\n", line)
                breaks += 1
            case "citation":
                unit.mark(f"[{'; '.join(f'@{key}' for key, _ in child.meta['cites'])}]", line, citation=True)
            case "time":
                unit.mark(f"[{format_time(child.meta['time_ms'])}]", line, citation=False)
            case "malformed_citation":
                unit.mark(child.content, line, citation=True)  # refused by its own name; the rule need not repeat it
            case "code_inline":
                unit.add(" " * len(child.content), line)  # code is shown, not said
            case _:
                unit.add(child.content, line)
