"""What users get: the files that `make release` makes, and what `make check` says of the packages in them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("pyproject.toml", "requirements.lock", "Makefile", "README.md", "CHANGELOG.md", "LICENSE")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`dist/` as make makes it, of a copy of the repository, so that nobody's own is deleted."""
    if shutil.which("make") is None:
        pytest.skip("there is no make on this machine")
    copy = tmp_path_factory.mktemp("release")
    for name in PARTS:
        shutil.copy(ROOT / name, copy)
    for name in ("pipeline", "templates"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / ".venv").symlink_to(Path(sys.prefix))
    made = subprocess.run(
        # What is in .venv is what the tests run with: it is not set up again.
        ["make", "-o", ".venv/.installed-dev", "release"],
        cwd=copy,
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return copy / "dist"


def test_a_release_is_a_wheel_the_source_a_list_of_parts_and_their_sums(dist: Path) -> None:
    sums = dict(line.split()[::-1] for line in (dist / "SHA256SUMS").read_text("utf-8").splitlines())
    assert set(sums) == {path.name for path in dist.iterdir()} - {"SHA256SUMS"}
    assert [Path(name).suffix for name in sorted(sums)] == [".whl", ".gz", ".json"]
    for name, digest in sums.items():
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest


def test_the_wheel_is_the_whole_program(dist: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(next(dist.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path / "installed")  # noqa: S202 - we made it
    code = "import pipeline.publish.templates as t; print(t.templates_folder())"
    python = [sys.executable, "-P"]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
    said = subprocess.check_output([*python, "-c", code], text=True, cwd=tmp_path, env=environment)
    templates = Path(said.strip())
    assert templates == tmp_path / "installed" / "pipeline" / "templates"
    assert {path.name for path in templates.iterdir()} == {path.name for path in (ROOT / "templates").iterdir()}
    made = [*python, "-m", "pipeline", "new-show", "show", "--title", "A show", "--site-url", "https://a.example/"]
    subprocess.run(made, check=True, cwd=tmp_path, env=environment, capture_output=True)
    assert (tmp_path / "show" / "episodes" / "show.toml").exists()


def test_the_source_holds_what_the_wheel_is_made_of(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as source:
        names = {name.partition("/")[2] for name in source.getnames()}
    ours = {
        path.relative_to(ROOT).as_posix()
        for folder in ("pipeline", "templates")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert ours <= names
    assert not [name for name in names if name.startswith(("tests", ".venv", "episodes", "build"))]


def test_the_list_of_parts_names_every_locked_package_with_its_sum(dist: Path) -> None:
    parts = json.loads((dist / "onrecord.cdx.json").read_bytes())
    assert parts["bomFormat"] == "CycloneDX"
    assert parts["metadata"]["component"]["name"] == "onrecord"
    listed = {one["name"].lower(): one for one in parts["components"]}
    locked = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)
    assert len(locked) > 30
    assert {name.lower(): version for name, version in locked} == {name: one["version"] for name, one in listed.items()}
    assert all(one["externalReferences"][0]["hashes"] for one in listed.values())


def audited(lock: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / ".setup" / "audit"), str(lock)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


@pytest.fixture
def pip_audit(tmp_path: Path) -> Path:
    """A place for a module `pip_audit` of our own, which says what the real one would."""
    (tmp_path / "pip_audit.py").touch()
    return tmp_path / "pip_audit.py"


HOLE = {"name": "a", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
FINE = {"name": "b", "version": "1", "vulns": []}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answer", "code", "said"),
    [
        ([FINE], 0, "no known hole in 1 packages"),
        ([FINE, HOLE], 1, "a 1 has the hole CVE-1; mended in 2"),
        ([FINE, UNKNOWN], 0, "1 of 2 packages are unknown"),
        ([UNKNOWN], 0, "cannot be reached"),
        ([], 1, "it names no package"),
    ],
)
def test_what_pip_audit_found_is_told(
    pip_audit: Path, tmp_path: Path, answer: list[object], code: int, said: str
) -> None:
    pip_audit.write_text(f"print({json.dumps({'dependencies': answer})!r})", encoding="utf-8")
    done = audited(tmp_path / "any.lock", PYTHONPATH=str(tmp_path))
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout


@pytest.mark.parametrize(
    ("program", "code", "said"),
    [
        ("raise RuntimeError('it is broken')", 1, "pip-audit failed: RuntimeError: it is broken"),
        ("raise SystemExit(3)", 1, "pip-audit failed: exit code 3"),
        ("import no_such_module", 1, "No module named 'no_such_module'"),
        ("print('[]')", 1, "pip-audit failed"),
        ("import requests\nraise requests.exceptions.ConnectTimeout('x')", 0, "cannot be reached"),
        ("raise SystemExit('ERROR:pip_audit._cli:Could not connect to PyPI\\'s vulnerability feed')", 0, "be reached"),
    ],
)
def test_only_a_network_that_is_away_is_let_pass(
    pip_audit: Path, tmp_path: Path, program: str, code: int, said: str
) -> None:
    pip_audit.write_text(program, encoding="utf-8")
    done = audited(tmp_path / "any.lock", PYTHONPATH=str(tmp_path))
    assert (done.returncode, said in done.stdout) == (code, True), done.stdout


def test_the_real_one_fails_on_a_broken_lock_and_lets_a_dead_network_pass(tmp_path: Path) -> None:
    lock = tmp_path / "broken.lock"
    lock.write_text("this is not a lock ===\n", encoding="utf-8")
    done = audited(lock)
    assert (done.returncode, "invalid specifier at line 1" in done.stdout) == (1, True), done.stdout
    lock.write_text(f"idna==3.10 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    away = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "XDG_CACHE_HOME": str(tmp_path)}
    done = audited(lock, **away)
    assert (done.returncode, "cannot be reached" in done.stdout) == (0, True), done.stdout
