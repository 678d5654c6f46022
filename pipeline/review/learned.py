"""What past corrections teach: words that the machine hears wrong again and again, and what the editors wrote instead.

Taken from approved texts only, without what is struck out of one and without protected names: other episodes do not
protect them. Never applied by itself: at the desk a lesson is a doubt with a suggestion, and in `onrecord learned` a
term to think about for the glossary.

A lesson is a run of up to four words that was corrected twice or more, always to the same text that sounds like it,
and was left standing less often than it was corrected: “affect” may be right the next time, “oh sec” never is.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, PositiveInt, TypeAdapter

from pipeline.align import split_words
from pipeline.likeness import fold
from pipeline.review.changes import changed_paragraphs
from pipeline.review.suggestions import corrected_words, is_known, looks_like_a_name, sound_alike, trimmed
from pipeline.show.redactions import Redaction
from pipeline.timing import timed
from pipeline.transcript import MachineTranscript, Transcript
from pipeline.withhold import Protected, is_said, withheld

LEARNED_NAME = "learned.json"  # in build/, written by stages/learning.py
TIMES_MIN = 2
LESSONS_MAX = 500
_CORRECTIONS_MAX = 500
_MIN_CHARACTERS = 4  # a short word says nothing about the next one

Keys = tuple[str, ...]


def _with_a_word(text: str) -> str:
    if not _keys(text):
        raise ValueError("there is no word in it")
    return text


Words = Annotated[str, AfterValidator(_with_a_word)]


@dataclass(frozen=True, slots=True)
class Correction:
    """In one episode: what the machine `heard`, what stands there now, and how often."""

    heard: Words
    right: Words
    times: PositiveInt


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the machine `heard`, what editors wrote for it, how often, and in how many episodes."""

    heard: Words
    right: Words
    times: PositiveInt
    episodes: PositiveInt

    @property
    def keys(self) -> Keys:
        """The heard words as texts are searched for them."""
        return _keys(self.heard)


_LESSONS, _CORRECTIONS = TypeAdapter(tuple[Lesson, ...]), TypeAdapter(tuple[Correction, ...])


def corrections(
    transcript: Transcript,
    machine: MachineTranscript,
    *,
    redactions: Sequence[Redaction] = (),
    protected: Sequence[Protected] = (),
) -> tuple[Correction, ...]:
    """The corrections of one text that sound like what was heard, the most frequent first.

    None lies where a redaction strikes, or has one of the `protected` names in what was heard or written.
    """
    found: Counter[tuple[Keys, str]] = Counter()
    shown: dict[Keys, str] = {}
    published = withheld(timed(transcript, machine), redactions)
    for old, new in corrected_words(changed_paragraphs(published, machine)):
        heard = _keys(old)
        if len("".join(heard)) >= _MIN_CHARACTERS and sound_alike(old, new) and not is_said(f"{old} {new}", protected):
            found[heard, trimmed(new)] += 1
            shown.setdefault(heard, trimmed(old))
    ordered = sorted(found.items(), key=lambda one: (-one[1], one[0]))[:_CORRECTIONS_MAX]
    return tuple(Correction(shown[heard], right, times) for (heard, right), times in ordered)


def candidates(by_episode: Mapping[str, Sequence[Correction]]) -> tuple[Lesson, ...]:
    """Corrections that recur and were never made otherwise; the most frequent first, at most LESSONS_MAX."""
    times: Counter[Keys] = Counter()
    rights: dict[Keys, dict[str, str]] = defaultdict(dict)
    shown: dict[Keys, str] = {}
    slugs: dict[Keys, set[str]] = defaultdict(set)
    for slug, made in by_episode.items():
        for one in made:
            heard = _keys(one.heard)
            times[heard] += one.times
            rights[heard].setdefault(fold(one.right), one.right)
            shown.setdefault(heard, one.heard)
            slugs[heard].add(slug)
    found = [
        Lesson(shown[heard], next(iter(rights[heard].values())), count, len(slugs[heard]))
        for heard, count in times.items()
        if count >= TIMES_MIN and len(rights[heard]) == 1
    ]
    return tuple(sorted(found, key=lambda one: (-one.times, one.heard, one.right))[:LESSONS_MAX])


def lessons(found: Sequence[Lesson], texts: Iterable[Transcript]) -> tuple[Lesson, ...]:
    """Those of `found` that stand in the approved `texts` less often than they were corrected."""
    standing: Counter[Keys] = Counter()
    wanted = {one.keys for one in found}
    lengths = sorted({len(keys) for keys in wanted})
    first = {keys[0] for keys in wanted}
    for text in texts if wanted else ():
        for paragraph in text.paragraphs:
            keys = _keys(paragraph.text)
            for at, key in enumerate(keys):
                if key in first:
                    standing.update(run for length in lengths if (run := keys[at : at + length]) in wanted)
    return tuple(one for one in found if standing[one.keys] < one.times)


def proposed_terms(found: Iterable[Lesson], known: Sequence[str]) -> tuple[Lesson, ...]:
    """The lessons that look like names, and are in neither the glossary nor the people's names (`known`)."""
    return tuple(one for one in found if looks_like_a_name(one.right) and not is_known(one.right, known))


def lessons_json(found: Iterable[Lesson]) -> list[dict[str, object]]:
    """Lessons as `build/learned.json` keeps them."""
    return [asdict(one) for one in found]


def read_lessons(path: Path) -> tuple[Lesson, ...]:
    """What the last run learned; nothing where the file is missing or cannot be read: lessons are hints."""
    try:
        return lessons_from(json.loads(path.read_bytes())["lessons"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ()


def lessons_from(content: object) -> tuple[Lesson, ...]:
    """Lessons as `lessons_json` wrote them. Raises ValueError when they are damaged."""
    return _LESSONS.validate_python(content)


def corrections_from(content: object) -> tuple[Correction, ...]:
    """Corrections as they were kept. Raises ValueError when they are damaged."""
    return _CORRECTIONS.validate_python(content)


def _keys(text: str) -> Keys:
    return tuple(span.key for span in split_words(text) if span.key)
