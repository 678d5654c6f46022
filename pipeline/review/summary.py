"""What an editor should have seen before approving: what is left to hear and to settle, and every changed word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.review import checked
from pipeline.review.changes import Change, ChangedParagraph
from pipeline.review.figures import figures_without_source
from pipeline.review.open_episode import View, open_doubts


def summary(view: View, review: checked.Review, notes: str) -> dict[str, Any]:
    """The state of the checking, as the page takes it (times in ms of the recording)."""
    duration_ms, heard = view.machine.duration_ms, review.heard_by()
    left = checked.unheard(heard, duration_ms)
    digests = [checked.paragraph_digest(one) for one in view.transcript.paragraphs]
    changed = view.changed()
    return {
        "revision": view.revision,
        "unheard_ms": checked.total_ms(left),
        "unheard": [list(one) for one in left],
        "heard_percent": checked.heard_percent(heard, duration_ms),
        "open_doubts": open_doubts([one.id for one in view.doubts], review),
        "unticked": sum(digest not in review.ticks for digest in digests),
        "changed_words": sum(one.changed_words for one in changed),
        "diff": [_changed(one) for one in changed],
        "figures_without_source": [*_figures_in_text(view), *_figures_in_notes(notes)],
    }


def operations(changes: Sequence[Change]) -> list[list[str]]:
    """Changes as [operation, old, new]; where only case or punctuation differs, the words count as equal."""
    plain: list[list[str]] = []
    for one in changes:
        if one.operation not in ("equal", "style"):
            plain.append([one.operation, one.old, one.new])
        elif plain and plain[-1][0] == "equal":
            plain[-1] = ["equal", f"{plain[-1][1]} {one.old}", f"{plain[-1][2]} {one.new}"]
        else:
            plain.append(["equal", one.old, one.new])
    return plain


def _changed(one: ChangedParagraph) -> dict[str, Any]:
    return {
        "paragraph": one.paragraph,
        "start_ms": one.start_ms,
        "speaker": one.speaker,
        "machine": one.machine,
        "text": one.text,
        "ops": operations(one.changes),
    }


def _figures_in_text(view: View) -> list[dict[str, Any]]:
    return [
        {"start_ms": timed.start_ms, "text": sentence}
        for timed in view.timed
        for sentence in figures_without_source(timed.text)
    ]


def _figures_in_notes(notes: str) -> list[dict[str, Any]]:
    return [
        {"line": number, "text": sentence}
        for number, line in enumerate(notes.splitlines(), start=1)
        for sentence in figures_without_source(line)
    ]
