"""What was heard badly is heard a second time: which of the two is kept, and what is written of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.audio.derive import stretch
from pipeline.transcribe.again import hear_again
from pipeline.transcribe.engine import Heard, Translated
from pipeline.transcribe.sound import read_speech
from pipeline.transcribe.weights import Weights
from pipeline.transcript import MachineSegment, MachineWord
from tests.episodes import SPEECH

SPEECH_MS = 20_000
SILENCE_MS = 8000


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Twenty seconds of the sample show's conversation, and eight of silence."""
    path = tmp_path_factory.mktemp("again") / "speech.wav"
    stretch(SPEECH, path, 0, SPEECH_MS)
    return np.concatenate([read_speech(path), np.zeros(16 * SILENCE_MS, dtype=np.float32)])


@dataclass
class Scripted:
    """An engine that answers with what it is given, and remembers how it was asked."""

    answer: tuple[MachineSegment, ...] = ()
    spoken: tuple[str, float] = ("en", 0.99)
    asked: list[tuple[str | None, Sequence[str], int]] = field(default_factory=list)

    name, version, languages = "scripted", "1", frozenset({"en", "fr"})
    weights = Weights(name="scripted", path=Path(), digest="sha256:0")

    def hear(
        self, samples: Any, *, language: str | None, hotwords: Sequence[str], report: Callable[[float], None]
    ) -> Heard:
        self.asked.append((language, hotwords, len(samples) // 16))
        return Heard(language or "en", 1.0, (), self.answer)

    def translate(self, samples: Any, *, language: str, report: Callable[[float], None]) -> tuple[Translated, ...]:
        return ()

    def detect(self, samples: Any) -> tuple[str, float] | None:
        return self.spoken


def said(
    text: str,
    start_ms: int,
    end_ms: int,
    *,
    probability: float = 0.9,
    log_probability: float = -0.2,
    compression: float = 1.4,
) -> MachineSegment:
    """Words spread evenly from `start_ms` to `end_ms`."""
    texts = text.split()
    step_ms = (end_ms - start_ms) // len(texts)
    words = tuple(
        MachineWord(f" {one}", start_ms + place * step_ms, start_ms + (place + 1) * step_ms, probability)
        for place, one in enumerate(texts)
    )
    return MachineSegment(words, log_probability, compression, 0.01)


def again(samples: Any, engine: Scripted, *first: MachineSegment) -> Heard:
    parts: list[float] = []
    heard = hear_again(engine, samples, Heard("en", 1.0, ("OSEC",), first), parts.append)
    assert parts == sorted(parts)
    assert heard.hotwords == ("OSEC",)
    starts = [word.start_ms for segment in heard.segments for word in segment.words]
    assert starts == sorted(starts)
    return heard


def texts(heard: Heard) -> list[tuple[str, tuple[str, ...]]]:
    return [("".join(word.text for word in one.words).strip(), one.marks) for one in heard.segments]


PLAIN = "all of it is plain and good and so is what comes after"
BEFORE = said("some plain words at first", 400, 9000)
AFTER = said("and plain words after it", 14_000, 19_500)
LOOP = said("thank you thank you thank you thank you", 9000, 14_000)


def test_where_nothing_failed_nothing_is_heard_again(samples: Any) -> None:
    engine = Scripted()
    heard = again(samples, engine, said(PLAIN, 400, 19_500))
    assert engine.asked == []
    assert texts(heard) == [(PLAIN, ())]
    assert heard.dropped == ()


def test_a_loop_is_heard_again_alone_and_without_hotwords(samples: Any) -> None:
    engine = Scripted((said("what was really said there", 200, 5100),))
    heard = again(samples, engine, BEFORE, LOOP, AFTER)
    ((language, hotwords, length_ms),) = engine.asked
    assert (language, hotwords) == ("en", ())
    assert 5000 <= length_ms <= 5500
    assert texts(heard) == [
        ("some plain words at first", ()),
        ("what was really said there", ("redecoded",)),
        ("and plain words after it", ()),
    ]


class Deaf(Scripted):
    """Makes nothing of a sentence that is cut in its middle."""

    def hear(self, samples: Any, **asked: Any) -> Heard:
        heard = super().hear(samples, **asked)
        return heard if len(samples) // 16 > 10_000 else replace(heard, segments=())


def test_what_fails_twice_is_heard_with_its_neighbours_of_which_nothing_is_taken(samples: Any) -> None:
    # From four seconds before the hole on: what is said in it begins there.
    engine = Deaf(
        (said("before", 3000, 3800), said("what was really said there", 4200, 8800), said("then", 9200, 9900))
    )
    heard = again(samples, engine, BEFORE, AFTER)
    assert [length_ms > 10_000 for _, _, length_ms in engine.asked] == [False, True]
    assert texts(heard) == [
        ("some plain words at first", ()),
        ("what was really said there", ("redecoded",)),
        ("and plain words after it", ()),
    ]
    assert heard.dropped == ()


def test_a_word_spread_over_what_was_skipped_gives_way(samples: Any) -> None:
    spread = said("Then", 9000, 14_000, probability=0.02)
    engine = Scripted((said("what was really said there", 200, 5100),))
    assert texts(again(samples, engine, BEFORE, spread, AFTER))[1] == ("what was really said there", ("redecoded",))
    heard = again(samples, Scripted(), BEFORE, spread, AFTER)
    assert texts(heard)[1] == ("Then", ())
    ((start_ms, end_ms),) = heard.dropped
    assert 9000 <= start_ms < end_ms <= 14_000


THANKS = tuple(said("Thank you.", start_ms, start_ms + 800) for start_ms in range(9000, 14_000, 1000))


def test_short_sentences_that_repeat_one_another_are_heard_again_as_one_stretch(samples: Any) -> None:
    engine = Scripted((said("what was really said there", 200, 5000),))
    heard = again(samples, engine, BEFORE, *THANKS, AFTER)
    assert [4800 <= length_ms <= 5300 for _, _, length_ms in engine.asked] == [True]
    assert texts(heard) == [
        ("some plain words at first", ()),
        ("what was really said there", ("redecoded",)),
        ("and plain words after it", ()),
    ]


def test_a_second_hearing_that_repeats_sentences_too_is_no_better_and_both_are_marked(samples: Any) -> None:
    engine = Scripted(tuple(said("So what?", at, at + 800, probability=0.5) for at in range(200, 5000, 1000)))
    heard = again(samples, engine, BEFORE, *THANKS, AFTER)
    assert texts(heard)[1:-1] == [("Thank you.", ("loop",))] * 5
    surer = Scripted(tuple(said("So what?", at, at + 800, probability=0.99) for at in range(200, 5000, 1000)))
    heard = again(samples, surer, BEFORE, *THANKS, AFTER)
    assert texts(heard)[1:-1] == [("So what?", ("loop", "redecoded"))] * 5


@pytest.mark.parametrize(("probability", "kept"), [(0.5, "thank"), (0.95, "well")])
def test_of_two_loops_the_surer_one_is_kept_and_marked(samples: Any, probability: float, kept: str) -> None:
    engine = Scripted((said("well well well well well well", 200, 5100, probability=probability),))
    heard = again(samples, engine, BEFORE, LOOP, AFTER)
    text, marks = texts(heard)[1]
    assert text.startswith(kept)
    assert marks == (("loop", "redecoded") if kept == "well" else ("loop",))


def test_words_over_silence_go_when_they_are_not_heard_again_and_are_marked_when_they_are(samples: Any) -> None:
    invented = said("see you in the next video", 22_000, 25_000)
    first = said(PLAIN, 400, 19_500)
    assert texts(again(samples, Scripted(), first, invented)) == [(PLAIN, ())]
    twice = Scripted((said("see you in the next video", 200, 3100, probability=0.8),))
    assert texts(again(samples, twice, first, invented))[1] == ("see you in the next video", ("over-silence",))


def test_a_hole_is_filled_and_one_that_stays_is_told(samples: Any) -> None:
    heard = again(samples, Scripted((said("what was skipped before", 200, 4800),)), BEFORE, AFTER)
    assert texts(heard)[1] == ("what was skipped before", ("redecoded",))
    assert heard.dropped == ()
    guess = Scripted((said("see you in the next video", 200, 4800, log_probability=-1.2),))
    for engine in (Scripted(), guess):
        heard = again(samples, engine, BEFORE, AFTER)
        assert len(heard.segments) == 2
        ((start_ms, end_ms),) = heard.dropped
        assert 9000 <= start_ms < end_ms <= 14_000


UNSURE = said(
    "congratulations you have well installed the project", 9000, 14_000, probability=0.6, log_probability=-0.6
)


def test_another_language_is_heard_in_that_language_and_marked(samples: Any) -> None:
    engine = Scripted((said("félicitations vous avez bien installé le projet", 200, 5100),), spoken=("fr", 0.9))
    heard = again(samples, engine, BEFORE, UNSURE, AFTER)
    assert [one[0] for one in engine.asked] == ["fr"]
    assert texts(heard)[1] == ("félicitations vous avez bien installé le projet", ("language", "redecoded"))
    assert [one.language for one in heard.segments] == [None, "fr", None]


def test_where_the_second_language_fits_less_the_first_words_stay_and_are_marked(samples: Any) -> None:
    engine = Scripted((said("ce sont des mots", 200, 5100, probability=0.4),), spoken=("fr", 0.9))
    heard = again(samples, engine, BEFORE, UNSURE, AFTER)
    assert texts(heard)[1] == ("congratulations you have well installed the project", ("language",))


@pytest.mark.parametrize("spoken", [("en", 0.9), ("fr", 0.3)])
def test_who_is_only_unclear_is_not_heard_in_another_language(samples: Any, spoken: tuple[str, float]) -> None:
    engine = Scripted(spoken=spoken)
    heard = again(samples, engine, BEFORE, UNSURE, AFTER)
    assert engine.asked == []
    assert texts(heard)[1][1] == ()
