"""The rows of the podcast namespace's tags: I14 to I18, and N1 for what all of them have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from pipeline.publish.lint import reading
from pipeline.publish.lint.reading import Feed, Item, child, children, said
from pipeline.publish.lint.rows import Finding, finding
from pipeline.show.taxonomy import ROLES

TRANSCRIPT_TYPES = {
    "text/vtt": "vtt",
    "application/x-subrip": "srt",
    "application/srt": "srt",
    "application/json": "json",
    "text/html": "html",
    "text/plain": "plain",
}
CHAPTERS_TYPE = "application/json+chapters"
_NAME_MAX_CHARACTERS = 128
_TEXT_MAX_CHARACTERS = 4000
_SOUNDBITE_S = (15.0, 120.0)


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a tag needs: attributes, how often it may stand in one parent, how long its text and attributes may be."""

    needs: tuple[str, ...] = ()
    once: bool = False
    text_max: int = 0
    text_needed: bool = False
    lengths: tuple[tuple[str, int], ...] = ()


_SHAPES = {
    "alternateEnclosure": _Shape(("type",), lengths=(("title", 32), ("rel", 32))),
    "block": _Shape(text_needed=True),
    "contentLink": _Shape(("href",), text_needed=True),
    "episode": _Shape(once=True, text_needed=True, lengths=(("display", 32),)),
    "funding": _Shape(("url",), text_max=128, text_needed=True),
    "image": _Shape(("href",), lengths=(("purpose", 128),)),
    "integrity": _Shape(("type", "value"), once=True),
    "license": _Shape(once=True, text_max=128, text_needed=True),
    "location": _Shape(text_max=128, text_needed=True),
    "medium": _Shape(once=True, text_needed=True),
    "podroll": _Shape(once=True),
    "publisher": _Shape(once=True),
    "remoteItem": _Shape(("feedGuid",)),
    "season": _Shape(once=True, text_needed=True, lengths=(("name", 128),)),
    "socialInteract": _Shape(("protocol",)),
    "source": _Shape(("uri",)),
    "trailer": _Shape(("url", "pubdate"), text_max=128, text_needed=True),
    "updateFrequency": _Shape(once=True, text_max=128, text_needed=True),
}


def check_podcasting(feed: Feed) -> Iterator[Finding]:
    """What is wrong with the tags of the podcast namespace, in the channel and in each item."""
    yield from _shapes(feed)
    yield from _people("channel", feed.channel)
    yield from _texts("channel", feed.channel)
    regulars = {said(person).strip() for person in children(feed.channel, "podcast:person")}
    for item in feed.items:
        yield from _transcripts(item)
        yield from _chapters(item)
        yield from _people(item.where, item.element)
        yield from _restated(item, regulars)
        yield from _texts(item.where, item.element)
        yield from _soundbites(item)


def _fault(row: str, where: str, element: etree._Element, what: str, **more: str | None) -> Finding:
    return finding(row, where, what, line=element.sourceline, **more)  # type: ignore[arg-type]  # severity is a literal


def _shapes(feed: Feed) -> Iterator[Finding]:
    places = {item.element: item.where for item in feed.items}
    counts: Counter[tuple[etree._Element, str]] = Counter()
    for element in feed.root.iter(f"{{{reading.NAMESPACES['podcast']}}}*"):
        name = reading.prefixed(element)
        shape = _SHAPES.get(name.partition(":")[2])
        if shape is None:
            continue
        above = next((one for one in element.iterancestors() if one in places), None)
        where = places.get(above, "channel") if above is not None else "channel"
        for attribute in shape.needs:
            if not (element.get(attribute) or "").strip():
                yield _fault("N1", where, element, f"{name} has no {attribute}")
        for attribute, most in shape.lengths:
            if len(element.get(attribute) or "") > most:
                yield _fault("N1", where, element, f"the {attribute} of {name} has more than {most} characters")
        text = said(element).strip()
        if shape.text_needed and not text:
            yield _fault("N1", where, element, f"{name} is empty")
        if shape.text_max and len(text) > shape.text_max:
            yield _fault("N1", where, element, f"the text of {name} has more than {shape.text_max} characters")
        counts[element.getparent(), name] += 1
        if shape.once and counts[element.getparent(), name] == 2:
            yield _fault("N1", where, element, f"{name} stands more than once")


