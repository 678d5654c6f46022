"""What a producer should know of and what stops nothing.

A warning is a `Problem` like every other, without a code. It is told by `onrecord run`, `status` and `check`, each once
whatever number of episodes it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

from pipeline.errors import Problem
from pipeline.show import EPISODE_NAME, SHOW_NAME, Episode, Show
from pipeline.show.consent import CONSENT_NAME
from pipeline.show.helplines import HELPLINES_NAME
from pipeline.show.scaffold import DESCRIPTION_START, is_placeholder

HELPLINE_DAYS = 180
CONSENT_NOTICE_DAYS = 30
_SOUND_SUFFIXES = frozenset((".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav"))


def warnings(show: Show, episode: Episode, today: date) -> tuple[Problem, ...]:
    """Everything of an episode that somebody should look at. Each kind of warning is one line here."""
    return (
        *_description(show),
        *_artwork(show.folder / show.settings.artwork),
        *_helplines(show, episode, today),
        *_consents(show, episode, today),
    )


def unlisted_sound(show: Show, episode: Episode) -> tuple[Problem, ...]:
    """Sound that lies in an episode's folder and belongs to nothing: at worst, half of the talk is missing.

    Names that begin with a dot are temporary files, ours and those of other programs.
    """
    listed = {episode.folder / one.file for one in episode.recordings}
    listed |= {show.folder / name for name in (show.settings.audio.intro, show.settings.audio.outro) if name}
    found = sorted(
        path
        for path in episode.folder.iterdir()
        if path.suffix.lower() in _SOUND_SUFFIXES and not path.name.startswith(".") and path not in listed
    )
    what = f"it lies here and is in no [[recordings]] of {EPISODE_NAME}, so nobody will hear it"
    return tuple(Problem(str(path), what, "List it there, or move it elsewhere") for path in found)


def _description(show: Show) -> Iterator[Problem]:
    if show.settings.description.strip() == DESCRIPTION_START:
        what = f"the description is still “{DESCRIPTION_START}”, and apps will show that"
        yield Problem(str(show.folder / SHOW_NAME), what, "Write what the show is about")


@lru_cache(maxsize=1)  # thousands of episodes have it in common
def _is_placeholder(path: Path, changed_ns: int) -> bool:
    return is_placeholder(path)


def _artwork(path: Path) -> Iterator[Problem]:
    if path.is_file() and _is_placeholder(path, path.stat().st_mtime_ns):
        what = "the artwork is still the placeholder that the show began with, and apps will show that"
        yield Problem(str(path), what, "Put the show's picture in its place: square, 1400 to 3000 pixels")


def _helplines(show: Show, episode: Episode, today: date) -> Iterator[Problem]:
    for helpline in show.helplines_of(episode):
        where = f"{show.folder / HELPLINES_NAME} [{helpline.id}]"
        remedy = f"Call or look, mend what has changed, then write verified_on = {today.isoformat()}"
        if helpline.verified_on is None:
            yield Problem(where, f"nobody has verified the helpline {helpline.name}", remedy)
        elif (days := (today - helpline.verified_on).days) > HELPLINE_DAYS:
            day = helpline.verified_on.isoformat()
            yield Problem(where, f"the helpline {helpline.name} was last verified on {day}, {days} days ago", remedy)


def _consents(show: Show, episode: Episode, today: date) -> Iterator[Problem]:
    for person, consent in show.consents_of(episode).items():
        where = f"{episode.folder / CONSENT_NAME} [{person}]"
        ends = consent.expires_on
        if ends is not None and today <= ends <= today + timedelta(days=CONSENT_NOTICE_DAYS):
            what = f"the consent of {person} ends on {ends.isoformat()}, and the episode goes off the site then"
            yield Problem(where, what, "Ask them whether it may stay")
