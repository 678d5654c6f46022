"""What was done at the desk: `review.json`, the evidence of the checking.

It holds what was played (by whom), which paragraphs were confirmed, which doubts were settled, and whose hand
changed which paragraphs. A tick is bound to the digest of the paragraph it confirms, so an edit un-ticks it by
construction, and undoing the edit ticks it again. What was heard belongs to one recording: when the recording is
replaced, nothing of the new one was heard.

Values and pure functions, with the file at the edge (`read_review`, `write_review`). Whoever changes the file
holds `Workspace.locked()`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline import files
from pipeline.errors import InvalidEpisode, Problem
from pipeline.show import ApprovalPolicy
from pipeline.transcript import Paragraph

REVIEW_NAME = "review.json"

Range = tuple[int, int]

_GAP_MS = 300
_MAIL = re.compile(r"\s*<[^<>]*>\s*$")


class Mark(BaseModel):
    """Who did it, and when (UTC, `2026-11-24T06:00:00Z`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str
    at: str


class Review(BaseModel):
    """review.json. `heard` and `edited` are by person's name.

    `recording` is the digest of the audio that was heard. `edited` maps, for each person, the place of a paragraph
    to the digest of what stood there before that person's first change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    recording: str = ""
    heard: dict[str, list[tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]]] = Field(
        default_factory=dict
    )
    ticks: dict[str, Mark] = Field(default_factory=dict)
    resolved: dict[str, Mark] = Field(default_factory=dict)
    edited: dict[str, dict[str, str]] = Field(default_factory=dict)

    def heard_by(self, name: str | None = None) -> tuple[Range, ...]:
        """What one person played, or, without a name, what anybody played."""
        if name is not None:
            return merge_ranges(self.heard.get(name, ()))
        return merge_ranges(piece for pieces in self.heard.values() for piece in pieces)

    def edits_by(self, name: str) -> int:
        """How many paragraphs stand otherwise than before this person changed them."""
        return len(self.edited.get(name, {}))


def paragraph_digest(paragraph: Paragraph) -> str:
    """What a tick is bound to: a paragraph's time, speaker and words."""
    return files.digest_json({"speaker": paragraph.speaker, "start_ms": paragraph.start_ms, "text": paragraph.text})


def name_of(by: str) -> str:
    """`Ada Host` from `Ada Host <ada@example.org>`: evidence goes by name, approvals carry the address."""
    return " ".join(_MAIL.sub("", by).split())


def merge_ranges(ranges: Iterable[Sequence[int]]) -> tuple[Range, ...]:
    """The same time (ms), as few stretches as possible in order; empty and reversed ones are left out."""
    merged: list[Range] = []
    for start_ms, end_ms in sorted((one[0], one[1]) for one in ranges):
        if end_ms <= start_ms:
            continue
        if merged and start_ms <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end_ms))
        else:
            merged.append((start_ms, end_ms))
    return tuple(merged)


def total_ms(ranges: Iterable[Range]) -> int:
    """The length of merged ranges together."""
    return sum(end_ms - start_ms for start_ms, end_ms in ranges)


def unheard(heard: Sequence[Range], duration_ms: int) -> tuple[Range, ...]:
    """What of a recording of `duration_ms` is left; slits shorter than 300 ms are the player's, not a person's."""
    edges = [0, *(min(edge, duration_ms) for one in heard for edge in one), duration_ms]
    gaps = zip(edges[::2], edges[1::2], strict=True)
    return tuple((start_ms, end_ms) for start_ms, end_ms in gaps if end_ms - start_ms >= min(_GAP_MS, duration_ms or 1))


def heard_percent(heard: Sequence[Range], duration_ms: int) -> int:
    """The share that was played, in whole percent rounded down; 100 of nothing."""
    missing_ms = total_ms(unheard(heard, duration_ms))
    return 100 * (duration_ms - missing_ms) // duration_ms if duration_ms else 100


def for_recording(review: Review, recording: str) -> Review:
    """The review of this very recording (its digest): what was heard or confirmed of another one does not count."""
    if review.recording == recording:
        return review
    if not review.recording:
        return review.model_copy(update={"recording": recording})
    return review.model_copy(update={"recording": recording, "heard": {}, "ticks": {}})


