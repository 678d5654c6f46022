"""The sample show from end to end, as on a fresh machine: run, check, approve, run again, and read the feed back."""

from __future__ import annotations

import importlib.util
import io
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import av
import feedparser
import podcastparser
import pytest

from pipeline.publish.lint.check import lint_target
from pipeline.stages.run import RunResult, approve, run
from pipeline.stages.status import State
from pipeline.transcript import Paragraph, Transcript, parse_transcript, read_machine, transcript_to_text
from tests.wer import word_error_rate

ROOT = Path(__file__).parent.parent
NARRATION, CONVERSATION = "2020-06-samson-inocencio", "2026-11-how-we-check"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SITE = "https://onrecord.example/"
EDITOR = "A Tester <tester@example.org>"
# Measured 1.0 to 1.4 % with the default weights; a bound that a damaged engine cannot meet.
WORST_ERROR_RATE = 0.05

pytestmark = pytest.mark.speech


def scripts() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_audio", ROOT / "docs" / "sample_audio.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def go(root: Path) -> RunResult:
    return run(root, NOW, lambda slug, stage, part: None)


def states(result: RunResult) -> dict[str, State]:
    return {status.slug: status.state for status in result.statuses}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as it is committed: what a producer's own run wrote into it since is left out."""
    folder = tmp_path_factory.mktemp("sample")
    shutil.copytree(ROOT / "episodes", folder / "episodes")
    for name in ("machine.json", "transcript.md", "review.json"):
        (folder / "episodes" / CONVERSATION / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "episodes" / CONVERSATION / "approvals", ignore_errors=True)
    return folder


@pytest.fixture(scope="module")
def first(root: Path) -> RunResult:
    return go(root)


def test_the_first_run_publishes_one_and_leaves_one_to_the_editor(first: RunResult) -> None:
    assert states(first) == {NARRATION: State.PUBLISHED, CONVERSATION: State.WAITING}


def test_a_second_run_does_nothing(root: Path, first: RunResult) -> None:
    assert first.done
    assert go(root).done == ()


def test_the_machine_heard_what_was_said(root: Path, first: RunResult) -> None:
    assert first
    machine = read_machine(root / "episodes" / CONVERSATION / "machine.json")
    (script,) = [one for one in scripts().SCRIPTS if CONVERSATION in one.output]
    said = " ".join(line.words for line in script.lines)
    assert word_error_rate(said, machine.text) < WORST_ERROR_RATE


def test_approved_by_its_editor_the_second_episode_is_published_too(root: Path, first: RunResult) -> None:
    assert first
    path = root / "episodes" / CONVERSATION / "transcript.md"
    draft = parse_transcript(path.read_bytes(), str(path))
    names = ("Hester Hale (synthetic voice)", "Tobias Wren (synthetic voice)")
    checked = Transcript(
        tuple(
            Paragraph(names[number % 2], paragraph.text, paragraph.start_ms)
            for number, paragraph in enumerate(draft.paragraphs)
        )
    )
    path.write_text(transcript_to_text(checked), encoding="utf-8")
    approve(root, CONVERSATION, EDITOR, NOW)
    assert set(states(go(root)).values()) == {State.PUBLISHED}
    read_back(root)


def read_back(root: Path) -> None:
    """The feed through two parsers nobody here wrote; each enclosure against its file."""
    content = (root / "site" / "feed.xml").read_bytes()
    parsed: Any = feedparser.parse(io.BytesIO(content))  # type: ignore[attr-defined, no-untyped-call]  # no types
    assert not parsed.bozo
    again: Any = podcastparser.parse(f"{SITE}feed.xml", io.BytesIO(content))  # type: ignore[no-untyped-call]  # no types
    assert [entry.title for entry in parsed.entries] == [one["title"] for one in again["episodes"]]
    assert len(parsed.entries) == 2
    for entry, one in zip(parsed.entries, again["episodes"], strict=True):
        (enclosure,) = entry.enclosures
        file = root / "site" / urlsplit(enclosure.href).path.lstrip("/")
        assert int(enclosure.length) == file.stat().st_size == one["enclosures"][0]["file_size"]
        assert enclosure.type == one["enclosures"][0]["mime_type"] == "audio/mpeg"
        with av.open(str(file)) as audio:
            assert audio.duration is not None
            duration = timedelta(microseconds=audio.duration)
        assert abs(duration.total_seconds() - one["total_time"]) <= 1
        assert entry.id == one["guid"]
    assert lint_target(root / "site").ok
