"""What the desk is handed of the other rooms, with the real ones behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.audio.derive import stretch
from pipeline.errors import Refused
from pipeline.show import Source
from pipeline.stages.desk import desk_services
from pipeline.stages.status import State
from tests.episodes import ADA, SPEECH, add_episode


def test_an_episode_is_approved_with_evidence_and_published_from_the_desk(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    desk = desk_services(root)
    assert [one.state for one in desk.states()] == [State.WAITING.value]
    assert desk.refusals("first-talk") == ()
    assert "transcript.md" in desk.voids("first-talk")
    approved = desk.approve("first-talk", ADA, {"heard_percent": 100})
    assert approved.name == "Ada Host"
    assert (root / approved.path).is_file()
    assert desk.publish is not None
    published = desk.publish()
    assert [(one.state, one.approved_by) for one in published.states] == [(State.PUBLISHED.value, ("Ada Host",))]


def test_what_stands_against_an_approval_is_told(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    (root / "episodes" / "first-talk" / "notes.md").write_text("A figure [@nobody-1999].\n")
    desk = desk_services(root)
    assert [one.code for one in desk.refusals("first-talk")] == ["citation-unknown"]
    with pytest.raises(Refused, match="nobody-1999"):
        desk.approve("first-talk", ADA, {})


def test_notes_are_previewed_as_the_page_will_show_them(tmp_path: Path) -> None:
    desk = desk_services(add_episode(tmp_path, "first-talk", approved=False))
    (state,) = desk.states()
    assert state.title == "First talk"
    bad = desk.preview("Read [@nobody-1999].", {})
    assert bad.html == ""
    assert "nobody-1999" in str(bad.problems[0])
    good = desk.preview("**Read** <script>alert(1)</script>", {})
    assert "<strong>Read</strong>" in good.html
    assert "<script>" not in good.html


def test_sources_are_named_in_plain_text(tmp_path: Path) -> None:
    desk = desk_services(add_episode(tmp_path, "first-talk", approved=False))
    source = Source(
        id="k", type="report", title="On <i>Salmo</i> & more", publisher="River Office", URL="https://a.example/"
    )
    assert desk.source_label(source) == "On Salmo & more, River Office"


@pytest.mark.speech
def test_a_stretch_is_transcribed_again_by_a_real_engine(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    stretch(SPEECH, root / "episodes" / "first-talk" / "interview.wav", 0, 20_000)
    desk = desk_services(root)
    assert "base" in desk.models()
    parts: list[float] = []
    text = desk.retranscribe("first-talk", 2_000, 12_000, "base", parts.append)
    assert "synthetic voice" in text
    assert "Welcome" not in text
    assert parts[-1] == 1.0
