"""Names and terms that the decoder should expect, from what the show already knows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from pipeline.show.models import Person, Term

_PARENTHESIS = re.compile(r"[(（]([^()（）]*)[)）]")


def hotwords(terms: Sequence[Term], people: Sequence[Person]) -> tuple[str, ...]:
    """Words to bias the decoder with, the surest first, each once (whatever its capitals).

    The people of an episode are almost surely named in it, so they and their organisations come before the
    glossary: what does not fit the decoder's room is left out from the end. A parenthesis in a name, such as
    "(synthetic voice)", is not said aloud; in a term it is another form of it, and stands for itself.
    """
    found: dict[str, str] = {}
    for word in _words(terms, people):
        clean = " ".join(unicodedata.normalize("NFC", word).split()).strip(" ,;")
        if clean:
            found.setdefault(clean.casefold(), clean)
    return tuple(found.values())


def _words(terms: Sequence[Term], people: Sequence[Person]) -> Iterator[str]:
    for person in people:
        yield _PARENTHESIS.sub(" ", person.name)
    for person in people:
        if person.organisation:
            yield _PARENTHESIS.sub(" ", person.organisation)
    for term in terms:
        yield _PARENTHESIS.sub(" ", term.term)
        yield from _PARENTHESIS.findall(term.term)
