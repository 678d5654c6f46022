"""Words that may be another voice's: where what told the voices apart was unsure, and nobody has decided since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from pipeline.align import TimedParagraph
from pipeline.review.queue.words import Found, Word, untouched
from pipeline.transcript import MachineSegment, SpeakerDoubt

_WHY: Mapping[SpeakerDoubt, str] = {
    "short": "the voice speaks for less than two seconds here",
    "near": "the voice sounds nearly as much like another’s",
    "together": "two voices speak at once here",
    "unheard": "what told the voices apart heard nobody here",
}


def whose(
    words: Sequence[Word], paragraphs: Sequence[TimedParagraph], segments: Sequence[MachineSegment]
) -> Iterator[Found]:
    """Stretches that may be another's. One under another name than the rest of its voice was decided by a person."""
    if not any(segment.speaker_doubt for segment in segments):
        return
    places = untouched(words)
    named: dict[str | None, Counter[str]] = {}
    for place in places:
        speaker = paragraphs[words[place].paragraph].speaker
        named.setdefault(segments[words[place].segment].speaker, Counter())[speaker] += 1
    for (paragraph, number), group in groupby(places, key=lambda place: (words[place].paragraph, words[place].segment)):
        stretch, segment = list(group), segments[number]
        mostly = named[segment.speaker].most_common(1)[0][0]
        if segment.speaker_doubt and paragraphs[paragraph].speaker == mostly:
            yield Found("voice", stretch[0], stretch[-1], _WHY[segment.speaker_doubt])
