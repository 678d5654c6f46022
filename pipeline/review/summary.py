"""What an editor should have seen before approving: what is left to hear and to settle, and every changed word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.claims import statements
from pipeline.review import checked
from pipeline.review.changes import Change, ChangedParagraph
from pipeline.review.open_episode import View, open_doubts
from pipeline.show import Episode, Show


def summary(view: View, review: checked.Review, show: Show, episode: Episode) -> dict[str, Any]:
    """The state of the checking, as the page takes it (times in ms of the recording).

    Statements without a source are those of the transcript: the gate refuses those of the notes, and says so itself.
    """
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
        "statements_without_source": list(_statements_without_source(view, show, episode)),
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


def _statements_without_source(view: View, show: Show, episode: Episode) -> Iterator[dict[str, Any]]:
    """Prompts, never a verdict: a guest's memory of their own life needs no source, and only a person can tell."""
    language = episode.language or show.settings.language
    terms = [one.term for one in show.glossary_of(episode)]
    for timed in view.timed:
        for one in statements(timed.text, language=language, terms=terms):
            if "citation" not in one.supports:
                started = [word.start_ms for word in timed.words if word.start_char <= one.start]
                start_ms = started[-1] if started else timed.start_ms
                yield {"start_ms": start_ms, "text": one.text, "kinds": list(one.kinds)}
