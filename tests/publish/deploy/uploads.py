"""What targets are given in tests: files of a site, and who publishes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pipeline import files
from pipeline.publish.deploy.targets import Session, Target, Upload, Writer, read
from pipeline.publish.headers import cache_control, content_type

ADA, BEN = Writer("token-of-ada", "ada@studio"), Writer("token-of-ben", "ben@home")


def site(folder: Path, contents: Mapping[str, bytes]) -> list[Upload]:
    """Write files into a folder, and say how they are put."""
    uploads = []
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = files.digest_bytes(content)
        uploads.append(Upload(name, path, len(content), digest, content_type(name), cache_control(name)))
    return uploads


def put_all(session: Session, uploads: Iterable[Upload]) -> list[str]:
    """Put what does not stand there yet as a publication would, by size and by what the target knows of digests."""
    stored = session.stored()
    sent = []
    for one in uploads:
        there = stored.get(one.name)
        if there is None or there.size_bytes != one.size_bytes or read(session, one.name) != one.path.read_bytes():
            session.put(one, there)
            sent.append(one.name)
    return sent


def publish(target: Target, uploads: Iterable[Upload], writer: Writer = ADA) -> list[str]:
    """A whole publication; gives the names of what travelled."""
    uploads = list(uploads)
    names = {one.name for one in uploads}
    with target.open(writer) as session:
        sent = put_all(session, uploads)
        for name, there in session.stored().items():
            if name not in names:
                session.delete(name, there)
        session.commit()
    return sent


def seen(root: Path) -> dict[str, bytes]:
    """Every file below a folder, as a web server would find it."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
