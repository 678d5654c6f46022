"""What the desk needs of the other rooms, handed in: rooms do not import one another.

`pipeline/stages` builds a `DeskServices` from the publishing, audio and transcription rooms; tests build one from
small functions. Every callable may be called from several threads at once, except `retranscribe` and `publish`,
which the desk calls one at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.errors import Problem, Refusal
from pipeline.show import Source


@dataclass(frozen=True)
class EpisodeState:
    """One line of the list of episodes; `approved_by` are the names whose approvals hold."""

    slug: str
    title: str
    state: str
    because: str
    next_step: str
    approved_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    """Show notes as the page will show them: HTML that has been through the sanitiser, and what is wrong."""

    html: str
    references_html: str
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Approved:
    """A sealed approval: its file relative to the show's root, whose it is, and when."""

    path: str
    name: str
    at: datetime


@dataclass(frozen=True)
class VoiceSuggestion:
    """A voice of this episode sounds like a person who was named in another, whose title that is.

    `likeness` is 100 times the cosine of their prints; `is_close` says whether that is as near as one person's own
    voice usually is.
    """

    voice: str
    name: str
    episode: str
    likeness: int
    is_close: bool


@dataclass(frozen=True)
class Published:
    """What a run did, as lines for the editor, and how every episode stands after it."""

    done: tuple[str, ...]
    states: tuple[EpisodeState, ...]


ReportPart = Callable[[float], None]  # how much is done, from 0 to 1


@dataclass(frozen=True)
class DeskServices:
    """The other rooms as seen from the desk.

    `templates` is the folder that holds `desk/`. `states` says how every episode stands. `preview` renders
    notes.md with the sources an episode may cite; `source_label` is one source in one line of plain text.
    `refusals` lists all that stands against an episode but the approval itself; `voids` names what an approval
    would seal. `approve(slug, by, evidence)` seals the episode as it stands, and raises Refused with every reason
    against it. `retranscribe(slug, start_ms, end_ms, model, report)` returns the words of one stretch of the
    recording, with the glossary as it is now. `models` are the names of models on this machine. `was_published` says
    whether listeners were given the episode once. What is struck out is silenced `guard_ms` beyond both ends; a tone
    in its place has `tone_hz`. `publish` is a whole run, or None where the desk may not start one. `voices`
    says who the voices that a machine told apart may be.
    """

    templates: Path
    states: Callable[[], Sequence[EpisodeState]]
    preview: Callable[[str, Mapping[str, Source]], Preview]
    source_label: Callable[[Source], str]
    refusals: Callable[[str], Sequence[Refusal]]
    voids: Callable[[str], Sequence[str]]
    approve: Callable[[str, str, Mapping[str, Any]], Approved]
    retranscribe: Callable[[str, int, int, str, ReportPart], str]
    models: Callable[[], Sequence[str]]
    was_published: Callable[[str], bool]
    guard_ms: int
    tone_hz: int
    publish: Callable[[], Published] | None = None
    voices: Callable[[str], Sequence[VoiceSuggestion]] = lambda slug: ()
