"""What machines read on the pages: JSON-LD in the vocabulary of schema.org.

Plain data in the order of writing, so the same episode gives the same bytes. Only what is known is said; names and
addresses that people wrote are values here, and `as_script` makes them harmless in a page.

Terms: https://schema.org/PodcastSeries, /PodcastEpisode, /AudioObject and what they lead to. Values of
`accessibilityFeature` are those of W3C's Schema.org Accessibility Properties for Discoverability Vocabulary.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipeline.publish.captions import SRT_TYPE, VTT_TYPE
from pipeline.publish.citation_data import citation
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles
from pipeline.show import Person, ShowSettings, Source
from pipeline.show.amends import Correction

LISTED_EPISODES = 50

_CONTEXT = "https://schema.org"
# What would end or confuse the element that holds the data; JSON has another way to write each of them.
_HARMLESS = str.maketrans({character: f"\\u{ord(character):04x}" for character in ("<", ">", "&", "\u2028", "\u2029")})
_CREDITS = {"producer": "producer", "editor": "editor", "director": "director", "composer": "musicBy"}

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PageAddresses:
    """Public addresses that the data of an episode's page names. `photos` by a person's id."""

    site: str
    page: str
    images: Sequence[str]
    photos: Mapping[str, str]


def as_json(data: Data) -> str:
    """The data on one line, without anything that a page could take for an end or a beginning of an element."""
    return json.dumps(_known(data), ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(_HARMLESS)


def as_script(data: Data) -> Markup:
    """The data as `<script type="application/ld+json">`, which no browser runs and no text in it can leave."""
    return Markup(f'<script type="application/ld+json">{as_json(data)}</script>')  # noqa: S704 - see _HARMLESS


def series(
    settings: ShowSettings,
    episodes: Sequence[tuple[ApprovedEpisode, str]],
    people: Mapping[str, Person],
    *,
    images: Sequence[str],
    feed: str,
    same_as: Iterable[str] = (),
) -> Data:
    """The show as a PodcastSeries; `episodes`, newest first, with the address of each page.

    `same_as` are the show's pages in directories. The newest `LISTED_EPISODES` are listed: the feed has them all.
    """
    first = min((one.episode.published_at for one, _ in episodes), default=None)
    maker = _maker(settings, people.values())
    return {
        "@context": _CONTEXT,
        **_series_reference(settings),
        "description": settings.description,
        "identifier": {"@type": "PropertyValue", "propertyID": "podcast:guid", "value": str(settings.guid)},
        "image": list(images),
        "inLanguage": settings.language,
        "genre": list(settings.categories),
        "webFeed": feed,
        "author": maker,
        "publisher": maker,
        "actor": [_person(people[host], None) for host in settings.hosts],
        "copyrightHolder": _organization(settings.copyright),
        "license": settings.license_url or settings.license,
        "isFamilyFriendly": not settings.explicit,
        "isAccessibleForFree": True,
        "startDate": first.date().isoformat() if first else None,
        "numberOfEpisodes": len(episodes),
        "sameAs": sorted(set(same_as)),
        "containsSeason": [
            {"@type": "PodcastSeason", "seasonNumber": season.number, "name": season.name}
            for season in settings.seasons
        ],
        "episode": [
            {
                "@type": "PodcastEpisode",
                "@id": page,
                "name": one.episode.title,
                "url": page,
                "datePublished": one.episode.published_at.isoformat(),
                "timeRequired": iso_duration(one.release.duration_ms),
            }
            for one, page in episodes[:LISTED_EPISODES]
        ],
    }


def episode(
    settings: ShowSettings,
    approved: ApprovedEpisode,
    files: EpisodeFiles,
    sources: Sequence[Source],
    people: Mapping[str, Person],
    addresses: PageAddresses,
) -> Data:
    """An approved episode as a PodcastEpisode; `sources` are those that its page lists, `people` the show's."""
    one = approved.episode
    modes = ["auditory", "textual"] if approved.paragraphs else ["auditory"]
    duration = iso_duration(approved.release.duration_ms)
    maker = _maker(settings, people.values())
    return {
        "@context": _CONTEXT,
        "@type": "PodcastEpisode",
        "@id": addresses.page,
        "identifier": {"@type": "PropertyValue", "propertyID": "guid", "value": one.guid},
        "name": one.title,
        "url": addresses.page,
        "mainEntityOfPage": addresses.page,
        "description": one.summary,
        "datePublished": one.published_at.isoformat(),
        "dateModified": approved.changed_at.isoformat(),
        "inLanguage": approved.language,
        "image": list(addresses.images),
        "timeRequired": duration,
        "duration": duration,
        "episodeNumber": one.number,
        "partOfSeason": _season(settings, one.season),
        "partOfSeries": _series_reference(settings),
        **_people(approved, people, addresses.photos),
        "author": maker,
        "publisher": maker,
        "copyrightHolder": _organization(settings.copyright),
        "license": one.license_url or one.license or settings.license_url or settings.license,
        "isFamilyFriendly": not approved.explicit,
        "isAccessibleForFree": True,
        "accessMode": modes,
        # The whole interview can be heard alone, or read alone.
        "accessModeSufficient": [{"@type": "ItemList", "itemListElement": [mode]} for mode in modes],
        "accessibilityFeature": ["transcript", "closedCaptions"] if approved.paragraphs else [],
        "associatedMedia": _sound(approved, files, addresses, duration),
        "citation": [citation(source) for source in sources],
        "correction": [_correction(told) for told in one.corrections],
    }


