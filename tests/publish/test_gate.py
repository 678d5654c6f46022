"""The gate: every reason at once, each with its place and what to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import Refusal
from pipeline.publish.feed import build_feeds
from pipeline.publish.gate import CODES, refusals
from pipeline.transcript import Paragraph, Transcript, parse_transcript
from tests.publish.made import ARTWORK_URL, approved, episode, golden_sources, item
from tests.publish.made import settings as show_settings
from tests.publish.test_notes import hostile_markdown

SOURCES = golden_sources()
SAID = Transcript((Paragraph("Ada Host", "Welcome.", 0, 1), Paragraph("Gus Guest", "Thank you.", 900, 4)))

SAYS_NOTHING = Transcript((Paragraph("Ada Host", "[@river-2026] …"),))


def refused(one: Any = None, **changes: Any) -> list[Refusal]:
    asked: dict[str, Any] = {
        "transcript": SAID,
        "notes_markdown": "We talk [@river-2026] at [1:00].",
        "sources": SOURCES,
        "people_names": {"Ada Host", "Gus Guest"},
    }
    return refusals(one or episode(1), **(asked | changes))


def found(problems: list[Refusal]) -> list[tuple[str, str]]:
    return [(problem.code, problem.where.rpartition("/")[2]) for problem in problems]


def test_nothing_wrong_nothing_refused() -> None:
    assert refused(now=datetime(2027, 1, 1, tzinfo=UTC), recording_duration_ms=60_000, serial=False) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"transcript": None}, [("transcript-missing", "transcript.md")]),
        ({"transcript": Transcript(())}, [("transcript-empty", "transcript.md")]),
        ({"transcript": SAYS_NOTHING}, [("transcript-empty", "transcript.md")]),
        ({"notes_markdown": None}, [("notes-missing", "notes.md")]),
        ({"notes_markdown": ""}, [("notes-empty", "notes.md")]),
        ({"notes_markdown": " \n\n\t\n"}, [("notes-empty", "notes.md")]),
        (
            {"notes_markdown": "A.\n\nB [@nobody]\nC [@river-2026; @noone]."},
            [("citation-unknown", "notes.md:3"), ("citation-unknown", "notes.md:4")],
        ),
        ({"notes_markdown": "A.\n\nB [see @river-2026]."}, [("citation-malformed", "notes.md:3")]),
        ({"notes_markdown": "B [@river-2026; p. 3]."}, [("citation-malformed", "notes.md:1")]),
        ({"notes_markdown": "B `[@nobody]` \\[@nobody]."}, []),
        ({"notes_markdown": "A [x](javascript:alert(1))"}, [("link-unsafe", "notes.md:1")]),
        ({"notes_markdown": "A\n[x](DATA:text/html,x) <file:///etc> [y]()"}, [("link-unsafe", "notes.md:2")] * 3),
        ({"notes_markdown": "A [x](//elsewhere.example/) [y](https:///x)"}, [("link-unsafe", "notes.md:1")] * 2),
        ({"notes_markdown": "A [x](https://a.example) [y](../other/) [z](#a) <mailto:a@b.example>"}, []),
        ({"notes_markdown": "A ![x](https://a.example/x.png)"}, [("image-in-notes", "notes.md:1")]),
        ({"notes_markdown": "A.\n\nB: 381 cases.\n381 [@river-2026]."}, [("claim-unsourced", "notes.md:3")]),
        ({"notes_markdown": "Studio Seven sang.", "terms": ["Studio Seven"]}, []),
        ({"notes_markdown": "He said that it ended.", "language": "de"}, []),
        (
            {"one": episode(1, waivers=[{"sentence": "It was 1974", "reason": "Known", "by": "Ada Host"}])},
            [("waiver-unused", "episode.toml")],
        ),
        ({"notes_markdown": "A\n\x07B\x00"}, [("character-forbidden", "notes.md:2")] * 2),
        ({"notes_markdown": "\ufeffA\tB\r\nC"}, []),
        ({"notes_markdown": "A [1:01] [1:00]", "recording_duration_ms": 60_000}, [("time-beyond-end", "notes.md:1")]),
        ({"notes_markdown": "A [59:00]", "recording_duration_ms": None}, []),
        ({"now": datetime(2026, 5, 8, 5, 59, tzinfo=UTC)}, [("scheduled", "episode.toml")]),
        ({"now": datetime(2026, 5, 8, 6, 0, tzinfo=UTC)}, []),
        ({"serial": True}, [("number-missing", "episode.toml")]),
        (
            {"one": episode(1, chapters=[{"start": "1:00", "title": "A"}]), "recording_duration_ms": 60_000},
            [("chapter-beyond-end", "episode.toml")],
        ),
        (
            {"one": episode(1, soundbites=[{"start": "0:30", "end": "1:01"}]), "recording_duration_ms": 60_000},
            [("chapter-beyond-end", "episode.toml")],
        ),
        (
            {
                "one": episode(
                    1, chapters=[{"start": "0:59", "title": "A"}], soundbites=[{"start": "0:30", "end": "1:00"}]
                ),
                "recording_duration_ms": 60_000,
            },
            [],
        ),
    ],
)  # fmt: skip
def test_each_reason(changes: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(refused(**changes)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "x" * 256}, ["title-too-long"]),
        ({"title": "x" * 255}, []),
        ({"guid": "00000000-0000-0000-0000-000000000000"}, ["guid-empty"]),
        ({"number": 1}, []),
        ({"type": "bonus"}, []),
    ],
)
def test_each_reason_in_the_episode(changes: dict[str, Any], expected: list[str]) -> None:
    one = episode(1, **changes)
    serial = "number" in changes or "type" in changes
    assert [problem.code for problem in refused(one, serial=serial)] == expected


def test_a_placeholder_and_a_misspelt_name_are_named_once_with_their_first_line() -> None:
    transcript = parse_transcript(
        b"[00:00:00.000] **Ada Host**\nOne.\n\n"
        b"[00:00:01.000] **Speaker 2**\nTwo.\n\n"
        b"[00:00:02.000] **Ada Hots**\nThree.\n\n"
        b"[00:00:03.000] **Speaker 2**\nFour.\n\n"
        b"[00:00:04.000] **Speaker**\nFive.\n\n"
        b"[00:00:05.000] **Speaker ?**\nSix.\n",
        "transcript.md",
    )
    problems = refused(transcript=transcript)
    assert found(problems) == [
        ("speaker-unnamed", "transcript.md:4"),
        ("speaker-unknown", "transcript.md:7"),
        ("speaker-unnamed", "transcript.md:13"),
        ("speaker-unnamed", "transcript.md:16"),
    ]
    assert "in 2 paragraphs" in problems[0].what


@pytest.mark.parametrize("name", ["Speakerphone", "Speaker 2b", "Madam Speaker", "speaker 1"])
def test_a_name_that_only_resembles_a_placeholder_is_a_name(name: str) -> None:
    transcript = Transcript((Paragraph(name, "One.", 0, 1),))
    assert refused(transcript=transcript, people_names={name}) == []


def test_a_citation_in_the_transcript_is_held_against_the_sources_too() -> None:
    transcript = Transcript((Paragraph("Ada Host", "It was [@river-2026] or [@nobody, p. 2].", 0, 7),))
    assert found(refused(transcript=transcript)) == [("citation-unknown", "transcript.md:7")]


def test_all_reasons_are_given_at_once() -> None:
    problems = refused(
        episode(1, title="x" * 300),
        transcript=None,
        notes_markdown="A [@nobody] [x](javascript:x) ![y](z)",
        now=datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=1),
    )
    assert [problem.code for problem in problems] == [
        "title-too-long",
        "scheduled",
        "transcript-missing",
        "citation-unknown",
        "link-unsafe",
        "image-in-notes",
    ]


@given(
    st.text(max_size=80),
    st.lists(st.tuples(st.sampled_from(["Ada Host", "Speaker 1", "?"]), st.text(max_size=40)), max_size=4),
)
@settings(max_examples=100, deadline=None)
def test_whatever_is_written_every_reason_has_a_code_a_sentence_and_a_remedy(
    markdown: str, paragraphs: list[tuple[str, str]]
) -> None:
    transcript = Transcript(tuple(Paragraph(speaker, text) for speaker, text in paragraphs))
    for problem in refused(transcript=transcript, notes_markdown=markdown):
        assert problem.code in CODES
        assert problem.what
        assert problem.remedy
        assert not problem.what.endswith(".")
        assert not problem.remedy.endswith(".")


@given(hostile_markdown)
@settings(max_examples=150, deadline=None)
def test_what_the_gate_lets_through_can_be_published(markdown: str) -> None:
    if refused(notes_markdown=markdown):
        return
    show = show_settings()
    one = item(show, approved(episode(1), notes_markdown=markdown), SOURCES)
    assert build_feeds(show, [one], artwork_url=ARTWORK_URL)


def test_codes_are_words_with_hyphens_and_each_has_a_sentence() -> None:
    for code, sentence in CODES.items():
        assert code == code.lower()
        assert code.replace("-", "").isalpha()
        assert sentence[0].isupper()
        assert not sentence.endswith(".")
    assert {"approval-missing", "approval-void"} <= CODES.keys()


@pytest.mark.parametrize(("hours", "expected"), [(0, []), (-1, []), (1, ["embargo-broken"])])
def test_nothing_is_published_under_an_embargo(hours: int, expected: list[str]) -> None:
    one = episode(1)
    until = one.published_at + timedelta(hours=hours)
    assert [problem.code for problem in refused(episode(1, embargo_until=until))] == expected


def test_a_content_note_ends_within_the_recording() -> None:
    one = episode(1, content_note="Violence.", content_note_until="00:01:00")
    assert [problem.code for problem in refused(one, recording_duration_ms=60_000)] == ["time-beyond-end"]
    assert refused(one, recording_duration_ms=60_001) == []
    with pytest.raises(ValueError, match="needs content_note"):
        episode(1, content_note_until="00:01:00")
