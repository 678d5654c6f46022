"""The one run of all benchmarks: what fails or is missing costs only its own rows, and the table says why."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from lxml import etree

from tests.benchmarks import report
from tests.benchmarks.__main__ import PARTS, PLOT_NAME, TABLE_NAME, command, measure
from tests.benchmarks.costs import ProgramFailed, cost
from tests.benchmarks.rows import Asked, Row

ASKED = Asked("", is_quick=True)


def python(*lines: str) -> list[str]:
    return [sys.executable, "-c", "\n".join(lines)]


def rows_of(text: str, part: str) -> list[list[str]]:
    lines = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in cells] for cells in lines if cells[0].strip() == part]


def test_a_part_that_fails_costs_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = """print('{"what": "an hour", "wall_s": 2.5}', flush=True)"""
    commands = {
        "broken": python(told, "raise FileNotFoundError('librivox is not there')"),
        "killed": python(told, "import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"),
        "feed": command("feed", ASKED),
    }
    assert not measure(commands, tmp_path)
    text = (tmp_path / TABLE_NAME).read_text("utf-8")
    assert report.machine() in text
    (first, why), (_, end) = rows_of(text, "broken"), rows_of(text, "killed")
    assert first[1:4] == ["an hour", "ours", "2.5 s"]
    assert why[-1] == "left out: failed, FileNotFoundError: librivox is not there (broken.log has more)"
    assert "SIGKILL" in end[-1]
    assert [row[1] for row in rows_of(text, "feed")][-1] == "all of it, 50 episodes"
    svg = etree.parse(tmp_path / PLOT_NAME)
    assert {"broken", "feed"} <= {node.text.strip() for node in svg.iter(etree.Comment) if node.text}
    assert text.splitlines()[0] in capsys.readouterr().out


def test_what_cannot_be_measured_here_is_no_failure(tmp_path: Path) -> None:
    lacking = tmp_path / "lacking.py"
    lacking.write_text(
        "from tests.benchmarks.rows import LeftOut, Row\n"
        "def rows(asked):\n"
        "    print('not a row')\n"
        "    yield Row('one', wall_s=1.0)\n"
        "    raise LeftOut('no Chromium here')\n"
    )
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.argv[1:] = ['lacking', '{{\"folder\": \"\"}}']"
    assert measure({"desk": python(start, "from tests.benchmarks import part", "part.main()")}, tmp_path)
    one, none = rows_of((tmp_path / TABLE_NAME).read_text("utf-8"), "desk")
    assert (one[1], none[-1]) == ("one", "left out: no Chromium here")
    assert (tmp_path / PLOT_NAME).exists()


def test_others_are_put_in_proportion_to_ours() -> None:
    found = [Row("whole", "Hugo", wall_s=1.8, cpu_s=2.9), Row("first", wall_s=3), Row("whole", wall_s=150, cpu_s=280)]
    table = rows_of(report.table({"site": found}), "site")
    assert [[*row[1:3], *row[6:8]] for row in table] == [
        ["whole", "ours", "1", "1"],
        ["whole", "Hugo", "0.012", "0.01"],
        ["first", "ours", "", ""],
    ]


def test_memory_is_the_programs_own_and_not_of_whoever_measures(tmp_path: Path) -> None:
    filled = b"x" * 150_000_000
    assert cost([sys.executable, "-S", "-c", ""], tmp_path).peak_mb < len(filled) / 2e6


def test_a_program_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="ended with 4: no such theme"):
        cost(python("import sys", "print('reading')", "print('no such theme')", "sys.exit(4)"), tmp_path)
    assert cost(python("raise SystemExit(3)"), tmp_path, well=(0, 3)).wall_s > 0
    with pytest.raises(ProgramFailed, match="no-such-program"):
        cost(["no-such-program"], tmp_path)


@pytest.mark.parametrize("name", PARTS)
def test_every_part_is_documented(name: str) -> None:
    docs = (Path(__file__).parents[1] / "docs" / "benchmarks.md").read_text("utf-8")
    assert f"`python -m tests.benchmarks {name}" in docs
