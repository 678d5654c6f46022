"""What an item says besides RSS 2.0: Apple's tags and the podcast namespace's.

Sources as in feed_show. What is not set in episode.toml is not written.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping

from pipeline.publish import feed_podcasting as podcasting
from pipeline.publish.captions import HTML_TYPE, JSON_TYPE, SRT_TYPE, VTT_TYPE
from pipeline.publish.chapters import CHAPTERS_TYPE
from pipeline.publish.feed_podcasting import truth
from pipeline.publish.feed_tags import Tag, attributes
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles
from pipeline.release import AlternateAudio
from pipeline.show import Person, ShowSettings


def episode_tags(
    settings: ShowSettings,
    approved: ApprovedEpisode,
    files: EpisodeFiles,
    *,
    people: Mapping[str, Person],
    photos: Mapping[str, str],
) -> Iterator[Tag]:
    """The tags in their order. `people` are all of the show, for hosts and credits; `photos` as in show_tags."""
    episode = approved.episode
    yield from _apple(settings, approved, files)
    yield from _numbers(settings, approved)
    yield from _people(settings, approved, people, photos)
    yield from _transcripts(settings, approved, files)
    if files.chapters:
        more = attributes(url=settings.site_url + files.chapters, type=CHAPTERS_TYPE)
        yield Tag("podcast:chapters", attributes=more)
    for bite in episode.soundbites:
        start_ms = bite.start_ms + approved.release.recording_start_ms
        more = attributes(startTime=_seconds(start_ms), duration=_seconds(bite.end_ms - bite.start_ms))
        yield Tag("podcast:soundbite", (bite.title or "")[:128], more)
    if files.alternate and approved.alternate:
        yield _alternate(approved.alternate, settings.site_url + files.alternate, approved.language)
    yield from podcasting.places(episode.locations)
    if episode.license:
        yield podcasting.license_tag(episode.license, episode.license_url)
    yield from podcasting.funding(episode.funding)
    yield from podcasting.social(episode.social)
    for link in episode.content_links:
        yield Tag("podcast:contentLink", link.text, attributes(href=link.url))
    if episode.synthetic_voices:
        yield Tag("podcast:txt", "true", attributes(purpose="ai-content"))


def _apple(settings: ShowSettings, approved: ApprovedEpisode, files: EpisodeFiles) -> Iterator[Tag]:
    # Apple reads whole seconds; a file of less than one still has a length.
    seconds = max(1, (approved.release.duration_ms + 500) // 1000)
    kept = approved.episode.imported if approved.episode.keeps_audio else None
    said = kept.duration_s if kept else None
    yield Tag("itunes:duration", str(said or seconds))
    yield Tag("itunes:explicit", truth(approved.explicit))
    yield Tag("itunes:episodeType", approved.episode.type)
    if files.artwork:
        yield Tag("itunes:image", attributes=attributes(href=settings.site_url + files.artwork))
        yield podcasting.image(settings.site_url + files.artwork, None)
    if approved.episode.blocked:
        yield Tag("itunes:block", "Yes")


def _numbers(settings: ShowSettings, approved: ApprovedEpisode) -> Iterator[Tag]:
    episode = approved.episode
    if episode.season is not None:
        yield Tag("itunes:season", str(episode.season))
        name = next((season.name for season in settings.seasons if season.number == episode.season), None)
        yield Tag("podcast:season", str(episode.season), attributes(name=name))
    if episode.number is not None:
        yield Tag("itunes:episode", str(episode.number))
        yield Tag("podcast:episode", str(episode.number), attributes(display=episode.number_name))


def _people(
    settings: ShowSettings, approved: ApprovedEpisode, people: Mapping[str, Person], photos: Mapping[str, str]
) -> Iterator[Tag]:
    episode = approved.episode
    listed = [(person, "host" if person.id in episode.hosts else "guest", "cast") for person in approved.people]
    listed += [(people[credit.person], credit.role, credit.role_group) for credit in episode.credits]
    if listed and not episode.hosts and not episode.imported:
        # An item's list takes the place of the channel's: without this the regular hosts would vanish from it.
        known = {person.id for person, _, group in listed if group == "cast"}
        listed = [(people[host], "host", "cast") for host in settings.hosts if host not in known] + listed
    for person, role, group in listed:
        yield podcasting.person(person, role, group, photos.get(person.id))


def _transcripts(settings: ShowSettings, approved: ApprovedEpisode, files: EpisodeFiles) -> Iterator[Tag]:
    formats = (
        (files.vtt, VTT_TYPE), (files.srt, SRT_TYPE), (files.json, JSON_TYPE), (files.html, HTML_TYPE),
    )  # fmt: skip
    for kept in files.kept:
        url = settings.site_url + kept.path
        yield Tag(
            "podcast:transcript",
            attributes=attributes(url=url, type=kept.media_type, language=kept.language, rel=kept.rel),
        )
    for path, media_type in formats:
        if path is None:
            continue
        # HTML is read, not shown along with the sound.
        rel = None if media_type == HTML_TYPE else "captions"
        more = attributes(url=settings.site_url + path, type=media_type, language=approved.language, rel=rel)
        yield Tag("podcast:transcript", attributes=more)


def _alternate(audio: AlternateAudio, url: str, language: str) -> Tag:
    # Subresource Integrity (W3C): the digest in Base64 behind the name of its algorithm.
    digest = b64encode(bytes.fromhex(audio.digest.removeprefix("sha256:"))).decode()
    return Tag(
        "podcast:alternateEnclosure",
        attributes=attributes(
            type=audio.media_type,
            length=audio.size_bytes,
            bitrate=audio.bitrate_kbps * 1000,
            lang=language,
            title="Smaller file",
            codecs=audio.codecs,
        ),
        children=(
            Tag("podcast:source", attributes=attributes(uri=url)),
            Tag("podcast:integrity", attributes=attributes(type="sri", value=f"sha256-{digest}")),
        ),
    )


def _seconds(time_ms: int) -> str:
    return f"{time_ms // 1000}.{time_ms % 1000:03d}".rstrip("0").rstrip(".")
