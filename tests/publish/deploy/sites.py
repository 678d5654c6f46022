"""Small sites to publish, as dictionaries of names and contents, and publications of them without a show around."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pipeline import files
from pipeline.publish.deploy.apply import apply
from pipeline.publish.deploy.manifest import MANIFEST_NAME, read_manifest
from pipeline.publish.deploy.plan import Plan, Wanted, make_plan, unclear
from pipeline.publish.deploy.targets import Session, Target, Writer, read

TODAY = date(2026, 11, 24)
ME = Writer("token-of-mine", "ada@studio")
OTHER = Writer("token-of-another", "ben@elsewhere")


def named(slug: str, content: str, suffix: str) -> str:
    """A name as media have it, with a piece of the content's digest."""
    return f"{slug}/{slug}-{files.digest_bytes(content.encode()).removeprefix('sha256:')[:12]}.{suffix}"


def site(version: int) -> dict[str, str]:
    """A site of two episodes, of which the second changes with the version."""
    audio, words = f"audio {version}", f"WEBVTT {version}"
    return {
        named("one", "audio", "mp3"): "audio",
        named("two", audio, "mp3"): audio,
        named("two", words, "vtt"): words,
        "one/index.html": "page one",
        "two/index.html": f"page two {named('two', audio, 'mp3')}",
        "index.html": f"front {version}",
        "feed.xml": f"feed {named('one', 'audio', 'mp3')} {named('two', audio, 'mp3')}",
    }


def written(folder: Path, contents: Mapping[str, str]) -> list[Wanted]:
    """The files of a site on the disk, as a plan wants them."""
    wanted: list[Wanted] = []
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        wanted.append(Wanted(name, path, len(content.encode()), files.digest_bytes(content.encode())))
    return wanted


def plan_at(session: Session, wanted: list[Wanted], *, hasty: frozenset[str] = frozenset()) -> Plan:
    """What is to be done at an open target."""
    stored = session.stored()
    noted = read_manifest(read(session, MANIFEST_NAME))
    asked = {name: session.digest(name) for name in unclear(wanted, stored, noted)}
    return make_plan(wanted, stored, noted, asked, today=TODAY, hasty=hasty)


def publish(
    target: Target,
    wanted: list[Wanted],
    scratch: Path,
    *,
    writer: Writer = ME,
    hasty: frozenset[str] = frozenset(),
) -> Plan:
    """Open, plan, apply."""
    with target.open(writer) as session:
        plan = plan_at(session, wanted, hasty=hasty)
        stored = session.stored()
        noted = read_manifest(read(session, MANIFEST_NAME))
        apply(session, plan, stored.get(MANIFEST_NAME), noted, scratch=scratch)
        return plan
