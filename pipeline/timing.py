"""Edited text against what the machine heard, of one voice or of several that were each heard alone.

People talk at the same time. Where each has a recording of their own, each one's paragraphs are aligned with each
one's words only: a “yes” in the middle of somebody's sentence takes no time away from that sentence. Paragraphs then
may reach into one another, as the talk does; within a paragraph no time runs backwards.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from pipeline.align import TimedParagraph, align
from pipeline.transcript import MachineTranscript, MachineWord, Paragraph, Transcript

Voices = Sequence[Sequence[MachineWord]]


def timed(transcript: Transcript, machine: MachineTranscript) -> tuple[TimedParagraph, ...]:
    """Time every word of `transcript` (ms of the recording), each paragraph by the words of its own voice."""
    voices = machine.voices
    return timed_by(transcript.paragraphs, voice_of_each(transcript.paragraphs, voices), voices)


def timed_by(
    paragraphs: Sequence[Paragraph], owners: Sequence[int | None], voices: Voices
) -> tuple[TimedParagraph, ...]:
    """As `timed`, where it is known whose voice each paragraph is (`voice_of_each`)."""
    if len(voices) == 1:
        return align(Transcript(tuple(paragraphs)), voices[0])
    found: dict[int, TimedParagraph] = {}
    for owner in dict.fromkeys(owners):
        places = [place for place, one in enumerate(owners) if one == owner]
        own = Transcript(tuple(paragraphs[place] for place in places))
        found |= zip(places, align(own, words_of_voice(voices, owner)), strict=True)
    return tuple(found[place] for place in range(len(paragraphs)))


def voice_of_each(paragraphs: Sequence[Paragraph | TimedParagraph], voices: Voices) -> list[int | None]:
    """The number of each paragraph's voice; None where nothing says which, and it may be any.

    It is the one that says a word just when the paragraph begins. Where there is none, or several, it is the one that
    the paragraph's speaker has elsewhere: names are the editor's and may be others than those of the recordings.
    """
    if len(voices) == 1:
        return [0] * len(paragraphs)
    begins = [{word.start_ms for word in voice} for voice in voices]
    fitting = [[number for number, one in enumerate(begins) if paragraph.start_ms in one] for paragraph in paragraphs]
    counted: dict[str, Counter[int]] = defaultdict(Counter)
    for paragraph, numbers in zip(paragraphs, fitting, strict=True):
        if len(numbers) == 1:
            counted[paragraph.speaker][numbers[0]] += 1
    usual = {speaker: counts.most_common(1)[0][0] for speaker, counts in counted.items()}
    found: list[int | None] = []
    for paragraph, numbers in zip(paragraphs, fitting, strict=True):
        known = usual.get(paragraph.speaker)
        if len(numbers) == 1 or (numbers and known not in numbers):
            found.append(numbers[0])
        else:
            found.append(known)
    return found


def words_of_voice(voices: Voices, owner: int | None) -> Sequence[MachineWord]:
    """The words of one voice; those of all, in the order of time, where it may be any."""
    if owner is not None:
        return voices[owner]
    return sorted((word for voice in voices for word in voice), key=lambda word: word.start_ms)
