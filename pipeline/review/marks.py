"""What the desk writes beside the text: chapters and soundbites into episode.toml, sources and terms of the episode.

A person's comments, order and spacing in a TOML file stay as they are. Every write is checked by reading it as the
next run will: what would break the episode is refused and nothing changes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import tomlkit
import tomlkit.exceptions
from pydantic import BaseModel, ValidationError
from tomlkit.items import AoT, Table

from pipeline import files
from pipeline.errors import InvalidEpisode, Problem
from pipeline.review.fresh import revision_of_file
from pipeline.review.workspace import Stale, Workspace
from pipeline.show import EPISODE_NAME, GLOSSARY_NAME, SOURCES_NAME, Chapter, Soundbite, Source, Term
from pipeline.transcript import format_ms

Model = TypeVar("Model", bound=BaseModel)
Timed = TypeVar("Timed", Chapter, Soundbite)


def marks_revision(folder: Path) -> str:
    """The revision of episode.toml, which `save_marks` asks for."""
    return revision_of_file(folder / EPISODE_NAME)


def save_marks(
    workspace: Workspace, chapters: Sequence[Mapping[str, Any]], soundbites: Sequence[Mapping[str, Any]], base: str
) -> str:
    """Write chapters and soundbites into episode.toml, and return its new revision.

    Each is a mapping with the fields of `Chapter` or `Soundbite` (times in ms). Raises InvalidEpisode naming each
    that cannot stand, Stale when the file was changed elsewhere since `base`.
    """
    path = workspace.folder / EPISODE_NAME
    problems: list[Problem] = []
    valid_chapters = _valid_in_order(Chapter, chapters, "chapter", problems)
    valid_soundbites = _valid_in_order(Soundbite, soundbites, "soundbite", problems)
    if len({one.start_ms for one in valid_chapters}) < len(valid_chapters):
        problems.append(Problem("chapters", "two of them begin at the same time", "Move one of them, or delete it"))
    if problems:
        raise InvalidEpisode(problems)
    with workspace.locked():
        content = path.read_bytes()
        revision = files.digest_bytes(content)
        if revision != base:
            raise Stale(str(path), revision)
        document = _parsed(path, content.decode("utf-8-sig"))
        _set_tables(document, "chapters", Chapter, {one: _chapter(one) for one in valid_chapters})
        _set_tables(document, "soundbites", Soundbite, {one: _soundbite(one) for one in valid_soundbites})
        written = tomlkit.dumps(document).encode("utf-8")
        tomlkit.parse(written)
        files.write_if_changed(path, written)
        return files.digest_bytes(written)


def add_term(workspace: Workspace, term: str, meaning: str | None) -> Term:
    """Add a term to the episode's own glossary.toml; a term that is there already stays as it is."""
    problems: list[Problem] = []
    entry = {"term": term} | ({"meaning": meaning} if meaning else {})
    valid = _valid(Term, entry, "term", problems)
    if valid is None:
        raise InvalidEpisode(problems)
    path = workspace.folder / GLOSSARY_NAME
    with workspace.locked():
        document = _parsed(path, path.read_text("utf-8-sig") if path.exists() else "")
        known = {Term.model_validate(one.unwrap()): one for one in document.get("terms", ())}
        if all(one.term != valid.term for one in known):
            _set_tables(document, "terms", Term, known | {valid: _table(valid.model_dump(exclude_none=True))})
            files.write_text(path, tomlkit.dumps(document))
    return valid


def add_source(workspace: Workspace, url: str, title: str, known: Mapping[str, Source], today: date) -> Source:
    """Add a web page to the episode's own sources.json (CSL-JSON) and return it; one with this address is reused.

    The key is made of the host and the title, and is none of `known`. Raises InvalidEpisode when the address is
    not one of the web.
    """
    existing = next((source for source in known.values() if url == source.URL), None)
    if existing:
        return existing
    problems: list[Problem] = []
    record = {
        "id": _key(url, title, known),
        "type": "webpage",
        "title": title.strip() or url,
        "URL": url,
        "accessed": {"date-parts": [[today.year, today.month, today.day]]},
    }
    source = _valid(Source, record, "source", problems)
    if source is None:
        raise InvalidEpisode(problems)
    path = workspace.folder / SOURCES_NAME
    with workspace.locked():
        records = json.loads(path.read_text("utf-8-sig")) if path.exists() else []
        if not isinstance(records, list):
            raise InvalidEpisode(Problem(str(path), "this is not a list of sources", "Mend the file"))
        text = json.dumps([*records, record], ensure_ascii=False, indent=2) + "\n"
        files.write_text(path, text)
    return source


def _valid(model: type[Model], entry: object, what: str, problems: list[Problem]) -> Model | None:
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"]) or what
            message = str(problem["msg"]).removeprefix("Value error, ")
            problems.append(Problem(what, f"{name}: {message}", "Mend it and save again"))
        return None


def _parsed(path: Path, text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except tomlkit.exceptions.TOMLKitError as error:
        raise InvalidEpisode(Problem(str(path), f"this is not TOML ({error})", "Mend the file first")) from error


def _valid_in_order(model: type[Timed], entries: Sequence[object], what: str, problems: list[Problem]) -> list[Timed]:
    found = [_valid(model, entry, what, problems) for entry in entries]
    return sorted((one for one in found if one is not None), key=lambda one: one.start_ms)


def _set_tables(document: tomlkit.TOMLDocument, name: str, model: type[BaseModel], tables: Mapping[Any, Table]) -> None:
    """Let `[[name]]` be these tables, by what they mean; one that means what it meant stays as a person wrote it."""
    old: dict[BaseModel, Table] = {}
    for table in document.get(name, ()):
        with suppress(ValidationError):
            old[model.model_validate(table.unwrap())] = table
    if list(old) == list(tables):
        return
    if not tables:
        del document[name]
        return
    array = AoT([])
    for meaning, table in tables.items():
        array.append(old.get(meaning, table))
    document[name] = array


def _table(fields: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    for name, value in fields.items():
        table.add(name, value)
    return table


def _chapter(chapter: Chapter) -> Table:
    url = {"url": chapter.url} if chapter.url else {}
    return _table({"start": format_ms(chapter.start_ms), "title": chapter.title} | url)


def _soundbite(soundbite: Soundbite) -> Table:
    title = {"title": soundbite.title} if soundbite.title else {}
    return _table({"start": format_ms(soundbite.start_ms), "end": format_ms(soundbite.end_ms)} | title)


def _key(url: str, title: str, known: Mapping[str, Source]) -> str:
    host = (urlsplit(url).hostname or "source").removeprefix("www.").partition(".")[0]
    plain = unicodedata.normalize("NFKD", f"{host} {title}").encode("ascii", "ignore").decode().casefold()
    stem = "-".join(re.findall(r"[a-z0-9]+", plain)[:4])[:40].strip("-") or "source"
    numbered = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(known) + 2))
    return next(key for key in numbered if key not in known)