def iso_duration(duration_ms: int) -> str:
    """A length as ISO 8601 writes it, in whole seconds: `PT1H2M5S`, `PT45S`."""
    minutes, seconds = divmod(round(duration_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if number]
    return "PT" + ("".join(parts) or "0S")


def _sound(approved: ApprovedEpisode, files: EpisodeFiles, addresses: PageAddresses, duration: str) -> list[Data]:
    release = approved.release

    def captions(path: str, media_type: str) -> Data:
        return {
            "@type": "MediaObject",
            "contentUrl": addresses.site + path,
            "encodingFormat": media_type,
            "inLanguage": approved.language,
        }

    def audio(path: str, media_type: str, size_bytes: int, bitrate_kbps: int, digest: str) -> Data:
        return {
            "@type": "AudioObject",
            "contentUrl": addresses.site + path,
            "encodingFormat": media_type,
            "contentSize": f"{size_bytes} B",
            "duration": duration,
            "bitrate": f"{bitrate_kbps} kbps",
            "sha256": digest.removeprefix("sha256:"),
            "inLanguage": approved.language,
        }

    spoken = audio(files.audio, approved.audio_type, release.size_bytes, release.bitrate_kbps, release.digest) | {
        "transcript": f"{addresses.page}#transcript" if approved.paragraphs else None,
        "caption": [captions(path, kind) for path, kind in ((files.vtt, VTT_TYPE), (files.srt, SRT_TYPE)) if path],
    }
    other = approved.alternate
    if other is None or files.alternate is None:
        return [spoken]
    return [spoken, audio(files.alternate, other.media_type, other.size_bytes, other.bitrate_kbps, other.digest)]


def _people(approved: ApprovedEpisode, people: Mapping[str, Person], photos: Mapping[str, str]) -> Data:
    # Where the voices are synthetic, nobody is heard: the page must not tell a machine otherwise.
    heard = () if approved.episode.synthetic_voices else approved.people
    parts: dict[str, list[Data]] = {"actor": [_person(one, photos.get(one.id)) for one in heard]}
    for credit in approved.episode.credits:
        if credit.person in people:
            part = _CREDITS.get(credit.role, "contributor")
            parts.setdefault(part, []).append(_person(people[credit.person], photos.get(credit.person)))
    return parts


def _correction(told: Correction) -> Data:
    return {
        "@type": "CorrectionComment",
        "name": told.kind.capitalize(),
        "text": told.note or told.says or told.said,
        "datePublished": told.at.isoformat(),
    }


def _person(person: Person, photo: str | None) -> Data:
    return {
        "@type": "Person",
        "name": person.name,
        "jobTitle": person.role,
        "affiliation": _organization(person.organisation),
        "url": person.url,
        "image": photo,
    }


def _maker(settings: ShowSettings, people: Iterable[Person]) -> Data | None:
    # Who makes the show is a newsroom, or one of its people.
    named = next((person for person in people if person.name == settings.author), None)
    return _person(named, None) if named else _organization(settings.author)


def _organization(name: str | None) -> Data | None:
    return {"@type": "Organization", "name": name} if name else None


def _season(settings: ShowSettings, number: int | None) -> Data | None:
    if number is None:
        return None
    name = next((season.name for season in settings.seasons if season.number == number), None)
    return {"@type": "PodcastSeason", "seasonNumber": number, "name": name}


def _series_reference(settings: ShowSettings) -> Data:
    return {
        "@type": "PodcastSeries",
        "@id": settings.site_url,
        "name": settings.title,
        "url": settings.site_url,
    }


def _known(value: Any) -> Any:
    """Without what is not known: None, and lists and names of nothing."""
    if isinstance(value, dict):
        return {key: _known(inner) for key, inner in value.items() if inner is not None and inner != []}
    if isinstance(value, list):
        return [_known(inner) for inner in value if inner is not None]
    return value
