"""The program as a producer meets it: what it prints, and the codes it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from filelock import FileLock
from rich.console import Console
from typer.testing import CliRunner

from pipeline.cli import app, console
from pipeline.errors import Refused
from pipeline.stages.status import EpisodeStatus, State
from tests.episodes import add_episode
from tests.shows import make_show

COMMANDS = sorted(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group; typer says only Command


def onrecord(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pipeline", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = add_episode(tmp_path_factory.mktemp("show"), "first-talk")
    add_episode(root.parent, "second-talk", number=2, approved=False)
    result = onrecord("run", "--root", root)
    assert result.returncode == 3, result.stderr
    return root


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    result = onrecord(command, "--help")
    assert result.returncode == 0
    assert f"Example: onrecord {command}" in " ".join(result.stdout.split())


def test_the_table_says_state_and_next_step(published: Path) -> None:
    result = onrecord("status", "--root", published)
    assert result.returncode == 3
    lines = {line.split()[0]: line for line in result.stdout.splitlines() if line.strip()}
    assert "published" in lines["first-talk"]
    assert "waiting for the editor" in lines["second-talk"]


def test_a_second_run_says_that_there_is_nothing_to_do(published: Path) -> None:
    assert "Nothing to do" in onrecord("run", "--root", published).stdout


def test_of_many_episodes_only_those_are_listed_with_which_something_is_to_be_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "out", Console())
    out = EpisodeStatus("out", "Out", State.PUBLISHED)
    open_ = EpisodeStatus("open", "Open", State.WAITING, "nobody has approved it yet", "check it")
    console.print_table([out] * 300, brief=True)
    assert capsys.readouterr().out == (
        "300 of 300 episodes are published or withdrawn; onrecord status lists them all.\n"
    )
    console.print_table([out] * 300 + [open_], brief=True)
    said = capsys.readouterr().out
    assert said.startswith("300 of 301 episodes are published or withdrawn")
    assert "nobody has approved it yet" in said
    assert said.count("published") == 1
    console.print_table([], brief=True)
    assert "There is no episode yet" in capsys.readouterr().out


def test_json_is_one_value_and_nothing_else(published: Path) -> None:
    for command in ("run", "status", "check"):
        result = onrecord(command, "--root", published, "--json")
        json.loads(result.stdout)
    statuses = json.loads(onrecord("status", "--root", published, "--json").stdout)
    assert [one["state"] for one in statuses] == ["published", "waiting for the editor"]


def test_approving_by_command_publishes_on_the_next_run(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk", approved=False)
    dry = onrecord("approve", "first-talk", "--by", "Ada Host <ada@show.example>", "--root", root, "--dry-run")
    assert dry.returncode == 0
    assert onrecord("status", "--root", root).returncode == 3
    assert onrecord("approve", "first-talk", "--by", "Ada", "--root", root).returncode == 1
    done = onrecord("approve", "first-talk", "--by", "Ada Host <ada@show.example>", "--root", root)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "Ada Host states: “I listened to the recording against this text" in said
    assert "Nothing of it was played at the desk." in said
    assert onrecord("run", "--root", root).returncode == 0


def test_a_mistake_is_explained_without_a_stack_trace(tmp_path: Path) -> None:
    result = onrecord("run", "--root", tmp_path)
    assert result.returncode == 1
    assert "there is no show here" in result.stderr
    assert "Traceback" not in result.stderr
    assert onrecord("frobnicate").returncode == 2


def test_an_invalid_episode_is_code_4_and_is_listed(tmp_path: Path) -> None:
    root = make_show(tmp_path, "title = 1")
    result = onrecord("check", "--root", root)
    assert result.returncode == 4
    assert "episode.toml:1: title" in result.stderr
    ran = onrecord("run", "--root", root)
    assert ran.returncode == 4
    assert "invalid" in ran.stdout
    assert "up to date" not in ran.stdout


def test_one_episode_is_checked_by_its_slug(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    broken = root / "episodes" / "second-talk"
    broken.mkdir()
    (broken / "episode.toml").write_text("title = 1", "utf-8")
    one = CliRunner().invoke(app, ["check", "first-talk", "--root", str(root)])
    assert one.exit_code == 0, one.output
    assert "1 episode checked: nothing wrong was found" in one.output
    other = CliRunner().invoke(app, ["check", "second-talk", "--root", str(root)])
    assert other.exit_code == 4
    assert "second-talk/episode.toml:1: title" in " ".join(other.output.split())
    assert "first-talk" not in other.output
    neither = CliRunner().invoke(app, ["check", "third-talk", "--root", str(root)])
    assert isinstance(neither.exception, Refused)
    assert "there is no feed here" in str(neither.exception)


def test_check_says_what_was_found_and_never_that_all_was(tmp_path: Path) -> None:
    root = add_episode(tmp_path, "first-talk")
    folder = root / "episodes" / "first-talk"
    text = (folder / "notes.md").read_text("utf-8")
    (folder / "notes.md").write_text(f"{text}\nIn 2019 nobody came. The bridge was built in 1974.\n", "utf-8")
    with (folder / "episode.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[[waivers]]\nsentence = "The bridge was built"\nreason = "It says so"\nby = "Ada Host"\n')
    result = onrecord("check", "--root", root, "--claims")
    assert result.returncode == 3
    assert "notes.md:3: date (“2019”) without a source: “In 2019 nobody came.”" in result.stderr
    assert "3 statements with figures, dates, quotations or attributions found in the notes: " in result.stdout
    assert "1 cites a source, 1 is waived by Ada Host, 1 open." in result.stdout
    assert "notes.md:1: cites a source: figure (“381”)" in result.stdout
    assert "notes.md:3: waived by Ada Host (It says so): date (“1974”)" in result.stdout
    assert "transcript.md:4: a figure at 0:02 without a source: “There were 381 cases.”" in result.stdout
    assert "all claims" not in result.stdout
    told = json.loads(onrecord("check", "--root", root, "--claims", "--json").stdout)
    assert "claim-unsourced" in [one["code"] for one in told["problems"]]
    (one,) = told["statements"]
    assert [(claim["line"], claim["open"]) for claim in one["notes"]] == [(1, False), (3, True), (3, False)]
    assert [prompt["start_ms"] for prompt in one["transcript"]] == [2000]


def test_another_run_is_code_5(published: Path) -> None:
    with FileLock(published / "build" / "run.lock"):
        result = onrecord("run", "--root", published)
    assert result.returncode == 5
    assert "another run is at work" in result.stderr


def test_a_new_show_and_a_new_episode_by_command(tmp_path: Path) -> None:
    made = onrecord("new-show", tmp_path / "s", "--title", "Our Show", "--site-url", "https://show.example.org/")
    assert made.returncode == 0, made.stderr
    made = onrecord("new", "first-talk", "--title", "The first talk", "--root", tmp_path / "s")
    assert made.returncode == 0, made.stderr
    for name in ("ada.wav", "ben.wav"):
        (tmp_path / name).write_bytes(b"sound")
    both = ("--recording", tmp_path / "ada.wav", "--recording", tmp_path / "ben.wav")
    made = onrecord("new", "second-talk", *both, "--root", tmp_path / "s")
    assert "say there who speaks in which recording" in made.stdout
    assert {"ada.wav", "ben.wav"} < {path.name for path in (tmp_path / "s" / "episodes" / "second-talk").iterdir()}
    again = onrecord("new", "first-talk", "--root", tmp_path / "s")
    assert again.returncode == 1
    assert "something here already" in again.stderr
    assert onrecord("status", "--root", tmp_path / "s").returncode == 4


def test_a_site_that_is_not_there_is_not_served(tmp_path: Path) -> None:
    result = onrecord("serve", "--root", make_show(tmp_path), "--port", "0")
    assert result.returncode == 1
    assert "there is no site yet" in result.stderr


def test_the_version_is_printed() -> None:
    assert onrecord("--version").stdout.startswith("onrecord ")
