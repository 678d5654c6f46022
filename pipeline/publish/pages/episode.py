"""What the page of one episode shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

from pipeline.publish.chapters import timed_chapters
from pipeline.publish.claimed import waived_claims
from pipeline.publish.finished import Candidate, Neighbour
from pipeline.publish.heads import episode_head
from pipeline.publish.model import ApprovedEpisode
from pipeline.publish.notes import reference_html
from pipeline.publish.pages.frame import PEOPLE_PAGE, Site, page_address, relative
from pipeline.publish.pages.transcript import Moment, mentions, moment, transcript_html
from pipeline.publish.parts import EpisodeParts
from pipeline.publish.wording import newest_corrections
from pipeline.show import CallToAction, Person, Show, Source
from pipeline.show.helplines import Helpline

_TIME_LINK = re.compile(r'(<a [^<>]*?href=")(?=#t=)')


@dataclass(frozen=True)
class _ListedSource:
    """`said` are the sentences that rest on it: when each begins, and the id of the source's number there."""

    key: str
    number: int
    anchor: str
    html: Markup
    said: list[tuple[Moment, str]]


@dataclass(frozen=True)
class _Named:
    """Somebody named on the page: `part` is what they do in this episode."""

    person: Person
    photo: str | None
    link: str


def episode_context(
    site: Site, part: EpisodeParts, *, newer: Neighbour | None, older: Neighbour | None
) -> dict[str, Any]:
    """The variables of episode.html beside those of every page; docs/templates.md names them."""
    approved, files = part.approved, part.files
    episode, page = approved.episode, files.page
    citable = site.show.sources_of(episode)
    audio = relative(page, files.audio)
    sources = _sources(part, citable, audio)
    head = episode_head(
        site.settings,
        site.show.people,
        approved,
        files,
        [citable[one.key] for one in sources if one.key in citable],
        artwork=site.assets["artwork"],
        photos=site.photos,
    )
    start_ms = approved.release.recording_start_ms
    until_ms = approved.content_note_until_ms
    return {
        "head": head,
        "approved": approved,
        "episode": episode,
        "skip_to": moment(until_ms, audio) if until_ms is not None else None,
        "helplines": _by_country(approved.helplines),
        "noindex": site.settings.noindex or episode.noindex,
        "corrections": newest_corrections(episode.corrections),
        "people": _people(site, approved, page),
        "credits": [(credit.role, site.show.people[credit.person]) for credit in episode.credits],
        "asks": [ask for ask in episode.calls_to_action if not _has_ended(ask, site.today)],
        "ended": [ask for ask in episode.calls_to_action if _has_ended(ask, site.today)],
        "chapters": [(moment(one.start_ms, audio), one.title, one.url) for one in timed_chapters(approved)],
        "soundbites": [
            (moment(one.start_ms + start_ms, audio), moment(one.end_ms + start_ms, audio), one.title)
            for one in episode.soundbites
        ],
        "sources": sources,
        "waived": waived_claims(
            approved.notes_markdown,
            episode.waivers,
            language=approved.language,
            terms=[term.term for term in site.show.glossary_of(episode)],
        ),
        "terms": part.terms,
        "notes_html": _with_playing_times(part.notes.html, audio),
        "transcript": transcript_html(
            approved.paragraphs,
            audio=audio,
            numbers={one.key: one.number for one in sources},
            languages=approved.spoken_languages,
        ),
        "cover": relative(page, part.cover) if part.cover else None,
        "files": {
            name: relative(page, path) if path else None
            for name, path in (
                ("audio", files.audio),
                ("alternate", files.alternate),
                ("vtt", files.vtt),
                ("srt", files.srt),
                ("json", files.json),
                ("html", files.html),
                ("captions", files.captions),
            )
        },
        "kept": [(relative(page, one.path), one.path.rpartition(".")[2].upper()) for one in files.kept],
        "audio_name": files.audio.rpartition(".")[2].upper(),
        "license": (episode.license or site.settings.license, episode.license_url or site.settings.license_url),
        "report": _report_address(site, approved, page),
        "newer": _neighbour(page, newer),
        "older": _neighbour(page, older),
        "player_modules": [relative(page, module) for module in site.assets.player],
    }


def named_people(show: Show, approved: ApprovedEpisode | Candidate) -> tuple[Person, ...]:
    """Everybody who is named for an episode, each once: those who are heard, then those who are credited."""
    heard = {one.id: one for one in approved.people}
    credited = {one.person: show.people[one.person] for one in approved.episode.credits}
    return tuple((credited | heard)[person_id] for person_id in dict.fromkeys((*heard, *credited)))


def _people(site: Site, approved: ApprovedEpisode, page: str) -> list[tuple[str, list[_Named]]]:
    named = [
        _Named(
            person,
            relative(page, site.photos[person.id]) if person.id in site.photos else None,
            f"{relative(page, PEOPLE_PAGE)}#{person.id}",
        )
        for person in approved.people
    ]
    hosts = [one for one in named if one.person.id in approved.episode.hosts]
    guests = [one for one in named if one.person.id not in approved.episode.hosts]
    parts = (("Host" if len(hosts) == 1 else "Hosts", hosts), ("Guest" if len(guests) == 1 else "Guests", guests))
    return [(part, people) for part, people in parts if people]


def _by_country(helplines: Sequence[Helpline]) -> list[tuple[str, list[Helpline]]]:
    """The countries in the order in which they are first named, each with its lines."""
    found: dict[str, list[Helpline]] = {}
    for one in helplines:
        found.setdefault(one.country_name, []).append(one)
    return list(found.items())


def _report_address(site: Site, approved: ApprovedEpisode, page: str) -> str | None:
    """A letter to the editors that names the episode; the player's script adds the second."""
    mail = site.settings.contact_email
    if mail is None:
        return None
    subject = quote(f"Error in “{approved.episode.title}”")
    body = quote(f"What is wrong, and what is right?\n\n{page_address(site.settings, page)}")
    return f"mailto:{quote(mail, safe='@')}?subject={subject}&body={body}"


def _neighbour(page: str, other: Neighbour | None) -> tuple[str, str, str] | None:
    return (relative(page, other.page), other.title, other.language) if other else None


def _sources(part: EpisodeParts, sources: Mapping[str, Source], audio: str) -> list[_ListedSource]:
    """The sources of the notes, and after them those that only the transcript cites; each with when it is said."""
    spoken = mentions(part.approved.paragraphs)
    numbered = [(one.source.id, one.html) for one in part.notes.references]
    known = {key for key, _ in numbered}
    numbered += [(key, reference_html(sources[key])) for key in spoken if key not in known and key in sources]
    return [
        _ListedSource(
            key,
            number,
            f"source-{number}",
            Markup(html),  # noqa: S704 - sanitised by notes
            [
                (moment(time_ms, audio), f"said-{number}-{nth}")
                for nth, time_ms in enumerate(spoken.get(key, ()), start=1)
            ],
        )
        for number, (key, html) in enumerate(numbered, start=1)
    ]


def _with_playing_times(html: str, audio: str) -> Markup:
    # Notes link times as #t=754, which only a script understands; in the audio's own address it plays without.
    linked = _TIME_LINK.sub(lambda match: f"{match[1]}{escape(audio)}", html)
    return Markup(linked)  # noqa: S704 - sanitised by notes.render


def _has_ended(ask: CallToAction, today: date) -> bool:
    return ask.ends_on is not None and ask.ends_on < today
