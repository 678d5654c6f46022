"""What a producer should know of and what stops nothing.

A warning is a `Problem` like every other, without a code. It is told by `onrecord run`, `status` and `check`, each once
whatever number of episodes it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from pipeline.errors import Problem
from pipeline.show import Episode, Show
from pipeline.show.consent import CONSENT_NAME
from pipeline.show.helplines import HELPLINES_NAME

HELPLINE_DAYS = 180
CONSENT_NOTICE_DAYS = 30


def warnings(show: Show, episode: Episode, today: date) -> tuple[Problem, ...]:
    """Everything of an episode that somebody should look at. Each kind of warning is one line here."""
    return (
        *_helplines(show, episode, today),
        *_consents(show, episode, today),
    )


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
