"""Everything that is derived from one approved episode before any page is rendered, and what its files are named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import files
from pipeline.publish import artwork, captions, notes, share_image
from pipeline.publish.chapters import timed_chapters, to_chapters_json
from pipeline.publish.cues import Cue, cues
from pipeline.publish.glossary import Explained, explained, used_terms
from pipeline.publish.model import ApprovedEpisode, EpisodeFiles, KeptFile, named_by_content, place
from pipeline.publish.moving.kept import page_notes
from pipeline.publish.notes import Notes
from pipeline.publish.search.documents import Document, episode_document
from pipeline.show import Show

_CHAPTERS = "chapters.json"
_PAGE = "index.html"


@dataclass(frozen=True)
class Pictures:
    """One picture in the sizes that listeners get, as JPEG: the feed's, and that of pages."""

    feed: bytes
    page: bytes


@dataclass(frozen=True)
class EpisodeParts:
    """An approved episode with everything that is derived from it before pages can be rendered."""

    approved: ApprovedEpisode
    notes: Notes
    files: EpisodeFiles
    searched: Document
    cover: str | None
    terms: tuple[Explained, ...]
    contents: Mapping[str, bytes] = field(repr=False)


def episode_parts(show: Show, approved: ApprovedEpisode, shared: Pictures, pictures: Path) -> EpisodeParts:
    """Derive captions, chapters, notes and pictures; reduced pictures are kept in the folder `pictures`.

    `shared` is the show's artwork, for episodes that have none. Raises InvalidAudio where a picture cannot be used,
    InvalidEpisode where the notes cannot be rendered.
    """
    slug = approved.slug
    shown = cues(approved.paragraphs)
    contents = _captions(show, approved, shown)
    brought = approved.imported
    if brought and brought.chapters:
        contents[_CHAPTERS] = brought.chapters
    elif chapters := timed_chapters(approved):
        contents[_CHAPTERS] = to_chapters_json(chapters, title=approved.episode.title, show=show.settings.title)
    names = {kind: named_by_content(slug, files.digest_bytes(content), kind) for kind, content in contents.items()}
    by_name = {names[kind]: content for kind, content in contents.items()}
    own: str | None = None
    cover: str | None = None
    picture = shared.page
    if approved.artwork_path is not None:
        both = pictures_of(approved.artwork_path, pictures)
        own = named_by_content(slug, files.digest_bytes(both.feed), "jpg")
        cover = named_by_content(slug, files.digest_bytes(both.page), "jpg")
        by_name |= {own: both.feed, cover: both.page}
        picture = both.page
    passed_on = share_image.prepare(
        share_image.Said(show.settings.title, approved.episode.title),
        picture,
        approved.peaks_path,
        share_image.share_colours(show.settings.look),
        pictures,
    )
    share = named_by_content(slug, files.digest_bytes(passed_on), "jpg")
    by_name[share] = passed_on
    kept: tuple[KeptFile, ...] = ()
    for one in brought.transcripts if brought and not shown else ():
        name = named_by_content(slug, files.digest_bytes(one.content), one.suffix)
        by_name[name] = one.content
        kept += (KeptFile(name, one.media_type, one.language, one.rel),)
    published = EpisodeFiles(
        page=place(slug, _PAGE),
        audio=named_by_content(slug, approved.release.digest, approved.release_path.suffix.removeprefix(".")),
        vtt=names.get("vtt"),
        srt=names.get("srt"),
        json=names.get("json"),
        html=names.get("html"),
        chapters=names.get(_CHAPTERS),
        alternate=named_by_content(slug, approved.alternate.digest, approved.alternate.suffix)
        if approved.alternate
        else None,
        artwork=own,
        share=share,
        kept=kept,
    )
    said = " ".join(paragraph.text for paragraph in approved.paragraphs)
    terms = explained(used_terms(show.glossary_of(approved.episode), approved.notes_markdown, said))
    if brought and not approved.notes_markdown:
        rendered = page_notes(brought.item)
    else:
        rendered = notes.render(
            approved.notes_markdown,
            show.sources_of(approved.episode),
            terms=terms,
            heading_level=3,
            offset_ms=approved.release.recording_start_ms,
        )
    searched = episode_document(approved, published, rendered, shown)
    return EpisodeParts(
        approved=approved,
        notes=rendered,
        files=published,
        searched=searched,
        cover=cover,
        terms=terms,
        contents=by_name | {searched.card: searched.card_content},
    )


def _captions(show: Show, approved: ApprovedEpisode, shown: Sequence[Cue]) -> dict[str, bytes]:
    """The transcript in its formats, by suffix; none where there is no checked one."""
    if not shown:
        return {}
    return {
        "vtt": captions.to_vtt(shown),
        "srt": captions.to_srt(shown),
        "json": captions.to_json(shown),
        "html": captions.to_html(
            shown,
            title=approved.episode.title,
            language=approved.language,
            languages=approved.spoken_languages,
            page=show.settings.site_url + place(approved.slug, _PAGE),
            noindex=show.settings.noindex or approved.episode.noindex,
        ),
    }


def pictures_of(path: Path, folder: Path) -> Pictures:
    """A picture in the sizes that listeners get, kept in `folder`. Raises InvalidAudio."""
    return Pictures(
        feed=artwork.prepare(path, artwork.FEED_SIZE_PX, folder).read_bytes(),
        page=artwork.prepare(path, artwork.PAGE_SIZE_PX, folder).read_bytes(),
    )
