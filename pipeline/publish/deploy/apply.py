"""Doing what a plan says. Killed at any step, the feed names only what is there, and the next publication goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline import files
from pipeline.errors import NoAnswer, Problem
from pipeline.publish.deploy.manifest import MANIFEST_NAME, Noted, write_manifest
from pipeline.publish.deploy.plan import Plan, Rank
from pipeline.publish.deploy.targets import Session, Stored, Upload
from pipeline.publish.headers import A_WHILE, content_type


def apply(
    session: Session,
    plan: Plan,
    manifest: Stored | None,
    before: Mapping[str, Noted],
    *,
    scratch: Path,
    report: Callable[[str, float], None] = lambda name, part: None,
) -> None:
    """Send, delete, commit, clear away what may not stay. `manifest` is how the note stands there now, `before` what it
    says; `scratch` is a folder.

    `report` is told what is sent and which part of the bytes is done, from 0.0 to 1.0. A note that was lost is written
    anew. Raises what sessions raise.
    """
    if plan.empty and (before or not plan.noted):
        session.commit()  # what a killed publication had finished and not shown
        session.clear_away(plan.cleared)
        return
    noted = dict(plan.noted) | {name: before[name] for name in plan.deletions}
    # Before anything is sent: whatever happens then, the next publication knows that it is ours.
    for step in plan.steps:
        noted[step.upload.name] = Noted(digest=step.upload.digest, size_bytes=step.upload.size_bytes)
    manifest = _write(session, noted, manifest, scratch)
    done_bytes, checked = 0, False
    for step in plan.steps:
        if step.rank is Rank.FEED and not checked:
            _require_all(session, noted)
            checked = True
        report(step.upload.name, done_bytes / max(1, plan.size_bytes))
        stored = session.put(step.upload, step.expected)
        done_bytes += step.upload.size_bytes
        noted[step.upload.name] = noted[step.upload.name].model_copy(update={"tag": stored.tag})
    for name, stored in plan.deletions.items():
        report(name, 1.0)
        session.delete(name, stored)
        del noted[name]
    _write(session, noted, manifest, scratch)
    session.commit()
    session.clear_away(plan.cleared)
    report("", 1.0)


def _write(session: Session, noted: Mapping[str, Noted], expected: Stored | None, scratch: Path) -> Stored:
    content = write_manifest(noted)
    path = scratch / "manifest.json"
    files.write_bytes(path, content)
    return session.put(
        Upload(MANIFEST_NAME, path, len(content), files.digest_bytes(content), content_type(MANIFEST_NAME), A_WHILE),
        expected,
    )


def _require_all(session: Session, noted: Mapping[str, Noted]) -> None:
    """Before the feed: everything that it may name stands there, in its full length."""
    stored = session.stored()
    torn = [
        name
        for name, one in noted.items()
        if one.tag is not None and ((there := stored.get(name)) is None or there.size_bytes != one.size_bytes)
    ]
    if torn:
        raise NoAnswer(
            [
                Problem(name, "it was sent, and is not there whole", "Publish again; the feed was not touched")
                for name in torn
            ]
        )
