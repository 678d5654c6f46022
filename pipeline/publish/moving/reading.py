"""Reads a foreign feed as far as it can be read.

Pure: bytes in, values and repairs out. Nothing it names is fetched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from lxml import etree

from pipeline.errors import Problem, Refused
from pipeline.publish.lint.reading import child, children, clark, links, said
from pipeline.publish.moving import values
from pipeline.publish.moving.decoding import tree
from pipeline.publish.moving.foreign import UNDATED, ForeignFeed, ForeignItem, ForeignShow
from pipeline.publish.moving.items import ItemReader, in_their_case, others, people_of, text_of
from pipeline.publish.moving.kept import KeptItem, clean, holds_html
from pipeline.publish.moving.repairs import Repairs

_CHANNEL_READ = {
    "title", "link", "description", "language", "copyright", "image", "generator", "docs", "lastBuildDate", "pubDate",
    "ttl", "cloud", "item",
    *map(clark, (
        "itunes:author", "itunes:category", "itunes:image", "itunes:explicit", "itunes:type", "itunes:owner",
        "itunes:block", "itunes:complete", "itunes:new-feed-url", "podcast:guid", "podcast:locked", "podcast:medium",
        "podcast:person", "podcast:podping", "atom:link",
    )),
    # How often to ask the old place, and whether that document was the whole feed.
    *(f"{{http://purl.org/rss/1.0/modules/syndication/}}{name}" for name in ("updatePeriod", "updateFrequency")),
    *(f"{{http://purl.org/syndication/history/1.0}}{name}" for name in ("complete", "archive")),
}  # fmt: skip


def read(content: bytes, url: str | None) -> ForeignFeed:
    """Read a feed that was found at `url` (None: in a file). Raises Refused where it is no RSS feed."""
    repairs = Repairs()
    root = tree(content, repairs)
    channel = _channel(root)
    in_their_case(channel, _CHANNEL_READ, "channel", repairs)
    own = next((link.get("href") for link in links(channel, "self") if link.get("href")), None)
    link, _ = values.address(said(channel.find("link")), url or own)
    base = url or own or link
    if url and own and own != url:
        repairs.add(
            "channel", f"it says that it is at {own[:200]}", "It was read as the feed of the address it came from"
        )
    items = [item for item in root.iter("item") if isinstance(item.tag, str)]
    if any(item.getparent() is not channel for item in items):
        repairs.add("feed", "items stand outside the channel", "They were read as its items")
    show = _show(channel, base, repairs)
    found = [ItemReader(element, number, base, repairs) for number, element in enumerate(items, start=1)]
    read_items = [item for one in found if (item := one.item()) is not None]
    read_items = list(_dated(read_items, {one.number for one in found if one.is_undated}, repairs))
    return ForeignFeed(show, tuple(without_doubles(read_items, repairs)), repairs.told())


def without_doubles(items: list[ForeignItem], repairs: Repairs) -> Iterator[ForeignItem]:
    """Each episode once, each guid once: apps show only one of two that share a guid."""
    seen: dict[str, ForeignItem] = {}
    for item in items:
        known = seen.get(item.guid)
        if known is None:
            seen[item.guid] = item
            yield item
        elif known.enclosure.url == item.enclosure.url:
            repairs.add(item.where, f"it is in the feed twice, as {known.where}", "It was taken once")
        elif item.enclosure.url in seen:
            repairs.add(item.where, f"it has guid and recording of {known.where}", "It was left out")
        else:
            repairs.add(
                item.where,
                f"its guid is that of {known.where}, so apps show one of them only",
                "Its guid is the address of its recording now: apps that knew it will show it as new",
            )
            other = replace(item, guid=item.enclosure.url, permalink=False)
            seen[other.guid] = other
            yield other


def without_announced(show: ForeignShow, items: Iterable[ForeignItem], repairs: Repairs) -> ForeignShow:
    """The show without podcast:trailer for recordings of `items`: our feed announces those itself, once approved."""
    known = {item.enclosure.url: item for item in items}
    kept: list[etree._Element] = []
    for tag in show.kept.tags:
        item = known.get(values.address(tag.get("url"), None)[0] or "") if tag.tag == clark("podcast:trailer") else None
        if item is None:
            kept.append(tag)
        elif item.type != "trailer":
            what = f"its podcast:trailer is the recording of {item.where}, which is of the type {item.type}"
            repairs.add("channel", what, 'It was left out; type = "trailer" in that episode.toml announces it again')
        elif (text := values.line(said(tag))[0]) != item.title:
            repairs.add("channel", f"it calls its trailer “{text[:80]}”", f"It is announced as “{item.title[:80]}”")
    return replace(show, kept=replace(show.kept, tags=tuple(kept)))


def _channel(root: etree._Element) -> etree._Element:
    name = str(etree.QName(root).localname).lower()
    if name == "feed":
        raise Refused(
            Problem("feed", "it is an Atom feed, and podcasts are RSS", "Look for the address of its RSS feed")
        )
    channel = next((one for one in root.iter(etree.Element) if etree.QName(one).localname.lower() == "channel"), None)
    if name != "rss" or channel is None:
        raise Refused(Problem("feed", "it has no channel of RSS 2.0", "Give the address of the podcast's RSS feed"))
    return channel


def _show(channel: etree._Element, base: str | None, repairs: Repairs) -> ForeignShow:
    def told(fault: str | None, done: str) -> None:
        if fault:
            repairs.add("channel", fault, done)

    title, fault = values.line(said(channel.find("title")))
    told(fault and f"the title: {fault}", "It was left out")
    if not title:
        title = "Untitled podcast"
        told("it has no title", f"It is called “{title}”")
    description = text_of(channel.find("description")) or text_of(child(channel, "itunes:summary"))
    explicit, fault = values.truth(said(child(channel, "itunes:explicit")))
    told(fault, "It was read as it is most often meant")
    picture = child(channel, "itunes:image")
    image = picture.get("href") or said(picture) if picture is not None else None
    image = image or said(channel.find("image/url"))
    image, fault = values.address(image, base)
    told(fault and f"the artwork: {fault}", "It was made whole as far as it can be")
    written = said(child(channel, "podcast:guid")).strip()
    try:
        guid = UUID(written)
    except ValueError:
        guid = None
        told(written and f"its podcast:guid “{written[:60]}” is none", "It gets the one that its address gives")
    owner = child(channel, "itunes:owner")
    lock = child(channel, "podcast:locked")
    locked = said(lock).strip().lower()
    following = next((one.get("href") for one in links(channel, "next")), None)
    names = {
        number: name
        for element in channel.iter(clark("podcast:season"))
        if (name := (element.get("name") or "").strip()) and (number := values.count(said(element))[0])
    }
    return ForeignShow(
        title=title,
        description=description,
        link=values.address(said(channel.find("link")), base)[0],
        language=said(channel.find("language")).strip() or None,
        author=values.line(said(child(channel, "itunes:author")))[0] or None,
        categories=tuple(_categories(channel)),
        image=image,
        explicit=explicit,
        type=said(child(channel, "itunes:type")).strip().lower() or None,
        copyright=values.line(said(channel.find("copyright")))[0] or None,
        owner_name=values.line(said(child(owner, "itunes:name")))[0] or None if owner is not None else None,
        owner_email=said(child(owner, "itunes:email")).strip() or None if owner is not None else None,
        guid=guid,
        locked={"yes": True, "no": False}.get(locked),
        locked_owner=(lock.get("owner") or "").strip() or None if lock is not None else None,
        medium=said(child(channel, "podcast:medium")).strip().lower() or None,
        blocked=said(child(channel, "itunes:block")).strip().lower() == "yes",
        complete=said(child(channel, "itunes:complete")).strip().lower() == "yes",
        season_names=tuple(sorted(names.items())),
        people=tuple(people_of(channel, base)),
        next_page=values.address(following, base)[0],
        moved_to=values.address(said(child(channel, "itunes:new-feed-url")), base)[0],
        kept=KeptItem(
            description=clean(description, base) if holds_html(description) else None,
            tags=tuple(others(channel, _CHANNEL_READ, "channel", repairs)),
        ),
    )


def _categories(channel: etree._Element) -> Iterator[tuple[str, str]]:
    for top in children(channel, "itunes:category"):
        inner = children(top, "itunes:category")
        for sub in inner or [None]:
            yield (top.get("text") or "").strip(), (sub.get("text") or "").strip() if sub is not None else ""


def _dated(items: list[ForeignItem], undated: set[int], repairs: Repairs) -> Iterator[ForeignItem]:
    """With a moment for those that have none: beside the nearest that has one, where the feed has it."""
    dated = {place: item.published_at for place, item in enumerate(items) if item.number not in undated}
    step = -1 if len(dated) < 2 or dated[min(dated)] >= dated[max(dated)] else 1  # newest first, or oldest first
    for place, item in enumerate(items):
        if item.number in undated:
            near = min(dated, key=lambda one: (abs(one - place), one), default=None)
            start = dated[near] if near is not None else UNDATED
            moment = start + timedelta(seconds=step * (place - (near if near is not None else len(items))))
            fault = "it has no date that can be read"
            repairs.add(item.where, fault, f"It is dated {moment.isoformat()}, by its place in the feed")
            yield replace(item, published_at=moment)
        else:
            yield item
