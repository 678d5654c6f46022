"""The gate: every reason why an episode must not be published, all at once.

`CODES` names each reason; the codes are stable, and docs/refusals.md explains them. The gate looks at what
people wrote. Whether an approval holds is found out where approvals are kept, with the codes named here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from markdown_it.token import Token

from pipeline.errors import Refusal
from pipeline.publish.blocks import faults
from pipeline.publish.claimed import claim_refusals, claims_in_notes
from pipeline.publish.markdown import cited_in_text, forbidden_in, inline_tokens, parse
from pipeline.publish.notes import SCHEMES, format_time
from pipeline.publish.wording import counted
from pipeline.show import EPISODE_NAME, NOTES_NAME, PEOPLE_NAME, Episode, Person, Source
from pipeline.transcript import TRANSCRIPT_NAME, Paragraph, Transcript
from pipeline.withhold import Protected, find

CODES: dict[str, str] = {
    "approval-missing": "Nobody has approved the episode",
    "approval-own-edits": "The second person to approve had edited the text",
    "approval-second-missing": "Fewer people have approved than this show asks for",
    "approval-signature-bad": "An approval's signature is not good for the person it names",
    "approval-unheard": "Less of the recording was heard before the approval than this show asks for",
    "approval-unsigned": "An approval is not signed, and this show asks for signatures",
    "approval-unreadable": "A file in approvals/ is no record that can be read",
    "approval-void": "Something changed after the episode was approved",
    "block-malformed": "A fenced block in the notes (:::) is not known, not named or not closed",
    "change-untold": "A word of the published episode is another now, and no correction tells it",
    "chapter-beyond-end": "A chapter or a soundbite lies after the end of the recording",
    "character-forbidden": "The notes hold a control character, which no feed can carry",
    "citation-malformed": "Something in the notes looks like a citation and cannot be read as one",
    "citation-unknown": "A source is cited that is not in sources.json",
    "claim-unsourced": "A sentence in the notes states a figure, a date or somebody's words, and rests on nothing",
    "consent-expired": "Somebody's consent held until a day that has passed",
    "consent-missing": "Nothing says what somebody who is heard agreed to, and this show asks for it",
    "consent-name": "Somebody agreed to a pseudonym and has none, or their name stands in people.toml",
    "consent-photo": "Somebody is not to be recognised, and people.toml has a photo of them",
    "consent-unseen": "Somebody asked to see the episode first and has not",
    "consent-voice": "More would be heard of somebody than they agreed to",
    "consent-withdrawn": "Somebody withdrew their consent",
    "correction-lost": "A correction that was published is gone or was changed",
    "correction-unfounded": "A correction quotes words that are not there",
    "definition-unsourced": "A definition in the notes names no source",
    "embargo-broken": "The episode would be published before the end of its embargo",
    "guid-empty": "The episode's guid was never minted",
    "image-in-notes": "The notes hold an image, which pages do not show",
    "imported-struck": "Something is struck out of an imported episode, whose recording is published byte for byte",
    "imported-transcript": "There is a transcript of an imported episode that is published without one",
    "link-unsafe": "A link in the notes leads neither to the web nor to a mail address",
    "notes-empty": "The notes hold no words",
    "notes-missing": "There are no show notes",
    "number-missing": "The show is told in order and the episode has no number",
    "protected-name": "A protected name stands in what people wrote for the page, or is said",
    "published-date-changed": "The date of a published episode was changed",
    "published-guid-changed": "The guid of a published episode was changed",
    "redaction-incomplete": "A name that is struck out in one place is said, or can be read, in another",
    "scheduled": "The time of publication has not come",
    "speaker-unknown": "A name in the transcript is nobody's in people.toml",
    "speaker-unnamed": "A placeholder still stands where a speaker's name belongs",
    "time-beyond-end": "A time in the notes, or that of the content note, lies after the end of the recording",
    "title-too-long": "The title is longer than apps and directories accept",
    "transcript-empty": "The transcript holds no words",
    "transcript-missing": "There is no transcript",
    "waiver-unclear": "A waiver fits more than one sentence of the notes",
    "waiver-unused": "A waiver fits no sentence of the notes that needs one",
}

TITLE_MAX_CHARACTERS = 255
_BLOCK_REMEDIES = {
    "block-malformed": "Write ::: definition TERM, the words, a line with the citation, and ::: at the end",
    "definition-unsourced": "Let its last line be a citation, [@key, p. 12], or a time of the recording, [12:34]",
}
_PLACEHOLDER = re.compile(r"^(?:Speaker(?: \d+| \?)?|Voice \d+)$")


def refusals(
    episode: Episode,
    *,
    transcript: Transcript | None,
    notes_markdown: str | None,
    sources: Mapping[str, Source],
    people_names: Collection[str],
    now: datetime | None = None,
    recording_duration_ms: int | None = None,
    serial: bool = False,
    language: str = "en",
    terms: Collection[str] = (),
) -> list[Refusal]:
    """Every reason, in the order of the files. Empty: the gate is open.

    `people_names` are the names in people.toml. `now` (with a zone) holds back what is scheduled; without it the
    date is not looked at. `recording_duration_ms` bounds chapters, soundbites and the times in the notes, where it is
    known. `serial` is whether the show's type is serial, which needs a number on every episode. `language`
    is the show's, where the episode has none; `terms` are those of the glossary, which need no source.
    """
    return [
        *_episode(episode, now, serial),
        *_parts(episode, recording_duration_ms),
        *_transcript(episode, transcript, sources, people_names),
        *_notes(episode, notes_markdown, sources, recording_duration_ms),
        *_claims(episode, notes_markdown, episode.language or language, terms),
    ]


def named(
    episode: Episode,
    notes_markdown: str | None,
    protected: Sequence[Protected],
    people: Sequence[Person] = (),
    more: Iterable[tuple[str, str]] = (),
) -> list[Refusal]:
    """A refusal for every line of the notes, every setting of the episode and everything said of its people in which a
    protected name stands; `more` are further texts with their places."""
    notes = notes_markdown or ""  # searched as a whole: a name may begin on one line and end on the next
    settings = episode.model_dump(mode="json", exclude={"folder", "guid"})
    texts = [*more, *((str(episode.folder / EPISODE_NAME), text) for text in _texts(settings))]
    for person in people:
        where = f"{episode.folder.parent / PEOPLE_NAME} [{person.id}]"
        texts += [(where, text) for text in _texts(person.model_dump(mode="json", exclude_none=True))]
    places = [
        (f"{episode.folder / NOTES_NAME}:{notes.count(chr(10), 0, one.start) + 1}", notes, one)
        for one in find(notes, protected)
    ]
    places += [(where, text, one) for where, text in texts for one in find(text, protected)]
    return [
        Refusal(
            where,
            f"“{text[one.start : one.end]}” is a protected name and stands here",
            "Take it out, or write the pseudonym",
            "protected-name",
        )
        for where, text, one in places
    ]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _episode(episode: Episode, now: datetime | None, serial: bool) -> Iterator[Refusal]:
    where = str(episode.folder / EPISODE_NAME)
    if episode.imported is None and UUID(episode.guid).version is None:
        yield Refusal(
            where,
            f"the guid {episode.guid} is not one that was minted",
            f'Write guid = "{uuid4()}"',
            "guid-empty",
        )
    if not episode.is_taken_over and len(episode.title) > TITLE_MAX_CHARACTERS:
        yield Refusal(
            where,
            f"the title has {len(episode.title)} characters; apps and directories accept {TITLE_MAX_CHARACTERS}",
            "Shorten it",
            "title-too-long",
        )
    if serial and not episode.is_taken_over and episode.type == "full" and episode.number is None:
        yield Refusal(
            where,
            "it has no number, and the episodes of this show are told in order",
            'Add number = 1, or set type = "episodic" in show.toml',
            "number-missing",
        )
    if episode.embargo_until is not None and episode.published_at < episode.embargo_until:
        yield Refusal(
            where,
            f"it would be published on {_moment(episode.published_at)}, before the end of the embargo on "
            f"{_moment(episode.embargo_until)}",
            "Set published_at to the end of the embargo or later",
            "embargo-broken",
        )
    if now is not None and episode.published_at > now:
        yield Refusal(
            where,
            f"it is scheduled for {_moment(episode.published_at)}",
            "Run again after that time, or change published_at",
            "scheduled",
        )


def _moment(one: datetime) -> str:
    return one.isoformat(sep=" ", timespec="minutes")


def _parts(episode: Episode, duration_ms: int | None) -> Iterator[Refusal]:
    if duration_ms is None:
        return
    if episode.content_note_until is not None and episode.content_note_until >= duration_ms:
        yield Refusal(
            str(episode.folder / EPISODE_NAME),
            f"content_note_until lies after the end of the recording, {format_time(duration_ms)}",
            "Mend the time, or take it out where the note is about all of it",
            "time-beyond-end",
        )
    ends = [("chapter", one.title, one.start_ms + 1) for one in episode.chapters]
    ends += [("soundbite", one.title or format_time(one.start_ms), one.end_ms) for one in episode.soundbites]
    for what, name, end_ms in ends:
        if end_ms > duration_ms:
            yield Refusal(
                str(episode.folder / EPISODE_NAME),
                f"the {what} “{name}” lies after the end of the recording, {format_time(duration_ms)}",
                "Mend its times",
                "chapter-beyond-end",
            )


def _transcript(
    episode: Episode, transcript: Transcript | None, sources: Mapping[str, Source], people_names: Collection[str]
) -> Iterator[Refusal]:
    where = str(episode.folder / TRANSCRIPT_NAME)
    if episode.is_taken_over:
        return  # its page says that nobody here has checked one
    if transcript is None:
        yield Refusal(
            where, "there is no transcript", "Run onrecord run, then check what it wrote", "transcript-missing"
        )
        return
    if not any(_has_words(paragraph) for paragraph in transcript.paragraphs):
        yield Refusal(
            where,
            "the transcript holds no words",
            "Write what is said, or delete the file and run again to transcribe afresh",
            "transcript-empty",
        )
    for speaker in transcript.speakers:
        lines = [paragraph.line for paragraph in transcript.paragraphs if paragraph.speaker == speaker]
        place = f"{where}:{lines[0]}"
        if _PLACEHOLDER.match(speaker):
            yield Refusal(
                place,
                f"“{speaker}” still stands for somebody, in {counted(len(lines), 'paragraph')}",
                "Write who speaks, as people.toml has the name",
                "speaker-unnamed",
            )
        elif speaker not in people_names:
            yield Refusal(
                place,
                f"“{speaker}” is nobody in people.toml, in {counted(len(lines), 'paragraph')}",
                "Mend the name, or add the person to people.toml",
                "speaker-unknown",
            )
    for paragraph in transcript.paragraphs:
        for key in cited_in_text(paragraph.text):
            if key not in sources:
                yield _unknown_source(f"{where}:{paragraph.line}", key)


def _notes(
    episode: Episode, markdown: str | None, sources: Mapping[str, Source], duration_ms: int | None
) -> Iterator[Refusal]:
    where = str(episode.folder / NOTES_NAME)
    if markdown is None and episode.imported:
        return  # imported.xml has them
    if markdown is None:
        yield Refusal(where, "there are no show notes", f"Write {NOTES_NAME} beside {EPISODE_NAME}", "notes-missing")
        return
    text = markdown.removeprefix("\ufeff")
    for place, character in forbidden_in(text):
        line = text.count("\n", 0, place) + 1
        yield Refusal(
            f"{where}:{line}",
            f"it holds the control character U+{ord(character):04X}",
            "Delete that character",
            "character-forbidden",
        )
    blocks = parse(markdown)
    for fault in faults(blocks):
        yield Refusal(f"{where}:{fault.line}", fault.what, _BLOCK_REMEDIES[fault.code], fault.code)
    tokens = list(inline_tokens(blocks))
    for token, line in tokens:
        yield from _sign(token, f"{where}:{line}", sources, duration_ms)
    if not any(token.content.strip() for token, _ in tokens):
        yield Refusal(where, "the notes hold no words", "Write what the episode is about", "notes-empty")


def _claims(episode: Episode, markdown: str | None, language: str, terms: Collection[str]) -> Iterator[Refusal]:
    if markdown is not None:
        claims = claims_in_notes(markdown, episode.waivers, language=language, terms=terms)
        notes, settings = episode.folder / NOTES_NAME, episode.folder / EPISODE_NAME
        yield from claim_refusals(claims, episode.waivers, str(notes), str(settings))


def _sign(token: Token, where: str, sources: Mapping[str, Source], duration_ms: int | None) -> Iterator[Refusal]:
    """What is wrong with one citation, time, link or image."""
    match token.type:
        case "citation":
            for key, _ in token.meta["cites"]:
                if key not in sources:
                    yield _unknown_source(where, key)
        case "malformed_citation":
            yield Refusal(
                where,
                f"“{token.meta['source']}” cannot be read as a citation",
                "Write [@key], [@key, p. 12] or [@one; @two]; for a plain bracket write \\[",
                "citation-malformed",
            )
        case "time" if duration_ms is not None and token.meta["time_ms"] > duration_ms:
            time, end = format_time(token.meta["time_ms"]), format_time(duration_ms)
            yield Refusal(
                where, f"the time {time} lies after the end of the recording, {end}", "Mend the time", "time-beyond-end"
            )
        case "image":
            yield Refusal(
                where,
                "it holds an image, and pages show none yet",
                "Link to it instead: [words](https://…)",
                "image-in-notes",
            )
        case "link_open" if not _is_safe(str(token.attrGet("href") or "")):
            yield Refusal(
                where,
                f"the link to “{str(token.attrGet('href'))[:60]}” leads neither to the web nor to a mail address",
                "Begin it with https://, http:// or mailto:",
                "link-unsafe",
            )
        case _:
            pass


def _unknown_source(where: str, key: str) -> Refusal:
    return Refusal(
        where, f"the source {key} is not in sources.json", "Add it there, or mend the key", "citation-unknown"
    )


def _is_safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname)
    # A link without a scheme leads to another page of this site; with // and no scheme, to anywhere.
    return parts.scheme in SCHEMES or (not parts.scheme and not parts.netloc and bool(address))


def _has_words(paragraph: Paragraph) -> bool:
    return any(map(str.isalnum, re.sub(r"\[@[^\]]*\]", "", paragraph.text)))
