"""Reads one file that a person wrote, and says of every problem where it stands and what to do."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import tomlkit
import tomlkit.exceptions
from pydantic import BaseModel, ValidationError

from pipeline import files
from pipeline.errors import Problem
from pipeline.show.places import line_in_toml

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, problems: list[Problem], *, optional: bool = False) -> dict[str, Any] | None:
    """The table in a TOML file; None, and a problem more, where it cannot be read. Missing is fine if `optional`."""
    if optional and not path.exists():
        return None
    try:
        text = path.read_text("utf-8-sig")
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            # Slower by far, and says in which line.
            return tomlkit.parse(text).unwrap()
    except UnicodeDecodeError as error:
        problems.append(Problem(f"{path}:1", f"byte {error.start} is not UTF-8", "Save the file as UTF-8"))
    except tomlkit.exceptions.ParseError as error:
        problems.append(
            Problem(
                f"{path}:{error.line}",
                f"this is not TOML ({error})",
                "Mend that line; docs/formats.md has an example",
            )
        )
    except (tomlkit.exceptions.TOMLKitError, ValueError, RecursionError) as error:
        problems.append(
            Problem(f"{path}:1", f"this is not TOML ({error})", "Mend the file; docs/formats.md has an example")
        )
    except OSError as error:
        problems.append(
            Problem(
                str(path),
                f"it cannot be read ({error.strerror})",
                "Check that the file is there and readable",
            )
        )
    return None


def read_list(path: Path, name: str, remedy: str, problems: list[Problem]) -> list[Any]:
    """The tables `[[name]]` of a file that holds nothing else; empty where there is no file."""
    table = read_toml(path, problems, optional=True) or {}
    for key in table.keys() - {name}:
        line = line_in_toml(path.read_text("utf-8"), (key,))
        problems.append(Problem(f"{path}:{line}", f"“{key}” is not a setting", remedy))
    entries = table.get(name, [])
    if not isinstance(entries, list):
        problems.append(Problem(f"{path}:1", f"{name} is not a list of tables", remedy))
        return []
    return entries


def validated(
    model: type[Model],
    table: dict[str, Any] | None,
    path: Path,
    prefix: tuple[str | int, ...],
    problems: list[Problem],
) -> Model | None:
    """A model made of a table at `prefix` of a file; None, and a problem for each setting that is wrong."""
    if table is None:
        return None
    try:
        return model.model_validate(table)
    except ValidationError as error:
        source = path.read_text("utf-8-sig")
        for problem in error.errors():
            within = _as_written(problem["loc"], table)
            place = (*prefix, *within)
            name = ".".join(str(part) for part in within) or path.name
            line = line_in_toml(source, place)
            remedy = (
                "Delete or rename it; docs/formats.md lists the settings"
                if problem["type"] == "extra_forbidden"
                else "Mend that line; docs/formats.md has an example"
            )
            problems.append(Problem(f"{path}:{line}", f"{name}: {explain(problem)}", remedy))
        return None


def _as_written(place: tuple[int | str, ...], table: Any) -> tuple[int | str, ...]:
    """The place of an error without the kind of a table, which pydantic counts as a part and nobody wrote."""
    written: list[int | str] = []
    for part in place:
        if isinstance(table, dict) and part not in table and table.get("kind") == part:
            continue
        written.append(part)
        try:
            table = table[part]
        except (KeyError, IndexError, TypeError):
            table = None
    return tuple(written)


def explain(problem: Any) -> str:
    """Half a sentence on one of pydantic's errors."""
    if problem["type"] == "missing":
        return "it is missing"
    if problem["type"] == "extra_forbidden":
        return "there is no such setting"
    return str(problem["msg"]).removeprefix("Value error, ")


def require_file(folder: Path, name: str, path: Path, key: tuple[str | int, ...], problems: list[Problem]) -> None:
    """A problem more where `name` is no file inside `folder`; `key` is the setting in `path` that names it."""
    if not files.holds(folder, name):
        line = line_in_toml(path.read_text("utf-8-sig"), key)
        problems.append(
            Problem(
                f"{path}:{line}",
                f"there is no file {name} in {folder}",
                "Put the file there, or mend the name",
            )
        )
