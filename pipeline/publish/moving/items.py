"""Reads one `<item>` of a foreign feed, field by field; what is wrong in it is mended where its meaning is plain."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from lxml import etree

from pipeline.publish.lint.reading import child, children, clark, prefixed, said
from pipeline.publish.moving import values
from pipeline.publish.moving.foreign import UNDATED, Enclosure, ForeignFile, ForeignItem, ForeignPerson
from pipeline.publish.moving.kept import CONTENT, KeptItem, clean, without_live
from pipeline.publish.moving.repairs import Repairs

GUID_MAX_CHARACTERS = 4000
_DC_DATE = "{http://purl.org/dc/elements/1.1/}date"
_MEDIA_CONTENT = "{http://search.yahoo.com/mrss/}content"
_AUDIO_SUFFIXES = (".mp3", ".m4a", ".mp4", ".m4v", ".mov", ".aac", ".ogg", ".oga", ".opus", ".flac", ".wav", ".webm")
# What has a setting, is derived, or speaks of the place where the feed was.
_ITEM_READ = {
    "title", "link", "guid", "pubDate", "enclosure", "description", CONTENT,
    *map(clark, (
        "itunes:duration", "itunes:explicit", "itunes:episode", "itunes:season", "itunes:episodeType", "itunes:image",
        "itunes:block", "itunes:title", "podcast:transcript", "podcast:chapters", "podcast:person", "podcast:season",
        "podcast:episode",
    )),
}  # fmt: skip


class ItemReader:
    """One `<item>`, read field by field."""

    def __init__(self, element: etree._Element, number: int, base: str | None, repairs: Repairs) -> None:
        self.number = number
        self.is_undated = False
        self._element = element
        self._base = base
        self._repairs = repairs
        in_their_case(element, _ITEM_READ, "item", repairs)
        title = " ".join(said(element.find("title")).split())[:60]
        line = f" (line {element.sourceline})" if element.sourceline else ""
        self.where = f"item “{title}”{line}" if title else f"item {number} without a title{line}"

    def item(self) -> ForeignItem | None:
        enclosure = self._enclosure()
        if enclosure is None:
            return None
        element = self._element
        published_at, fault = values.date(said(element.find("pubDate")) or said(element.find(_DC_DATE)))
        self.is_undated = published_at is None
        if published_at is not None:
            self._told(fault, f"It was read as {published_at.isoformat()}", kind="date")
        guid, permalink = self._guid(enclosure)
        image = child(element, "itunes:image")
        kind = said(child(element, "itunes:episodeType")).strip().lower() or "full"
        if kind not in ("full", "trailer", "bonus"):
            self._told(f"its type is “{kind[:20]}”", "It was taken as a full episode")
            kind = "full"
        chapters = child(element, "podcast:chapters")
        chapters_url, chapters_type = None, ""
        if chapters is not None:
            chapters_url, chapters_type = self._address(chapters.get("url"), "its chapters"), chapters.get("type") or ""
        named = child(element, "podcast:episode")
        return ForeignItem(
            where=self.where,
            number=self.number,
            title=self._title(),
            guid=guid,
            permalink=permalink,
            published_at=published_at or UNDATED,
            enclosure=enclosure,
            link=values.address(said(element.find("link")), self._base)[0],
            duration_s=self._duration(),
            explicit=self._explicit(),
            season=self._number("itunes:season", "podcast:season"),
            episode=self._number("itunes:episode", "podcast:episode"),
            episode_name=((named.get("display") or "").strip()[:32] or None) if named is not None else None,
            type=kind,
            blocked=said(child(element, "itunes:block")).strip().lower() == "yes",
            image=self._address(image.get("href") or said(image), "its picture") if image is not None else None,
            people=tuple(people_of(element, self._base)),
            transcripts=tuple(self._transcripts()),
            chapters=ForeignFile(chapters_url, chapters_type) if chapters_url else None,
            kept=self._kept(),
        )

    def _enclosure(self) -> Enclosure | None:
        offered: list[Enclosure] = []
        for one in (*self._element.findall("enclosure"), *self._element.iter(_MEDIA_CONTENT)):
            if one.tag == _MEDIA_CONTENT and (offered or not (one.get("type") or "").startswith(("audio/", "video/"))):
                continue
            url = self._address(one.get("url"), "its recording")
            if url is not None:
                length = (one.get("length") or one.get("fileSize") or "").strip()
                kind = (one.get("type") or "").strip().lower()
                offered.append(Enclosure(url, kind, int(length) if length.isdecimal() and int(length) else None))
                if one.tag == _MEDIA_CONTENT:
                    self._told("it has no enclosure", "The recording that media:content names was taken")
        if not offered:
            self._told("it has no recording", "It was left out: apps show no such item")
            return None
        chosen = next((one for one in offered if _is_audio(one)), offered[0])
        if len(offered) > 1:
            self._told(f"it has {len(offered)} enclosures", f"{chosen.url} was taken")
        return chosen

    def _guid(self, enclosure: Enclosure) -> tuple[str, bool]:
        element = self._element.find("guid")
        written = said(element)
        guid = "".join(written.split("\n")).strip() if "\n" in written else written.strip()
        if not guid or element is None or len(guid) > GUID_MAX_CHARACTERS:
            self._told(
                "it has no guid",
                "The address of its recording is its guid, as Apple takes it; a few apps will show it as new",
            )
            return enclosure.url, False
        if guid != written:
            self._told("white space stands around its guid", "It was left out, as apps do")
        is_address = guid.startswith(("http://", "https://"))
        permalink = (element.get("isPermaLink") or "true").strip().lower() != "false"
        if permalink and not is_address:
            if element.get("isPermaLink"):
                self._told("its guid says that it is an address, and it is none", "isPermaLink is false now")
            permalink = False
        return guid, permalink

    def _title(self) -> str:
        title, fault = values.line(said(self._element.find("title")) or said(child(self._element, "itunes:title")))
        self._told(fault and "its title holds HTML", f"It was read as “{title[:80]}”")
        if not title:
            texts = (text_of(self._element.find("description")), self.where)
            title = next(line for text in texts if (line := values.line(text)[0][:80].strip()))
            self._told("it has no title", f"It is called “{title}”")
        return title

    def _transcripts(self) -> Iterator[ForeignFile]:
        for one in children(self._element, "podcast:transcript"):
            if url := self._address(one.get("url"), "its transcript"):
                rel = "captions" if one.get("rel") == "captions" else None
                yield ForeignFile(url, (one.get("type") or "").strip().lower(), one.get("language"), rel)

    def _kept(self) -> KeptItem:
        element = self._element
        base = values.address(said(element.find("link")), self._base)[0] or self._base
        description, content = element.find("description"), element.find(CONTENT)
        title, short = element.find("title"), child(element, "itunes:title")
        # Apps show it instead of the other where they differ; where they do not, it says nothing.
        is_shown = short is not None and said(title).strip() and _line(short) not in ("", _line(title))
        known = _ITEM_READ - {clark("itunes:title")} if is_shown else _ITEM_READ
        return KeptItem(
            self._cleaned(description, base),
            self._cleaned(content, base),
            tuple(others(element, known, self.where, self._repairs)),
        )

    def _cleaned(self, element: etree._Element | None, base: str | None) -> str | None:
        return None if element is None else clean(text_of(element), base)

    def _number(self, *names: str) -> int | None:
        for name in names:
            number, fault = values.count(said(child(self._element, name)))
            self._told(
                fault and f"{name}: {fault}", "It was left out" if number is None else f"It was read as {number}"
            )
            if number is not None:
                return number
        return None

    def _duration(self) -> int | None:
        found, fault = values.seconds(said(child(self._element, "itunes:duration")))
        kind = None if found is None else "length"
        self._told(
            fault, "The recording is measured" if found is None else f"It was read as {found} seconds", kind=kind
        )
        return found

    def _explicit(self) -> bool | None:
        found, fault = values.truth(said(child(self._element, "itunes:explicit")))
        self._told(fault, "It was left out" if found is None else "It was read as it is meant")
        return found

    def _address(self, written: str | None, what: str) -> str | None:
        found, fault = values.address(written, self._base)
        kind = f"address of {what}" if found else None
        self._told(fault and f"{what}: {fault}", f"It was read as {found}" if found else "It was left out", kind=kind)
        return found

    def _told(self, fault: str | None, done: str, *, kind: str | None = None) -> None:
        if fault:
            self._repairs.add(self.where, fault, done, kind=kind)


def _is_audio(one: Enclosure) -> bool:
    return one.type.startswith("audio/") or urlsplit(one.url).path.lower().endswith(_AUDIO_SUFFIXES)


def in_their_case(parent: etree._Element, known: set[str], where: str, repairs: Repairs) -> None:
    """Give children of `parent` that differ from `known` names in case alone those names: some apps read them so."""
    meant = {name.lower(): name for name in known}
    for element in parent:
        name = meant.get(element.tag.lower()) if isinstance(element.tag, str) and element.tag not in known else None
        if name is not None and parent.find(name) is None:
            written, element.tag = prefixed(element), name
            what = f"<{written}> is not written <{prefixed(element)}>"
            repairs.add(where, what, "It was read as that", kind=f"case of {name}")


def people_of(parent: etree._Element, base: str | None) -> Iterator[ForeignPerson]:
    for one in children(parent, "podcast:person"):
        name, _ = values.line(said(one))
        if name:
            yield ForeignPerson(
                name[:128].replace("**", "*"),
                (one.get("role") or "host").strip().lower(),
                (one.get("group") or "cast").strip().lower(),
                values.address(one.get("href"), base)[0],
                values.address(one.get("img"), base)[0],
            )


def others(parent: etree._Element, known: set[str], where: str, repairs: Repairs) -> Iterator[etree._Element]:
    """What is kept as it is: all that is not `known`, but for pictures that itunes:image names as well."""
    image = child(parent, "itunes:image")
    artwork = (image.get("href") or said(image)).strip() if image is not None else ""
    for element in parent:
        if not isinstance(element.tag, str) or element.tag in known or _pictures(element) == {artwork}:
            continue
        kept = list(without_live([element]))
        if not kept:
            what = f"<{prefixed(element)}> could run in a browser"
            repairs.add(where, what, "It was left out", kind=f"live {element.tag}")
        yield from kept


def _pictures(element: etree._Element) -> set[str]:
    """The addresses of pictures in podcast:image and podcast:images; none in other elements."""
    if element.tag == clark("podcast:image"):
        return {(element.get("href") or "").strip()}
    if element.tag == clark("podcast:images"):
        # Each is followed by its width; commas in addresses would be escaped.
        return {one.split()[0] for one in (element.get("srcset") or "").split(",") if one.strip()}
    return set()


def _line(element: etree._Element | None) -> str:
    return values.line(said(element))[0]


def text_of(element: etree._Element | None) -> str:
    """The text of an element; of one that holds HTML as elements, their source."""
    if element is None:
        return ""
    if not len(element):
        return (element.text or "").strip()
    inner = "".join(etree.tostring(one, encoding="unicode", method="html") for one in element)
    return f"{element.text or ''}{inner}".strip()
