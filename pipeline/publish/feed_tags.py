"""Elements as plain values, and as extensions of feedgen that write them.

feedgen 1.0 knows no podcast namespace, its own itunes extension refuses `true` for explicit and drops some artwork
without a word, and of several atom:links it keeps one; so every such tag is written here.
"""

from __future__ import annotations

from dataclasses import dataclass

from feedgen.ext.base import BaseEntryExtension, BaseExtension
from lxml import etree

NAMESPACES = {
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
}
_ATOM = "http://www.w3.org/2005/Atom"

Attributes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tag:
    """One element: its name with prefix (`itunes:image`), attributes in order, text, children."""

    name: str
    text: str = ""
    attributes: Attributes = ()
    children: tuple[Tag, ...] = ()

    def add_to(self, parent: etree._Element) -> None:
        """Append this element to `parent`."""
        prefix, _, local = self.name.partition(":")
        uri = _ATOM if prefix == "atom" else NAMESPACES[prefix]
        element = etree.SubElement(parent, f"{{{uri}}}{local}", dict(self.attributes))
        element.text = self.text or None
        for child in self.children:
            child.add_to(element)


def attributes(**values: str | int | None) -> Attributes:
    """Attributes in their order, without those that are None; `aspect_ratio` stands for `aspect-ratio`."""
    return tuple((name.replace("_", "-"), str(value)) for name, value in values.items() if value is not None)


class ShowExtension(BaseExtension):
    """Puts `tags` and the elements `kept` into the channel and declares both namespaces.

    `html` says that its description is HTML, which stands in CDATA then.
    """

    def __init__(self) -> None:
        self.tags: tuple[Tag, ...] = ()
        self.kept: tuple[etree._Element, ...] = ()
        self.dated = True
        self.html = False

    def extend_ns(self) -> dict[str, str]:
        """The namespaces, with the exact names that apps compare."""
        return dict(NAMESPACES)

    def extend_rss(self, feed: etree._Element) -> etree._Element:
        """Add the tags to `<channel>`."""
        channel = feed[0]
        for tag in self.tags:
            tag.add_to(channel)
        channel.extend(self.kept)
        description = channel.find("description")
        if self.html and description is not None:
            description.text = etree.CDATA(description.text or "")
        if not self.dated:
            # feedgen writes the present moment where it is told none: the bytes would change at every build.
            channel.remove(channel.find("lastBuildDate"))
        return feed


class EpisodeExtension(BaseEntryExtension):
    """Puts `tags` and the elements `kept` into the item, and its description into CDATA: HTML is looked for there."""

    def __init__(self) -> None:
        self.tags: tuple[Tag, ...] = ()
        self.kept: tuple[etree._Element, ...] = ()

    def extend_rss(self, entry: etree._Element) -> etree._Element:
        """Add the tags to `<item>`."""
        for tag in self.tags:
            tag.add_to(entry)
        entry.extend(self.kept)
        description = entry.find("description")
        if description is not None and description.text:
            description.text = etree.CDATA(description.text)
        return entry
