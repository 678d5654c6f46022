"""How a listener subscribes: one link for each app and directory, the feed's address, and its QR code.

Pure. Where show.toml names the show's page in a directory, that is the link. Where it names none, an app gets one
only when it is known to take the address of any feed; the link then opens the app, if it is there:

- Overcast: `overcast://x-callback-url/add?url=`, then the whole address. Podlove's Subscribe Button uses it so, and
  its threads 165 and 169 on GitHub tell why the scheme must be in it.
- Pocket Casts: `pktc://subscribe/`, then the address without its scheme, which both of its apps ask for by http (in
  their sources: IntentUtil.kt for Android, the route `/subscribe/*` for iOS). Hosts lead that on to https.
- Apple Podcasts: the address with `podcast:` in the place of `https:`, as Podlove's Subscribe Button and many shows
  link it. Only devices by Apple know the scheme.
- AntennaPod: a page of its own makers, which offers the app where it is missing
  (antennapod.org/documentation/podcasters-hosters/add-on-antennapod).

Spotify, YouTube Music and Amazon Music have no such way; a show is there when its makers have put it there.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlsplit

import segno

from pipeline.show import ShowSettings

# Four modules of quiet on each side (ISO/IEC 18004), in the picture itself: the page around it may be dark.
_QUIET_MODULES = 4
_LABELS = (
    ("apple", "Apple Podcasts"),
    ("spotify", "Spotify"),
    ("youtube_music", "YouTube Music"),
    ("amazon_music", "Amazon Music"),
    ("overcast", "Overcast"),
    ("pocket_casts", "Pocket Casts"),
    ("antennapod", "AntennaPod"),
    ("castro", "Castro"),
    ("podcast_addict", "Podcast Addict"),
    ("deezer", "Deezer"),
)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to subscribe. `kind` tells a page that opens in the browser from a link that needs the app."""

    app: str
    label: str
    url: str
    kind: Literal["page", "app"]


def ways(settings: ShowSettings, feed_url: str) -> tuple[Way, ...]:
    """Every app and directory that the show can be subscribed in by a link, pages before links that need an app."""
    known = [
        way
        for app, label in _LABELS
        if (way := _way(app, label, getattr(settings.subscribe, app), feed_url, settings.title))
    ]
    return tuple(sorted(known, key=lambda way: way.kind == "app"))


def directory_pages(settings: ShowSettings) -> tuple[str, ...]:
    """The show's own pages in directories, as show.toml names them."""
    return tuple(url for app, _ in _LABELS if (url := getattr(settings.subscribe, app)))


def qr_code(text: str) -> bytes:
    """A QR code as an SVG picture: black on white with its quiet zone, readable on any ground. The same text, the
    same bytes. Raises ValueError for text that no QR code can hold (about 2300 bytes)."""
    try:
        code = segno.make_qr(text, error="m")
    except segno.DataOverflowError as error:
        raise ValueError(f"{len(text.encode())} bytes are too many for a QR code") from error
    picture = io.BytesIO()
    code.save(picture, kind="svg", border=_QUIET_MODULES, dark="#000", light="#fff", omitsize=True, nl=True)
    return picture.getvalue()


def _way(app: str, label: str, page: str | None, feed_url: str, title: str) -> Way | None:
    if page:
        return Way(app, label, page, "page")
    bare = feed_url.removeprefix(f"{urlsplit(feed_url).scheme}://")
    match app:
        case "apple":
            return Way(app, label, f"podcast://{bare}", "app")
        case "overcast":
            return Way(app, label, f"overcast://x-callback-url/add?url={quote(feed_url, safe='')}", "app")
        case "pocket_casts":
            return Way(app, label, f"pktc://subscribe/{bare}", "app")
        case "antennapod":
            query = f"url={quote(feed_url, safe='')}&title={quote(title, safe='')}"
            return Way(app, label, f"https://antennapod.org/deeplink/subscribe?{query}", "page")
    return None
