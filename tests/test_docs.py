"""Documentation under test: what exists is documented, and what is documented exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main
from pydantic import BaseModel

from pipeline.cli import app
from pipeline.publish.deploy.ledger import LEDGER_CODES
from pipeline.publish.gate import CODES
from pipeline.show import models
from pipeline.show import publishing as show_publishing
from pipeline.show import settings as show_settings
from pipeline.show import sources as show_sources
from pipeline.stages.status import State

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FORMATS = (DOCS / "formats.md").read_text("utf-8")
COMMANDS = (DOCS / "commands.md").read_text("utf-8")

NOT_WRITTEN_BY_PEOPLE = {"slug", "folder", "id"}


def settings() -> list[tuple[str, str]]:
    kinds = [
        kind
        for module in (models, show_settings, show_sources, show_publishing)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]
    return [
        (kind.__name__, field.alias or name)
        for kind in kinds
        for name, field in kind.model_fields.items()
        if name not in NOT_WRITTEN_BY_PEOPLE
    ]


@pytest.mark.parametrize(("model", "name"), settings())
def test_every_setting_is_documented(model: str, name: str) -> None:
    assert re.search(
        rf"[`\[]{re.escape(name)}[`\]]|^{re.escape(name)} = |\b{re.escape(name)} = ", FORMATS, re.MULTILINE
    ), model


@pytest.mark.parametrize("name", sorted(typer.main.get_command(app).commands))  # type: ignore[attr-defined]  # a group
def test_every_command_is_documented(name: str) -> None:
    assert f"`onrecord {name}" in COMMANDS


def test_every_documented_command_and_target_exists() -> None:
    names = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in [ROOT / "README.md", *DOCS.glob("*.md")]:
        text = path.read_text("utf-8")
        for command in re.findall(r"`(?:\.venv/bin/)?onrecord ([a-z][a-z-]*)", text):
            assert command in names, (path.name, command)
        for target in re.findall(r"`make ([a-z][a-z-]*)", text):
            assert target in targets, (path.name, target)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_refusal_is_documented(code: str) -> None:
    assert f"`{code}`" in (DOCS / "refusals.md").read_text("utf-8")


@pytest.mark.parametrize("code", sorted(LEDGER_CODES))
def test_every_refusal_of_the_ledger_is_documented(code: str) -> None:
    assert f"`{code}`" in (DOCS / "publishing.md").read_text("utf-8")


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_documented(state: State) -> None:
    assert f"`{state.value}`" in COMMANDS


def test_every_link_between_documents_leads_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), (path.name, target)


def test_locks_carry_hashes_and_no_address() -> None:
    for lock in (ROOT / "requirements.lock", ROOT / "tests" / "requirements.lock", ROOT / ".setup" / "cluster.lock"):
        text = lock.read_text("utf-8")
        assert "://" not in text
        blocks = re.split(r"\n(?=[a-zA-Z0-9])", text)
        assert all("--hash=sha256:" in block for block in blocks if "==" in block.splitlines()[0])
