"""No silent change: what became another word since publication, and which correction tells it.

A correction quotes what stood there (`said`) and what stands there now (`says`). A change counts as told when both
its sides lie inside those quotations, looked up in the published and in the present text; a correction that quotes
what was never there is refused too. `…` in a quotation stands for words left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pipeline.errors import Refusal
from pipeline.publish.published import AUDIO, TRANSCRIPT, Record, Words, area, correction_digest, words_of
from pipeline.show import EPISODE_NAME, NOTES_NAME, Episode
from pipeline.show.amends import Correction, Place
from pipeline.transcript import TRANSCRIPT_NAME

_GAP = re.compile(r"\[?(?:…|\.\.\.)\]?")
SENTENCE_END = re.compile(r"[.!?…。！？]['\"”’»)]*\s|\n")
_SHOWN_MAX_WORDS = 12
_SHOWN_MAX_CHANGES = 10

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Change:
    """Words `before[old]` of a section became `now[new]`; either side may be empty."""

    section: str
    before: Words
    now: Words
    old: Span
    new: Span

    @property
    def said(self) -> str:
        """What stood there, shortened for a message."""
        return _shortened(self.before, self.old)

    @property
    def says(self) -> str:
        """What stands there now, shortened for a message."""
        return _shortened(self.now, self.new)

    def sentences(self) -> tuple[str, str]:
        """The sentences that hold the change, before and now: what a reader needs to see."""
        return _sentence(self.before, self.old), _sentence(self.now, self.new)


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[Change, ...]:
    """Every stretch of words that differs, section by section. The recordings count as one change."""
    names = [*before, *(name for name in now if name not in before)]
    return tuple(
        change
        for name in names
        if before.get(name) != now.get(name)
        for change in _changes(name, words_of(before.get(name, "")), words_of(now.get(name, "")))
    )


def untold(record: Record, now: Mapping[str, str], corrections: Sequence[Correction]) -> tuple[Change, ...]:
    """The changes since `record` that no new correction tells.

    A transcript where there was none, of an imported episode, changes no word of what was published.
    """
    if TRANSCRIPT not in record.sections:
        now = {name: text for name, text in now.items() if name != TRANSCRIPT}
    told = [_Told(one, record.sections, now) for one in _new(record, corrections)]
    return tuple(change for change in changes(record.sections, now) if not any(one.tells(change) for one in told))


def change_refusals(episode: Episode, record: Record, now: Mapping[str, str]) -> Iterator[Refusal]:
    """Why an episode that was published may not be published as it stands now."""
    where = str(episode.folder / EPISODE_NAME)
    if episode.guid != record.guid:
        what = f"it was published with the guid {record.guid}; with another one, apps would show it twice"
        yield Refusal(where, what, f'Write guid = "{record.guid}" again', "published-guid-changed")
    if episode.published_at.isoformat() != record.published_at:
        what = f"it was published with the date {record.published_at}; with another one it would move in people's apps"
        yield Refusal(where, what, f"Write published_at = {record.published_at} again", "published-date-changed")
    here = {correction_digest(one.model_dump(mode="json")) for one in episode.corrections}
    if lost := [one for one in record.corrections if one not in here]:
        what = f"{len(lost)} of its published corrections is gone or was changed"
        yield Refusal(where, what, "Restore it; add another correction for what is new", "correction-lost")
    for correction in _new(record, episode.corrections):
        yield from _unfounded(where, correction, record.sections, now)
    yield from _untold_refusals(episode, untold(record, now, episode.corrections))


def _untold_refusals(episode: Episode, found: Sequence[Change]) -> Iterator[Refusal]:
    remedy = f'Tell it: onrecord correct {episode.slug} --kind correction --by "NAME"; or restore the published words'
    names = {"notes": NOTES_NAME, "transcript": TRANSCRIPT_NAME}
    for change in found[:_SHOWN_MAX_CHANGES]:
        where = str(episode.folder / names.get(change.section, EPISODE_NAME))
        if change.section == AUDIO:
            what = "it was published with another recording, and no correction tells it"
        elif not change.said:
            what = f"“{change.says}” was added to the published {change.section}, and no correction tells it"
        elif not change.says:
            what = f"“{change.said}” was taken out of the published {change.section}, and no correction tells it"
        else:
            what = (
                f"in the published {change.section} “{change.said}” became “{change.says}”, and no correction tells it"
            )
        yield Refusal(where, what, remedy, "change-untold")
    if (more := len(found) - _SHOWN_MAX_CHANGES) > 0:
        yield Refusal(str(episode.folder), f"{more} more changes are untold", remedy, "change-untold")


def _unfounded(
    where: str, correction: Correction, before: Mapping[str, str], now: Mapping[str, str]
) -> Iterator[Refusal]:
    if set(correction.where) == {Place.AUDIO}:
        return  # it quotes what is heard, and sound has no words to look them up in
    told = _Told(correction, before, now)
    for quoted, spans, when in (
        (correction.said, told.old, "the published text"),
        (correction.says, told.new, "the text as it is now"),
    ):
        if quoted and not any(spans.values()):
            what = f"a correction quotes “{quoted[:80]}”, which is not in {when}"
            yield Refusal(where, what, "Quote it word by word; … stands for words left out", "correction-unfounded")


class _Told:
    """One correction, its quotations looked up in every section of the places that it names."""

    def __init__(self, correction: Correction, before: Mapping[str, str], now: Mapping[str, str]) -> None:
        self._areas = set(correction.where)
        self.old = self._find(correction.said, before)
        self.new = self._find(correction.says, now)

    def tells(self, change: Change) -> bool:
        if area(change.section) not in self._areas:
            return False
        return change.section == AUDIO or (
            _inside(change.old, self.old.get(change.section, ()))
            and _inside(change.new, self.new.get(change.section, ()))
        )

    def _find(self, quoted: str | None, texts: Mapping[str, str]) -> dict[str, tuple[Span, ...]]:
        if not quoted:
            return {}
        pieces = [piece for part in _GAP.split(quoted) if (piece := words_of(part).words)]
        return {
            section: tuple(_spans(pieces, words_of(text).words))
            for section, text in texts.items()
            if section != AUDIO and area(section) in self._areas
        }


def _new(record: Record, corrections: Sequence[Correction]) -> list[Correction]:
    return [one for one in corrections if correction_digest(one.model_dump(mode="json")) not in record.corrections]


def _inside(span: Span, quoted: Sequence[Span]) -> bool:
    return span[0] == span[1] or any(start <= span[0] and span[1] <= end for start, end in quoted)


def _spans(pieces: Sequence[tuple[str, ...]], words: tuple[str, ...]) -> Iterator[Span]:
    """Where the pieces stand in the words one after the other, from the first word to the last."""
    if not pieces:
        return
    first, *others = pieces
    start = _find(words, first, 0)
    while start is not None:
        end = start + len(first)
        for piece in others:
            place = _find(words, piece, end)
            if place is None:
                return
            end = place + len(piece)
        yield start, end
        start = _find(words, first, start + 1)


def _find(words: tuple[str, ...], piece: tuple[str, ...], start: int) -> int | None:
    for place in range(start, len(words) - len(piece) + 1):
        if words[place] == piece[0] and words[place : place + len(piece)] == piece:
            return place
    return None


def _changes(section: str, before: Words, now: Words) -> Iterator[Change]:
    old, new = before.words, now.words
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    matcher = SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail], autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        if kind != "equal":
            yield Change(section, before, now, (head + start, head + end), (head + new_start, head + new_end))


def _shortened(words: Words, span: Span) -> str:
    start, end = span
    if end - start <= _SHOWN_MAX_WORDS:
        return " ".join(words.quoted(start, end).split())
    return " ".join(words.quoted(start, start + _SHOWN_MAX_WORDS).split()) + " …"


def _sentence(words: Words, span: Span) -> str:
    """From the end of the sentence before to the end of the one that the words stand in; empty if there are none."""
    start, end = span
    if start == end:
        return ""
    ends = [match.end() for match in SENTENCE_END.finditer(words.text)]
    first = max((place for place in ends if place <= words.places[start][0]), default=0)
    last = min((place for place in ends if place >= words.places[end - 1][1]), default=len(words.text))
    return " ".join(words.text[first:last].split())
