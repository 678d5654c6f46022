from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.align import align
from pipeline.likeness import fold, likeness, near_terms
from pipeline.review.queue import Doubt, doubts
from pipeline.review.silences import silences_in_peaks
from pipeline.transcript import MachineSegment, MachineTranscript, MachineWord, Mark, Paragraph, Transcript


def heard(
    text: str,
    *,
    start_ms: int = 0,
    step_ms: int = 400,
    low: dict[str, float] | None = None,
    no_speech: float = 0.02,
    compression: float = 1.4,
) -> MachineSegment:
    """One segment: words 300 ms long (or as long as the step), sure except where `low` says otherwise."""
    words = tuple(
        MachineWord(
            f" {word}",
            start_ms + step_ms * place,
            start_ms + step_ms * place + min(300, step_ms),
            (low or {}).get(word.strip(".,?"), 0.99),
        )
        for place, word in enumerate(text.split())
    )
    return MachineSegment(words, -0.2, compression, no_speech)


def machine_of(*segments: MachineSegment, language: str = "en") -> MachineTranscript:
    duration_ms = segments[-1].words[-1].end_ms + 1000
    return MachineTranscript(1, "test", "1", "base", "sha256:m", language, 0.99, "sha256:a", duration_ms, (), segments)


def queue(
    *segments: MachineSegment,
    dropped: tuple[tuple[int, int], ...] = (),
    text: str | None = None,
    terms: tuple[str, ...] = (),
    language: str = "en",
    silences: tuple[tuple[int, int], ...] = (),
) -> tuple[Doubt, ...]:
    machine = replace(machine_of(*segments, language=language), dropped=dropped)
    written = text if text is not None else machine.text
    timed = align(Transcript((Paragraph("Ada", written, 0),)), machine.words)
    found = doubts(timed, machine, terms=terms, language=language, silences=silences)
    for one in found:
        assert timed[one.paragraph].text[one.start_char : one.end_char] == one.text
        assert one.why
        assert not one.why.endswith(".")
    assert len({one.id for one in found}) == len(found)
    return found


def kinds(found: tuple[Doubt, ...]) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in found]


def test_sure_and_plain_words_raise_no_doubt() -> None:
    assert queue(heard("We talked about the archive, and about the people who keep it.")) == ()


def test_low_probability_the_lowest_first_and_neighbours_together() -> None:
    found = queue(
        heard("alpha beta gamma delta epsilon zeta", low={"beta": 0.6, "gamma": 0.5, "zeta": 0.1, "delta": 0.71})
    )
    assert kinds(found) == [("probability", "zeta"), ("probability", "beta gamma")]
    assert "10 %" in found[0].why
    assert "50 %" in found[1].why


def test_what_a_person_wrote_is_not_doubted() -> None:
    segment = heard("we met the row hinge ya people", low={"row": 0.2, "hinge": 0.2, "ya": 0.3})
    assert queue(segment, text="we met the Rohingya people") == ()


def test_few_of_many_unsure_words() -> None:
    words = [f"word{chr(97 + place % 26)}{chr(97 + place // 26 % 26)}{chr(97 + place // 676)}" for place in range(4000)]
    found = queue(heard(" ".join(words), low=dict.fromkeys(words[::3], 0.5)))
    assert len([one for one in found if one.kind == "probability"]) <= 80


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("so I went I went I went I went home", "I went I went I went I went"),
        ("they said no no no no no to us", "no no no no no"),
        (
            "thank you for watching the thank you for watching the thank you for watching the end",
            "thank you for watching the thank you for watching the thank you for watching the",
        ),
    ],
)
def test_loops(text: str, phrase: str) -> None:
    assert ("repetition", phrase) in kinds(queue(heard(text)))


@pytest.mark.parametrize("text", ["no, no, no, never mind", "I went to the, I went to the market", "very, very good"])
def test_speech_that_repeats_itself_is_no_loop(text: str) -> None:
    assert "repetition" not in [one.kind for one in queue(heard(text))]


def test_a_segment_that_compresses_too_well_is_a_loop() -> None:
    found = queue(heard("one thing"), heard("some odd words here", start_ms=4000, compression=3.1))
    assert kinds(found) == [("repetition", "some odd words here")]


