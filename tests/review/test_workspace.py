from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import files
from pipeline.errors import InvalidTranscript
from pipeline.review.fresh import NO_REVISION
from pipeline.review.workspace import REVISIONS_KEPT, Stale, Workspace, cleaned
from pipeline.transcript import Paragraph, Transcript, parse_transcript, read_transcript, transcript_to_text

TEXT = tuple(
    Paragraph("Ada Host" if number % 2 else "Ben Guest", f"words {number}", number * 1000) for number in range(5)
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    folder = tmp_path / "episodes" / "talk"
    folder.mkdir(parents=True)
    (folder / "transcript.md").write_text(transcript_to_text(Transcript(TEXT)), encoding="utf-8")
    return Workspace(folder, tmp_path / "build" / "talk" / "desk")


def edited(number: int, text: str, paragraphs: tuple[Paragraph, ...] = TEXT) -> list[Paragraph]:
    return [
        Paragraph(one.speaker, text, one.start_ms) if place == number else one for place, one in enumerate(paragraphs)
    ]


def on_disk(workspace: Workspace) -> list[str]:
    return [one.text for one in read_transcript(workspace.transcript_path).paragraphs]


def test_a_save_changes_the_file_and_gives_the_next_revision(workspace: Workspace) -> None:
    _, first = workspace.transcript()
    saved = workspace.save_transcript(edited(1, "other words"), first)
    assert on_disk(workspace)[1] == "other words"
    assert workspace.transcript()[1] == saved.revision != first
    assert not saved.is_merged
    assert workspace.save_transcript(edited(1, "again other"), saved.revision).before == saved.transcript


def test_a_file_is_not_written_when_only_its_layout_differs(workspace: Workspace) -> None:
    path = workspace.transcript_path
    path.write_text(path.read_text("utf-8").replace("words 1", "words\n  1") + "\n\n", encoding="utf-8")
    before = path.stat().st_mtime_ns, path.read_bytes()
    _, revision = workspace.transcript()
    assert workspace.save_transcript(TEXT, revision).revision == revision
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_two_windows_that_change_different_paragraphs_are_merged(workspace: Workspace) -> None:
    _, base = workspace.transcript()
    workspace.save_transcript(edited(1, "first window"), base)
    saved = workspace.save_transcript(edited(3, "second window"), base)
    assert saved.is_merged
    assert on_disk(workspace) == ["words 0", "first window", "words 2", "second window", "words 4"]


def test_two_windows_that_change_the_same_paragraph_lose_nothing(workspace: Workspace) -> None:
    _, base = workspace.transcript()
    first = workspace.save_transcript(edited(1, "first window"), base)
    with pytest.raises(Stale) as caught:
        workspace.save_transcript(edited(1, "second window"), base)
    assert on_disk(workspace)[1] == "first window"
    assert caught.value.revision == first.revision
    assert caught.value.merge is not None
    assert caught.value.merge.paragraphs[1].text == "second window"
    assert caught.value.merge.clashes[0].theirs[0].text == "first window"
    # Having looked at both, the editor saves from what is there now.
    workspace.save_transcript(edited(1, "both"), caught.value.revision)
    assert on_disk(workspace)[1] == "both"


def test_an_edit_on_disk_under_an_open_desk_is_merged(workspace: Workspace) -> None:
    _, base = workspace.transcript()
    path = workspace.transcript_path
    path.write_text(path.read_text("utf-8").replace("words 4", "by hand"), encoding="utf-8")
    assert workspace.save_transcript(edited(0, "at the desk"), base).is_merged
    assert on_disk(workspace) == ["at the desk", "words 1", "words 2", "words 3", "by hand"]


def test_an_edit_on_disk_in_the_last_moment_is_seen(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    _, base = workspace.transcript()
    path, really = workspace.transcript_path, os.fsync
    hands = iter([True])

    def fsync(handle: int) -> None:
        really(handle)
        if ".transcript." in str(Path(f"/proc/self/fd/{handle}").readlink()) and next(hands, False):
            path.write_text(path.read_text("utf-8").replace("words 4", "by hand"), encoding="utf-8")

    monkeypatch.setattr(os, "fsync", fsync)
    assert workspace.save_transcript(edited(0, "at the desk"), base).is_merged
    assert on_disk(workspace) == ["at the desk", "words 1", "words 2", "words 3", "by hand"]


def test_a_file_broken_by_hand_is_not_overwritten(workspace: Workspace) -> None:
    _, base = workspace.transcript()
    workspace.transcript_path.write_text("[12:3] broken", encoding="utf-8")
    with pytest.raises(InvalidTranscript):
        workspace.save_transcript(edited(0, "at the desk"), base)
    assert workspace.transcript_path.read_text("utf-8") == "[12:3] broken"


def test_an_unknown_revision_asks_and_does_not_guess(workspace: Workspace) -> None:
    with pytest.raises(Stale) as caught:
        workspace.save_transcript(edited(0, "mine"), "sha256:of-long-ago")
    assert caught.value.merge is None
    assert caught.value.theirs is not None
    assert on_disk(workspace)[0] == "words 0"
    # Unless both say the same.
    assert not workspace.save_transcript(TEXT, "sha256:of-long-ago").is_merged


def test_a_first_text_and_first_notes_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "talk").mkdir()
    workspace = Workspace(tmp_path / "talk", tmp_path / "desk")
    assert workspace.transcript() == (Transcript(()), NO_REVISION)
    workspace.save_transcript(TEXT, NO_REVISION)
    assert on_disk(workspace)[0] == "words 0"
    revision = workspace.save_notes("Notes.\n", NO_REVISION)
    assert workspace.notes() == ("Notes.\n", revision)


def test_notes_changed_elsewhere_are_not_overwritten(workspace: Workspace) -> None:
    base = workspace.save_notes("one", NO_REVISION)
    workspace.notes_path.write_text("by hand", encoding="utf-8")
    with pytest.raises(Stale) as caught:
        workspace.save_notes("mine", base)
    assert caught.value.theirs_text == "by hand"
    assert workspace.notes()[0] == "by hand"
    assert workspace.save_notes("mine", caught.value.revision) == workspace.notes()[1]


def test_only_the_episode_and_its_desk_are_written(workspace: Workspace, tmp_path: Path) -> None:
    _, revision = workspace.transcript()
    for number in range(REVISIONS_KEPT + 10):
        revision = workspace.save_transcript(edited(0, f"take {number}"), revision).revision
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    outside = {name for name in found if not name.startswith(("episodes/talk/", "build/talk/desk/"))}
    assert not outside
    assert {name for name in found if name.startswith("episodes/")} == {"episodes/talk/transcript.md"}
    assert len([name for name in found if "/revisions/" in name]) <= REVISIONS_KEPT


@pytest.mark.parametrize("fails", ["replacing", "_flush", "write_bytes"])
def test_a_full_disk_leaves_what_was_there(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, fails: str) -> None:
    _, base = workspace.transcript()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = workspace.transcript_path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(files, fails, full)
        with pytest.raises(OSError, match="No space"):
            workspace.save_transcript(edited(0, "mine"), base)
    assert workspace.transcript_path.read_bytes() == before
    assert not list(workspace.folder.glob("*.tmp.md"))
    workspace.save_transcript(edited(0, "mine"), base)
    assert on_disk(workspace)[0] == "mine"


def test_many_hands_at_once_lose_nothing(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    # Who waits for a lock of five has no turn by right, and a slow disk makes each take long.
    monkeypatch.setattr("pipeline.review.workspace._LOCK_WAIT_SECONDS", 120)

    def save(number: int) -> None:
        other = Workspace(workspace.folder, workspace.desk_folder)
        for take in range(4):
            text, revision = other.transcript()
            other.save_transcript(edited(number, f"hand {number} take {take}", text.paragraphs), revision)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(save, range(5)))
    assert on_disk(workspace) == [f"hand {number} take 3" for number in range(5)]


SAVER = """
import sys
from pathlib import Path
from pipeline.review.workspace import Workspace
from pipeline.transcript import Paragraph
workspace = Workspace(Path(sys.argv[1]), Path(sys.argv[2]))
text, revision = workspace.transcript()
for take in range(100_000):
    changed = [Paragraph(one.speaker, f"take {take} " + "x" * 20_000, one.start_ms) for one in text.paragraphs]
    revision = workspace.save_transcript(changed, revision).revision
    print(take, flush=True)
"""


def test_killed_in_the_middle_of_a_save(workspace: Workspace) -> None:
    for round_number in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", SAVER, str(workspace.folder), str(workspace.desk_folder)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        acknowledged = -1
        for _ in range(3 + round_number):
            acknowledged = int(process.stdout.readline())
        time.sleep(0.003 * round_number)
        os.kill(process.pid, signal.SIGKILL)
        acknowledged = max([acknowledged, *(int(line) for line in process.stdout if line.endswith("\n"))])
        process.stdout.close()
        process.wait()
        takes = {int(text.split()[1]) for text in on_disk(workspace)}
        # Whole, and not older than the last save that was answered.
        assert len(takes) == 1
        assert takes.pop() in (acknowledged, acknowledged + 1)
        # The dead program's lock holds nobody up.
        text, revision = workspace.transcript()
        workspace.save_transcript(edited(0, "take 0 after", text.paragraphs), revision)


def test_a_lock_of_another_program_is_waited_for(workspace: Workspace) -> None:
    _, base = workspace.transcript()
    order: list[str] = []
    inside = threading.Event()

    def hold() -> None:
        with Workspace(workspace.folder, workspace.desk_folder).locked():
            inside.set()
            time.sleep(0.3)
            order.append("held")

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    workspace.save_transcript(edited(0, "mine"), base)
    order.append("saved")
    thread.join()
    assert order == ["held", "saved"]


class TestCleaned:
    def test_a_time_that_runs_backwards_is_dropped(self) -> None:
        text = cleaned([Paragraph("A", "x", 5000), Paragraph("A", "y", 1000), Paragraph("A", "z", 6000)])
        assert [one.start_ms for one in text.paragraphs] == [5000, None, 6000]

    @pytest.mark.parametrize("speaker", ["", "  ", "A**B", "*A*", "\x00"])
    def test_a_name_that_cannot_be_written_is_named(self, speaker: str) -> None:
        with pytest.raises(InvalidTranscript, match="paragraph 2"):
            cleaned([Paragraph("A", "x", 0), Paragraph(speaker, "y", 1)])

    @settings(max_examples=300)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["Ada Host", "Ben", "O’Neill [x]", "عبد الله"]),
                st.text(max_size=30) | st.sampled_from(["[00:00:01.000] x", "**Ben**", "\\x", "[12", " a \n b "]),
                st.none() | st.integers(0, 10**7),
            ),
            max_size=6,
        )
    )
    def test_what_is_saved_is_what_is_read(self, entries: list[tuple[str, str, int | None]]) -> None:
        text = cleaned([Paragraph(*entry) for entry in entries])
        assert parse_transcript(transcript_to_text(text).encode("utf-8"), "x") == text
        assert cleaned(text.paragraphs) == text
