"""Where a name is said in an interview: in the editor's text, and in what the machine heard of it.

The machine may have spelt a name otherwise, and the editor may have put a pseudonym in its place: both are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.align import SPACELESS, TimedParagraph, TimedWord
from pipeline.likeness import fold, likeness
from pipeline.show.redactions import Redaction
from pipeline.transcript import MachineTranscript, MachineWord
from pipeline.withhold import Protected, find

_AROUND_CHARACTERS = 30
# Where a struck word may have strayed to in a text that was rearranged; shorter words say nothing of anybody.
_STRAYS_MS = 30_000
_MIN_CHARACTERS = 4
_CORRECTS = 0.5  # so much alike are a word and its correction
_MIN_SPACELESS = 2
_SPACELESS = re.compile(f"[{SPACELESS}]")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a name is said, in ms of the recording, with the words around it."""

    start_ms: int
    end_ms: int
    around: str


def occurrences(paragraphs: Sequence[TimedParagraph], machine: MachineTranscript, name: str) -> list[Occurrence]:
    """Every place where `name` is said, in the order of time."""
    protected = [Protected(name)]
    return _merged([*_written(paragraphs, protected), *_heard(machine, protected)])


def unstruck(
    paragraphs: Sequence[TimedParagraph],
    machine: MachineTranscript,
    redactions: Sequence[Redaction],
    protected: Sequence[Protected],
) -> Iterator[tuple[Protected, Occurrence]]:
    """Every place where one of the names is said and not struck out.

    What is written must be struck out of the words; what was only heard, and stands otherwise in the text (a pseudonym,
    for example), at least out of the sound.
    """
    of_words = [one for one in redactions if one.strike == "both"]
    for name in protected:
        left = [place for place in _written(paragraphs, [name]) if not is_touched(place, of_words)]
        left += [place for place in _heard(machine, [name]) if not is_touched(place, redactions)]
        for place in _merged(left):
            yield name, place


def strayed(
    published: Sequence[TimedParagraph], machine: MachineTranscript, redactions: Sequence[Redaction]
) -> Iterator[tuple[str, Occurrence]]:
    """Every word that was heard only where it is struck out, and is still read nearby, where it was not heard.

    Words are struck by their times. Where a text was rearranged the time of a word may be reckoned, or be another
    word's: this is the second look, which asks no times. `published` is the text after `withhold.withheld`.
    """
    of_words = [one for one in redactions if one.strike == "both"]
    unstruck_words = {
        fold(word.text) for word in machine.words if of_words and not is_touched(_moment(word), redactions)
    }
    heard = {word.start_ms: fold(word.text) for word in machine.words}
    for one in of_words:
        inside = dict.fromkeys(word.text.strip() for word in machine.words if is_touched(_moment(word), [one]))
        # Who is spoken of elsewhere too is no secret; nor is an everyday word.
        sought = [Protected(word) for word in inside if _tells(word) and fold(word) not in unstruck_words]
        for paragraph in published if sought else ():
            if paragraph.end_ms < one.start_ms - _STRAYS_MS or one.end_ms + _STRAYS_MS < paragraph.start_ms:
                continue
            unheard = [word for word in paragraph.words if not _is_heard(word, heard)]
            for place in find(paragraph.text, sought):
                words = [word for word in unheard if word.start_char < place.end and place.start < word.end_char]
                if words and not any(is_touched(_moment(word), of_words) for word in words):
                    around = _around(paragraph.text, place.start, place.end)
                    yield place.name, Occurrence(words[0].start_ms, words[-1].end_ms, around)


def _is_heard(word: TimedWord, heard: Mapping[int, str]) -> bool:
    """Whether it stands where it, or what is like it, was heard: a pair may be two words that only share a place."""
    if word.provenance == "paired":
        return likeness(heard.get(word.start_ms, ""), fold(word.text)) >= _CORRECTS
    return word.provenance == "kept"


def _tells(word: str) -> bool:
    return len(word) >= (_MIN_SPACELESS if _SPACELESS.search(word) else _MIN_CHARACTERS)


def _moment(word: TimedWord | MachineWord) -> Occurrence:
    return Occurrence(word.start_ms, max(word.end_ms, word.start_ms + 1), "")


def is_touched(place: Occurrence, redactions: Sequence[Redaction]) -> bool:
    """Whether any of the redactions reaches into a place."""
    return any(one.start_ms < place.end_ms and place.start_ms < one.end_ms for one in redactions)


def _written(paragraphs: Sequence[TimedParagraph], protected: Sequence[Protected]) -> Iterator[Occurrence]:
    for paragraph in paragraphs:
        for place in find(paragraph.text, protected):
            words = [one for one in paragraph.words if one.start_char < place.end and place.start < one.end_char]
            if words:
                around = _around(paragraph.text, place.start, place.end)
                yield Occurrence(words[0].start_ms, words[-1].end_ms, around)


def _heard(machine: MachineTranscript, protected: Sequence[Protected]) -> Iterator[Occurrence]:
    # Of each voice by itself: somebody's “yes” may stand between first and last name.
    for words in machine.voices:
        heard = "".join(word.text for word in words)
        starts, position = [], 0
        for word in words:
            starts.append(position)
            position += len(word.text)
        for place in find(heard, protected):
            spoken = [
                word
                for word, start in zip(words, starts, strict=True)
                if start < place.end and place.start < start + len(word.text)
            ]
            yield Occurrence(spoken[0].start_ms, spoken[-1].end_ms, _around(heard, place.start, place.end))


def _merged(found: Sequence[Occurrence]) -> list[Occurrence]:
    """Places that overlap are one: text and machine words tell of the same moment."""
    merged: list[Occurrence] = []
    for one in sorted(found, key=lambda place: (place.start_ms, place.end_ms)):
        if merged and one.start_ms < merged[-1].end_ms:
            last = merged[-1]
            merged[-1] = Occurrence(last.start_ms, max(last.end_ms, one.end_ms), last.around)
        else:
            merged.append(one)
    return merged


def _around(text: str, start: int, end: int) -> str:
    """The words of `text` from `start` to `end`, with whole words of about 30 characters before and after."""
    before = text[max(0, start - _AROUND_CHARACTERS) : start]
    after = text[end : end + _AROUND_CHARACTERS]
    if start > _AROUND_CHARACTERS:
        before = before.partition(" ")[2]
    if end + _AROUND_CHARACTERS < len(text):
        after = after.rpartition(" ")[0]
    return " ".join(f"{before}{text[start:end]}{after}".split())
