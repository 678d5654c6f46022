"""The first text of an interview: the machine's words in paragraphs that an editor can read.

Whisper punctuates, so sentences are found by their ends; a paragraph ends with a sentence, never inside one.
Where it is unsure whether a full stop ends a sentence, none ends here: a long paragraph is easier to read than
one that begins in the middle of a thought.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from pipeline.transcript import MachineTranscript, MachineWord, Paragraph, Transcript

_PAUSE_MS = 900
_LONG_WORDS = 90
_LONGEST_WORDS = 180  # without any sentence end a paragraph stops here, or at a better place shortly before

_CLOSERS = "\"'”’»›)]}）」』】"
_FULL_WIDTH_ENDS = "。！？｡"
_END = re.compile(rf"[.!?…؟۔।॥{_FULL_WIDTH_ENDS}][{re.escape(_CLOSERS)}]*$")
_SPACELESS_END = re.compile(rf"[{_FULL_WIDTH_ENDS}][{re.escape(_CLOSERS)}]*$")
_INITIALS = re.compile(r"^[\W_]*(?:[^\W\d_]\.)+$")  # J. U.N. z.B.
_NUMBERED = re.compile(r"^[\W_]*\d{1,3}\.$")
# These stand before what they belong to; others, such as “etc.”, may well end a sentence.
_BEFORE_NAMES = re.compile(
    r"^(?:mr|mrs|ms|mx|dr|prof|ste?|sen|rep|gov|gen|col|lt|sgt|capt|cmdr|hon|rev|fr|sr|sra|srta|dra|mme|mlle|hr|ing"
    r"|vs|cf|approx|bzw|evtl|ca)$"
)
_BEFORE_NUMBERS = re.compile(r"^(?:nos?|nr|n[uú]m|art|sec|fig|vol|ch|pp?|§|абз|стр)$")


def first_transcript(machine: MachineTranscript, speaker: str, names: Mapping[str, str] | None = None) -> Transcript:
    """Readable paragraphs of the machine's words; each begins exactly at its first word's time.

    A new one begins at a sentence end when the pause after it is 0.9 s or more, or the paragraph has more than
    90 words; and where another speaks. `names` are people's names by id, for segments that say who speaks; the
    rest is by `speaker`. Where two talk at once, each one's sentence stays whole.
    """
    spoken: list[tuple[str, _Words]] = []
    for name, sentence in _spoken(machine, speaker, names or {}):
        if spoken and spoken[-1][0] == name and not _parts(spoken[-1][1], sentence):
            spoken[-1] = (name, spoken[-1][1] + sentence)
        else:
            spoken.append((name, sentence))
    return Transcript(tuple(Paragraph(name, _text(words), words[0].start_ms) for name, words in spoken if _text(words)))


_Words = tuple[MachineWord, ...]


def _spoken(machine: MachineTranscript, speaker: str, names: Mapping[str, str]) -> list[tuple[str, _Words]]:
    """Every sentence with the name of who says it, in the order of their beginnings."""
    voices: dict[str, list[MachineWord]] = {}
    for segment in machine.segments:
        name = names.get(segment.speaker, segment.speaker) if segment.speaker else speaker
        voices.setdefault(name, []).extend(segment.words)
    sentences = [
        (name, sentence)
        for name, words in voices.items()
        for turn in _turns(words, sorted(word.start_ms for other in voices if other != name for word in voices[other]))
        for sentence in _sentences(turn)
    ]
    return sorted(sentences, key=lambda one: one[1][0].start_ms)


def _turns(words: Sequence[MachineWord], others_ms: Sequence[int]) -> Iterator[_Words]:
    """The words of one voice, cut where it pauses and another (whose words begin at `others_ms`) speaks meanwhile.

    Whisper may go on in the middle of a sentence after somebody else's whole answer.
    """
    start = 0
    for number, (before, after) in enumerate(pairwise(words), start=1):
        if after.start_ms - before.end_ms >= _PAUSE_MS:
            meanwhile = bisect_left(others_ms, before.end_ms)
            if meanwhile < len(others_ms) and others_ms[meanwhile] < after.start_ms:
                yield tuple(words[start:number])
                start = number
    yield tuple(words[start:])


def _parts(before: _Words, after: _Words) -> bool:
    if after[0].start_ms <= before[-1].start_ms:
        return False  # at one and the same time the border could not be found again
    return (
        after[0].start_ms - before[-1].end_ms >= _PAUSE_MS
        or len(before) > _LONG_WORDS
        or len(before) + len(after) > _LONGEST_WORDS
    )


def _sentences(words: Sequence[MachineWord]) -> Iterator[_Words]:
    pieces = _pieces(words)
    sentence: list[_Words] = []
    for number, piece in enumerate(pieces):
        sentence.append(piece)
        following = _text(pieces[number + 1]) if number + 1 < len(pieces) else None
        if following is None or _ends_sentence(_text(piece), following, alone=len(sentence) == 1):
            yield from _readable(tuple(word for part in sentence for word in part))
            sentence = []


def _pieces(words: Sequence[MachineWord]) -> list[_Words]:
    """Words that are written without a space between them belong together: " 3" and ".5"."""
    pieces: list[list[MachineWord]] = []
    for word in words:
        glued = pieces and not word.text[:1].isspace()
        if glued and not (_SPACELESS_END.search(_text(pieces[-1])) and word.text.strip(_CLOSERS)):
            pieces[-1].append(word)
        else:
            pieces.append([word])
    return [tuple(piece) for piece in pieces]


def _ends_sentence(text: str, following: str, *, alone: bool) -> bool:
    if not _END.search(text):
        return False
    opening = following.lstrip("\"'“‘«„‹([{（「『【¿¡-–— ")
    if not opening or opening[0].islower():
        return False
    bare = text.rstrip(_CLOSERS)
    if not bare.endswith("."):
        return True
    word = bare.rstrip(".").lstrip("\"'“‘«„‹([{").casefold()
    if _INITIALS.match(bare) or _BEFORE_NAMES.match(word):
        return False
    if _BEFORE_NUMBERS.match(word) and opening[0].isdigit():
        return False
    return not (alone and _NUMBERED.match(bare))


def _readable(sentence: _Words) -> Iterator[_Words]:
    """The sentence, in parts where it is so long that Whisper must have left out the punctuation."""
    while len(sentence) > _LONGEST_WORDS:
        places = range(_LONG_WORDS, _LONGEST_WORDS + 1)
        spaced = [place for place in places if sentence[place].text[:1].isspace()]
        cut = max(spaced or places, key=lambda place: sentence[place].start_ms - sentence[place - 1].end_ms)
        yield sentence[:cut]
        sentence = sentence[cut:]
    yield sentence


def _text(words: Sequence[MachineWord]) -> str:
    return " ".join(unicodedata.normalize("NFC", "".join(word.text for word in words)).split())