def with_deeds(
    review: Review,
    *,
    by: str,
    at: str,
    duration_ms: int,
    heard: Iterable[Sequence[int]] = (),
    tick: Iterable[str] = (),
    untick: Iterable[str] = (),
    resolve: Iterable[str] = (),
    unresolve: Iterable[str] = (),
) -> Review:
    """The review after what a person did. The same deeds again change nothing.

    `heard` is cut at `duration_ms`; `tick` and `untick` are paragraph digests, `resolve` and `unresolve` ids of
    doubts. The first to confirm something stays the one who did.
    """
    name, mark = name_of(by), Mark(by=name_of(by), at=at)
    played = [(max(0, one[0]), min(one[1], duration_ms)) for one in heard]
    taken_back, reopened = set(untick), set(unresolve)
    ticks = dict.fromkeys(tick, mark) | review.ticks
    resolved = dict.fromkeys(resolve, mark) | review.resolved
    return review.model_copy(
        update={
            "heard": review.heard | {name: list(merge_ranges([*review.heard.get(name, ()), *played]))}
            if played
            else review.heard,
            "ticks": {digest: one for digest, one in ticks.items() if digest not in taken_back},
            "resolved": {doubt: one for doubt, one in resolved.items() if doubt not in reopened},
        }
    )


def with_edits(review: Review, by: str, before: Sequence[Paragraph], after: Sequence[Paragraph]) -> Review:
    """The review after `by` changed the text from `before` to `after`; what is undone counts no more."""
    name = name_of(by)
    was, now = [paragraph_digest(one) for one in before], [paragraph_digest(one) for one in after]
    kept, there = set(now), set(was)
    edited = dict(review.edited.get(name, {}))
    for paragraph, digest in zip(before, was, strict=True):
        if digest not in kept:
            edited.setdefault(_place(paragraph, digest), digest)
    if len(after) > len(before):
        for paragraph, digest in zip(after, now, strict=True):
            if digest not in there:
                edited.setdefault(_place(paragraph, digest), "")
    places = {_place(paragraph, digest) for paragraph, digest in zip(after, now, strict=True)}
    edited = {place: digest for place, digest in edited.items() if (digest not in kept if digest else place in places)}
    return review.model_copy(update={"edited": {**review.edited, name: edited}})


def needs(
    policy: ApprovalPolicy, review: Review, *, by: str | None, duration_ms: int, approved_by: Sequence[str]
) -> tuple[str, ...]:
    """What the show's policy still asks for, as sentences without their full stop.

    With `by`: what keeps this person from approving. Without: what the episode lacks, whoever approves.
    `approved_by` are the names whose approvals hold now.
    """
    name = name_of(by) if by else None
    missing: list[str] = []
    percent = heard_percent(review.heard_by(name), duration_ms)
    if percent < policy.minimum_heard_percent:
        who = f"{name} has" if name else "somebody has"
        missing.append(f"{policy.minimum_heard_percent} % of the recording must be heard; {who} played {percent} %")
    others = [one for one in approved_by if one != name]
    if policy.people > 1 and name and others and review.edits_by(name):
        missing.append("the second approval must come from somebody who changed nothing in the text")
    if policy.people > 1 and not name and len(others) < policy.people:
        missing.append(f"two people must approve, the second without changes of their own; {len(others)} did so far")
    return tuple(missing)


def evidence(review: Review, *, by: str, duration_ms: int, open_doubts: int) -> dict[str, Any]:
    """What is known of one person's checking, as an approval keeps it: integers only."""
    heard = review.heard_by(name_of(by))
    missing = unheard(heard, duration_ms)
    return {
        "duration_ms": duration_ms,
        "heard_ms": duration_ms - total_ms(missing),
        "heard_percent": heard_percent(heard, duration_ms),
        "unheard": [list(one) for one in missing],
        "open_doubts": open_doubts,
        "edits_by_me": review.edits_by(name_of(by)),
    }


def read_review(path: Path) -> Review:
    """Read review.json, empty where there is none. Raises InvalidEpisode when it is not one."""
    try:
        return Review.model_validate(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return Review()
    except (ValidationError, ValueError, RecursionError) as error:
        raise InvalidEpisode(
            Problem(
                str(path),
                "what was done at the desk cannot be read",
                "Restore the file from version control, or delete it and check the episode again",
            )
        ) from error


def write_review(path: Path, review: Review) -> None:
    """Write review.json when it differs from what is there, and sort what has no order."""
    content: Mapping[str, Any] = review.model_dump(mode="json")
    files.write_if_changed(path, files.readable_json(content).encode("utf-8"))


def _place(paragraph: Paragraph, digest: str) -> str:
    return digest if paragraph.start_ms is None else str(paragraph.start_ms)
