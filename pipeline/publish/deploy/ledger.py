"""The memory of what was published: `episodes/ledger.json`, kept with what people write.

Apps know an episode by its guid, play what they downloaded from its address, and sort it by its date. Whoever changes
one of these behind their backs gives listeners an episode twice, another one under a known title, or none. So each
publication is held against what was published at the same target before (at a new one: at the others of the same
address), and refused where it would break that, unless a person names the episode and a reason, which is kept here.

One line is one entry, sorted, and every line ends alike: two people's ledgers merge in git line by line. Where a
merge left two lines of one episode, the earlier first and the later last publication count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline import files
from pipeline.errors import Problem, Refusal, Refused
from pipeline.publish.deploy.listed import Listed

LEDGER_NAME = "ledger.json"
LEDGER_CODES = frozenset(
    {
        "feed-episode-lost",
        "feed-guid-changed",
        "feed-guid-doubled",
        "feed-enclosure-reused",
        "feed-date-moved",
        "feed-shrunk",
    }
)
Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_KEPT_PUBLICATIONS = 2


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Recording(_Line):
    """A recording that was published under an address; its digest where the address is the site's own."""

    url: str
    digest: Digest | None = None


class Note(_Line):
    """What a person allowed, when and why."""

    at: str
    what: str
    reason: str


class Entry(_Line):
    """One episode at one target. Moments are UTC, ISO 8601; `date` is what apps sort by.

    `item` is the digest of the whole item. `first` and `last` are the publications that first and last gave listeners
    something new of it; `gone` is the one since which the feed does not list it. `earlier` are recordings that its
    guid had before.
    """

    target: str
    guid: str
    slug: str
    title: str
    url: str
    size_bytes: int
    digest: Digest | None = None
    date: str
    item: Digest
    first: str
    last: str
    gone: str | None = None
    earlier: tuple[Recording, ...] = ()
    notes: tuple[Note, ...] = ()


class Publication(_Line):
    """One publication at one target: when, the digest of feed.xml, how many items all its pages list."""

    target: str
    at: str
    feed: Digest
    items: int
    note: str | None = None


@dataclass(frozen=True)
class Ledger:
    """All entries, and of every target the latest two publications and those that keep a reason."""

    entries: tuple[Entry, ...] = ()
    publications: tuple[Publication, ...] = ()

    def at_target(self, target: str) -> tuple[Entry, ...]:
        """The entries of one target."""
        return tuple(one for one in self.entries if one.target == target)

    def latest(self, target: str) -> Publication | None:
        """The last publication at a target; of two within a second the one that was noted last."""
        own = [one for one in reversed(self.publications) if one.target == target]
        return max(own, key=lambda one: one.at, default=None)

    def inherited(self, target: str, site_url: str) -> tuple[Entry, ...]:
        """What a target without a publication of its own takes over: what apps were given at other targets below the
        same address, as each episode was published last. Whoever moves to another server keeps their listeners.
        """
        if self.at_target(target) or self.latest(target):
            return ()
        others = [one for one in self.entries if one.url.startswith(site_url)]
        return _merged(one.model_copy(update={"target": target}) for one in others)


@dataclass(frozen=True)
class Allowed:
    """What a person lets pass, by slug, and why. `everything` is for going back to an earlier publication."""

    reason: str = ""
    removals: AbstractSet[str] = frozenset()
    guids: AbstractSet[str] = frozenset()
    dates: AbstractSet[str] = frozenset()
    enclosures: AbstractSet[str] = frozenset()
    shrinking: bool = False
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(self.removals or self.guids or self.dates or self.enclosures or self.shrinking or self.everything)


