"""Word times after an edit: only the paragraphs around it are aligned again.

Aligning three hours takes half a second, which is too long between two keystrokes. An edit reaches as far as the
next words that the machine heard too, so a few paragraphs on either side suffice; whether they did is checked: of each
voice that the edit is about, the paragraphs at the edge must come out as they were, and must hold such words.
Otherwise everything is aligned.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from pipeline.align import TimedParagraph
from pipeline.timing import Voices, timed_by, voice_of_each
from pipeline.transcript import MachineTranscript, MachineWord, Paragraph

_MARGIN = 3  # paragraphs, for each voice


def realign(
    before: Sequence[Paragraph],
    timed: Sequence[TimedParagraph],
    after: Sequence[Paragraph],
    machine: MachineTranscript,
) -> tuple[TimedParagraph, ...]:
    """The alignment of `after`, given that of `before`: the same as `timing.timed`, and sooner."""
    shorter = min(len(before), len(after))
    head = next((place for place in range(shorter) if before[place] != after[place]), shorter)
    tail = next(
        (place for place in range(shorter - head) if before[-1 - place] != after[-1 - place]),
        shorter - head,
    )
    if head == len(before) == len(after):
        return tuple(timed)
    voices = machine.voices
    were, owners = voice_of_each(before, voices), voice_of_each(after, voices)
    local = None
    if were[:head] == owners[:head] and were[len(before) - tail :] == owners[len(after) - tail :]:
        concerned = {*were[head : len(before) - tail], *owners[head : len(after) - tail]}
        local = _around(head, tail, timed, after, owners, concerned, voices)
    return local if local is not None else timed_by(after, owners, voices)


def _around(
    head: int,
    tail: int,
    timed: Sequence[TimedParagraph],
    after: Sequence[Paragraph],
    owners: Sequence[int | None],
    concerned: set[int | None],
    voices: Voices,
) -> tuple[TimedParagraph, ...] | None:
    margin = _MARGIN * len(voices)
    first, stop = head - margin, len(after) - tail + margin
    # At either end of the text the whole rest is aligned, up to the end.
    first, stop = (0 if first < 1 else first), (len(after) if stop > len(after) - 1 else stop)
    if stop - first > len(after) // 2:
        return None
    start_ms = after[first].start_ms if first else 0
    stop_ms = after[stop].start_ms if stop < len(after) else None
    if start_ms is None or (stop_ms is None and stop < len(after)):
        return None
    near = [_between(voice, start_ms, stop_ms) for voice in voices]
    piece = timed_by(after[first:stop], owners[first:stop], near)
    shift = len(timed) - len(after)
    inner: dict[int, TimedParagraph] = {}
    for owner in concerned:
        own = [place for place in range(first, stop) if owners[place] == owner]
        # The outermost paragraph on each side lacks its neighbour, so the old one stays.
        own = own[1 if first else 0 : len(own) - (1 if stop < len(after) else 0)]
        if first and not (own and own[0] < head and _holds(piece[own[0] - first], timed[own[0]])):
            return None
        border = len(after) - tail
        if stop < len(after) and not (
            own and own[-1] >= border and _holds(piece[own[-1] - first], timed[own[-1] + shift])
        ):
            return None
        inner |= {place: piece[place - first] for place in own}
    return tuple(_put_together(head, tail, timed, len(after), inner))


def _between(words: Sequence[MachineWord], start_ms: int, stop_ms: int | None) -> Sequence[MachineWord]:
    starts = [word.start_ms for word in words]
    return words[bisect_left(starts, start_ms) : None if stop_ms is None else bisect_left(starts, stop_ms)]


def _put_together(
    head: int, tail: int, timed: Sequence[TimedParagraph], count: int, inner: dict[int, TimedParagraph]
) -> Iterator[TimedParagraph]:
    for place in range(count):
        if place in inner:
            yield inner[place]
        else:
            # Every paragraph that was edited is of a voice that is concerned, and none of those is at the edge.
            yield timed[place if place < head else place + len(timed) - count]


def _holds(now: TimedParagraph, was: TimedParagraph) -> bool:
    return now == was and any(word.provenance == "kept" for word in now.words)
