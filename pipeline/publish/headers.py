"""What a web server says beside a file of the site: its type, and for how long it may be kept."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

CONTENT_TYPES = {
    ".aac": "audio/aac",
    ".avif": "image/avif",
    ".css": "text/css; charset=utf-8",
    ".flac": "audio/flac",
    ".gif": "image/gif",
    ".html": "text/html; charset=utf-8",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".chapters.json": "application/json+chapters",
    ".json": "application/json",
    ".m4a": "audio/mp4",
    ".m4v": "video/x-m4v",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".png": "image/png",
    ".srt": "application/x-subrip; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".vtt": "text/vtt; charset=utf-8",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".xml": "application/rss+xml; charset=utf-8",
}
FOR_EVER = "public, max-age=31536000, immutable"
A_WHILE = "public, max-age=300"
_OTHER_XML = {"sitemap.xml": "application/xml; charset=utf-8"}
# A piece of the content's digest in the name (model.named_by_content, templates.static_place).
_NAMED_BY_CONTENT = re.compile(r"-(?P<piece>[0-9a-f]{12})\.[a-z0-9.]+$")


def content_type(name: str) -> str:
    """The value of Content-Type for a file of this name, whatever the tables of this machine say."""
    path = PurePosixPath(name.lower())
    double = "".join(path.suffixes[-2:])
    return (
        _OTHER_XML.get(path.name)
        or CONTENT_TYPES.get(double)
        or CONTENT_TYPES.get(path.suffix, "application/octet-stream")
    )


def digest_piece(name: str) -> str | None:
    """The 12 hexadecimal digits of the content's digest that a name carries; None where it carries none."""
    match = _NAMED_BY_CONTENT.search(name)
    return match["piece"] if match else None


def cache_control(name: str) -> str:
    """The value of Cache-Control: what is named by its content never becomes other content, the rest may in minutes."""
    return FOR_EVER if digest_piece(name) else A_WHILE
