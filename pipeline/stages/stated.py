"""What each episode states and on what it rests, told in sentences: what was checked, never that all was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.claims import Statement, statements
from pipeline.errors import InvalidInput
from pipeline.publish.claimed import NotesClaim, claims_in_notes, reasons, shortened
from pipeline.publish.notes import format_time
from pipeline.show import NOTES_NAME, Episode, Show, load_show
from pipeline.transcript import TRANSCRIPT_NAME, read_transcript


@dataclass(frozen=True)
class Prompt:
    """A statement in the transcript that cites nothing: a question to the editor, never a refusal.

    `start_ms` (of the recording) is where its paragraph begins, where that is known; `line` where it does in the file.
    """

    line: int
    start_ms: int | None
    statement: Statement


@dataclass(frozen=True)
class Stated:
    """The statements of one episode."""

    slug: str
    notes_path: Path
    notes: tuple[NotesClaim, ...]
    prompts: tuple[Prompt, ...]

    def summary(self) -> str:
        """How many were found in the notes and on what they rest, in one sentence."""
        count = len(self.notes)
        if not count:
            return "no statement with a figure, date, quotation or attribution was found in the notes."
        cited = sum("citation" in one.statement.supports for one in self.notes)
        timed = sum(one.statement.supports == {"time"} for one in self.notes)
        by = Counter(one.waiver.by for one in self.notes if one.waiver)
        parts = [f"{cited} {'cites' if cited == 1 else 'cite'} a source"]
        if timed:
            parts.append(f"{timed} {'leads' if timed == 1 else 'lead'} to a time")
        parts += [f"{number} {'is' if number == 1 else 'are'} waived by {name}" for name, number in sorted(by.items())]
        parts.append(f"{sum(one.is_open for one in self.notes)} open")
        noun = "statement" if count == 1 else "statements"
        return f"{count} {noun} with figures, dates, quotations or attributions found in the notes: {', '.join(parts)}."

    def lines(self) -> list[str]:
        """Every statement of the notes with its line and what it rests on, then the prompts of the transcript."""
        listed = [
            f"{self.notes_path}:{one.line}: {_covered(one)}: {reasons(one.statement)} in “{shortened(one.text)}”"
            for one in self.notes
        ]
        return listed + [
            f"{self.notes_path.parent / TRANSCRIPT_NAME}:{one.line}: {_prompt(one)}: “{shortened(one.statement.text)}”"
            for one in self.prompts
        ]

    def as_json(self) -> dict[str, Any]:
        """The same as data."""
        return {
            "slug": self.slug,
            "summary": self.summary(),
            "notes": [
                _statement_json(one.statement)
                | {
                    "line": one.line,
                    "supports": sorted(one.statement.supports),
                    "waiver": one.waiver.model_dump() if one.waiver else None,
                    "open": one.is_open,
                }
                for one in self.notes
            ],
            "transcript": [
                _statement_json(one.statement) | {"line": one.line, "start_ms": one.start_ms} for one in self.prompts
            ],
        }


def survey_statements(root: Path) -> tuple[Stated, ...]:
    """What every episode states. Files that cannot be read are reported by `survey`, and left out here.

    Raises InvalidShow.
    """
    show = load_show(root)
    return tuple(_stated(show, episode) for episode in show.episodes)


def _stated(show: Show, episode: Episode) -> Stated:
    language = episode.language or show.settings.language
    terms = [one.term for one in show.glossary_of(episode)]
    path = episode.folder / NOTES_NAME
    try:
        markdown = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        markdown = ""
    return Stated(
        episode.slug,
        path,
        claims_in_notes(markdown, episode.waivers, language=language, terms=terms),
        tuple(_prompts(episode.folder / TRANSCRIPT_NAME, language, terms)),
    )


def _prompts(path: Path, language: str, terms: Sequence[str]) -> list[Prompt]:
    try:
        paragraphs = read_transcript(path).paragraphs if path.exists() else ()
    except InvalidInput:
        return []
    return [
        Prompt(paragraph.line, paragraph.start_ms, one)
        for paragraph in paragraphs
        for one in statements(paragraph.text, language=language, terms=terms)
        if "citation" not in one.supports
    ]


def _covered(claim: NotesClaim) -> str:
    if claim.waiver:
        return f"waived by {claim.waiver.by} ({claim.waiver.reason})"
    if "citation" in claim.statement.supports:
        return "cites a source"
    return "leads to a time" if claim.statement.supports else "open"


def _prompt(prompt: Prompt) -> str:
    kinds = " and ".join(prompt.statement.kinds[:2])
    place = f" at {format_time(prompt.start_ms)}" if prompt.start_ms is not None else ""
    return f"{'an' if kinds[0] in 'aeiou' else 'a'} {kinds}{place} without a source"


def _statement_json(statement: Statement) -> dict[str, Any]:
    return {
        "text": statement.text,
        "kinds": list(statement.kinds),
        "words": [one.words for one in statement.findings],
    }