def read_ledger(path: Path) -> Ledger:
    """The ledger; empty where there is none. Raises Refused where it cannot be read: nothing is published unjudged."""
    if not path.exists():
        return Ledger()
    try:
        table = json.loads(path.read_bytes())
        lines = [line for line in table.pop("lines") if line is not None]
        if table != {"version": 1}:
            raise ValueError("another version")
        entries = [Entry.model_validate(line) for line in lines if "guid" in line]
        publications = [Publication.model_validate(line) for line in lines if "guid" not in line]
    except (OSError, ValueError, ValidationError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(
            Problem(
                str(path),
                "the ledger cannot be read, so nobody knows what apps were given",
                "Restore it from git; where a merge left its marks, keep the lines of both sides and delete the marks",
            )
        ) from error
    return Ledger(_merged(entries), _latest(publications))


def ledger_text(ledger: Ledger) -> str:
    """The ledger as text: a line an entry, each ending alike, for the last one is always `null`."""
    lines = [
        files.canonical_json(one.model_dump(mode="json", exclude_defaults=True))
        for one in (
            *sorted(ledger.publications, key=lambda one: (one.target, one.at)),
            *sorted(ledger.entries, key=lambda one: (one.target, one.date, one.guid)),
        )
    ]
    return '{"version":1,"lines":[\n' + "".join(f"{line},\n" for line in lines) + "null\n]}\n"


def from_feed(target: str, items: Iterable[Listed], at: str) -> tuple[Entry, ...]:
    """Entries made of a feed that stands at a target: what apps know of it, whatever the ledger says."""
    return tuple(_entry(target, one, at) for one in items)


def judge(
    before: Sequence[Entry],
    items: Sequence[Listed],
    *,
    latest: Publication | None,
    withdrawn: AbstractSet[str],
    allowed: Allowed,
) -> list[Refusal]:
    """Every promise that a feed of `items` would break, after what was published `before` at this target."""
    found = list(_doubled(items))
    if allowed.everything:
        return found
    by_guid = {one.guid: one for one in items}
    slugs = {one.slug: one for one in items}
    lost = 0
    for entry in before:
        if entry.gone is not None:
            continue
        item = by_guid.get(entry.guid)
        if item is None:
            lost += 1
            if (same_page := slugs.get(entry.slug)) is not None:
                if entry.slug not in allowed.guids:
                    found.append(_guid_changed(entry, same_page))
                continue
            if entry.slug not in withdrawn and entry.slug not in allowed.removals:
                found.append(_lost(entry))
        elif item.date != entry.date and entry.slug not in allowed.dates and item.slug not in allowed.dates:
            found.append(_date_moved(entry, item))
    # Oldest first, so that the newest of an address counts.
    published = {
        one.url: one.digest for entry in before for one in reversed([*_recordings(entry)]) if one.digest is not None
    }
    for item in items:
        digest = published.get(item.url)
        if digest and item.digest and digest != item.digest and item.slug not in allowed.enclosures:
            found.append(_reused(item))
    new = len(by_guid.keys() - {entry.guid for entry in before if entry.gone is None})
    if latest is not None and not allowed.shrinking and len(items) < latest.items - lost + new:
        found.append(_shrunk(latest.items, len(items)))
    return found


def updated(
    ledger: Ledger,
    before: Sequence[Entry],
    items: Sequence[Listed],
    *,
    target: str,
    at: str,
    feed: str,
    withdrawn: AbstractSet[str],
    allowed: Allowed,
) -> Ledger:
    """The ledger after a publication of `items`. What did not change keeps its line as it was."""
    known = {one.guid: one for one in before}
    listed = {one.guid: one for one in items}
    kept = {one.guid: one for one in (*ledger.at_target(target), *(one for one in before if one.gone is not None))}
    for guid, item in listed.items():
        kept[guid] = _after(known.get(guid), item, target, at, allowed)
    for guid, entry in known.items():
        if guid not in listed and entry.gone is None:
            why = "withdrawn" if entry.slug in withdrawn else allowed.reason or "not listed any more"
            kept[guid] = _noted(entry, at, "removed from the feed", why).model_copy(update={"gone": at})
    note = allowed.reason if allowed.everything or allowed.shrinking else None
    this = Publication(target=target, at=at, feed=feed, items=len(items), note=note)
    last = ledger.latest(target)
    same = last is not None and (last.feed, last.items) == (this.feed, this.items)
    others = tuple(one for one in ledger.entries if one.target != target)
    return Ledger((*others, *kept.values()), ledger.publications if same else _latest([*ledger.publications, this]))


def news(before: Sequence[Entry], items: Sequence[Listed]) -> tuple[list[Listed], list[Listed], list[Entry]]:
    """What listeners will find new, changed, and gone."""
    known: Mapping[str, Entry] = {one.guid: one for one in before if one.gone is None}
    listed = {one.guid for one in items}
    return (
        [one for one in items if one.guid not in known],
        [one for one in items if one.guid in known and known[one.guid].item != one.item],
        [entry for guid, entry in known.items() if guid not in listed],
    )


def _recordings(entry: Entry) -> Iterator[Recording]:
    """Newest first."""
    yield Recording(url=entry.url, digest=entry.digest)
    yield from entry.earlier


def _entry(target: str, item: Listed, at: str) -> Entry:
    return Entry(
        target=target,
        guid=item.guid,
        slug=item.slug,
        title=item.title,
        url=item.url,
        size_bytes=item.size_bytes,
        digest=item.digest,
        date=item.date,
        item=item.item,
        first=at,
        last=at,
    )


def _after(entry: Entry | None, item: Listed, target: str, at: str, allowed: Allowed) -> Entry:
    new = _entry(target, item, at)
    if entry is None:
        return new
    is_same_audio = not (entry.digest and item.digest) or entry.digest == item.digest
    if entry.item == item.item and entry.gone is None and is_same_audio:
        return entry if entry.digest or not item.digest else entry.model_copy(update={"digest": item.digest})
    earlier = [one for one in _recordings(entry) if one != Recording(url=item.url, digest=item.digest)]
    new = new.model_copy(update={"first": entry.first, "earlier": tuple(earlier), "notes": entry.notes})
    if entry.date != item.date:
        new = _noted(new, at, f"moved from {entry.date}", allowed.reason)
    is_other = (entry.url, entry.digest) != (item.url, item.digest)
    if is_other and any(one.url == item.url and one.digest and one.digest != item.digest for one in earlier):
        new = _noted(new, at, "other audio under a published address", allowed.reason)
    return new


def _noted(entry: Entry, at: str, what: str, reason: str) -> Entry:
    return entry.model_copy(update={"notes": (*entry.notes, Note(at=at, what=what, reason=reason))})


def _merged(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    found: dict[tuple[str, str], Entry] = {}
    for one in entries:
        other = found.get((one.target, one.guid))
        if other is not None:
            before, later = sorted((one, other), key=lambda entry: max(entry.gone or "", entry.last))
            recordings = [each for each in _recordings(before) if each != Recording(url=later.url, digest=later.digest)]
            one = later.model_copy(  # noqa: PLW2901  the merged one
                update={
                    "first": min(one.first, other.first),
                    "earlier": tuple(dict.fromkeys((*later.earlier, *recordings))),
                    "notes": tuple(dict.fromkeys((*before.notes, *later.notes))),
                }
            )
        found[one.target, one.guid] = one
    return tuple(found.values())


def _latest(publications: Iterable[Publication]) -> tuple[Publication, ...]:
    by_target: dict[str, list[Publication]] = {}
    for one in publications:
        by_target.setdefault(one.target, []).append(one)
    found: list[Publication] = []
    for own in by_target.values():
        own.sort(key=lambda each: each.at)
        found += [one for one in own[:-_KEPT_PUBLICATIONS] if one.note] + own[-_KEPT_PUBLICATIONS:]
    return tuple(found)


def _doubled(items: Sequence[Listed]) -> Iterator[Refusal]:
    seen: dict[str, Listed] = {}
    for item in items:
        if not item.guid or item.guid in seen:
            other = seen[item.guid].slug if item.guid else "an item without one"
            yield Refusal(
                item.slug or item.title,
                f"its guid is that of {other}; apps would show one of the two",
                "Give it a guid of its own",
                "feed-guid-doubled",
            )
        seen[item.guid] = item


def _allow(flag: str, slug: str = "") -> str:
    return f'{flag}{f" {slug}" if slug else ""} --reason "WHY"'


def _lost(entry: Entry) -> Refusal:
    return Refusal(
        entry.slug,
        f"“{entry.title}” was published on {entry.first[:10]} and is not in the feed any more; apps would take it out "
        "of their lists, and who is in the middle of it could not go on",
        "See onrecord status for why it is not in site/; take it back for good with onrecord withdraw, or allow it "
        f"with {_allow('--allow-removal', entry.slug)}",
        "feed-episode-lost",
    )


def _guid_changed(entry: Entry, item: Listed) -> Refusal:
    return Refusal(
        entry.slug,
        f"its guid was {entry.guid} and is {item.guid}; apps would show it as a new episode, unheard, beside or "
        "instead of the one they know, and download it again",
        f'Write guid = "{entry.guid}" again, or allow it with {_allow("--allow-guid", entry.slug)}',
        "feed-guid-changed",
    )


def _date_moved(entry: Entry, item: Listed) -> Refusal:
    return Refusal(
        entry.slug,
        f"its date was {entry.date} and is {item.date}; apps would move it to another place in their lists, and some "
        "would announce it again",
        f"Restore published_at, or allow it with {_allow('--allow-date', entry.slug)}",
        "feed-date-moved",
    )


def _reused(item: Listed) -> Refusal:
    return Refusal(
        item.slug,
        f"{item.url} was published with other audio; apps and caches would go on playing the old recording, and Apple "
        "ignores what comes under a known address",
        f"Publish it under a new name (make pipeline), or allow it with {_allow('--allow-enclosure', item.slug)}",
        "feed-enclosure-reused",
    )


def _shrunk(before: int, now: int) -> Refusal:
    return Refusal(
        LEDGER_NAME,
        f"the feed listed {before} episodes and would list {now}, and the ledger does not know all that are missing; "
        "apps would take them out of their lists",
        f"Restore the ledger, or allow it with {_allow('--allow-shrinking')}",
        "feed-shrunk",
    )