def _transcripts(item: Item) -> Iterator[Finding]:
    found = children(item.element, "podcast:transcript")
    if not found:
        yield _fault("I14", item.where, item.element, "it has no transcript", severity="advice")
    for tag in found:
        kind = (tag.get("type") or "").lower()
        if reading.address(tag.get("url")) is None:
            yield _fault("I14", item.where, tag, "a transcript has no whole address", severity="error")
        if not kind:
            yield _fault("I14", item.where, tag, "a transcript has no type", severity="error")
        elif kind not in TRANSCRIPT_TYPES:
            yield _fault(
                "I14",
                item.where,
                tag,
                f"the transcript's type {kind} is one that apps do not know",
                remedy=f"Write one of {', '.join(sorted(TRANSCRIPT_TYPES))}",
            )
        if tag.get("rel") not in (None, "captions"):
            yield _fault("I14", item.where, tag, f"the transcript's rel “{tag.get('rel')}” is not captions")


def _chapters(item: Item) -> Iterator[Finding]:
    found = children(item.element, "podcast:chapters")
    if len(found) > 1:
        yield _fault("I15", item.where, found[1], "it has chapters twice, and apps take one")
    for tag in found:
        if reading.address(tag.get("url")) is None:
            yield _fault("I15", item.where, tag, "its chapters have no whole address", severity="error")
        if tag.get("type") != CHAPTERS_TYPE:
            yield _fault("I15", item.where, tag, f"its chapters are called “{tag.get('type')}”, not {CHAPTERS_TYPE}")


def _people(where: str, parent: etree._Element) -> Iterator[Finding]:
    for tag in children(parent, "podcast:person"):
        name = said(tag).strip()
        if not name:
            yield _fault("I16", where, tag, "a person has no name", severity="error")
        elif len(name) > _NAME_MAX_CHARACTERS:
            yield _fault("I16", where, tag, f"a person's name has more than {_NAME_MAX_CHARACTERS} characters")
        role, group = (tag.get("role") or "host").strip().lower(), (tag.get("group") or "cast").strip().lower()
        if role not in ROLES:
            yield _fault("I16", where, tag, f"the role “{role}” is not in the taxonomy")
        elif group not in ROLES[role]:
            what = f"the role “{role}” belongs to {' or '.join(ROLES[role])}, not to “{group}”"
            yield _fault("I16", where, tag, what)


def _restated(item: Item, regulars: set[str]) -> Iterator[Finding]:
    found = children(item.element, "podcast:person")
    hosts = {said(tag).strip() for tag in found if (tag.get("role") or "host").lower().endswith("host")}
    if found and regulars and not hosts:
        what = "it lists people and no host; its list takes the place of the show's"
        yield _fault("I16", item.where, found[0], what)


def _texts(where: str, parent: etree._Element) -> Iterator[Finding]:
    for tag in children(parent, "podcast:txt"):
        purpose, text = tag.get("purpose") or "", said(tag)
        if purpose == "ai-content" and text.strip() not in ("true", "false"):
            yield _fault("I17", where, tag, f"ai-content says “{text[:20]}”, neither true nor false", severity="error")
        if len(purpose) > _NAME_MAX_CHARACTERS or len(text) > _TEXT_MAX_CHARACTERS:
            yield _fault("I17", where, tag, "a podcast:txt is longer than apps keep")


def _soundbites(item: Item) -> Iterator[Finding]:
    whole_s = reading.seconds(said(child(item.element, "itunes:duration")))
    for tag in children(item.element, "podcast:soundbite"):
        start_s, length_s = reading.seconds(tag.get("startTime")), reading.seconds(tag.get("duration"))
        if start_s is None or length_s is None:
            what = "a soundbite has no startTime and duration in seconds"
            yield _fault("I18", item.where, tag, what, severity="error")
            continue
        if not _SOUNDBITE_S[0] <= length_s <= _SOUNDBITE_S[1]:
            yield _fault("I18", item.where, tag, f"a soundbite lasts {length_s:g} seconds")
        if whole_s is not None and start_s + length_s > whole_s + 1:
            yield _fault("I18", item.where, tag, "a soundbite ends after the episode", severity="error")
        if len(said(tag)) > _NAME_MAX_CHARACTERS:
            yield _fault("I18", item.where, tag, "a soundbite's title has more than 128 characters")
