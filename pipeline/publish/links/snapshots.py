"""Snapshots: what a source's server sent, byte for byte, in a WARC file of its own, and the list of them.

WARC 1.1 (ISO 28500:2017), one gzip member per record, as every web archive reads it: a warcinfo record, then request
and response of each step of the way. `episodes/snapshots.json` lists the files with their digests. It stands beside
sources.json and not in it, because an approval seals the sources that an episode cites: a copy made later must not
void it.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.warcwriter import WARCWriter

from pipeline import __version__, files
from pipeline.errors import InvalidShow, Problem
from pipeline.publish.links.body import as_text
from pipeline.publish.links.fetch import Answer
from pipeline.show import Source

SNAPSHOTS_NAME = "snapshots.json"
PAGE_MAX_BYTES = 64_000_000
_VERSION = 1
_WARC_WRITER: Any = WARCWriter  # warcio ships no types
_ARCHIVE_ITERATOR: Any = ArchiveIterator
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One copy of a source.

    `file` is inside the show's folder; `digest` is of that file, `payload_digest` of the page in it; `at` is when it
    was taken (UTC). `archived` is the address of a public archive's copy made with it.
    """

    file: str
    digest: str
    payload_digest: str
    at: datetime
    url: str
    media_type: str
    size_bytes: int
    archived: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As it stands in snapshots.json."""
        found = {
            "file": self.file,
            "sha256": self.digest.removeprefix("sha256:"),
            "payload_sha256": self.payload_digest.removeprefix("sha256:"),
            "at": self.at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "url": self.url,
            "media_type": self.media_type,
            "size_bytes": self.size_bytes,
        }
        return found | ({"archived": self.archived} if self.archived else {})

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_json` wrote. Raises KeyError, ValueError or TypeError for anything else."""
        at = datetime.fromisoformat(value["at"])
        if at.tzinfo is None:
            raise ValueError("at carries no time zone")
        for name in ("file", "url", "media_type"):
            if not isinstance(value[name], str):
                raise TypeError(f"{name} is no text")
        return cls(
            value["file"],
            f"sha256:{value['sha256']}",
            f"sha256:{value['payload_sha256']}",
            at,
            value["url"],
            value["media_type"],
            int(value["size_bytes"]),
            str(value["archived"]) if value.get("archived") else None,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What a snapshot holds: the page as the server sent it, unpacked."""

    body: bytes
    content_type: str

    @property
    def text(self) -> str:
        """The page as text (`body.as_text`)."""
        return as_text(self.body, self.content_type)


def read_list(path: Path) -> dict[str, tuple[Snapshot, ...]]:
    """The snapshots by the source's key, oldest first. Raises InvalidShow where the list cannot be read."""
    if not path.exists():
        return {}
    try:
        content = json.loads(path.read_text("utf-8"))
        if content["version"] != _VERSION:
            raise ValueError(f"version {content['version']} is not known")
        listed = {str(key): [Snapshot.from_json(one) for one in taken] for key, taken in content["snapshots"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        remedy = "Restore the file; the program writes it, and nobody else need do so"
        raise InvalidShow(Problem(f"{path}:1", f"this is no list of snapshots ({error})", remedy)) from error
    return {key: tuple(sorted(taken, key=lambda one: one.at)) for key, taken in listed.items()}


def write_list(path: Path, snapshots: Mapping[str, Sequence[Snapshot]]) -> None:
    """Write the list, whole or not at all."""
    listed = {key: [one.as_json() for one in taken] for key, taken in snapshots.items() if taken}
    files.write_text(path, files.readable_json({"version": _VERSION, "snapshots": listed}))


def newest(source: Source, snapshots: Mapping[str, Sequence[Snapshot]]) -> Snapshot | None:
    """The newest snapshot of a source at the address it has now; another address is another page."""
    taken = [one for one in snapshots.get(source.id, ()) if one.url == source.URL]
    return max(taken, key=lambda one: one.at, default=None)


def take(root: Path, folder: str, key: str, url: str, answer: Answer) -> Snapshot:
    """Write an answer, fetched with `keep`, as a WARC file into `folder` of the show at `root`.

    Raises InvalidShow where the folder leads out of it.
    """
    at = answer.exchanges[-1].at
    name = f"{_file_part(key)}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.warc.gz"
    content = warc(name, answer)
    path = files.inside(root, f"{folder}/{name}")
    if path is None:
        what = "it is a link that leads out of the show"
        raise InvalidShow(Problem(str(root / folder), what, "Make it a folder, or name another as links.snapshots"))
    files.write_bytes(path, content)
    return Snapshot(
        f"{folder}/{name}",
        files.digest_bytes(content),
        files.digest_bytes(answer.body),
        at.astimezone(UTC).replace(microsecond=0),
        url,
        answer.media_type,
        len(content),
    )


def warc(name: str, answer: Answer) -> bytes:
    """The WARC file of an answer's exchanges."""
    out = io.BytesIO()
    writer = _WARC_WRITER(out, gzip=True, warc_version="WARC/1.1")
    info = {"software": f"OnRecord/{__version__}", "format": "WARC File Format 1.1"}
    writer.write_record(writer.create_warcinfo_record(name, info))
    for one in answer.exchanges:
        shared = {"WARC-Date": _warc_date(one.at), "WARC-IP-Address": one.ip}
        response = writer.create_warc_record(
            one.url, "response", io.BytesIO(one.received), len(one.received), warc_headers_dict=dict(shared)
        )
        request = writer.create_warc_record(
            one.url,
            "request",
            io.BytesIO(one.sent),
            len(one.sent),
            warc_headers_dict=shared | {"WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID")},
        )
        writer.write_record(request)
        writer.write_record(response)
    return out.getvalue()


def open_snapshot(root: Path, snapshot: Snapshot) -> Kept:
    """What a snapshot holds.

    Raises InvalidShow where its file is not there, is not the one that was written, or holds no page.
    """
    path = files.inside(root, snapshot.file)
    if path is None or not path.is_file():
        raise InvalidShow(Problem(snapshot.file, "the snapshot is not there", "Restore the file, or take another"))
    content = path.read_bytes()
    if files.digest_bytes(content) != snapshot.digest:
        raise InvalidShow(
            Problem(snapshot.file, "it is not the snapshot that was taken", "Restore the file, or take another")
        )
    found: Kept | None = None
    try:
        for record in _ARCHIVE_ITERATOR(io.BytesIO(content)):
            if record.rec_type == "response" and record.http_headers is not None:
                body = record.content_stream().read(PAGE_MAX_BYTES)
                found = Kept(body, record.http_headers.get_header("Content-Type") or "")
    except (ArchiveLoadFailed, OSError, ValueError, EOFError) as error:
        raise InvalidShow(Problem(snapshot.file, f"it cannot be read ({error})", "Take another")) from error
    if found is None:
        raise InvalidShow(Problem(snapshot.file, "it holds no page", "Take another"))
    return found


def same_page(snapshot: Snapshot, answer: Answer) -> bool:
    """Whether an answer is, byte for byte, the page that a snapshot holds."""
    return files.digest_bytes(answer.body) == snapshot.payload_digest


def with_archived(snapshot: Snapshot, archived: str) -> Snapshot:
    """The snapshot with the address of a public archive's copy."""
    return replace(snapshot, archived=archived)


def _file_part(key: str) -> str:
    plain = _ODD.sub("_", key).strip("._")[:80] or "source"
    # Two keys must not share a file, on file systems that do not tell capitals apart either.
    return plain if plain == key.lower() else f"{plain}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _warc_date(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