def test_speech_faster_than_anybody_speaks() -> None:
    found = queue(
        heard("a quiet beginning"),
        heard("incomprehensible international organisations everywhere", start_ms=4000, step_ms=90),
    )
    assert kinds(found) == [("fast", "incomprehensible international organisations everywhere")]


def test_text_where_the_engine_heard_no_speech() -> None:
    found = queue(heard("a quiet beginning"), heard("Thanks for watching", start_ms=4000, no_speech=0.8))
    assert kinds(found) == [("silence", "Thanks for watching")]
    assert "80 %" in found[0].why


def test_text_where_the_waveform_is_flat() -> None:
    found = queue(heard("a quiet beginning"), heard("Thanks for watching", start_ms=4000), silences=((3000, 6000),))
    assert kinds(found) == [("silence", "Thanks for watching")]


def test_inside_a_doubtful_stretch_single_words_are_not_asked_again() -> None:
    found = queue(heard("there were not 40 cases", low={"cases": 0.2, "not": 0.3}, no_speech=0.9))
    assert [one.kind for one in found] == ["silence"]


def test_numbers() -> None:
    found = queue(heard("There were 381 cases and twenty five thousand children in 1999 and one man"))
    assert kinds(found) == [("number", "381"), ("number", "twenty five thousand"), ("number", "1999")]
    assert kinds(queue(heard("es waren vierzig Fälle"), language="de")) == [("number", "vierzig")]
    assert kinds(queue(heard("كان هناك ٣٨١ حالة"), language="ar")) == [("number", "٣٨١")]


def test_negations_the_engine_was_not_sure_of() -> None:
    segment = heard("You could not preheat and you don't have to", low={"not": 0.9, "don't": 0.8})
    assert kinds(queue(segment)) == [("negation", "not"), ("negation", "don't")]
    assert queue(heard("You could not preheat it")) == ()
    assert kinds(queue(heard("das war nicht gut", low={"nicht": 0.9}), language="de-AT")) == [("negation", "nicht")]
    assert queue(heard("das war not gut", low={"not": 0.9}), language="de") == ()


@pytest.mark.parametrize(
    ("said", "term"),
    [("row hinge ya", "Rohingya"), ("inosensio", "Inocencio"), ("oh sec", "OSEC"), ("Mekele", "Mekelle")],
)
def test_a_name_near_a_term(said: str, term: str) -> None:
    found = queue(heard(f"We went to {said} that summer"), terms=("Rohingya", "Inocencio", "OSEC", "Mekelle"))
    assert kinds(found) == [("name", said)]
    assert found[0].suggestion == term


def test_the_name_itself_is_no_doubt() -> None:
    text = "The OSEC cases and OSEC’s figures, an OSEC report, and the Rohingyas"
    assert queue(heard(text), terms=("OSEC", "Rohingya")) == ()


def test_ordinary_words_are_not_near_names() -> None:
    text = "people were going home again because nobody would ever listen to what the women said about the village"
    assert queue(heard(text), terms=("Rohingya", "Inocencio", "OSEC", "Mekelle", "Geneva", "Bucha", "Goma")) == ()


def test_another_script() -> None:
    assert kinds(queue(heard("he said спасибо большое and left us"))) == [("language", "спасибо большое")]
    assert queue(heard("он работал в NATO много лет"), language="ru") == ()
    assert kinds(queue(heard("он сказал thank you very much и ушёл потом домой совсем"), language="ru")) == [
        ("language", "thank you very much")
    ]


def test_what_was_marked_when_it_was_transcribed() -> None:
    beginning = heard("a quiet beginning")
    marks: tuple[tuple[Mark, str, str], ...] = (
        ("loop", "repetition", "the engine repeated itself here, also when it heard this a second time"),
        ("over-silence", "silence", "no voice is heard here, and there are words"),
        ("language", "language", "another language seems to be spoken here"),
    )
    for mark, kind, why in marks:
        marked = replace(heard("some odd words here", start_ms=4000), marks=(mark, "redecoded"))
        (found,) = queue(beginning, marked)
        assert (found.kind, found.text, found.why) == (kind, "some odd words here", why)
    french = replace(heard("vous avez bien installé", start_ms=4000), marks=("language", "redecoded"), language="fr")
    (found,) = queue(beginning, french)
    assert "another language (fr)" in found.why
    assert queue(beginning, replace(heard("heard well the second time", start_ms=4000), marks=("redecoded",))) == ()


