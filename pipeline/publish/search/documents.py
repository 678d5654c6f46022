"""What of an episode can be found: its card for the list of results, and its texts for the index.

Only published texts come in here: what a listener must not read is not in them, and so cannot be found. What was
said is looked up in the published transcript (JSON), which has the second of every few words; the card holds the
rest of what is shown of a result.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from pipeline import files
from pipeline.publish.chapters import timed_chapters
from pipeline.publish.cues import Cue
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles, named_by_content
from pipeline.publish.notes import Notes
from pipeline.publish.search.folding import words

_HEADING_COUNTS, _NOTES_COUNTS = 8, 3  # times that a word counts there; once in the transcript
_SATURATION, _LENGTH_MATTERS, _USUAL_WORDS = 1.2, 0.6, 5000  # BM25's k1 and b, and what it measures lengths by
_HIGHEST_WEIGHT = 9
CARD_SUFFIX = "search.json"
NOTES_ANCHOR = "#notes"  # where the page has them


@dataclass(frozen=True, slots=True)
class Passage:
    """A text beside the transcript: a block of the notes, a chapter, a source.

    `where` is what a listener is told it is, `to` the place on the episode's page: `#notes`, `#t=754`.
    """

    where: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Card:
    """How an episode is shown among the results. `page` and `transcript` (if any) are paths below `site/`."""

    title: str
    page: str
    transcript: str | None
    date: str
    language: str
    summary: str
    people: tuple[str, ...]
    passages: tuple[Passage, ...]

    def to_json(self) -> bytes:
        """The card as the search page reads it: JSON, UTF-8."""
        return (json.dumps(asdict(self), ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8")


@dataclass(frozen=True)
class Document:
    """One episode for the index. `card` is the path below `site/` of `card_content`, `said` the whole transcript."""

    slug: str
    published: date
    card: str
    card_content: bytes
    heading: str
    notes: str
    said: str

    @property
    def weights(self) -> dict[str, int]:
        """By each word that it is found by its weight of 1 to 9, as `index` explains it."""
        counts = _counts(self)
        weights = _weights(counts)
        return {word: weights[count] for word, count in counts.items()}


def document(slug: str, card: Card, said: str) -> Document:
    """The document of an episode that is shown as `card`, in which `said` is said."""
    content = card.to_json()
    return Document(
        slug=slug,
        published=date.fromisoformat(card.date),
        card=named_by_content(slug, files.digest_bytes(content), CARD_SUFFIX),
        card_content=content,
        heading="\n".join((card.title, card.summary, *card.people)),
        notes="\n".join(passage.text for passage in card.passages),
        said=said,
    )


def episode_document(
    approved: ApprovedEpisode, published: EpisodeFiles, notes: Notes, shown: Sequence[Cue]
) -> Document:
    """The document of an episode, from what is on its page and in its captions (`shown`)."""
    card = Card(
        title=approved.episode.title,
        page=published.page,
        transcript=published.json,
        date=approved.episode.published_at.date().isoformat(),
        language=approved.language,
        summary=approved.episode.summary,
        people=tuple(person.name for person in approved.people),
        passages=tuple(_passages(approved, notes)),
    )
    return document(approved.slug, card, "".join(word for cue in shown for word in cue.words))


def _passages(approved: ApprovedEpisode, notes: Notes) -> Iterator[Passage]:
    for line in notes.text.splitlines():
        yield Passage("Show notes", NOTES_ANCHOR, line)
    for chapter in timed_chapters(approved):
        yield Passage("Chapter", f"#t={chapter.start_ms / 1000:g}", chapter.title)
    for reference in notes.references:
        yield Passage(f"Source {reference.number}", f"#{reference.anchor}", reference.source.title)


def _counts(document: Document) -> Counter[str]:
    counts = Counter(words(document.said))
    for text, times in ((document.heading, _HEADING_COUNTS), (document.notes, _NOTES_COUNTS)):
        for word in words(text):
            counts[word] += times
    return counts


def _weights(counts: Counter[str]) -> dict[int, int]:
    """The weight for each count that occurs."""
    length = counts.total() / _USUAL_WORDS
    half = _SATURATION * (1 - _LENGTH_MATTERS + _LENGTH_MATTERS * length)
    return {count: max(1, round(_HIGHEST_WEIGHT * count / (count + half))) for count in set(counts.values())}
