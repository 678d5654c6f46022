"""What protects the people in an episode, judged: names that must not be published, and what each of them agreed to."""

from __future__ import annotations

from pipeline.errors import InvalidTranscript, Refusal
from pipeline.publish import consent, gate
from pipeline.publish.struck import Turn
from pipeline.show import Episode, Show
from pipeline.stages.takenover import kept_texts
from pipeline.timing import timed
from pipeline.transcript import MACHINE_NAME, MachineTranscript, Transcript, read_machine
from pipeline.withhold import Protected, in_pieces, protected_by, protected_in


def protected_in_episode(show: Show, episode: Episode) -> tuple[Protected, ...]:
    """Every name that must stand in nothing of the episode: those it strikes out, and those of the show's own list."""
    names = (*protected_in(show.redactions_of(episode)), *protected_by(show.protected_of(episode)))
    return tuple(dict.fromkeys(names))


def struck_turns(show: Show, episode: Episode, transcript: Transcript | None) -> tuple[Turn, ...] | None:
    """Who says what, and what is read in place of what is struck out; None where nothing of the text is struck out."""
    redactions = show.redactions_of(episode)
    if transcript is None or not any(one.strike == "both" for one in redactions):
        return None
    if (machine := _machine(episode)) is None:  # nobody knows the times: it is published no more until somebody does
        return None
    return tuple((one.speaker, in_pieces(one, redactions)) for one in timed(transcript, machine))


def safeguard_refusals(
    show: Show, episode: Episode, transcript: Transcript | None, markdown: str | None
) -> list[Refusal]:
    """Everything that would publish more of somebody than may be published, whatever the day."""
    return [*_names(show, episode, transcript, markdown), *_consents(show, episode, transcript)]


def _names(show: Show, episode: Episode, transcript: Transcript | None, markdown: str | None) -> list[Refusal]:
    protected = protected_in_episode(show, episode)
    if not protected and not show.redactions_of(episode):
        return []
    from pipeline.stages.redacting import uncovered

    credited = [show.people[credit.person] for credit in episode.credits]
    found = gate.named(episode, markdown, protected, [*show.episode_people(episode), *credited], kept_texts(episode))
    if transcript is not None and (machine := _machine(episode)) is not None:
        found += uncovered(show, episode, transcript, machine)
    return found


def _consents(show: Show, episode: Episode, transcript: Transcript | None) -> list[Refusal]:
    consents, required = show.consents_of(episode), show.settings.safeguards.require_consent
    if not consents and not required:
        return []
    # Only who is read and not heard needs the times of their words.
    machine = _machine(episode) if any(one.publish == "text only" for one in consents.values()) else None
    return consent.refusals(
        episode,
        consents,
        show.people,
        required=required,
        speakers=transcript.speakers if transcript else (),
        paragraphs=timed(transcript, machine) if transcript and machine else (),
        redactions=show.redactions_of(episode),
        protected=protected_by(show.protected_of(episode)),
        pseudonyms={one.pseudonym for one in show.protected_of(episode) if one.pseudonym},
    )


def _machine(episode: Episode) -> MachineTranscript | None:
    path = episode.folder / MACHINE_NAME
    try:
        return read_machine(path) if path.exists() else None
    except InvalidTranscript:  # reported where it is read
        return None
