"""What stands after the title, by the kind of work: one small template for each.

A template takes a source and yields the parts that follow its title, as HTML; empty ones are left out by the caller.
The kinds are those of CSL 1.0.2; one that no template knows is written like a document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

from pipeline.publish.references.dates import csl_date
from pipeline.publish.references.people import joined, names
from pipeline.publish.references.words import plain, rich
from pipeline.show import Source

Parts = Iterator[str]
_RANGE = re.compile(r"(?<=\d)\s*[-–—]+\s*(?=\d)")


@dataclass(frozen=True, slots=True)
class Work:
    """How one kind of work is written: whose name stands first, how the title is marked, and what follows it.

    `leads` are the roles of which the first that anybody has stands before the title. `whole` works have their title
    in italics, parts of another work in quotation marks.
    """

    after: Callable[[Source], Parts]
    leads: tuple[str, ...] = ("author", "editor")
    whole: bool = True


def work_of(source: Source) -> Work:
    """The template for a source."""
    return _WORKS.get(source.type, _DOCUMENT)


def text(source: Source, name: str) -> str:
    """A field as escaped text."""
    return escape(plain(source.more(name)))


def ranged(value: str) -> str:
    """Numbers with a dash between them where a hyphen stood: 12–14."""
    return _RANGE.sub("–", value)


def pages(source: Source) -> str:
    """`p. 12`, `pp. 12–14`; empty where no page is known."""
    page = ranged(plain(source.more("page")))
    several = re.search(r"\d\s*[–,;&]|\d and", page)
    return f"{'pp.' if several else 'p.'} {escape(page)}" if page else ""


def _container(source: Source) -> str:
    container = rich(source.container_title)
    return f"<cite>{container}</cite>" if container else ""


def _published(source: Source, *, place: bool = False) -> Parts:
    """The publisher, unless it is the author too, with the place where that helps."""
    publisher = plain(source.publisher)
    if publisher in names(source):
        publisher = ""
    where = text(source, "publisher-place") if place else ""
    yield f"{escape(publisher)} ({where})" if publisher and where else escape(publisher) or where


def _made_by(source: Source, role: str, words: str) -> str:
    people = joined(names(source, role))
    return f"{words} {escape(people)}" if people else ""


def _edition(source: Source) -> str:
    edition = text(source, "edition")
    if not edition.isdigit():
        return edition
    number = int(edition) if len(edition) < 5 else 0
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{edition}{ending} edition"


def _numbered(source: Source, *, number: str = "no.") -> str:
    """The kind of the work and its number: `Working paper no. 7`."""
    genre, value = text(source, "genre"), text(source, "number")
    if not value:
        return genre
    label = f"{number} " if number and value[0].isdigit() else ""
    return f"{genre} {label}{value}" if genre else f"{label}{value}"


def _volume(source: Source) -> str:
    volume, issue = text(source, "volume"), text(source, "issue")
    return f"{volume}({issue})" if volume and issue else volume or (f"no. {issue}" if issue else "")


def _issued(source: Source) -> str:
    return escape(csl_date(source.issued))


def _document(source: Source) -> Parts:
    yield _numbered(source)
    yield _container(source)
    yield from _published(source)
    yield _issued(source)
    yield pages(source)


def _report(source: Source) -> Parts:
    yield _numbered(source)
    yield _container(source) or rich(source.more("collection-title"))
    yield from _published(source, place=True)
    yield _issued(source)
    yield pages(source)


def _article(source: Source) -> Parts:
    container, volume = _container(source), _volume(source)
    yield " ".join(filter(None, (container, volume)))
    yield from _published(source)
    yield _issued(source)
    yield pages(source)


def _news(source: Source) -> Parts:
    yield text(source, "genre")
    yield _container(source)
    edition = text(source, "edition")
    yield f"{edition} edition" if edition and "edition" not in edition.lower() else edition
    yield _issued(source)
    section = text(source, "section")
    yield f"section {section}" if section else ""
    yield pages(source)


def _webpage(source: Source) -> Parts:
    yield text(source, "genre")
    container = plain(source.container_title)
    publisher = plain(source.publisher)
    if container not in (*names(source), publisher):
        yield _container(source)
    yield from _published(source)
    yield _issued(source)


def _book(source: Source) -> Parts:
    if names(source):
        yield _made_by(source, "editor", "edited by")
    yield _made_by(source, "translator", "translated by")
    volume = text(source, "volume")
    yield f"volume {volume}" if volume else ""
    yield _edition(source)
    yield _container(source) or rich(source.more("collection-title"))
    yield from _published(source, place=True)
    yield _issued(source)
    yield pages(source)
    isbn = text(source, "ISBN")
    yield f"ISBN {isbn}" if isbn else ""


def _chapter(source: Source) -> Parts:
    container = _container(source)
    editors = names(source, "editor")
    edited = f"{escape(joined(editors))} ({'ed.' if len(editors) == 1 else 'eds'})" if editors else ""
    inside = ", ".join(filter(None, (edited, container)))
    yield f"in {inside}" if inside else ""
    volume = text(source, "volume")
    yield f"volume {volume}" if volume else ""
    yield _edition(source)
    yield from _published(source, place=True)
    yield _issued(source)
    yield pages(source)


def _case(source: Source) -> Parts:
    yield text(source, "number")
    yield " ".join(filter(None, (text(source, "volume"), rich(source.container_title), ranged(text(source, "page")))))
    yield text(source, "authority")
    yield text(source, "jurisdiction") or text(source, "publisher-place")
    yield _issued(source)


def _law(source: Source) -> Parts:
    yield _numbered(source, number="")
    chapter = text(source, "chapter-number")
    yield f"ch. {chapter}" if chapter else ""
    yield " ".join(filter(None, (text(source, "volume"), rich(source.container_title), ranged(text(source, "page")))))
    section = text(source, "section")
    yield f"§ {section}" if section else ""
    yield text(source, "authority") or next(_published(source))
    yield text(source, "jurisdiction") or text(source, "publisher-place")
    yield _issued(source)


def _dataset(source: Source) -> Parts:
    yield text(source, "genre") or ("software" if source.type == "software" else "data set")
    version = text(source, "version")
    yield f"version {version}" if version else ""
    yield _container(source)
    yield from _published(source)
    yield _issued(source)


def _interview(source: Source) -> Parts:
    interviewed = _made_by(source, "interviewer", "interviewed by")
    yield text(source, "genre") or ("" if source.title or interviewed else "interview")
    yield interviewed
    yield text(source, "medium")
    yield _container(source)
    yield from _published(source)
    yield _issued(source)


def _letter(source: Source) -> Parts:
    kind = text(source, "genre") or ("" if source.title else "personal communication")
    yield " ".join(filter(None, (kind, _made_by(source, "recipient", "to"))))
    yield text(source, "medium")
    yield _issued(source)


def _moving(source: Source) -> Parts:
    yield text(source, "genre")
    if names(source):
        yield _made_by(source, "director", "directed by")
    yield _made_by(source, "host", "hosted by")
    yield _made_by(source, "guest", "with")
    number = text(source, "number")
    yield f"episode {number}" if number.isdigit() else number
    yield _container(source)
    yield from _published(source, place=True)
    yield _issued(source)
    yield text(source, "medium")
    yield text(source, "dimensions")


def _thesis(source: Source) -> Parts:
    yield text(source, "genre") or "thesis"
    yield from _published(source, place=True)
    yield _issued(source)
    yield pages(source)


def _speech(source: Source) -> Parts:
    yield text(source, "genre") or ("speech" if source.type == "speech" else "")
    yield rich(source.more("event-title")) or rich(source.more("event"))
    yield _container(source)
    yield text(source, "event-place")
    yield from _published(source)
    yield _issued(source)
    yield pages(source)


_DOCUMENT = Work(_document)
_ARTICLE = Work(_article, whole=False)
_NEWS = Work(_news, whole=False)
_WEB = Work(_webpage, whole=False)
_CHAPTER = Work(_chapter, leads=("author",), whole=False)
_LAW = Work(_law, leads=())
_WATCHED = Work(_moving, leads=("author", "director"))
_SPEECH = Work(_speech, leads=("author",), whole=False)
_WORKS = {
    "article": _ARTICLE,
    "article-journal": _ARTICLE,
    "article-magazine": _NEWS,
    "article-newspaper": _NEWS,
    "bill": _LAW,
    "book": Work(_book),
    "broadcast": _WATCHED,
    "chapter": _CHAPTER,
    "dataset": Work(_dataset),
    "entry": _CHAPTER,
    "entry-dictionary": _CHAPTER,
    "entry-encyclopedia": _CHAPTER,
    "event": _SPEECH,
    "hearing": Work(_law),
    "interview": Work(_interview, leads=("author",), whole=False),
    "legal_case": Work(_case, leads=()),
    "legislation": _LAW,
    "motion_picture": _WATCHED,
    "paper-conference": _SPEECH,
    "performance": _SPEECH,
    "personal_communication": Work(_letter, leads=("author",), whole=False),
    "post": _WEB,
    "post-weblog": _WEB,
    "regulation": _LAW,
    "report": Work(_report),
    "review": _ARTICLE,
    "review-book": _ARTICLE,
    "software": Work(_dataset),
    "song": _WATCHED,
    "speech": _SPEECH,
    "thesis": Work(_thesis),
    "treaty": _LAW,
    "webpage": _WEB,
}
