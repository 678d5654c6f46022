"""Names of people and bodies in a record, as one text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.publish.references.words import plain
from pipeline.show import Source

SHOWN_NAMES = 3
_PARTS = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix")


def names(source: Source, role: str = "author") -> tuple[str, ...]:
    """Everybody in one role, in their order: `Mara Lind`, `Jan van Dyk`, `Home Office`."""
    people = source.author if role == "author" else source.more(role)
    return tuple(_names(people)) if isinstance(people, list | tuple) else ()


def joined(people: Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`; from five on the first three and “et al.”"""
    everybody = tuple(people)
    if len(everybody) > SHOWN_NAMES + 1:
        return f"{', '.join(everybody[:SHOWN_NAMES])} et al."
    return " and ".join(filter(None, (", ".join(everybody[:-1]), "".join(everybody[-1:]))))


def family_name(source: Source) -> str:
    """The family name of the first author or editor, or the whole name of a body; empty where nobody is named."""
    for role in ("author", "editor", "director", "interviewer"):
        people = source.author if role == "author" else source.more(role)
        for person in people if isinstance(people, list | tuple) else ():
            if isinstance(person, Mapping) and (name := plain(person.get("family")) or plain(person.get("literal"))):
                return name
    return ""


def _names(people: Iterable[Any]) -> Iterator[str]:
    for person in people:
        if not isinstance(person, Mapping):
            continue
        parts = [plain(person.get(part)) for part in _PARTS]
        # A particle that ends in an apostrophe is written without a space: d’Ancona.
        whole = " ".join(filter(None, parts)).replace("’ ", "’").replace("' ", "'")
        if name := whole or plain(person.get("literal")):
            yield name
