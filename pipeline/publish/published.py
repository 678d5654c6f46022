"""What listeners were given: the words of a published episode, kept so that no later change is silent.

`published.json` lies beside episode.toml. It is written when an episode was published, from content alone, and
is never edited: the gate compares what the episode says now with it, and asks for a correction for every word that
became another. Typography is not compared: quotation marks, dashes, spaces, capitals.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline import files
from pipeline.errors import InvalidEpisode, Problem
from pipeline.publish.markdown import cited_in_text
from pipeline.publish.notes import Notes
from pipeline.publish.references import csl_date, title_text
from pipeline.show import Episode, Person, Source, Term
from pipeline.show.amends import Place
from pipeline.transcript import Transcript

PUBLISHED_NAME = "published.json"
TRANSCRIPT, AUDIO = "transcript", "audio"
# Figures keep their separators, 4.5 is not 45; signs that change a figure are words of their own.
_WORD = re.compile(r"(?<!\w)[-−]?\d+(?:[.,:/]\d+)*|[^\W_]+|[%‰€£$¥°]")
_CITATIONS = re.compile(r"\s*\[@[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Words:
    """A text as the words that are compared, each with its place in the text."""

    text: str
    words: tuple[str, ...]
    places: tuple[tuple[int, int], ...] = field(repr=False)

    def quoted(self, start: int, end: int) -> str:
        """The text from word `start` to before word `end`, as it is written; empty for no words."""
        return self.text[self.places[start][0] : self.places[end - 1][1]] if start < end else ""


class Record(BaseModel):
    """published.json. `sections` are the published texts by name; `audio` is the digest of the recordings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    guid: str
    published_at: str
    sections: Mapping[str, str]
    corrections: tuple[Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")], ...] = ()


def words_of(text: str) -> Words:
    """Split a text into the words that count; folded, so that typography and capitals do not."""
    found = [(_folded(match[0]), match.span()) for match in _WORD.finditer(text)]
    return Words(text, tuple(word for word, _ in found), tuple(span for _, span in found))


def area(section: str) -> Place:
    """Which of the three places a correction names a section belongs to."""
    return {AUDIO: Place.AUDIO, TRANSCRIPT: Place.TRANSCRIPT}.get(section, Place.NOTES)


def sections(
    episode: Episode,
    *,
    people: Iterable[Person],
    notes: Notes,
    transcript: Transcript | None,
    sources: Mapping[str, Source],
    recordings: Mapping[str, str],
    terms: Iterable[Term] = (),
    spoken: Iterable[tuple[str, str]] | None = None,
) -> dict[str, str]:
    """Everything a reader finds on the page of an episode, by section; what is empty is left out.

    `recordings` are the digests of its recordings by file name, `terms` those that the page explains. A source counts
    with its title and date: what else is noted of it helps to find it and changes no statement. `spoken` is who says
    what as it is read, where something is struck out of the transcript.
    """
    cited = dict.fromkeys(reference.source.id for reference in notes.references)
    paragraphs = transcript.paragraphs if transcript else ()
    cited |= dict.fromkeys(key for paragraph in paragraphs for key in cited_in_text(paragraph.text) if key in sources)
    if spoken is None:
        spoken = ((paragraph.speaker, paragraph.text) for paragraph in paragraphs)
    calls = [" ".join(filter(None, (call.text, call.url))) for call in episode.calls_to_action]
    found = {
        "title": episode.title,
        "summary": episode.summary,
        "people": "\n".join(" ".join(filter(None, (one.name, one.role, one.organisation))) for one in people),
        "content note": episode.content_note or "",
        "notes": notes.text,
        "calls to action": "\n".join(calls),
        "chapters": "\n".join(chapter.title for chapter in episode.chapters),
        "sources": "\n".join(f"{title_text(sources[key])} {csl_date(sources[key].issued)}".strip() for key in cited),
        "words explained": "\n".join(f"{term.term}: {term.meaning}" for term in terms),
        TRANSCRIPT: "\n".join(f"{speaker}: {_CITATIONS.sub('', text)}" for speaker, text in spoken),
        AUDIO: files.digest_json(dict(recordings)),
    }
    return {name: text for name, text in found.items() if text}


def record_of(episode: Episode, said: Mapping[str, str]) -> Record:
    """The record of an episode whose sections are `said`."""
    return Record(
        guid=episode.guid,
        published_at=episode.published_at.isoformat(),
        sections=dict(said),
        corrections=tuple(correction_digest(one.model_dump(mode="json")) for one in episode.corrections),
    )


def correction_digest(correction: Mapping[str, Any]) -> str:
    """By what a correction is known again: any other word in it makes it another."""
    return files.digest_json(dict(correction))


def read_record(folder: Path) -> Record | None:
    """The record in an episode's folder; None where it was never published.

    Raises InvalidEpisode when it cannot be read: without it nobody knows what was said.
    """
    path = folder / PUBLISHED_NAME
    if not path.exists():
        return None
    try:
        return Record.model_validate(json.loads(path.read_bytes()))
    except (OSError, ValueError, ValidationError, RecursionError) as error:
        raise InvalidEpisode(
            Problem(str(path), "it cannot be read, so no change could be told from what was published", "Restore it")
        ) from error


def write_record(folder: Path, record: Record) -> bool:
    """Write the record where it differs; True when it was written."""
    return files.write_if_changed(
        folder / PUBLISHED_NAME, files.readable_json(record.model_dump(mode="json")).encode("utf-8")
    )


def _folded(word: str) -> str:
    return unicodedata.normalize("NFKC", word).casefold().replace("−", "-")