def test_haste_that_was_marked_is_asked_about_also_where_words_are_single_characters() -> None:
    """Of Chinese and Japanese Whisper writes a word for every character or two."""
    hasty = replace(
        heard(" ".join("我们今天在这里谈一谈档案和保管它的人们吧好吗"), start_ms=4000, step_ms=30), marks=("fast",)
    )
    found = queue(heard("这 里 很 安 静"), hasty, language="zh")
    assert [one.kind for one in found] == ["fast"]


def test_whose_voice_it_is_is_asked_also_where_the_words_are() -> None:
    """To look at what was said is not to have heard who says it."""
    first = replace(heard("we talked about it"), speaker="Voice 1")
    short = replace(heard("oui bien sûr", start_ms=4000), speaker="Voice 1", speaker_doubt="short", marks=("language",))
    assert [one.kind for one in queue(first, short)] == ["language", "voice"]


def test_speech_without_words_is_asked_about_until_words_are_written_there() -> None:
    first, last = heard("before it"), heard("and after", start_ms=9000)
    (found,) = queue(first, last, dropped=((1200, 8600),))
    assert (found.kind, found.text, found.start_ms) == ("dropped", "it", 1200)
    assert found.why == "after this, somebody speaks for 7 seconds, and nothing is written"
    written = queue(first, last, dropped=((1200, 8600),), text="before it they had asked us and after")
    assert "dropped" not in [one.kind for one in written]
    (found,) = queue(heard("late words", start_ms=9000), dropped=((500, 8600),))
    assert (found.text, found.why[:11], found.start_ms) == ("late", "before this", 500)


def test_times_that_nobody_measured() -> None:
    found = queue(heard("we went home"), text="we went with all of our children home")
    assert kinds(found) == [("interpolated", "with all of our children")]
    assert queue(heard("we went home"), text="we went right home") == ()


def test_the_gravest_first() -> None:
    found = queue(
        heard("there were 40 cases", low={"cases": 0.3}),
        heard("in row hinge ya land", start_ms=3000),
        heard("bye bye bye bye bye", start_ms=8000),
        heard("thanks for watching", start_ms=12_000, no_speech=0.9),
        terms=("Rohingya",),
    )
    assert [one.kind for one in found] == ["silence", "repetition", "name", "probability", "number"]


def test_an_id_outlives_changes_elsewhere() -> None:
    segments = (heard("some first words here"), heard("there were 381 cases", start_ms=4000, low={"cases": 0.3}))
    before = queue(*segments)
    after = queue(*segments, text="Some quite other words here. There were 381 cases!")
    assert {one.id for one in before} == {one.id for one in after if one.kind in ("number", "probability")}


def test_nothing_is_doubted_without_machine_words() -> None:
    empty = replace(machine_of(heard("x")), segments=())
    timed = align(Transcript((Paragraph("Ada", "Written by hand: 381 cases.", 0),)), ())
    assert [one.kind for one in doubts(timed, empty, terms=("case",), language="en")] == ["interpolated"]
    assert doubts((), empty, terms=(), language="en") == ()


class TestPeaks:
    def test_flat_stretches(self) -> None:
        data = [value for _ in range(100) for value in (-60, 60)] + [0, 1] * 150 + [-50, 50] * 50 + [0, 0] * 10
        peaks = {"sample_rate": 8000, "samples_per_pixel": 80, "bits": 8, "channels": 1, "data": data}
        assert silences_in_peaks(peaks) == ((1000, 2500),)

    @pytest.mark.parametrize(
        "peaks",
        [{}, {"data": []}, {"sample_rate": 0, "samples_per_pixel": 1, "bits": 8, "data": [0, 0]}, {"data": "x"}],
    )
    def test_what_cannot_be_read_has_none(self, peaks: dict[str, object]) -> None:
        assert silences_in_peaks(peaks) == ()


def test_likeness_is_the_share_of_letters_in_order() -> None:
    assert likeness("", "") == 1.0
    assert likeness("abcd", "abcd") == 1.0
    assert likeness("abcd", "xyz") == 0.0
    assert likeness("rohingya", "rowhingeya") == pytest.approx(16 / 18)
    assert fold("Inocêncio’s") == "inocencios"
    assert near_terms(("Abc",)).nearest("abd") is None
