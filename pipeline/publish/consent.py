"""What people agreed to, held against what would be published of them.

Pure: consents, people, redactions and times in, refusals out. What depends on the day comes as a `Lapse`, so that a
reading can be judged again on another day without reading it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.align import TimedParagraph
from pipeline.errors import Refusal
from pipeline.show import Episode, Person
from pipeline.show.consent import CONSENT_NAME, Consent
from pipeline.show.redactions import Redaction
from pipeline.transcript import format_ms
from pipeline.withhold import Protected, find


@dataclass(frozen=True, slots=True)
class Lapse:
    """A refusal that stands on every day after `last_day`."""

    last_day: date
    refusal: Refusal


def lapsed(lapses: Sequence[Lapse], day: date) -> tuple[Refusal, ...]:
    """The refusals that stand on `day`."""
    return tuple(one.refusal for one in lapses if one.last_day < day)


def lapses(episode: Episode, consents: Mapping[str, Consent]) -> tuple[Lapse, ...]:
    """What will stand against the episode once a consent has expired."""
    return tuple(
        Lapse(
            one.expires_on,
            Refusal(
                _where(episode, person),
                f"the consent of {person} held until {one.expires_on.isoformat()}",
                "Ask them again and write the new days; until then the next run takes the episode off the site",
                "consent-expired",
            ),
        )
        for person, one in consents.items()
        if one.expires_on is not None
    )


def refusals(
    episode: Episode,
    consents: Mapping[str, Consent],
    people: Mapping[str, Person],
    *,
    required: bool,
    speakers: Sequence[str],
    paragraphs: Sequence[TimedParagraph],
    redactions: Sequence[Redaction],
    protected: Sequence[Protected],
    pseudonyms: Collection[str],
) -> list[Refusal]:
    """Every way in which the episode would go beyond what people agreed to, whatever the day.

    `required` asks for the consent of everybody who is heard: the episode's people and `speakers`, the names in its
    transcript. `paragraphs` (ms of the recording, like `redactions`) matter where somebody is to be read only.
    `protected` and `pseudonyms` are the show's protected names and what stands in their place.
    """
    found = list(_missing(episode, consents, people, speakers)) if required else []
    for person_id, consent in consents.items():
        person = people[person_id]
        found += _of_one(episode, person, consent)
        if consent.publish == "text only":
            found += _still_heard(episode, person, paragraphs, redactions)
        if consent.name == "pseudonym":
            found += _named(episode, person, protected, pseudonyms)
    return found


def _missing(
    episode: Episode, consents: Mapping[str, Consent], people: Mapping[str, Person], speakers: Sequence[str]
) -> Iterator[Refusal]:
    ids = {person.name: person.id for person in people.values()}
    heard = dict.fromkeys([*episode.people, *(ids[name] for name in speakers if name in ids)])
    for person in heard:
        if person not in consents:
            yield Refusal(
                str(episode.folder / CONSENT_NAME),
                f"nothing says what {people[person].name} agreed to, and this show asks for everybody's consent",
                f"Ask them, and write what they say under [{person}]",
                "consent-missing",
            )


def _of_one(episode: Episode, person: Person, consent: Consent) -> Iterator[Refusal]:
    where = _where(episode, person.id)
    if consent.withdrawn_on is not None:
        yield Refusal(
            where,
            f"{person.name} withdrew their consent on {consent.withdrawn_on.isoformat()}",
            f"Run onrecord withdraw {episode.slug}, or take everything of them out and delete their table",
            "consent-withdrawn",
        )
    if consent.asked_to_see and consent.seen_on is None:
        yield Refusal(
            where,
            f"{person.name} asked to see it first and has not",
            "Show it to them, then write seen_on",
            "consent-unseen",
        )
    if consent.publish == "altered voice" and not consent.voice_altered:
        yield Refusal(
            where,
            f"{person.name} agreed to an altered voice, and nothing says that the recording has one",
            "Alter the voice in the recording, listen, then write voice_altered = true",
            "consent-voice",
        )
    if person.photo and (consent.name == "pseudonym" or consent.publish == "altered voice"):
        yield Refusal(
            where,
            f"{person.name} is not to be recognised, and people.toml has a photo of them",
            f"Take photo out under [{person.id}] in people.toml",
            "consent-photo",
        )


def _still_heard(
    episode: Episode, person: Person, paragraphs: Sequence[TimedParagraph], redactions: Sequence[Redaction]
) -> Iterator[Refusal]:
    for paragraph in paragraphs:
        if paragraph.speaker == person.name and not _is_covered(paragraph, redactions):
            start, end = format_ms(paragraph.start_ms), format_ms(paragraph.end_ms)
            yield Refusal(
                _where(episode, person.id),
                f"{person.name} agreed to text only, and can be heard from {start} to {end}",
                f'Silence it and keep the words: in redactions.toml start = "{start}", end = "{end}", strike = "sound"',
                "consent-voice",
            )


def _is_covered(paragraph: TimedParagraph, redactions: Sequence[Redaction]) -> bool:
    """Whether the stretches together leave no moment of the paragraph; they may touch and overlap."""
    silent_until_ms = paragraph.start_ms
    for one in sorted(redactions, key=lambda stretch: stretch.start_ms):
        if one.start_ms <= silent_until_ms:
            silent_until_ms = max(silent_until_ms, one.end_ms)
    return silent_until_ms >= paragraph.end_ms and silent_until_ms > paragraph.start_ms


def _named(
    episode: Episode, person: Person, protected: Sequence[Protected], pseudonyms: Collection[str]
) -> Iterator[Refusal]:
    where = _where(episode, person.id)
    if next(find(person.name, protected), None) is not None:
        yield Refusal(
            where,
            f"{person.name} agreed to a pseudonym, and people.toml has a protected name",
            f"Write the pseudonym as name under [{person.id}] in people.toml, and in transcript.md",
            "consent-name",
        )
    elif person.name not in pseudonyms:
        yield Refusal(
            where,
            f"{person.id} agreed to a pseudonym, and the protected names do not say that “{person.name}” is one",
            "Add their real name with this pseudonym to the file that safeguards.protected_names in show.toml names",
            "consent-name",
        )


def _where(episode: Episode, person: str) -> str:
    return f"{episode.folder / CONSENT_NAME} [{person}]"
