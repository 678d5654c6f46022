"""The rows of the server, H1 to H7, and what only a server can tell of C22 and I2."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

from pipeline.errors import Refused
from pipeline.publish.lint import media
from pipeline.publish.lint.fetching import Answer, Fetch, Question, same_server
from pipeline.publish.lint.items import enclosures
from pipeline.publish.lint.podcasting import TRANSCRIPT_TYPES
from pipeline.publish.lint.reading import Feed, Item, child, children, links
from pipeline.publish.lint.rows import Finding, finding

# One server should serve all its episodes alike, so the newest few stand for the rest.
ITEMS_ASKED_FOR = 3
_FEED_TYPES = ("application/rss+xml", "application/xml", "text/xml")
_WORTH_COMPRESSING_BYTES = 20_000
_FILE_MAX_BYTES = 5_000_000
_ELSEWHERE = "https://player.example"


def check_redirect(url: str, answer: Answer) -> Iterator[Finding]:
    """H6: the address answers with another one."""
    target = urljoin(url, answer.headers.get("location", ""))
    if answer.status in (301, 308):
        yield finding("H6", url, f"the feed has moved to {target}", remedy=f"Use {target}", severity="advice")
    elif answer.status in (302, 303, 307):
        yield finding("H6", url, f"it sends readers to {target}, and only for now (status {answer.status})")


def check_server(feed: Feed, url: str, fetch: Fetch) -> Iterator[Finding]:
    """How the server at `url` answers for the feed and, where they are on the same server, for its files."""
    ask = _Asker(url, fetch)
    yield from _feed(feed, url, ask)
    image = child(feed.channel, "itunes:image")
    if image is not None and (art := image.get("href")):
        yield from _head(art, "channel", ask)
        if (answer := ask(art, max_bytes=_FILE_MAX_BYTES)) and answer.status == 200:
            yield from media.check_picture("C11", "channel", art, answer.body)
    for item, enclosure in list(enclosures(feed))[:ITEMS_ASKED_FOR]:
        yield from _audio(item, enclosure.get("url") or "", enclosure.get("length"), enclosure.get("type"), ask)
        for tag in (*children(item.element, "podcast:transcript"), *children(item.element, "podcast:chapters")):
            yield from _text(item, tag.get("url") or "", tag.get("type") or "", ask)


class _Asker:
    """Asks, where the address is on the same server; None where it is not, or where nothing answers."""

    def __init__(self, home: str, fetch: Fetch) -> None:
        self._home = home
        self._fetch = fetch

    def __call__(self, url: str, method: str = "GET", max_bytes: int = 0, **headers: str) -> Answer | None:
        if not same_server(self._home, url):
            return None
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            return self._fetch(Question(url, method, sent, max_bytes))
        except (OSError, Refused):
            return Answer(0)


def _feed(feed: Feed, url: str, ask: _Asker) -> Iterator[Finding]:
    yield from _head(url, "feed", ask)
    answer = ask(url, Origin=_ELSEWHERE, Accept_Encoding="gzip")
    if answer is None or answer.status != 200:
        return
    kind = _kind(answer)
    if kind not in _FEED_TYPES:
        yield finding("H4", "feed", f"it is served as “{kind}”", remedy="Serve it as application/rss+xml")
    if answer.headers.get("access-control-allow-origin") != "*":
        yield finding("H5", "feed", "web players may not read it: it is served without Access-Control-Allow-Origin")
    if feed.size_bytes > _WORTH_COMPRESSING_BYTES and answer.headers.get("content-encoding") not in (
        "gzip",
        "br",
        "zstd",
    ):
        yield finding("H7", "feed", f"its {feed.size_bytes:,} bytes are sent as they are")
    yield from _conditional(url, answer, ask)
    if links(feed.channel, "hub"):
        said = answer.headers.get("link", "")
        if 'rel="hub"' not in said.replace("'", '"') or 'rel="self"' not in said.replace("'", '"'):
            yield finding("C22", "feed", "the feed names a hub, and the server's Link header does not")


def _conditional(url: str, answer: Answer, ask: _Asker) -> Iterator[Finding]:
    tag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    if not tag and not modified:
        yield finding("H3", "feed", "it is served with neither ETag nor Last-Modified, so every reader loads it whole")
        return
    sent = {"If_None_Match": tag} if tag else {"If_Modified_Since": modified or ""}
    again = ask(url, Accept_Encoding="gzip", max_bytes=0, **sent)
    if again is not None and again.status != 304:
        yield finding("H3", "feed", f"asked whether it has changed, the server answers {again.status}, not 304")


def _head(url: str, where: str, ask: _Asker) -> Iterator[Finding]:
    head = ask(url, "HEAD")
    if head is None:
        return
    if head.status == 0:
        yield finding("H1", where, f"{url} does not answer", remedy="Check the server and the address")
    elif head.status != 200:
        yield finding("H1", where, f"{url} answers HEAD with {head.status}")


def _audio(item: Item, url: str, length: str | None, kind: str | None, ask: _Asker) -> Iterator[Finding]:
    head = ask(url, "HEAD")
    if head is None:
        return
    yield from _head(url, item.where, ask)
    if head.status != 200:
        return
    size = head.headers.get("content-length", "")
    if size and size != length:
        yield finding("I2", item.where, f"the enclosure says {length} bytes, and the server has {size}")
    if _kind(head) != (kind or "").lower():
        yield finding("H4", item.where, f"its audio is served as “{_kind(head)}”, and the feed says {kind}")
    part = ask(url, max_bytes=100, Range="bytes=0-99")
    if part is not None and (part.status != 206 or not part.headers.get("content-range", "").startswith("bytes 0-99/")):
        yield finding("H2", item.where, f"asked for the first 100 bytes, the server answers {part.status}")
        return
    last = ask(url, max_bytes=100, Range="bytes=-100")
    if last is not None and last.status != 206:
        yield finding("H2", item.where, f"asked for the last 100 bytes, the server answers {last.status}")
    beyond = ask(url, Range=f"bytes={int(size or 0) + 1000}-")
    if size.isdigit() and beyond is not None and beyond.status != 416:
        yield finding("H2", item.where, f"asked for bytes past the end, the server answers {beyond.status}, not 416")


def _text(item: Item, url: str, kind: str, ask: _Asker) -> Iterator[Finding]:
    answer = ask(url, max_bytes=_FILE_MAX_BYTES, Origin=_ELSEWHERE)
    if answer is None:
        return
    if answer.status != 200:
        yield finding("H1", item.where, f"{url} answers {answer.status or 'nothing'}")
        return
    if _kind(answer) != kind.lower():
        yield finding("H4", item.where, f"{url} is served as “{_kind(answer)}”, and the feed says {kind}")
    if answer.headers.get("access-control-allow-origin") != "*":
        yield finding("H5", item.where, f"web players may not read {url}")
    yield from media.check_text(item.where, TRANSCRIPT_TYPES.get(kind.lower(), ""), kind, answer.body)


def _kind(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()
